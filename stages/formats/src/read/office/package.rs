//! The parts of an Office package: found by their relationships, else where they usually are.
//!
//! Compares names and opens members by them alone; a target outside the package is none.

use super::{cut_short, take_text};
use crate::read::properties::{Properties, fill};
use crate::read::prose::Prose;
use crate::read::xml::{self, Element};
use crate::read::zipped::{Container, Member};
use crate::read::{Found, Limits};

/// An open package.
pub struct Package<'a> {
    container: Container<'a>,
    /// Kind of relationship and the part it leads to.
    relations: Vec<(String, String)>,
}

impl<'a> Package<'a> {
    pub fn open(mut container: Container<'a>, limits: &Limits) -> Self {
        let bytes = container.read("_rels/.rels", limits.entry_bytes).map(|member| member.bytes);
        let root = xml::parse(&bytes.unwrap_or_default(), limits).root;
        let mut entries = Vec::new();
        root.descendants("Relationship", &mut entries);
        let relation = |entry: &Element| {
            let kind = entry.attribute("Type")?.rsplit('/').next()?.to_owned();
            let target = entry.attribute("Target")?.trim_start_matches("./").trim_start_matches('/');
            Some((kind, target.to_owned()))
        };
        Self { container, relations: entries.into_iter().filter_map(relation).collect() }
    }

    /// What the package says about itself.
    pub fn properties(&mut self, found: &mut Found, limits: &Limits) -> Properties {
        let mut properties = Properties::default();
        if let Some(root) = self.part("core-properties", "docProps/core.xml", found, limits) {
            core(&root, &mut properties);
        }
        if let Some(root) = self.part("extended-properties", "docProps/app.xml", found, limits) {
            extended(&root, &mut properties);
        }
        if let Some(root) = self.part("custom-properties", "docProps/custom.xml", found, limits) {
            custom(&root, &mut properties);
        }
        properties
    }

    /// The running text, and whether that is all of it.
    pub fn prose(&mut self, format: &str, found: &mut Found, limits: &Limits) -> (Prose, bool) {
        let mut prose = Prose::default();
        let parts = match format {
            "docx" => vec![self.main("word/document.xml")],
            "pptx" => self.slide_names(),
            _ => Vec::new(),
        };
        let mut left = limits.entry_bytes;
        let mut whole = !parts.is_empty();
        for name in parts {
            let Some(Member { bytes, damage, cut }) = self.container.read(&name, left) else {
                whole = false;
                continue;
            };
            take_text(&mut prose, &bytes);
            left = left.saturating_sub(bytes.len() as u64);
            whole &= damage.is_none() && !cut;
            if let Some(damage) = damage {
                found.damaged(damage);
            }
            if cut {
                found.note(format!("{}: words were not counted", cut_short(&name, limits)));
                break;
            }
        }
        (prose, whole)
    }

    /// The language that text has when it says nothing else: of the styles, else of the settings.
    pub fn default_language(&mut self, limits: &Limits) -> Option<String> {
        let folder = self.main("word/document.xml");
        let folder = folder.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let styles = self.markup(&format!("{folder}styles.xml"), limits);
        let lang = styles.as_ref().and_then(|root| {
            let mut defaults = Vec::new();
            root.descendants("docDefaults", &mut defaults);
            language_in(defaults.first()?)
        });
        let lang = lang.or_else(|| {
            let settings = self.markup(&format!("{folder}settings.xml"), limits)?;
            let mut found = Vec::new();
            settings.descendants("themeFontLang", &mut found);
            found.first()?.attribute("val").map(str::to_owned)
        });
        lang.as_deref().and_then(crate::read::language::bcp47)
    }

    /// How many slides there are.
    pub fn slides(&self) -> u64 {
        self.slide_names().len() as u64
    }

    fn slide_names(&self) -> Vec<String> {
        let number = |name: &str| -> Option<u32> {
            let name = name.to_ascii_lowercase();
            name.strip_prefix("ppt/slides/slide")?.strip_suffix(".xml")?.parse().ok()
        };
        let mut slides: Vec<(u32, String)> =
            self.container.names().filter_map(|name| Some((number(name)?, name.to_owned()))).collect();
        slides.sort_unstable();
        slides.into_iter().map(|(_, name)| name).collect()
    }

    fn main(&self, usual: &str) -> String {
        let target =
            self.relations.iter().find(|(kind, _)| kind == "officeDocument").map(|(_, target)| target);
        target.filter(|target| self.container.find(target).is_some()).map_or(usual, String::as_str).to_owned()
    }

    fn part(&mut self, kind: &str, usual: &str, found: &mut Found, limits: &Limits) -> Option<Element> {
        let target = self.relations.iter().find(|(known, _)| known == kind).map(|(_, target)| target.clone());
        let name =
            target.filter(|target| self.container.find(target).is_some()).unwrap_or_else(|| usual.to_owned());
        let Member { bytes, damage, cut } = self.container.read(&name, limits.entry_bytes)?;
        if let Some(damage) = damage {
            found.damaged(damage);
        }
        if cut {
            found.damaged(cut_short(&name, limits));
        }
        let document = xml::parse(&bytes, limits);
        for note in document.notes {
            found.note(note);
        }
        if let Some(damage) = document.damage.filter(|_| !bytes.iter().all(u8::is_ascii_whitespace)) {
            found.damaged(crate::read::Damage::of(format!(
                "`{}`: {damage}",
                crate::read::zipped::printable(&name)
            )));
        }
        Some(document.root)
    }

    /// A part that only helps: nothing is lost when it is broken.
    fn markup(&mut self, name: &str, limits: &Limits) -> Option<Element> {
        let bytes = self.container.read(name, limits.entry_bytes)?.bytes;
        Some(xml::parse(&bytes, limits).root)
    }
}

fn language_in(styles: &Element) -> Option<String> {
    let mut found = Vec::new();
    styles.descendants("lang", &mut found);
    found.first()?.attribute("val").map(str::to_owned)
}

/// Core properties: Dublin Core and what Office adds.
pub fn core(root: &Element, properties: &mut Properties) {
    for entry in root.children().flat_map(Element::children) {
        let text = entry.text();
        match entry.name.as_str() {
            "title" => fill(&mut properties.title, &text),
            "creator" => properties.authors.push(text),
            "contributor" => properties.contributors.push(text),
            "publisher" => fill(&mut properties.publisher, &text),
            "rights" => fill(&mut properties.rights, &text),
            "subject" | "category" => properties.topics.push(text),
            "keywords" => properties.keywords.push(text),
            "description" => fill(&mut properties.description, &text),
            "language" => fill(&mut properties.language, &text),
            "identifier" => properties.identifiers.push((text, None)),
            "created" => fill(&mut properties.date, &text),
            _ => {}
        }
    }
}

/// Extended properties: the program, and what it counted.
pub fn extended(root: &Element, properties: &mut Properties) {
    let count = |text: &str| text.trim().parse::<u64>().ok();
    for entry in root.children().flat_map(Element::children) {
        let text = entry.text();
        match entry.name.as_str() {
            "Application" => fill(&mut properties.producer, &text),
            "Pages" | "Slides" => properties.pages = count(&text),
            "Words" => properties.words = count(&text),
            _ => {}
        }
    }
}

fn custom(root: &Element, properties: &mut Properties) {
    for entry in root.children().flat_map(Element::children) {
        if let Some(name) = entry.attribute("name") {
            properties.custom(name, &entry.text());
        }
    }
}
