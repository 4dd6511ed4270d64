//! The first pages of a PDF.

use lopdf::{Document, Object};

use super::{Cut, CutError};

pub(super) fn cut(bytes: &[u8], pages: usize) -> Result<Cut, CutError> {
    let damaged = |error: lopdf::Error| CutError::Damaged(error.to_string());
    let mut document = Document::load_mem(bytes).map_err(damaged)?;
    if document.is_encrypted() || document.trailer.has(b"Encrypt") {
        return Err(CutError::Encrypted);
    }
    let all: Vec<u32> = document.get_pages().into_keys().collect();
    let of = all.len();
    if of == 0 {
        return Err(CutError::Damaged("it has no pages".into()));
    }
    let rest: Vec<u32> = all.into_iter().skip(pages.max(1)).collect();
    let kept = of - rest.len();
    document.delete_pages(&rest);
    // Outlines, names and actions may lead to pages that are gone, and would keep them in the file.
    let catalog = document.trailer.get(b"Root").and_then(Object::as_reference).map_err(damaged)?;
    if let Ok(catalog) = document.get_object_mut(catalog).and_then(Object::as_dict_mut) {
        for key in [
            &b"Outlines"[..],
            b"Names",
            b"Dests",
            b"OpenAction",
            b"AA",
            b"StructTreeRoot",
            b"MarkInfo",
            b"AcroForm",
            b"Threads",
            b"PageMode",
        ] {
            catalog.remove(key);
        }
    }
    let left: Vec<lopdf::ObjectId> = document.get_pages().into_values().collect();
    for page in left {
        if let Ok(page) = document.get_object_mut(page).and_then(Object::as_dict_mut) {
            // Links and form fields of a page may lead to others.
            page.remove(b"Annots");
            page.remove(b"B");
        }
    }
    document.prune_objects();
    document.renumber_objects();
    let mut out = Vec::new();
    document.save_to(&mut out).map_err(|error| CutError::Damaged(error.to_string()))?;
    Ok(Cut { extension: "pdf", bytes: out, kept, of })
}
