//! Codecs of release formats.

pub mod archive;
pub mod checksum;
pub mod digest;
pub mod name;
pub mod page;
pub mod read;
pub mod sample;
pub mod text;
