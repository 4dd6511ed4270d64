//! Sample entries of sound, in ISO's layout and in the three of QuickTime.
//!
//! Knows the boxes around a configuration; what is in it, the codecs know.

use super::boxes::{Node, children};
use super::descriptor;
use super::entry::{Entry, Media, configuration, plain, protection};
use crate::read::Damage;
use crate::read::fields::Fields;
use crate::read::video::Audio;
use crate::read::video::codec;
use crate::read::window::Window;
use std::io;

/// Reads a sound entry.
pub fn read(
    window: &mut Window,
    entry: Node,
    quicktime: bool,
    damage: &mut Option<Damage>,
) -> io::Result<Entry> {
    let fixed = entry.content(window, 64)?;
    let Fixed { length, audio: plainly } = fixed_part(&fixed, quicktime).unwrap_or_default();
    let mut sound =
        Sound { code: entry.kind, encrypted: matches!(&entry.kind, b"enca" | b"drms"), ..Sound::default() };
    let inner = children(window, entry.body.saturating_add(length).min(entry.end), entry.end, damage)?;
    for node in inner {
        if node.kind == *b"wave" {
            // QuickTime keeps the same boxes one level deeper.
            for node in node.children(window, damage)? {
                sound.look(window, node, damage)?;
            }
        } else {
            sound.look(window, node, damage)?;
        }
    }
    Ok(sound.told(plainly))
}

/// What the boxes of an entry said so far.
#[derive(Default)]
struct Sound {
    code: [u8; 4],
    codec: Option<&'static str>,
    configuration: Vec<u8>,
    bitrate: Option<u64>,
    bit_depth: Option<u32>,
    encrypted: bool,
}

impl Sound {
    fn look(&mut self, window: &mut Window, node: Node, damage: &mut Option<Damage>) -> io::Result<()> {
        match &node.kind {
            b"sinf" => {
                self.encrypted = true;
                self.code = protection(window, node, damage)?.unwrap_or(self.code);
            }
            b"esds" => {
                let content = configuration(window, node)?;
                if let Some(stream) = descriptor::read(&content) {
                    self.codec = descriptor::codec(stream.object);
                    self.bitrate = stream.bitrate;
                    self.configuration = stream.configuration.to_vec();
                }
            }
            b"dac3" | b"dec3" | b"dac4" | b"dOps" | b"dfLa" | b"ddts" | b"dmlp" | b"alac" => {
                self.configuration = configuration(window, node)?;
            }
            b"btrt" => {
                let content = node.content(window, 12)?;
                let average = Fields(content.get(8..).unwrap_or_default()).be32();
                self.bitrate = self.bitrate.or(average.filter(|rate| *rate > 0).map(u64::from));
            }
            b"pcmC" => self.bit_depth = node.content(window, 6)?.get(5).copied().map(u32::from),
            _ => {}
        }
        Ok(())
    }

    fn told(self, plainly: Audio) -> Entry {
        let code = self.code;
        let word = self.codec.or_else(|| word(code));
        let mut audio = Audio { bitrate: self.bitrate, ..Audio::default() };
        audio.codec = word.map_or_else(|| plain(code), str::to_owned).into();
        match &*audio.codec {
            "alac" => audio.fill(alac(&self.configuration).unwrap_or_default()),
            "pcm" => {
                let bits = self.bit_depth.or(wide(code)).or(plainly.bit_depth);
                audio = Audio {
                    bit_depth: bits,
                    channels: plainly.channels,
                    sample_rate: plainly.sample_rate,
                    ..audio
                };
                audio.bitrate = uncompressed(&audio);
            }
            word => audio.fill(codec::audio_configuration(word, &self.configuration).unwrap_or_default()),
        }
        let numbers =
            Audio { channels: plainly.channels, sample_rate: plainly.sample_rate, ..Audio::default() };
        // What an entry says of Opus and DTS is often a guess; it serves where nobody knows better.
        audio.fill(numbers);
        Entry { media: Media::Audio(audio), configuration: self.configuration, encrypted: self.encrypted }
    }
}

/// Bits a second of samples as they are.
fn uncompressed(audio: &Audio) -> Option<u64> {
    let bits = u64::from(audio.bit_depth?).checked_mul(audio.channels?.into())?;
    bits.checked_mul(audio.sample_rate?.into())
}

#[derive(Default)]
struct Fixed {
    length: u64,
    audio: Audio,
}

fn fixed_part(bytes: &[u8], quicktime: bool) -> Option<Fixed> {
    let mut fields = Fields(bytes);
    fields.skip(8)?;
    let version = fields.be16()?;
    fields.skip(6)?;
    let (channels, bits) = (u32::from(fields.be16()?), u32::from(fields.be16()?));
    fields.skip(4)?;
    let rate = fields.be32()? >> 16;
    let known = |number: u32| (number > 0).then_some(number);
    let mut audio = Audio {
        channels: known(channels),
        sample_rate: known(rate),
        bit_depth: known(bits),
        ..Audio::default()
    };
    let length = match version {
        1 if quicktime => 44,
        2 if quicktime => {
            fields.skip(4)?;
            let rate = f64::from_bits(fields.be64()?);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be in range"
            )]
            let rate = (1.0..1e7).contains(&rate).then_some(rate as u32);
            let channels = fields.be32()?;
            fields.skip(4)?;
            audio.bit_depth = fields.be32().and_then(known);
            audio.sample_rate = rate;
            audio.channels = known(channels);
            64
        }
        _ => 28,
    };
    Some(Fixed { length, audio })
}

/// The codec's word of a sound's code.
fn word(code: [u8; 4]) -> Option<&'static str> {
    Some(match &code {
        b"mp4a" => "aac",
        b"ac-3" | b"sac3" => "ac3",
        b"ec-3" => "eac3",
        b"ac-4" => "ac4",
        b"Opus" => "opus",
        b"fLaC" => "flac",
        b"alac" => "alac",
        b".mp3" => "mp3",
        b".mp1" | b".mp2" => "mp2",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" | b"dtsx" | b"dtsy" | b"DTS " => "dts",
        b"mlpa" => "truehd",
        b"samr" | b"sawb" | b"sawp" => "amr",
        b"sowt" | b"twos" | b"raw " | b"NONE" | b"lpcm" | b"in24" | b"in32" | b"fl32" | b"fl64" | b"ipcm"
        | b"fpcm" | b"ulaw" | b"alaw" => "pcm",
        b"ima4" => "adpcm",
        b"QDM2" => "qdm2",
        b"mha1" | b"mhm1" | b"mha2" | b"mhm2" => "mpegh",
        [b'm', b's', high, low] => codec::audio_tag(u16::from_be_bytes([*high, *low]))?,
        _ => return None,
    })
}

/// Bits of a sample that a code itself tells.
fn wide(code: [u8; 4]) -> Option<u32> {
    match &code {
        b"in24" => Some(24),
        b"in32" | b"fl32" => Some(32),
        b"fl64" => Some(64),
        b"ulaw" | b"alaw" => Some(8),
        _ => None,
    }
}

/// Apple's lossless configuration.
fn alac(configuration: &[u8]) -> Option<Audio> {
    let mut fields = Fields(configuration);
    fields.skip(4 + 5)?;
    let bits = fields.byte()?;
    fields.skip(3)?;
    let channels = fields.byte()?;
    fields.skip(2 + 4)?;
    // The average rate that stands here is often that of silence or of nothing; the tables know better.
    fields.skip(4)?;
    let rate = fields.be32()?;
    let channels = u32::from(channels);
    Some(Audio {
        bit_depth: Some(bits.into()),
        channels: Some(channels).filter(|channels| *channels > 0),
        layout: codec::layout(channels).map(str::to_owned),
        sample_rate: (rate > 0).then_some(rate),
        ..Audio::of("alac")
    })
}
