//! Pages as a whole: what hostile bytes come to, and pictures by their pixels.

use proptest::prelude::*;

use super::*;

fn page(bytes: &[u8]) -> Page {
    read(bytes, &Reading::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// A picture's pixels, as red, green and blue.
fn pixels(png: &[u8]) -> (usize, usize, Vec<Rgb>) {
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(::png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.color_type, ::png::ColorType::Rgb);
    let size = (info.width as usize, info.height as usize);
    (size.0, size.1, bytes.as_chunks::<3>().0.to_vec())
}

/// The pixels of a page within its margins, as text: a point for the ground, a letter for each other colour.
fn drawing(text: &str, theme: Theme) -> String {
    let (width, height, pixels) = pixels(&png(&page(text.as_bytes()), theme, 1).unwrap());
    let mut seen = vec![theme.ground()];
    let mut drawing = String::new();
    for row in pixels.chunks(width).skip(16).take(height - 32) {
        for pixel in &row[16..width - 16] {
            let at = seen.iter().position(|known| known == pixel).unwrap_or_else(|| {
                seen.push(*pixel);
                seen.len() - 1
            });
            drawing.push(char::from(b".#abcdefgh"[at]));
        }
        drawing.push('\n');
    }
    drawing
}

#[test]
fn double_lines_make_corners_of_two_lines() {
    let want = "\
................
................
................
................
................
.##############.
.##..........##.
.##..........##.
.##..........##.
.##..######..##.
.##..##..##..##.
.##..##..##..##.
.##..##..##..##.
.##..##..##..##.
.##..##..##..##.
.##..##..##..##.
";
    assert_eq!(drawing("╔╗", Theme::Terminal), want);
}

#[test]
fn accents_and_frames_for_what_the_font_lacks_are_drawn() {
    let want = "\
........................
........................
....##...##############.
...##....#............#.
.........#............#.
.######..#............#.
##...##..#............#.
##...##..#............#.
#######..#............#.
##.......#............#.
##.......#............#.
.######..#............#.
.........##############.
........................
........................
........................
";
    assert_eq!(drawing("e\u{301}日", Theme::Terminal), want);
}

#[test]
fn colours_are_those_of_their_cells() {
    let want = "\
........########
........########
........#aaaaaa#
........aa######
........aa######
.bbbbbb.aa######
bb...bb.aaaaa###
bb...bb.aa######
bb...bb.aa######
bb...bb.aa######
bb...bb.aa######
.bbbbb..#aaaaaa#
.....bb.########
.....bb.########
bbbbbb..########
........########
";
    let drawn = drawing("\u{1b}[31mg\u{1b}[0;44mE", Theme::Paper);
    let left: String = drawn.lines().map(|line| format!("{}\n", &line[..16])).collect();
    assert_eq!(left, want);
}

#[test]
fn a_page_is_as_large_as_its_cells_and_margins() {
    let check = |text: &str, scale: usize, want: (usize, usize)| {
        let (width, height, _) = pixels(&png(&page(text.as_bytes()), Theme::Terminal, scale).unwrap());
        assert_eq!((width, height), want, "{text:?}");
    };
    check("", 1, (40, 48));
    check("abc\r\ndefgh", 1, (72, 64));
    check("abc\r\ndefgh", 3, (216, 192));
    check("日本", 1, (64, 48));
    check("\u{1b}[31mx", 1, (672, 48));
}

#[test]
fn many_colours_are_drawn_in_full() {
    let text: String = (0..300).map(|n| format!("\u{1b}[38;2;{};{};9m█", n % 256, n / 256)).collect();
    let (width, _, pixels) = pixels(&png(&page(text.as_bytes()), Theme::Terminal, 1).unwrap());
    for n in 0..300 {
        let (row, column) = (n / 80, n % 80);
        let at = (16 + row * 16 + 5) * width + 16 + column * 8 + 3;
        assert_eq!(pixels[at], [(n % 256) as u8, (n / 256) as u8, 9]);
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let check = |bytes: &[u8], reading: &Reading, want: PageError| {
        assert_eq!(read(bytes, reading).err(), Some(want));
    };
    let any = Reading::default();
    check(&vec![b'a'; MAX_BYTES + 1], &any, PageError::TooLong);
    check(&b"\n".repeat(MAX_LINES), &any, PageError::TooManyLines);
    check(b"a", &Reading { width: Some(0), ..any.clone() }, PageError::Width);
    check(b"a", &Reading { width: Some(321), ..any.clone() }, PageError::Width);
    let tall = page("x\n".repeat(MAX_LINES - 1).as_bytes());
    assert!(png(&tall, Theme::Terminal, 1).is_ok());
    let wide = read(&b"x".repeat(320 * 4000), &Reading { width: Some(320), ..any }).unwrap();
    assert!(matches!(png(&wide, Theme::Terminal, 8), Err(PageError::TooLarge { .. })));
}

#[test]
fn a_record_at_the_end_tells_the_width_and_is_not_shown() {
    let mut file = b"0123456789".repeat(3);
    file.extend(b"\x1aSAUCE00");
    file.extend([b' '; 75 + 8]);
    file.extend([0; 4]);
    file.extend([1, 0, 20, 0]);
    file.extend([0; 30]);
    let page = page(&file);
    assert_eq!(page.lines(), ["01234567890123456789", "0123456789"]);
    assert!(page.sauce.is_some());
}

/// Texts that try the bounds: sequences of all kinds between characters of all kinds.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let sequence = "\\x1b\\[[0-9;:?]{0,12}[A-HJKdfmsut]|\\x1b[\\[\\]PX^_][^\\x1b]{0,5}";
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        sequence.prop_map(String::into_bytes),
        "[日\u{301}a█\r\n\t]{0,10}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_break_a_page(bytes in hostile(), width in proptest::option::of(1..=MAX_COLUMNS)) {
        for encoding in [None, Some("cp437"), Some("utf-8"), Some("utf-16le"), Some("shift_jis")] {
            let reading = Reading { encoding: encoding.map(str::to_owned), width };
            let Ok(page) = read(&bytes, &reading) else { continue };
            prop_assert!(page.columns <= MAX_COLUMNS && page.rows.len() < MAX_LINES + 1);
            prop_assert!(page.rows.iter().all(|row| row.cells.len() <= page.columns));
            let steers = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
            prop_assert!(!steers(&plain(&page)));
            let coloured = ansi(&page);
            let rest = coloured.split("\u{1b}[").skip(1).all(|part| {
                part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
            });
            let steered = steers(&coloured.replace('\u{1b}', ""));
            prop_assert!(rest && !steered);
            if page.rows.len() < 200 {
                let (width, height, _) = pixels(&png(&page, Theme::Paper, 1).unwrap());
                prop_assert_eq!(width, page.columns * 8 + 32);
                prop_assert_eq!(height, page.rows.len().max(1) * 16 + 32);
                let drawn = svg(&page, Theme::Terminal, "t");
                let mut xml = quick_xml::Reader::from_str(&drawn);
                while !matches!(xml.read_event().unwrap(), quick_xml::events::Event::Eof) {}
                prop_assert!(!steers(&drawn) && !steers(&html(&page, Theme::Paper, "t")));
            }
        }
    }

    #[test]
    fn plain_text_comes_back(lines in proptest::collection::vec("[a-zA-Z╔═╗é░█ ]{0,70}[a-z]", 1..20)) {
        prop_assert_eq!(page(lines.join("\r\n").as_bytes()).lines(), lines);
    }
}
