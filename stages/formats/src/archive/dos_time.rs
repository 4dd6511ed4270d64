//! Time as DOS wrote it, which is what RAR 4 and ZIP store.
//!
//! Knows no clock and no zone: what comes in is read as UTC, so that one input gives the same bytes everywhere.

/// A date and time from 1980 to 2107.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DosTime {
    bits: u32,
    odd: bool,
}

impl DosTime {
    /// 1980-01-01 00:00:00, the earliest there is.
    pub const EARLIEST: Self = Self { bits: (1 << 21) | (1 << 16), odd: false };

    /// From seconds since 1970 UTC; what lies outside 1980 to 2107 becomes the nearest that does not.
    pub fn from_unix(seconds: i64) -> Self {
        // 1980-01-01T00:00:00Z and 2107-12-31T23:59:59Z.
        let seconds = seconds.clamp(315_532_800, 4_354_819_199);
        let (year, month, day) = civil(seconds / 86_400);
        let second = seconds % 86_400;
        let fields =
            [(year - 1980) << 25, month << 21, day << 16, (second / 3600) << 11, (second / 60 % 60) << 5];
        let bits = fields.iter().sum::<i64>() + second % 60 / 2;
        Self { bits: bits as u32, odd: second % 2 == 1 }
    }

    /// The packed form: date in the high half, time in the low half, seconds halved.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// The second lost by halving. RAR 4 can keep it in an extended time; ZIP cannot.
    pub fn is_odd(self) -> bool {
        self.odd
    }

    /// The same time without its odd second.
    pub fn even(self) -> Self {
        Self { odd: false, ..self }
    }
}

/// Year, month and day of a day counted from 1970-01-01, after that day, Gregorian.
fn civil(mut days: i64) -> (i64, i64, i64) {
    let mut year = 1970;
    while days >= 365 + leap(year) {
        days -= 365 + leap(year);
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

/// Days a year has more than 365.
fn leap(year: i64) -> i64 {
    i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unix: i64, want: (u32, u32, u32, u32, u32, u32)) {
        let bits = DosTime::from_unix(unix).bits();
        let got = (
            (bits >> 25) + 1980,
            bits >> 21 & 15,
            bits >> 16 & 31,
            bits >> 11 & 31,
            bits >> 5 & 63,
            (bits & 31) * 2,
        );
        assert_eq!(got, want, "{unix}");
    }

    #[test]
    fn packs_utc_with_even_seconds() {
        check(1_464_090_157, (2016, 5, 24, 11, 42, 36));
        assert!(DosTime::from_unix(1_464_090_157).is_odd());
        check(951_782_400, (2000, 2, 29, 0, 0, 0));
        check(4_107_542_399, (2100, 2, 28, 23, 59, 58));
        check(4_107_542_400, (2100, 3, 1, 0, 0, 0));
    }

    #[test]
    fn clamps_to_what_dos_can_say() {
        check(i64::MIN, (1980, 1, 1, 0, 0, 0));
        check(i64::MAX, (2107, 12, 31, 23, 59, 58));
        assert_eq!(DosTime::from_unix(0), DosTime::EARLIEST);
    }
}
