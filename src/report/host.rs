//! The code host a run happens on, as far as its environment tells.
//!
//! Reads the environment for what is told there; never for what a release will be.

use std::env;
use std::path::{Path, PathBuf};

use crate::sources::{self, relative};

/// What a code host wants to hear, and where its repository lies.
#[derive(Debug, Default)]
pub struct Host {
    /// Workflow commands are understood.
    pub is_github: bool,
    /// The file to which a summary of the job is added.
    pub summary: Option<PathBuf>,
    /// The root of the repository, against which paths are shown.
    root: Option<PathBuf>,
    cwd: PathBuf,
}

impl Host {
    /// Reads the environment.
    pub fn read(cwd: &Path) -> Self {
        let path = |name: &str| env::var_os(name).filter(|text| !text.is_empty()).map(PathBuf::from);
        let is_github = env::var("GITHUB_ACTIONS").is_ok_and(|text| text == "true");
        let root = path("GITHUB_WORKSPACE").or_else(|| path("CI_PROJECT_DIR"));
        Self { is_github, summary: path("GITHUB_STEP_SUMMARY"), root, cwd: cwd.to_owned() }
    }

    /// Whether it wants to hear anything unasked.
    pub fn hears(&self) -> bool {
        self.is_github || self.summary.is_some()
    }

    /// A path as seen from the root of the repository. One that is no file, such as `--set`, stays as it is.
    pub fn path(&self, file: &str) -> String {
        let whole = self.cwd.join(file);
        let inside = self.root.as_ref().filter(|root| whole.starts_with(root) && whole.exists());
        match inside {
            Some(root) => relative(&whole, root).display().to_string(),
            None => sources::plain(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_root_of_the_repository() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.path().join("a/release.yaml"), "").unwrap();
        let host = Host { root: Some(root.path().to_owned()), cwd: deep, ..Host::default() };
        assert_eq!(host.path("../release.yaml"), "a/release.yaml");
        assert_eq!(host.path("--set"), "--set");
        assert_eq!(Host::default().path("./x/release.yaml"), "x/release.yaml");
    }
}
