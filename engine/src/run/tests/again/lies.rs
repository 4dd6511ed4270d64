//! What lies where a release belongs: as it was made, without some files, touched, changed, or unknown.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde_json::json;

use super::super::toys::{Make, listing, make, step};
use super::{Project, because, touch};
use crate::Status;

#[test]
fn what_is_not_as_it_was_made_is_left_alone_unless_forced() {
    let project = Project::new();
    project.run(project.steps("T"), |_| {});
    let check = |meddle: &dyn Fn(), left: &str| {
        meddle();
        let outcome = project.run(project.steps("T"), |_| {});
        assert_eq!(outcome.codes(), ["output/exists"], "{left}");
        assert_eq!(listing(&project.path("out")).join(" "), left);
        let forced = project.run(project.steps("T"), |runner| runner.force = true);
        assert_eq!((forced.report.status, project.ran().len()), (Status::Done, 3));
        assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = T"]);
    };
    check(&|| fs::write(project.path("out/n/b"), "mine").unwrap(), "n/a = 1 n/b = mine");
    check(&|| fs::write(project.path("out/n/b"), "U").unwrap(), "n/a = 1 n/b = U");
    check(
        &|| {
            fs::remove_file(project.path("out/n/a")).unwrap();
            fs::write(project.path("out/n/b"), "mine").unwrap();
        },
        "n/b = mine",
    );
}

#[test]
fn what_was_put_into_a_release_is_in_the_way_only_where_that_would_be_replaced() {
    let project = Project::new();
    project.run(project.steps("T"), |_| {});
    fs::create_dir(project.path("out/n/@more")).unwrap();
    fs::write(project.path("out/n/@more/c"), "mine").unwrap();
    let up_to_date = |project: &Project| {
        let outcome = project.run(project.steps("T"), |_| {});
        assert_eq!((outcome.codes(), project.ran()), (Vec::new(), Vec::new()));
        assert_eq!(listing(&project.path("out")), ["n/@more/c = mine", "n/a = 1", "n/b = T"]);
    };
    up_to_date(&project);
    // Also where it takes a closer look to see that nothing has to be done.
    fs::copy(project.path("in.txt"), project.path("copy")).unwrap();
    fs::rename(project.path("copy"), project.path("in.txt")).unwrap();
    up_to_date(&project);
    let refused = project.run(project.steps("U"), |_| {});
    assert_eq!((refused.codes(), project.ran()), (vec!["output/exists".into()], Vec::new()));
    up_to_date(&project);
    project.run(project.steps("U"), |runner| runner.force = true);
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = U"]);
}

#[test]
fn files_of_a_release_that_are_gone_are_made_again_and_no_others() {
    let project = Project::new();
    project.run(project.steps("T"), |_| {});
    let kept = fs::metadata(project.path("out/n/b")).unwrap().ino();
    fs::remove_file(project.path("out/n/a")).unwrap();
    let judged = project.judge(project.steps("T"));
    let why = |id: &str| judged.iter().find(|(step, _)| step == id).map(|(_, why)| why.as_str()).unwrap();
    assert_eq!(why("a"), "its file `a` is not there");
    assert_eq!((why("hidden"), why("b")), ("`a` takes its files, which are not kept", "up to date"));
    let outcome = project.run(project.steps("T"), |_| {});
    assert_eq!((outcome.report.status, project.ran()), (Status::Done, vec!["a".into(), "hidden".into()]));
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = T"]);
    assert_eq!(fs::metadata(project.path("out/n/b")).unwrap().ino(), kept, "it was not even copied");
    // Of an emptied folder everything is made; one that holds something else as well is left alone.
    for name in ["a", "b"] {
        fs::remove_file(project.path("out/n").join(name)).unwrap();
    }
    assert_eq!(project.run(project.steps("T"), |_| {}).report.status, Status::Done);
    assert_eq!(project.ran().len(), 3);
    fs::rename(project.path("out/n/a"), project.path("out/n/c")).unwrap();
    assert_eq!(project.run(project.steps("T"), |_| {}).codes(), ["output/exists"]);
    assert_eq!(listing(&project.path("out")), ["n/b = T", "n/c = 1"]);
}

#[test]
fn files_of_a_release_that_were_touched_are_known_by_their_bytes() {
    let project = Project::new();
    project.run(project.steps("T"), |_| {});
    touch(&project.path("out/n/a"));
    fs::copy(project.path("out/n/b"), project.path("b")).unwrap();
    fs::rename(project.path("b"), project.path("out/n/b")).unwrap();
    assert_eq!(project.run(project.steps("T"), |_| {}).report.releases[0].status, Status::UpToDate);
    // So one of them may be made anew.
    assert_eq!(project.run(project.steps("U"), |_| {}).report.status, Status::Done);
    assert_eq!(project.ran(), ["b"]);
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = U"]);
    // Bytes of a large file are not remembered: it is made again, and the one that is there stays if it is the same.
    let large = || {
        let mut steps = project.steps("U");
        let text = "x".repeat(70_000);
        steps[2] = step("a", Make { text, log: project.log.clone(), ..make("a") }, &["hidden"]);
        steps[2].written = json!({ "with": { "text": "long" } });
        steps
    };
    project.run(large(), |_| {});
    touch(&project.path("out/n/a"));
    let judged = project.judge(large());
    assert!(
        judged.iter().any(|(step, why)| step == "a" && why == "its file `a` was touched since it was made")
    );
    assert_eq!(project.run(large(), |_| {}).report.status, Status::Done);
    assert_eq!(project.ran(), ["a", "hidden"]);
    assert_eq!(project.run(large(), |_| {}).report.releases[0].status, Status::UpToDate);
}

#[test]
fn without_its_state_a_release_is_known_by_its_bytes() {
    let project = Project::new();
    project.run(project.steps("T"), |_| {});
    fs::remove_dir_all(project.path(".bindery")).unwrap();
    assert_eq!(project.run(project.steps("T"), |_| {}).report.status, Status::Done);
    assert_eq!(project.ran().len(), 3);
    assert_eq!(project.run(project.steps("T"), |_| {}).report.releases[0].status, Status::UpToDate);
    fs::remove_dir_all(project.path(".bindery")).unwrap();
    assert_eq!(project.run(project.steps("U"), |_| {}).codes(), ["output/exists"]);
    assert_eq!(listing(&project.path("out")), ["n/a = 1", "n/b = T"]);
}

#[test]
fn a_release_that_was_taken_away_is_made_again_with_the_facts_that_are_known() {
    let project = Project::new();
    project.run(project.steps("T"), |_| {});
    fs::rename(project.path("out/n"), project.path("elsewhere")).unwrap();
    let outcome = project.run(project.steps("T"), |_| {});
    assert_eq!(
        (outcome.report.status, project.ran()),
        (Status::Done, vec!["a".into(), "b".into(), "hidden".into()])
    );
    assert_eq!(because(&outcome, "find"), "up to date");
}
