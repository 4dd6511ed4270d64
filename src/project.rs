//! What surrounds a manifest: the configuration files over it, the folders its assets are searched in, the environment.
//!
//! The only place where the environment is read for what a release will be.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use engine::{Language, Outside, Registry, SecretRef, Site, World};
use manifests::{Configuration, Context, Diagnostic, File, Kinds, Setting, read_config};
use serde_json::{Map, Value};

use crate::exit::{Exit, Failure};
use crate::rules::RuleSets;
use crate::ui::words;

/// The name of a project's configuration file.
const PROJECT_FILE: &str = "bindery.toml";
/// The folder of a project's own kinds and templates.
const PROJECT_FOLDER: &str = ".bindery";
/// The folder in it that keeps answers of others.
const CACHE: &str = "cache";

/// Settings of destinations that name files, seen from the folder of the configuration.
const FILES: [&str; 3] = ["ca", "key", "known_hosts"];

/// What is the same for all manifests of a command.
pub struct Surroundings {
    /// The current folder.
    pub cwd: PathBuf,
    /// Every stage.
    pub registry: Registry,
    language: Arc<Language>,
    /// The user's folder of configuration.
    user: Option<PathBuf>,
    epoch: Option<i64>,
}

/// The configuration that reigns over a folder.
pub struct Project {
    /// Settings and search folders for the engine.
    pub site: Site,
    /// Weakest first: the user's, the project's.
    pub configurations: Arc<[Configuration]>,
    /// The kinds that its manifests may have.
    pub kinds: Arc<Kinds>,
    /// The rule sets that its manifests may name.
    pub rules: RuleSets,
    /// The folder of the project, or of the manifests that belong to none.
    pub home: PathBuf,
    /// Whether a project's configuration lies there.
    pub is_project: bool,
}

impl Surroundings {
    /// Reads the environment.
    pub fn read() -> Result<Self, Failure> {
        let cwd = std::env::current_dir().map_err(|error| {
            Failure::missing(format!("the current folder is gone: {}", words::reason(&error)))
        })?;
        let epoch = match std::env::var("SOURCE_DATE_EPOCH") {
            Err(_) => None,
            Ok(text) if text.trim().is_empty() => None,
            Ok(text) => Some(epoch(&text)?),
        };
        let user = named_folder("XDG_CONFIG_HOME").or_else(|| Some(named_folder("HOME")?.join(".config")));
        Ok(Self {
            cwd,
            registry: stages::registry(),
            language: Arc::new(stages::language()),
            user: user.map(|folder| folder.join("bindery")),
            epoch,
        })
    }

    /// The configuration that reigns over the manifests of a folder.
    pub fn project(&self, folder: &Path) -> Result<Project, Vec<Diagnostic>> {
        let folder = fs::canonicalize(self.cwd.join(folder)).unwrap_or_else(|_| self.cwd.join(folder));
        let project_file =
            folder.ancestors().map(|above| above.join(PROJECT_FILE)).find(|file| file.is_file());
        let user_file = self.user.as_ref().map(|user| user.join("config.toml")).filter(|file| file.is_file());
        let (mut configurations, mut faults) = (Vec::new(), Vec::new());
        let mut settings = Map::new();
        for file in user_file.iter().chain(&project_file) {
            match self.configuration(file) {
                Ok(configuration) => {
                    overlay(&mut settings, &configuration, file.parent().unwrap_or(&self.cwd));
                    configurations.push(configuration);
                }
                Err(more) => faults.extend(more),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let home = project_file.as_deref().and_then(Path::parent).unwrap_or(&folder);
        // Folders without assets are left out, so that manifests without any can share a run.
        let search = std::iter::once(home.join(PROJECT_FOLDER)).chain(self.user.clone());
        let search: Vec<PathBuf> = search.filter(|folder| has_assets(folder)).collect();
        Ok(Project {
            kinds: Arc::new(Kinds::new(&search)),
            rules: RuleSets::new(&search),
            configurations: configurations.into(),
            home: home.to_owned(),
            is_project: project_file.is_some(),
            site: Site { settings, search, given: Vec::new(), language: Arc::clone(&self.language) },
        })
    }

    /// The folder of the user's own kinds and templates.
    pub fn user_folder(&self) -> Option<PathBuf> {
        self.user.clone()
    }

    /// The folder of own kinds and templates of the project around the current folder, whether it exists or not.
    pub fn project_folder(&self) -> PathBuf {
        let home = self.cwd.ancestors().find(|above| above.join(PROJECT_FILE).is_file());
        home.unwrap_or(&self.cwd).join(PROJECT_FOLDER)
    }

    /// What manifests are compiled in.
    pub fn context(&self, project: &Project, set: &[String]) -> Context<'_> {
        Context {
            registry: &self.registry,
            site: project.site.clone(),
            kinds: Arc::clone(&project.kinds),
            configurations: Arc::clone(&project.configurations),
            set: set.to_vec(),
            cwd: self.cwd.clone(),
            fetched: project.fetched(),
            epoch: self.epoch,
        }
    }

    /// A path as a person would write it from here.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.cwd).unwrap_or(path).display().to_string()
    }

    fn configuration(&self, file: &Path) -> Result<Configuration, Vec<Diagnostic>> {
        let shown = self.shown(file);
        let text = fs::read_to_string(file).map_err(|error| {
            vec![Diagnostic::error(
                "config/unreadable",
                format!("cannot read `{shown}`: {}", words::reason(&error)),
            )]
        })?;
        read_config(&File::new(shown, text))
    }
}

impl Project {
    /// The folder of what is kept between runs.
    pub fn state_folder(&self) -> PathBuf {
        self.home.join(PROJECT_FOLDER)
    }

    /// Where answers of others are kept: with what else is remembered of the project, or with the user where nothing
    /// is to be left behind.
    fn cache(&self) -> Option<PathBuf> {
        let own = self.home.join(PROJECT_FOLDER);
        if self.is_project || own.is_dir() {
            return Some(own.join(CACHE));
        }
        user_cache()
    }

    /// Where sources lie that were fetched: with the user, for all projects, where there is such a place.
    fn fetched(&self) -> PathBuf {
        user_cache().unwrap_or_else(|| self.home.join(PROJECT_FOLDER).join(CACHE)).join("fetched")
    }

    /// The world as runs of the project see it.
    pub fn world(&self) -> World {
        let seed = now().unsigned_abs() ^ (u64::from(std::process::id()) << 32);
        let outside = Outside { cache: self.cache(), proxy: proxy(), seed, ..Outside::default() };
        World { outside, ..world(self.site.clone()) }
    }

    /// How many steps may run at once, if the configuration says so.
    pub fn jobs(&self) -> Option<u32> {
        self.configurations.iter().rev().find_map(|configuration| configuration.config.jobs)
    }
}

/// A folder that a variable of the environment names.
fn named_folder(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// Where the user's own programs keep what they can get again.
fn user_cache() -> Option<PathBuf> {
    let user = named_folder("XDG_CACHE_HOME").or_else(|| Some(named_folder("HOME")?.join(".cache")));
    Some(user?.join("bindery"))
}

/// Whether assets may lie in a folder: it is there, and not for the state of runs alone.
fn has_assets(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.is_empty() || names.iter().any(|name| !["state", "uploads", CACHE].iter().any(|own| name == own))
}

/// The world with nothing kept of what others answer.
pub fn world(site: Site) -> World {
    World {
        site,
        now: Box::new(now),
        time_of_day: Box::new(time_of_day),
        offline: false,
        home: None,
        secret: Box::new(secret),
        outside: Outside::default(),
    }
}

/// The proxy that the environment names for requests to other networks.
fn proxy() -> Option<String> {
    let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    names.iter().find_map(|name| std::env::var(name).ok()).filter(|proxy| !proxy.trim().is_empty())
}

/// Milliseconds since 1970-01-01 UTC.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Seconds since midnight where the user is.
fn time_of_day() -> u32 {
    let time = jiff::Zoned::now().time();
    let part = |number: i8| u32::from(number.unsigned_abs());
    part(time.hour()) * 3600 + part(time.minute()) * 60 + part(time.second())
}

fn epoch(text: &str) -> Result<i64, Failure> {
    text.trim().parse().ok().filter(|seconds| *seconds >= 0).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("SOURCE_DATE_EPOCH is {}, which is no time", engine::value::shown(text)),
        )
        .hint("it counts seconds since 1970-01-01, such as 1767225600; or unset it")
    })
}

/// Lays the named tables of a configuration over the ones before it. A destination is replaced whole, so that a
/// project can never send a user's password to a host of its own.
fn overlay(settings: &mut Map<String, Value>, configuration: &Configuration, folder: &Path) {
    let mut table = |section: &str, name: &str, value: Value| {
        let section = settings.entry(section).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(names) = section {
            names.insert(name.to_owned(), value);
        }
    };
    for (name, destination) in &configuration.config.destinations {
        let mut value = plain(&destination.settings, folder);
        let path = value.get_mut("path").filter(|path| destination.r#type == "local" && path != &"");
        if let Some(Value::String(path)) = path {
            *path = folder.join(&*path).display().to_string();
        }
        for key in FILES {
            if let Some(Value::String(path)) = value.get_mut(key)
                && !path.is_empty()
                && !path.starts_with('~')
            {
                *path = folder.join(&*path).display().to_string();
            }
        }
        value.insert("type".to_owned(), destination.r#type.as_str().into());
        table("destinations", name, Value::Object(value));
    }
    for (name, provider) in &configuration.config.providers {
        table("providers", name, Value::Object(plain(provider, folder)));
    }
}

/// Settings as JSON, with secrets as references whose paths no longer depend on where they are read.
fn plain<'s>(
    settings: impl IntoIterator<Item = (&'s String, &'s Setting)>,
    folder: &Path,
) -> Map<String, Value> {
    let one = |setting: &Setting| match setting {
        Setting::Plain(value) => value.clone(),
        Setting::Secret(reference) => {
            let reference = match reference {
                manifests::SecretRef::Env(name) => SecretRef::Env(name.clone()),
                manifests::SecretRef::File(path) => SecretRef::File(folder.join(path)),
                manifests::SecretRef::Stored(name) => SecretRef::Stored(name.clone()),
            };
            serde_json::to_value(reference).unwrap_or_default()
        }
    };
    settings.into_iter().map(|(name, setting)| (name.clone(), one(setting))).collect()
}

/// Reads a secret by its reference. No message holds the secret itself.
fn secret(reference: &SecretRef) -> Result<String, String> {
    match reference {
        SecretRef::Env(name) => {
            std::env::var(name).map_err(|_| format!("the environment variable `{name}` is not set"))
        }
        SecretRef::File(path) => {
            let text = fs::read_to_string(path)
                .map_err(|error| format!("cannot read `{}`: {}", path.display(), words::reason(&error)))?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        }
        SecretRef::Stored(name) => {
            Err(format!("the stored secret `{name}` is not available in this version; use `env` or `file`"))
        }
    }
}

/// Projects by folder, each read once, so that its faults are told once.
#[derive(Default)]
pub struct Projects {
    known: BTreeMap<PathBuf, Option<Arc<Project>>>,
    /// The folder of the project of each folder that was asked about.
    homes: HashMap<PathBuf, PathBuf>,
}

impl Projects {
    /// The project of a folder. Its faults come with the first question; later ones get nothing.
    pub fn of(
        &mut self,
        surroundings: &Surroundings,
        folder: &Path,
    ) -> Result<Option<Arc<Project>>, Vec<Diagnostic>> {
        // Faults belong to the configuration file, which folders below it share.
        let home = self.homes.entry(folder.to_owned()).or_insert_with(|| home(surroundings, folder));
        if let Some(known) = self.known.get(home) {
            return Ok(known.clone());
        }
        match surroundings.project(home) {
            Ok(project) => {
                let project = Arc::new(project);
                self.known.insert(home.clone(), Some(Arc::clone(&project)));
                Ok(Some(project))
            }
            Err(faults) => {
                self.known.insert(home.clone(), None);
                Err(faults)
            }
        }
    }
}

/// The folder of the project that a folder belongs to, or the folder itself.
fn home(surroundings: &Surroundings, folder: &Path) -> PathBuf {
    let folder = fs::canonicalize(surroundings.cwd.join(folder)).unwrap_or_else(|_| folder.to_owned());
    folder.ancestors().find(|above| above.join(PROJECT_FILE).is_file()).unwrap_or(&folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(root: &Path) -> Surroundings {
        Surroundings {
            cwd: root.to_owned(),
            registry: Registry::new(),
            language: Arc::default(),
            user: Some(root.join("user")),
            epoch: None,
        }
    }

    #[test]
    fn the_nearest_project_lies_over_the_user() {
        let root = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        for folder in ["user", "project/deep/.bindery", "project/.bindery"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let user = "jobs = 3\n[destinations.nas]\ntype = 'local'\npath = 'u'\nextra = 1\n[destinations.own]\ntype = 'local'\npath = '/o'\n";
        fs::write(root.join("user/config.toml"), user).unwrap();
        fs::write(root.join("project/bindery.toml"), "[destinations.nas]\ntype = 'local'\npath = 'out'\n")
            .unwrap();
        let project = surroundings(&root).project(Path::new("project/deep")).ok().unwrap();
        let nas = project.site.setting("destinations", "nas").unwrap();
        assert_eq!(*nas, serde_json::json!({"type": "local", "path": root.join("project/out")}));
        assert_eq!(project.site.names("destinations"), ["nas", "own"]);
        assert_eq!(project.site.search, [root.join("project/.bindery"), root.join("user")]);
        assert_eq!(project.jobs(), Some(3));
    }

    #[test]
    fn a_broken_configuration_is_told_once() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        fs::write(root.path().join("bindery.toml"), "jobs = 'x'\n").unwrap();
        let (surroundings, mut projects) = (surroundings(root.path()), Projects::default());
        assert!(projects.of(&surroundings, Path::new("a")).is_err());
        assert!(matches!(projects.of(&surroundings, Path::new("a/b")), Ok(None)));
    }

    #[test]
    fn a_secret_is_read_where_it_is_kept() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("pass");
        fs::write(&file, "pw\nrest\n").unwrap();
        assert_eq!(secret(&SecretRef::File(file)).as_deref(), Ok("pw"));
        assert!(secret(&SecretRef::Stored("x".into())).unwrap_err().contains("not available"));
    }
}
