//! The program from outside: the binary in temporary folders, judged by other people's tools.

mod again;
mod batch;
mod crash;
mod docs;
mod ebook;
mod enrich;
mod far;
mod fetch;
mod foretold;
mod formats;
mod language;
mod lock;
mod many;
mod naming;
mod notes;
mod pages;
mod reports;
mod rules;
mod safety;
mod surface;
mod templates;
mod upload;
mod world;
