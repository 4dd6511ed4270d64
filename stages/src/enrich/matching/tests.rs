//! Likeness, case by case, and that it is a number between 0 and 1 that does not depend on the direction.

use proptest::prelude::*;

use super::*;

fn check_titles(media: Media, one: &str, other: &str, wanted: std::ops::RangeInclusive<f64>) {
    for (one, other) in [(one, other), (other, one)] {
        let found = titles(one, other, media);
        assert!(wanted.contains(&found), "{one} / {other}: {found}");
    }
}

#[test]
fn titles_are_alike_whatever_their_dress() {
    for (one, other) in [
        ("The Wire", "Wire, The"),
        ("Les Misérables", "les miserables"),
        ("Amélie", "AMELIE"),
        ("Der Käse", "Kaese"),
        ("Law & Order", "Law and Order"),
        ("Schitt's Creek", "Schitts.Creek"),
        ("Mr. Robot", "Mr Robot"),
        ("Rocky II", "Rocky 2"),
    ] {
        let found = titles(one, other, Media::Episode);
        let wanted = if one.starts_with("Rocky") { 0.7..=1.0 } else { 1.0..=1.0 };
        assert!(wanted.contains(&found), "{one} / {other}: {found}");
    }
}

#[test]
fn what_differs_in_a_number_is_not_alike() {
    check_titles(Media::Movie, "Toy Story 2", "Toy Story 3", 0.0..=0.6);
    check_titles(Media::Movie, "Rocky", "Rocky II", 0.0..=0.6);
    check_titles(Media::Book, "The Tale, Volume 1", "The Tale, Volume 2", 0.0..=0.6);
}

#[test]
fn a_subtitle_may_be_missing_of_a_book_and_not_of_a_film() {
    let subtitled = "Frankenstein; or, the Modern Prometheus";
    check_titles(Media::Book, "Frankenstein", subtitled, 0.95..=0.95);
    check_titles(Media::Movie, "Star Wars", "Star Wars: Andor", 0.0..=0.85);
    check_titles(Media::Book, "Dune", "Emma", 0.0..=0.5);
    check_titles(Media::Book, "", "Emma", 0.0..=0.0);
}

#[test]
fn authors_are_known_in_either_order_and_by_their_initials() {
    let check = |one: &[&str], other: &[&str], wanted: Option<f64>| {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(authors(&own(one), &own(other)), wanted, "{one:?} {other:?}");
    };
    check(&["Mary Shelley"], &["Shelley, Mary"], Some(1.0));
    check(&["J. R. R. Tolkien"], &["John Ronald Reuel Tolkien"], Some(1.0));
    check(&["Brontë, Charlotte"], &["Charlotte Bronte", "Emily Brontë"], Some(1.0));
    check(&["Charlotte Brontë"], &["Emily Brontë"], Some(0.0));
    check(&["Ann Author", "Bo Other"], &["Ann Author", "Cy Else"], Some(0.5));
    check(&["Ursula K. Le Guin"], &["Le Guin, Ursula K."], Some(1.0));
    check(&[], &["Ann"], None);
}

fn hit(id: &str, title: &str, year: Option<i64>) -> Hit {
    Hit { id: id.into(), titles: vec![title.into()], year, ..Hit::default() }
}

fn query(media: Media, title: &str, year: Option<i64>) -> Query {
    Query { media, title: Some(title.into()), year, ..Query::default() }
}

fn check_choice(query: &Query, mut hits: Vec<Hit>, wanted: Choice, first: &str) {
    rank(query, &mut hits);
    let scores: Vec<(&str, f64)> = hits.iter().map(|hit| (hit.id.as_str(), hit.score)).collect();
    assert_eq!((choose(query, &hits, 0.9), hits[0].id.as_str()), (wanted, first), "{scores:?}");
}

#[test]
fn a_choice_is_sure_or_left_to_a_person() {
    let office = || vec![hit("uk", "The Office", Some(2001)), hit("us", "The Office", Some(2005))];
    check_choice(&query(Media::Episode, "The Office", None), office(), Choice::Unsure, "uk");
    check_choice(&query(Media::Episode, "The Office", Some(2005)), office(), Choice::Sure(0), "us");
    check_choice(&query(Media::Episode, "The Office 2005", None), office(), Choice::Sure(0), "us");
    check_choice(&query(Media::Episode, "Entirely Else", None), office(), Choice::None, "uk");
    let castle = vec![hit("a", "Castle (2009)", None), hit("b", "Castle", Some(1996))];
    check_choice(&query(Media::Episode, "Castle 2009", None), castle, Choice::Sure(0), "a");
    let runner = || vec![hit("a", "Blade Runner", Some(1982)), hit("b", "Blade Runner 2049", Some(2017))];
    check_choice(&query(Media::Movie, "Blade Runner 2049", None), runner(), Choice::Sure(0), "b");
    check_choice(&query(Media::Movie, "Blade Runner", Some(1982)), runner(), Choice::Sure(0), "a");
    // Another year is another film.
    let old = vec![hit("a", "Dune", Some(1984))];
    check_choice(&query(Media::Movie, "Dune", Some(2021)), old, Choice::Unsure, "a");
}

#[test]
fn entries_of_one_book_are_no_rivals_and_other_books_are() {
    let book = |id: &str, author: &str| Hit { authors: vec![author.into()], ..hit(id, "Emma", Some(1815)) };
    let wanted = Query { authors: vec!["Austen, Jane".into()], ..query(Media::Book, "Emma", None) };
    let hits = vec![book("a", "Jane Austen"), book("b", "Jane Austen"), book("c", "Alexander McCall Smith")];
    check_choice(&wanted, hits, Choice::Sure(0), "a");
    let other = vec![book("c", "Alexander McCall Smith")];
    check_choice(&wanted, other, Choice::Unsure, "c");
    let alone = vec![book("a", "Jane Austen"), book("c", "Alexander McCall Smith")];
    check_choice(&query(Media::Book, "Emma", None), alone, Choice::Unsure, "a");
}

proptest! {
    #[test]
    fn likeness_is_a_share_and_has_no_direction(one in ".{0,40}", other in ".{0,40}") {
        for media in [Media::Book, Media::Movie] {
            let found = titles(&one, &other, media);
            prop_assert!((0.0..=1.0).contains(&found), "{}", found);
            prop_assert!((found - titles(&other, &one, media)).abs() < 1e-9);
        }
    }

    #[test]
    fn a_title_is_like_itself(title in "[A-Za-z]{1,10}( [A-Za-z0-9é:-]{1,10}){0,5}") {
        prop_assert!(titles(&title, &title, Media::Book) > 0.999, "{}", title);
    }

    #[test]
    fn any_people_are_compared(one in prop::collection::vec(".{0,20}", 0..4), other in prop::collection::vec(".{0,20}", 0..4)) {
        let found = authors(&one, &other);
        prop_assert!(found.is_none_or(|share| (0.0..=1.0).contains(&share)));
    }
}
