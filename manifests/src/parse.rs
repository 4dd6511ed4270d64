//! YAML text into a tree of nodes with places.
//!
//! Knows the shape of YAML and nothing of manifests. Bounded in depth, nodes and text, also after aliases are expanded.

mod advice;
mod budget;
mod scalar;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, StructureStyle, Tag};

pub(crate) use self::budget::too_long;
use self::budget::{Cost, Fatal, too_deep};
pub use self::budget::{MAX_BYTES, MAX_DEPTH, MAX_NODES};
pub use self::scalar::{is_ambiguous, resolve};
use crate::diagnostic::Diagnostic;
use crate::node::{File, Key, Node, Place, Scalar, Value};
use crate::place::shown;

/// What could be read of a text, and everything that is wrong with it.
#[derive(Debug)]
pub struct Parsed {
    /// The tree, unless the text is broken beyond reading.
    pub root: Option<Node>,
    /// What is wrong; with a tree these are faults that could be passed over, such as a duplicate key.
    pub faults: Vec<Diagnostic>,
}

impl Parsed {
    /// The tree, if nothing is wrong with it.
    pub fn clean(self) -> Result<Node, Vec<Diagnostic>> {
        match self.root {
            Some(root) if self.faults.is_empty() => Ok(root),
            _ => Err(self.faults),
        }
    }
}

/// Reads one YAML document. An empty one is a null node.
pub fn parse(file: &Arc<File>) -> Parsed {
    parse_text(file, &file.text)
}

/// Reads `text` as if its lines and columns were those of `file`.
pub(crate) fn parse_text(file: &Arc<File>, text: &str) -> Parsed {
    if text.len() > MAX_BYTES {
        return Parsed { root: None, faults: vec![too_long(file)] };
    }
    let mut builder = Builder {
        file,
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        spent: Cost::default(),
        anchored: Cost::default(),
        faults: Vec::new(),
    };
    match builder.document() {
        Ok(root) => Parsed { root: Some(root), faults: builder.faults },
        Err(fatal) => {
            builder.faults.push(*fatal);
            Parsed { root: None, faults: builder.faults }
        }
    }
}

struct Anchored {
    node: Node,
    cost: Cost,
    height: usize,
}

/// A finished node with what it took.
struct Built {
    node: Node,
    cost: Cost,
    height: usize,
}

struct Builder<'t> {
    file: &'t Arc<File>,
    events: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Anchored>,
    spent: Cost,
    // Copies kept for later aliases have a budget of their own: anchors may nest.
    anchored: Cost,
    faults: Vec<Diagnostic>,
}

impl<'t> Builder<'t> {
    fn document(&mut self) -> Result<Node, Fatal> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(Diagnostic::error("syntax/documents", "a second document in the same file")
                        .at(&self.place(span))
                        .hint("one file holds one document: put this one in a file of its own")
                        .boxed());
                }
                Event::DocumentStart(..) => {}
                event => root = Some(self.node(event, span, 1)?.node),
            }
        }
        Ok(root.unwrap_or_else(|| Node::scalar(Scalar::Null, Place::start_of(self.file))))
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Fatal> {
        loop {
            match self.events.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => return Err(advice::for_scan_error(self.file, &error).boxed()),
                None => return Ok((Event::StreamEnd, Span::empty(Marker::new(0, 1, 0)))),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Built, Fatal> {
        let place = self.place(span);
        if depth > MAX_DEPTH {
            return Err(too_deep(&place));
        }
        let (anchor, built) = match event {
            Event::Alias(id) => return self.alias(id, &place, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(Cost { nodes: 1, bytes: text.len() }, &place)?;
                let scalar = self.scalar(&text, style, tag.as_deref(), &self.tag_place(span));
                let cost = Cost { nodes: 1, bytes: text.len() };
                (anchor, Built { node: Node::scalar(scalar, place), cost, height: 1 })
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", &self.tag_place(span));
                (anchor, self.sequence(collection_place(place, style), depth)?)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", &self.tag_place(span));
                (anchor, self.mapping(collection_place(place, style), depth)?)
            }
            _ => {
                return Err(Diagnostic::error("syntax/yaml", "something that is no value")
                    .at(&place)
                    .boxed());
            }
        };
        if anchor != 0 {
            self.remember(anchor, &built)?;
        }
        Ok(built)
    }

    fn sequence(&mut self, place: Place, depth: usize) -> Result<Built, Fatal> {
        self.spend(Cost { nodes: 1, bytes: 0 }, &place)?;
        let (mut items, mut cost, mut height) = (Vec::new(), Cost { nodes: 1, bytes: 0 }, 0);
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let node = Node::new(Value::Sequence(items), place);
                return Ok(Built { node, cost, height: height + 1 });
            }
            let item = self.node(event, span, depth + 1)?;
            cost = cost.and(item.cost);
            height = height.max(item.height);
            items.push(item.node);
        }
    }

    fn mapping(&mut self, place: Place, depth: usize) -> Result<Built, Fatal> {
        self.spend(Cost { nodes: 1, bytes: 0 }, &place)?;
        let (mut cost, mut height) = (Cost { nodes: 1, bytes: 0 }, 0);
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut known: HashMap<String, Place> = HashMap::new();
        let mut merged: Option<Node> = None;
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.key(event, span, depth)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            cost = cost.and(value.cost).and(Cost { nodes: 0, bytes: key.name.len() });
            height = height.max(value.height);
            if let Some(first) = known.get(&key.name) {
                self.faults.push(
                    Diagnostic::error(
                        "manifest/duplicate-key",
                        format!("duplicate key {}", shown(&key.name)),
                    )
                    .at(&key.place)
                    .related(first, "first written here"),
                );
                continue;
            }
            known.insert(key.name.clone(), key.place.clone());
            if is_merge {
                merged = Some(value.node);
            } else {
                entries.push((key, value.node));
            }
        }
        if let Some(merged) = merged {
            self.merge(&mut entries, merged);
        }
        Ok(Built { node: Node::mapping(entries, place), cost, height: height + 1 })
    }

    fn key(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Key, Fatal> {
        let place = self.place(span);
        // A key is a name, whatever type its text would have as a value.
        let written = event.scalar().map(|(text, _)| text.to_owned());
        let node = self.node(event, span, depth + 1)?.node;
        match (written, node.value) {
            (Some(name), _) | (None, Value::Scalar(Scalar::String(name))) => Ok(Key { name, place }),
            (None, Value::Scalar(_)) => Ok(Key { name: node.place.written(), place }),
            (None, _) => Err(advice::for_complex_key(&place).boxed()),
        }
    }

    fn alias(&mut self, id: usize, place: &Place, depth: usize) -> Result<Built, Fatal> {
        let Some(Anchored { cost, height, .. }) = self.anchors.get(&id) else {
            return Err(Diagnostic::error(
                "syntax/alias",
                format!("{} stands inside what it names", shown(&place.written())),
            )
            .at(place)
            .boxed());
        };
        let (cost, height) = (*cost, *height);
        if depth + height - 1 > MAX_DEPTH {
            return Err(too_deep(place));
        }
        // Paid for before it is copied, so that a bomb costs nothing.
        self.spend(cost, place)?;
        let Some(Anchored { node, .. }) = self.anchors.get(&id) else { return Err(too_deep(place)) };
        let mut node = node.clone();
        node.used_at = Some(Box::new(place.clone()));
        Ok(Built { node, cost, height })
    }

    fn remember(&mut self, anchor: usize, built: &Built) -> Result<(), Fatal> {
        self.anchored = self.anchored.and(built.cost);
        self.anchored.check(&built.node.place)?;
        let Built { node, cost, height } = built;
        self.anchors.insert(anchor, Anchored { node: node.clone(), cost: *cost, height: *height });
        Ok(())
    }

    /// Adds what `<<` brings; what the mapping says itself wins, then what comes first.
    fn merge(&mut self, entries: &mut Vec<(Key, Node)>, merged: Node) {
        let mut known: HashSet<String> = entries.iter().map(|(key, _)| key.name.clone()).collect();
        let used_at = merged.used_at.clone();
        let sources = match merged.value {
            Value::Sequence(items) => items,
            value => vec![Node { value, place: merged.place, used_at: merged.used_at }],
        };
        for source in sources {
            let used_at = source.used_at.or_else(|| used_at.clone());
            let Value::Mapping(more) = source.value else {
                self.faults.push(
                    Diagnostic::error("syntax/merge-key", "`<<` takes a mapping or a list of mappings")
                        .at(used_at.as_deref().unwrap_or(&source.place)),
                );
                continue;
            };
            for (key, mut node) in more {
                if known.insert(key.name.clone()) {
                    node.used_at = node.used_at.or_else(|| used_at.clone());
                    entries.push((key, node));
                }
            }
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, place: &Place) -> Scalar {
        let plain = if style == ScalarStyle::Plain { resolve(text) } else { Scalar::String(text.to_owned()) };
        let Some(tag) = tag else { return plain };
        let word = match &plain {
            Scalar::Null => "null",
            Scalar::Bool(_) => "bool",
            Scalar::Number(number) if number.is_f64() => "float",
            Scalar::Number(_) => "int",
            Scalar::String(_) => "str",
        };
        if tag.core_suffix() == Some("str") {
            return Scalar::String(text.to_owned());
        }
        self.check_tag(Some(tag), word, place);
        plain
    }

    fn check_tag(&mut self, tag: Option<&Tag>, wanted: &str, place: &Place) {
        let Some(tag) = tag else { return };
        if tag.core_suffix() != Some(wanted) {
            let name = shown(&tag.original());
            self.faults.push(
                Diagnostic::error("syntax/tag", format!("the tag {name} has no meaning here"))
                    .at(place)
                    .hint("remove the tag; types follow from how a value is written"),
            );
        }
    }

    fn spend(&mut self, cost: Cost, place: &Place) -> Result<(), Fatal> {
        self.spent = self.spent.and(cost);
        self.spent.check(place)
    }

    fn tag_place(&self, span: Span) -> Place {
        self.place(span.tag_span().unwrap_or(span))
    }

    fn place(&self, span: Span) -> Place {
        let len = span.end.index().saturating_sub(span.start.index());
        Place { file: Arc::clone(self.file), line: span.start.line(), column: span.start.col() + 1, len }
    }
}

fn collection_place(mut place: Place, style: StructureStyle) -> Place {
    // The event of an opening bracket covers the bracket; a block collection has nothing of its own to show.
    if style == StructureStyle::Block {
        place.len = 0;
    }
    place
}
