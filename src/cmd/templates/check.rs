//! `bindery templates check`: templates, and finished pages, looked over without a release.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use stages::nfo::samples::SAMPLES;
use stages::nfo::{Found, Limits, Look, Remark, Templates, faults_in, lint, page, read_page, unknown};

use stages::rules::{Finding, Severity};

use super::render::{remarks, said};
use super::{find, here};
use crate::exit::{Exit, Failure};
use crate::project::Project;
use crate::rules::{self, Named};
use crate::ui::{Ui, clean, words};

const AFTER: &str = "\
Examples:
  bindery templates check
  bindery templates check mine page.liquid
  bindery templates check ebook --rules ebook
  bindery templates check dist/Some.Release-GRP/some.release-grp.nfo --width 80";

/// Longest page that is looked over, in bytes.
const MAX_PAGE: u64 = 16 * 1024 * 1024;

/// Look templates over, or finished NFO files
///
/// A template is parsed, its names are compared with the facts there are, and it is rendered over every set of sample
/// facts. Over-wide lines, tabs, control codes, space at line ends, characters that the encoding lacks and labels with
/// nothing behind them are told, and with `--rules` what a rule set asks of pages. The exit code is 1 when anything is
/// wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Templates by name or path, and finished pages (`.nfo`, `.diz`, `.txt`); all templates when none is named
    #[arg(value_name = "TEMPLATE")]
    names: Vec<String>,
    /// The widest line of a finished page, in columns
    #[arg(long, value_name = "COLUMNS", default_value_t = 80, value_parser = clap::value_parser!(u16).range(20..=1000))]
    width: u16,
    /// Hold pages against this rule set, too; may be repeated. `bindery rules` lists them
    #[arg(long, value_name = "SET")]
    rules: Vec<String>,
    /// Print JSON: an entry for each
    #[arg(long)]
    json: bool,
}

/// What was found in one template or page, as `--json` prints it.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[schemars(title = "Check of a template")]
pub struct Checked {
    /// The template, or the file.
    name: String,
    /// What is wrong: the template cannot be used like this.
    faults: Vec<Told>,
    /// What is worth a look.
    remarks: Vec<Told>,
}

/// Something that was found.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Told {
    /// Line, from 1; 0 where it is about the whole.
    line: usize,
    /// Column, from 1.
    column: usize,
    /// What it is.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// The set of sample facts over whose page it shows; none where it is about the template's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<String>,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let (_, project, templates) = here()?;
    let names = if args.names.is_empty() { templates.names() } else { args.names.clone() };
    let sets = if args.rules.is_empty() { Vec::new() } else { rules::here(&args.rules)? };
    let mut all = Vec::new();
    for name in &names {
        all.push(if is_page(name) {
            finished(Path::new(name), usize::from(args.width), &sets)?
        } else {
            checked(&find(&templates, name), name, &project, &templates, &sets)?
        });
    }
    let bad = all.iter().any(|checked| !checked.faults.is_empty());
    if args.json {
        ui.json(&all)?;
    } else {
        ui.data(&all.iter().map(|checked| human(checked, ui)).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(if bad { Exit::Failed } else { Exit::Done })
}

fn is_page(name: &str) -> bool {
    let extension = Path::new(name).extension().map(|extension| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| ["nfo", "diz", "txt"].iter().any(|known| extension == *known))
}

/// A finished page.
fn finished(path: &Path, width: usize, sets: &[Arc<Named>]) -> Result<Checked, Failure> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|_| Failure::missing(format!("there is no file `{shown}`")))?;
    if metadata.len() > MAX_PAGE || !metadata.is_file() {
        return Err(Failure::usage(format!("`{shown}` is no page")));
    }
    let bytes = fs::read(path).map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot read `{shown}`: {}", words::reason(&error)))
    })?;
    let read = read_page(&bytes);
    let is_diz = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("diz"));
    let limits = Limits { width, lines: is_diz.then_some(30), encoding: read.encoding };
    let mut faults: Vec<Told> =
        lint(&read.text, &limits).into_iter().map(|remark| told(remark, None)).collect();
    if is_diz && read.disks.is_none() {
        let message = "no counter of disks that checkers read, such as `[xx/05]`".to_owned();
        faults.push(Told { line: 0, column: 1, message, hint: None, sample: None });
    }
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name =
        |path: Option<&Path>| path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let (file, release) = (name(Some(&whole)).unwrap_or_default(), name(whole.parent()).unwrap_or_default());
    let found = sets.iter().flat_map(|named| named.set.test_page(&named.name, &file, &read.text, &release));
    let (errors, warnings): (Vec<_>, Vec<_>) = found.partition(|finding| finding.severity == Severity::Error);
    faults.extend(errors.into_iter().map(|finding| broken(finding, None)));
    let remarks = warnings.into_iter().map(|finding| broken(finding, None)).collect();
    Ok(Checked { name: shown.to_string(), faults, remarks })
}

/// A rule that a page does not keep.
fn broken(finding: Finding, sample: Option<&str>) -> Told {
    let Finding { code, message, rule, advice, .. } = finding;
    let message = format!("the page {message}, against `{code}`: {}", rule.trim_end_matches('.'));
    Told { line: 0, column: 1, message, hint: Some(advice), sample: sample.map(str::to_owned) }
}

fn checked(
    found: &Result<Found, Failure>,
    name: &str,
    project: &Project,
    templates: &Templates,
    sets: &[Arc<Named>],
) -> Result<Checked, Failure> {
    let mut checked = Checked { name: name.to_owned(), faults: Vec::new(), remarks: Vec::new() };
    let plain = |message: String, line, column, hint| Told { line, column, message, hint, sample: None };
    let template = match found {
        Ok(template) => template,
        Err(_) => {
            let unfound = match templates.find(name) {
                Err(unfound @ stages::nfo::Unfound::Faulty(_)) => unfound,
                _ => return find(templates, name).map(|_| checked),
            };
            let fault = unfound.fault();
            checked.faults.push(plain(fault.message, fault.line, fault.column, fault.hint));
            return Ok(checked);
        }
    };
    let encoding = template.front.encoding.unwrap_or_default();
    let faults = faults_in(template, &project.site.language, &[], encoding);
    for fault in faults {
        checked.faults.push(plain(fault.message, fault.line, fault.column, fault.hint));
    }
    for stranger in unknown(template, &[]).into_iter().filter(|unknown| !unknown.needed) {
        let fault = stranger.fault;
        checked.remarks.push(plain(fault.message, fault.line, fault.column, fault.hint));
    }
    if checked.faults.is_empty() {
        for sample in SAMPLES {
            over(sample, template, project, sets, &mut checked);
        }
    }
    Ok(checked)
}

/// Renders a template over a set of sample facts and looks at the page.
fn over(
    sample: &stages::nfo::samples::Sample,
    template: &Found,
    project: &Project,
    sets: &[Arc<Named>],
    checked: &mut Checked,
) {
    let scope = sample.scope();
    let encoding = template.front.encoding.unwrap_or_default();
    let look = Look { encoding: Some(encoding), ..Look::default() };
    let made =
        page(&project.site.language, template, &scope, &look).and_then(|page| page.bytes().map(|_| page));
    match made {
        Ok(page) => {
            // What a set of facts lacks is no fault of the template.
            let found = remarks(&page, template.front.lines, &scope, &[]);
            checked.remarks.extend(found.into_iter().map(|remark| told(remark, Some(sample.name))));
            if sample.is_usual() {
                let file = file_of(&template.name);
                let found =
                    sets.iter().flat_map(|named| named.set.test_page(&named.name, file, &page.text(), ""));
                checked.remarks.extend(found.map(|finding| broken(finding, Some(sample.name))));
            }
        }
        // A fact that the template needs is not in every set.
        Err(error) if error.code == "fact/missing" => {
            let message = format!("cannot be made: {}", error.message);
            let sample = Some(sample.name.to_owned());
            checked.remarks.push(Told { line: 0, column: 1, message, hint: None, sample });
        }
        Err(error) => {
            let (message, sample) = (error.message, Some(sample.name.to_owned()));
            checked.faults.push(Told { line: 0, column: 1, message, hint: error.hint, sample });
        }
    }
}

/// What a page of a template is called in a release, for rules that are about files of some name.
fn file_of(template: &str) -> &'static str {
    let name = Path::new(template).file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    if name.contains("diz") { "file_id.diz" } else { "release.nfo" }
}

fn told(remark: Remark, sample: Option<&str>) -> Told {
    let Remark { line, column, message, .. } = remark;
    Told { line, column, message, hint: None, sample: sample.map(str::to_owned) }
}

fn human(checked: &Checked, ui: &Ui) -> String {
    let count = checked.faults.len();
    let word = if count == 0 { ui.out.good("ok") } else { ui.out.bad(&words::count(count, "fault")) };
    let mut text = format!("{}: {word}", ui.out.bold(&clean(&checked.name)));
    let faults = checked.faults.iter().map(|told| (ui.out.bad("fault:"), told));
    let remarks = checked.remarks.iter().map(|told| (ui.out.odd("note:"), told));
    for (kind, told) in faults.chain(remarks) {
        let remark = Remark {
            line: told.line,
            column: told.column,
            code: String::new(),
            message: told.message.clone(),
        };
        let sample = told.sample.as_ref().map_or_else(String::new, |name| format!(" (facts `{name}`)"));
        let hint = told.hint.as_ref().map_or_else(String::new, |hint| format!("; {hint}"));
        text.push_str(&format!("\n  {kind} {}{sample}{hint}", clean(&said(&remark))));
    }
    text
}
