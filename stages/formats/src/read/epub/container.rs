//! The OCF side of a book: which package document counts, how references resolve, whether it is encrypted.
//!
//! Knows nothing of metadata.

use crate::read::zipped::{Container, printable};
use crate::read::{Damage, Found, Limits, xml};

/// Where every OCF container says what is in it.
pub const CONTAINER: &str = "META-INF/container.xml";

/// The name of the first package document. A book without a readable container document still has one as a rule, which
/// is then taken, and the book is damaged.
pub fn package_path(
    container: &mut Container<'_>,
    found: &mut Found,
    limits: &Limits,
) -> Result<String, Damage> {
    let why = match container.read(CONTAINER, limits.entry_bytes) {
        Some(member) => {
            let document = xml::parse(&member.bytes, limits);
            if let Some(path) = rootfile(container, &document.root) {
                return Ok(path);
            }
            let damage = member.damage.or(document.damage);
            damage.map_or_else(
                || format!("`{CONTAINER}` names no package document that is there"),
                |damage| damage.what,
            )
        }
        None => format!("`{CONTAINER}` is missing"),
    };
    let stray = container.names().find(|name| name.to_ascii_lowercase().ends_with(".opf")).map(str::to_owned);
    let Some(path) = stray else { return Err(Damage::of(why)) };
    found.note(format!("took `{}` for the package document", printable(&path)));
    found.damaged(Damage::of(why));
    Ok(path)
}

/// The member that a reference in the member `base` means. `None` when it leads out of the container or elsewhere.
pub fn resolve(base: &str, reference: &str) -> Option<String> {
    let reference = reference.split(['#', '?']).next().unwrap_or_default();
    let first = reference.split('/').next().unwrap_or_default();
    if reference.is_empty() || first.contains(':') {
        return None;
    }
    let decoded = percent_decoded(reference);
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = if decoded.starts_with('/') { decoded } else { format!("{folder}/{decoded}") };
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            segment => segments.push(segment),
        }
    }
    (!segments.is_empty()).then(|| segments.join("/"))
}

/// Whether something in the book is encrypted in earnest. Mangled fonts are not, and reading systems undo them unasked.
pub fn is_encrypted(container: &mut Container<'_>, limits: &Limits) -> bool {
    /// Rights documents of the systems that lock books.
    const RIGHTS: [&str; 2] = ["META-INF/rights.xml", "META-INF/sinf.xml"];
    const FONTS: [&str; 2] = ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"];
    if container.is_encrypted() || RIGHTS.iter().any(|name| container.find(name).is_some()) {
        return true;
    }
    let Some(member) = container.read("META-INF/encryption.xml", limits.entry_bytes) else { return false };
    let document = xml::parse(&member.bytes, limits);
    let mut entries = Vec::new();
    document.root.descendants("EncryptedData", &mut entries);
    entries.iter().any(|entry| {
        let algorithm = entry.child("EncryptionMethod").and_then(|method| method.attribute("Algorithm"));
        algorithm.is_none_or(|algorithm| !FONTS.contains(&algorithm))
    })
}

fn rootfile(container: &Container<'_>, root: &xml::Element) -> Option<String> {
    let mut rootfiles = Vec::new();
    root.descendants("rootfile", &mut rootfiles);
    let packages = rootfiles.iter().filter(|rootfile| {
        let kind = rootfile.attribute("media-type");
        kind.is_none_or(|kind| kind.eq_ignore_ascii_case("application/oebps-package+xml"))
    });
    packages.filter_map(|rootfile| rootfile.attribute("full-path")).find_map(|path| {
        let plain = path.trim_start_matches('/');
        let decoded = resolve("", path);
        let slashed = path.replace('\\', "/");
        let candidates = [Some(plain), decoded.as_deref(), Some(slashed.as_str())].into_iter().flatten();
        candidates.filter_map(|name| container.find(name)).map(str::to_owned).next()
    })
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(base: &str, reference: &str, want: Option<&str>) {
        assert_eq!(resolve(base, reference).as_deref(), want, "{base} + {reference}");
    }

    #[test]
    fn references_resolve_against_their_document() {
        check("OPS/package.opf", "images/c%C3%B4ver.jpg#x", Some("OPS/images/c\u{f4}ver.jpg"));
        check("package.opf", "./a/../b.png", Some("b.png"));
        check("OPS/text/a.xhtml", "../b.png", Some("OPS/b.png"));
        check("OPS/a.opf", "/b.png", Some("b.png"));
        check("a.opf", "100%.png", Some("100%.png"));
    }

    #[test]
    fn no_reference_leaves_the_container() {
        check("OPS/package.opf", "../../etc/passwd", None);
        check("OPS/package.opf", "%2e%2e/%2e%2e/etc/passwd", None);
        check("OPS/package.opf", "http://example.org/a.png", None);
        check("OPS/package.opf", "file:///etc/passwd", None);
        check("OPS/package.opf", "#here", None);
    }

    proptest! {
        #[test]
        fn a_resolved_name_has_no_dots_left(base in "[a-z./%]{0,12}", reference in "[a-z./%2e:]{0,20}") {
            if let Some(path) = resolve(&base, &reference) {
                prop_assert!(path.split('/').all(|segment| !matches!(segment, "" | "." | "..")), "{}", path);
            }
        }
    }
}
