//! Many releases of one manifest: all are made, and memory hardly grows with their number.

use crate::world::{World, epub, names, tool};

/// What one more release may cost, in KiB.
const KIB_EACH: u64 = 8;

#[test]
fn a_thousand_books_of_one_manifest_are_packed_in_little_memory() {
    // The first few hundred fill the allocator's pools, which says nothing of what one more release costs.
    let few = peak(400);
    let many = peak(1000);
    if let (Some(few), Some(many)) = (few, many) {
        let each = many.saturating_sub(few) / 600;
        assert!(each <= KIB_EACH, "{few} KiB for 400 releases, {many} KiB for 1000: {each} KiB each");
    }
}

/// Packs so many books and gives the peak memory in KiB, where it can be measured.
fn peak(count: usize) -> Option<u64> {
    let world = World::new();
    for number in 0..count {
        world.write(
            &format!("books/b{number:04}.epub"),
            epub(&format!("Book {number}"), "Ann Author", Some("2026"), 3_000),
        );
    }
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nfor_each: \"books/*.epub\"\n");
    let program = env!("CARGO_BIN_EXE_bindery");
    let ran =
        tool(&world.path(""), "/usr/bin/time", &["-f", "%M", program, "run", "release.yaml", "--jobs", "2"]);
    let Some(ran) = ran else {
        world.done(&["run", "release.yaml", "--jobs", "2"]);
        assert_eq!(names(&world.path("dist")).len(), count);
        return None;
    };
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(names(&world.path("dist")).len(), count);
    ran.stderr.lines().last()?.trim().parse().ok()
}

#[test]
fn one_bad_book_among_many_stops_the_rest_only_without_keep_going() {
    let world = World::new();
    for number in 0..30 {
        let date = if number == 7 { None } else { Some("2026") };
        world.write(
            &format!("books/b{number:02}.epub"),
            epub(&format!("Book {number}"), "Ann Author", date, 500),
        );
    }
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nfor_each: \"books/*.epub\"\n");
    let ran = world.run(&["run", "--keep-going"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("`year`") && ran.stderr.contains("metadata:"), "{}", ran.stderr);
    assert_eq!(names(&world.path("dist")).len(), 29);
    let ran = world.run(&["run", "--jobs", "1", "--output", "other"]);
    assert_eq!(ran.code, Some(1));
    assert!(names(&world.path("other")).len() < 29);
}
