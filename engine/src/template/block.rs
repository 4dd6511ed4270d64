//! Blocks and tags as rows: a name, a line about it, and a function over the text inside. Liquid's traits stay in here.

use std::fmt;
use std::io::Write;

use liquid_core::error::ResultLiquidReplaceExt;
use liquid_core::parser::TagToken;
use liquid_core::runtime::Expression;
use liquid_core::{
    BlockReflection, ParseBlock, ParseTag, Renderable, Runtime, TagBlock, TagReflection, TagTokenIter,
    ValueView,
};
use liquid_core::{Language as Liquid, Template};
use serde_json::Value;

use super::bounded::captured;
use super::filter::plain;
use super::scope::is_absent;

/// A block `{% name … %}…{% endname %}` or a tag `{% name … %}` of the template language.
#[derive(Clone, Copy)]
pub struct Block {
    /// What templates call it.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Whether it encloses text.
    pub encloses: bool,
    /// The text inside and the arguments; the error is a fragment.
    pub apply: fn(&str, &Arguments) -> Result<String, String>,
}

/// The arguments of a block: `78, style: "double"`. One that nobody knows was not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    /// Those without a name, in order.
    pub positional: Vec<Value>,
    /// Those with a name.
    pub named: Vec<(String, Value)>,
}

impl Arguments {
    /// The argument of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Value> {
        self.named.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

pub(super) fn end_of(name: &str) -> String {
    format!("end{name}")
}

/// Liquid's view of a block.
#[derive(Clone)]
pub(super) struct Row {
    row: Block,
    end: String,
}

impl Row {
    pub(super) fn new(row: Block) -> Self {
        Self { row, end: end_of(row.name) }
    }
}

impl BlockReflection for Row {
    fn start_tag(&self) -> &str {
        self.row.name
    }

    fn end_tag(&self) -> &str {
        &self.end
    }

    fn description(&self) -> &str {
        self.row.about
    }
}

impl ParseBlock for Row {
    fn parse(
        &self,
        arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        options: &Liquid,
    ) -> liquid_core::Result<Box<dyn Renderable>> {
        let arguments = written(arguments)?;
        let body = Template::new(tokens.parse_all(options)?);
        tokens.assert_empty();
        Ok(Box::new(Call { row: self.row, arguments, body: Some(body) }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

impl TagReflection for Row {
    fn tag(&self) -> &str {
        self.row.name
    }

    fn description(&self) -> &str {
        self.row.about
    }
}

impl ParseTag for Row {
    fn parse(&self, arguments: TagTokenIter<'_>, _: &Liquid) -> liquid_core::Result<Box<dyn Renderable>> {
        Ok(Box::new(Call { row: self.row, arguments: written(arguments)?, body: None }))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

type Written = Vec<(Option<String>, Expression)>;

/// Arguments as written: values with commas between them, some with a name and a colon before.
fn written(arguments: TagTokenIter<'_>) -> liquid_core::Result<Written> {
    let mut tokens = arguments.peekable();
    let mut written = Vec::new();
    while let Some(token) = tokens.next() {
        let is = |token: Option<&TagToken<'_>>, sign: &str| {
            token.is_some_and(|token| token.as_str().trim() == sign)
        };
        let (name, value) = if is(tokens.peek(), ":") {
            let name = token.expect_identifier().into_result()?.to_owned();
            drop(tokens.next());
            let missing = || liquid_core::Error::with_msg(format!("`{name}:` has no value"));
            let value = tokens.next().ok_or_else(missing)?;
            (Some(name), value)
        } else {
            (None, token)
        };
        written.push((name, value.expect_value().into_result()?));
        match tokens.next() {
            None => break,
            Some(comma) if is(Some(&comma), ",") => {}
            Some(other) => return Err(other.raise_custom_error("a comma parts arguments")),
        }
    }
    Ok(written)
}

struct Call {
    row: Block,
    arguments: Written,
    body: Option<Template>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row.name)
    }
}

impl Call {
    fn arguments(&self, runtime: &dyn Runtime) -> liquid_core::Result<Arguments> {
        let mut given = Arguments::default();
        for (name, expression) in &self.arguments {
            let value = plain(&expression.evaluate(runtime)?.to_value());
            let value = if value.as_str().is_some_and(is_absent) { Value::Null } else { value };
            match name {
                Some(name) => given.named.push((name.clone(), value)),
                None => given.positional.push(value),
            }
        }
        Ok(given)
    }
}

impl Renderable for Call {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> liquid_core::Result<()> {
        let body = self.body.as_ref().map_or_else(|| Ok(String::new()), |body| captured(body, runtime))?;
        // A stand-in must be found whole in what is printed, so nothing is done to the text around it.
        let text = if is_absent(&body) {
            body
        } else {
            (self.row.apply)(&body, &self.arguments(runtime)?)
                .map_err(|error| liquid_core::Error::with_msg(format!("`{}`: {error}", self.row.name)))?
        };
        writer.write_all(text.as_bytes()).replace("the text is too long")
    }
}
