//! How the volumes of a set are named, both ways.
//!
//! Knows names only: not what is in the files, nor whether they exist.

/// How the volumes of a RAR set are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `base.rar`, `base.r00` … `base.r99`, `base.s00` … `base.z99`.
    Old,
    /// `base.part1.rar` …, padded to the digits of the total.
    Part,
}

/// A set of volumes as found among some file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// The volumes that are there, in order.
    pub volumes: Vec<String>,
    /// Names of volumes that later ones prove to be missing.
    pub missing: Vec<String>,
}

/// What a file name says of a volume's place in its set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the set, without what counts volumes.
    pub base: String,
    /// How the set is named.
    pub naming: Naming,
    /// Counted from 0.
    pub index: usize,
    /// Digits of the number.
    width: usize,
}

impl Naming {
    /// How many volumes can be named; RAR 4 counts them in 16 bits.
    pub fn most(self) -> usize {
        match self {
            // `.rar` and a hundred for each of r to z.
            Self::Old => 901,
            Self::Part => 65_536,
        }
    }

    /// Name of the volume with that index in a set of `total`; none when the naming cannot count so far.
    pub fn name(self, base: &str, index: usize, total: usize) -> Option<String> {
        if index >= self.most() {
            return None;
        }
        Some(match (self, index.checked_sub(1)) {
            (Self::Old, None) => format!("{base}.rar"),
            (Self::Old, Some(later)) => {
                let letter = char::from(b'r'.saturating_add((later / 100) as u8));
                format!("{base}.{letter}{:02}", later % 100)
            }
            (Self::Part, _) => {
                let width = total.to_string().len();
                format!("{base}.part{:0width$}.rar", index + 1)
            }
        })
    }
}

/// Reads the place of a volume from its name; none when the name is not that of a RAR volume.
pub fn place(name: &str) -> Option<Place> {
    let (stem, extension) = name.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    if extension == "rar" {
        return Some(part_place(stem).unwrap_or_else(|| old_place(stem, 0)));
    }
    let mut characters = extension.chars();
    let letter = characters.next().filter(|letter| ('r'..='z').contains(letter))?;
    let digits = characters.as_str();
    if digits.len() != 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hundreds = (u32::from(letter) - u32::from('r')) as usize;
    Some(old_place(stem, 1 + hundreds * 100 + digits.parse::<usize>().ok()?))
}

/// The set that `first` begins, from the names beside it. A file that is no RAR volume is a set of its own.
pub fn set_of<S: AsRef<str>>(first: &str, names: &[S]) -> Set {
    let alone = || Set { volumes: vec![first.to_owned()], missing: Vec::new() };
    let Some(start) = place(first) else { return alone() };
    let mut found: Vec<(Place, &str)> = names
        .iter()
        .filter_map(|name| Some((place(name.as_ref())?, name.as_ref())))
        .filter(|(place, _)| place.base == start.base && place.naming == start.naming)
        .collect();
    // Of `part1` and `part01` the one that is as wide as the first volume's number belongs to the set.
    found.sort_by_key(|(place, name)| (place.index, place.width != start.width, *name != first, *name));
    found.dedup_by_key(|(place, _)| place.index);
    let total = found.last().map_or(1, |(place, _)| place.index + 1);
    let mut missing = Vec::new();
    let mut expected = 0;
    for (place, _) in &found {
        // Numbers come from file names; a wild one must not make a list of a million.
        let gap = (expected..place.index).take(Naming::Part.most());
        missing.extend(gap.filter_map(|index| start.naming.name(&start.base, index, total)));
        expected = place.index + 1;
    }
    match found.is_empty() {
        true => alone(),
        false => Set { volumes: found.into_iter().map(|(_, name)| name.to_owned()).collect(), missing },
    }
}

fn part_place(stem: &str) -> Option<Place> {
    let (base, part) = stem.rsplit_once('.')?;
    let word = part.get(..4).filter(|word| word.eq_ignore_ascii_case("part"))?;
    let digits = part.get(word.len()..)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let index = digits.parse::<usize>().ok()?.checked_sub(1)?;
    Some(Place { base: base.to_owned(), naming: Naming::Part, index, width: digits.len() })
}

fn old_place(stem: &str, index: usize) -> Place {
    Place { base: stem.to_owned(), naming: Naming::Old, index, width: 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_run_from_rar_to_z99() {
        let name = |index| Naming::Old.name("a.b", index, 901);
        assert_eq!(name(0).as_deref(), Some("a.b.rar"));
        assert_eq!(name(1).as_deref(), Some("a.b.r00"));
        assert_eq!(name(100).as_deref(), Some("a.b.r99"));
        assert_eq!(name(101).as_deref(), Some("a.b.s00"));
        assert_eq!(name(900).as_deref(), Some("a.b.z99"));
        assert_eq!(name(901), None);
    }

    #[test]
    fn part_names_are_as_wide_as_the_total() {
        assert_eq!(Naming::Part.name("a", 0, 9).as_deref(), Some("a.part1.rar"));
        assert_eq!(Naming::Part.name("a", 9, 10).as_deref(), Some("a.part10.rar"));
        assert_eq!(Naming::Part.name("a", 0, 113).as_deref(), Some("a.part001.rar"));
    }

    #[test]
    fn a_name_is_read_back_to_its_place() {
        for naming in [Naming::Old, Naming::Part] {
            for index in [0, 1, 2, 99, 100, 101, 102, 900] {
                let place = place(&naming.name("x.y", index, 901).unwrap()).unwrap();
                assert_eq!((place.base.as_str(), place.naming, place.index), ("x.y", naming, index));
            }
        }
        for name in ["a", "a.zip", "a.r0", "a.q00", "a.r000", "a.rä", "é"] {
            assert_eq!(place(name), None, "{name}");
        }
        assert_eq!(place("é.parté.rar").unwrap().naming, Naming::Old);
    }

    #[test]
    fn a_set_is_found_in_order_with_its_gaps() {
        let names = ["b.rar", "a.r01", "a.r00", "a.nfo", "a.RAR", "a.r03", "a.part1.rar"];
        let set = set_of("a.RAR", &names);
        assert_eq!(set.volumes, ["a.RAR", "a.r00", "a.r01", "a.r03"]);
        assert_eq!(set.missing, ["a.r02"]);
        let set = set_of("a.part01.rar", &["a.part2.rar", "a.part02.rar", "a.part01.rar"]);
        assert_eq!(set.volumes, ["a.part01.rar", "a.part02.rar"]);
        assert_eq!(set_of("a.zip", &names).volumes, ["a.zip"]);
        let set = set_of("a.part2.rar", &["a.part2.rar"]);
        assert_eq!(set.missing, ["a.part1.rar"]);
    }
}
