//! Liquid's own ways to keep text for later, bounded: without that a few loops double a text until memory ends.

use std::fmt;
use std::io::{self, Write};

use liquid_core::model::{KString, Value};
use liquid_core::parser::FilterChain;
use liquid_core::{
    BlockReflection, Language, ParseBlock, ParseTag, Renderable, Runtime, TagBlock, TagReflection,
    TagTokenIter, Template, ValueView,
};

/// Longest text that a template may print or keep, in bytes.
pub(super) const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Most that one rendering may keep in all, in bytes.
const MAX_KEPT: usize = 16 * MAX_TEXT;

/// Takes no more than [`MAX_TEXT`] bytes.
#[derive(Default)]
pub(super) struct Capped(pub(super) Vec<u8>);

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_TEXT {
            self.0.resize(MAX_TEXT, b' ');
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn too_long() -> String {
    format!("the text is longer than {MAX_TEXT} bytes")
}

/// What a template prints, as a text.
pub(super) fn captured(body: &Template, runtime: &dyn Runtime) -> liquid_core::Result<String> {
    let mut out = Capped::default();
    let rendered = body.render_to(&mut out, runtime);
    if out.0.len() >= MAX_TEXT {
        return Err(liquid_core::Error::with_msg(too_long()));
    }
    rendered?;
    String::from_utf8(out.0).map_err(|_| liquid_core::Error::with_msg("the text is not valid UTF-8"))
}

/// How much one rendering has kept.
#[derive(Clone, Debug, Default)]
struct Kept(usize);

fn keep(name: &KString, value: Value, runtime: &dyn Runtime) -> liquid_core::Result<()> {
    let size = weight(&value);
    let mut kept = runtime.registers().get_mut::<Kept>();
    kept.0 = kept.0.saturating_add(size);
    if size > MAX_TEXT || kept.0 > MAX_KEPT {
        return Err(liquid_core::Error::with_msg(too_long()));
    }
    drop(kept);
    runtime.set_global(name.clone(), value);
    Ok(())
}

/// Bytes that a value takes, more or less.
fn weight(value: &Value) -> usize {
    const EACH: usize = 16;
    match value {
        Value::Scalar(scalar) => EACH + scalar.to_kstr().len(),
        Value::Array(list) => list.iter().map(weight).fold(EACH, usize::saturating_add),
        Value::Object(map) => {
            map.iter().map(|(key, value)| key.len() + weight(value)).fold(EACH, usize::saturating_add)
        }
        Value::State(_) | Value::Nil => EACH,
    }
}

/// `{% assign name = value %}`.
#[derive(Clone)]
pub(super) struct Assign;

impl TagReflection for Assign {
    fn tag(&self) -> &'static str {
        "assign"
    }

    fn description(&self) -> &'static str {
        "gives a value a name"
    }
}

impl ParseTag for Assign {
    fn parse(
        &self,
        mut tokens: TagTokenIter<'_>,
        options: &Language,
    ) -> liquid_core::Result<Box<dyn Renderable>> {
        let name = tokens.expect_next("a name is missing")?.expect_identifier().into_result()?.to_owned();
        tokens.expect_next("`=` is missing")?.expect_str("=").into_result_custom_msg("`=` is missing")?;
        let value = tokens.expect_next("a value is missing")?.expect_filter_chain(options).into_result()?;
        tokens.expect_nothing()?;
        Ok(Box::new(Assigned { name: name.into(), value }))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

#[derive(Debug)]
struct Assigned {
    name: KString,
    value: FilterChain,
}

impl Renderable for Assigned {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> liquid_core::Result<()> {
        let value = self.value.evaluate(runtime)?.into_owned();
        keep(&self.name, value, runtime)
    }
}

/// `{% capture name %}…{% endcapture %}`.
#[derive(Clone)]
pub(super) struct Capture;

impl BlockReflection for Capture {
    fn start_tag(&self) -> &'static str {
        "capture"
    }

    fn end_tag(&self) -> &'static str {
        "endcapture"
    }

    fn description(&self) -> &'static str {
        "gives what is printed inside a name"
    }
}

impl ParseBlock for Capture {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        options: &Language,
    ) -> liquid_core::Result<Box<dyn Renderable>> {
        let name = arguments.expect_next("a name is missing")?.expect_identifier().into_result()?.to_owned();
        arguments.expect_nothing()?;
        let body = Template::new(tokens.parse_all(options)?);
        tokens.assert_empty();
        Ok(Box::new(Captured { name: name.into(), body }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

struct Captured {
    name: KString,
    body: Template,
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("capture")
    }
}

impl Renderable for Captured {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> liquid_core::Result<()> {
        keep(&self.name, Value::scalar(captured(&self.body, runtime)?), runtime)
    }
}
