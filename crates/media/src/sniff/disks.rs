//! Images of whole disks and file systems, told by their boot sectors and superblocks.

use super::{Ends, Sniffed};

const KIND: &str = "disk image";

pub(super) fn probe(ends: &Ends<'_>) -> Option<Sniffed> {
    iso9660(ends)
        .or_else(|| boot_sector(ends))
        .or_else(|| superblock(ends))
        .or_else(|| trailer(ends))
}

fn iso9660(ends: &Ends<'_>) -> Option<Sniffed> {
    let volume = [b"CD001", b"BEA01"].iter().any(|name| ends.has(32_769, *name));
    volume.then_some(Sniffed::unsupported("application/x-iso9660-image", KIND))
}

fn boot_sector(ends: &Ends<'_>) -> Option<Sniffed> {
    let file_system = if ends.has(3, b"NTFS    ") {
        "application/x-ntfs-image"
    } else if ends.has(3, b"EXFAT   ") {
        "application/x-exfat-image"
    } else if ends.has(54, b"FAT12   ") || ends.has(54, b"FAT16   ") || ends.has(82, b"FAT32   ") {
        "application/x-fat-image"
    } else if ends.has(512, b"EFI PART") || ends.has(4096, b"EFI PART") {
        "application/x-raw-disk-image"
    } else {
        return partition_table(ends);
    };
    // Boot code that lies in a file of its own has nothing behind it.
    (ends.size > 4096).then_some(Sniffed::unsupported(file_system, KIND))
}

/// A master boot record whose partitions lie inside the file.
fn partition_table(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(510, b"\x55\xaa") || ends.size <= 4096 {
        return None;
    }
    let mut used = 0;
    for at in (446..510).step_by(16) {
        let (status, kind) = (ends.byte(at), ends.byte(at + 4));
        let (start, sectors) = (ends.u32_le(at + 8), ends.u32_le(at + 12));
        if kind == 0 {
            if start != 0 || sectors != 0 {
                return None;
            }
            continue;
        }
        let inside = start > 0 && sectors > 0 && u64::from(start) * 512 < ends.size;
        if !matches!(status, 0 | 0x80) || !inside {
            return None;
        }
        used += 1;
    }
    (used > 0).then_some(Sniffed::unsupported("application/x-raw-disk-image", KIND))
}

fn superblock(ends: &Ends<'_>) -> Option<Sniffed> {
    let ext = ends.has(1080, b"\x53\xef")
        && ends.u32_le(1024) > 0
        && ends.u32_le(1028) > 0
        && ends.u32_le(1048) <= 6
        && ends.u32_le(1100) <= 1
        && ends.u16_le(1082) <= 7;
    let hfs = (ends.has(1024, b"H+\0\x04") || ends.has(1024, b"HX\0\x05"))
        && ends.u32_be(1024 + 40).is_power_of_two();
    if ext && ends.size > 4096 {
        Some(Sniffed::unsupported("application/x-ext-image", KIND))
    } else if hfs {
        Some(Sniffed::unsupported("application/x-hfs-image", KIND))
    } else {
        None
    }
}

/// Images that describe themselves in their last 512 bytes.
fn trailer(ends: &Ends<'_>) -> Option<Sniffed> {
    let trailer = ends.tail.len().checked_sub(512).map(|start| &ends.tail[start..])?;
    if trailer.starts_with(b"koly\0\0\0\x04") {
        Some(Sniffed::unsupported("application/x-apple-diskimage", KIND))
    } else if trailer.starts_with(b"conectix") {
        Some(Sniffed::unsupported("application/x-vhd-disk", KIND))
    } else {
        None
    }
}
