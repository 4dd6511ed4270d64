//! Renders text files of a release: NFO, FILE_ID.DIZ, anything with a fixed width.
//!
//! What a template prints becomes lines that fit: control characters are dropped, lines over the width are wrapped,
//! and what the encoding lacks is transliterated where that is natural and an error where it is not.

mod layout;
mod templates;

use engine::{Job, OptionFault, Output, Site, Stage, StageError, Template};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::files;

/// Renders a Liquid template into a text file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nfo {
    /// The template: a file `templates/<name>.liquid` in `.bindery` or the user's configuration, or a built-in one:
    /// `plain`, `ebook`, `tv`, `docs`, `diz`.
    template: String,
    /// The name of the file. The default is the release's name in lower case with `.nfo`.
    file: Option<Template>,
    /// How the text is written to the file.
    encoding: Encoding,
    /// How lines end.
    newline: Newline,
    /// Longest line, in columns.
    #[schemars(range(min = 20, max = 1000))]
    width: usize,
}

/// How text is written to a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Cp437,
    #[serde(rename = "utf-8")]
    Utf8,
    Ascii,
}

/// How lines end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Newline {
    #[default]
    Crlf,
    Lf,
}

impl Default for Nfo {
    fn default() -> Self {
        Self {
            template: "plain".into(),
            file: None,
            encoding: Encoding::default(),
            newline: Newline::default(),
            width: 80,
        }
    }
}

impl Stage for Nfo {
    const NAME: &'static str = "nfo";
    const ABOUT: &'static str = "renders a template into a text file of fixed width: NFO, FILE_ID.DIZ";

    fn check(&self, site: &Site) -> Vec<OptionFault> {
        let text = match templates::load(site, &self.template) {
            Ok(text) => text,
            Err(fault) => return vec![fault],
        };
        let broken = site.language.check(&Template::new(text)).err();
        let width = !(20..=1000).contains(&self.width);
        broken
            .map(|error| OptionFault::new("template", format!("the template `{}`: {error}", self.template)))
            .into_iter()
            .chain(width.then(|| OptionFault::new("width", "a width is from 20 to 1000 columns")))
            .collect()
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let text = templates::load(job.site(), &self.template).map_err(|fault| StageError::input(fault.message))?;
        let rendered = job.render(&Template::new(text)).map_err(|error| self.in_template(error))?;
        let page = layout::lay_out(&rendered, self.width);
        if page.wrapped > 0 {
            job.note(format!("{} lines over {} columns were wrapped", page.wrapped, self.width));
        }
        let ending = match self.newline {
            Newline::Crlf => "\r\n",
            Newline::Lf => "\n",
        };
        let bytes = layout::encode(&page.lines, self.encoding, ending)?;
        let default = Template::new("{{ release | downcase }}.nfo");
        let name = job.render(self.file.as_ref().unwrap_or(&default))?;
        let artifact = files::write(job, &name, &bytes)?;
        Ok(Output { artifacts: vec![artifact], ..Output::default() })
    }
}

impl Nfo {
    /// A whole template is too long to quote, so the message names it instead.
    fn in_template(&self, error: StageError) -> StageError {
        let message = match error.message.split_once(", which `") {
            Some((missing, _)) => format!("{missing}, which the template `{}` prints", self.template),
            None => format!("the template `{}` cannot be rendered: {}", self.template, error.message),
        };
        StageError { message, ..error }
    }
}
