//! Filters for release names and for text of a fixed width, as rows for the template language.

use engine::template::Filter;
use formats::name;
use formats::text::{transliterate, width};
use serde_json::Value;

/// Every filter beside Liquid's own. A new one is a row.
pub(crate) const FILTERS: &[Filter] = &[
    Filter {
        name: "ascii",
        about: "the text in ASCII; the argument is its language, which settles how some letters are written",
        apply: |input, args| on_text(input, |text| transliterate::ascii(text, language(args))),
    },
    Filter {
        name: "bytes",
        about: "a number of bytes as people write it: `4.7 MB`",
        apply: |input, _| {
            input.as_u64().map(|bytes| human(bytes).into()).ok_or_else(|| "is for a number of bytes".into())
        },
    },
    Filter {
        name: "center",
        about: "each line in the middle of so many columns",
        apply: |input, args| columns(input, args, width::center),
    },
    Filter {
        name: "dots",
        about: "the text as part of a release name: ASCII letters and digits with dots between words",
        apply: |input, args| on_text(input, |text| name::dots(text, language(args))),
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
        name: "shorten",
        about: "at most so many characters, ending behind a word where one is near",
        apply: |input, args| {
            let most = count(args)?;
            on_text(input, |text| name::truncate(text, most))
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

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
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

fn count(args: &[Value]) -> Result<usize, String> {
    let number = args.first().and_then(Value::as_u64).filter(|&number| number <= WIDEST);
    number
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| "needs a number, such as `: 60`".into())
}

fn language(args: &[Value]) -> Option<&str> {
    args.first().and_then(Value::as_str)
}

fn human(bytes: u64) -> String {
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
    }
}
