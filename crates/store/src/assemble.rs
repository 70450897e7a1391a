//! Putting the sections of a segment together and giving the file its name.

use crate::build::behind_directory;
use crate::format::{ALIGNMENT, FORMAT_VERSION, Header, Section};
use crate::spool::Spool;
use crate::{ContentDigest, Store, WriteError};
use xxhash_rust::xxh3::xxh3_64;

/// Writes header, directory, checksums and sections; gives the name and the length of the file.
pub(crate) fn write(
    store: &Store,
    rows: u64,
    mut sections: Vec<(Section, Spool)>,
) -> Result<(ContentDigest, u64), WriteError> {
    let mut checksums = Vec::new();
    let first = behind_directory(sections.len());
    for (section, spool) in &mut sections {
        let own = spool.checksums();
        section.checksums = first + checksums.len() as u64;
        section.checksums_checksum = xxh3_64(&own);
        section.length = spool.len();
        checksums.extend(own);
    }
    let mut end = first + checksums.len() as u64;
    for (section, _) in &mut sections {
        section.offset = end.next_multiple_of(ALIGNMENT);
        end = section.offset + section.length;
    }
    let directory: Vec<u8> = sections.iter().flat_map(|(section, _)| section.encode()).collect();
    let header = Header {
        version: FORMAT_VERSION,
        sections: sections.len() as u32,
        file_length: end,
        rows,
        directory_checksum: xxh3_64(&directory),
    };
    let mut file = store.new_file()?;
    file.write(&header.encode())?;
    file.write(&directory)?;
    file.write(&checksums)?;
    for (section, spool) in sections {
        let padding = section.offset - file.len();
        file.write(&[0; ALIGNMENT as usize][..padding as usize])?;
        spool.drain(|piece| file.write(piece))?;
    }
    let length = file.len();
    let digest = file.publish(&store.segments_dir(), "seg")?;
    Ok((digest, length))
}
