//! Turns the written words of a title into text: dots and underscores become spaces, acronyms stay whole.
//!
//! Knows nothing of what the title belongs to.

/// The title that was written like this.
pub(super) fn text(written: &str) -> String {
    let trimmed = written.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '.' | '_' | '-' | ',' | '[' | '(' | ')' | ']' | ':' | '+' | '=' | '{' | '}' | '|' | '~'
            )
    });
    // Brackets and the dots of a shortening at its end belong to it when they are paired.
    let spaced = trimmed.contains(' ');
    let plus = !spaced && trimmed.matches('+').count() > 1;
    let mut out = String::with_capacity(trimmed.len());
    let characters: Vec<char> = trimmed.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| characters.get(at)).copied();
        let next = characters.get(at + 1).copied();
        match character {
            '_' => out.push(' '),
            '+' if plus => out.push(' '),
            '.' if spaced
                && next.is_some_and(|next| next != ' ')
                && before.is_some_and(|c| c != ' ')
                && !dotted(trimmed) =>
            {
                out.push('.')
            }
            '.' if is_initial(&characters, at) => {
                out.push('.');
                // The last dot of an acronym parts words, too.
                if !(next.is_some_and(char::is_alphabetic)
                    && characters.get(at + 2).is_none_or(|c| !c.is_alphanumeric()))
                {
                    out.push(' ');
                }
            }
            '.' if spaced && (next == Some(' ') || next.is_none()) => out.push('.'),
            '.' => out.push(' '),
            c if c.is_whitespace() || c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    let joined = out.split_whitespace().collect::<Vec<_>>().join(" ");
    article_first(joined.trim_matches([' ', '-', ',']))
}

/// Catalogues put the article last, people do not: `Simpsons, The`.
fn article_first(title: &str) -> String {
    for article in ["The", "A", "An", "Les", "Le", "La"] {
        if let Some(rest) =
            title.strip_suffix(article).and_then(|rest| rest.strip_suffix(", ").or(rest.strip_suffix(',')))
            && !rest.contains(',')
        {
            return format!("{article} {rest}");
        }
    }
    title.to_owned()
}

/// Whether dots part the words although there is a space somewhere.
fn dotted(text: &str) -> bool {
    text.matches('.').count() > text.matches(' ').count()
}

/// Whether the dot at `at` is one of an acronym: `E.T.`, `S.H.I.E.L.D.`
fn is_initial(characters: &[char], at: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| c.is_alphabetic());
    let edge = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_none_or(|c| !c.is_alphanumeric());
    // The letter before stands alone …
    let alone = letter(at.checked_sub(1)) && (at < 2 || edge(at.checked_sub(2)));
    // … and so does one beside it.
    let next_alone = letter(Some(at + 1)) && edge(Some(at + 2));
    let before_alone = at >= 3
        && characters.get(at - 2) == Some(&'.')
        && letter(at.checked_sub(3))
        && (at < 4 || edge(at.checked_sub(4)));
    alone && (next_alone || before_alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_read_as_people_write_them() {
        let check = |written: &str, wanted: &str| assert_eq!(text(written), wanted, "{written}");
        check("The.Big.Show", "The Big Show");
        check("the_big_show_", "the big show");
        check("E.T.the.Extra-Terrestrial", "E.T. the Extra-Terrestrial");
        check("Agents.of.S.H.I.E.L.D", "Agents of S.H.I.E.L.D");
        check("Mr. Smith Goes", "Mr. Smith Goes");
        check(" - A Title - ", "A Title");
        check("Counting+Crows+Live", "Counting Crows Live");
        check("", "");
    }
}
