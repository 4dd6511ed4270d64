//! Checks templates where they are written, and fills those in that hold before anything runs.

use engine::template::{Scope, TemplateError};
use engine::{Condition, Template};
use serde_json::{Map, Value};

use super::Compiler;
use super::items::Item;
use crate::diagnostic::Diagnostic;
use crate::node::{Node, Place, Scalar, Value as Tree};
use crate::validate::parts;

impl Compiler<'_, '_> {
    /// Parses a template and points into it where it is wrong.
    pub(super) fn template(&mut self, template: &Template, node: &Node) {
        let Err(error) = self.context.site.language.check(template) else { return };
        let text = template.text();
        let mut found = fault("manifest/bad-template", "in this template: ", &error, text, node);
        for (open, close) in [("{{", "}}"), ("{%", "%}")] {
            if text.matches(open).count() > text.matches(close).count() {
                found = found.hint(format!("every `{open}` needs its `{close}`"));
            }
        }
        self.faults.push(found);
    }

    pub(super) fn condition(&mut self, condition: &Condition, node: &Node) {
        // What stands before the condition in the template that asks it.
        const BEFORE: usize = "{% if ".len();
        let text = condition.text();
        let form = "write what would stand behind `if` in Liquid, such as `language != \"en\"`";
        let (message, hint) = if text.trim().is_empty() {
            ("an empty condition", form)
        } else if text.contains("{{") || text.contains("{%") || text.contains("%}") {
            ("a condition stands without braces", form)
        } else {
            let Err(error) = self.context.site.language.check(&condition.as_template()) else { return };
            let error = match error {
                TemplateError::Syntax { message, line, column } => {
                    let column = if line == 1 { column.saturating_sub(BEFORE).max(1) } else { column };
                    TemplateError::Syntax { message, line, column }
                }
                other => other,
            };
            let bare =
                ["==", "!=", "<=", ">="].iter().fold(text.to_owned(), |text, sign| text.replace(sign, ""));
            let hint = if bare.contains('=') { "two values are compared with `==`" } else { form };
            self.faults
                .push(fault("manifest/bad-condition", "in this condition: ", &error, text, node).hint(hint));
            return;
        };
        self.faults.push(Diagnostic::error("manifest/bad-condition", message).at(&node.place).hint(hint));
    }

    /// Checks every template and path below a node, as its schema marks them.
    pub(super) fn templates_in(&mut self, node: &Node, root: &Value, schema: &Value) {
        let parts = parts(root, schema);
        if let Some(text) = node.as_str() {
            if parts.iter().any(|part| part.contains_key("x-template")) {
                self.template(&Template::new(text), node);
            }
            if parts.iter().any(|part| part.contains_key("x-path")) {
                self.stays_inside(text, node);
            }
        }
        for part in parts {
            let properties = part.get("properties").and_then(Value::as_object);
            let others = part.get("additionalProperties").filter(|schema| schema.is_object());
            for (key, value) in node.entries() {
                if let Some(schema) = properties.and_then(|properties| properties.get(&key.name)).or(others) {
                    self.templates_in(value, root, schema);
                }
            }
            let branches =
                ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|name| part.get(name)?.as_array());
            for branch in branches.flatten() {
                self.templates_in(node, root, branch);
            }
            if let Some(items) = part.get("items") {
                for item in node.items() {
                    self.templates_in(item, root, items);
                }
            }
        }
    }

    /// A path inside the release may not lead out of it. What its templates print is looked at when they do.
    pub(super) fn stays_inside(&mut self, text: &str, node: &Node) {
        let fixed = without_templates(text);
        let (message, hint) = if fixed.starts_with('/') || fixed.split('/').any(|part| part == "..") {
            (
                "this path leads out of the release",
                "write a path inside the release, without `..` and without `/` in front",
            )
        } else if fixed.contains('\\') {
            ("a backslash in a path inside the release", "write `/` between folders")
        } else {
            return;
        };
        self.faults.push(Diagnostic::error("manifest/escapes", message).at(&node.place).hint(hint));
    }

    /// The values of `vars` or `metadata` for one item, with their templates filled in; nothing in place of those that
    /// cannot be.
    pub(super) fn rendered(
        &mut self,
        section: &str,
        item: &Item,
        vars: &Map<String, Value>,
    ) -> Map<String, Value> {
        let (written, known) = match section {
            "vars" => (&self.effective.written.vars, "`vars` may use `item` and `group`"),
            _ => (&self.effective.written.metadata, "`metadata` may use `item`, `vars` and `group`"),
        };
        let scope = self.scope(item, vars);
        let mut result = Map::new();
        for (key, value) in written {
            let filled = fill(value, &mut |template| self.context.site.language.render(template, &scope));
            let value = filled.unwrap_or_else(|(template, error)| {
                let node = self.node(&[section, key]).unwrap_or(&self.effective.node).clone();
                let found =
                    fault("manifest/bad-template", "in this template: ", &error, template.text(), &node);
                self.unfilled(&error, item.blamed(found.hint(format!("{known}: facts are not known yet"))));
                Value::String(String::new())
            });
            result.insert(key.clone(), value);
        }
        result
    }

    /// Tells why a template could not be filled in, unless that may only be for what could not be read.
    pub(super) fn unfilled(&mut self, error: &TemplateError, found: Diagnostic) {
        let is_echo = matches!(error, TemplateError::Missing { .. }) && !self.effective.lost.is_empty();
        if !is_echo {
            self.faults.push(found);
        }
    }

    /// What templates see before anything runs.
    pub(super) fn scope(&self, item: &Item, vars: &Map<String, Value>) -> Scope {
        let mut scope = Scope::new();
        for (name, value) in vars {
            scope.set(name, value.clone());
        }
        scope.set("vars", vars.clone());
        if let Some(group) = &self.effective.written.group {
            scope.set("group", group.as_str());
        }
        if let Item::Of { value, .. } = item {
            scope.set("item", value.clone());
        }
        scope
    }
}

/// Fills in the templates among a value's strings. A template that is all there is of a string, and prints a number
/// of the item, gives the number.
fn fill(
    value: &Value,
    render: &mut impl FnMut(&Template) -> Result<String, TemplateError>,
) -> Result<Value, (Template, TemplateError)> {
    Ok(match value {
        Value::String(text) if text.contains("{{") || text.contains("{%") => {
            let template = Template::new(text.as_str());
            let printed = render(&template).map_err(|error| (template, error))?;
            let whole = text.starts_with("{{") && text.ends_with("}}") && text.matches("{{").count() == 1;
            let number = printed.parse::<i64>().ok().filter(|number| whole && number.to_string() == printed);
            number.map_or_else(|| Value::String(printed.clone()), Value::from)
        }
        Value::Array(list) => list.iter().map(|item| fill(item, render)).collect::<Result<_, _>>()?,
        Value::Object(map) => {
            let filled = map.iter().map(|(key, value)| Ok((key.clone(), fill(value, render)?)));
            Value::Object(filled.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

/// A template's fault, at its own line and column where the text is written as it reads.
pub(super) fn fault(
    code: &'static str,
    lead: &str,
    error: &TemplateError,
    text: &str,
    node: &Node,
) -> Diagnostic {
    let place = match error {
        TemplateError::Syntax { line, column, .. } => inner(text, *line, *column, node),
        _ => None,
    };
    Diagnostic::error(code, format!("{lead}{error}")).at(&place.unwrap_or_else(|| node.place.clone()))
}

fn inner(text: &str, line: usize, column: usize, node: &Node) -> Option<Place> {
    let (above, left_of) = (line.checked_sub(1)?, column.checked_sub(1)?);
    if !matches!(node.value, Tree::Scalar(Scalar::String(_))) {
        return None;
    }
    let wanted = text.lines().nth(above)?;
    let is_block = text.contains('\n');
    // A literal block has a line for each of its text; anything else is looked at only where it is written as it reads.
    let place = Place { line: node.place.line + above, ..node.place.clone() };
    let before = match is_block {
        true => place.source_line().strip_suffix(wanted)?.chars().count(),
        false => node.place.column.checked_sub(1)? + node.place.written().split_once(text)?.0.chars().count(),
    };
    let left = wanted.chars().count().saturating_sub(left_of);
    let word = wanted.chars().skip(left_of).take_while(|c| c.is_alphanumeric() || *c == '_').count();
    Some(Place { column: before + column, len: word.clamp(1, left.max(1)), ..place })
}

/// What stands around the templates of a text.
fn without_templates(text: &str) -> String {
    let mut fixed = String::new();
    let mut rest = text;
    while let Some((before, more)) = rest.split_once('{') {
        fixed.push_str(before);
        let end = match more.chars().next() {
            Some('{') => "}}",
            Some('%') => "%}",
            _ => "",
        };
        // Something stands there, so that `{{ a }}..` is no way up.
        fixed.push('_');
        rest = if end.is_empty() { more } else { more.split_once(end).map_or("", |(_, rest)| rest) };
    }
    fixed + rest
}
