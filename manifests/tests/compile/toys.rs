//! Stages that do nothing, with options of every sort. They tell their options through the names of their pools, so
//! that a listing of a plan shows them.

use std::collections::BTreeSet;

use engine::value::{Duration, Size};
use engine::{Job, OptionFault, Output, Phase, Registry, Site, Stage, StageError, Template};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// Every toy.
pub fn registry() -> Registry {
    Registry::new().with::<Gather>().with::<Pack>().with::<Note>().with::<Sum>().with::<Send>()
}

/// Finds facts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "options are read when they are listed")]
pub struct Gather {
    /// Who is asked.
    #[serde(default)]
    providers: Vec<String>,
    /// How sure an answer must be.
    #[schemars(range(min = 0, max = 1))]
    accept: Option<f64>,
}

/// Packs files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "options are read when they are listed")]
pub struct Pack {
    /// The archive format.
    format: Format,
    /// Size of a volume.
    volume: Option<Size>,
    /// Base name of the archives.
    base: Option<Template>,
    /// Names of files that are only stored.
    #[serde(default)]
    store: Vec<String>,
    /// Templates by name.
    #[serde(default)]
    comments: IndexMap<String, Template>,
    /// How hard it tries.
    level: Option<u8>,
    /// How long it may rest.
    pause: Option<Duration>,
}

/// Archive formats.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The old one.
    Rar4,
    /// The common one.
    Zip,
}

/// Writes a text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "options are read when they are listed")]
pub struct Note {
    /// Name of the file.
    #[schemars(extend("x-path" = true))]
    file: Template,
    /// Where copies go.
    #[serde(default)]
    #[schemars(extend("items" = { "type": "string", "x-path": true }))]
    copies: Vec<String>,
}

/// Writes checksum files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// Which ones.
    formats: Vec<String>,
}

/// Takes the release somewhere.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Destinations.
    #[serde(default)]
    to: Vec<String>,
}

macro_rules! toy {
    ($stage:ident, $name:literal, $phase:ident $(, check($this:ident, $site:ident) $check:block)? $(, wants($it:ident) $wants:block)?) => {
        impl Stage for $stage {
            const NAME: &'static str = $name;
            const ABOUT: &'static str = "A toy.";
            const PHASE: Phase = Phase::$phase;
            $(fn check(&self, $site: &Site) -> Vec<OptionFault> {
                let $this = self;
                $check
            })?
            $(fn wants(&self) -> BTreeSet<String> {
                let $it = self;
                $wants
            })?
            fn pools(&self) -> Vec<String> {
                vec![format!("{self:?}")]
            }
            fn run(&self, _: &Job<'_>) -> Result<Output, StageError> {
                Ok(Output::default())
            }
        }
    };
}

toy!(Gather, "gather", Gather);
toy!(Note, "note", Make);
toy!(Sum, "sum", Make, wants(sum) { sum.formats.iter().cloned().collect() });
toy!(Pack, "pack", Make, check(pack, _site) {
    let mut faults = Vec::new();
    if pack.format == Format::Zip && pack.volume.is_some() {
        faults.push(OptionFault::new("volume", "`zip` has no volumes").hint("leave `volume` out, or use `rar4`"));
    }
    if pack.level.is_some_and(|level| level > 9) {
        faults.push(OptionFault::new("level", "no level is above 9"));
    }
    if pack.format == Format::Rar4 && pack.base.is_none() && pack.volume.is_none() {
        faults.push(OptionFault::new("base", "`rar4` needs a base or a volume"));
    }
    faults
});
toy!(Send, "send", Deliver, check(send, site) {
    let unknown = send.to.iter().enumerate().filter(|(_, name)| site.setting("destinations", name).is_none());
    let fault = |(at, name): (usize, &String)| OptionFault {
        path: vec!["to".into(), format!("[{at}]")],
        message: format!("there is no destination `{name}`"),
        hint: Some(format!("the destinations are {}", site.names("destinations").join(", "))),
    };
    unknown.map(fault).collect()
});
