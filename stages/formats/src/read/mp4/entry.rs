//! Sample entries: which codec a track is in, what the entry itself tells, and where its configuration is.
//!
//! Knows the boxes around a configuration; what is in it, the codecs know.

use super::boxes::{Node, children};
use super::{descriptor, sound};
use crate::read::Damage;
use crate::read::fields::Fields;
use crate::read::video::codec;
use crate::read::video::{Audio, Subtitle, Video};
use crate::read::window::Window;
use std::io;

/// What a track is, as far as its sample entry tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Media {
    Video(Video),
    Audio(Audio),
    Subtitle(Subtitle),
    /// Timecode, hints, metadata: nothing that anyone watches or hears.
    #[default]
    Other,
}

/// One sample entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entry {
    pub media: Media,
    /// What the codec needs beside a frame.
    pub configuration: Vec<u8>,
    pub encrypted: bool,
}

/// Most bytes of a configuration.
const CONFIGURATION: u64 = 256 << 10;

/// Reads the first entry in a sample description box. `quicktime` tells how its sound entries are laid out.
pub fn read(
    window: &mut Window,
    table: Node,
    handler: [u8; 4],
    quicktime: bool,
    damage: &mut Option<Damage>,
) -> io::Result<Entry> {
    let head = table.content(window, 8)?;
    // Version 1 of the table is ISO's, whose sound entries of version 1 have no QuickTime fields.
    let quicktime = quicktime || head.first() == Some(&0);
    let entries = children(window, table.body.saturating_add(8).min(table.end), table.end, damage)?;
    let Some(entry) = entries.first().copied() else { return Ok(Entry::default()) };
    match &handler {
        b"vide" => picture(window, entry, damage),
        b"soun" => sound::read(window, entry, quicktime, damage),
        b"text" | b"sbtl" | b"subt" | b"subp" | b"clcp" => text(window, entry, damage),
        _ => Ok(Entry::default()),
    }
}

/// What protects a track: the original code of its samples, when any.
pub fn protection(
    window: &mut Window,
    sinf: Node,
    damage: &mut Option<Damage>,
) -> io::Result<Option<[u8; 4]>> {
    let inner = sinf.children(window, damage)?;
    match super::boxes::first(&inner, b"frma") {
        Some(frma) => window.array(frma.body),
        None => Ok(None),
    }
}

/// The content of a box that holds a configuration.
pub fn configuration(window: &mut Window, node: Node) -> io::Result<Vec<u8>> {
    node.content(window, CONFIGURATION)
}

fn picture(window: &mut Window, entry: Node, damage: &mut Option<Damage>) -> io::Result<Entry> {
    const FIXED: u64 = 78;
    let fixed = entry.content(window, FIXED)?;
    let mut found = Entry { encrypted: matches!(&entry.kind, b"encv" | b"drmi"), ..Entry::default() };
    let size =
        |at: usize| Fields(fixed.get(at..).unwrap_or_default()).be16().map(u32::from).filter(|n| *n > 0);
    let mut video = Video { width: size(24), height: size(26), ..Video::default() };
    let mut code = entry.kind;
    let mut told = Video::default();
    let inner = children(window, entry.body.saturating_add(FIXED).min(entry.end), entry.end, damage)?;
    for node in inner {
        match &node.kind {
            b"sinf" => {
                found.encrypted = true;
                code = protection(window, node, damage)?.unwrap_or(code);
            }
            b"avcC" | b"hvcC" | b"av1C" | b"vpcC" | b"glbl" | b"dvc1" => {
                found.configuration = configuration(window, node)?;
            }
            b"esds" => {
                let content = configuration(window, node)?;
                if let Some(stream) = descriptor::read(&content) {
                    video.codec = descriptor::codec(stream.object).unwrap_or_default().into();
                    found.configuration = stream.configuration.to_vec();
                }
            }
            b"dvcC" | b"dvvC" | b"dvwC" => {
                let content = configuration(window, node)?;
                told.fill(codec::hevc::dolby_vision(&content).unwrap_or_default());
            }
            b"colr" => video.transfer = transfer(&node.content(window, 10)?),
            b"mdcv" | b"SmDm" => video.mastered = true,
            b"fiel" => video.scan = scan(&node.content(window, 1)?),
            b"pasp" => video.display = shape(&node.content(window, 8)?, video.width, video.height),
            _ => {}
        }
    }
    if video.codec.is_empty() {
        video.codec = word(code).into();
    }
    // A Dolby Vision entry without its configuration still says so by its name.
    if matches!(&code, b"dvh1" | b"dvhe" | b"dvav" | b"dva1") {
        video.hdr = Some("dolby-vision");
    }
    video.hdr = told.hdr.or(video.hdr);
    video.bit_depth = match (&*video.codec, &code, fixed.get(74..76)) {
        (_, b"v210" | b"v410", _) => Some(10),
        // Pictures of screens count the bits of a whole pixel.
        ("png" | "rle", _, Some([0, 24 | 32])) => Some(8),
        _ => None,
    };
    if let Some(prores) = codec::prores::fourcc(code) {
        video.fill(prores);
    }
    found.media = Media::Video(video);
    Ok(found)
}

/// The codec's word of a picture's code; a code that nobody knows is its own word.
fn word(code: [u8; 4]) -> String {
    let known = match &code {
        b"dvh1" | b"dvhe" => Some("hevc"),
        b"dvav" | b"dva1" => Some("h264"),
        b"dav1" => Some("av1"),
        _ => codec::video_fourcc(code),
    };
    known.map_or_else(|| plain(code), str::to_owned)
}

/// A code in lower case, with nothing in it but letters, digits and dashes.
pub fn plain(code: [u8; 4]) -> String {
    let text = String::from_utf8_lossy(&code).trim().to_ascii_lowercase();
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

/// The transfer characteristics in a colour box of either kind.
fn transfer(content: &[u8]) -> Option<u8> {
    let mut fields = Fields(content);
    let kind = fields.code()?;
    fields.skip(2)?;
    let transfer = fields.be16().filter(|_| matches!(&kind, b"nclx" | b"nclc"))?;
    u8::try_from(transfer).ok().filter(|value| *value != 2)
}

fn scan(content: &[u8]) -> Option<&'static str> {
    match content.first()? {
        1 => Some("progressive"),
        2 => Some("interlaced"),
        _ => None,
    }
}

/// The size on the screen when pixels are not square.
fn shape(content: &[u8], width: Option<u32>, height: Option<u32>) -> Option<(u32, u32)> {
    let mut fields = Fields(content);
    let (across, down) = (fields.be32()?, fields.be32()?);
    if across == 0 || down == 0 || across == down {
        return None;
    }
    let wide = u64::from(width?).checked_mul(across.into())? / u64::from(down);
    Some((u32::try_from(wide).ok()?, height?))
}

fn text(window: &mut Window, entry: Node, damage: &mut Option<Damage>) -> io::Result<Entry> {
    /// Whether all samples of a 3GPP text track are forced.
    const FORCED: u32 = 0x8000_0000;
    let mut found = Entry { encrypted: &entry.kind == b"enct", ..Entry::default() };
    let mut code = entry.kind;
    let mut forced = None;
    if found.encrypted {
        for node in children(window, entry.body.saturating_add(8).min(entry.end), entry.end, damage)? {
            if node.kind == *b"sinf" {
                code = protection(window, node, damage)?.unwrap_or(code);
            }
        }
    }
    let codec = match &code {
        b"tx3g" | b"text" => "mov_text".to_owned(),
        b"wvtt" => "webvtt".to_owned(),
        b"stpp" | b"dfxp" => "ttml".to_owned(),
        b"c608" => "eia_608".to_owned(),
        b"c708" => "eia_708".to_owned(),
        b"mp4s" => "vobsub".to_owned(),
        _ => plain(code),
    };
    if &code == b"tx3g" {
        let flags = entry.content(window, 12)?;
        forced = Fields(flags.get(8..).unwrap_or_default()).be32().map(|flags| flags & FORCED != 0);
    }
    found.media = Media::Subtitle(Subtitle { codec: codec.into(), forced, ..Subtitle::default() });
    Ok(found)
}
