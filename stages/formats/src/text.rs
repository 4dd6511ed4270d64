//! Text as release notes need it: code pages, transliteration, columns.
//!
//! Knows characters; no template, no file, no language but the few whose spelling it follows.

pub mod cp437;
pub mod cp850;
pub mod diz;
pub mod draw;
pub mod sauce;
pub mod transliterate;
pub mod width;
