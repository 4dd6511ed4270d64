//! Properties of reading and writing that hold for every text and every tree.

use bindery_manifests::diagnostic::render;
use bindery_manifests::emit::{emit, emit_with_origins};
use bindery_manifests::node::{File, Key, Node, Place, Scalar, Value};
use bindery_manifests::parse::parse;
use proptest::prelude::*;

fn place() -> Place {
    Place::start_of(&File::new("generated.yaml", ""))
}

fn scalars() -> impl Strategy<Value = Node> {
    let words = prop::sample::select(vec![
        "no", "~", "0755", "1_000", "12:30", "a: b", "- x", "{{ t }}", "", "a\n\nb\n", " x\n", "x\n\n",
        "\ny", "<<", "a\t\n b",
    ]);
    let scalar = prop_oneof![
        Just(Scalar::Null),
        any::<bool>().prop_map(Scalar::Bool),
        any::<i64>().prop_map(|number| Scalar::Number(number.into())),
        any::<u64>().prop_map(|number| Scalar::Number(number.into())),
        (-1e300f64..1e300)
            .prop_filter_map("finite", |number| Some(Scalar::Number(serde_json::Number::from_f64(number)?))),
        words.prop_map(|word| Scalar::String(word.to_owned())),
        any::<String>().prop_map(Scalar::String),
        "(?s)[ \\t\\n:#'\"\\[\\]{},&*!|>%@a-b-]{0,12}".prop_map(Scalar::String),
    ];
    scalar.prop_map(|scalar| Node::scalar(scalar, place()))
}

fn trees() -> impl Strategy<Value = Node> {
    let keys = prop_oneof![
        "[a-z_]{1,6}",
        "(?s)[ \\n:#'\"\\[\\]{},&*!|>?a-]{0,5}",
        any::<String>(),
        Just("<<".to_owned()),
        Just("k".repeat(2000))
    ];
    scalars().prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| Node::new(Value::Sequence(items), place())),
            prop::collection::btree_map(keys.clone(), inner, 0..5).prop_map(|map| {
                let entries = map.into_iter().map(|(name, node)| (Key { name, place: place() }, node));
                Node::mapping(entries.collect(), place())
            }),
        ]
    })
}

/// The same value as the other reader sees it, or nothing where the languages part on purpose.
fn as_oracle(value: &serde_yaml::Value) -> Option<serde_json::Value> {
    match value {
        serde_yaml::Value::String(text) => Some(text.clone().into()),
        serde_yaml::Value::Sequence(items) => items.iter().map(as_oracle).collect(),
        serde_yaml::Value::Mapping(map) => {
            let entries = map.iter().map(|(key, value)| Some((key.as_str()?.to_owned(), as_oracle(value)?)));
            entries.collect::<Option<serde_json::Map<_, _>>>().map(serde_json::Value::Object)
        }
        value => serde_json::to_value(value).ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        let parsed = parse(&File::new("f", text));
        let _ = render(&parsed.faults, false);
    }

    #[test]
    fn text_that_is_nearly_yaml_never_panics(text in "(?s)[ \\t\\r\\n:#'\"\\[\\]{},&*!|>%?~<\u{feff}ab01-]{0,60}") {
        let file = File::new("f", text);
        let parsed = parse(&file);
        for fault in &parsed.faults {
            let place = fault.place.as_ref().expect("a syntax fault has a place");
            prop_assert!(place.line >= 1 && place.column >= 1);
        }
        let _ = render(&parsed.faults, true);
    }

    #[test]
    fn what_is_written_reads_back_the_same(tree in trees()) {
        for text in [emit(&tree), emit_with_origins(&tree)] {
            let again = parse(&File::new("again", text.clone())).clean();
            prop_assert_eq!(again.as_ref(), Ok(&tree), "{}", text);
        }
        prop_assert_eq!(emit(&tree), emit(&tree));
    }

    #[test]
    fn the_other_reader_sees_the_same_values(tree in trees()) {
        let text = emit(&tree);
        let other = serde_yaml::from_str::<serde_yaml::Value>(&text).map(|other| as_oracle(&other));
        prop_assert_eq!(other.ok(), Some(Some(tree.to_json())), "{}", text);
    }

    #[test]
    fn both_readers_agree_on_block_documents(lines in prop::collection::vec("( {0,4})(- )?[a-c]{1,2}: ?([a-c]{0,3}|'[a-c ]*'|\"[a-c ]*\"|[1-9][0-9]{0,3}|true|null|\\[[a-c, ]{0,4}\\])", 1..6)) {
        let text = lines.join("\n");
        let ours = parse(&File::new("f", text.clone())).clean();
        let theirs = serde_yaml::from_str::<serde_yaml::Value>(&text);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!(Some(ours.to_json()), as_oracle(&theirs), "{}", text);
        }
    }
}

#[test]
fn both_readers_agree_on_anchors_blocks_and_merge_keys() {
    let texts = [
        "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n",
        "a: &a {x: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], w: 0}\n",
        "a: &a [1, &n two]\nb: *n\nc: [*a, *n]\n",
        "a: |\n  x\n   y\n\nb: >\n  x\n  y\n\n  z\nc: |+\n  k\n\nd: >-\n  f\n",
        "a: 'it''s'\nb: \"\\x41\\u00e9\\n\"\nc: plain text # comment\nd: \"folded\n  line\"\n",
        "? a\n: b\n? c\n",
        "- - 1\n  - 2\n-\n  x: -1.5e3\n- {a, b: [c, d: e]}\n",
        "--- # start\na: 1\n...\n",
    ];
    for text in texts {
        let ours = parse(&File::new("f", text)).clean().unwrap();
        let mut theirs: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
        theirs.apply_merge().unwrap();
        assert_eq!(Some(ours.to_json()), as_oracle(&theirs), "{text}");
    }
}

#[test]
fn a_merge_key_brings_what_its_source_was_merged_from() {
    // The other reader leaves the inner `<<` standing, so it is no judge here.
    let text = "a: &a {x: 1}\nb: &b {<<: *a, y: 1}\nc:\n  <<: *b\n  x: 9\n";
    let ours = parse(&File::new("f", text)).clean().unwrap();
    assert_eq!(ours.get("c").unwrap().to_json(), serde_json::json!({"x": 9, "y": 1}));
}
