//! A step that could not find everything out runs again the next time, until it could.

use schemars::JsonSchema;
use serde::Deserialize;

use super::*;
use crate::{Fact, Job, Lane, Output, Phase, Stage, StageError};

/// Asks somebody who does not answer the first time.
#[derive(Deserialize, JsonSchema)]
struct Doubt {
    #[serde(skip)]
    log: Log,
}

impl Stage for Doubt {
    const NAME: &'static str = "doubt";
    const ABOUT: &'static str = "doubts";
    const LANE: Lane = Lane::Net;
    const PHASE: Phase = Phase::Gather;

    fn run(&self, _: &Job<'_>) -> Result<Output, StageError> {
        let mut log = self.log.lock().unwrap();
        log.push("asked".into());
        let unsettled = (log.len() == 1).then(|| "nobody answers".to_owned());
        let fact = Fact::new("T", "somebody", "");
        let facts = [("title".to_owned(), fact)].into_iter().collect();
        Ok(Output { facts, unsettled, ..Output::default() })
    }
}

#[test]
fn what_could_not_be_found_out_is_asked_for_again() {
    let (dir, asked, made) = (output(), Log::default(), Log::default());
    let run = || {
        let steps = vec![
            step("doubt", Doubt { log: asked.clone() }, &[]),
            step("a", Make { text: "{{ title }}".into(), log: made.clone(), ..make("a") }, &["doubt"]),
        ];
        let mut plan = plan(&dir.path().join("out"), "n", steps);
        let store = Arc::new(Store::hold(dir.path(), || false).unwrap());
        let key = store.key("toy.yaml", &plan);
        plan.keep = Some(Keep { store, key });
        go_in(&[plan], &Cancel::default(), now, |_| {});
        (asked.lock().unwrap().len(), made.lock().unwrap().len())
    };
    assert_eq!(run(), (1, 1));
    // The same came out, so that nothing is made anew.
    assert_eq!(run(), (2, 1));
    assert_eq!(run(), (2, 1));
}
