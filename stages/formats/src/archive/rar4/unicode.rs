//! Names in RAR 4 headers: plain ASCII, or a fallback and a packed form of UTF-16.
//!
//! Knows nothing of the rest of the header, nor whether a name is safe.

/// Turns a name with forward slashes into header bytes; `true` when they are in the packed Unicode form.
///
/// Windows `rar` writes this form; every reader understands it, whatever its locale, unlike UTF-8.
pub fn encode(name: &str) -> (Vec<u8>, bool) {
    let name = name.replace('/', "\\");
    if name.is_ascii() {
        return (name.into_bytes(), false);
    }
    let units: Vec<u16> = name.encode_utf16().collect();
    let high = commonest_high_byte(&units);
    let mut bytes: Vec<u8> = units.iter().map(|unit| fallback(*unit)).collect();
    bytes.extend([0, high]);
    for group in units.chunks(4) {
        let mut modes = 0;
        let mut payload = Vec::new();
        for (place, unit) in group.iter().enumerate() {
            let [low, top] = unit.to_le_bytes();
            let mode = match top {
                0 => 0,
                top if top == high => 1,
                _ => 2,
            };
            modes |= mode << (6 - 2 * place);
            payload.push(low);
            if mode == 2 {
                payload.push(top);
            }
        }
        bytes.push(modes);
        bytes.extend(payload);
    }
    (bytes, true)
}

/// Reads a name from header bytes, with forward slashes. What is no text comes back with replacement characters.
pub fn decode(bytes: &[u8], unicode: bool) -> String {
    let packed = bytes.iter().position(|byte| *byte == 0).filter(|_| unicode);
    let text = match packed.and_then(|zero| bytes.split_at_checked(zero)) {
        Some((plain, packed)) => {
            String::from_utf16_lossy(&unpack(plain, packed.get(1..).unwrap_or_default()))
        }
        None => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.replace('\\', "/")
}

/// The high byte that saves most bytes; of equals the smallest, so that the same name gives the same bytes.
fn commonest_high_byte(units: &[u16]) -> u8 {
    let count = |high: u8| units.iter().filter(|unit| unit.to_le_bytes()[1] == high).count();
    (1..=u8::MAX).rev().max_by_key(|high| count(*high)).unwrap_or(0)
}

fn fallback(unit: u16) -> u8 {
    u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?')
}

/// Unpacks groups of four characters until the bytes or the fallback's characters run out.
fn unpack(plain: &[u8], packed: &[u8]) -> Vec<u16> {
    let mut bytes = packed.iter().copied();
    let high = bytes.next().unwrap_or(0);
    let mut units: Vec<u16> = Vec::new();
    while let Some(modes) = bytes.next() {
        for place in 0..4 {
            let Some(first) = bytes.next() else { return units };
            match modes >> (6 - 2 * place) & 3 {
                0 => units.push(u16::from(first)),
                1 => units.push(u16::from_le_bytes([first, high])),
                2 => {
                    let Some(top) = bytes.next() else { return units };
                    units.push(u16::from_le_bytes([first, top]));
                }
                _ => {
                    let (shift, top) = match first & 0x80 {
                        0 => (0, 0),
                        _ => (bytes.next().unwrap_or(0), high),
                    };
                    let run = plain.iter().skip(units.len()).take(usize::from(first & 0x7f) + 2);
                    let run: Vec<u16> =
                        run.map(|byte| u16::from_le_bytes([byte.wrapping_add(shift), top])).collect();
                    units.extend(run);
                }
            }
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ascii_stays_plain_with_backslashes() {
        assert_eq!(encode("a/b.txt"), (b"a\\b.txt".to_vec(), false));
    }

    #[test]
    fn other_names_get_a_fallback_and_a_packed_form() {
        let (bytes, unicode) = encode("aж漢é");
        assert!(unicode);
        // High byte 04: plain, packed, both bytes, plain.
        let packed = [0, 0x04, 0b00_01_10_00, b'a', 0x36, 0x22, 0x6f, 0xe9];
        assert_eq!(bytes, [b"a???".as_slice(), &packed].concat());
    }

    #[test]
    fn runs_of_the_fallback_are_read() {
        let bytes = [b"abcdef".as_slice(), &[0, 0x04, 0b11_00_11_00, 0, b'X', 0x81, 1]].concat();
        assert_eq!(decode(&bytes, true), "abX\u{465}\u{466}\u{467}");
    }

    #[test]
    fn utf8_is_read_with_and_without_the_flag() {
        assert_eq!(decode("é\\ж".as_bytes(), false), "é/ж");
        assert_eq!(decode("é\\ж".as_bytes(), true), "é/ж");
    }

    proptest! {
        #[test]
        fn a_name_survives(name in "[^\\\\\u{0}]{1,60}") {
            let (bytes, unicode) = encode(&name);
            prop_assert_eq!(decode(&bytes, unicode), name);
        }

        #[test]
        fn foreign_bytes_never_panic(bytes: Vec<u8>, unicode: bool) {
            decode(&bytes, unicode);
        }
    }
}
