//! Tests of which files there are and how they are called.

use formats::name;

use super::folder::{Folder, Item, compile, takes};
use super::{FilesTest, Found, OnlyTest, names};

/// What is wrong with the number and the names of files.
pub(super) fn test(test: &FilesTest, folder: &Folder) -> Vec<Found> {
    let mut found = Vec::new();
    let globs = compile(&test.r#match);
    let what = test.r#match.join(", ");
    let group =
        name::parse(&folder.name).facts.get("group").and_then(|group| group.as_str().map(str::to_lowercase));
    let group = group.filter(|_| test.group);
    if test.zipped {
        for (zip, inside) in folder.zips() {
            let chosen: Vec<&Item> = inside.iter().filter(|item| takes(&globs, &item.name)).collect();
            found.extend(count(test, chosen.len(), &zip.name, &what));
            found.extend(chosen.iter().flat_map(|item| called(test, item, group.as_deref())));
        }
        return found;
    }
    let chosen: Vec<&Item> = folder.files.iter().filter(|item| takes(&globs, &item.name)).collect();
    found.extend(count(test, chosen.len(), "", &what));
    found.extend(chosen.iter().flat_map(|item| called(test, item, group.as_deref())));
    found
}

/// Files that no glob allows.
pub(super) fn only(test: &OnlyTest, folder: &Folder) -> Vec<Found> {
    let globs = compile(&test.r#match);
    let others = folder.files.iter().filter(|item| !takes(&globs, &item.name));
    others.map(|item| Found::new(&item.name, "does not belong there")).collect()
}

fn count(test: &FilesTest, count: usize, place: &str, what: &str) -> Option<Found> {
    let wanted = match (test.least, test.most) {
        (least, Some(most)) if count < least || count > most => {
            if least == most {
                least.to_string()
            } else if least == 0 {
                format!("at most {most}")
            } else {
                format!("{least} to {most}")
            }
        }
        (least, None) if count < least => format!("at least {least}"),
        _ => return None,
    };
    Some(Found::new(place, format!("there are {count} of {what}, and {wanted} wanted")))
}

fn called(test: &FilesTest, item: &Item, group: Option<&str>) -> Vec<Found> {
    let last = item.last();
    let mut found = Vec::new();
    let mut say = |message: String| found.push(Found::new(&item.shown, message));
    if test.lowercase && last.chars().any(char::is_uppercase) {
        say("has capitals in its name".into());
    }
    let length = last.chars().count();
    if let Some(most) = test.length.filter(|most| length > *most) {
        say(format!("has a name of {length} characters, and {most} are allowed"));
    }
    if test.short && !is_short(last) {
        say("has a name longer than eight characters, a dot and three".into());
    }
    if let Some(bad) = test.marks.as_deref().and_then(|marks| names::foreign(last, marks)) {
        say(format!("has {bad:?} in its name"));
    }
    if let Some(group) = group.filter(|group| !last.to_lowercase().contains(*group)) {
        say(format!("does not have the group `{group}` in its name"));
    }
    found
}

fn is_short(name: &str) -> bool {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    stem.chars().count() <= 8 && extension.chars().count() <= 3
}
