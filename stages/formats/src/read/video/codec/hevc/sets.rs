//! The parts of a sequence parameter set that must be passed over to reach the next one.
//!
//! Keeps nothing of what it reads.

use crate::read::video::codec::bits::Bits;

/// What `profile_tier_level` says of sub-layers.
pub fn sub_layers(bits: &mut Bits<'_>, layers: u32) -> Option<()> {
    if layers == 0 {
        return Some(());
    }
    let mut present = Vec::new();
    for _ in 0..layers {
        present.push((bits.flag()?, bits.flag()?));
    }
    bits.skip(2 * (8usize.saturating_sub(layers as usize)))?;
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Some(())
}

/// Everything between the bit depths and the flag for usability information.
pub fn before_usability(bits: &mut Bits<'_>, layers: u32) -> Option<()> {
    let order_bits = bits.ue()?.checked_add(4).filter(|bits| *bits <= 16)?;
    let first = if bits.flag()? { 0 } else { layers };
    for _ in first..=layers {
        (0..3).try_for_each(|_| bits.ue().map(drop))?;
    }
    (0..6).try_for_each(|_| bits.ue().map(drop))?;
    if bits.flag()? && bits.flag()? {
        scaling_lists(bits)?;
    }
    bits.skip(2)?;
    if bits.flag()? {
        bits.skip(8)?;
        bits.ue()?;
        bits.ue()?;
        bits.flag()?;
    }
    reference_sets(bits)?;
    if bits.flag()? {
        for _ in 0..bits.ue().filter(|count| *count <= 32)? {
            bits.skip(order_bits as usize + 1)?;
        }
    }
    bits.skip(2)
}

fn scaling_lists(bits: &mut Bits<'_>) -> Option<()> {
    for size in 0..4u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.flag()? {
                bits.ue()?;
                continue;
            }
            if size > 1 {
                bits.se()?;
            }
            for _ in 0..(1u32 << (4 + 2 * size)).min(64) {
                bits.se()?;
            }
        }
    }
    Some(())
}

fn reference_sets(bits: &mut Bits<'_>) -> Option<()> {
    let count = bits.ue().filter(|count| *count <= 64)?;
    let mut before = 0u32;
    for index in 0..count {
        let predicted = index > 0 && bits.flag()?;
        before = if predicted { predicted_set(bits, before)? } else { plain_set(bits)? };
    }
    Some(())
}

/// A set told by its difference from the one before; gives how many pictures it has.
fn predicted_set(bits: &mut Bits<'_>, before: u32) -> Option<u32> {
    bits.flag()?;
    bits.ue()?;
    let mut pictures = 0;
    for _ in 0..=before {
        let used = bits.flag()?;
        if used || bits.flag()? {
            pictures += 1;
        }
    }
    Some(pictures)
}

fn plain_set(bits: &mut Bits<'_>) -> Option<u32> {
    let pictures = bits.ue()?.checked_add(bits.ue()?).filter(|count| *count <= 32)?;
    for _ in 0..pictures {
        bits.ue()?;
        bits.flag()?;
    }
    Some(pictures)
}
