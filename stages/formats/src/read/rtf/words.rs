//! Control words by what they mean to a reader of facts.
//!
//! Tables alone; what follows from them is decided elsewhere.

/// Destinations whose text is no running text of the document, with or without a star.
pub const SKIPPED: &[&str] = &[
    "colortbl",
    "filetbl",
    "footer",
    "footerf",
    "footerl",
    "footerr",
    "footnote",
    "fldinst",
    "header",
    "headerf",
    "headerl",
    "headerr",
    "listtext",
    "nextfile",
    "nonshppict",
    "objdata",
    "pict",
    "pntext",
    "private",
    "revtbl",
    "rxe",
    "stylesheet",
    "tc",
    "template",
    "txe",
    "xe",
    "buptim",
    "printim",
    "revtim",
    "operator",
    "manager",
    "company",
    "hlinkbase",
    "linkval",
];

/// Destinations whose text is a property.
pub const PROPERTIES: &[&str] = &[
    "title",
    "subject",
    "author",
    "keywords",
    "doccomm",
    "comment",
    "category",
    "generator",
    "propname",
    "staticval",
];

/// Control words that stand for a character; breaks are white space.
pub fn character(name: &str) -> Option<char> {
    let c = match name {
        "par" | "line" | "sect" | "page" | "row" | "column" | "nestrow" | "softline" => '\n',
        "tab" | "cell" | "nestcell" => '\t',
        "emspace" | "enspace" | "qmspace" => ' ',
        "emdash" => '\u{2014}',
        "endash" => '\u{2013}',
        "lquote" => '\u{2018}',
        "rquote" => '\u{2019}',
        "ldblquote" => '\u{201c}',
        "rdblquote" => '\u{201d}',
        "bullet" => '\u{2022}',
        _ => return None,
    };
    Some(c)
}
