//! Filters as rows: a name, a line about it, and a function. Liquid's traits stay in here.

use std::fmt;

use liquid::ValueView;
use liquid::model::Value as Liquid;
use liquid_core::parser::{FilterArguments, FilterReflection, ParameterReflection, ParseFilter};
use liquid_core::runtime::{Expression, Runtime};
use serde_json::Value;

use super::bounded::{MAX_TEXT, too_long};
use super::scope::is_absent;

/// A filter of the template language.
#[derive(Clone, Copy)]
pub struct Filter {
    /// What templates call it.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// The value it is given and its arguments, in order; the error is a fragment.
    pub apply: fn(&Value, &[Value]) -> Result<Value, String>,
}

/// Filters that replace Liquid's own: `default` has to know a stand-in, `size` counts bytes there, `join` knows lists alone
/// and `replace` no limit.
pub(super) const OWN: &[Filter] = &[
    Filter {
        name: "default",
        about: "the argument where nothing is known",
        apply: |input, args| {
            let empty = match input {
                Value::Null => true,
                Value::Bool(yes) => !yes,
                Value::String(text) => text.is_empty() || is_absent(text),
                Value::Array(list) => list.is_empty(),
                Value::Object(map) => map.is_empty(),
                Value::Number(_) => false,
            };
            Ok(if empty { args.first().cloned().unwrap_or_default() } else { input.clone() })
        },
    },
    Filter {
        name: "join",
        about: "the entries of a list as one text with the argument between them, a space otherwise",
        apply: |input, args| {
            let between = args.first().map_or_else(|| " ".to_owned(), text);
            let Value::Array(list) = input else { return Ok(text(input).into()) };
            if list.len().saturating_mul(between.len()) > MAX_TEXT {
                return Err(too_long());
            }
            Ok(list.iter().map(text).collect::<Vec<_>>().join(&between).into())
        },
    },
    Filter {
        name: "replace",
        about: "the text with every occurrence of the first argument replaced by the second",
        apply: |input, args| {
            let argument = |at: usize| args.get(at).map(text).unwrap_or_default();
            let (input, from, to) = (text(input), argument(0), argument(1));
            let found = input.matches(from.as_str()).count();
            // Liquid's own multiplies two texts, however long.
            if found.saturating_mul(to.len()) > MAX_TEXT {
                return Err(too_long());
            }
            Ok(input.replace(from.as_str(), &to).into())
        },
    },
    Filter {
        name: "size",
        about: "how many characters or entries there are",
        apply: |input, _| {
            Ok(match input {
                Value::String(text) if is_absent(text) => input.clone(),
                Value::String(text) => text.chars().count().into(),
                Value::Array(list) => list.len().into(),
                Value::Object(map) => map.len().into(),
                other => other.to_string().len().into(),
            })
        },
    },
];

/// Those of them that know a stand-in; through all others it passes as it is.
const KNOWING: &[&str] = &["default", "size"];

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Liquid's view of a row.
pub(super) fn parser(row: Filter) -> Box<dyn ParseFilter> {
    Box::new(Row(row))
}

#[derive(Clone)]
struct Row(Filter);

impl FilterReflection for Row {
    fn name(&self) -> &str {
        self.0.name
    }

    fn description(&self) -> &str {
        self.0.about
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Row {
    fn parse(&self, mut arguments: FilterArguments<'_>) -> liquid_core::Result<Box<dyn liquid_core::Filter>> {
        if let Some((name, _)) = arguments.keyword.next() {
            return Err(liquid_core::Error::with_msg(format!("`{}` takes no `{name}:`", self.0.name)));
        }
        Ok(Box::new(Call { row: self.0, arguments: arguments.positional.collect() }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

struct Call {
    row: Filter,
    arguments: Vec<Expression>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row.name)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row.name)
    }
}

impl liquid_core::Filter for Call {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> liquid_core::Result<Liquid> {
        // A stand-in passes through every filter but those that know it, so that it is found where it is printed.
        let known = KNOWING.contains(&self.row.name);
        if !known && input.is_scalar() && is_absent(input.to_kstr().as_str()) {
            return Ok(input.to_value());
        }
        // An argument that nobody knows is one that was not given: `dots: language` is right for any language. What
        // `default` falls back on has to be known.
        let known_only =
            |value: Value| if !known && value.as_str().is_some_and(is_absent) { Value::Null } else { value };
        let arguments: Vec<Value> = self
            .arguments
            .iter()
            .map(|argument| argument.evaluate(runtime).map(|value| known_only(plain(&value.to_value()))))
            .collect::<Result<_, _>>()?;
        let result = (self.row.apply)(&plain(&input.to_value()), &arguments);
        result
            .map(|value| liquid(&value))
            .map_err(|error| liquid_core::Error::with_msg(format!("`{}`: {error}", self.row.name)))
    }
}

pub(super) fn plain(value: &Liquid) -> Value {
    match value {
        Liquid::Scalar(scalar) => {
            // A text that looks like a number stays a text: a year is printed as it was written.
            if scalar.type_name() == "whole number" {
                scalar.to_integer().map_or(Value::Null, Into::into)
            } else if scalar.type_name() == "fractional number" {
                scalar.to_float().map_or(Value::Null, Into::into)
            } else if scalar.type_name() == "boolean" {
                scalar.to_bool().map_or(Value::Null, Into::into)
            } else {
                Value::String(scalar.to_kstr().into_string())
            }
        }
        Liquid::Array(list) => list.iter().map(plain).collect(),
        Liquid::Object(map) => map.iter().map(|(key, value)| (key.to_string(), plain(value))).collect(),
        Liquid::State(_) | Liquid::Nil => Value::Null,
    }
}

pub(super) fn liquid(value: &Value) -> Liquid {
    match value {
        Value::Null => Liquid::Nil,
        Value::Bool(yes) => Liquid::scalar(*yes),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Liquid::scalar(whole),
            (None, Some(float)) => Liquid::scalar(float),
            (None, None) => Liquid::scalar(number.to_string()),
        },
        Value::String(text) => Liquid::scalar(text.clone()),
        Value::Array(list) => Liquid::Array(list.iter().map(liquid).collect()),
        Value::Object(map) => {
            Liquid::Object(map.iter().map(|(k, v)| (k.clone().into(), liquid(v))).collect())
        }
    }
}
