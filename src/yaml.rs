//! Trees for manifests that are written by commands.
//!
//! Knows how a tree is put together; `manifests` knows how it is written.

use manifests::{File, Key, Node, Place, Scalar, Value};

/// Puts trees together whose values all stand at one place.
pub struct Maker(Place);

impl Maker {
    /// Trees of the file `name`.
    pub fn new(name: &str) -> Self {
        Self::at(Place::start_of(&File::new(name, "")))
    }

    /// Trees whose faults are told of this place.
    pub const fn at(place: Place) -> Self {
        Self(place)
    }

    /// A text.
    pub fn text(&self, text: &str) -> Node {
        self.scalar(Scalar::String(text.to_owned()))
    }

    /// A whole number.
    pub fn number(&self, number: u32) -> Node {
        self.scalar(Scalar::Number(number.into()))
    }

    /// `true` or `false`.
    pub fn bool(&self, value: bool) -> Node {
        self.scalar(Scalar::Bool(value))
    }

    /// One text, or a list of several.
    pub fn few(&self, texts: &[String]) -> Node {
        match texts {
            [one] => self.text(one),
            more => {
                Node::new(Value::Sequence(more.iter().map(|text| self.text(text)).collect()), self.place())
            }
        }
    }

    /// Named values in this order.
    pub fn mapping<'n>(&self, entries: impl IntoIterator<Item = (&'n str, Option<Node>)>) -> Node {
        let key = |name: &str| Key { name: name.to_owned(), place: self.place() };
        let present = entries.into_iter().filter_map(|(name, node)| Some((key(name), node?)));
        Node::mapping(present.collect(), self.place())
    }

    fn scalar(&self, scalar: Scalar) -> Node {
        Node::scalar(scalar, self.place())
    }

    fn place(&self) -> Place {
        self.0.clone()
    }
}

/// A text that a template prints as it stands.
pub fn literal(text: &str) -> String {
    if text.contains("{{") || text.contains("{%") {
        format!("{{% raw %}}{text}{{% endraw %}}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_left_out() {
        let maker = Maker::new("x");
        let node = maker.mapping([
            ("release", Some(maker.number(1))),
            ("group", None),
            ("source", Some(maker.few(&["a: b".into(), "c".into()]))),
        ]);
        assert_eq!(manifests::emit(&node), "release: 1\nsource: [\"a: b\", c]\n");
    }

    #[test]
    fn a_literal_is_no_template() {
        assert_eq!(literal("A.Book-GRP"), "A.Book-GRP");
        assert_eq!(literal("{{ x }}"), "{% raw %}{{ x }}{% endraw %}");
    }
}
