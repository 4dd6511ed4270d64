//! Rule sets: what a release of some sort must look like, and tests of finished folders and of plans against it.
//!
//! The rules themselves are YAML; here are the tests that they may ask for. Knows no set by name.

mod before;
mod files;
mod folder;
mod names;
mod texts;
mod volumes;

use std::path::Path;

use engine::StageError;
use engine::value::Size;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use before::{Draft, DraftStep};

/// A set of rules for releases of one sort.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Bindery rule set")]
pub struct RuleSet {
    /// What the rules are called where they come from.
    pub title: String,
    /// The day from which they hold, in ISO 8601.
    #[serde(default)]
    pub date: Option<String>,
    /// Where they were read.
    pub source: String,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule: its words, how sure they are, and the test.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A word that names the rule within its set.
    pub id: String,
    /// The rule in one sentence.
    pub text: String,
    /// The section of the source.
    #[serde(default)]
    pub section: Option<String>,
    /// How sure the rule is.
    #[serde(default = "stated")]
    pub certainty: Certainty,
    /// What to do about a fault.
    pub advice: String,
    /// What is tested.
    pub test: Test,
}

/// How sure a rule is. Only what the source states is an error; the rest is a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The source states it.
    Stated,
    /// The source recommends it, or allows to break it.
    Recommended,
    /// It follows from something else, or from what is usual.
    Inferred,
    /// The source can be read in two ways.
    Ambiguous,
}

fn stated() -> Certainty {
    Certainty::Stated
}

/// A test that a rule may ask for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Test {
    /// Of the release's name.
    Name(NameTest),
    /// Of an option of a step, before a run.
    Option(OptionTest),
    /// Of how many files there are and how they are called.
    Files(FilesTest),
    /// That there is nothing else.
    Only(OnlyTest),
    /// Of the sizes of volumes.
    Sizes(SizesTest),
    /// Of the format and method of archives.
    Archive(ArchiveTest),
    /// Of the text of NFO and DIZ files.
    Text(TextTest),
    /// Of what checksum files cover.
    Checksums(ChecksumsTest),
}

/// What the name of a release must be like.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NameTest {
    /// The marks that are allowed beside letters and digits of ASCII.
    pub marks: Option<String>,
    /// Most characters.
    pub most: Option<usize>,
    /// No two marks in a row.
    pub single: bool,
    /// The facts that the name must tell, as `bindery name parse` gives them; of several with `|` one is enough.
    pub needs: Vec<String>,
    /// Tags that must not stand together with the first of them.
    pub apart: Vec<String>,
    /// Forms of a tag that are not allowed, as they are written.
    pub never: Vec<String>,
    /// Fewest digits of season and episode.
    pub digits: Option<usize>,
    /// What the name must end with before its group, one of these; case is of no account.
    pub ends: Vec<String>,
}

/// What an option of every step of a stage must be.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionTest {
    /// The stage.
    pub stage: String,
    /// The option.
    pub option: String,
    /// The values it may have. An option that is not written down passes.
    pub one_of: Vec<Value>,
}

/// Which files of a release a test is about.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilesTest {
    /// Globs over their paths, without regard to capitals.
    pub r#match: Vec<String>,
    /// Looks into the ZIPs of the release instead of beside them.
    pub zipped: bool,
    /// Fewest of them; in ZIPs, of each ZIP.
    pub least: usize,
    /// Most of them; in ZIPs, of each ZIP.
    pub most: Option<usize>,
    /// Their names have no capitals.
    pub lowercase: bool,
    /// Most characters of their names.
    pub length: Option<usize>,
    /// Their names have at most eight characters, a dot and three.
    pub short: bool,
    /// The marks that are allowed in their names beside letters and digits of ASCII.
    pub marks: Option<String>,
    /// Their names hold the group's.
    pub group: bool,
}

/// Which files a release may have.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnlyTest {
    /// Globs over paths; what matches none must not be there.
    pub r#match: Vec<String>,
}

/// How large volumes may be.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SizesTest {
    /// Globs over the names of the volumes.
    pub r#match: Vec<String>,
    /// The volumes lie in ZIPs.
    pub zipped: bool,
    /// The sizes that all volumes but the last may have.
    pub one_of: Vec<Size>,
    /// Or any multiple of this one.
    pub multiple_of: Option<Size>,
    /// Most volumes.
    pub most: Option<usize>,
}

/// How archives are made.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ArchiveTest {
    /// Globs over their names.
    pub r#match: Vec<String>,
    /// They lie in ZIPs.
    pub zipped: bool,
    /// The formats that are allowed: `rar4`, `zip` …
    pub formats: Vec<String>,
    /// Nothing in them is compressed or encrypted.
    pub stored: bool,
    /// Nothing in them is encrypted.
    pub open: bool,
}

/// What texts are like.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TextTest {
    /// Globs over their names.
    pub r#match: Vec<String>,
    /// Most columns.
    pub columns: Option<usize>,
    /// Most lines.
    pub lines: Option<usize>,
    /// Words of which one must be in the text, without regard to capitals, unless the release's name tells `unless`.
    pub holds: Vec<String>,
    /// The text has a counter of disks that tools read, such as `[xx/05]`.
    pub counter: bool,
    /// A fact of the release's name that makes the words needless.
    pub unless: Option<String>,
}

/// What checksum files cover.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChecksumsTest {
    /// Globs over the checksum files.
    pub r#match: Vec<String>,
    /// Globs over files of which each must be covered.
    pub cover: Vec<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A rule is broken.
    Error,
    /// A rule that is not certain would be broken.
    Warning,
}

/// A rule that is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `set/rule`, a stable word.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// The file, relative to the release; empty when it is about the release or its name.
    pub file: String,
    /// What is found.
    pub message: String,
    /// The rule in its own words.
    pub rule: String,
    /// Where the rule comes from.
    pub source: String,
    /// What to do.
    pub advice: String,
}

/// Something found, before it is known of which rule.
pub(crate) struct Found {
    file: String,
    message: String,
}

impl Found {
    fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), message: message.into() }
    }
}

impl RuleSet {
    /// Tests a finished release folder. `name` is the set's own.
    pub fn test(&self, name: &str, folder: &Path) -> Result<Vec<Finding>, StageError> {
        let folder = folder::Folder::read(folder)?;
        let findings = self.rules.iter().flat_map(|rule| {
            let found = match &rule.test {
                Test::Name(test) => names::test(test, &folder.name),
                Test::Option(_) => Vec::new(),
                Test::Files(test) => files::test(test, &folder),
                Test::Only(test) => files::only(test, &folder),
                Test::Sizes(test) => volumes::sizes(test, &folder),
                Test::Archive(test) => volumes::archives(test, &folder),
                Test::Text(test) => texts::test(test, &folder),
                Test::Checksums(test) => texts::checksums(test, &folder),
            };
            self.findings(name, rule, found)
        });
        Ok(findings.collect())
    }

    /// Tests the name of a release.
    #[must_use]
    pub fn test_name(&self, set: &str, release: &str) -> Vec<Finding> {
        let names = self.rules.iter().filter_map(|rule| match &rule.test {
            Test::Name(test) => Some(self.findings(set, rule, names::test(test, release))),
            _ => None,
        });
        names.flatten().collect()
    }

    /// Tests the text of a page, an NFO or DIZ, that is called `file` in the release of this name.
    #[must_use]
    pub fn test_page(&self, set: &str, file: &str, text: &str, release: &str) -> Vec<Finding> {
        let texts = self.rules.iter().filter_map(|rule| match &rule.test {
            Test::Text(test) => {
                let found = texts::page(test, file, text, texts::tells(test, release));
                Some(self.findings(set, rule, found))
            }
            _ => None,
        });
        texts.flatten().collect()
    }

    fn findings(&self, name: &str, rule: &Rule, found: Vec<Found>) -> Vec<Finding> {
        let source = match &rule.section {
            Some(section) => format!("{}, {section}", self.title),
            None => self.title.clone(),
        };
        let severity = if rule.certainty == Certainty::Stated { Severity::Error } else { Severity::Warning };
        let finding = |found: Found| Finding {
            code: format!("{name}/{}", rule.id),
            severity,
            file: found.file,
            message: found.message,
            rule: rule.text.clone(),
            source: source.clone(),
            advice: rule.advice.clone(),
        };
        // A thousand volumes with one fault are one fault with a thousand files: the first few tell it.
        let more = found.len().saturating_sub(MOST_OF_ONE_RULE);
        let mut findings: Vec<Finding> = found.into_iter().take(MOST_OF_ONE_RULE).map(finding).collect();
        if let Some(last) = findings.last_mut().filter(|_| more > 0) {
            last.message.push_str(&format!(" (and {more} more)"));
        }
        findings
    }
}

/// Most findings of one rule.
const MOST_OF_ONE_RULE: usize = 20;

#[cfg(test)]
mod tests;
