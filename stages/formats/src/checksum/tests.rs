//! Checksum files, written and read back by us and by foreign programs.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::archive::run_foreign as run;
use crate::digest::Digester;

fn line(name: &str, hex: &str) -> Line {
    Line { name: name.to_owned(), hex: hex.to_owned() }
}

fn digest_of(format: &Format, bytes: &[u8]) -> String {
    let mut digester = Digester::new([format.algorithm]).unwrap();
    digester.update(bytes);
    digester.finish().remove(format.algorithm).unwrap()
}

fn check(format_name: &str, file: &[u8], want: Result<&[Line], &str>) {
    let found = format(format_name).unwrap().parse(file).map_err(|error| error.to_string());
    assert_eq!(found.as_deref().map_err(String::as_str), want, "{}", String::from_utf8_lossy(file));
}

#[test]
fn sfv_is_sorted_by_bytes_with_lower_case_and_crlf() {
    let lines = [line("a.rar", "0000000a"), line("a.r01", "ffffffff"), line("B.r00", "12345678")];
    let file = format("sfv").unwrap().write(&lines, Style::Gnu).unwrap();
    assert_eq!(file, b"B.r00 12345678\r\na.r01 ffffffff\r\na.rar 0000000a\r\n");
}

#[test]
fn sfv_in_every_form_that_is_in_use_is_read() {
    let one = [line("a b.c", "12abcdef")];
    for file in [
        "a b.c 12abcdef",
        "a b.c 12ABCDEF\n",
        "; made by\r\n\r\na b.c 12abcdef\r\n",
        "\u{feff}a b.c\t12abcdef",
        "  a b.c   12abcdef  ",
    ] {
        check("sfv", file.as_bytes(), Ok(&one));
    }
    check("sfv", b"sub\\c.txt 12abcdef", Ok(&[line("sub/c.txt", "12abcdef")]));
    check("sfv", b"\xe9.txt 12abcdef", Ok(&[line("é.txt", "12abcdef")]));
    check("sfv", b"a 12abcd", Err("line 1: a crc-32 of 8 hexadecimal digits was expected at the end"));
    check("sfv", b"\nabc", Err("line 2: a name and a crc-32 were expected"));
}

#[test]
fn sums_of_both_styles_are_read() {
    let md5 = "900150983cd24fb0d6963f7d28e17f72";
    let upper = md5.to_uppercase();
    for text in [
        format!("{md5}  a b"),
        format!("{upper} *a b\r\n"),
        format!("# made by\n; x\n\n{md5}  a b\n"),
        format!("MD5 (a b) = {md5}\n"),
    ] {
        check("md5", text.as_bytes(), Ok(&[line("a b", md5)]));
    }
    check("md5", format!("\\{md5}  a\\nb\\\\c").as_bytes(), Ok(&[line("a\nb\\c", md5)]));
    check("md5", format!("\\MD5 (a\\nb) = {md5}").as_bytes(), Ok(&[line("a\nb", md5)]));
    check("md5", format!("SHA256 (a) = {md5}").as_bytes(), Err("line 1: a digest and a name were expected"));
    check("md5", format!("{md5} a").as_bytes(), Err("line 1: a digest and a name were expected"));
    check("sha1", format!("{md5}  a").as_bytes(), Err("line 1: a digest and a name were expected"));
}

#[test]
fn names_that_escape_are_not_given_out() {
    let lines =
        format("sfv").unwrap().parse(b"../a 00000000\n/a 00000000\nC:\\a 00000000\na/b 00000000").unwrap();
    let safe: Vec<_> = lines.iter().map(|line| line.safe_name().ok()).collect();
    assert_eq!(safe, [None, None, None, Some("a/b")]);
}

#[test]
fn what_would_be_read_back_as_another_line_is_refused() {
    let sfv = format("sfv").unwrap();
    for name in ["", " a", "a ", ";a", "a\nb", "a\\b", "a\u{85}b", "\u{feff}a"] {
        let error = sfv.write(&[line(name, "00000000")], Style::Gnu).unwrap_err();
        assert_eq!(error, Error::Name { name: name.to_owned(), format: "sfv" });
    }
    for hex in ["0000000", "0000000G", "ABCDEF00"] {
        assert!(matches!(sfv.write(&[line("a", hex)], Style::Gnu), Err(Error::Digest { .. })), "{hex}");
    }
    let twice = [line("a", "00000000"), line("a", "00000001")];
    assert_eq!(sfv.write(&twice, Style::Gnu), Err(Error::Duplicate("a".to_owned())));
}

#[test]
fn rows_are_found_by_name_and_by_extension() {
    for row in FORMATS {
        assert_eq!(format(row.name).unwrap().name, row.name);
        assert_eq!(format_of(&format!("x.{}", row.extension.to_uppercase())).unwrap().name, row.name);
        assert!(digest::algorithm(row.algorithm).is_some());
    }
    assert!(FORMATS.is_sorted_by_key(|row| row.name));
}

#[test]
fn foreign_checkers_take_our_files_and_notice_damage() {
    let files = [("a.rar", b"abc".as_slice()), ("a b.r00", b""), ("sub/c", b"x")];
    for (format_name, style, program, arguments) in [
        ("sfv", Style::Gnu, "cksfv", ["-q", "-f"].as_slice()),
        ("sfv", Style::Gnu, "rhash", &["-c"]),
        ("md5", Style::Gnu, "md5sum", &["--strict", "-c"]),
        ("md5", Style::Bsd, "md5sum", &["--strict", "-c"]),
        ("sha1", Style::Gnu, "sha1sum", &["--strict", "-c"]),
        ("sha256", Style::Gnu, "sha256sum", &["--strict", "-c"]),
        ("sha256", Style::Bsd, "sha256sum", &["--strict", "-c"]),
        ("sha256", Style::Bsd, "rhash", &["-c"]),
        ("sha512", Style::Gnu, "sha512sum", &["--strict", "-c"]),
        ("blake3", Style::Gnu, "b3sum", &["-c"]),
    ] {
        let format = format(format_name).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("sub")).unwrap();
        let mut names = files.to_vec();
        if style == Style::Gnu && program.ends_with("sum") && format_name != "blake3" {
            names.push(("odd\nname\\x", b"y"));
        }
        for (name, bytes) in &names {
            fs::write(directory.path().join(name), bytes).unwrap();
        }
        let lines: Vec<_> = names.iter().map(|(name, bytes)| line(name, &digest_of(format, bytes))).collect();
        fs::write(directory.path().join("sums"), format.write(&lines, style).unwrap()).unwrap();
        let arguments = [arguments, &["sums"]].concat();
        let Some((good, text)) = run(program, &arguments, directory.path()) else { continue };
        assert!(good, "{program}: {text}");
        fs::write(directory.path().join("a.rar"), b"abd").unwrap();
        let (good, text) = run(program, &arguments, directory.path()).unwrap();
        assert!(!good, "{program}: {text}");
    }
}

#[test]
fn files_of_foreign_programs_are_read() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a b", "odd\nname\\x"] {
        fs::write(directory.path().join(name), b"abc").unwrap();
    }
    for (format_name, program, arguments) in [
        ("sfv", "cksfv", ["a b"].as_slice()),
        ("sfv", "rhash", &["--sfv", "a b"]),
        ("md5", "md5sum", &["a b", "odd\nname\\x"]),
        ("md5", "md5sum", &["--tag", "a b", "odd\nname\\x"]),
        ("sha256", "sha256sum", &["-b", "a b", "odd\nname\\x"]),
        ("blake3", "b3sum", &["a b"]),
    ] {
        let Some((_, text)) = run(program, arguments, directory.path()) else { continue };
        let format = format(format_name).unwrap();
        let hex = digest_of(format, b"abc");
        let want: Vec<_> =
            arguments.iter().filter(|name| !name.starts_with('-')).map(|name| line(name, &hex)).collect();
        check(format_name, text.as_bytes(), Ok(&want));
    }
}

#[test]
fn sfv_files_of_real_sets_are_read() {
    let beside = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let corpus = std::env::var_os("BINDERY_CORPUS").map_or_else(beside, Into::into).join("sfv");
    let Ok(files) = fs::read_dir(&corpus) else {
        eprintln!("SKIPPED: {} is not there", corpus.display());
        return;
    };
    for path in files.map(|file| file.unwrap().path()) {
        let lines = format("sfv").unwrap().parse(&fs::read(&path).unwrap()).unwrap();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.safe_name().is_ok()), "{}", path.display());
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        names in prop::collection::btree_map("[^\u{0}]{1,20}", any::<u64>(), 0..5), row in 0..FORMATS.len(), bsd: bool,
    ) {
        let format = &FORMATS[row];
        let style = if bsd { Style::Bsd } else { Style::Gnu };
        let lines: Vec<_> =
            names.iter().map(|(name, seed)| line(name, &digest_of(format, &seed.to_le_bytes()))).collect();
        match format.write(&lines, style) {
            Ok(file) => prop_assert_eq!(format.parse(&file).unwrap(), lines),
            Err(error) => prop_assert_eq!(format.name, "sfv", "{}", error),
        }
    }

    #[test]
    fn foreign_bytes_never_panic(file: Vec<u8>, text: String, row in 0..FORMATS.len()) {
        let _ = FORMATS[row].parse(&file);
        let _ = FORMATS[row].parse(text.as_bytes());
    }
}
