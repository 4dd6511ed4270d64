//! Renders text files of a release: NFO, FILE_ID.DIZ, anything with a fixed width.
//!
//! What a template prints becomes lines that fit: control characters are dropped, what the encoding lacks is
//! transliterated, and lines over the width are folded.

mod check;
mod encoding;
mod finished;
mod front;
mod import;
mod known;
mod layout;
mod lint;
mod page;
pub mod samples;
mod templates;

use engine::template::Scope;
use engine::{Asset, Forecast, Input, Job, OptionFault, Output, Site, Stage, StageError, Template};
use formats::text::sauce::{self, Sauce};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::files;

pub use check::faults_in;
pub use finished::{Finished, read_page};
pub use front::{Encoding, Fault, Front, Newline, encoding as encoding_of, newline as newline_of};
pub use import::{Imported, import};
pub use known::{Unknown, names, unknown};
pub use lint::{Limits, Remark, lint, missing};
pub use page::{Lacking, Look, Page, page};
pub use templates::{Found, Listing, Templates, Unfound, is_name, is_path};

/// The width of a page unless someone says otherwise, in columns.
pub const WIDTH: usize = 80;
/// Most remarks about a page that a run tells.
const MOST_REMARKS: usize = 5;

/// Renders a Liquid template into a text file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nfo {
    /// The template: `templates/<name>.liquid` in `.bindery` or the user's configuration, a built-in one (`bindery
    /// templates list`), or the path of a file that ends in `.liquid`, relative to the manifest. The default is `plain`.
    #[schemars(extend("x-file" = "liquid"))]
    template: Option<String>,
    /// The name of the file. The default is the release's name in lower case with `.nfo`.
    #[schemars(extend("x-path" = true))]
    file: Option<Template>,
    /// How text is written to the file. The default is what the template says, and else `cp437`.
    encoding: Option<Encoding>,
    /// How lines end. The default is what the template says, and else `crlf`.
    newline: Option<Newline>,
    /// Longest line, in columns. The default is what the template says, and else 80.
    #[schemars(range(min = 20, max = 1000))]
    width: Option<usize>,
    /// What becomes of letters in facts that the encoding lacks and that nothing stands for.
    lacking: Lacking,
    /// Facts that the page must show, beside those that the template requires.
    require: Vec<String>,
    /// Whether a SAUCE record stands behind the text, for viewers that look for one.
    sauce: bool,
}

impl Stage for Nfo {
    const NAME: &'static str = "nfo";
    const ABOUT: &'static str = "renders a template into a text file of fixed width: NFO, FILE_ID.DIZ";
    const VERSION: u32 = 2;

    fn check(&self, site: &Site) -> Vec<OptionFault> {
        let mut faults = match self.find(site) {
            Ok(template) => self.faults_of(&template, site),
            Err(fault) => return vec![fault],
        };
        if self.width.is_some_and(|width| !(front::NARROWEST..=front::WIDEST).contains(&width)) {
            faults.push(OptionFault::new("width", "a width is from 20 to 1000 columns"));
        }
        faults
    }

    fn forecast(&self, inputs: &[Input]) -> Forecast {
        let counted = (!inputs.is_empty()).then(|| counted(inputs));
        Forecast { notes: counted.into_iter().collect(), ..Forecast::default() }
    }

    fn assets(&self, site: &Site) -> Vec<Asset> {
        let template = self.find(site).ok();
        template
            .into_iter()
            .map(|found| Asset::new(format!("template `{}`", found.name), found.text))
            .collect()
    }

    fn run(&self, job: &Job<'_>) -> Result<Output, StageError> {
        let template = self.find(job.site()).map_err(|fault| StageError::input(fault.message))?;
        let scope = job.scope();
        let page = page(&job.site().language, &template, &scope, &self.look())?;
        self.tell(job, &page, &template, &scope)?;
        let mut bytes = page.bytes()?;
        if self.sauce {
            bytes = sauce::append(&bytes, &record(&scope, &page));
        }
        let name = self.file(|template| job.render(template))?;
        let artifact = files::write(job, &name, &bytes)?;
        Ok(Output { artifacts: vec![artifact], ..Output::default() })
    }
}

impl Nfo {
    fn find(&self, site: &Site) -> Result<Found, OptionFault> {
        let name = self.template.as_deref().unwrap_or("plain");
        Templates::new(&site.search).find(name).map_err(|unfound| {
            let is_inside = matches!(unfound, Unfound::Faulty(_));
            check::option_fault(name, &unfound.fault(), is_inside)
        })
    }

    /// The file and the text of a usual page: what is not known yet is as most releases have it. None where no page
    /// can be made.
    pub(crate) fn usual(&self, site: &Site, known: Scope) -> Option<(String, String)> {
        let scope = samples::Sample::usual()?.beneath(known);
        let page = page(&site.language, &self.find(site).ok()?, &scope, &self.look()).ok()?;
        Some((self.file(|template| site.language.render(template, &scope)).ok()?, page.text()))
    }

    /// The name of the file, rendered.
    fn file<E>(&self, render: impl FnOnce(&Template) -> Result<String, E>) -> Result<String, E> {
        match &self.file {
            Some(template) => render(template),
            None => render(&Template::new("{{ release | downcase }}.nfo")),
        }
    }

    fn look(&self) -> Look {
        Look { encoding: self.encoding, newline: self.newline, width: self.width, lacking: self.lacking }
    }

    fn faults_of(&self, template: &Found, site: &Site) -> Vec<OptionFault> {
        let encoding = self.encoding.or(template.front.encoding).unwrap_or_default();
        let found = faults_in(template, &site.language, &site.given, encoding);
        let mut faults: Vec<OptionFault> =
            found.iter().map(|fault| check::option_fault(&template.name, fault, true)).collect();
        if self.sauce && encoding == Encoding::Utf8 {
            let fault = OptionFault::new("sauce", "a SAUCE record goes with code page 437 or ASCII");
            faults.push(fault.hint("leave `sauce` out, or set `encoding: cp437`"));
        }
        faults
    }

    /// Says what is worth a look, and fails where a fact that the page must show is not on it.
    fn tell(&self, job: &Job<'_>, page: &Page, template: &Found, scope: &Scope) -> Result<(), StageError> {
        if page.folded > 0 {
            job.note(format!("{} lines over {} columns were folded", page.folded, page.width));
        }
        if let Some(lacked) = &page.lacked {
            job.note(format!(
                "code page 437 lacks {lacked}: written in Latin letters (`encoding: utf-8` keeps them)"
            ));
        }
        let limits = Limits { lines: template.front.lines, ..Limits::of(page) };
        for remark in lint(&page.text(), &limits).iter().take(MOST_REMARKS) {
            job.note(format!("line {}: {}", remark.line, remark.message));
        }
        let required = self.require.iter().chain(&template.front.requires);
        match missing(&page.text(), scope, required).first() {
            None => Ok(()),
            Some(remark) => Err(StageError::new("fact/missing", remark.message.clone())
                .hint("set it under `metadata:`, or print it in the template")),
        }
    }
}

/// What a plan says of a step whose page counts files: how many there will be is known before any is written.
fn counted(inputs: &[Input]) -> String {
    let mut givers: Vec<&str> = inputs.iter().map(|input| input.from.as_str()).collect();
    givers.dedup();
    let files = if inputs.len() == 1 { "file" } else { "files" };
    format!("counts {} {files} of {}", inputs.len(), givers.join(", "))
}

/// What the SAUCE record of a page says.
fn record(scope: &Scope, page: &Page) -> Sauce {
    let text = |name: &str| scope.get(name).map(crate::filters::text_of).unwrap_or_default();
    let title = Some(text("title")).filter(|title| !title.is_empty());
    let date = text("now").chars().take(10).filter(char::is_ascii_digit).collect();
    Sauce {
        title: title.unwrap_or_else(|| text("release")),
        author: String::new(),
        group: text("group"),
        date,
        columns: u16::try_from(page.width).unwrap_or(u16::MAX),
        lines: u16::try_from(page.lines.len()).unwrap_or(u16::MAX),
        font: "IBM VGA".into(),
        comments: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
