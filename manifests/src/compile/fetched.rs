//! A source that is fetched: its address, what proves it, and where it lies once it is here.
//!
//! Fetches nothing. The folder of a file is named after its digest, so what lies there needs no other proof of being
//! the right one, and many manifests share it.

use engine::value::shown;
use engine::{Origin, Source};
use serde_json::{Map, Value};
use url::Url;

use super::Compiler;
use super::items::Item;
use crate::diagnostic::Diagnostic;
use crate::node::Node;
use crate::written::{Fetched, Sha256};

/// Longest name of a file, in bytes: file systems take 255, and one that is under way has a longer name.
const LONGEST_NAME: usize = 240;

impl Compiler<'_, '_> {
    /// The source that an address names; nothing after a fault.
    pub(super) fn fetched(
        &mut self,
        fetched: &Fetched,
        node: &Node,
        item: &Item,
        vars: &Map<String, Value>,
    ) -> Option<Source> {
        let at = |key: &str| node.get(key).unwrap_or(node);
        let url = self.filled(&fetched.url, item, vars, at("url"));
        let sha256 = self.filled(fetched.sha256.as_str(), item, vars, at("sha256"));
        let name = match &fetched.name {
            Some(name) => Some(self.filled(name, item, vars, at("name"))?),
            None => None,
        };
        let (url, sha256) = (url?, sha256?);
        let address = self.told(address(&url), at("url"), item);
        let sha256 = self.told(digest(&sha256), at("sha256"), item);
        let (address, sha256) = (address?, sha256?);
        let name = match name {
            Some(name) => self.told(checked(name), at("name"), item),
            None => self.told(last_part(&address), at("url"), item),
        }?;
        let path = self.context.fetched.join(&sha256).join(&name);
        Some(Source { path, name, origin: Some(Box::new(Origin { url: address.into(), sha256 })) })
    }

    fn told<T>(&mut self, found: Result<T, Box<Diagnostic>>, node: &Node, item: &Item) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(fault) => {
                self.faults.push(item.blamed(fault.at(&node.place)));
                None
            }
        }
    }
}

fn address(written: &str) -> Result<Url, Box<Diagnostic>> {
    let fault = |message: String| Diagnostic::error("source/url", message);
    let url = Url::parse(written.trim()).map_err(|error| {
        fault(format!("{} is no address: {error}", shown(written)))
            .hint("write the whole of it, such as `https://example.org/book.epub`")
            .boxed()
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(fault(format!("{}: addresses cannot be fetched", shown(url.scheme())))
            .hint("sources come from `https:` or `http:`; a local file is named by its path")
            .boxed());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("the address holds a login".to_owned())
            .hint("manifests hold no secrets; fetch the file yourself, and write its path")
            .boxed());
    }
    Ok(url)
}

fn digest(written: &str) -> Result<String, Box<Diagnostic>> {
    Sha256::digits(written.trim()).ok_or_else(|| {
        Diagnostic::error("source/digest", format!("{} is no SHA-256 digest", shown(written)))
            .hint("it has 64 hexadecimal digits; `sha256sum FILE` prints it")
            .boxed()
    })
}

/// The name that the end of an address gives.
fn last_part(url: &Url) -> Result<String, Box<Diagnostic>> {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let decoded = percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned();
    checked(decoded)
}

fn checked(name: String) -> Result<String, Box<Diagnostic>> {
    let is_bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | '\u{fffd}');
    if name.is_empty() || name.len() > LONGEST_NAME || name.starts_with('.') || name.contains(is_bad) {
        let message = format!("{} is no name for a file", shown(&name));
        return Err(Diagnostic::error("source/bad-name", message)
            .hint("give it one: `source: { url: …, sha256: …, name: book.epub }`")
            .boxed());
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_end_of_the_address() {
        let check = |url: &str, wanted: Option<&str>| {
            let found = last_part(&address(url).unwrap()).ok();
            assert_eq!(found.as_deref(), wanted, "{url}");
        };
        check("https://example.org/a/The%20Book.epub?x=1#top", Some("The Book.epub"));
        check("http://example.org:8080/%C3%A9t%C3%A9.pdf", Some("été.pdf"));
        for bad in ["", "a/", "%2e%2e%2fpasswd", "..%5cx", ".hidden", "a%00b", "a%ffb"] {
            check(&format!("https://example.org/{bad}"), None);
        }
        check(&format!("https://example.org/{}", "a".repeat(241)), None);
    }

    #[test]
    fn addresses_that_cannot_be_fetched_say_why() {
        let check = |url: &str, words: &str| {
            let fault = address(url).unwrap_err();
            assert!(fault.message.contains(words), "{}", fault.message);
        };
        check("book.epub", "no address");
        check("ftp://example.org/book.epub", "cannot be fetched");
        check("file:///etc/passwd", "cannot be fetched");
        check("https://me:pw@example.org/book.epub", "holds a login");
        assert!(!address("https://me:pw@example.org/x").unwrap_err().message.contains("pw"));
    }

    #[test]
    fn a_digest_is_64_digits_in_any_case() {
        assert_eq!(digest(&"AB".repeat(32)).ok(), Some("ab".repeat(32)));
        assert!(digest("ab").is_err() && digest(&"g".repeat(64)).is_err());
    }
}
