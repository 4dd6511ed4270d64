//! The objects that PDF files are made of.
//!
//! Knows values and how to get at them; neither how they are written nor where they lie.

/// One value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Object {
    #[default]
    Null,
    Boolean(bool),
    /// Integers and reals are one: some files write the one where the other belongs.
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Reference(Id),
}

/// What an object is called by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Id {
    pub number: u32,
    pub generation: u16,
}

/// Values by name, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dictionary(pub Vec<(Vec<u8>, Object)>);

impl Object {
    /// A number without a sign or a fraction to speak of.
    pub fn whole(&self) -> Option<u64> {
        match self {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range")]
            Self::Number(number) if (0.0..9e15).contains(number) => Some(*number as u64),
            _ => None,
        }
    }

    pub fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub fn text(&self) -> Option<&[u8]> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn array(&self) -> Option<&[Object]> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }

    pub fn dictionary(&self) -> Option<&Dictionary> {
        if let Self::Dictionary(dictionary) = self { Some(dictionary) } else { None }
    }

    pub fn reference(&self) -> Option<Id> {
        if let Self::Reference(id) = self { Some(*id) } else { None }
    }
}

impl Dictionary {
    /// The value of a name, or null. Of several the last one counts, as in the programs that people read with.
    pub fn get(&self, name: &str) -> &Object {
        const NULL: &Object = &Object::Null;
        self.0.iter().rev().find(|(key, _)| key == name.as_bytes()).map_or(NULL, |(_, value)| value)
    }

    /// Whether its value of this name is the given name.
    pub fn names(&self, name: &str, value: &str) -> bool {
        self.get(name).name() == Some(value.as_bytes())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
