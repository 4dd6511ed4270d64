//! Filters for release names and for text of a fixed width, as rows for the template language.

mod page;

use engine::template::Filter;
use formats::name;
use formats::text::{draw, transliterate, width};
use serde_json::Value;

pub(crate) use page::{at_least, duration_of, style};

/// Every filter beside Liquid's own. A new one is a row.
pub(crate) const FILTERS: &[Filter] = &[
    Filter {
        name: "ascii",
        about: "the text in ASCII; the argument is its language, which settles how some letters are written",
        apply: |input, args| on_text(input, |text| transliterate::ascii(text, language(args))),
    },
    Filter {
        name: "box",
        about: "the text in a frame so many columns wide; a second argument is its style (single, double, block, shade, ascii), a third a title",
        apply: page::boxed,
    },
    Filter {
        name: "bytes",
        about: "a number of bytes as people write it: `4.7 MB`",
        apply: |input, _| match (input, whole(input)) {
            (_, Some(bytes)) => Ok(human(bytes).into()),
            // Someone has written it already.
            (Value::String(_), None) => Ok(input.clone()),
            _ => Err("is for a number of bytes".into()),
        },
    },
    Filter {
        name: "center",
        about: "each line in the middle of so many columns",
        apply: |input, args| columns(input, args, width::center),
    },
    Filter {
        name: "columns",
        about: "a list in so many columns; a second argument is the width of all of them, 78 otherwise",
        apply: page::columns,
    },
    Filter {
        name: "disks",
        about: "files, or their number, as the counter of a FILE_ID.DIZ: `[xx/05]`",
        apply: |input, _| page::disks(input),
    },
    Filter {
        name: "dots",
        about: "the text as part of a release name: ASCII letters and digits with dots between words",
        apply: |input, args| on_text(input, |text| name::dots(text, language(args))),
    },
    Filter {
        name: "duration",
        about: "a number of milliseconds as people write it: `1h 32m`, or `1:32:05` with the argument `clock`",
        apply: page::duration,
    },
    Filter {
        name: "fit",
        about: "the text on one line of exactly so many columns, filled with spaces or cut with three dots",
        apply: |input, args| {
            let columns = count(args)?;
            on_text(input, |text| draw::fit(text, columns))
        },
    },
    Filter {
        name: "hang",
        about: "the text broken into lines that end within so many columns; the second argument is the column at which the first begins and to which the others are indented",
        apply: |input, args| {
            let columns = at_least(args, 1)?;
            let indent = args.get(1).map_or(Ok(0), |indent| count(std::slice::from_ref(indent)))?;
            on_text(input, |text| draw::hang(text, columns, indent))
        },
    },
    Filter {
        name: "join_and",
        about: "the entries of a list as in a sentence: `A, B and C`; the argument is the word between the last two",
        apply: |input, args| Ok(page::join_and(input, args).into()),
    },
    Filter {
        name: "language_tag",
        about: "the language as release names write it: nothing for English, `FRENCH` for `fr`",
        apply: |input, _| on_text(input, name::language::tag),
    },
    Filter {
        name: "left",
        about: "each line filled with spaces behind it to so many columns",
        apply: |input, args| columns(input, args, width::pad_right),
    },
    Filter {
        name: "lines",
        about: "at most so many lines of the text; the last ends in three dots where there were more",
        apply: |input, args| {
            let most = at_least(args, 1)?;
            on_text(input, |text| page::lines(text, most))
        },
    },
    Filter {
        name: "pad",
        about: "a number with zeros before it to so many digits",
        apply: |input, args| {
            let digits = count(args)?;
            on_text(input, |text| format!("{text:0>digits$}"))
        },
    },
    Filter {
        name: "right",
        about: "each line filled with spaces before it to so many columns",
        apply: |input, args| columns(input, args, width::pad_left),
    },
    Filter {
        name: "rule",
        about: "the text repeated to a line of so many columns; a second argument is a title in it",
        apply: |input, args| {
            let columns = at_least(args, 1)?;
            let title = args.get(1).map(text_of);
            on_text(input, |text| draw::rule(columns, text, title.as_deref()))
        },
    },
    Filter {
        name: "shorten",
        about: "at most so many characters, ending behind a word where one is near",
        apply: |input, args| {
            let most = count(args)?;
            on_text(input, |text| name::truncate(text, most))
        },
    },
    Filter {
        name: "truncate",
        about: "the text on one line of at most so many columns, 50 otherwise; what was cut ends in `...` or the second argument",
        apply: |input, args| {
            let columns = if args.is_empty() { 50 } else { count(args)? };
            let ellipsis = args.get(1).map_or_else(|| "...".to_owned(), text_of);
            on_text(input, |text| draw::shortened(text, columns, &ellipsis))
        },
    },
    Filter {
        name: "wrap",
        about: "the text broken into lines of at most so many columns; a second argument goes before every line but the first",
        apply: |input, args| {
            let columns = count(args)?;
            let indent = args.get(1).map(text_of).unwrap_or_default();
            on_text(input, |text| width::wrap(text, columns).join(&format!("\n{indent}")))
        },
    },
];

/// Widest text: more than any page has, and small enough not to matter.
const WIDEST: u64 = 1_000;

pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A number that is not negative, without its fraction.
fn whole(value: &Value) -> Option<u64> {
    let fraction = || value.as_f64().filter(|number| number.is_finite() && *number >= 0.0);
    value.as_u64().or_else(|| fraction().map(|number| number as u64))
}

fn on_text(input: &Value, change: impl Fn(&str) -> String) -> Result<Value, String> {
    match input {
        Value::Array(_) | Value::Object(_) => Err("is for a text; take one with `first` or `join`".into()),
        other => Ok(change(&text_of(other)).into()),
    }
}

fn columns(input: &Value, args: &[Value], change: fn(&str, usize) -> String) -> Result<Value, String> {
    let columns = count(args)?;
    on_text(input, |text| text.split('\n').map(|line| change(line, columns)).collect::<Vec<_>>().join("\n"))
}

pub(crate) fn count(args: &[Value]) -> Result<usize, String> {
    let number = args.first().and_then(Value::as_u64).filter(|&number| number <= WIDEST);
    number
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| "needs a number, such as `: 60`".into())
}

fn language(args: &[Value]) -> Option<&str> {
    args.first().and_then(Value::as_str)
}

pub(crate) fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut unit = 0;
    let mut scale: u64 = 1;
    while unit + 1 < UNITS.len() && bytes / scale >= 1_000 {
        scale *= 1_000;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    let tenths = (u128::from(bytes) * 10 + u128::from(scale) / 2) / u128::from(scale);
    match (scale, tenths) {
        (1, _) => format!("{bytes} {name}"),
        (_, tenths) if tenths >= 1_000 => format!("{} {name}", tenths / 10),
        (_, tenths) => format!("{}.{} {name}", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use engine::Template;
    use engine::template::Scope;

    fn check(template: &str, wanted: &str) {
        let mut scope = Scope::new();
        scope.set("title", "L'Été à Łódź: 2nd try");
        scope.set("german", "Übergröße");
        scope.set("n", 7);
        scope.set("list", serde_json::json!(["A", "B", "C"]));
        let text = crate::language().render(&Template::new(template), &scope);
        assert_eq!(text.as_deref(), Ok(wanted), "{template}");
    }

    #[test]
    fn filters_do_what_they_say() {
        check("{{ title | dots }}", "LEte.a.Lodz.2nd.try");
        check("{{ german | ascii: \"de\" }} {{ german | ascii }}", "Uebergroesse Ubergrosse");
        check("{{ n | pad: 2 }}{{ \"123\" | pad: 2 }}", "07123");
        check(
            "[{{ \"ab\" | center: 6 }}][{{ \"ab\" | left: 4 }}][{{ \"ab\" | right: 4 }}]",
            "[  ab  ][ab  ][  ab]",
        );
        check("{{ \"aa bb cc\" | wrap: 5, \"> \" }}", "aa bb\n> cc");
        check("{{ \"The.Late.Tide\" | shorten: 9 }}", "The.Late");
        check("{{ \"fr\" | language_tag }}{{ \"en-GB\" | language_tag }}", "FRENCH");
        check(
            "{{ 4700000 | bytes }} {{ 999 | bytes }} {{ 1000 | bytes }} {{ 999999 | bytes }}",
            "4.7 MB 999 B 1.0 kB 1000 kB",
        );
        check(
            "{{ 5550000 | duration }} {{ 65000 | duration }} {{ 5550000 | duration: \"clock\" }}",
            "1h 32m 1m 05s 1:32:30",
        );
        check(
            "{{ list | join_and }}|{{ list | join_and: \"und\" }}|{{ n | join_and }}",
            "A, B and C|A, B und C|7",
        );
        check("{{ list | columns: 2, 8 }}", "A    B\nC");
        check("{{ list | disks }}{{ 120 | disks }}{{ 0 | disks }}", "[xx/03][xxx/120][xx/01]");
        check(
            "[{{ \"abcdef\" | fit: 5 }}][{{ \"漢字\" | fit: 5 }}][{{ \"漢字漢字\" | truncate: 6 }}]",
            "[ab...][漢字 ][漢...]",
        );
        check("A: {{ \"one two three\" | hang: 10, 3 }}", "A: one two\n   three");
        check("{{ \"aaaa bbbb cccc\" | wrap: 4 | lines: 2 }}", "aaaa\nb...");
        check("{{ \"=\" | rule: 4 }}{{ \"x\" | box: 8, \"ascii\" }}", "====+------+\n| x    |\n+------+");
    }

    #[test]
    fn the_counter_of_disks_is_read_by_no_program_as_something_else() {
        check(
            "{{ 9 | disks }}{{ 10 | disks }}{{ 99 | disks }}{{ 100 | disks }}",
            "[xx/09][xx/10][xx/99][xxx/100]",
        );
    }
}
