//! Renders text files of a release: NFO, FILE_ID.DIZ, anything with a fixed width.
//!
//! What a template prints becomes lines that fit: control characters are dropped, what the encoding lacks is
//! transliterated, and lines over the width are wrapped.

mod encoding;
mod layout;
mod templates;

use engine::template::TemplateError;
use engine::{Asset, Job, OptionFault, Output, Site, Stage, StageError, Template};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::files;
use encoding::Writing;

/// Renders a Liquid template into a text file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nfo {
    /// The template: a file `templates/<name>.liquid` in `.bindery` or the user's configuration, or a built-in one:
    /// `plain`, `ebook`, `tv`, `docs`, `diz`.
    template: String,
    /// The name of the file. The default is the release's name in lower case with `.nfo`.
    #[schemars(extend("x-path" = true))]
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

    fn assets(&self, site: &Site) -> Vec<Asset> {
        let text = templates::load(site, &self.template).unwrap_or_default();
        vec![Asset::new(format!("template `{}`", self.template), text)]
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let text =
            templates::load(job.site(), &self.template).map_err(|fault| StageError::input(fault.message))?;
        let language = job.fact("language").and_then(Value::as_str);
        let mut writing = Writing::new(self.encoding, language);
        let mut scope = job.scope();
        let names: Vec<String> = scope.names().map(str::to_owned).collect();
        for name in names {
            // Before the template lays them out in columns: one letter may become several.
            let value = scope.get(&name).map(|value| writing.value(value)).unwrap_or_default();
            scope.set(&name, value);
        }
        let rendered = job
            .site()
            .language
            .render(&Template::new(text), &scope)
            .map_err(|error| self.in_template(error))?;
        let page = layout::lay_out(&rendered, self.width, &mut |line| writing.text(line));
        if page.wrapped > 0 {
            job.note(format!("{} lines over {} columns were wrapped", page.wrapped, self.width));
        }
        if let Some(lacked) = writing.lacked() {
            job.note(format!(
                "code page 437 lacks {lacked}: written in Latin letters (`encoding: utf-8` keeps them)"
            ));
        }
        let ending = match self.newline {
            Newline::Crlf => "\r\n",
            Newline::Lf => "\n",
        };
        let bytes = encoding::bytes(&page.lines, self.encoding, ending)?;
        let default = Template::new("{{ release | downcase }}.nfo");
        let name = job.render(self.file.as_ref().unwrap_or(&default))?;
        let artifact = files::write(job, &name, &bytes)?;
        Ok(Output { artifacts: vec![artifact], ..Output::default() })
    }
}

impl Nfo {
    /// A whole template is too long to quote, so the message names it instead.
    fn in_template(&self, error: TemplateError) -> StageError {
        let name = &self.template;
        let TemplateError::Missing { names } = &error else {
            return StageError::new(
                "template/invalid",
                format!("the template `{name}` cannot be rendered: {error}"),
            );
        };
        let first = names.first().map_or("…", String::as_str);
        StageError::new("fact/missing", format!("{error}, which the template `{name}` prints"))
            .hint(format!("set it under `metadata:` (`{first}: …`), or give the template a `| default:`"))
    }
}

#[cfg(test)]
mod tests;
