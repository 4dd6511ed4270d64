//! Facts of books made here, of texts, and of files that are neither or damaged.

use serde_json::{Value, json};

use crate::bench::{Bench, Done, faults};

const GIF: &[u8] = b"GIF89a\x03\0\x02\0\0\0\0\0\0\0";

/// An EPUB of few words, its members stored or deflated by our own archive stage.
fn epub(title: &str, more: &str) -> Vec<u8> {
    let container = "<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><rootfiles>\
        <rootfile full-path='book.opf' media-type='application/oebps-package+xml'/></rootfiles></container>";
    let package = format!(
        "<package xmlns='http://www.idpf.org/2007/opf'><metadata xmlns:dc='http://purl.org/dc/elements/1.1/'>\
         <dc:title>{title}</dc:title>{more}</metadata>\
         <manifest><item id='c' href='c.gif' media-type='image/gif' properties='cover-image'/></manifest></package>"
    );
    let done = Bench::new()
        .file("mimetype", "application/epub+zip")
        .file("META-INF/container.xml", container)
        .file("book.opf", package)
        .file("c.gif", GIF)
        .run("archive", json!({ "format": "zip", "level": 0 }))
        .good();
    done.files.into_values().next().unwrap()
}

fn value<'d>(done: &'d Done, name: &str) -> &'d Value {
    done.facts.value(name).unwrap_or(&Value::Null)
}

#[test]
fn a_books_facts_bear_the_stage_and_the_file_they_are_from() {
    let more = "<dc:creator>A. Writer</dc:creator><dc:language>fr</dc:language>";
    let done = Bench::new().file("x.bin", epub("Été", more)).run("extract", json!({})).good();
    assert_eq!((value(&done, "title"), value(&done, "format")), (&json!("Été"), &json!("epub")));
    assert_eq!((value(&done, "authors"), value(&done, "language")), (&json!(["A. Writer"]), &json!("fr")));
    let title = done.facts.get("title").unwrap();
    assert_eq!((title.from.as_str(), title.at.as_str()), ("extract", "x.bin"));
    assert!(done.artifacts.is_empty());
}

#[test]
fn a_text_has_words_and_an_unknown_file_its_size_alone() {
    let done = Bench::new().file("a.txt", "# Title\n\none two three\n").run("extract", json!({})).good();
    assert_eq!((value(&done, "format"), value(&done, "encoding")), (&json!("txt"), &json!("utf-8")));
    assert!(value(&done, "words").as_u64() >= Some(3), "{:?}", done.facts);
    let done = Bench::new().file("a.bin", [0, 1, 2, 3, 0xff]).run("extract", json!({})).good();
    assert_eq!(done.facts.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["size"]);
}

#[test]
fn of_several_files_the_first_wins_and_later_ones_fill_gaps() {
    let second = epub("Second", "<dc:publisher>P</dc:publisher>");
    let done = Bench::new()
        .file("1.epub", epub("First", ""))
        .file("2.epub", second)
        .run("extract", json!({}))
        .good();
    assert_eq!((value(&done, "title"), value(&done, "publisher")), (&json!("First"), &json!("P")));
    assert_eq!(done.facts.get("publisher").unwrap().at, "2.epub");
}

#[test]
fn only_the_readers_that_are_named_read() {
    let both = || Bench::new().file("a.txt", "some words").file("b.epub", epub("Book", ""));
    let done = both().run("extract", json!({ "readers": ["epub"] })).good();
    assert_eq!((value(&done, "format"), value(&done, "words")), (&json!("epub"), &Value::Null));
    let found = faults("extract", json!({ "readers": ["pdfx"] }));
    assert!(
        found.len() == 1
            && found[0].starts_with(
                "readers: there is no reader `pdfx` (the readers are matroska, webm, mp4, avi, epub"
            ),
        "{found:?}"
    );
}

#[test]
fn the_cover_of_the_first_book_that_has_one_is_saved() {
    let book = || {
        Bench::new()
            .file("notes.txt", "no cover here")
            .file("a.epub", epub("T", ""))
            .file("b.epub", epub("U", ""))
    };
    let done = book().run("extract", json!({ "cover": true })).good();
    assert_eq!(done.names(), ["cover.gif"]);
    assert_eq!(done.files["cover.gif"], GIF);
    assert_eq!(value(&done, "cover")["width"], 3);
}

#[test]
fn the_chapters_of_a_film_are_saved() {
    let named = b"\x10\x43\xa7\x70\x90\x45\xb9\x8d\xb6\x8b\x91\x82\0\0\x80\x85\x85\x83One";
    let mut film = [FILM, &named[..]].concat();
    // The segment is longer by what was added.
    film[20] += named.len() as u8;
    let done = Bench::new().file("a.mkv", film).run("extract", json!({ "chapters": true })).good();
    assert_eq!(done.names(), ["chapters.txt"]);
    assert_eq!(done.files["chapters.txt"], b"CHAPTER01=00:00:00.000\nCHAPTER01NAME=One\n");
    assert_eq!(value(&done, "chapters"), 1);
}

#[test]
fn a_damaged_book_is_an_error_with_a_way_on() {
    let check = |bytes: Vec<u8>| {
        let done = Bench::new().file("a.epub", bytes).run("extract", json!({}));
        assert_eq!(done.code(), "input/unreadable", "{:?}", done.failure);
        let (_, message, hint) = done.failure.unwrap();
        assert!(message.contains("a.epub`") && hint.contains("metadata:"), "{message} {hint}");
    };
    let whole = epub("T", "");
    check(whole[..whole.len() - 30].to_vec());
    check(whole[..whole.len() / 2].to_vec());
    let gone = Bench::new()
        .file("a.epub", whole)
        .meddle(|folder| std::fs::remove_file(folder.join("a.epub")).unwrap());
    assert_eq!(gone.step("it", "extract", &["source", "meddle"], json!({})).go().code(), "input/missing");
}

/// A film of one empty track, in as few bytes as possible.
const FILM: &[u8] =
    b"\x1aE\xdf\xa3\x8bB\x82\x88matroska\x18S\x80g\xad\x15I\xa9f\x8aWA\x87by hand\x16T\xaek\x99\xae\
    \x97\xd7\x81\x01\x83\x81\x01\x86\x85V_VP9\xe0\x88\xb0\x82\x05\x00\xba\x82\x02\xd0";

#[test]
fn a_film_has_tracks_and_a_report_where_there_is_a_program_for_it() {
    let film = || Bench::new().file("Some Film.mkv", FILM);
    let done = film().run("extract", json!({ "report": false })).good();
    assert_eq!((value(&done, "format"), value(&done, "resolution")), (&json!("matroska"), &json!("720p")));
    assert_eq!(value(&done, "video")[0]["codec"], "vp9");
    assert_eq!(value(&done, "mediainfo_report"), &Value::Null);
    if std::process::Command::new("mediainfo").arg("--Version").output().is_err() {
        eprintln!("SKIPPED: no mediainfo to write a report");
        return;
    }
    let done = film().run("extract", json!({})).good();
    let report = value(&done, "mediainfo_report").as_str().expect("a report");
    let name = report.lines().find(|line| line.starts_with("Complete name")).expect("a name");
    assert_eq!(name.rsplit(" : ").next(), Some("Some Film.mkv"));
    assert!(report.contains("VP9") && !report.contains("/tmp"), "{report}");
}

#[test]
fn the_name_of_a_file_fills_gaps_and_never_wins() {
    let file = "Harbour.Lights.S02E05.The.Storm.1080p.WEB.H264-GRP.mkv";
    let done = Bench::new().file(file, FILM).run("extract", json!({ "report": false })).good();
    for (fact, wanted) in [
        ("title", json!("Harbour Lights")),
        ("season", json!(2)),
        ("episode", json!(5)),
        ("source_tag", json!("WEB")),
    ] {
        assert_eq!(value(&done, fact), &wanted, "{fact}");
        let fact = done.facts.get(fact).unwrap();
        assert_eq!((fact.from.as_str(), fact.at.as_str()), ("name", file));
    }
    assert!(done.facts.get("group").is_none(), "who made the source did not make the release");
    let book = "Agatha Shore - The Lamp Room (2020).epub";
    let done = Bench::new().file(book, epub("The Lamp Rooms", "")).run("extract", json!({})).good();
    assert_eq!(value(&done, "title"), &json!("The Lamp Rooms"));
    assert_eq!(done.facts.get("title").unwrap().from, "extract");
    assert_eq!((value(&done, "authors"), value(&done, "year")), (&json!(["Agatha Shore"]), &json!(2020)));
    let noted = done
        .notes
        .iter()
        .any(|note| note.contains("title") && note.contains("The Lamp Rooms") && note.contains("wins"));
    assert!(noted, "{:?}", done.notes);
}

#[test]
fn a_name_that_fits_no_grammar_tells_nothing() {
    let done = Bench::new().file("notes of 2019.bin", [0, 1, 2, 3, 0xff]).run("extract", json!({})).good();
    assert_eq!(done.facts.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["size"]);
}
