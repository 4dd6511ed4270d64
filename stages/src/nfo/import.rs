//! Makes Liquid of templates in an older language: `{{title}}`, `{title}`, `{{#if x}}…{{/if}}`, `{{#ifnot x}}…{{/ifnot}}`.
//!
//! What was made is rendered beside the old text over sample facts, by a renderer of the old language; only what gives
//! the same is handed out. Knows no file.

mod old;

use std::collections::BTreeSet;

use engine::template::Scope;
use engine::{Language, Template};
use formats::text::{cp437, sauce, width};

use super::front::Fault;
use super::known;
use super::samples::SAMPLES;
use old::Part;

/// A template that was made of an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The text in Liquid, with front matter.
    pub text: String,
    /// The names the old text asks for, as it writes them, each once.
    pub names: Vec<String>,
    /// Those of them that are no facts, so that `metadata:` or `vars:` has to set them.
    pub unknown: Vec<String>,
    /// Over how many sets of sample facts both gave the same page.
    pub checked: usize,
}

/// Makes a template of the bytes of an older one: UTF-8, or else code page 437, with or without a SAUCE record.
///
/// # Errors
/// Where the old text uses what its language does not have, with the place.
pub fn import(name: &str, bytes: &[u8], language: &Language) -> Result<Imported, Fault> {
    let (bytes, _) = sauce::split(bytes);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_or_else(|_| cp437::decode(bytes), str::to_owned);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let parts = old::parse(&text)?;
    let mut names = BTreeSet::new();
    old::names(&parts, &mut names);
    let body = liquid(&parts);
    let checked = compare(&parts, &body, &names, language)?;
    let fact = |name: &&String| !known::names().any(|known| known == old::meaning(name).0);
    let unknown = names.iter().filter(fact).cloned().collect();
    let wide = text.lines().map(width::width).max().unwrap_or(0).clamp(super::WIDTH, 1_000);
    let front = format!("---\nname: {name}\ndescription: made of an older template\nwidth: {wide}\n---\n");
    Ok(Imported { text: front + &body, names: names.into_iter().collect(), unknown, checked })
}

/// The parts in Liquid.
fn liquid(parts: &[Part]) -> String {
    let mut made = String::new();
    for part in parts {
        match part {
            Part::Text(text) => made.push_str(&literal(text)),
            Part::Name(name) => {
                let (fact, filter) = old::meaning(name);
                made.push_str(&format!("{{{{ {fact}{filter} | default: \"\" }}}}"));
            }
            Part::If { name, wanted, inner } => {
                let word = if *wanted { "if" } else { "unless" };
                let fact = old::meaning(name).0;
                let inner = liquid(inner);
                made.push_str(&format!("{{% {word} {fact} %}}{inner}{{% end{word} %}}"));
            }
        }
    }
    made
}

/// A text that Liquid takes for itself; a brace that could begin a tag, with what follows the text too,
/// becomes a text in quotes.
fn literal(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let opens = c == '{' && rest.peek().is_none_or(|next| matches!(next, '{' | '%'));
        if opens {
            made.push_str("{{ \"{\" }}");
        } else {
            made.push(c);
        }
    }
    made
}

/// Renders both over every set of facts.
fn compare(
    parts: &[Part],
    body: &str,
    names: &BTreeSet<String>,
    language: &Language,
) -> Result<usize, Fault> {
    let template = Template::new(body);
    for sample in SAMPLES {
        let mut scope = sample.scope();
        // A name that is no fact is set in one set and unknown in the others.
        for name in names.iter().filter(|_| sample.name == "short") {
            scope.set_default(&old::meaning(name).0, format!("value of {name}"));
        }
        let scope = cleaned(&scope);
        let before = old::render(parts, &scope);
        let after = language.render(&template, &scope).map_err(|error| at_start(error.to_string()))?;
        if before != after {
            let line = before.lines().zip(after.lines()).take_while(|(one, other)| one == other).count() + 1;
            let message = format!("the page would differ in line {line} over the facts `{}`", sample.name);
            return Err(at_start(message));
        }
    }
    Ok(SAMPLES.len())
}

/// The values as pages have them, without what could steer a terminal.
fn cleaned(scope: &Scope) -> Scope {
    let mut clean = Scope::new();
    let mut writing = super::encoding::Writing::new(super::Encoding::Utf8, super::Lacking::Latin, None);
    for name in scope.names() {
        if let Some(value) = scope.get(name) {
            clean.set(name, writing.value(value));
        }
    }
    clean
}

fn at_start(message: String) -> Fault {
    Fault { message, line: 1, column: 1, hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(old: &str) -> String {
        let imported = import("x", old.as_bytes(), &crate::language()).unwrap();
        assert_eq!(imported.checked, SAMPLES.len());
        imported.text.splitn(6, '\n').nth(5).unwrap().to_owned()
    }

    #[test]
    fn placeholders_and_conditions_become_liquid() {
        let check = |old: &str, wanted: &str| assert_eq!(body(old), wanted);
        check(
            "a {{title}} {title} { title }",
            "a {{ title | default: \"\" }} {{ title | default: \"\" }} { title }",
        );
        check("{{author}}", "{{ authors | join: \", \" | default: \"\" }}");
        check("{{#if isbn}}ISBN {{isbn}}{{/if}}", "{% if isbn %}ISBN {{ isbn | default: \"\" }}{% endif %}");
        check("{{#ifnot isbn}}none\n{{/ifnot}}", "{% unless isbn %}none\n{% endunless %}");
        check(
            "{{#if a}}{{#ifnot b}}x{{/ifnot}}{{/if}}",
            "{% if a %}{% unless b %}x{% endunless %}{% endif %}",
        );
    }

    #[test]
    fn braces_of_a_drawing_stay() {
        for art in [
            "{o} {%} }} {",
            "{ {",
            "{{{title}}}",
            "{%{title}%}",
            "{{ not a name! }} {{}}",
            "}{{",
            "{-{title}-}",
        ] {
            let imported = import("x", art.as_bytes(), &crate::language());
            assert!(imported.is_ok(), "{art}: {imported:?}");
        }
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let check = |old: &str, line: usize, column: usize, message: &str| {
            let fault = import("x", old.as_bytes(), &crate::language()).unwrap_err();
            assert_eq!((fault.line, fault.column, fault.message.as_str()), (line, column, message), "{old}");
        };
        check("a\n {{#if x}}b", 2, 2, "`{{#if x}}` has no end");
        check("{{/if}}", 1, 1, "`{{/if}}` ends nothing");
        check("{{#if x}}{{/ifnot}}", 1, 10, "`{{/ifnot}}` ends nothing");
        check("{{#each x}}{{/each}}", 1, 1, "the older language has no `{{#each x}}`");
        check("{{#if}}{{/if}}", 1, 1, "the older language has no `{{#if}}`");
        check(&"{{#if x}}".repeat(60), 1, 1 + 40 * 9, "conditions are nested more than 40 deep");
    }

    #[test]
    fn old_bytes_are_read_and_unknown_names_are_told() {
        let mut bytes = b"\xc9\xcd {{title}}\r\n{{mood}}".to_vec();
        bytes = sauce::append(&bytes, &sauce::Sauce::default());
        let imported = import("x", &bytes, &crate::language()).unwrap();
        assert!(imported.text.ends_with("╔═ {{ title | default: \"\" }}\n{{ mood | default: \"\" }}"));
        assert_eq!(
            (imported.names, imported.unknown),
            (vec!["mood".into(), "title".into()], vec!["mood".into()])
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_the_same_page_or_a_fault(old in "([{}%# a\n\"|-]|\\{\\{(title|author|size|x)\\}\\}|\\{title\\}|\\{\\{#if(not)? (isbn|zz)\\}\\}|\\{\\{/if(not)?\\}\\}){0,30}") {
            if let Err(fault) = import("x", old.as_bytes(), &crate::language()) {
                let known = ["has no end", "ends nothing", "has no `", "nested"];
                proptest::prop_assert!(known.iter().any(|word| fault.message.contains(word)), "{fault:?}");
            }
        }
    }
}
