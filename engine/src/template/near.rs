//! Finds the name that was meant. Knows letters only; which names there are is the caller's.

/// Longest word anyone mistypes; the work grows with its square.
const LONGEST: usize = 64;

/// The candidate closest to `word`, if one is close enough to be a slip of the fingers.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let letters = word.chars().count();
    if letters == 0 || letters > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    let far = |candidate: &str| strsim::damerau_levenshtein(&candidate.to_lowercase(), &lower);
    let close =
        candidates.into_iter().filter(|candidate| candidate.len() <= LONGEST).filter_map(|candidate| {
            let distance = far(candidate);
            let limit = (letters.max(candidate.chars().count()) / 3).max(1);
            (distance <= limit && distance < candidate.chars().count()).then_some((distance, candidate))
        });
    close.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_word_that_was_meant_and_keeps_quiet_otherwise() {
        let check = |word: &str, wanted: Option<&str>| {
            assert_eq!(nearest(word, ["title", "subtitle", "year", "authors", "isbn"]), wanted, "{word}");
        };
        check("titel", Some("title"));
        check("Title", Some("title"));
        check("author", Some("authors"));
        check("yaer", Some("year"));
        check("resolution", None);
        check("", None);
        check(&"t".repeat(500), None);
    }
}
