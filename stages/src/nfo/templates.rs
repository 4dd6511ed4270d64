//! Finds templates: the project's first, then the user's, then the built-in ones.

use engine::{OptionFault, Site};

/// Longest template file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;

/// Built-in templates by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("diz", include_str!("../../templates/diz.liquid")),
    ("docs", include_str!("../../templates/docs.liquid")),
    ("ebook", include_str!("../../templates/ebook.liquid")),
    ("plain", include_str!("../../templates/plain.liquid")),
    ("tv", include_str!("../../templates/tv.liquid")),
];

/// The text of a template.
pub(super) fn load(site: &Site, name: &str) -> Result<String, OptionFault> {
    let fault = |message: String| OptionFault::new("template", message);
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(fault(format!("`{}` is no template name", name.escape_debug()))
            .hint("a name without folders; the file is `.bindery/templates/<name>.liquid`"));
    }
    if let Some(path) = site.find(&format!("templates/{name}.liquid")) {
        let size = path.metadata().map_or(0, |found| found.len());
        if size > MAX_BYTES {
            return Err(fault(format!("the template `{name}` is longer than {MAX_BYTES} bytes")));
        }
        return std::fs::read_to_string(&path)
            .map_err(|error| fault(format!("`{}`: {error}", path.display())));
    }
    let built_in = BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
    built_in.ok_or_else(|| {
        let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        fault(format!("there is no template `{name}`")).hint(format!(
            "the built-in ones are {}; your own go to `.bindery/templates/{name}.liquid`",
            known.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projects_template_wins_over_a_built_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut site = Site::default();
        assert!(load(&site, "plain").unwrap().contains("{{ title"));
        std::fs::create_dir(folder.path().join("templates")).unwrap();
        std::fs::write(folder.path().join("templates/plain.liquid"), "mine").unwrap();
        site.search = vec![folder.path().to_owned()];
        assert_eq!(load(&site, "plain").unwrap(), "mine");
    }

    #[test]
    fn no_template_name_leads_to_another_folder() {
        for name in ["../../etc/passwd", "/etc/passwd", "", "..", "a\\b"] {
            assert!(load(&Site::default(), name).is_err(), "{name:?}");
        }
        assert!(load(&Site::default(), "nosuch").unwrap_err().hint.unwrap().contains("ebook"));
    }
}
