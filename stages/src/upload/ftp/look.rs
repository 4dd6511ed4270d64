//! What lies at a path, asked for in the ways that servers know: `MLST`, `SIZE`, or going there.

use engine::StageError;
use suppaftp::Status;

use super::super::destination::Entry;
use super::super::remote;
use super::connection::Ftp;
use super::{listing, reply};

impl Ftp {
    fn stat_by_machine(&mut self, path: &str, doing: &str) -> Result<Option<Option<Entry>>, StageError> {
        let answer = self.control.custom_command(format!("MLST {path}"), &[Status::RequestedFileActionOk]);
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                return match reply::refusal(&error) {
                    Some((550, text)) if reply::is_missing(&text) => Ok(Some(None)),
                    // It may not know the command here, or not allow it.
                    Some((500..=599, _)) => Ok(None),
                    _ => Err(self.failure(doing, error)),
                };
            }
        };
        let text = String::from_utf8_lossy(&answer.body);
        let found = text.lines().filter(|line| line.starts_with(' ')).find_map(listing::machine);
        Ok(found.map(Some))
    }

    /// Whether a path is a folder, told by going there.
    fn is_folder(&mut self, path: &str, doing: &str) -> Result<bool, StageError> {
        let home = self.control.pwd();
        let home = home.map_err(|error| self.failure(doing, error))?;
        let there = self.control.cwd(path);
        let there = self.attempt(doing, there)?.is_some();
        if there {
            let back = self.control.cwd(home.as_str());
            back.map_err(|error| self.failure(doing, error))?;
        }
        Ok(there)
    }

    pub(super) fn stat_place(&mut self, path: &str) -> Result<Option<Entry>, StageError> {
        let doing = format!("looking at `{path}`");
        if self.has("MLST")
            && let Some(found) = self.stat_by_machine(path, &doing)?
        {
            let name = remote::name(path).to_owned();
            return Ok(found.map(|entry| Entry { name, ..entry }));
        }
        let size = self.control.size(path);
        if let Some(size) = self.attempt(&doing, size)? {
            return Ok(Some(Entry { name: remote::name(path).into(), folder: false, size: size as u64 }));
        }
        let folder = self.is_folder(path, &doing)?;
        Ok(folder.then(|| Entry { name: remote::name(path).into(), folder: true, size: 0 }))
    }

    pub(super) fn make_place(&mut self, path: &str) -> Result<(), StageError> {
        let doing = format!("making the folder `{path}`");
        let Err(refused) = self.control.mkdir(path) else { return Ok(()) };
        if reply::refusal(&refused).is_none() {
            return Err(self.failure(&doing, refused));
        }
        match self.stat_place(path)? {
            Some(found) if found.folder => return Ok(()),
            Some(_) => return Err(reply::taken(path)),
            None => {}
        }
        let Some(above) = remote::parent(path) else { return Err(self.failure(&doing, refused)) };
        if self.stat_place(above)?.is_some() {
            return Err(self.failure(&doing, refused));
        }
        self.make_place(above)?;
        let made = self.control.mkdir(path);
        made.map_err(|error| self.failure(&doing, error))
    }

    /// Lists the folder that the server is in, for servers that know `LIST` alone.
    pub(super) fn list_by_going(&mut self, folder: &str, doing: &str) -> Result<Vec<Entry>, StageError> {
        let home = self.control.pwd();
        let home = home.map_err(|error| self.failure(doing, error))?;
        if !folder.is_empty() {
            let there = self.control.cwd(folder);
            there.map_err(|error| self.failure(doing, error))?;
        }
        let mut lines = self.lines("LIST -a", doing)?.unwrap_or_default();
        if lines.is_empty() {
            lines = self.lines("LIST", doing)?.unwrap_or_default();
        }
        if !folder.is_empty() {
            let back = self.control.cwd(home.as_str());
            back.map_err(|error| self.failure(doing, error))?;
        }
        Ok(lines.iter().filter_map(|line| listing::human(line)).collect())
    }
}
