//! Foreign XML as a small tree, forgiving and bounded.
//!
//! Knows no vocabulary. Document types are skipped whole: an entity is either predefined, numeric or one of HTML's,
//! so nothing in the file can expand or be fetched. What was read before a fault is kept.

use super::markup::{self, decode_references};
use super::{Damage, Limits};
use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use std::rc::Rc;

/// One element, with the text of everything in it left where it stood.
#[derive(Debug, Default)]
pub struct Element {
    /// Name without a prefix, as written.
    pub name: String,
    /// The namespace its prefix stands for; `None` when there is none or the prefix was never declared.
    pub space: Option<Rc<str>>,
    /// Attributes by name without a prefix.
    pub attributes: Vec<(String, String)>,
    pub content: Vec<Content>,
}

/// What an element holds.
#[derive(Debug)]
pub enum Content {
    Element(Element),
    Text(String),
}

/// A tree, and what was wrong with the rest.
pub struct Document {
    pub root: Element,
    pub damage: Option<Damage>,
    pub notes: Vec<String>,
}

impl Element {
    /// The elements in this one.
    pub fn children(&self) -> impl Iterator<Item = &Element> {
        self.content.iter().filter_map(|content| match content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        })
    }

    /// The first element of this name (in any case) in this one.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children().find(|child| child.is(name))
    }

    /// Whether it has this name, in any case: books in capitals exist.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// An attribute's value, trimmed and not empty.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// All text in it, at any depth, as it stands.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.gather(&mut text);
        text
    }

    /// Every element of this name in it, at any depth, in document order.
    pub fn descendants<'a>(&'a self, name: &str, found: &mut Vec<&'a Element>) {
        for child in self.children() {
            if child.is(name) {
                found.push(child);
            }
            child.descendants(name, found);
        }
    }

    fn gather(&self, text: &mut String) {
        for content in &self.content {
            match content {
                Content::Text(piece) => text.push_str(piece),
                // Markup inside a text value separates words.
                Content::Element(element) => {
                    text.push(' ');
                    element.gather(text);
                    text.push(' ');
                }
            }
        }
    }
}

/// Parses markup in whatever Unicode or declared encoding it is in.
///
/// The root is a nameless element that holds everything at the top, so that a fault never loses what came before.
pub fn parse(bytes: &[u8], limits: &Limits) -> Document {
    parse_text(&markup::decode(bytes), limits)
}

/// Parses markup that is decoded already, whatever its declaration says.
pub fn parse_text(text: &str, limits: &Limits) -> Document {
    let mut builder = Builder {
        open: vec![Element::default()],
        spaces: Vec::new(),
        nodes: 0,
        stray_ends: 0,
        limits,
        notes: Vec::new(),
    };
    let mut reader = NsReader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    let damage = loop {
        let at = reader.buffer_position();
        let fault = |what: String| Damage::of(format!("{what} at byte {at} of the markup"));
        match reader.read_event() {
            Ok(Event::Eof) => break builder.unclosed().map(fault),
            Ok(event) => {
                if let Err(what) = builder.take(&reader, event) {
                    break Some(fault(what));
                }
            }
            Err(error) => break Some(fault(error.to_string())),
        }
    };
    let notes = std::mem::take(&mut builder.notes);
    Document { root: builder.finish(), damage, notes }
}

struct Builder<'a> {
    /// Elements that are open, outermost first; the first is the nameless root.
    open: Vec<Element>,
    /// Namespaces met so far: a file has few, and each element points at one.
    spaces: Vec<Rc<str>>,
    nodes: usize,
    stray_ends: u32,
    limits: &'a Limits,
    notes: Vec<String>,
}

impl Builder<'_> {
    fn take(&mut self, reader: &NsReader<&[u8]>, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(start) => {
                let element = self.element(reader, &start)?;
                if self.open.len() > self.limits.xml_depth {
                    return Err("elements nested too deep".to_owned());
                }
                self.open.push(element);
            }
            Event::Empty(start) => {
                let element = self.element(reader, &start)?;
                self.put(Content::Element(element));
            }
            Event::End(end) => self.close(end.local_name().as_ref())?,
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(&reference.xml10_content()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn element(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, String> {
        let (space, local) = reader.resolver().resolve_element(start.name());
        let space = match space {
            ResolveResult::Bound(namespace) => self.space(namespace.as_ref()),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
        };
        let mut attributes = Vec::new();
        for attribute in start.attributes().with_checks(false).flatten() {
            let name = attribute.key.local_name().as_ref().to_owned();
            attributes.push((name, decode_references(&attribute.value).into_owned()));
            self.count()?;
        }
        self.count()?;
        Ok(Element { name: local.as_ref().to_owned(), space, attributes, content: Vec::new() })
    }

    fn count(&mut self) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > self.limits.xml_nodes { Err("too many elements".to_owned()) } else { Ok(()) }
    }

    /// The one copy of a namespace's name. No honest file has many or long ones; past those an element has none, so that
    /// neither copies fill the memory nor comparisons the time.
    fn space(&mut self, name: &str) -> Option<Rc<str>> {
        if name.len() > 256 {
            return None;
        }
        if let Some(known) = self.spaces.iter().find(|known| known.as_ref() == name) {
            return Some(known.clone());
        }
        if self.spaces.len() >= 64 {
            return None;
        }
        let new: Rc<str> = name.into();
        self.spaces.push(new.clone());
        Some(new)
    }

    /// Closes the innermost open element of this name and all in it; an end without a start is skipped, but each costs a
    /// look at all that is open, so there may not be many.
    fn close(&mut self, name: &str) -> Result<(), String> {
        const MOST_STRAYS: u32 = 1000;
        match self.open.iter().skip(1).rposition(|element| element.name == name) {
            Some(depth) => {
                while self.open.len() > depth + 1 {
                    self.fold();
                }
                Ok(())
            }
            None if self.stray_ends == MOST_STRAYS => Err("too many ends without a start".to_owned()),
            None => {
                self.stray_ends += 1;
                Ok(())
            }
        }
    }

    fn fold(&mut self) {
        if let Some(element) = self.open.pop() {
            self.put(Content::Element(element));
        }
    }

    fn put(&mut self, content: Content) {
        if let Some(parent) = self.open.last_mut() {
            parent.content.push(content);
        }
    }

    fn text(&mut self, piece: &str) {
        if let Some(Content::Text(text)) = self.open.last_mut().and_then(|parent| parent.content.last_mut()) {
            text.push_str(piece);
        } else {
            self.put(Content::Text(piece.to_owned()));
        }
    }

    fn reference(&mut self, name: &str) {
        match markup::reference(name) {
            Some(c) => self.text(c.encode_utf8(&mut [0; 4])),
            None if self.notes.len() < 8 => {
                let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
                self.notes
                    .push(format!("the entity `&{name};` was left out: it is not one of XML's or HTML's"));
            }
            None => {}
        }
    }

    fn unclosed(&self) -> Option<String> {
        match self.open.last() {
            Some(element) if self.open.len() > 1 => Some(format!("`<{}>` is never closed", element.name)),
            _ if self.open.first().is_none_or(|root| root.children().next().is_none()) => {
                Some("no element".to_owned())
            }
            _ => None,
        }
    }

    fn finish(mut self) -> Element {
        while self.open.len() > 1 {
            self.fold();
        }
        self.open.pop().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(markup: &[u8], text: &str, damaged: bool) {
        let document = parse(markup, &Limits::default());
        assert_eq!(document.root.text().split_whitespace().collect::<Vec<_>>().join(" "), text);
        assert_eq!(document.damage.is_some(), damaged, "{:?}", document.damage);
    }

    #[test]
    fn references_are_decoded_once_and_unknown_ones_left_out() {
        check(b"<t>caf&eacute; &amp;amp; &#x41;&#66;&nbsp;c</t>", "caf\u{e9} &amp; AB c", false);
        check(b"<!DOCTYPE t [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><t>a &x; b</t>", "a b", false);
    }

    #[test]
    fn a_bare_ampersand_is_text() {
        check(b"<t>Tom & Jerry</t>", "Tom & Jerry", false);
    }

    #[test]
    fn what_came_before_a_fault_is_kept() {
        check(b"<a><t>kept</t><b", "kept", true);
        check(b"<a><t>kept</t>", "kept", true);
        check(b"", "", true);
    }

    #[test]
    fn nesting_is_bounded() {
        check("<a>".repeat(100_000).as_bytes(), "", true);
        check(format!("<a/>{}", "</b>".repeat(100_000)).as_bytes(), "", true);
    }

    #[test]
    fn utf_16_is_read_with_and_without_a_mark() {
        let text = "<?xml version='1.0' encoding='UTF-16'?><t>\u{422}</t>";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        check(&little, "\u{422}", false);
        check(&big, "\u{422}", false);
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            parse(&bytes, &Limits::default());
        }

        #[test]
        fn no_markup_panics(text in "(<[a-z:/!?\\[]{0,4}|[&;#x]|[a-z= '\"]|>){0,60}") {
            parse(text.as_bytes(), &Limits::default());
        }
    }
}
