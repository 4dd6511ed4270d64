//! Cuts of books made here, judged by reading them again and by `epubcheck`.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::archive::run_foreign;
use crate::archive::zip::{Packer, Writer};

const AMOUNT: Amount = Amount { pages: 2, documents: 2 };

fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), DosTime::from_unix(0));
    for (name, text) in members {
        let mut packer = Packer::new(6);
        packer.content().extend_from_slice(text.as_bytes());
        writer.add(name, &packer.pack(*name != "mimetype")).unwrap();
    }
    writer.finish().unwrap()
}

fn names(bytes: &[u8]) -> Vec<String> {
    let archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    archive.file_names().map(|name| name.unwrap().into_owned()).collect()
}

fn member(bytes: &[u8], name: &str) -> String {
    let content = crate::archive::zip::content(&mut Cursor::new(bytes), name, 1 << 20).unwrap();
    String::from_utf8(content).unwrap()
}

/// A book of four chapters that refer to each other, with both tables of contents and a picture in the last.
fn book() -> Vec<u8> {
    let chapter = |number: usize, more: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\
             <head><title>{number}</title></head><body><h1 id=\"top\">Chapter {number} &amp; more</h1>{more}</body></html>"
        )
    };
    let package = "<?xml version=\"1.0\"?>\n<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" unique-identifier=\"u\">\
        <metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:identifier id=\"u\">urn:uuid:11111111-1111-4111-8111-111111111111</dc:identifier>\
        <dc:title>A &amp; B</dc:title><dc:language>en</dc:language><meta property=\"dcterms:modified\">2020-01-01T00:00:00Z</meta></metadata>\
        <manifest><item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" properties=\"nav\"/>\
        <item id=\"ncx\" href=\"toc.ncx\" media-type=\"application/x-dtbncx+xml\"/>\
        <item id=\"c1\" href=\"text/c1.xhtml\" media-type=\"application/xhtml+xml\"/><item id=\"c2\" href=\"text/c2.xhtml\" media-type=\"application/xhtml+xml\"/>\
        <item id=\"c3\" href=\"text/c3.xhtml\" media-type=\"application/xhtml+xml\"/><item id=\"c4\" href=\"text/c%204.xhtml\" media-type=\"application/xhtml+xml\"/>\
        <item id=\"p1\" href=\"p1.svg\" media-type=\"image/svg+xml\"/><item id=\"p4\" href=\"p4.svg\" media-type=\"image/svg+xml\"/></manifest>\
        <spine toc=\"ncx\"><itemref idref=\"c1\"/><itemref idref=\"c2\"/><itemref idref=\"c3\"/><itemref idref=\"c4\"/></spine></package>";
    let nav = "<?xml version=\"1.0\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" xmlns:epub=\"http://www.idpf.org/2007/ops\"><head><title>n</title></head>\
        <body><nav epub:type=\"toc\"><ol><li><a href=\"text/c1.xhtml\">1</a></li><li><a href=\"text/c2.xhtml#top\">2</a><ol><li><a href=\"text/c3.xhtml\">3</a></li></ol></li>\
        <li><a href=\"text/c%204.xhtml\">4</a></li></ol></nav></body></html>";
    let point = |id: usize, src: &str| {
        format!(
            "<navPoint id=\"n{id}\" playOrder=\"{id}\"><navLabel><text>{id}</text></navLabel><content src=\"{src}\"/></navPoint>"
        )
    };
    let ncx = format!(
        "<?xml version=\"1.0\"?>\n<ncx xmlns=\"http://www.daisy.org/z3986/2005/ncx/\" version=\"2005-1\"><head><meta name=\"dtb:uid\" content=\"urn:uuid:11111111-1111-4111-8111-111111111111\"/></head>\
         <docTitle><text>t</text></docTitle><navMap>{}{}</navMap></ncx>",
        point(1, "text/c1.xhtml"),
        point(2, "text/c3.xhtml#top"),
    );
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><title>p</title></svg>";
    zip(&[
        ("mimetype", "application/epub+zip"),
        (
            "META-INF/container.xml",
            "<container version=\"1.0\" xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\"><rootfiles>\
             <rootfile full-path=\"OPS/book.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles></container>",
        ),
        ("OPS/book.opf", package),
        ("OPS/nav.xhtml", nav),
        ("OPS/toc.ncx", &ncx),
        (
            "OPS/text/c1.xhtml",
            &chapter(
                1,
                "<p><a href=\"c%204.xhtml#top\">to four</a> <a class=\"x&amp;y\" href=\"c2.xhtml\">to two</a><img alt=\"p\" src=\"../p1.svg\"/></p>",
            ),
        ),
        ("OPS/text/c2.xhtml", &chapter(2, "")),
        ("OPS/text/c3.xhtml", &chapter(3, "")),
        ("OPS/text/c 4.xhtml", &chapter(4, "<p><img alt=\"p\" src=\"../p4.svg\"/></p>")),
        ("OPS/p1.svg", svg),
        ("OPS/p4.svg", svg),
    ])
}

#[test]
fn an_epub_keeps_its_first_documents_and_nothing_that_leads_beyond() {
    let cut = cut(&mut Cursor::new(book()), AMOUNT, DosTime::from_unix(0)).unwrap();
    assert_eq!((cut.extension, cut.kept, cut.of), ("epub", 2, 4));
    let kept = names(&cut.bytes);
    assert_eq!(kept.first().map(String::as_str), Some("mimetype"));
    for (name, wanted) in [
        ("OPS/text/c1.xhtml", true),
        ("OPS/text/c2.xhtml", true),
        ("OPS/text/c3.xhtml", false),
        ("OPS/text/c 4.xhtml", false),
        ("OPS/p1.svg", true),
        ("OPS/p4.svg", false),
    ] {
        assert_eq!(kept.iter().any(|known| known == name), wanted, "{name}");
    }
    for name in ["OPS/book.opf", "OPS/nav.xhtml", "OPS/toc.ncx", "OPS/text/c1.xhtml"] {
        let text = member(&cut.bytes, name);
        assert!(!text.contains("c3.xhtml") && !text.contains("204.xhtml"), "{name}: {text}");
    }
    assert!(
        member(&cut.bytes, "OPS/text/c1.xhtml").contains("<a class=\"x&amp;y\" href=\"c2.xhtml\">to two</a>")
    );
    let again = super::cut(&mut Cursor::new(book()), AMOUNT, DosTime::from_unix(0)).unwrap();
    assert_eq!(again, cut, "the same book gives the same bytes");
}

/// Debian's `epubcheck` is a Java archive that not every kernel starts by itself.
fn epubcheck(folder: &std::path::Path) -> Option<(bool, String)> {
    let program = std::path::Path::new("/usr/bin/epubcheck");
    if program.exists() {
        return run_foreign("java", &["-jar", "/usr/bin/epubcheck", "sample.epub"], folder);
    }
    run_foreign("epubcheck", &["sample.epub"], folder)
}

#[test]
fn epubcheck_finds_no_fault_in_any_cut() {
    let folder = tempfile::tempdir().unwrap();
    for documents in [1, 3] {
        let amount = Amount { pages: 1, documents };
        let cut = cut(&mut Cursor::new(book()), amount, DosTime::from_unix(1_600_000_000)).unwrap();
        std::fs::write(folder.path().join("sample.epub"), &cut.bytes).unwrap();
        let Some((good, said)) = epubcheck(folder.path()) else { return };
        // The space in a file's name is the book's own, to see that such names are found.
        let warnings = said.lines().filter(|line| line.starts_with("WARNING") && !line.contains("PKG-010"));
        assert!(good && !said.contains("ERROR") && warnings.count() == 0, "{documents} documents: {said}");
    }
}

#[test]
fn a_comic_keeps_its_first_pages_in_the_order_of_people() {
    let comic = zip(&[
        ("p10.jpg", "10"),
        ("p2.jpg", "2"),
        ("p1.jpg", "1"),
        ("ComicInfo.xml", "<x/>"),
        ("__MACOSX/p0.jpg", "0"),
    ]);
    let cut = cut(&mut Cursor::new(comic), AMOUNT, DosTime::from_unix(0)).unwrap();
    assert_eq!((cut.extension, cut.kept, cut.of), ("cbz", 2, 3));
    assert_eq!(names(&cut.bytes), ["p1.jpg", "p2.jpg"]);
}

/// A PDF of so many pages.
fn pdf(pages: usize) -> Vec<u8> {
    use lopdf::{Document, Object, Stream, dictionary};
    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let mut kids: Vec<Object> = Vec::new();
    for number in 1..=pages {
        let content = document.add_object(Stream::new(
            dictionary! {},
            format!("% page {number} {}", "x".repeat(500)).into_bytes(),
        ));
        kids.push(document.add_object(dictionary! { "Type" => "Page", "Parent" => tree, "Contents" => content, "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()] }).into());
    }
    let count = kids.len() as i64;
    document.objects.insert(
        tree,
        Object::Dictionary(dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }),
    );
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_pdf_keeps_its_first_pages_alone() {
    let whole = pdf(5);
    let cut = cut(&mut Cursor::new(whole.clone()), AMOUNT, DosTime::from_unix(0)).unwrap();
    assert_eq!((cut.extension, cut.kept, cut.of), ("pdf", 2, 5));
    let text = String::from_utf8_lossy(&cut.bytes).into_owned();
    assert!(text.contains("% page 2") && !text.contains("% page 3"), "what is cut is gone from the file");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sample.pdf"), &cut.bytes).unwrap();
    if let Some((good, said)) = run_foreign("pdfinfo", &["sample.pdf"], folder.path()) {
        assert!(good && said.contains("Pages:           2"), "{said}");
    }
}

#[test]
fn what_cannot_be_cut_says_why() {
    let fails =
        |bytes: Vec<u8>| cut(&mut Cursor::new(bytes), AMOUNT, DosTime::from_unix(0)).unwrap_err().to_string();
    assert_eq!(fails(b"some text".to_vec()), "is no PDF, EPUB or CBZ");
    assert_eq!(fails(zip(&[("a.txt", "x")])), "is no PDF, EPUB or CBZ");
    let locked = zip(&[("META-INF/container.xml", "<container/>"), ("META-INF/rights.xml", "<rights/>")]);
    assert_eq!(fails(locked), "is encrypted");
    assert!(fails(b"%PDF-1.4 and nothing more".to_vec()).starts_with("is damaged"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn spoilt_books_are_errors_and_no_panics(at in 0_usize..4_000, byte in any::<u8>(), short in 0_usize..3_000, which in 0_usize..2) {
        let mut bytes = if which == 0 { book() } else { pdf(3) };
        let len = bytes.len();
        if let Some(place) = bytes.get_mut(at % len) {
            *place = byte;
        }
        bytes.truncate(len - short % len);
        let _ = cut(&mut Cursor::new(bytes), AMOUNT, DosTime::from_unix(0));
    }

    #[test]
    fn documents_of_any_xml_are_printed_as_they_were(text in "(<a b=\"c&amp;\">|</a>|<br/>|x&lt;|<!-- y -->|<?z?>){0,12}") {
        if let Ok(document) = tree::parse(text.as_bytes()) {
            let _ = tree::print(&document);
        }
    }
}
