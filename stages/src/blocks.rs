//! Blocks and tags for pages of a fixed width, as rows for the template language.

use engine::template::{Arguments, Block};
use formats::text::{draw, width};
use serde_json::Value;

use crate::filters;

/// Every block and tag beside Liquid's own. A new one is a row.
pub(crate) const BLOCKS: &[Block] = &[
    Block {
        name: "box",
        about: "a frame so many columns wide around what is inside; `style:` is single, double, block, shade or ascii, `title:` stands in its top",
        encloses: true,
        apply: |body, given| {
            let columns = filters::at_least(&given.positional, draw::NARROWEST)?;
            let frame = filters::style(known(given, &["style", "title"])?.named("style"))?;
            Ok(draw::boxed(body, columns, frame, title(given).as_deref()) + "\n")
        },
    },
    Block {
        name: "center",
        about: "each line inside in the middle of so many columns",
        encloses: true,
        apply: |body, given| {
            let columns = filters::at_least(&known(given, &[])?.positional, 1)?;
            let lines = body.trim_matches('\n').split('\n').flat_map(|line| draw::fold(line.trim(), columns));
            Ok(lines.map(|line| width::center(&line, columns).trim_end().to_owned() + "\n").collect())
        },
    },
    Block {
        name: "column",
        about: "begins the next column inside `columns`",
        encloses: false,
        apply: |_, given| known(given, &[]).map(|_| NEXT.to_string()),
    },
    Block {
        name: "columns",
        about: "columns of these widths beside each other, parted by `column`; `gap:` is the space between them",
        encloses: true,
        apply: |body, given| {
            let gap = known(given, &["gap"])?.named("gap").map_or(Ok(2), one)?;
            let widths = given.positional.iter().map(one).collect::<Result<Vec<_>, _>>()?;
            if widths.is_empty() {
                return Err("needs the width of each column, such as `38, 38`".into());
            }
            let parts: Vec<&str> = body.split(NEXT).collect();
            if parts.len() > widths.len() {
                return Err(format!("has {} columns and {} widths", parts.len(), widths.len()));
            }
            let parts: Vec<(&str, usize)> = parts.into_iter().zip(widths).collect();
            Ok(draw::side_by_side(&parts, gap) + "\n")
        },
    },
    Block {
        name: "hang",
        about: "each line inside folded to so many columns, what follows indented as the line or as the text behind its label",
        encloses: true,
        apply: |body, given| {
            let columns = filters::at_least(&known(given, &[])?.positional, 1)?;
            let lines = body.trim_matches('\n').split('\n').flat_map(|line| draw::fold(line, columns));
            Ok(lines.map(|line| line + "\n").collect())
        },
    },
    Block {
        name: "rule",
        about: "a line as wide as what it stands in, or so many columns; `pattern:` is what it is made of, `title:` stands in it",
        encloses: false,
        apply: |_, given| {
            let pattern = known(given, &["pattern", "title"])?.named("pattern").and_then(Value::as_str);
            let title = title(given);
            Ok(match given.positional.first() {
                None => draw::open_rule(pattern.unwrap_or_default(), title.as_deref()),
                Some(columns) => draw::rule(one(columns)?, pattern.unwrap_or("─"), title.as_deref()),
            })
        },
    },
];

/// Parts columns; a control character, so that no text has it.
const NEXT: char = '\u{1d}';

fn title(given: &Arguments) -> Option<String> {
    given.named("title").map(filters::text_of).filter(|title| !title.is_empty())
}

/// A number of columns.
fn one(value: &Value) -> Result<usize, String> {
    filters::count(std::slice::from_ref(value))
}

/// The arguments, if none has a name that means nothing here.
fn known<'a>(given: &'a Arguments, names: &[&str]) -> Result<&'a Arguments, String> {
    match given.named.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        Some((name, _)) => Err(format!("takes no `{name}:`")),
        None => Ok(given),
    }
}

#[cfg(test)]
mod tests {
    use engine::Template;
    use engine::template::Scope;

    fn made(template: &str) -> Result<String, String> {
        let mut scope = Scope::new();
        scope.set("title", "Title");
        crate::language().render(&Template::new(template), &scope).map_err(|error| error.to_string())
    }

    #[test]
    fn blocks_draw_what_is_inside() {
        let check = |template: &str, wanted: &str| assert_eq!(made(template).as_deref(), Ok(wanted));
        check(
            "{% box 16, style: \"double\", title: title %}\na\n{% rule %}\nb{% endbox %}.",
            "╔══ Title ═════╗\n║ a            ║\n╟──────────────╢\n║ b            ║\n╚══════════════╝\n.",
        );
        check("{% center 8 %}\nab\nlong words\n{% endcenter %}", "   ab\n  long\n words\n");
        check("{% columns 4, 3, gap: 1 %}a\nb{% column %}x y z{% endcolumns %}", "a    x y\nb    z\n");
        check("{% hang 12 %}\nA ..: words that hang\n{% endhang %}", "A ..: words\n      that\n      hang\n");
        check("{% rule 6, pattern: \"-=\" %}", "-=-=-=");
        check("{% rule 12, title: nothing %}", "────────────");
    }

    #[test]
    fn an_argument_that_means_nothing_is_told() {
        let check = |template: &str, wanted: &str| {
            let error = made(template).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        };
        check("{% box 3 %}{% endbox %}", "`box`: needs at least 8 columns");
        check("{% box %}{% endbox %}", "`box`: needs a number");
        check(
            "{% box 20, style: \"round\" %}{% endbox %}",
            "there is no style `round`; there are ascii, block,",
        );
        check("{% box 20, colour: 3 %}{% endbox %}", "takes no `colour:`");
        check("{% columns 3 %}a{% column %}b{% endcolumns %}", "has 2 columns and 1 widths");
        check("{% box 20 style: \"ascii\" %}{% endbox %}", "a comma parts arguments");
    }

    #[test]
    fn a_name_nobody_knows_is_found_inside_a_block() {
        assert_eq!(made("{% box 20 %}{{ year }}{% endbox %}"), Err("nobody knows `year`".into()));
    }
}
