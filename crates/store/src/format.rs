//! The layout of a segment file: constants, header and directory. `FORMAT.md` is its description.

use hashward_hash::{HashKind, Metric};
use xxhash_rust::xxh3::xxh3_64;

/// Version of the formats of this crate.
pub const FORMAT_VERSION: u32 = 1;

/// First bytes of a segment. The line ends show a file that was transferred as text.
pub const SEGMENT_MAGIC: [u8; 8] = *b"\x89HWSEG\r\n";
/// Bytes of a segment's header.
pub const HEADER_BYTES: usize = 64;
/// Bytes of a section's entry in the directory.
pub const SECTION_BYTES: usize = 64;
/// Sections begin at multiples of this.
pub const ALIGNMENT: u64 = 64;
/// Bytes of a section that one checksum covers.
pub const BLOCK_BYTES: usize = 64 * 1024;
/// More sections than this are a sign of damage.
pub const MAX_SECTIONS: u32 = 4096;

/// What a section holds. The numbers are part of the format and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Table {
    /// Keys of the rows, ascending.
    Keys = 1,
    /// Numbers of the entries.
    Entries = 2,
    /// Payload digests.
    Payloads = 3,
    /// Masks of the kinds of hash of each row.
    Kinds = 4,
    /// Qualities.
    Qualities = 5,
    /// Flags of the rows.
    Flags = 6,
    /// Compressed: rows of the source.
    SourceRows = 16,
    /// Compressed: identifiers.
    SourceIds = 17,
    /// Compressed: names.
    Names = 18,
    /// Compressed: categories.
    Categories = 19,
    /// Compressed: attributes.
    Attributes = 20,
    /// Digests of one kind, ascending.
    Digests = 32,
    /// Row of each digest.
    DigestRows = 33,
    /// Where the digests of each value of the leading bits begin.
    Fanout = 34,
    /// Codes of one perceptual kind.
    Codes = 48,
    /// Row of each code.
    CodeRows = 49,
    /// Nodes of the BK-tree over the codes.
    TreeNodes = 50,
    /// Children of the BK-tree's nodes.
    TreeChildren = 51,
    /// First halves of the permuted codes.
    Prefixes = 52,
    /// How the multi-index cuts the codes, and the sizes of its tables.
    MultiDirectory = 53,
    /// The tables of the multi-index.
    MultiTables = 54,
    /// Signatures of local features.
    Signatures = 64,
    /// Row of each signature.
    SignatureRows = 65,
    /// The approximate index over the features of the signatures.
    FeatureTables = 66,
}

impl Table {
    /// Every table, in the order in which they stand in a segment.
    pub const ALL: [Self; 24] = [
        Self::Keys,
        Self::Entries,
        Self::Payloads,
        Self::Kinds,
        Self::Qualities,
        Self::Flags,
        Self::SourceRows,
        Self::SourceIds,
        Self::Names,
        Self::Categories,
        Self::Attributes,
        Self::Digests,
        Self::DigestRows,
        Self::Fanout,
        Self::Codes,
        Self::CodeRows,
        Self::TreeNodes,
        Self::TreeChildren,
        Self::Prefixes,
        Self::MultiDirectory,
        Self::MultiTables,
        Self::Signatures,
        Self::SignatureRows,
        Self::FeatureTables,
    ];

    /// The number in the format.
    #[must_use]
    pub const fn id(self) -> u16 {
        self as u16
    }

    /// The table with a number of the format.
    #[must_use]
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.id() == id)
    }

    /// The name in errors and in the description of the format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Entries => "entries",
            Self::Payloads => "payloads",
            Self::Kinds => "kinds",
            Self::Qualities => "qualities",
            Self::Flags => "flags",
            Self::SourceRows => "source rows",
            Self::SourceIds => "source ids",
            Self::Names => "names",
            Self::Categories => "categories",
            Self::Attributes => "attributes",
            Self::Digests => "digests",
            Self::DigestRows => "digest rows",
            Self::Fanout => "fan-out",
            Self::Codes => "codes",
            Self::CodeRows => "code rows",
            Self::TreeNodes => "tree nodes",
            Self::TreeChildren => "tree children",
            Self::Prefixes => "prefixes",
            Self::MultiDirectory => "multi-index directory",
            Self::MultiTables => "multi-index tables",
            Self::Signatures => "signatures",
            Self::SignatureRows => "signature rows",
            Self::FeatureTables => "feature tables",
        }
    }

    /// Bits of an element, where they do not follow from the kind of hash; 0 where elements have
    /// no fixed width.
    #[must_use]
    pub const fn element_bits(self) -> Option<u16> {
        match self {
            Self::Signatures => Some(8 * hashward_features::SIGNATURE_BYTES as u16),
            Self::MultiTables | Self::FeatureTables => Some(512),
            Self::Keys | Self::TreeChildren | Self::Prefixes => Some(128),
            Self::Entries | Self::Payloads | Self::TreeNodes | Self::MultiDirectory => Some(64),
            Self::Kinds => Some(16),
            Self::Qualities | Self::Flags => Some(8),
            Self::DigestRows | Self::Fanout | Self::CodeRows | Self::SignatureRows => Some(32),
            Self::SourceRows
            | Self::SourceIds
            | Self::Names
            | Self::Categories
            | Self::Attributes => Some(0),
            Self::Digests | Self::Codes => None,
        }
    }

    /// True for tables of one kind of hash, so that a segment may have several of them.
    #[must_use]
    pub const fn is_of_a_kind(self) -> bool {
        matches!(
            self,
            Self::Digests
                | Self::DigestRows
                | Self::Fanout
                | Self::Codes
                | Self::CodeRows
                | Self::TreeNodes
                | Self::TreeChildren
                | Self::Prefixes
                | Self::MultiDirectory
                | Self::MultiTables
        )
    }

    /// True for tables without which the segment cannot be read; a program that does not know one
    /// of them must refuse the segment, while it may skip the others.
    #[must_use]
    pub const fn required(self) -> bool {
        !matches!(
            self,
            Self::TreeNodes
                | Self::TreeChildren
                | Self::Prefixes
                | Self::MultiDirectory
                | Self::MultiTables
                | Self::FeatureTables
        )
    }
}

/// A section as the directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// Number of the table; may be one that this program does not know.
    pub(crate) table: u16,
    /// Number of the kind of hash, 0 for none.
    pub(crate) kind: u16,
    /// Bits of an element, 0 where they differ.
    pub(crate) width: u16,
    /// 0 none, 1 exact, 2 Hamming, 3 vector of bytes.
    pub(crate) metric: u8,
    /// Bit 0: required.
    pub(crate) flags: u8,
    /// Version of the table's layout.
    pub(crate) version: u16,
    /// Of a fan-out: its leading bits.
    pub(crate) parameter: u16,
    /// Number of elements.
    pub(crate) rows: u64,
    /// Where the section begins.
    pub(crate) offset: u64,
    /// Its bytes.
    pub(crate) length: u64,
    /// Where the checksums of its blocks begin.
    pub(crate) checksums: u64,
    /// Checksum of those checksums.
    pub(crate) checksums_checksum: u64,
}

/// In [`Section::flags`]: a program that does not know the table must refuse the segment.
pub(crate) const REQUIRED: u8 = 1;

impl Section {
    pub(crate) fn new(table: Table, kind: Option<HashKind>) -> Self {
        let own = kind.map_or(0, |kind| 8 * kind.bytes() as u16);
        Self {
            table: table.id(),
            kind: kind.map_or(0, HashKind::id),
            width: table.element_bits().unwrap_or(own),
            metric: match kind.map(HashKind::metric) {
                None => 0,
                Some(Metric::Exact) => 1,
                Some(Metric::Hamming) => 2,
                Some(Metric::Vector) => 3,
            },
            flags: if table.required() { REQUIRED } else { 0 },
            version: 0,
            parameter: 0,
            rows: 0,
            offset: 0,
            length: 0,
            checksums: 0,
            checksums_checksum: 0,
        }
    }

    /// Number of blocks, each with a checksum.
    pub(crate) fn blocks(&self) -> u64 {
        self.length.div_ceil(BLOCK_BYTES as u64)
    }

    pub(crate) fn encode(&self) -> [u8; SECTION_BYTES] {
        let mut bytes = [0; SECTION_BYTES];
        bytes[0..2].copy_from_slice(&self.table.to_le_bytes());
        bytes[2..4].copy_from_slice(&self.kind.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.width.to_le_bytes());
        bytes[6] = self.metric;
        bytes[7] = self.flags;
        bytes[8..10].copy_from_slice(&self.version.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.parameter.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.rows.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.offset.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.length.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.checksums.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.checksums_checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; SECTION_BYTES]) -> Self {
        Self {
            table: u16_at(bytes, 0),
            kind: u16_at(bytes, 2),
            width: u16_at(bytes, 4),
            metric: bytes[6],
            flags: bytes[7],
            version: u16_at(bytes, 8),
            parameter: u16_at(bytes, 10),
            rows: u64_at(bytes, 16),
            offset: u64_at(bytes, 24),
            length: u64_at(bytes, 32),
            checksums: u64_at(bytes, 40),
            checksums_checksum: u64_at(bytes, 48),
        }
    }

    /// The name in errors: the table, and the kind of hash where it is of one.
    pub(crate) fn name(&self) -> String {
        let table = Table::from_id(self.table)
            .map_or_else(|| format!("table {}", self.table), |table| table.name().to_owned());
        match (self.kind, HashKind::from_id(self.kind)) {
            (0, _) => table,
            (_, Some(kind)) => format!("{table} of {kind}"),
            (kind, None) => format!("{table} of kind {kind}"),
        }
    }
}

/// A segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: u32,
    pub(crate) sections: u32,
    pub(crate) file_length: u64,
    pub(crate) rows: u64,
    pub(crate) directory_checksum: u64,
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0..8].copy_from_slice(&SEGMENT_MAGIC);
        bytes[8..12].copy_from_slice(&self.version.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.sections.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.file_length.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.rows.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.directory_checksum.to_le_bytes());
        let checksum = xxh3_64(&bytes[..56]);
        bytes[56..64].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The fields, and whether the header's own checksum is right. The magic is looked at before.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> (Self, bool) {
        let header = Self {
            version: u32_at(bytes, 8),
            sections: u32_at(bytes, 12),
            file_length: u64_at(bytes, 16),
            rows: u64_at(bytes, 24),
            directory_checksum: u64_at(bytes, 32),
        };
        (header, u64_at(bytes, 56) == xxh3_64(&bytes[..56]))
    }
}

/// Readers of little-endian numbers at fixed places of a fixed-size record.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    (0..4).rev().fold(0, |value, i| value << 8 | u32::from(bytes[at + i]))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    (0..8).rev().fold(0, |value, i| value << 8 | u64::from(bytes[at + i]))
}
