//! The order in which people count: `page2` before `page10`.
//!
//! Knows names only.

use std::cmp::Ordering;

/// Compares runs of digits by their value and the rest without case, folder by folder.
pub fn compare(one: &str, other: &str) -> Ordering {
    let folders = |name: &str| name.split(['/', '\\']).map(str::to_lowercase).collect::<Vec<_>>();
    let (ones, others) = (folders(one), folders(other));
    for (one, other) in ones.iter().zip(&others) {
        let order = parts(one, other);
        if order != Ordering::Equal {
            return order;
        }
    }
    ones.len().cmp(&others.len()).then_with(|| one.cmp(other))
}

fn parts(mut one: &str, mut other: &str) -> Ordering {
    loop {
        let order = match (one.chars().next(), other.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (first, rest) = run(one);
                let (second, after) = run(other);
                (one, other) = (rest, after);
                let (first, second) = (first.trim_start_matches('0'), second.trim_start_matches('0'));
                first.len().cmp(&second.len()).then_with(|| first.cmp(second))
            }
            (Some(a), Some(b)) => {
                one = one.get(a.len_utf8()..).unwrap_or_default();
                other = other.get(b.len_utf8()..).unwrap_or_default();
                a.cmp(&b)
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The digits at the start, and what follows.
fn run(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(names: &[&str]) {
        let mut sorted = names.to_vec();
        sorted.reverse();
        sorted.sort_by(|one, other| compare(one, other));
        assert_eq!(sorted, names);
    }

    #[test]
    fn numbers_count_by_value() {
        check(&["page1.png", "Page2.png", "page10.png"]);
        check(&["vol 1/ch 2/01.png", "vol 1/ch 10/01.png", "vol 2/001.png"]);
        check(&["a/1.png", "b/1.png", "c.png"]);
    }

    proptest! {
        #[test]
        fn the_order_is_one(names in proptest::collection::vec("[a0-9/]{0,6}", 3)) {
            let [a, b, c] = [&names[0], &names[1], &names[2]];
            prop_assert_eq!(compare(a, b), compare(b, a).reverse());
            if compare(a, b).is_le() && compare(b, c).is_le() {
                prop_assert!(compare(a, c).is_le());
            }
        }
    }
}
