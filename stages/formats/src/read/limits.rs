//! How much of a foreign file a reader may take in, so that hostile input stays cheap.

/// Bounds on what reading one file may cost. The defaults are far above what real files need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Members of a container (ZIP entries).
    pub entries: usize,
    /// Bytes read of a container's directory.
    pub directory_bytes: u64,
    /// Decompressed bytes of one member that is read as text or markup.
    pub entry_bytes: u64,
    /// Decompressed bytes of a cover picture.
    pub cover_bytes: u64,
    /// Depth of nested elements in markup.
    pub xml_depth: usize,
    /// Elements and attributes in one piece of markup.
    pub xml_nodes: usize,
    /// Characters of one fact.
    pub text_chars: usize,
    /// Entries of one fact that is a list.
    pub list_items: usize,
    /// Bytes that decide a text file's encoding and language.
    pub sample_bytes: usize,
    /// Bytes read and unpacked of a file whose facts lie scattered in it.
    pub structure_bytes: u64,
    /// Bytes whose words are counted in a text file; a longer file has no count.
    pub stream_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 65_535,
            directory_bytes: 32 << 20,
            entry_bytes: 16 << 20,
            cover_bytes: 64 << 20,
            xml_depth: 256,
            xml_nodes: 400_000,
            text_chars: 100_000,
            list_items: 1_000,
            sample_bytes: 2 << 20,
            structure_bytes: 256 << 20,
            stream_bytes: 1 << 30,
        }
    }
}
