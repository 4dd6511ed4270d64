//! How long one page takes to render, in process: every built-in template over usual and over long facts.
//!
//! `cargo bench -p bindery-stages --bench nfo`. Templates are parsed once, as in a run; what is timed is everything from
//! facts to the bytes of the file.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use bindery_stages::nfo::samples::Sample;
use bindery_stages::nfo::{Found, Look, Templates, page};
use engine::Language;
use engine::template::Scope;

/// Renderings of a page that are timed, after some that are not.
const ROUNDS: usize = 400;
const WARMING: usize = 40;

fn main() -> io::Result<()> {
    let language = bindery_stages::language();
    let templates = Templates::default();
    let mut out = io::stdout().lock();
    writeln!(out, "{:<10} {:<7} {:>10} {:>10} {:>10}", "template", "facts", "median", "min", "max")?;
    for name in templates.names() {
        let Ok(template) = templates.find(&name) else { continue };
        for facts in ["short", "long", "foreign"] {
            let Some(sample) = Sample::find(facts) else { continue };
            let mut times = timed(&language, &template, &sample.scope());
            times.sort_unstable();
            let at = |share: usize| shown(times.get(share.min(times.len() - 1)).copied().unwrap_or_default());
            let (median, min, max) = (at(times.len() / 2), at(0), at(times.len() - 1));
            writeln!(out, "{name:<10} {facts:<7} {median:>10} {min:>10} {max:>10}")?;
        }
    }
    Ok(())
}

fn timed(language: &Language, template: &Found, scope: &Scope) -> Vec<Duration> {
    let once = || {
        let start = Instant::now();
        let made = page(language, template, scope, &Look::default()).and_then(|page| page.bytes());
        let took = start.elapsed();
        assert!(black_box(made).is_ok(), "{} is a page", template.name);
        took
    };
    for _ in 0..WARMING {
        once();
    }
    (0..ROUNDS).map(|_| once()).collect()
}

fn shown(time: Duration) -> String {
    format!("{:.1} us", time.as_secs_f64() * 1e6)
}
