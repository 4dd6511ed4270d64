//! An XML document as a tree that keeps what it does not touch as it was written.
//!
//! Knows the shape of XML alone. No entity is resolved and nothing outside is read.

use std::collections::BTreeMap;

use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesEnd, BytesStart, Event};
use quick_xml::name::QName;
use quick_xml::{Reader, Writer};

use super::CutError;

/// How deep elements may nest.
const DEEPEST: usize = 256;

/// A piece of a document.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// An element with what is in it.
    Element(Element),
    /// Anything else, as it is written.
    Other(Event<'static>),
}

/// An element.
#[derive(Debug, Clone)]
pub(super) struct Element {
    start: BytesStart<'static>,
    empty: bool,
    /// What is in it.
    pub(super) inside: Vec<Node>,
}

impl Element {
    /// An element of this name with these attributes.
    pub(super) fn new(name: &str, attributes: &[(&str, &str)]) -> Self {
        let mut start = BytesStart::new(name.to_owned());
        start.extend_attributes(attributes.iter().copied());
        Self { start, empty: true, inside: Vec::new() }
    }

    /// Its name without a prefix.
    pub(super) fn name(&self) -> String {
        self.start.local_name().as_ref().to_owned()
    }

    /// Its name as it is written.
    pub(super) fn whole_name(&self) -> String {
        self.start.name().as_ref().to_owned()
    }

    /// Its attributes by their names as written; values with entities are as written, too.
    pub(super) fn attributes(&self) -> BTreeMap<String, String> {
        let mut attributes = self.start.attributes();
        let pair =
            |attribute: Attribute<'_>| (attribute.key.as_ref().to_owned(), attribute.value.into_owned());
        attributes.with_checks(false).flatten().map(pair).collect()
    }

    /// An attribute's value.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().remove(name)
    }

    /// Takes an attribute away.
    pub(super) fn remove(&mut self, name: &str) {
        let kept: Vec<(String, String)> =
            self.attributes().into_iter().filter(|(known, _)| known != name).collect();
        let mut start = BytesStart::new(self.whole_name());
        for (name, value) in &kept {
            // Values are kept as they were written, entities and all.
            start.push_attribute(Attribute { key: QName(name), value: value.as_str().into() });
        }
        self.start = start;
    }

    /// The elements in it.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.inside.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Other(_) => None,
        })
    }

    /// Does something to every element in it, the inner ones first.
    pub(super) fn each(&mut self, act: &mut dyn FnMut(&mut Element)) {
        for node in &mut self.inside {
            if let Node::Element(element) = node {
                element.each(act);
                act(element);
            }
        }
    }

    /// Keeps the elements in it for which this holds, at every depth; the inner ones are asked first.
    pub(super) fn keep(&mut self, holds: &mut dyn FnMut(&Element) -> bool) {
        for node in &mut self.inside {
            if let Node::Element(element) = node {
                element.keep(holds);
            }
        }
        self.inside.retain(|node| match node {
            Node::Element(element) => holds(element),
            Node::Other(_) => true,
        });
    }

    /// Puts an element in behind all others.
    pub(super) fn push(&mut self, element: Element) {
        self.inside.push(Node::Element(element));
        self.empty = false;
    }
}

/// The document as one element without a name.
pub(super) fn parse(bytes: &[u8]) -> Result<Element, CutError> {
    let damaged = |error: String| CutError::Damaged(error);
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().check_end_names = false;
    let mut open = vec![Element::new("document", &[])];
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|error| damaged(error.to_string()))?;
        let last = open.last_mut().ok_or_else(|| damaged("an element ends that never began".into()))?;
        match event {
            Event::Eof => break,
            Event::Start(start) => {
                if open.len() > DEEPEST {
                    return Err(damaged(format!("elements nest deeper than {DEEPEST}")));
                }
                open.push(Element { start: start.into_owned(), empty: false, inside: Vec::new() });
            }
            Event::Empty(start) => {
                last.inside.push(Node::Element(Element {
                    start: start.into_owned(),
                    empty: true,
                    inside: Vec::new(),
                }));
            }
            Event::End(_) => {
                let (Some(done), Some(outer)) = (open.pop(), open.last_mut()) else {
                    return Err(damaged("an element ends that never began".into()));
                };
                outer.inside.push(Node::Element(done));
            }
            other => last.inside.push(Node::Other(other.into_owned())),
        }
        buffer.clear();
    }
    // What is left open is closed, so that nothing of it is lost.
    while open.len() > 1 {
        if let (Some(done), Some(outer)) = (open.pop(), open.last_mut()) {
            outer.inside.push(Node::Element(done));
        }
    }
    open.pop().ok_or_else(|| damaged("it is empty".into()))
}

/// The document as bytes.
pub(super) fn print(document: &Element) -> Result<Vec<u8>, CutError> {
    let mut writer = Writer::new(Vec::new());
    print_inside(document, &mut writer).map_err(|error| CutError::Damaged(error.to_string()))?;
    Ok(writer.into_inner())
}

fn print_inside(element: &Element, writer: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
    for node in &element.inside {
        match node {
            Node::Other(event) => writer.write_event(event.borrow())?,
            Node::Element(element) if element.empty && element.inside.is_empty() => {
                writer.write_event(Event::Empty(element.start.borrow()))?;
            }
            Node::Element(element) => {
                writer.write_event(Event::Start(element.start.borrow()))?;
                print_inside(element, writer)?;
                writer.write_event(Event::End(BytesEnd::new(element.whole_name())))?;
            }
        }
    }
    Ok(())
}
