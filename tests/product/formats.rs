//! Every format that packs everything into one file: made by the program, judged by it and by other people's tools.

use std::fs;

use crate::world::{World, noise, tool, tree};

fn manifest(format: &str, level: u32) -> String {
    format!(
        "release: 1\nkind: generic\ngroup: GRP\nname: A.Release-GRP\nsource: [in/*, in/deep/*]\n\
        time: 2026-03-04T05:06:08Z\nsteps:\n  pack:\n    uses: archive\n    from: [source]\n    \
        with: {{ format: {format}, level: {level}, base: packed }}\n  sums:\n    uses: checksum\n    \
        from: [pack]\n    with: {{ format: sha256, file: sums.sha256 }}\n"
    )
}

#[test]
fn archives_are_the_same_bytes_for_any_number_of_jobs_and_stand_every_test() {
    for (format, level, program, arguments) in [
        ("7z", 6, "7z", ["t", "-y"].as_slice()),
        ("tar.gz", 6, "gzip", &["-t"]),
        ("tar.zst", 9, "zstd", &["-q", "-t"]),
    ] {
        let world = World::new();
        world.write("in/noise.bin", noise(300_000)).write("in/text.txt", "text ".repeat(300_000));
        world.write("in/deep/é.txt", "short").write("release.yaml", manifest(format, level));
        world.done(&["run", "release.yaml", "--jobs", "1", "--output", "one"]);
        world.done(&["run", "release.yaml", "--jobs", "4", "--output", "four"]);
        let name = format!("packed.{format}");
        let first = tree(&world.path("one"));
        assert!(first.keys().any(|path| path.ends_with(&name)), "{:?}", first.keys());
        assert!(first == tree(&world.path("four")), "{format}: jobs change the bytes");
        let release = world.path("one/A.Release-GRP");
        world.done(&["verify", release.to_str().unwrap()]);
        if let Some(ran) = tool(&release, program, &[arguments, &[name.as_str()]].concat()) {
            assert_eq!(ran.code, Some(0), "{program}: {}{}", ran.stdout, ran.stderr);
        }
        if let Some(ran) = tool(&release, "sha256sum", &["-c", "sums.sha256"]) {
            assert_eq!(ran.code, Some(0), "{format}: {}", ran.stderr);
        }
        let mut bytes = fs::read(release.join(&name)).unwrap();
        bytes[1000] ^= 1;
        fs::write(release.join(&name), bytes).unwrap();
        let ran = world.run(&["verify", release.to_str().unwrap()]);
        assert_eq!(ran.code, Some(1), "{format}: {}", ran.stdout);
    }
}
