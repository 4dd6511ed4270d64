//! How long a page of 80 by 60 cells takes from bytes to a picture.
//!
//! In process and without a framework: each figure is the median of many runs, with the fastest and the slowest.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bindery_formats::page::{self, Reading, Theme};

const RUNS: usize = 200;

fn main() {
    let note = note();
    let reading = Reading::default();
    let page = page::read(&note, &reading).expect("the page is well-formed");
    println!("a page of {} columns and {} lines, {} bytes", page.columns, page.rows.len(), note.len());
    measure("read", || page::read(&note, &reading).map(|page| page.rows.len()));
    measure("png", || page::png(&page, Theme::Terminal, 1).map(|png| png.len()));
    measure("png, scale 2", || page::png(&page, Theme::Paper, 2).map(|png| png.len()));
    measure("svg", || page::svg(&page, Theme::Terminal, "page").len());
    measure("html", || page::html(&page, Theme::Terminal, "page").len());
    measure("ansi", || page::ansi(&page).len());
    measure("read and png", || {
        page::read(&note, &reading).and_then(|page| page::png(&page, Theme::Terminal, 1)).map(|png| png.len())
    });
}

fn measure<T>(name: &str, mut work: impl FnMut() -> T) {
    // The first run also prepares the font.
    black_box(work());
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let of = |at: usize| times[at].as_secs_f64() * 1000.0;
    println!(
        "{name:<14} median {:7.3} ms   min {:7.3} ms   max {:7.3} ms",
        of(RUNS / 2),
        of(0),
        of(RUNS - 1)
    );
}

/// Code page 437: a header of blocks and shades, a frame of double lines, and text in it.
fn note() -> Vec<u8> {
    let mut lines = Vec::new();
    for row in 0..10u8 {
        lines.push(
            (0..80u8)
                .map(|column| [0xb0, 0xb1, 0xb2, 0xdb, b' '][usize::from((row * 7 + column) % 5)])
                .collect(),
        );
    }
    let framed = |left: u8, inner: &[u8], right: u8| [&[left], inner, &[right]].concat();
    lines.push(framed(0xc9, &[0xcd; 78], 0xbb));
    for row in 0..48 {
        let text = format!(" Field {row:02} ......: some words of a description, number {row}, which go on");
        lines.push(framed(0xba, format!("{text:<78}").as_bytes(), 0xba));
    }
    lines.push(framed(0xc8, &[0xcd; 78], 0xbc));
    lines.join(&b"\r\n"[..])
}
