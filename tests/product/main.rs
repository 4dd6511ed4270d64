//! The program from outside: the binary in temporary folders, judged by other people's tools.

mod crash;
mod docs;
mod ebook;
mod formats;
mod language;
mod lock;
mod many;
mod safety;
mod surface;
mod world;
