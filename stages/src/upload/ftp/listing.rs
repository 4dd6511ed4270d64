//! What servers write about files: lines of `MLSD` and `MLST`, and of `LIST` where those are not known.
//!
//! Asks nobody: lines in, entries out. A line that says nothing of use is left out.

use super::super::destination::Entry;

/// The entry of a line of `MLSD` or `MLST` (RFC 3659): facts, a space, a name. None for the folder itself and the one
/// above, for links and for anything else that is neither file nor folder.
pub(super) fn machine(line: &str) -> Option<Entry> {
    let (facts, name) = line.trim_start().split_once(' ')?;
    let fact = |wanted: &str| {
        let pairs = facts.split(';').filter_map(|fact| fact.split_once('='));
        pairs.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let folder = match fact("type")?.to_ascii_lowercase().as_str() {
        "dir" => true,
        "file" => false,
        _ => return None,
    };
    let size = if folder { 0 } else { fact("size")?.parse().ok()? };
    entry(name, folder, size)
}

/// The entry of a line of `LIST`, as `ls -l` or as a server on Windows writes it. Links are files of no size that must
/// be asked for one by one.
pub(super) fn human(line: &str) -> Option<Entry> {
    unix(line).or_else(|| windows(line))
}

/// `-rw-r--r-- 1 me users 1234 Jan 01 12:00 name`; the group may be missing.
fn unix(line: &str) -> Option<Entry> {
    let kind = line.chars().next()?;
    if !matches!(kind, '-' | 'd' | 'l') {
        return None;
    }
    let mut rest = line;
    let mut words = Vec::new();
    loop {
        let word = next_word(&mut rest)?;
        words.push(word);
        if words.len() > 9 {
            return None;
        }
        let [.., size, month, day] = words[..] else { continue };
        let is_date = month.len() == 3
            && month.chars().all(char::is_alphabetic)
            && day.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day));
        let Some(size) = size.parse().ok().filter(|_| is_date && words.len() >= 5) else { continue };
        next_word(&mut rest)?;
        let name = rest.strip_prefix(' ')?;
        return match kind {
            'd' => entry(name, true, 0),
            'l' => entry(name.split(" -> ").next()?, false, 0),
            _ => entry(name, false, size),
        };
    }
}

/// `01-31-24  03:04PM       <DIR> name` or a size in place of `<DIR>`.
fn windows(line: &str) -> Option<Entry> {
    let mut rest = line;
    let date = next_word(&mut rest)?;
    let time = next_word(&mut rest)?;
    if !date.starts_with(|c: char| c.is_ascii_digit()) || !date.contains('-') || !time.contains(':') {
        return None;
    }
    let size = next_word(&mut rest)?;
    let name = rest.trim_start();
    if size == "<DIR>" { entry(name, true, 0) } else { entry(name, false, size.parse().ok()?) }
}

/// Takes the next word off a text.
fn next_word<'t>(rest: &mut &'t str) -> Option<&'t str> {
    let text = rest.trim_start();
    let end = text.find(' ').unwrap_or(text.len());
    *rest = &text[end..];
    (end > 0).then(|| &text[..end])
}

/// An entry with the last part of a name, since some servers write whole paths.
fn entry(name: &str, folder: bool, size: u64) -> Option<Entry> {
    let name = name.trim_end_matches('/').rsplit('/').next()?;
    let usable = !matches!(name, "" | "." | "..") && !name.chars().any(char::is_control);
    usable.then(|| Entry { name: name.to_owned(), folder, size })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(read: fn(&str) -> Option<Entry>, line: &str, wanted: Option<(&str, bool, u64)>) {
        let wanted = wanted.map(|(name, folder, size)| Entry { name: name.into(), folder, size });
        assert_eq!(read(line), wanted, "{line}");
    }

    #[test]
    fn machine_lines_are_read() {
        let line = "modify=20261130020000;perm=adfrw;size=12;type=file;unique=1U2;UNIX.mode=0644; a b; c=d";
        check(machine, line, Some(("a b; c=d", false, 12)));
        check(machine, " Type=dir;Size=4096; /srv/Ünder", Some(("Ünder", true, 0)));
        check(machine, "type=cdir; .", None);
        check(machine, "type=pdir; ..", None);
        check(machine, "type=file; no size", None);
        check(machine, "type=OS.unix=symlink;size=3; link", None);
        check(machine, "size=1", None);
        check(machine, "type=file;size=99999999999999999999; big", None);
    }

    #[test]
    fn lines_of_ls_are_read() {
        let owner = "-rw-r--r--    1 ftp      ftp       1048576 Nov 30 02:00  two spaces";
        check(human, owner, Some((" two spaces", false, 1_048_576)));
        check(human, "drwxr-xr-x 2 me users 4096 Jan  1  2025 folder", Some(("folder", true, 0)));
        check(human, "-rw-r--r-- 1 me 77 Feb 29 2024 Jan 01", Some(("Jan 01", false, 77)));
        check(human, "lrwxrwxrwx 1 me users 4 Jan 1 2025 link -> there", Some(("link", false, 0)));
        check(human, "total 8", None);
        check(human, "drwxr-xr-x 2 me users 4096 Jan  1  2025 ..", None);
        check(human, "-rw-r--r-- 1 me users 4 Jan", None);
    }

    #[test]
    fn lines_of_windows_are_read() {
        check(human, "01-31-24  03:04PM       <DIR>          My Folder", Some(("My Folder", true, 0)));
        check(human, "01-31-2024  03:04PM             12345 a.rar", Some(("a.rar", false, 12345)));
        check(human, "01-31-24  03:04PM", None);
    }

    proptest! {
        #[test]
        fn no_line_does_harm(line in ".{0,200}") {
            for entry in [machine(&line), human(&line)].into_iter().flatten() {
                prop_assert!(!entry.name.contains('/') && !entry.name.is_empty() && entry.name != "..");
            }
        }

        #[test]
        fn any_name_comes_back(name in "[^/\\p{C} ][^/\\p{C}]{0,40}", size: u64) {
            prop_assume!(name != "." && name != "..");
            let wanted = Some(Entry { name: name.clone(), folder: false, size });
            prop_assert_eq!(machine(&format!("type=file;size={size}; {name}")), wanted.clone());
            prop_assert_eq!(human(&format!("-rw-r--r-- 1 a b {size} Jan 31 12:00 {name}")), wanted);
        }
    }
}
