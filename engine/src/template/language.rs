//! Parses and renders templates, with the program's filters and with limits that Liquid itself lacks.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use liquid::ParserBuilder;

use super::filter::{self, Filter};
use super::{Scope, Template, TemplateError, names};

/// Longest template, in bytes.
const MAX_TEMPLATE: usize = 256 * 1024;
/// Longest text that a template may print, in bytes.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Deepest nesting of blocks: Liquid's parser recurses, and some thousand levels overflow the stack.
const MAX_DEPTH: usize = 50;
/// Highest number in a range such as `(1..100)`: Liquid makes the whole list at once.
const MAX_RANGE: u64 = 10_000;
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
        let all = filter::OWN.iter().chain(filters);
        let builder =
            all.fold(ParserBuilder::with_stdlib(), |builder, &row| builder.filter(filter::parser(row)));
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
        let (view, absent) = scope.view(&names::paths(template.text()), &names::loops(template.text()));
        let mut out = Capped(Vec::new());
        match parsed.render_to(&mut out, &view) {
            Ok(()) => {
                let text = String::from_utf8(out.0)
                    .map_err(|_| TemplateError::Render { message: "the text is not valid UTF-8".into() })?;
                let names = absent.printed(&text);
                if names.is_empty() { Ok(text) } else { Err(TemplateError::Missing { names }) }
            }
            Err(_) if out.0.len() >= MAX_TEXT => {
                Err(TemplateError::Render { message: format!("the text is longer than {MAX_TEXT} bytes") })
            }
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
        within_limits(text)?;
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

fn within_limits(text: &str) -> Result<(), TemplateError> {
    let refuse = |message: String| Err(TemplateError::Syntax { message, line: 1, column: 1 });
    if text.len() > MAX_TEMPLATE {
        return refuse(format!("the template is longer than {MAX_TEMPLATE} bytes"));
    }
    if depth(text) > MAX_DEPTH {
        return refuse(format!("blocks are nested more than {MAX_DEPTH} deep"));
    }
    for (at, _) in text.match_indices("..") {
        let digits: String = text[at + 2..].chars().take_while(char::is_ascii_digit).collect();
        if digits.parse::<u64>().map_or(!digits.is_empty(), |number| number > MAX_RANGE) {
            return refuse(format!("a range may not pass {MAX_RANGE}"));
        }
    }
    Ok(())
}

/// The deepest nesting of block tags. Counts openers and closers, whatever they are called. Within one expression
/// parentheses and brackets nest too.
fn depth(text: &str) -> usize {
    let mut deepest = 0_usize;
    let mut open = 0_usize;
    for tag in text.split("{%").skip(1) {
        let word: String =
            tag.trim_start_matches('-').trim_start().chars().take_while(|c| c.is_alphanumeric()).collect();
        match word.as_str() {
            "if" | "unless" | "for" | "case" | "capture" | "tablerow" | "ifchanged" | "raw" | "comment" => {
                open += 1
            }
            word if word.starts_with("end") => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    let mut brackets = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(brackets);
    }
    deepest
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
    let at = template[first..].find(word).map_or(0, |at| first + at);
    let before = &template[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Makes a fragment of Liquid's multi-line message.
fn sentence(text: &str) -> String {
    let flat: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let joined = flat.join(", ");
    let plain = joined.strip_prefix("liquid: ").unwrap_or(&joined).trim_end_matches('.');
    let mut chars = plain.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// Takes no more than [`MAX_TEXT`] bytes.
struct Capped(Vec<u8>);

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_TEXT {
            self.0.resize(MAX_TEXT, b' ');
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
        let wide = "x".repeat(MAX_TEMPLATE + 1);
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
