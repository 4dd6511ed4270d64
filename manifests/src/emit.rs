//! A tree back into YAML text: the same tree gives the same bytes, and reading them gives the same tree.
//!
//! Knows how YAML is written well, not what the values mean.

mod text;

use self::text::{in_flow, key, literal, scalar_text};
use crate::node::{Key, Node, Place, Scalar, Value};

/// How long a list of scalars may be to stand on one line.
const FLOW_WIDTH: usize = 80;

/// The tree as YAML text.
pub fn emit(node: &Node) -> String {
    write(node, false)
}

/// The tree as YAML text, with the file and line each value came from as a comment.
pub fn emit_with_origins(node: &Node) -> String {
    write(node, true)
}

fn write(node: &Node, origins: bool) -> String {
    let mut emitter = Emitter { out: String::new(), origins };
    match &node.value {
        Value::Mapping(entries) if !entries.is_empty() => emitter.mapping(entries, 0),
        Value::Sequence(items) if !items.is_empty() => emitter.sequence(items, 0),
        _ => emitter.after("", node, None, 0),
    }
    emitter.out
}

struct Emitter {
    out: String,
    origins: bool,
}

impl Emitter {
    /// Entries one below the other; the cursor stands where the first key goes.
    fn mapping(&mut self, entries: &[(Key, Node)], indent: usize) {
        for (at, (name, node)) in entries.iter().enumerate() {
            if at > 0 {
                self.indent(indent);
            }
            let name_text = key(&name.name);
            // A key may only stand before its colon while it is short; a long one needs the explicit form.
            if name_text.chars().count() > 1000 {
                self.out.push_str("? ");
                self.out.push_str(&name_text);
                self.out.push('\n');
                self.indent(indent);
            } else {
                self.out.push_str(&name_text);
            }
            self.out.push(':');
            self.after(" ", node, Some(&name.place), indent);
        }
    }

    fn sequence(&mut self, items: &[Node], indent: usize) {
        for (at, node) in items.iter().enumerate() {
            if at > 0 {
                self.indent(indent);
            }
            self.out.push('-');
            match &node.value {
                Value::Mapping(entries) if !entries.is_empty() => {
                    self.out.push(' ');
                    self.mapping(entries, indent + 2);
                }
                _ => self.after(" ", node, None, indent),
            }
        }
    }

    /// What stands after `key:` or `-` at `indent`, up to and with its line break.
    fn after(&mut self, gap: &str, node: &Node, name: Option<&Place>, indent: usize) {
        match &node.value {
            Value::Mapping(entries) if !entries.is_empty() => {
                self.end_line(name);
                self.indent(indent + 2);
                self.mapping(entries, indent + 2);
            }
            Value::Sequence(items) if !items.is_empty() => match flow(items) {
                Some(text) => self.rest_of_line(gap, &text, &node.place),
                None => {
                    self.end_line(name);
                    self.indent(indent + 2);
                    self.sequence(items, indent + 2);
                }
            },
            Value::Mapping(_) => self.rest_of_line(gap, "{}", &node.place),
            Value::Sequence(_) => self.rest_of_line(gap, "[]", &node.place),
            Value::Scalar(Scalar::String(text)) => match literal(text) {
                Some((header, lines)) => {
                    self.rest_of_line(gap, header, &node.place);
                    for line in lines {
                        if !line.is_empty() {
                            self.indent(indent + 2);
                            self.out.push_str(line);
                        }
                        self.out.push('\n');
                    }
                }
                None => self.rest_of_line(gap, &scalar_text(&node.value), &node.place),
            },
            Value::Scalar(_) => self.rest_of_line(gap, &scalar_text(&node.value), &node.place),
        }
    }

    fn rest_of_line(&mut self, gap: &str, text: &str, origin: &Place) {
        self.out.push_str(gap);
        self.out.push_str(text);
        self.end_line(Some(origin));
    }

    fn end_line(&mut self, origin: Option<&Place>) {
        if let Some(origin) = origin.filter(|_| self.origins) {
            // A file's name is foreign text too: it must not end the comment.
            let name: String = origin.file.name.chars().filter(|c| crate::place::is_printable(*c)).collect();
            self.out.push_str(&format!("  # {name}:{}", origin.line));
        }
        self.out.push('\n');
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }
}

/// A short list of scalars on one line.
fn flow(items: &[Node]) -> Option<String> {
    let mut text = String::from("[");
    for (at, item) in items.iter().enumerate() {
        let Value::Scalar(scalar) = &item.value else { return None };
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&in_flow(scalar));
        if text.len() > FLOW_WIDTH {
            return None;
        }
    }
    text.push(']');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::File;
    use crate::parse::parse;

    fn check(text: &str, wanted: &str) {
        let node = parse(&File::new("release.yaml", text)).clean().unwrap();
        assert_eq!(emit(&node), wanted);
        assert_eq!(parse(&File::new("again", wanted)).clean().unwrap(), node);
    }

    #[test]
    fn writes_as_a_person_would() {
        check(
            "{release: 1, name: '{{ title }}', steps: {a: {from: [b, 'no'], with: {}}, b: false}, note: \"x\\ny\\n\"}",
            "release: 1\nname: \"{{ title }}\"\nsteps:\n  a:\n    from: [b, \"no\"]\n    with: {}\n  b: false\nnote: |\n  x\n  y\n",
        );
        check("[{a: 1, b: [[1], {c: 2}]}, [], ~]", "- a: 1\n  b:\n    - [1]\n    - c: 2\n- []\n- null\n");
    }

    #[test]
    fn quotes_exactly_what_needs_it() {
        check(
            "['?0', plain text, '', 'true', '1', '0755', 'a: b', 'a #b', '- x', 'x:', \"a\\tb\", 'it''s', \"\\u2028\"]",
            "- \"?0\"\n- plain text\n- \"\"\n- \"true\"\n- \"1\"\n- \"0755\"\n- \"a: b\"\n- \"a #b\"\n- \"- x\"\n- \"x:\"\n- \"a\\tb\"\n- it's\n- \"\\u2028\"\n",
        );
    }

    #[test]
    fn origins_follow_each_value() {
        let node = parse(&File::new("r.yaml", "a:\n  b: 1\n  c: [x]\nd: |\n  text\n")).clean().unwrap();
        let wanted = "a:  # r.yaml:1\n  b: 1  # r.yaml:2\n  c: [x]  # r.yaml:3\nd: |  # r.yaml:5\n  text\n";
        assert_eq!(emit_with_origins(&node), wanted);
        assert_eq!(parse(&File::new("again", wanted)).clean().unwrap(), node);
    }
}
