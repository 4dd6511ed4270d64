//! Follows a text with the escape sequences of ANSI.SYS and of today's terminals, and writes it on a canvas.
//!
//! Colours, movements and erasing are followed; everything else that begins like a sequence is passed over. Knows no
//! bytes and no picture.

use super::PageError;
use super::canvas::{Canvas, Colour, Look};
use crate::text::width;

/// What DOS drew for the bytes 0x00 to 0x1F.
const PICTURES: [char; 32] = [
    ' ', '☺', '☻', '♥', '♦', '♣', '♠', '•', '◘', '○', '◙', '♂', '♀', '♪', '♫', '☼', '►', '◄', '↕', '‼', '¶',
    '§', '▬', '↨', '↑', '↓', '→', '←', '∟', '↔', '▲', '▼',
];

/// Most numbers of a sequence; colours of three numbers for ink and ground are ten.
const MOST: usize = 32;

/// Writes a text on a canvas. With `pictures`, control characters show as DOS drew them.
pub(super) fn interpret(text: &str, pictures: bool, canvas: &mut Canvas) -> Result<(), PageError> {
    // The line ends of old Macintoshes.
    let old_mac = text.contains('\r') && !text.contains(['\n', '\u{1b}']);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match character {
            '\n' => canvas.new_line()?,
            '\r' if old_mac => canvas.new_line()?,
            '\r' => canvas.carriage_return(),
            '\t' => canvas.tab(),
            '\u{1b}' if rest.starts_with("\u{1b}[") => {
                length = width::escape_sequence(rest);
                sequence(rest.get(2..length).unwrap_or_default(), canvas);
            }
            '\u{1b}' if !pictures => length = width::escape_sequence(rest),
            '\u{9b}' => length = width::escape_sequence(rest),
            _ => {
                let picture = PICTURES.get(character as usize).filter(|_| pictures).copied();
                let shown = if pictures && character == '\u{7f}' { Some('⌂') } else { picture };
                if let Some(shown) = shown.or(Some(character).filter(|c| !width::is_unseen(*c))) {
                    canvas.put(shown)?;
                }
            }
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

/// Follows one sequence, given without its introducer.
fn sequence(body: &str, canvas: &mut Canvas) {
    let Some(command) = body.chars().next_back().filter(char::is_ascii_alphabetic) else { return };
    let parameters = body.get(..body.len() - 1).unwrap_or_default();
    // Sequences with a mark in front set a terminal's modes, and are none of these.
    if !parameters.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')) {
        return;
    }
    let numbers: Vec<Option<usize>> =
        parameters.split([';', ':']).take(MOST).map(|number| number.parse().ok()).collect();
    let number = |at: usize| numbers.get(at).copied().flatten();
    let count = || isize::try_from(number(0).unwrap_or(1).clamp(1, 100_000)).unwrap_or(1);
    let place = |at: usize| number(at).unwrap_or(1).saturating_sub(1);
    match command {
        'A' => canvas.go(-count(), 0),
        'B' => canvas.go(count(), 0),
        'C' => canvas.go(0, count()),
        'D' => canvas.go(0, -count()),
        'E' => (canvas.go(count(), 0), canvas.carriage_return()).1,
        'F' => (canvas.go(-count(), 0), canvas.carriage_return()).1,
        'G' => canvas.go_to(None, Some(place(0))),
        'H' | 'f' => canvas.go_to(Some(place(0)), Some(place(1))),
        'd' => canvas.go_to(Some(place(0)), None),
        'J' => match number(0).unwrap_or(0) {
            0 => canvas.erase_below(),
            1 => canvas.erase_above(),
            _ => canvas.clear(),
        },
        'K' => match number(0).unwrap_or(0) {
            0 => canvas.erase_line_right(),
            1 => canvas.erase_line_left(),
            _ => (canvas.erase_line_left(), canvas.erase_line_right()).1,
        },
        'm' => style(&numbers, &mut canvas.look),
        's' => canvas.save(),
        'u' => canvas.restore(),
        // What PabloDraw writes for colours of 24 bits: ground or ink, then red, green, blue.
        't' => {
            if let [Some(which @ 0..=1), red, green, blue] = numbers[..] {
                let colour = Colour::Rgb(level(red), level(green), level(blue));
                let of = if which == 0 { &mut canvas.look.ground } else { &mut canvas.look.ink };
                *of = colour;
            }
        }
        _ => {}
    }
}

/// Select Graphic Rendition: colours and styles, one after the other.
fn style(numbers: &[Option<usize>], look: &mut Look) {
    let mut rest = numbers;
    while let [number, behind @ ..] = rest {
        rest = behind;
        match number.unwrap_or(0) {
            0 => *look = Look::default(),
            1 => look.bold = true,
            2 => look.faint = true,
            3 => look.italic = true,
            4 => look.underline = true,
            5 | 6 => look.blink = true,
            7 => look.reverse = true,
            8 => look.concealed = true,
            22 => (look.bold, look.faint) = (false, false),
            23 => look.italic = false,
            24 => look.underline = false,
            25 => look.blink = false,
            27 => look.reverse = false,
            28 => look.concealed = false,
            number @ 30..=37 => look.ink = palette(number - 30),
            38 => look.ink = extended(&mut rest).unwrap_or(look.ink),
            39 => look.ink = Colour::Default,
            number @ 40..=47 => look.ground = palette(number - 40),
            48 => look.ground = extended(&mut rest).unwrap_or(look.ground),
            49 => look.ground = Colour::Default,
            number @ 90..=97 => look.ink = palette(number - 82),
            number @ 100..=107 => look.ground = palette(number - 92),
            _ => {}
        }
    }
}

/// The colour behind 38 and 48: one of 256, or its three numbers.
fn extended(rest: &mut &[Option<usize>]) -> Option<Colour> {
    match **rest {
        [Some(5), index, ref behind @ ..] => {
            *rest = behind;
            Some(one_of_256(level(index)))
        }
        [Some(2), red, green, blue, ref behind @ ..] => {
            *rest = behind;
            Some(Colour::Rgb(level(red), level(green), level(blue)))
        }
        // The rest of what is cut short means nothing by itself.
        _ => {
            *rest = &[];
            None
        }
    }
}

/// Sixteen of the palette, a cube of 216, and 24 greys.
fn one_of_256(index: u8) -> Colour {
    let step = |level: u8| if level == 0 { 0 } else { 55 + level * 40 };
    match index {
        0..=15 => Colour::Palette(index),
        16..=231 => {
            let cube = index - 16;
            Colour::Rgb(step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        _ => {
            let grey = 8 + (index - 232) * 10;
            Colour::Rgb(grey, grey, grey)
        }
    }
}

fn palette(index: usize) -> Colour {
    Colour::Palette(u8::try_from(index & 15).unwrap_or(7))
}

fn level(number: Option<usize>) -> u8 {
    u8::try_from(number.unwrap_or(0).min(255)).unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::canvas::Row;

    fn rows(text: &str, width: usize) -> Vec<Row> {
        let mut canvas = Canvas::new(width, false);
        interpret(text, true, &mut canvas).unwrap();
        canvas.finish()
    }

    fn check(text: &str, want: &[&str]) {
        let got: Vec<String> = rows(text, 10).iter().map(Row::text).collect();
        assert_eq!(got, want, "{text:?}");
    }

    fn look(sgr: &str) -> Look {
        rows(&format!("\u{1b}[{sgr}mx"), 10)[0].cells[0].look
    }

    #[test]
    fn the_cursor_goes_where_it_is_sent() {
        check("a\u{1b}[2Bb\u{1b}[A\u{1b}[3Dc", &["a", "c", " b"]);
        check("\u{1b}[2;3Hx\u{1b}[Hy", &["y", "  x"]);
        check("ab\u{1b}[s\r\ncd\u{1b}[ue", &["abe", "cd"]);
        check("\u{1b}[3Ca\u{1b}[99Db\u{1b}[5Gc", &["b  ac"]);
        check("a\tb", &["a       b"]);
        let far = rows("\u{1b}[999999999999999999;99999Hx\u{1b}[99999Bx\u{1b}[H\u{1b}[9Ay", 10);
        assert_eq!((far.len(), far[0].text().as_str(), far[4999].text().as_str()), (5000, "y", "         x"));
    }

    #[test]
    fn what_is_erased_is_gone() {
        check("abc\r\ndef\u{1b}[2Jx", &["x"]);
        check("abcdef\u{1b}[3D\u{1b}[K", &["abc"]);
        check("abcdef\u{1b}[4D\u{1b}[1K", &["   def"]);
        check("abc\r\ndef\r\nghi\u{1b}[2;2H\u{1b}[J", &["abc", "d"]);
        check("abc\r\ndef\r\nghi\u{1b}[2;2H\u{1b}[1J", &["", "  f", "ghi"]);
    }

    #[test]
    fn full_lines_go_on_below_and_a_line_end_behind_them_makes_none() {
        check("0123456789ab", &["0123456789", "ab"]);
        check("0123456789\r\nab", &["0123456789", "ab"]);
        check("12345678日本", &["12345678日", "本"]);
        check("123456789日", &["123456789", "日"]);
    }

    #[test]
    fn half_a_wide_character_is_none() {
        check("日\r\u{1b}[mx", &["x"]);
        check("日\u{1b}[Dx", &[" x"]);
        check("日\u{1b}[D\u{1b}[K", &[]);
    }

    #[test]
    fn marks_stay_with_their_letter() {
        check("e\u{301}a", &["e\u{301}a"]);
        check("\u{301}", &[]);
        check("日\u{301}", &["日\u{301}"]);
    }

    #[test]
    fn line_ends_are_those_of_every_system() {
        check("a\r\nb\nc", &["a", "b", "c"]);
        check("a\rb", &["a", "b"]);
        check("ab\u{1b}[m\rc", &["cb"]);
    }

    #[test]
    fn controls_are_pictures_in_dos_and_nothing_elsewhere() {
        check("\u{1}\u{3}\u{7f}\u{1b}x", &["☺♥⌂←x"]);
        let mut canvas = Canvas::new(10, false);
        interpret("a\u{7}\u{1b}]0;title\u{7}b\u{202e}c\u{9b}1md", false, &mut canvas).unwrap();
        assert_eq!(canvas.finish()[0].text(), "abcd");
    }

    #[test]
    fn colours_are_followed() {
        let plain = Look::default();
        assert_eq!(look("31"), Look { ink: Colour::Palette(1), ..plain });
        assert_eq!(
            look("1;5;33;44"),
            Look { ink: Colour::Palette(3), ground: Colour::Palette(4), bold: true, blink: true, ..plain }
        );
        assert_eq!(look("94;105"), Look { ink: Colour::Palette(12), ground: Colour::Palette(13), ..plain });
        assert_eq!(
            look("38;5;9;48;5;232"),
            Look { ink: Colour::Palette(9), ground: Colour::Rgb(8, 8, 8), ..plain }
        );
        assert_eq!(look("38;2;1;2;300"), Look { ink: Colour::Rgb(1, 2, 255), ..plain });
        assert_eq!(look("31;0"), plain);
        assert_eq!(look("1;31;22;39"), plain);
        assert_eq!(look("38;5"), plain);
        let art = rows("\u{1b}[1;10;20;30t\u{1b}[0;1;2;3tx", 10)[0].cells[0].look;
        assert_eq!(art, Look { ink: Colour::Rgb(10, 20, 30), ground: Colour::Rgb(1, 2, 3), ..plain });
    }

    #[test]
    fn blinking_is_a_bright_ground_where_the_file_says_so() {
        let mut canvas = Canvas::new(10, true);
        interpret("\u{1b}[5;44mx", true, &mut canvas).unwrap();
        let look = canvas.finish()[0].cells[0].look;
        assert_eq!((look.ground, look.blink), (Colour::Palette(12), false));
    }

    #[test]
    fn pages_have_an_end() {
        let mut canvas = Canvas::new(10, false);
        assert_eq!(interpret(&"\n".repeat(5000), true, &mut canvas), Err(PageError::TooManyLines));
    }
}
