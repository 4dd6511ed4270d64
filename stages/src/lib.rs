//! The stages of a release: each is an options struct and a file; together they are one table.
//!
//! A stage knows the engine's [`engine::Job`] and the codecs of `formats`, never another stage, a manifest or the
//! server.

mod archive;
#[cfg(test)]
mod bench;
mod blocks;
mod checksum;
pub mod enrich;
mod extract;
pub mod facts;
pub mod fetch;
mod files;
mod filters;
mod http;
pub mod nfo;
pub mod rules;
mod sample;
pub mod upload;
pub mod verify;

use engine::{Language, Registry};

pub use extract::{facts_of, inspect};
pub use formats::name;
/// Pages of text, read and drawn.
pub use formats::page;

/// Every stage. A new one is a file, a `mod` line and a row here.
#[must_use]
pub fn registry() -> Registry {
    Registry::new()
        .with::<archive::Archive>()
        .with::<checksum::Checksum>()
        .with::<enrich::Enrich>()
        .with::<extract::Extract>()
        .with::<nfo::Nfo>()
        .with::<sample::Sample>()
        .with::<upload::Upload>()
}

/// The template language of releases: Liquid with filters for names, and filters and blocks for text of a fixed width.
#[must_use]
pub fn language() -> Language {
    Language::with_blocks(filters::FILTERS, blocks::BLOCKS)
}

#[cfg(test)]
mod tests {
    #[test]
    fn options_that_are_paths_in_the_release_say_so_beside_being_templates() {
        for (stage, option) in
            [("archive", "base"), ("checksum", "file"), ("nfo", "file"), ("sample", "file")]
        {
            let schema = super::registry().get(stage).unwrap().schema.clone();
            let property = &schema["properties"][option];
            assert!(
                property["x-path"] == true && !property["x-template"].is_null(),
                "{stage}.{option}: {property}"
            );
        }
    }
}
