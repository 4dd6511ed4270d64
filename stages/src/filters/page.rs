//! Filters that fit text into columns, and numbers as people write them.

use formats::text::draw;
use serde_json::Value;

use super::{count, on_text, text_of};

/// Number of digits of a disk counter with which common checkers read it.
const MOST_SHORT: usize = 99;

/// The text in a frame.
pub(super) fn boxed(input: &Value, args: &[Value]) -> Result<Value, String> {
    let columns = at_least(args, draw::NARROWEST)?;
    let frame = style(args.get(1))?;
    let title = args.get(2).map(text_of);
    on_text(input, |text| draw::boxed(text, columns, frame, title.as_deref()))
}

/// The frame of a style, `single` where none is named.
pub(crate) fn style(name: Option<&Value>) -> Result<&'static draw::Frame, String> {
    let name = name.and_then(Value::as_str).unwrap_or("single");
    draw::frame(name).ok_or_else(|| {
        let known: Vec<&str> = draw::FRAMES.iter().map(|frame| frame.name).collect();
        format!("there is no style `{name}`; there are {}", known.join(", "))
    })
}

/// The first argument as a width that is not too small.
pub(crate) fn at_least(args: &[Value], least: usize) -> Result<usize, String> {
    let columns = count(args)?;
    if columns < least { Err(format!("needs at least {least} columns")) } else { Ok(columns) }
}

/// A list in columns: how many, and how wide they are together.
pub(super) fn columns(input: &Value, args: &[Value]) -> Result<Value, String> {
    let number = count(args)?.max(1);
    let wide = args.get(1).map_or(Ok(78), |width| count(std::slice::from_ref(width)))?;
    Ok(draw::grid(&entries(input), number, wide).into())
}

/// `A`, `A and B`, `A, B and C`; the argument is the word between the last two.
pub(super) fn join_and(input: &Value, args: &[Value]) -> String {
    let word = args.first().map_or_else(|| "and".to_owned(), text_of);
    match entries(input).as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

/// Milliseconds as `1h 32m`, or with the argument `clock` as `1:32:05`.
pub(super) fn duration(input: &Value, args: &[Value]) -> Result<Value, String> {
    let Some(ms) = super::whole(input) else {
        // A text is one that someone has written already.
        return if input.is_string() {
            Ok(input.clone())
        } else {
            Err("is for a number of milliseconds".into())
        };
    };
    let seconds = ms.saturating_add(500) / 1000;
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Ok(match args.first().and_then(Value::as_str) {
        Some("clock") => format!("{hours}:{minutes:02}:{rest:02}"),
        Some(other) => return Err(format!("knows `clock`, not `{other}`")),
        None if hours > 0 => format!("{hours}h {minutes:02}m"),
        None if minutes > 0 => format!("{minutes}m {rest:02}s"),
        None => format!("{rest}s"),
    }
    .into())
}

/// The same as a text, where that can be.
pub(crate) fn duration_of(ms: &Value) -> Option<String> {
    duration(ms, &[]).ok().map(|text| text_of(&text))
}

/// At most so many lines; the last ends in three dots where there were more.
pub(super) fn lines(text: &str, most: usize) -> String {
    let all: Vec<&str> = text.trim_end().split('\n').collect();
    if all.len() <= most {
        return all.join("\n");
    }
    let mut kept: Vec<String> = all.iter().take(most).map(|&line| line.trim_end().to_owned()).collect();
    if let Some(last) = kept.last_mut() {
        let room = formats::text::width::width(last);
        *last =
            if room > 3 { format!("{}...", draw::shortened(last, room - 3, "")) } else { "...".to_owned() };
    }
    kept.join("\n")
}

/// The counter of a FILE_ID.DIZ, `[xx/05]`: the number of disks, in a form that checkers read. Beyond 99 they want three
/// letters for three digits.
pub(super) fn disks(input: &Value) -> Result<Value, String> {
    let count = match input {
        Value::Array(list) => Some(list.len()),
        other => other.as_u64().and_then(|count| usize::try_from(count).ok()),
    };
    let count = count.ok_or("is for files or their number")?.max(1);
    Ok(if count > MOST_SHORT { format!("[xxx/{count}]") } else { format!("[xx/{count:02}]") }.into())
}

/// The texts of a list; anything else is a list of one.
fn entries(input: &Value) -> Vec<String> {
    match input {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().map(text_of).collect(),
        other => vec![text_of(other)],
    }
}
