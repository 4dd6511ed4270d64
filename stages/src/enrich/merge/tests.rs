//! Each policy on a table of cases, and what holds of all of them.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const ORDER: [&str; 4] = ["extract", "tvdb", "tmdb", "omdb"];

fn said(from: &str, value: Value) -> Candidate {
    Candidate { value, from: from.into(), id: None, at: format!("https://{from}/"), time: None, score: None }
}

fn check(policy: &str, candidates: &[(&str, Value)], wanted: Value, from: &str) {
    let all: Vec<Candidate> = candidates.iter().map(|(from, value)| said(from, value.clone())).collect();
    let policy: Policy = serde_json::from_value(policy.into()).unwrap();
    let fact = merge(&policy, &all, &ORDER).unwrap();
    assert_eq!((fact.value, fact.from.as_str()), (wanted, from), "{policy:?} {candidates:?}");
}

#[test]
fn each_policy_does_what_it_says() {
    let titles = [("omdb", json!("A Tale")), ("tmdb", json!("The Tale")), ("tvdb", json!("The Longer Tale"))];
    check("prefer(tmdb, tvdb)", &titles, json!("The Tale"), "tmdb");
    check("prefer(nobody, omdb)", &titles, json!("A Tale"), "omdb");
    check("prefer(nobody)", &titles, json!("The Longer Tale"), "tvdb");
    check("longest", &titles, json!("The Longer Tale"), "tvdb");
    check("shortest", &titles, json!("A Tale"), "omdb");
    check("longest", &[("omdb", json!("äö")), ("tvdb", json!("ab"))], json!("ab"), "tvdb");
    check("majority", &titles, json!("The Tale"), "tmdb");
    let votes = [("tvdb", json!(2011)), ("tmdb", json!(2010)), ("omdb", json!(2010))];
    check("majority", &votes, json!(2010), "tmdb");
    check("earliest", &votes, json!(2010), "tmdb");
    let dates = [("tvdb", json!("2011-04-18")), ("tmdb", json!("2011-04-17")), ("omdb", json!("2011"))];
    check("earliest", &dates[..2], json!("2011-04-17"), "tmdb");
    check("earliest", &dates[1..], json!("2011-04-17"), "tmdb");
    let genres = [("tmdb", json!(["Drama", "Fantasy"])), ("omdb", json!(["drama", "Adventure"]))];
    check("union", &genres, json!(["Drama", "Fantasy", "Adventure"]), "tmdb+omdb");
    let ids = [("tmdb", json!({"tmdb": "1", "imdb": "tt1"})), ("tvdb", json!({"tvdb": "2", "imdb": "tt2"}))];
    check("union", &ids, json!({"tvdb": "2", "imdb": "tt2", "tmdb": "1"}), "tvdb+tmdb");
}

#[test]
fn policies_are_written_two_ways_and_faults_are_told() {
    let read = |value: Value| serde_json::from_value::<Policy>(value).map_err(|error| error.to_string());
    let both = Policy::Prefer(vec!["tvdb".into(), "tmdb".into()]);
    assert_eq!(read(json!("prefer( tvdb,tmdb )")), Ok(both.clone()));
    assert_eq!(read(json!({ "prefer": ["tvdb", "tmdb"] })), Ok(both));
    assert_eq!(read(json!("union")), Ok(Policy::Union));
    for wrong in [json!("prefer"), json!("prefer()"), json!("newest"), json!({ "prefer": [] }), json!(3)] {
        assert!(read(wrong.clone()).unwrap_err().contains("`union`"), "{wrong}");
    }
}

#[test]
fn a_conflict_is_no_matter_of_marks_or_order() {
    let check = |one: Value, other: Value, wanted: bool| {
        let both = [said("tmdb", one.clone()), said("tvdb", other.clone())];
        assert_eq!(conflict(&Policy::Longest, &both), wanted, "{one} {other}");
        assert!(!conflict(&Policy::Union, &both));
    };
    check(json!("The Tale"), json!("Tale, The!"), false);
    check(json!(["A", "B"]), json!(["b", "a"]), false);
    check(json!(2010), json!(2010.0), false);
    check(json!("2011-04-17"), json!("2011-04-18"), true);
    check(json!("?"), json!("!"), true);
}

fn policy() -> impl Strategy<Value = Policy> {
    let names = prop::collection::vec(prop::sample::select(ORDER.to_vec()), 1..4);
    prop_oneof![
        names.prop_map(|names| Policy::Prefer(names.into_iter().map(str::to_owned).collect())),
        Just(Policy::Longest),
        Just(Policy::Shortest),
        Just(Policy::Union),
        Just(Policy::Earliest),
        Just(Policy::Majority),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-c ]{0,4}".prop_map(Value::from),
        (1990..2000_i64).prop_map(Value::from),
        prop::collection::vec("[a-c]{1,2}", 0..3).prop_map(Value::from),
        "(2009|2010)(-0[1-9])?".prop_map(Value::from),
        Just(Value::Null),
    ]
}

fn all_said() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (prop::sample::select(["omdb", "tmdb", "extract", "else"].to_vec()), value(), 0..3_u8);
    prop::collection::vec(one, 0..6).prop_map(|all| {
        let with_id = |(from, value, id): (&str, Value, u8)| Candidate {
            id: Some(id.to_string()),
            ..said(from, value)
        };
        all.into_iter().map(with_id).collect()
    })
}

proptest! {
    #[test]
    fn who_answers_first_does_not_matter(policy in policy(), (one, other) in all_said().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))) {
        prop_assert_eq!(merge(&policy, &one, &ORDER), merge(&policy, &other, &ORDER));
    }

    #[test]
    fn a_value_is_one_of_its_candidates_or_made_of_them(policy in policy(), all in all_said()) {
        let Some(fact) = merge(&policy, &all, &ORDER) else {
            prop_assert!(all.iter().all(|one| is_empty(&one.value)));
            return Ok(());
        };
        if policy == Policy::Union {
            let parts: Vec<Value> = all.iter().flat_map(|one| match &one.value {
                Value::Array(list) => list.clone(),
                value => vec![value.clone()],
            }).collect();
            prop_assert!(fact.value.as_array().unwrap().iter().all(|entry| parts.contains(entry)));
        } else {
            let is_whole = |one: &&Candidate| one.value == fact.value && one.from == fact.from && one.at == fact.at;
            prop_assert!(all.iter().any(|one| is_whole(&one)));
        }
    }

    #[test]
    fn no_provenance_is_lost(policy in policy(), all in all_said()) {
        let kept = merge(&policy, &all, &ORDER).map(|fact| fact.candidates).unwrap_or_default();
        let wanted: Vec<&Candidate> = all.iter().filter(|one| !is_empty(&one.value)).collect();
        prop_assert_eq!(kept.len(), wanted.len());
        prop_assert!(wanted.iter().all(|one| kept.contains(one)));
    }
}
