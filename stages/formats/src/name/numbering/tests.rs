//! Numbers in every form, and what is none.

use super::*;

fn check(text: &str, seasons: &[u32], episodes: &[u32], end: usize) {
    let got = at(text.to_lowercase().as_bytes(), 0).unwrap_or_else(|| panic!("{text}"));
    assert_eq!((&got.seasons[..], &got.episodes[..], got.end), (seasons, episodes, end), "{text}");
}

#[test]
fn numbers_are_read_in_every_form() {
    check("S01E02.Title", &[1], &[2], 6);
    check("S01E02E03.720p", &[1], &[2, 3], 9);
    check("S01E02-E04.x", &[1], &[2, 3, 4], 10);
    check("S01E02-04.x", &[1], &[2, 3, 4], 9);
    check("S01E02-720p", &[1], &[2], 6);
    check("S01E01-S01E03", &[1], &[1, 2, 3], 13);
    check("s2012e03", &[2012], &[3], 8);
    check("S01.1080p", &[1], &[], 3);
    check("S01-S03.COMPLETE", &[1, 2, 3], &[], 7);
    check("Season 2 Episode 5", &[2], &[5], 18);
    check("Season Two", &[2], &[], 10);
    check("1x02-03", &[1], &[2, 3], 7);
    check("5x06 HDTV", &[5], &[6], 4);
    check("2nd Season", &[2], &[], 10);
    check("E57.Title", &[], &[57], 3);
    check("Cap.102", &[1], &[2], 7);
    check("S02E01a.x", &[2], &[1], 7);
    check("S01E05v2", &[1], &[5], 8);
}

#[test]
fn what_is_no_numbering_is_left_alone() {
    for text in ["S", "Stargate", "720x576", "16x9", "Episode.IV", "E5", "S01Ex", "x264", "s01e99999999999"] {
        assert_eq!(at(text.to_lowercase().as_bytes(), 0), None, "{text}");
    }
    let disc = at(b"s01d02.x", 0).unwrap();
    assert_eq!((disc.seasons, disc.disc, disc.end), (vec![1], Some(2), 6));
}
