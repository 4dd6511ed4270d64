//! Parses and renders templates, with the program's filters and with limits that Liquid itself lacks.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use liquid::ParserBuilder;

use super::block::{self, Block};
use super::bounded::{Assign, Capped, Capture, MAX_TEXT, too_long};
use super::filter::{self, Filter};
use super::{Scope, Template, TemplateError, limits, names};

/// How many parsed templates are kept.
const MAX_CACHED: usize = 256;

/// The template language of a program: Liquid's standard filters and its own.
pub struct Language {
    parser: liquid::Parser,
    parsed: Mutex<HashMap<String, Arc<liquid::Template>>>,
}

impl Language {
    /// Liquid with these filters over the standard ones.
    #[must_use]
    pub fn new(filters: &[Filter]) -> Self {
        Self::with_blocks(filters, &[])
    }

    /// The same, with these blocks and tags too.
    #[must_use]
    pub fn with_blocks(filters: &[Filter], blocks: &[Block]) -> Self {
        let builder = ParserBuilder::with_stdlib().tag(Assign).block(Capture);
        let all = filter::OWN.iter().chain(filters);
        let builder = all.fold(builder, |builder, &row| builder.filter(filter::parser(row)));
        let builder = blocks.iter().fold(builder, |builder, &row| match row.encloses {
            true => builder.block(block::Row::new(row)),
            false => builder.tag(block::Row::new(row)),
        });
        // Building can only fail for partial templates, and there are none.
        let parser = builder.build().unwrap_or_default();
        Self { parser, parsed: Mutex::default() }
    }

    /// Whether the template can be parsed within the limits.
    pub fn check(&self, template: &Template) -> Result<(), TemplateError> {
        self.parse(template).map(drop)
    }

    /// Renders the template. Printing a name that nobody knows is an error; asking whether it is known is not.
    pub fn render(&self, template: &Template, scope: &Scope) -> Result<String, TemplateError> {
        if !template.text().contains(['{', '%']) {
            return Ok(template.text().to_owned());
        }
        let parsed = self.parse(template)?;
        let (view, absent) = scope.view(
            &names::paths(template.text()),
            &names::loops(template.text()),
            &names::below(template.text()),
        );
        let mut out = Capped::default();
        match parsed.render_to(&mut out, &view) {
            Ok(()) => {
                let text = String::from_utf8(out.0)
                    .map_err(|_| TemplateError::Render { message: "the text is not valid UTF-8".into() })?;
                let names = absent.printed(&text);
                if names.is_empty() { Ok(text) } else { Err(TemplateError::Missing { names }) }
            }
            Err(_) if out.0.len() >= MAX_TEXT => Err(TemplateError::Render { message: too_long() }),
            // A filter that was given a stand-in complains of its type; the absent fact is the true cause.
            Err(_) if !absent.asked().is_empty() => Err(TemplateError::Missing { names: absent.asked() }),
            Err(error) => Err(TemplateError::Render { message: sentence(&error.to_string()) }),
        }
    }

    fn parse(&self, template: &Template) -> Result<Arc<liquid::Template>, TemplateError> {
        let text = template.text();
        if let Some(parsed) = self.cache().get(text) {
            return Ok(Arc::clone(parsed));
        }
        limits::within(text)?;
        let parsed = Arc::new(self.parser.parse(text).map_err(|error| syntax(text, &error.to_string()))?);
        let mut cache = self.cache();
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(text.to_owned(), Arc::clone(&parsed));
        Ok(parsed)
    }

    /// A panic elsewhere cannot leave a map of finished entries half-changed.
    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<liquid::Template>>> {
        self.parsed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Language")
    }
}

/// Takes place and cause out of Liquid's account of a parse error.
fn syntax(template: &str, account: &str) -> TemplateError {
    let entry =
        |key: &str| account.lines().find_map(|line| line.split_once(key)).map(|(_, rest)| rest.trim());
    // Of a name it does not know Liquid tells all the names it knows, but the place not always.
    for (what, asked, lists) in [
        ("filter", "requested filter=", &["available filters="][..]),
        ("tag", "requested=", &["available tags=", "available blocks="]),
    ] {
        let Some(name) = entry(asked) else { continue };
        let known = lists.iter().filter_map(|list| entry(list)).flat_map(|list| list.split(", "));
        let near = known.min_by_key(|known| strsim::damerau_levenshtein(known, name));
        let near = near.filter(|near| strsim::damerau_levenshtein(near, name) <= 1 + name.len() / 3);
        let meant = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let (line, column) = place_of(template, name);
        return TemplateError::Syntax { message: format!("unknown {what} `{name}`{meant}"), line, column };
    }
    let mut numbers =
        entry("--> ").unwrap_or_default().split(':').filter_map(|number| number.trim().parse().ok());
    let (line, column) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1));
    let cause = account.lines().rev().map(str::trim).find_map(|line| line.strip_prefix("= "));
    TemplateError::Syntax { message: sentence(cause.unwrap_or(account)), line, column }
}

/// Line and column of a word inside the template's tags.
fn place_of(template: &str, word: &str) -> (usize, usize) {
    let first = template.find(['{', '%']).unwrap_or(0);
    limits::place(template, template[first..].find(word).map_or(0, |at| first + at))
}

/// Makes a fragment of Liquid's multi-line message.
fn sentence(text: &str) -> String {
    let flat: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let joined = flat.join(", ");
    let plain = joined.strip_prefix("liquid: ").unwrap_or(&joined).trim_end_matches('.');
    let mut chars = plain.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn scope() -> Scope {
        let mut scope = Scope::new();
        scope.set("title", "L'Été");
        scope.set("authors", json!(["Ann", "Bob"]));
        scope.set("streams", json!([{ "codec": "h264" }]));
        scope.set("identifiers", json!({ "isbn": "9780000000002" }));
        scope
    }

    fn check(text: &str, wanted: Result<&str, &[&str]>) {
        let result = Language::default().render(&Template::new(text), &scope());
        match (result, wanted) {
            (Ok(text), Ok(wanted)) => assert_eq!(text, wanted),
            (Err(TemplateError::Missing { names }), Err(wanted)) => assert_eq!(names, wanted),
            (result, wanted) => panic!("{text}: {result:?}, wanted {wanted:?}"),
        }
    }

    #[test]
    fn prints_what_is_known() {
        check("{{ title }} by {{ authors | first }}", Ok("L'Été by Ann"));
        check("{{ authors[1] }} {{ authors.size }} {{ identifiers.isbn }}", Ok("Bob 2 9780000000002"));
        check("no liquid", Ok("no liquid"));
    }

    #[test]
    fn an_unknown_name_that_is_printed_is_an_error_that_names_it() {
        check("{{ year }}", Err(&["year"]));
        check("{{ year | upcase }}", Err(&["year"]));
        check("{{ contributors | first }}", Err(&["contributors"]));
        check("{{ identifiers.doi }}{{ year }}", Err(&["identifiers.doi", "year"]));
        check("{{ a.b.c }}", Err(&["a.b.c"]));
    }

    #[test]
    fn an_unknown_name_can_be_asked_for_or_defaulted() {
        check("{% if year %}{{ year }}{% endif %}x", Ok("x"));
        check("{{ year | default: \"n/a\" }}", Ok("n/a"));
        check("{% unless year %}none{% endunless %}", Ok("none"));
        check("{% if year == 2026 %}a{% else %}b{% endif %}", Ok("b"));
        check("{{ identifiers.doi | default: \"-\" }}", Ok("-"));
        check("{{ year | default: month }}", Err(&["month"]));
        check("{% for x in nothing %}{{ x }}{% endfor %}.", Ok("."));
        check("{{ video[0].codec | default: \"-\" }}{{ video.first.codec | default: \"-\" }}", Ok("--"));
        check("{{ video[0].codec }}", Err(&["video"]));
        check("{% if streams[0].hdr %}a{% endif %}{{ streams[0].hdr | default: \"-\" }}", Ok("-"));
        check(
            "{% for s in streams %}{{ s.codec }}{{ s.hdr | default: \"-\" }}{% if s.fps %}x{% endif %}{% endfor %}",
            Ok("h264-"),
        );
        check("{{ streams.first.codec }}{{ streams.size }}", Ok("h2641"));
        check("{% assign y = 3 %}{{ y }}{% for a in authors %}{{ a }}{% endfor %}", Ok("3AnnBob"));
    }

    #[test]
    fn a_fault_in_the_text_has_its_place() {
        let check = |text: &str, wanted: (&str, usize, usize)| {
            let error = Language::default().check(&Template::new(text)).unwrap_err();
            let TemplateError::Syntax { message, line, column } = error else { panic!("{error:?}") };
            assert_eq!((message.as_str(), line, column), wanted);
        };
        check("ab\n {{ title | upcas }}", ("unknown filter `upcas`; did you mean `upcase`?", 2, 13));
        check("{{ title | zzzzzz }}", ("unknown filter `zzzzzz`", 1, 12));
        check("{% iff title %}", ("unknown tag `iff`; did you mean `if`?", 1, 4));
        let unclosed = Language::default().check(&Template::new("a\n{% if title %}b")).unwrap_err();
        assert!(matches!(unclosed, TemplateError::Syntax { .. }), "{unclosed:?}");
    }

    #[test]
    fn depth_length_and_ranges_are_limited() {
        let language = Language::default();
        let deep = "{% if a %}".repeat(3000);
        let wide = "x".repeat(limits::MAX_TEMPLATE + 1);
        for text in
            [deep.as_str(), &wide, "{% for i in (1..99999999999) %}x{% endfor %}", &"{{ a[".repeat(4000)]
        {
            assert!(matches!(language.check(&Template::new(text)), Err(TemplateError::Syntax { .. })));
        }
        let bomb = format!(
            "{{% assign x = \"{}\" %}}{}",
            "y".repeat(1000),
            "{% for i in (1..9999) %}{{ x }}{% endfor %}"
        );
        assert!(matches!(language.render(&Template::new(bomb), &scope()), Err(TemplateError::Render { .. })));
        for twice in [
            "{% capture x %}{{ x }}{{ x }}{% endcapture %}",
            "{% assign x = x | append: x %}",
            "{% assign x = x | replace: 'y', x %}",
            "{% assign l = l | concat: l %}",
        ] {
            let start = "{% assign x = 'yyyyyyyy' %}{% assign l = x | split: '' %}";
            let bomb = format!("{start}{{% for i in (1..60) %}}{twice}{{% endfor %}}");
            let made = language.render(&Template::new(bomb), &scope());
            assert!(matches!(made, Err(TemplateError::Render { .. })), "{twice}: {made:?}");
        }
    }

    #[test]
    fn a_condition_over_an_unknown_name_is_false() {
        let language = Language::default();
        let holds = |text: &str| super::super::Condition::new(text).holds(&language, &scope());
        assert_eq!(holds("title"), Ok(true));
        assert_eq!(holds("year"), Ok(false));
        assert_eq!(holds("identifiers.isbn == \"9780000000002\""), Ok(true));
        assert!(holds("title %}{% endif %}{% if x").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_rendered_or_refused(text in "[ a-z{}%|\"'.:()\\[\\]-]{0,60}") {
            let _ = Language::default().render(&Template::new(text), &scope());
        }
    }
}
