//! What is wrong with a template, whatever the release: told before anything runs.
//!
//! Renders nothing; what a page looks like is linted where it is made.

use engine::template::TemplateError;
use engine::{Language, OptionFault, Template};

use super::front::{Encoding, Fault};
use super::templates::Found;
use super::{encoding, known};

/// Everything that is wrong with a template: its syntax, names that nobody will know, characters that its encoding lacks.
/// `given` lists names that a manifest gives to templates. Places are those of its file.
#[must_use]
pub fn faults_in(template: &Found, language: &Language, given: &[String], encoding: Encoding) -> Vec<Fault> {
    if let Err(error) = language.check(&Template::new(template.body.as_str())) {
        let (line, column) = match &error {
            TemplateError::Syntax { line, column, .. } => (*line, *column),
            _ => (1, 1),
        };
        return vec![Fault { message: error.to_string(), line: line + template.above, column, hint: None }];
    }
    let strangers = known::unknown(template, given).into_iter().filter(|unknown| unknown.needed);
    strangers.map(|unknown| unknown.fault).chain(lacked(template, encoding)).collect()
}

/// A fault of a template as one of the option that names it.
pub(super) fn option_fault(name: &str, fault: &Fault, is_inside: bool) -> OptionFault {
    let message = match is_inside {
        true => format!("the template {}, {fault}", engine::value::shown(name)),
        false => fault.message.clone(),
    };
    let found = OptionFault::new("template", message);
    fault.hint.iter().fold(found, |found, hint| found.hint(hint.clone()))
}

fn lacked(template: &Found, encoding: Encoding) -> Option<Fault> {
    let (line, column, character) =
        encoding::lacked_by_437(&template.body).filter(|_| encoding == Encoding::Cp437)?;
    Some(Fault {
        message: encoding::lacks(character),
        line: line + template.above,
        column,
        hint: Some("write something else, or set `encoding: utf-8`".into()),
    })
}
