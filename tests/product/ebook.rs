//! A real book, end to end: what is made is judged by 7-Zip, unar, unzip, cksfv and sha256sum.

use std::fs;
use std::path::{Path, PathBuf};

use crate::world::{World, content, epub, names, noise, tool, tree};

const NAME: &str = "Ann.Author.A.Small.Book.2026.RETAIL.EPUB.eBook-GRP";

fn manifest(volume: &str) -> String {
    format!(
        "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\ntime: 2026-03-04T05:06:08Z\nsteps:\n  \
         rar: {{ with: {{ volume: {volume} }} }}\n  \
         sums: {{ uses: checksum, from: [zip, nfo, diz], with: {{ format: sha256 }} }}\n"
    )
}

fn world() -> World {
    let world = World::new();
    world.write("book.epub", epub("A Small Book", "Ann Author", Some("2026-02-03"), 95_000));
    world.write("release.yaml", manifest("30kB"));
    world
}

fn ends(names: &[String], end: &str) -> Vec<String> {
    names.iter().filter(|name| name.ends_with(end)).cloned().collect()
}

#[test]
fn four_lines_pack_a_book() {
    let world = World::new();
    world.write("book.epub", epub("A Small Book", "Ann Author", Some("2026-02-03"), 1000));
    world.write("release.yaml", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\n");
    let ran = world.done(&["run", "release.yaml"]);
    assert!(ran.stdout.contains(NAME), "{}", ran.stdout);
    let release = world.release("dist");
    assert_eq!(release.file_name().unwrap().to_str(), Some(NAME));
    let stem = "ann.author.a.small.book-grp";
    assert_eq!(
        names(&release),
        [&format!("{stem}.nfo"), &format!("{stem}.sfv"), "asmall01.zip", "file_id.diz"]
    );
    let nfo = String::from_utf8_lossy(&fs::read(release.join(format!("{stem}.nfo"))).unwrap()).into_owned();
    assert!(nfo.contains("A Small Book") && nfo.contains("Ann Author"), "{nfo}");
    assert!(fs::read(release.join("file_id.diz")).unwrap().starts_with(b"DISK: [xx/01]"));
}

#[test]
fn every_volume_has_the_size_asked_for_and_gives_the_book_back() {
    let world = world();
    world.done(&["run", "release.yaml"]);
    let release = world.release("dist");
    let zips = ends(&names(&release), ".zip");
    assert_eq!(zips.len(), 4, "{zips:?}");
    let out = world.path("out");
    fs::create_dir(&out).unwrap();
    for zip in &zips {
        assert!(zip.len() <= 12, "{zip} is an 8.3 name");
        if content(&release, "unzip", &["-qqt", zip]).is_none() {
            return;
        }
        content(&release, "unzip", &["-qqo", zip, "-d", out.to_str().unwrap()]);
    }
    let inside = names(&out);
    let stem = "ann.author.a.small.book-grp";
    let volumes: Vec<String> =
        ["rar", "r00", "r01", "r02"].iter().map(|end| format!("{stem}.{end}")).collect();
    for volume in &volumes[..3] {
        assert_eq!(fs::metadata(out.join(volume)).unwrap().len(), 30_000, "{volume}");
    }
    assert!(
        inside.contains(&"file_id.diz".to_owned()) && inside.contains(&format!("{stem}.nfo")),
        "{inside:?}"
    );
    judged_by_7z(&out, &volumes[0], 4);
    if let Some(ran) = content(&out, "lsar", &["-t", &volumes[0]]) {
        assert!(ran.stdout.contains("1 passed, 0 failed."), "{}", ran.stdout);
    }
    if content(&out, "7z", &["x", "-y", &volumes[0]]).is_some() {
        assert_eq!(fs::read(out.join("book.epub")).unwrap(), fs::read(world.path("book.epub")).unwrap());
    }
}

fn judged_by_7z(folder: &Path, first: &str, volumes: usize) {
    if let Some(ran) = content(folder, "7z", &["t", "-y", first]) {
        assert!(ran.stdout.lines().any(|line| line == "Everything is Ok"), "{}", ran.stdout);
        assert!(ran.stdout.lines().any(|line| line == format!("Volumes = {volumes}")), "{}", ran.stdout);
    }
}

#[test]
fn other_peoples_checkers_accept_the_checksum_files() {
    let world = world();
    world.done(&["run", "release.yaml"]);
    let release = world.release("dist");
    let found = names(&release);
    let (sfv, sums) = (&ends(&found, ".sfv")[0], &ends(&found, ".sha256")[0]);
    let both = content(&release, "cksfv", &["-q", "-f", sfv]).is_some()
        && content(&release, "sha256sum", &["--strict", "-c", sums]).is_some();
    if both {
        let lines = fs::read_to_string(release.join(sums)).unwrap();
        assert_eq!(lines.lines().count(), 6, "four archives, NFO and DIZ:\n{lines}");
    }
}

#[test]
fn a_finished_release_is_verified_and_a_flipped_byte_anywhere_is_found() {
    let world = world();
    world.done(&["run", "release.yaml"]);
    let release = world.release("dist");
    let path = release.to_str().unwrap();
    let ran = world.done(&["verify", path, "--json"]);
    let verdict = &ran.lines()[0];
    assert_eq!(verdict["faults"].as_array().map(Vec::len), Some(0), "{verdict}");
    assert_eq!(verdict["archives"], 5, "four ZIPs and the RAR set inside: {verdict}");
    for name in names(&release) {
        let file = release.join(&name);
        let good = fs::read(&file).unwrap();
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 0x04;
            fs::write(&file, &bad).unwrap();
            let ran = world.run(&["verify", path]);
            assert_eq!(ran.code, Some(1), "{name} at {at}\n{}{}", ran.stdout, ran.stderr);
        }
        fs::remove_file(&file).unwrap();
        if !name.ends_with(".sha256") && !name.ends_with(".sfv") {
            assert_eq!(world.run(&["verify", path]).code, Some(1), "{name} is missing");
        }
        fs::write(&file, good).unwrap();
    }
    let zip = release.join("asmall02.zip");
    let mut bad = fs::read(&zip).unwrap();
    bad[12_000] ^= 1;
    fs::write(&zip, bad).unwrap();
    if let Some(ran) = tool(&release, "7z", &["t", "-y", "asmall02.zip"]) {
        assert_eq!(ran.code, Some(2), "7-Zip finds it as well");
    }
}

/// Puts a copy of the book and the manifest into another folder, later, with the book's own time.
fn elsewhere(world: &World, folder: &str, manifest: &str) -> PathBuf {
    world.write(&format!("{folder}/release.yaml"), manifest);
    world.write(
        &format!("{folder}/book.epub"),
        epub("A Small Book", "Ann Author", Some("2026-02-03"), 95_000),
    );
    world.path(folder)
}

#[test]
fn the_same_manifest_gives_the_same_bytes_wherever_and_however_it_runs() {
    let world = World::new();
    let manifest = manifest("30kB");
    for folder in ["a", "b/deeper", "c"] {
        elsewhere(&world, folder, &manifest);
    }
    world.done(&["run", "a/release.yaml", "--jobs", "1"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    world.done(&["run", "b/deeper/release.yaml", "--jobs", "7"]);
    world.done(&["expand", "c/release.yaml"]);
    let first = tree(&world.path("a/dist"));
    assert!(first.len() > 5);
    assert!(first == tree(&world.path("b/deeper/dist")), "other folder, later, more jobs");
    let ran = world.done(&["expand", "c/release.yaml"]);
    world.write("c/expanded.yaml", &ran.stdout);
    world.done(&["run", "c/expanded.yaml"]);
    assert!(first == tree(&world.path("c/dist")), "the expanded manifest");
}

#[test]
fn source_date_epoch_and_the_newest_source_give_the_time() {
    let world = World::new();
    let manifest = manifest("30kB").replace("time: 2026-03-04T05:06:08Z\n", "");
    for folder in ["a", "b"] {
        elsewhere(&world, folder, &manifest);
        let ran = world
            .command(&["run", &format!("{folder}/release.yaml")])
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .output();
        assert_eq!(ran.unwrap().status.code(), Some(0));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(tree(&world.path("a/dist")) == tree(&world.path("b/dist")));
    let nfo = tree(&world.path("a/dist")).into_iter().find(|(name, _)| name.ends_with(".nfo")).unwrap().1;
    assert!(String::from_utf8_lossy(&nfo).contains("2023-11-14"));
}

#[test]
fn run_pack_and_the_manifest_it_saves_give_the_same_release() {
    let world = World::new();
    elsewhere(&world, "a", "release: 1\nkind: ebook\ngroup: GRP\nsource: book.epub\n");
    let epoch = |arguments: &[&str]| {
        let output = world.command(arguments).env("SOURCE_DATE_EPOCH", "1700000000").output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    epoch(&["run", "a/release.yaml"]);
    epoch(&[
        "pack",
        "--type",
        "EBOOK",
        "--file",
        "a/book.epub",
        "--group",
        "GRP",
        "--output",
        "packed",
        "--save",
        "saved/p.yaml",
    ]);
    let first = tree(&world.path("a/dist"));
    assert!(first == tree(&world.path("packed")));
    epoch(&["run", "saved/p.yaml", "--output", "again"]);
    assert!(first == tree(&world.path("again")));
}

#[test]
fn a_season_is_packed_into_volumes_with_an_sfv() {
    let world = World::new();
    world.write("media/a.bin", noise(120_000)).write("media/b.bin", noise(70_000));
    world.write(
        "release.yaml",
        "release: 1\nkind: tv\ngroup: GRP\ntime: 2026-01-01T00:00:00Z\nfor_each:\n  \
         - { file: a.bin, part: 1 }\n  - { file: b.bin, part: 2 }\nsource: \"media/{{ item.file }}\"\n\
         metadata: { title: Harbour Lights, season: 1, episode: \"{{ item.part }}\", resolution: 720p }\n\
         steps: { rar: { with: { volume: 50kB } } }\n",
    );
    world.done(&["run"]);
    let found = names(&world.path("dist"));
    assert_eq!(found, ["Harbour.Lights.S01E01.720p.WEB-GRP", "Harbour.Lights.S01E02.720p.WEB-GRP"]);
    let release = world.path("dist").join(&found[0]);
    let stem = "harbour.lights.s01e01.720p.web-grp";
    judged_by_7z(&release, &format!("{stem}.rar"), 3);
    content(&release, "cksfv", &["-q", "-f", &format!("{stem}.sfv")]);
    assert_eq!(fs::metadata(release.join(format!("{stem}.r00"))).unwrap().len(), 50_000);
    world.done(&[
        "verify",
        "dist/Harbour.Lights.S01E01.720p.WEB-GRP",
        "dist/Harbour.Lights.S01E02.720p.WEB-GRP",
    ]);
}

#[test]
fn every_example_runs_and_its_release_is_good() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seen = 0;
    for name in names(&examples).into_iter().filter(|name| examples.join(name).is_dir()) {
        let world = World::new();
        for (file, bytes) in tree(&examples.join(&name)) {
            if !file.starts_with("dist/") {
                world.write(&file, bytes);
            }
        }
        for manifest in names(&world.path("")).iter().filter(|file| file.ends_with(".yaml")) {
            let text = fs::read_to_string(world.path(manifest)).unwrap();
            if !text.contains("\nrelease: 1") && !text.starts_with("release: 1") {
                continue;
            }
            seen += 1;
            let ran = world.done(&["run", manifest, "--output", "made"]);
            assert!(!ran.stdout.is_empty());
            let releases: Vec<String> =
                names(&world.path("made")).iter().map(|name| format!("made/{name}")).collect();
            let paths: Vec<&str> = releases.iter().map(String::as_str).collect();
            world.done(&[&["verify"], paths.as_slice()].concat());
            fs::remove_dir_all(world.path("made")).unwrap();
        }
    }
    assert!(seen >= 5, "{seen} examples");
}
