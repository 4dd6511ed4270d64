//! Unpacks streams: deflate with its predictors, and the two notations in ASCII.
//!
//! Bounded by what the caller allows. Damaged data gives what could be unpacked of it.

use super::object::{Dictionary, Object};
use super::parse::{from_hex, is_space};
use flate2::read::{DeflateDecoder, ZlibDecoder};
use std::io::Read;

/// The bytes behind a chain of filters; nothing for a filter that only pictures use.
pub fn unpack(raw: Vec<u8>, filters: &[Object], parameters: &[Object], limit: u64) -> Option<Vec<u8>> {
    let none = Dictionary::default();
    let mut bytes = raw;
    for (number, filter) in filters.iter().enumerate() {
        let parameters = parameters.get(number).and_then(Object::dictionary).unwrap_or(&none);
        bytes = match filter.name()? {
            b"FlateDecode" | b"Fl" => predicted(inflate(&bytes, limit), parameters),
            b"ASCIIHexDecode" | b"AHx" => from_hex(before(&bytes, b'>')),
            b"ASCII85Decode" | b"A85" => ascii85(&bytes),
            b"Crypt" => bytes,
            _ => return None,
        };
    }
    Some(bytes)
}

/// What can be inflated. Where the zlib header is broken, the data behind it may be whole.
fn inflate(bytes: &[u8], limit: u64) -> Vec<u8> {
    let mut inflated = Vec::new();
    // An error ends the data; what came before it counts.
    let _ = ZlibDecoder::new(bytes).take(limit).read_to_end(&mut inflated);
    if inflated.is_empty() {
        let _ =
            DeflateDecoder::new(bytes.get(2..).unwrap_or_default()).take(limit).read_to_end(&mut inflated);
    }
    inflated
}

/// Undoes PNG's and TIFF's predictions, whichever the parameters name.
fn predicted(bytes: Vec<u8>, parameters: &Dictionary) -> Vec<u8> {
    let of = |name: &str, usual: u64, most: u64| parameters.get(name).whole().unwrap_or(usual).clamp(1, most);
    let predictor = of("Predictor", 1, 15);
    let (colors, bits, columns) =
        (of("Colors", 1, 32), of("BitsPerComponent", 8, 16), of("Columns", 1, 1 << 20));
    let Ok(pixel) = usize::try_from((colors * bits).div_ceil(8)) else { return bytes };
    let Ok(row) = usize::try_from((colors * bits * columns).div_ceil(8)) else { return bytes };
    match predictor {
        2 if bits == 8 => tiff(bytes, row, pixel),
        10..=15 => png(&bytes, row, pixel),
        _ => bytes,
    }
}

fn tiff(mut bytes: Vec<u8>, row: usize, pixel: usize) -> Vec<u8> {
    for line in bytes.chunks_mut(row) {
        for at in pixel..line.len() {
            let left = line.get(at - pixel).copied().unwrap_or_default();
            if let Some(byte) = line.get_mut(at) {
                *byte = byte.wrapping_add(left);
            }
        }
    }
    bytes
}

fn png(bytes: &[u8], row: usize, pixel: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut above = vec![0; row];
    for line in bytes.chunks(row + 1) {
        let Some((kind, line)) = line.split_first() else { break };
        let mut current = vec![0; row];
        for (at, &byte) in line.iter().enumerate() {
            let of =
                |line: &[u8], at: Option<usize>| at.and_then(|at| line.get(at)).copied().unwrap_or_default();
            let left = of(&current, at.checked_sub(pixel));
            let up = of(&above, Some(at));
            let corner = of(&above, at.checked_sub(pixel));
            let guess = match kind {
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            if let Some(place) = current.get_mut(at) {
                *place = byte.wrapping_add(guess);
            }
        }
        plain.extend(current.iter().take(line.len()));
        above = current;
    }
    plain
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let sum = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |byte: u8| (sum - i16::from(byte)).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}

fn ascii85(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut group: Vec<u32> = Vec::new();
    for &byte in before(bytes, b'~').iter().filter(|&&byte| !is_space(byte)) {
        match byte {
            b'z' if group.is_empty() => plain.extend([0; 4]),
            b'!'..=b'u' => group.push(u32::from(byte - b'!')),
            _ => break,
        }
        if group.len() == 5 {
            plain.extend(four(&group));
            group.clear();
        }
    }
    if group.len() > 1 {
        let kept = group.len() - 1;
        group.resize(5, 84);
        plain.extend(four(&group).into_iter().take(kept));
    }
    plain
}

fn four(group: &[u32]) -> [u8; 4] {
    group.iter().fold(0_u32, |sum, digit| sum.wrapping_mul(85).wrapping_add(*digit)).to_be_bytes()
}

fn before(bytes: &[u8], end: u8) -> &[u8] {
    bytes.split(|&byte| byte == end).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(raw: &[u8], filter: &str, want: &[u8]) {
        let filters = [Object::Name(filter.as_bytes().to_vec())];
        assert_eq!(unpack(raw.to_vec(), &filters, &[], 1 << 20).as_deref(), Some(want), "{filter}");
    }

    #[test]
    fn notations_in_ascii_are_undone() {
        check(b"48 65 6c6C 6f>junk", "ASCIIHexDecode", b"Hello");
        check(b"87cURD]i,\"Ebo80~>", "ASCII85Decode", b"Hello World!");
        check(b"z~>", "A85", &[0; 4]);
    }

    #[test]
    fn a_prediction_is_added_to_its_row() {
        let parameters = Dictionary(vec![
            (b"Predictor".to_vec(), Object::Number(12.0)),
            (b"Columns".to_vec(), Object::Number(3.0)),
        ]);
        assert_eq!(
            predicted(vec![2, 1, 2, 3, 2, 1, 1, 1, 1, 5, 1, 1], &parameters),
            [1, 2, 3, 2, 3, 4, 5, 6, 7]
        );
    }

    proptest! {
        #[test]
        fn no_stream_panics_or_grows_past_its_limit(
            raw in proptest::collection::vec(any::<u8>(), 0..200),
            numbers in proptest::collection::vec(0..70_000_u32, 4),
            filter in 0..3_usize,
        ) {
            let names = ["Predictor", "Colors", "BitsPerComponent", "Columns"];
            let entries = names.iter().zip(numbers).map(|(name, number)| (name.as_bytes().to_vec(), Object::Number(f64::from(number))));
            let parameters = [Object::Dictionary(Dictionary(entries.collect()))];
            let filters = [Object::Name(["FlateDecode", "ASCIIHexDecode", "ASCII85Decode"][filter].as_bytes().to_vec())];
            let unpacked = unpack(raw, &filters, &parameters, 1000).expect("a filter");
            prop_assert!(unpacked.len() <= 1000);
        }
    }
}
