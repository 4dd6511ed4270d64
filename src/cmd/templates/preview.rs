//! `bindery templates preview`: the page that a template makes, in the terminal or as a picture.

use stages::nfo::{Encoding, Look, page};
use stages::page::{MAX_COLUMNS, Reading, read};

use super::given::Given;
use super::render::{remarks, said};
use super::{failed, find, here};
use crate::exit::{Exit, Failure};
use crate::ui::page::Drawing;
use crate::ui::{Ui, clean};

const AFTER: &str = "\
Examples:
  bindery templates preview ebook
  bindery templates preview tv --png tv.png --scale 2
  bindery templates preview ebook --from book.epub --html page.html --colors paper
  bindery templates preview mine --facts facts.yaml --svg mine.svg
  bindery templates preview mine --sample foreign";

/// Show the page that a template makes, or draw it
///
/// It is made as a run would make it: with the template's encoding, its width, and Latin letters for those that the
/// encoding lacks.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// The template: a name, or the path of a file that ends in `.liquid`
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    drawing: Drawing,
}

pub fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    let (_, project, templates) = here()?;
    let template = find(&templates, &args.name)?;
    let scope = args.given.scope()?;
    let failed = |error| failed(Exit::Failed, error);
    let made = page(&project.site.language, &template, &scope, &Look::default()).map_err(failed)?;
    for remark in remarks(&made, template.front.lines, &scope, &template.front.requires) {
        ui.say(&format!("{} {}", ui.err.odd("note:"), clean(&said(&remark))));
    }
    let encoding = if made.encoding == Encoding::Cp437 { "cp437" } else { "utf-8" };
    let reading = Reading { encoding: Some(encoding.to_owned()), width: Some(made.width.min(MAX_COLUMNS)) };
    let drawn = read(&made.bytes().map_err(failed)?, &reading)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot show the page: {error}")))?;
    args.drawing.write(&drawn, &template.name, ui)?;
    Ok(Exit::Done)
}
