//! Covers and posters as files. A picture that cannot be had ends no release; it is told, and tried again.

use engine::{Artifact, Facts, Job, StageError};
use serde_json::Value;

use super::Enrich;
use super::provider::{Ask, find};
use super::settings::Settings;
use crate::files;
use crate::http::{Caller, Kind, Request};

/// The media types of pictures and how their files end.
const ENDS: [(&str, &str); 5] = [
    ("image/jpeg", "jpg"),
    ("image/jpg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
    ("image/gif", "gif"),
];

/// Saves the pictures that the options ask for, and says which could not be had.
pub(super) fn save(
    options: &Enrich,
    job: &Job<'_>,
    facts: &Facts,
    caller: Caller<'_>,
) -> Result<(Vec<Artifact>, Option<String>), StageError> {
    let (mut saved, mut lost) = (Vec::new(), None);
    for (name, is_wanted) in [("cover", options.cover), ("poster", options.poster)] {
        let known = facts.get(&format!("{name}_url")).filter(|_| is_wanted);
        let Some((fact, url)) = known.and_then(|fact| Some((fact, fact.value.as_str()?))) else { continue };
        match fetch(options, &fact.from, url, caller) {
            Ok((end, bytes)) => saved.push(files::write(job, &format!("{name}.{end}"), &bytes)?),
            Err(why) => {
                job.check()?;
                job.note(format!("there is no {name}: `{}` {why}", fact.from));
                lost = Some(format!("the {name}: `{}` {why}", fact.from));
            }
        }
    }
    Ok((saved, lost))
}

fn fetch(
    options: &Enrich,
    from: &str,
    url: &str,
    caller: Caller<'_>,
) -> Result<(&'static str, Vec<u8>), String> {
    let provider = find(from).ok_or("is no provider")?;
    let mut settings = Settings::of(&caller.world.site, from)?;
    // Where pictures lie somewhere else, that place is the one that is trusted.
    if let Some(images) = settings.images.clone().filter(|images| url.starts_with(images.as_str())) {
        settings.url = Some(images);
    }
    let ask = Ask::new(provider, settings, options.language.clone(), &options.order, caller)?;
    let answer = ask.answer(&Request::image(url)).map_err(|trouble| match trouble.kind {
        Kind::Offline => "was never asked for it, and nobody is asked offline".to_owned(),
        _ => trouble.message,
    })?;
    let end = ENDS.iter().find(|(known, _)| *known == answer.media_type).map(|(_, end)| *end);
    let end = end
        .ok_or_else(|| format!("shows a picture of the kind {}", Value::from(answer.media_type.as_str())))?;
    Ok((end, answer.body.clone()))
}
