//! Films made by ffmpeg and read by us, compared with what MediaInfo reads in them.

use bindery_formats::read::inspect;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A test picture, a tone and a film's worth of options.
const PICTURE: &[&str] = &["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=1"];
const TONE: &[&str] = &["-f", "lavfi", "-i", "sine=r=48000:d=1"];
const H264: &[&str] = &["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

/// MediaInfo's names of formats, and our words.
const CODECS: &[(&str, &[&str])] = &[
    ("AVC", &["h264"]),
    ("MPEG-4 Visual", &["mpeg4asp"]),
    ("MPEG Video", &["mpeg2", "mpeg1"]),
    ("ProRes", &["prores"]),
    ("JPEG", &["mjpeg"]),
    ("AAC", &["aac"]),
    ("AC-3", &["ac3"]),
    ("MPEG Audio", &["mp3", "mp2"]),
    ("PCM", &["pcm"]),
    ("ALAC", &["alac"]),
    ("Timed Text", &["mov_text"]),
];

fn missing(tool: &str) -> bool {
    let is_missing = Command::new(tool).arg("-version").output().is_err();
    if is_missing {
        eprintln!("SKIPPED: {tool} is not installed");
    }
    is_missing
}

/// A film, or nothing when this ffmpeg lacks a codec that it needs.
fn film(folder: &Path, name: &str, options: &[&[&str]]) -> Option<PathBuf> {
    let path = folder.join(name);
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(options.concat())
        .arg(&path)
        .output()
        .expect("ffmpeg");
    if !made.status.success() {
        eprintln!("SKIPPED: {name}: {}", String::from_utf8_lossy(&made.stderr));
    }
    made.status.success().then_some(path)
}

fn theirs(path: &Path) -> Vec<Value> {
    let told = Command::new("mediainfo").arg("--Output=JSON").arg(path).output().expect("mediainfo");
    let told: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    told["media"]["track"].as_array().expect("tracks").clone()
}

fn same(name: &str, field: &str, theirs: &Value, ours: &Value) {
    let Some(want) = theirs.as_str() else { return };
    let number = |text: &str| text.parse::<f64>().ok();
    let close = match (number(want), ours.as_f64()) {
        (Some(want), Some(got)) => (want - got).abs() <= 0.001 * want.abs(),
        _ => false,
    };
    let words = CODECS.iter().find(|(format, _)| *format == want).map(|(_, words)| *words);
    let word = ours
        .as_str()
        .is_some_and(|got| got.eq_ignore_ascii_case(want) || words.is_some_and(|words| words.contains(&got)));
    let interlaced = want == "MBAFF" && ours == "interlaced";
    let answer = matches!((want, ours), ("Yes", Value::Bool(true)) | ("No", Value::Bool(false)));
    assert!(close || word || interlaced || answer, "{name}: {field} is {want} to them and {ours} to us");
}

fn check(folder: &Path, name: &str, options: &[&[&str]]) {
    let Some(path) = film(folder, name, options) else { return };
    let tracks = theirs(&path);
    let found = inspect(&mut File::open(&path).unwrap()).expect("readable");
    assert_eq!(found.damage, None, "{name}");
    let facts = Value::Object(found.facts);
    let whole = &tracks[0];
    let lasts: f64 = whole["Duration"].as_str().unwrap().parse().unwrap();
    let ours = facts["duration_ms"].as_f64().unwrap_or(0.0) / 1000.0;
    assert!((lasts - ours).abs() < 0.05, "{name} lasts {lasts} s to them and {ours} s to us");
    same(name, "title", &whole["Title"], &facts["title"]);
    same(name, "writing_app", &whole["Encoded_Application"], &facts["writing_app"]);
    let picture = [
        ("Format", "codec"),
        ("Width", "width"),
        ("Height", "height"),
        ("FrameRate", "fps"),
        ("FrameRate_Mode", "frame_rate_mode"),
        ("BitDepth", "bit_depth"),
        ("ScanType", "scan"),
        ("Language", "language"),
    ];
    let sound = [
        ("Format", "codec"),
        ("Channels", "channels"),
        ("SamplingRate", "sample_rate"),
        ("Language", "language"),
        ("Title", "title"),
        ("Default", "default"),
    ];
    let text = [("Format", "codec"), ("Language", "language"), ("Title", "title")];
    for (kind, list, fields) in
        [("Video", "video", &picture[..]), ("Audio", "audio", &sound), ("Text", "subtitles", &text)]
    {
        let theirs: Vec<_> = tracks.iter().filter(|track| track["@type"] == kind).collect();
        let ours = facts[list].as_array().cloned().unwrap_or_default();
        assert_eq!(theirs.len(), ours.len(), "{name}: {list}");
        for (theirs, ours) in theirs.iter().zip(&ours) {
            fields.iter().for_each(|(their, our)| same(name, our, &theirs[*their], &ours[*our]));
        }
    }
}

#[test]
fn films_are_read_as_mediainfo_reads_them() {
    if missing("ffmpeg") || missing("mediainfo") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, options: &[&[&str]]| check(folder.path(), name, options);
    let subtitles = folder.path().join("s.srt");
    std::fs::write(&subtitles, "1\n00:00:00,100 --> 00:00:00,900\nHello\n").unwrap();
    let subtitles = ["-i", subtitles.to_str().unwrap()];
    let both = [PICTURE, TONE].concat();
    let spoken = ["-metadata:s:a", "language=ger", "-metadata", "title=A Title"];

    check("plain.mp4", &[&both, H264, &["-c:a", "aac"], &spoken]);
    check("start.mp4", &[&both, H264, &["-c:a", "aac", "-movflags", "+faststart"]]);
    check("fragments.mp4", &[&both, H264, &["-c:a", "aac", "-g", "10", "-movflags", "cmaf"]]);
    check("variable.mp4", &[PICTURE, &["-vf", "select='not(mod(n,3))+lt(n,10)'", "-vsync", "vfr"], H264]);
    check(
        "text.mp4",
        &[&both, &subtitles, H264, &["-c:a", "ac3", "-c:s", "mov_text", "-metadata:s:s", "language=fre"]],
    );
    check("prores.mov", &[&both, &["-c:v", "prores_ks", "-c:a", "pcm_s16le"]]);
    check("sound.m4a", &[TONE, &["-c:a", "alac"]]);
    check("plain.avi", &[&both, &["-c:v", "mpeg4", "-vtag", "XVID", "-c:a", "libmp3lame"], &spoken[2..]]);
    check("pcm.avi", &[&both, &["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"]]);
    check("plain.ts", &[&both, H264, &["-c:a", "aac"], &spoken[..2]]);
    check("wrap.ts", &[&both, H264, &["-c:a", "ac3", "-output_ts_offset", "95443"]]);
    check("bluray.m2ts", &[&both, H264, &["-c:a", "ac3"]]);
    check("fields.ts", &[PICTURE, &["-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-top", "1"]]);
    check("disc.vob", &[&both, &["-c:v", "mpeg2video", "-c:a", "ac3", "-f", "vob"]]);
}
