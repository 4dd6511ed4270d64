//! Checks templates where they are written, and fills those in that hold before anything runs.

use engine::template::{Scope, TemplateError};
use engine::{Condition, Template};
use serde_json::{Map, Value};

use super::items::Item;
use super::Compiler;
use crate::diagnostic::Diagnostic;
use crate::node::{Node, Place, Scalar, Value as Tree};
use crate::validate::parts;

impl Compiler<'_, '_> {
    /// Parses a template and points into it where it is wrong.
    pub(super) fn template(&mut self, template: &Template, node: &Node) {
        if let Err(error) = self.context.site.language.check(template) {
            self.faults.push(fault("manifest/bad-template", "in this template: ", &error, template.text(), node));
        }
    }

    pub(super) fn condition(&mut self, condition: &Condition, node: &Node) {
        let language = &self.context.site.language;
        let checked = match condition.text().contains("%}") {
            true => condition.holds(language, &Scope::new()).map(drop),
            false => language.check(&condition.as_template()),
        };
        if let Err(error) = checked {
            let fault = fault("manifest/bad-condition", "in this condition: ", &error, "", node);
            self.faults.push(fault.hint("write what would stand behind `if` in Liquid, such as `language != \"en\"`"));
        }
    }

    /// Checks every template below a node, as its schema marks them.
    pub(super) fn templates_in(&mut self, node: &Node, root: &Value, schema: &Value) {
        for part in parts(root, schema) {
            if let (Some(_), Some(text)) = (part.get("x-template"), node.as_str()) {
                self.template(&Template::new(text), node);
                self.stays_inside(part.contains_key("x-path"), text, node);
                return;
            }
            let properties = part.get("properties").and_then(Value::as_object);
            for (key, value) in node.entries() {
                if let Some(schema) = properties.and_then(|properties| properties.get(&key.name)) {
                    self.templates_in(value, root, schema);
                }
            }
            for branch in part.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
                self.templates_in(node, root, branch);
            }
            if let Some(items) = part.get("items") {
                for item in node.items() {
                    self.templates_in(item, root, items);
                }
            }
        }
    }

    /// A path inside the release may not lead out of it.
    pub(super) fn stays_inside(&mut self, is_path: bool, text: &str, node: &Node) {
        let leads_out = text.starts_with('/') || text.contains('\\') || text.split('/').any(|part| part == "..");
        if is_path && leads_out {
            self.faults.push(
                Diagnostic::error("manifest/escapes", "this path leads out of the release folder")
                    .at(&node.place)
                    .hint("write a relative path without `..`, with `/` between folders"),
            );
        }
    }

    /// The values of `vars` or `metadata` for one item, with their templates filled in.
    pub(super) fn rendered(&mut self, section: &str, item: &Item, vars: &Map<String, Value>) -> Option<Map<String, Value>> {
        let written = match section {
            "vars" => &self.effective.written.vars,
            _ => &self.effective.written.metadata,
        };
        let scope = self.scope(item, vars);
        let mut result = Map::new();
        let mut whole = true;
        for (key, value) in written {
            match fill(value, &mut |template| self.context.site.language.render(template, &scope)) {
                Ok(value) => drop(result.insert(key.clone(), value)),
                Err((template, error)) => {
                    whole = false;
                    let node = self.node(&[section, key]).unwrap_or(&self.effective.node).clone();
                    let found = fault("manifest/bad-template", "in this template: ", &error, template.text(), &node);
                    self.faults.push(found.hint(format!("`{section}` may use `item`, `vars` and `group`: facts are not known yet")));
                }
            }
        }
        whole.then_some(result)
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
        if let Item::Of(value) = item {
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
pub(super) fn fault(code: &'static str, lead: &str, error: &TemplateError, text: &str, node: &Node) -> Diagnostic {
    let place = match error {
        TemplateError::Syntax { line, column, .. } => inner(text, *line, *column, node),
        _ => None,
    };
    Diagnostic::error(code, format!("{lead}{error}")).at(&place.unwrap_or_else(|| node.place.clone()))
}

fn inner(text: &str, line: usize, column: usize, node: &Node) -> Option<Place> {
    if !matches!(node.value, Tree::Scalar(Scalar::String(_))) || line != 1 || text.contains('\n') {
        return None;
    }
    let at = node.place.written().find(text)?;
    let before = node.place.written().get(..at)?.chars().count();
    let left = text.chars().count().saturating_sub(column - 1);
    let word = text.chars().skip(column - 1).take_while(|c| c.is_alphanumeric() || *c == '_').count();
    Some(Place { column: node.place.column + before + column - 1, len: word.clamp(1, left.max(1)), ..node.place.clone() })
}
