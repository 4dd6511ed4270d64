//! `bindery templates preview`: the page that a template makes, in the terminal or as a picture.

use stages::nfo::{Encoding, Look, Unfound, page};
use stages::page::{MAX_COLUMNS, Reading, read};

use super::given::Given;
use super::here;
use crate::exit::{Exit, Failure};
use crate::ui::page::Drawing;
use crate::ui::{Ui, clean};

const AFTER: &str = "\
Examples:
  bindery templates preview ebook
  bindery templates preview tv --png tv.png --scale 2
  bindery templates preview ebook --from book.epub --html page.html --colors paper
  bindery templates preview mine --facts facts.yaml --svg mine.svg";

/// Show the page that a template makes, or draw it
///
/// Without `--facts` and `--from` the page is made of sample facts. It is made as a run would make it: with the
/// template's encoding, width and rules for letters that the encoding lacks.
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
    let template = templates.find(&args.name).map_err(|unfound| {
        let exit = if matches!(unfound, Unfound::Missing { .. }) { Exit::Missing } else { Exit::Usage };
        let fault = unfound.fault();
        fault.hint.into_iter().fold(Failure::new(exit, fault.message), Failure::hint)
    })?;
    let scope = args.given.scope(&template, &project)?;
    let failed = |error: engine::StageError| {
        error.hint.into_iter().fold(Failure::new(Exit::Failed, error.message), Failure::hint)
    };
    let made = page(&project.site.language, &template, &scope, &Look::default()).map_err(failed)?;
    if made.folded > 0 {
        ui.say(&format!("{} lines over {} columns were folded", made.folded, made.width));
    }
    if let Some(lacked) = &made.lacked {
        ui.say(&format!("the encoding lacks {}: written in Latin letters", clean(lacked)));
    }
    let encoding = if made.encoding == Encoding::Cp437 { "cp437" } else { "utf-8" };
    let reading = Reading { encoding: Some(encoding.to_owned()), width: Some(made.width.min(MAX_COLUMNS)) };
    let drawn = read(&made.bytes().map_err(failed)?, &reading)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot show the page: {error}")))?;
    args.drawing.write(&drawn, &template.name, ui)?;
    Ok(Exit::Done)
}
