//! The first documents of an EPUB, as an EPUB that is whole in itself.
//!
//! What is cut is gone from the package document, from both tables of contents and from links; pictures and sounds that
//! no document shows any more are gone, too.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{self, Element};
use super::zipped::{Archive, write};
use super::{Cut, CutError};
use crate::archive::dos_time::DosTime;

const MIMETYPE: &str = "mimetype";
const CONTAINER: &str = "META-INF/container.xml";

/// An item of the manifest.
struct Item {
    path: String,
    media: String,
    properties: String,
    overlay: Option<String>,
}

pub(super) fn cut(archive: &mut Archive<'_>, documents: usize, time: DosTime) -> Result<Cut, CutError> {
    if archive.has("META-INF/rights.xml") || encrypts(archive)? {
        return Err(CutError::Encrypted);
    }
    let package_path = package_path(archive)?;
    let mut package = tree::parse(&archive.read(&package_path)?)?;
    let items = items(&package, &package_path);
    let spine = spine(&package);
    let of = spine.len();
    if of == 0 {
        return Err(CutError::Damaged("it has no order of reading".into()));
    }
    let kept: BTreeSet<&String> = spine.iter().take(documents.max(1)).collect();
    let mut gone: BTreeSet<String> = spine.iter().filter(|id| !kept.contains(id)).cloned().collect();
    // The table of contents stays even when it stood among what is cut: an EPUB needs one.
    let navigation: BTreeSet<String> = items
        .iter()
        .filter(|(_, item)| has_word(&item.properties, "nav"))
        .map(|(id, _)| id.clone())
        .collect();
    gone.retain(|id| !navigation.contains(id));
    let overlays: Vec<String> = gone.iter().filter_map(|id| items.get(id)?.overlay.clone()).collect();
    gone.extend(overlays);
    let mut texts = texts(archive, &items, &gone)?;
    gone.extend(unseen(&items, &texts, &package));
    let lost: BTreeSet<String> = gone.iter().filter_map(|id| Some(items.get(id)?.path.clone())).collect();
    let first = spine.first().and_then(|id| items.get(id)).map(|item| item.path.clone()).unwrap_or_default();
    for (id, (path, text)) in &mut texts {
        let Some(item) = items.get(id) else { continue };
        if item.media == "application/xhtml+xml" {
            *text = without_links(text, path, &lost, &first, navigation.contains(id))?;
        } else if item.media == "application/x-dtbncx+xml" {
            *text = without_points(text, path, &lost, &first)?;
        }
    }
    prune(&mut package, &package_path, &gone, &lost);
    let mut changed: BTreeMap<String, Vec<u8>> = texts.into_values().collect();
    changed.insert(package_path, tree::print(&package)?);
    let bytes = pack(archive, &changed, &lost, time)?;
    Ok(Cut { extension: "epub", bytes, kept: kept.len(), of })
}

/// Whether anything but fonts is encrypted.
fn encrypts(archive: &mut Archive<'_>) -> Result<bool, CutError> {
    if !archive.has("META-INF/encryption.xml") {
        return Ok(false);
    }
    let text = String::from_utf8_lossy(&archive.read("META-INF/encryption.xml")?).into_owned();
    // Obfuscated fonts are no protection of the text; their two algorithms are known by name.
    let ciphers = text.matches("EncryptionMethod").count()
        / if text.contains("</enc:EncryptionMethod") { 2 } else { 1 };
    let fonts = text.matches("http://www.idpf.org/2008/embedding").count()
        + text.matches("http://ns.adobe.com/pdf/enc#RC").count();
    Ok(ciphers > fonts)
}

fn package_path(archive: &mut Archive<'_>) -> Result<String, CutError> {
    let mut container = tree::parse(&archive.read(CONTAINER)?)?;
    let mut path = None;
    container.each(&mut |element| {
        if element.name() == "rootfile" && path.is_none() {
            path = element.attribute("full-path");
        }
    });
    path.ok_or_else(|| CutError::Damaged("it names no package document".into()))
}

fn items(package: &Element, package_path: &str) -> BTreeMap<String, Item> {
    let mut found = BTreeMap::new();
    package.clone().each(&mut |element| {
        if element.name() == "item"
            && let (Some(id), Some(href)) = (element.attribute("id"), element.attribute("href"))
        {
            let item = Item {
                path: resolve(package_path, &href),
                media: element.attribute("media-type").unwrap_or_default(),
                properties: element.attribute("properties").unwrap_or_default(),
                overlay: element.attribute("media-overlay"),
            };
            found.insert(id, item);
        }
    });
    found
}

fn spine(package: &Element) -> Vec<String> {
    let mut spine = Vec::new();
    package.clone().each(&mut |element| {
        if element.name() == "itemref" {
            spine.extend(element.attribute("idref"));
        }
    });
    spine
}

/// The texts that stay and may name other files: documents, contents, styles, drawings.
fn texts(
    archive: &mut Archive<'_>,
    items: &BTreeMap<String, Item>,
    gone: &BTreeSet<String>,
) -> Result<BTreeMap<String, (String, Vec<u8>)>, CutError> {
    const TEXTS: &[&str] = &[
        "application/xhtml+xml",
        "application/x-dtbncx+xml",
        "text/css",
        "image/svg+xml",
        "application/smil+xml",
        "text/javascript",
        "application/javascript",
    ];
    let mut texts = BTreeMap::new();
    for (id, item) in items {
        if !gone.contains(id) && TEXTS.contains(&item.media.as_str()) && archive.has(&item.path) {
            texts.insert(id.clone(), (item.path.clone(), archive.read(&item.path)?));
        }
    }
    Ok(texts)
}

/// Pictures, sounds and films that no text names any more.
fn unseen(
    items: &BTreeMap<String, Item>,
    texts: &BTreeMap<String, (String, Vec<u8>)>,
    package: &Element,
) -> Vec<String> {
    let shown: String =
        texts.values().map(|(_, text)| String::from_utf8_lossy(text).into_owned() + "\n").collect();
    let mut cover = None;
    package.clone().each(&mut |element| {
        if element.name() == "meta" && element.attribute("name").as_deref() == Some("cover") {
            cover = element.attribute("content");
        }
    });
    let heavy =
        |item: &Item| ["image/", "audio/", "video/"].iter().any(|class| item.media.starts_with(class));
    let named = |item: &Item| {
        let last = item.path.rsplit('/').next().unwrap_or_default();
        shown.contains(last) || shown.contains(&escaped(last))
    };
    let unseen = items.iter().filter(|(id, item)| {
        heavy(item)
            && !named(item)
            && !has_word(&item.properties, "cover-image")
            && cover.as_ref() != Some(*id)
    });
    unseen.map(|(id, _)| id.clone()).collect()
}

/// Takes links to what is gone out of a document; in the table of contents, with their entries.
fn without_links(
    text: &[u8],
    path: &str,
    lost: &BTreeSet<String>,
    first: &str,
    contents: bool,
) -> Result<Vec<u8>, CutError> {
    let mut document = tree::parse(text)?;
    let leads_away = |element: &Element| {
        element.name() == "a"
            && element.attribute("href").is_some_and(|href| lost.contains(&resolve(path, &href)))
    };
    if contents {
        document.keep(&mut |element| match element.name().as_str() {
            // Inner entries were asked first: one that keeps a list keeps its own heading.
            "li" => {
                !element.elements().any(leads_away) || element.elements().any(|inner| inner.name() == "ol")
            }
            "ol" => element.elements().next().is_some(),
            _ => true,
        });
        document.each(&mut |element| {
            if element.name() == "nav" && !element.elements().any(|inner| inner.name() == "ol") {
                let mut list = Element::new("ol", &[]);
                let mut entry = Element::new("li", &[]);
                let mut link = Element::new("a", &[("href", &relative(path, first))]);
                link.inside.push(tree::Node::Other(quick_xml::events::Event::Text(
                    quick_xml::events::BytesText::new("1").into_owned(),
                )));
                entry.push(link);
                list.push(entry);
                element.push(list);
            }
        });
    }
    document.each(&mut |element| {
        if (element.name() == "a" || element.name() == "area")
            && element.attribute("href").is_some_and(|href| lost.contains(&resolve(path, &href)))
        {
            element.remove("href");
        }
    });
    tree::print(&document)
}

/// Takes entries that lead to what is gone out of the older table of contents.
fn without_points(
    text: &[u8],
    path: &str,
    lost: &BTreeSet<String>,
    first: &str,
) -> Result<Vec<u8>, CutError> {
    let mut document = tree::parse(text)?;
    let leads_away = |element: &Element| {
        element.elements().any(|inner| {
            inner.name() == "content"
                && inner.attribute("src").is_some_and(|src| lost.contains(&resolve(path, &src)))
        })
    };
    document.keep(&mut |element| match element.name().as_str() {
        "navPoint" | "pageTarget" | "navTarget" => !leads_away(element),
        "pageList" => element.elements().any(|inner| inner.name() == "pageTarget"),
        "navList" => element.elements().any(|inner| inner.name() == "navTarget"),
        _ => true,
    });
    document.each(&mut |element| {
        if element.name() == "navMap" && !element.elements().any(|inner| inner.name() == "navPoint") {
            let mut point = Element::new("navPoint", &[("id", "sample-1"), ("playOrder", "1")]);
            let mut label = Element::new("navLabel", &[]);
            let mut label_text = Element::new("text", &[]);
            label_text.inside.push(tree::Node::Other(quick_xml::events::Event::Text(
                quick_xml::events::BytesText::new("1").into_owned(),
            )));
            label.push(label_text);
            point.push(label);
            point.push(Element::new("content", &[("src", &relative(path, first))]));
            element.push(point);
        }
    });
    tree::print(&document)
}

/// Takes what is gone out of manifest, spine and guide.
fn prune(package: &mut Element, package_path: &str, gone: &BTreeSet<String>, lost: &BTreeSet<String>) {
    let is_gone = |id: Option<String>| id.is_some_and(|id| gone.contains(&id));
    package.keep(&mut |element| match element.name().as_str() {
        "item" => !is_gone(element.attribute("id")),
        "itemref" => !is_gone(element.attribute("idref")),
        "reference" => {
            !element.attribute("href").is_some_and(|href| lost.contains(&resolve(package_path, &href)))
        }
        "guide" => element.elements().any(|inner| inner.name() == "reference"),
        // Durations of sounds that are gone.
        "meta" => !element
            .attribute("refines")
            .is_some_and(|refines| is_gone(refines.strip_prefix('#').map(str::to_owned))),
        _ => true,
    });
}

fn pack(
    archive: &mut Archive<'_>,
    changed: &BTreeMap<String, Vec<u8>>,
    lost: &BTreeSet<String>,
    time: DosTime,
) -> Result<Vec<u8>, CutError> {
    let mut members = vec![(MIMETYPE.to_owned(), b"application/epub+zip".to_vec(), false)];
    let names = archive.names().to_vec();
    for name in names {
        // Signatures are of the whole, and hold no longer.
        let left_out = name == MIMETYPE
            || name.ends_with('/')
            || lost.contains(&name)
            || name == "META-INF/signatures.xml";
        if left_out || members.iter().any(|(known, _, _)| *known == name) {
            continue;
        }
        let bytes = match changed.get(&name) {
            Some(bytes) => bytes.clone(),
            None => archive.read(&name)?,
        };
        members.push((name, bytes, true));
    }
    write(&members, time)
}

fn has_word(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

/// The path in the container that a reference means, without its fragment.
fn resolve(from: &str, href: &str) -> String {
    let href = href.split(['#', '?']).next().unwrap_or_default();
    if href.is_empty() || href.contains("://") {
        return String::new();
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in href.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    unescaped(&parts.join("/"))
}

/// How one file of a container refers to another.
fn relative(from: &str, to: &str) -> String {
    let folder: Vec<&str> = from.split('/').collect();
    let target: Vec<&str> = to.split('/').collect();
    let depth = folder.len().saturating_sub(1);
    let shared = folder.iter().take(depth).zip(&target).take_while(|(one, other)| one == other).count();
    let up = "../".repeat(depth - shared.min(depth));
    escaped(&(up + &target.get(shared..).unwrap_or_default().join("/")))
}

fn escaped(path: &str) -> String {
    path.replace('%', "%25").replace(' ', "%20")
}

/// Percent signs and the five entities, resolved.
fn unescaped(path: &str) -> String {
    let path = path.replace("&amp;", "&").replace("&apos;", "'").replace("&quot;", "\"");
    let source = path.as_bytes();
    let mut bytes = Vec::with_capacity(path.len());
    let mut at = 0;
    while let Some(&byte) = source.get(at) {
        let pair = source.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let value = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match value.filter(|_| byte == b'%') {
            Some(value) => {
                bytes.push(value);
                at += 3;
            }
            None => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
