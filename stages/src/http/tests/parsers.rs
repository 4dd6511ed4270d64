//! What comes from outside is read without a panic, whatever it is.

use std::time::Duration;

use proptest::prelude::*;

use super::super::request::{Expect, detail, encoded};
use super::super::trouble::retry_after;
use super::super::wire::Raw;

#[test]
fn when_to_come_back_is_read_in_both_forms() {
    let check = |text: &str, now: i64, wanted: Option<u64>| {
        assert_eq!(retry_after(text, now), wanted.map(Duration::from_secs), "{text}");
    };
    check("120", 0, Some(120));
    check("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000 - 5_000, Some(5));
    check("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000 + 5_000, Some(0));
    check("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_799_000, Some(1));
    check("soon", 0, None);
}

proptest! {
    #[test]
    fn any_text_is_read(text in ".{0,60}", now in any::<i64>(), bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        retry_after(&text, now);
        retry_after(&format!("Sun, 06 Nov {text} 08:49:37 GMT"), now);
        detail(&bytes);
        let raw = Raw { media_type: text, body: bytes, ..Raw::default() };
        let _ = (Expect::Json.check(&raw), Expect::Image.check(&raw));
    }

    #[test]
    fn what_is_encoded_stays_within_one_part(text in ".{0,40}") {
        prop_assert!(encoded(&text).bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
    }
}
