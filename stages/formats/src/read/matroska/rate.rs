//! How fast frames follow each other, and whether they do so evenly.
//!
//! Knows times only.

/// Rate and mode from the length of a frame that the container names and the times of frames.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rate {
    /// Frames a second.
    pub fps: Option<f64>,
    /// `cfr` or `vfr`.
    pub mode: Option<&'static str>,
}

/// Works out the rate. Times are in ticks of `tick` nanoseconds, in the order of the file; when they do not go on to the
/// end, frames that are shown earlier may be missing among the last ones.
pub fn rate(frame: Option<u64>, times: &[i64], all: bool, tick: u64) -> Rate {
    /// So many frames may be stored after one that is shown later.
    const REORDERED: usize = 8;
    let named = frame.filter(|frame| *frame > 0).map(|frame| 1e9 / float(frame));
    let mut times = times.to_vec();
    times.sort_unstable();
    if !all {
        times.truncate(times.len().saturating_sub(REORDERED));
    }
    let steps: Vec<u64> = times
        .windows(2)
        .filter_map(|two| u64::try_from(two.get(1)?.checked_sub(*two.first()?)?).ok())
        .collect();
    if steps.len() < 2 {
        return Rate { fps: named, mode: named.map(|_| "cfr") };
    }
    let span: u64 = steps.iter().sum();
    let average = float(steps.len() as u64) * 1e9 / (float(span) * float(tick));
    let average = (span > 0 && tick > 0).then_some(average);
    if !is_even(&steps, frame, tick) {
        return Rate { fps: average, mode: Some("vfr") };
    }
    Rate { fps: named.or_else(|| average.map(usual)), mode: Some("cfr") }
}

/// Whether every step is that of a frame, but for the rounding to ticks.
fn is_even(steps: &[u64], frame: Option<u64>, tick: u64) -> bool {
    let span: u64 = steps.iter().sum();
    let step = match frame {
        Some(frame) => float(frame) / float(tick.max(1)),
        None => float(span) / float(steps.len() as u64),
    };
    steps.iter().all(|one| (float(*one) - step).abs() <= 1.001)
}

/// The usual rate that a measured one stands for.
fn usual(fps: f64) -> f64 {
    const USUAL: [f64; 13] = [
        10.0,
        12.0,
        12.5,
        15.0,
        24_000.0 / 1001.0,
        24.0,
        25.0,
        30_000.0 / 1001.0,
        30.0,
        50.0,
        60_000.0 / 1001.0,
        60.0,
        120.0,
    ];
    let near = |usual: &f64| (usual - fps).abs();
    let nearest = USUAL.into_iter().min_by(|one, other| near(one).total_cmp(&near(other)));
    nearest.filter(|usual| near(usual) < usual * 0.0005).unwrap_or(fps)
}

#[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TICK: u64 = 1_000_000;

    fn check(frame: Option<u64>, times: &[i64], fps: Option<f64>, mode: Option<&'static str>) {
        let found = rate(frame, times, true, TICK);
        assert_eq!((found.fps.map(|fps| (fps * 1000.0).round() / 1000.0), found.mode), (fps, mode));
    }

    #[test]
    fn a_named_length_that_times_bear_out_is_the_rate() {
        check(Some(41_708_333), &[0, 42, 83, 125], Some(23.976), Some("cfr"));
        check(Some(40_000_000), &[], Some(25.0), Some("cfr"));
        check(None, &[], None, None);
    }

    #[test]
    fn uneven_times_are_believed_more() {
        check(Some(40_000_000), &[0, 40, 200, 240], Some(12.5), Some("vfr"));
        check(None, &[0, 10, 100, 110, 300], Some(13.333), Some("vfr"));
    }

    #[test]
    fn times_alone_tell_a_usual_rate() {
        let film: Vec<i64> = (0..100).map(|frame| (frame * 1001 + 12) / 24).collect();
        check(None, &film, Some(23.976), Some("cfr"));
    }

    #[test]
    fn frames_in_the_order_of_the_file_may_lack_the_last_ones() {
        let times: Vec<i64> =
            [0, 160, 80, 40, 120].into_iter().chain((5..20).map(|frame| frame * 40)).chain([960]).collect();
        assert_eq!(rate(None, &times, false, TICK).mode, Some("cfr"));
        assert_eq!(rate(None, &times, true, TICK).mode, Some("vfr"));
    }

    proptest! {
        #[test]
        fn no_times_panic(times in proptest::collection::vec(any::<i64>(), 0..40), frame in any::<Option<u64>>(), tick in any::<u64>(), all in any::<bool>()) {
            let _ = rate(frame, &times, all, tick);
        }
    }
}
