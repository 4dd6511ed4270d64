//! RAR 5 sets, judged by 7-Zip, and by digests of their bytes.

use serde_json::{Value, json};

use crate::bench::{Bench, foreign, noise};

fn pack(options: Value) -> crate::bench::Done {
    let mut all = json!({ "format": "rar5", "volume": 20_000, "base": "set" });
    if let (Some(all), Some(more)) = (all.as_object_mut(), options.as_object()) {
        all.extend(more.clone());
    }
    Bench::new().file("a.bin", noise(70_000, 1)).file("sub/b.bin", noise(3_000, 2)).run("archive", all).good()
}

fn volumes(done: &crate::bench::Done) -> Vec<&String> {
    done.files.keys().filter(|name| name.ends_with(".rar")).collect()
}

#[test]
fn volumes_have_the_size_asked_for_and_7_zip_accepts_them() {
    for hash in ["crc32", "blake2sp"] {
        let done = pack(json!({ "hash": hash }));
        let names = volumes(&done);
        assert_eq!(names, ["set.part1.rar", "set.part2.rar", "set.part3.rar", "set.part4.rar"], "{hash}");
        assert!(names[..3].iter().all(|name| done.files[*name].len() == 20_000), "{hash}");
        if let Some((_, ran)) = foreign("7z", &["t", "-y", "set.part1.rar"], &done.release()) {
            assert!(ran.contains("Everything is Ok") && ran.contains("Volumes = 4"), "{hash}: {ran}");
        }
    }
}

#[test]
fn the_same_inputs_give_the_same_volumes() {
    for hash in ["crc32", "blake2sp"] {
        assert!(pack(json!({ "hash": hash })).files == pack(json!({ "hash": hash })).files, "{hash}");
    }
}

#[test]
fn options_that_do_not_fit_are_told() {
    let faults = crate::bench::faults("archive", json!({ "format": "rar5", "volume": 10, "level": 3 }));
    assert_eq!(faults.len(), 2, "{faults:?}");
}
