//! Where a page goes: to the terminal, or drawn into files.
//!
//! Knows options and files; how a page is read and drawn lies in the stages' `page`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use stages::page::{self, Page, Theme};

use super::{Ui, words, write_data};
use crate::exit::{Exit, Failure};

/// How a page is drawn.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Pictures")]
pub struct Drawing {
    /// Draw the page as a PNG; `-` is stdout, here and below
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Draw the page as an SVG, whose text stays text
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the page as HTML
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the page in UTF-8 with ANSI colours
    #[arg(long, value_name = "FILE")]
    ansi: Option<PathBuf>,
    /// The colours of PNG, SVG and HTML
    #[arg(long, value_enum, value_name = "WHICH", default_value_t)]
    colors: Colors,
    /// Draw each pixel of the font so many times as large in a PNG
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    scale: u8,
}

/// The colours of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Colors {
    /// Those of a terminal: light on black.
    #[default]
    Terminal,
    /// Ink on paper.
    Paper,
}

impl Drawing {
    /// Whether no picture was asked for.
    pub fn is_empty(&self) -> bool {
        self.png.is_none() && self.svg.is_none() && self.html.is_none() && self.ansi.is_none()
    }

    /// Writes the pictures that were asked for, or the page to stdout when none was.
    pub fn write(&self, page: &Page, title: &str, ui: &Ui) -> Result<(), Failure> {
        if self.is_empty() {
            let text = if ui.out.on() { page::ansi(page) } else { page::plain(page) };
            return write_data(|out| out.write_all(text.as_bytes()));
        }
        let theme = match self.colors {
            Colors::Terminal => Theme::Terminal,
            Colors::Paper => Theme::Paper,
        };
        if let Some(path) = &self.png {
            let png = page::png(page, theme, usize::from(self.scale));
            let png = png.map_err(|error| {
                Failure::new(Exit::Failed, error.to_string()).hint("use a smaller `--scale`")
            })?;
            put(path, &png)?;
        }
        if let Some(path) = &self.svg {
            put(path, page::svg(page, theme, title).as_bytes())?;
        }
        if let Some(path) = &self.html {
            put(path, page::html(page, theme, title).as_bytes())?;
        }
        if let Some(path) = &self.ansi {
            put(path, page::ansi(page).as_bytes())?;
        }
        Ok(())
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path == Path::new("-") {
        return write_data(|out| out.write_all(bytes));
    }
    fs::write(path, bytes).map_err(|error| {
        Failure::new(
            Exit::Failed,
            format!(
                "cannot write `{}`: {}",
                super::clean(&path.display().to_string()),
                words::reason(&error)
            ),
        )
    })
}
