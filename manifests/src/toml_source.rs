//! TOML text into the same tree of nodes with places.
//!
//! Knows nothing of configuration.

use std::sync::Arc;

use serde_json::Number;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::node::{File, Key, Node, Place, Scalar, Value};
use crate::parse::{MAX_BYTES, MAX_DEPTH, Parsed, too_long};
use crate::place::shown;

/// Reads one TOML document; its syntax faults come all at once.
pub fn parse_toml(file: &Arc<File>) -> Parsed {
    if file.text.len() > MAX_BYTES {
        return Parsed { root: None, faults: vec![too_long(file)] };
    }
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let mut reader = Reader { file, faults: Vec::new() };
    reader.faults.extend(errors.iter().map(|error| {
        let range = error.span().unwrap_or(0..0);
        Diagnostic::error("syntax/toml", error.message().to_owned()).at(&Place::of_bytes(file, range))
    }));
    let place = Place::start_of(file);
    let root = reader.table(table.get_ref(), place, 1);
    Parsed { root: Some(root), faults: reader.faults }
}

struct Reader<'t> {
    file: &'t Arc<File>,
    faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>, place: Place, depth: usize) -> Node {
        // The map sorts by name; a person expects the order of the file.
        let mut written: Vec<_> = table.iter().collect();
        written.sort_by_key(|(key, _)| key.span().start);
        let mut entries = Vec::with_capacity(written.len());
        for (key, value) in written {
            let key = Key { name: key.get_ref().to_string(), place: Place::of_bytes(self.file, key.span()) };
            let node = self.value(value, depth + 1);
            entries.push((key, node));
        }
        Node::mapping(entries, place)
    }

    fn array(&mut self, array: &DeArray<'_>, place: Place, depth: usize) -> Node {
        let items = array.iter().map(|item| self.value(item, depth + 1)).collect();
        Node::new(Value::Sequence(items), place)
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
        let place = Place::of_bytes(self.file, value.span());
        if depth > MAX_DEPTH {
            self.faults.push(
                Diagnostic::error("syntax/too-deep", format!("values nested deeper than {MAX_DEPTH} levels"))
                    .at(&place),
            );
            return Node::scalar(Scalar::Null, place);
        }
        let scalar = match value.get_ref() {
            DeValue::Table(table) => return self.table(table, place, depth),
            DeValue::Array(array) => return self.array(array, place, depth),
            DeValue::String(text) => Scalar::String(text.to_string()),
            DeValue::Boolean(bool) => Scalar::Bool(*bool),
            DeValue::Datetime(time) => Scalar::String(time.to_string()),
            DeValue::Integer(integer) => self.number(whole(integer.as_str(), integer.radix()), &place),
            DeValue::Float(float) => {
                self.number(float.as_str().parse().ok().and_then(Number::from_f64), &place)
            }
        };
        Node::scalar(scalar, place)
    }

    fn number(&mut self, number: Option<Number>, place: &Place) -> Scalar {
        number.map_or_else(
            || {
                let message = format!("a number that 64 bits cannot hold: {}", shown(&place.written()));
                self.faults.push(Diagnostic::error("syntax/toml", message).at(place));
                Scalar::Null
            },
            Scalar::Number,
        )
    }
}

fn whole(digits: &str, radix: u32) -> Option<Number> {
    let signed = i64::from_str_radix(digits, radix).map(Number::from);
    signed.or_else(|_| u64::from_str_radix(digits, radix).map(Number::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: serde_json::Value) {
        let root = parse_toml(&File::new("bindery.toml", text)).clean().unwrap();
        assert_eq!(root.to_json(), wanted);
    }

    #[test]
    fn values_keep_their_types() {
        check(
            "a = 1\nb = 0x1f\nc = 1.5\nd = 'x'\ne = 2026-01-02T03:04:05Z\nf = [true]\ng.h = 2",
            serde_json::json!({"a": 1, "b": 31, "c": 1.5, "d": "x", "e": "2026-01-02T03:04:05Z", "f": [true], "g": {"h": 2}}),
        );
    }

    #[test]
    fn places_are_those_of_the_file() {
        let file = File::new("bindery.toml", "# é\n[destinations.home]\nhost = \"é\"  # x\nport = 22\n");
        let root = parse_toml(&file).clean().unwrap();
        let home = root.get("destinations").and_then(|node| node.get("home")).unwrap();
        let (key, host) = home.entry("host").unwrap();
        assert_eq!((key.place.line, key.place.column, key.place.len), (3, 1, 4));
        assert_eq!((host.place.line, host.place.column, host.place.written().as_str()), (3, 8, "\"é\""));
        let keys: Vec<_> = home.entries().iter().map(|(key, _)| key.name.as_str()).collect();
        assert_eq!(keys, ["host", "port"]);
    }

    #[test]
    fn syntax_faults_come_all_at_once() {
        let parsed = parse_toml(&File::new("bindery.toml", "a = \nb = 1\nb = 2\n"));
        let lines: Vec<_> =
            parsed.faults.iter().filter_map(|fault| Some(fault.place.as_ref()?.line)).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn hostile_depth_is_refused() {
        for text in [format!("a = {}", "[".repeat(100_000)), format!("{}a = 1", "a.".repeat(5_000))] {
            assert!(!parse_toml(&File::new("bindery.toml", text)).faults.is_empty());
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(?s)[a-c\\[\\]{}=.,'\"\\n #0-9_x-]{0,80}") {
            let _ = parse_toml(&File::new("bindery.toml", text));
        }
    }
}
