//! What an XMP packet says: properties by namespace and name.
//!
//! Knows how RDF writes values and lists, and no more of RDF.

use crate::read::Limits;
use crate::read::markup::collapse;
use crate::read::xml::{self, Element};

/// A parsed packet.
#[derive(Default)]
pub struct Xmp {
    root: Element,
}

/// The parts of namespaces' names that tell them apart in all their versions.
pub const DUBLIN_CORE: &str = "purl.org/dc/elements";
pub const PRISM: &str = "prismstandard.org/namespaces";
pub const PDF: &str = "ns.adobe.com/pdf/1";
pub const PDFX: &str = "ns.adobe.com/pdfx";
pub const BASIC: &str = "ns.adobe.com/xap/1.0/";
pub const CALIBRE: &str = "calibre-ebook.com";

impl Xmp {
    pub fn parse(bytes: &[u8], limits: &Limits) -> Self {
        Self { root: xml::parse(bytes, limits).root }
    }

    /// The first value of a property: of alternatives in several languages the one for everybody.
    pub fn first(&self, space: &str, name: &str) -> Option<String> {
        self.all(space, name).into_iter().next()
    }

    /// Every value of a property, in order.
    pub fn all(&self, space: &str, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        for description in self.descriptions() {
            for property in description.children().filter(|child| of(child, space, name)) {
                values.extend(listed(property));
            }
            // Attributes are simple properties; their names carry no namespace any more.
            if values.is_empty() && space != DUBLIN_CORE {
                let attribute = description.attributes.iter().find(|(known, _)| known == name);
                values.extend(attribute.map(|(_, value)| value.clone()));
            }
        }
        values.retain(|value| !value.trim().is_empty());
        values
    }

    /// Entries of a list whose parts have names, such as identifiers with their scheme.
    pub fn entries(&self, space: &str, name: &str) -> Vec<&Element> {
        let mut entries = Vec::new();
        for property in self.descriptions().iter().flat_map(|description| description.children()) {
            if of(property, space, name) {
                property.descendants("li", &mut entries);
            }
        }
        entries
    }

    /// The first property of this name, with everything in it.
    pub fn property(&self, space: &str, name: &str) -> Option<&Element> {
        self.descriptions().into_iter().flat_map(Element::children).find(|child| of(child, space, name))
    }

    fn descriptions(&self) -> Vec<&Element> {
        let mut roots = Vec::new();
        self.root.descendants("RDF", &mut roots);
        roots
            .first()
            .into_iter()
            .flat_map(|root| root.children())
            .filter(|child| child.is("Description"))
            .collect()
    }
}

/// The text of a named part of an entry, as an element or an attribute, at any depth.
pub fn part(entry: &Element, name: &str) -> Option<String> {
    let mut parts = Vec::new();
    entry.descendants(name, &mut parts);
    let element = parts.first().map(|part| collapse(&part.text()));
    let mut inner = Vec::new();
    entry.descendants("Description", &mut inner);
    let attribute =
        || std::iter::once(entry).chain(inner).find_map(|element| element.attribute(name)).map(str::to_owned);
    element.or_else(attribute).filter(|text| !text.is_empty())
}

fn of(element: &Element, space: &str, name: &str) -> bool {
    element.name == name && element.space.as_deref().is_none_or(|known| known.contains(space))
}

/// The values of a property: those of its list, or its own.
fn listed(property: &Element) -> Vec<String> {
    let list = property.children().find(|child| child.is("Alt") || child.is("Seq") || child.is("Bag"));
    let Some(list) = list else {
        return vec![part(property, "value").unwrap_or_else(|| property.text())];
    };
    let mut entries: Vec<&Element> = list.children().filter(|child| child.is("li")).collect();
    entries.sort_by_key(|entry| entry.attribute("lang") != Some("x-default"));
    entries.into_iter().map(Element::text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(packet: &str, space: &str, name: &str, want: &[&str]) {
        let packet = format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' \
             xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:pdf='http://ns.adobe.com/pdf/1.3/' \
             xmlns:o='http://example.org/'>{packet}</rdf:RDF></x:xmpmeta>"
        );
        assert_eq!(Xmp::parse(packet.as_bytes(), &Limits::default()).all(space, name), want);
    }

    #[test]
    fn values_are_elements_attributes_or_lists() {
        check("<rdf:Description pdf:Producer='P'/>", PDF, "Producer", &["P"]);
        check("<rdf:Description><pdf:Producer>P</pdf:Producer></rdf:Description>", PDF, "Producer", &["P"]);
        check(
            "<rdf:Description><dc:creator><rdf:Seq><rdf:li>A</rdf:li><rdf:li>B</rdf:li></rdf:Seq></dc:creator></rdf:Description>",
            DUBLIN_CORE,
            "creator",
            &["A", "B"],
        );
        check(
            "<rdf:Description><dc:title><rdf:Alt><rdf:li xml:lang='de'>D</rdf:li><rdf:li xml:lang='x-default'>T</rdf:li></rdf:Alt></dc:title></rdf:Description>",
            DUBLIN_CORE,
            "title",
            &["T", "D"],
        );
    }

    #[test]
    fn what_describes_a_part_or_is_of_another_vocabulary_does_not_count() {
        check("<rdf:Description><o:title>X</o:title></rdf:Description>", DUBLIN_CORE, "title", &[]);
        check(
            "<rdf:Description><o:part><rdf:Description><dc:title>X</dc:title></rdf:Description></o:part></rdf:Description>",
            DUBLIN_CORE,
            "title",
            &[],
        );
    }
}
