//! Finds the word that was meant.
//!
//! Knows letters only; which words there are is the caller's.

/// The candidate closest to `word`, if one is close enough to be a slip of the fingers.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Nobody mistypes a word this long, and the work grows with its square.
    const LONGEST: usize = 64;
    let letters: Vec<char> = word.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
    if letters.is_empty() || letters.len() > LONGEST {
        return None;
    }
    let close = |candidate: &'c str| {
        let other: Vec<char> = candidate.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
        let limit = (letters.len().max(other.len()) / 3).max(1);
        let distance = distance(&letters, &other);
        (distance <= limit && distance < other.len()).then_some((distance, candidate))
    };
    candidates
        .into_iter()
        .filter_map(close)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, left out, replaced or swapped with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut previous = None;
    for (row, l) in left.iter().enumerate() {
        let mut current = Vec::with_capacity(right.len() + 1);
        let mut nearest = row + 1;
        current.push(nearest);
        for (column, r) in right.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&last, column) + usize::from(l != r);
            nearest = replaced.min(nearest + 1).min(at(&last, column + 1) + 1);
            let swapped = column > 0 && previous == Some(r) && right.get(column - 1) == Some(l);
            if swapped {
                nearest = nearest.min(at(&before_last, column - 1) + 1);
            }
            current.push(nearest);
        }
        before_last = std::mem::replace(&mut last, current);
        previous = Some(l);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, wanted: Option<&str>) {
        let words = ["source", "steps", "rules", "name", "for_each", "from", "if", "tar.gz"];
        assert_eq!(nearest(word, words), wanted, "{word}");
    }

    #[test]
    fn finds_the_word_that_was_meant() {
        check("sorce", Some("source"));
        check("soruce", Some("source"));
        check("Source", Some("source"));
        check("foreach", Some("for_each"));
        check("form", Some("from"));
        check("tgz", None);
        check("targz", Some("tar.gz"));
    }

    #[test]
    fn keeps_quiet_when_nothing_is_close() {
        check("", None);
        check("x", None);
        check("destination", None);
        check(&"s".repeat(500), None);
    }

    #[test]
    fn counts_a_swap_as_one() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&letters("abcd"), &letters("abdc")), 1);
        assert_eq!(distance(&letters(""), &letters("abc")), 3);
        assert_eq!(distance(&letters("kitten"), &letters("sitting")), 3);
    }
}
