//! Formats that their magic bytes alone make certain: one row each.

use super::PictureFormat::{Gif, Jpeg, Png};
use super::{Ends, Sniffed};

/// Magic bytes at an offset, and what they mean. Rows are tried from the top.
pub(super) struct Row {
    pub(super) offset: usize,
    pub(super) magic: &'static [u8],
    pub(super) means: Sniffed,
}

const fn row(offset: usize, magic: &'static [u8], means: Sniffed) -> Row {
    Row { offset, magic, means }
}

const fn unsupported(magic: &'static [u8], media_type: &'static str, kind: &'static str) -> Row {
    row(0, magic, Sniffed::unsupported(media_type, kind))
}

const fn encrypted(magic: &'static [u8], media_type: &'static str, kind: &'static str) -> Row {
    row(0, magic, Sniffed::encrypted(media_type, kind))
}

const fn plain(magic: &'static [u8], media_type: &'static str) -> Row {
    row(0, magic, Sniffed::no_picture(media_type))
}

const PICTURE: &str = "picture";
const RAW: &str = "camera raw picture";
const VIDEO: &str = "video";
const ARCHIVE: &str = "archive";
const DOCUMENT: &str = "document";
const DISK: &str = "disk image";
const DATABASE: &str = "database";

/// What a file with these bytes at this place is.
#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    // Pictures that this build opens; the others need a second look.
    row(0, b"\xff\xd8\xff", Sniffed::picture("image/jpeg", Jpeg)),
    row(0, b"\x89PNG\r\n\x1a\n", Sniffed::picture("image/png", Png)),
    row(0, b"GIF87a", Sniffed::picture("image/gif", Gif)),
    row(0, b"GIF89a", Sniffed::picture("image/gif", Gif)),
    // Pictures that it does not open.
    unsupported(b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2", PICTURE),
    unsupported(b"\xff\x4f\xff\x51", "image/x-jp2-codestream", PICTURE),
    unsupported(b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl", PICTURE),
    unsupported(b"8BPS\0", "image/vnd.adobe.photoshop", PICTURE),
    unsupported(b"gimp xcf ", "image/x-xcf", PICTURE),
    unsupported(b"DDS \x7c\0\0\0", "image/vnd.ms-dds", PICTURE),
    unsupported(b"\x76\x2f\x31\x01", "image/x-exr", PICTURE),
    unsupported(b"#?RADIANCE", "image/vnd.radiance", PICTURE),
    unsupported(b"#?RGBE", "image/vnd.radiance", PICTURE),
    unsupported(b"/* XPM */", "image/x-xpixmap", PICTURE),
    unsupported(b"\xc5\xd0\xd3\xc6", "image/x-eps", PICTURE),
    unsupported(b"\x01\xda\x00\x01", "image/x-sgi", PICTURE),
    unsupported(b"\x01\xda\x01\x01", "image/x-sgi", PICTURE),
    unsupported(b"\x59\xa6\x6a\x95", "image/x-sun-raster", PICTURE),
    unsupported(b"icns\0", "image/x-icns", PICTURE),
    unsupported(b"SIMPLE  =", "image/fits", PICTURE),
    row(128, b"DICM", Sniffed::unsupported("application/dicom", PICTURE)),
    unsupported(b"\x80\x2a\x5f\xd7", "image/x-cineon", PICTURE),
    unsupported(b"SDPX", "image/x-dpx", PICTURE),
    unsupported(b"XPDS", "image/x-dpx", PICTURE),
    unsupported(b"\xd7\xcd\xc6\x9a", "image/wmf", PICTURE),
    unsupported(b"FLIF", "image/flif", PICTURE),
    unsupported(b"BPG\xfb", "image/bpg", PICTURE),
    unsupported(b"\x8aMNG\r\n\x1a\n", "video/x-mng", PICTURE),
    unsupported(b"\x8bJNG\r\n\x1a\n", "image/x-jng", PICTURE),
    unsupported(b"\xabKTX ", "image/ktx", PICTURE),
    unsupported(b"VTF\0", "image/x-vtf", PICTURE),
    unsupported(b"PVR\x03", "image/x-pvr", PICTURE),
    unsupported(b"farbfeld", "image/x-farbfeld", PICTURE),
    unsupported(b"Xcur", "image/x-xcursor", PICTURE),
    unsupported(b"\xffWPC", "application/vnd.wordperfect", DOCUMENT),
    unsupported(b"\x97JB2\r\n\x1a\n", "image/x-jbig2", PICTURE),
    unsupported(b"II\xbc\x01", "image/jxr", PICTURE),
    unsupported(b"GdkP\0", "image/x-gdkpixdata", PICTURE),
    unsupported(b"BLENDER", "application/x-blender", PICTURE),
    // Camera raw. Many more are TIFF files; the TIFF decoder recognises them.
    row(8, b"CR\x02\0", Sniffed::unsupported("image/x-canon-cr2", RAW)),
    unsupported(b"IIRO", "image/x-olympus-orf", RAW),
    unsupported(b"IIRS", "image/x-olympus-orf", RAW),
    unsupported(b"MMOR", "image/x-olympus-orf", RAW),
    unsupported(b"IIU\0", "image/x-panasonic-rw2", RAW),
    unsupported(b"FUJIFILMCCD-RAW", "image/x-fuji-raf", RAW),
    unsupported(b"FOVb", "image/x-sigma-x3f", RAW),
    unsupported(b"\0MRM", "image/x-minolta-mrw", RAW),
    unsupported(b"II\x1a\0\0\0HEAPCCDR", "image/x-canon-crw", RAW),
    // Video.
    unsupported(b"\x1a\x45\xdf\xa3", "video/x-matroska", VIDEO),
    unsupported(b"\0\0\x01\xba", "video/mpeg", VIDEO),
    unsupported(b"\0\0\x01\xb3", "video/mpeg", VIDEO),
    unsupported(b"\0\0\0\x01\x67", "video/h264", VIDEO),
    unsupported(b"\0\0\0\x01\x40\x01", "video/h265", VIDEO),
    unsupported(b"FLV\x01", "video/x-flv", VIDEO),
    unsupported(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf", VIDEO),
    unsupported(b".RMF\0", "application/vnd.rn-realmedia", VIDEO),
    unsupported(b"YUV4MPEG2 ", "video/x-yuv4mpeg", VIDEO),
    unsupported(b"DKIF\0\0", "video/x-ivf", VIDEO),
    unsupported(b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "application/mxf", VIDEO),
    unsupported(b"BIKi", "video/vnd.radgamettools.bink", VIDEO),
    unsupported(b"SMK2", "video/vnd.radgamettools.smacker", VIDEO),
    unsupported(b"SMK4", "video/vnd.radgamettools.smacker", VIDEO),
    unsupported(b"\xb7\xd8\x00\x20\x37\x49\xda\x11", "video/x-wtv", VIDEO),
    // Archives and compressed files.
    unsupported(b"PK\x05\x06", "application/zip", ARCHIVE),
    unsupported(b"PK\x07\x08", "application/zip", ARCHIVE),
    unsupported(b"\x1f\x8b\x08", "application/gzip", ARCHIVE),
    unsupported(b"\x1f\x9d", "application/x-compress", ARCHIVE),
    unsupported(b"\x1f\xa0", "application/x-compress", ARCHIVE),
    unsupported(b"\xfd7zXZ\0", "application/x-xz", ARCHIVE),
    unsupported(b"\x28\xb5\x2f\xfd", "application/zstd", ARCHIVE),
    unsupported(b"\x04\x22\x4d\x18", "application/x-lz4", ARCHIVE),
    unsupported(b"LZIP\x01", "application/x-lzip", ARCHIVE),
    unsupported(b"\x89LZO\0\r\n\x1a\n", "application/x-lzop", ARCHIVE),
    unsupported(b"\xff\x06\0\0sNaPpY", "application/x-snappy-framed", ARCHIVE),
    row(257, b"ustar\0", Sniffed::unsupported("application/x-tar", ARCHIVE)),
    row(257, b"ustar ", Sniffed::unsupported("application/x-tar", ARCHIVE)),
    unsupported(b"070701", "application/x-cpio", ARCHIVE),
    unsupported(b"070702", "application/x-cpio", ARCHIVE),
    unsupported(b"070707", "application/x-cpio", ARCHIVE),
    unsupported(b"MSCF\0\0\0\0", "application/vnd.ms-cab-compressed", ARCHIVE),
    unsupported(b"ISc(", "application/x-installshield", ARCHIVE),
    unsupported(b"MSWIM\0\0\0", "application/x-ms-wim", ARCHIVE),
    unsupported(b"xar!", "application/x-xar", ARCHIVE),
    unsupported(b"\xed\xab\xee\xdb", "application/x-rpm", ARCHIVE),
    row(7, b"**ACE**", Sniffed::unsupported("application/x-ace-compressed", ARCHIVE)),
    row(2, b"-lh0-", Sniffed::unsupported("application/x-lzh", ARCHIVE)),
    row(2, b"-lh5-", Sniffed::unsupported("application/x-lzh", ARCHIVE)),
    row(2, b"-lh6-", Sniffed::unsupported("application/x-lzh", ARCHIVE)),
    row(2, b"-lh7-", Sniffed::unsupported("application/x-lzh", ARCHIVE)),
    unsupported(b"PACK\0\0\0\x02", "application/x-git-pack", ARCHIVE),
    unsupported(b"PACK\0\0\0\x03", "application/x-git-pack", ARCHIVE),
    unsupported(b"# v2 git bundle", "application/x-git-bundle", ARCHIVE),
    unsupported(b"Cr24", "application/x-chrome-extension", ARCHIVE),
    unsupported(b"JM\x01\0PK\x03\x04", "application/x-java-jmod", ARCHIVE),
    unsupported(b"GVariant", "application/x-gvariant", "GVariant database or resource bundle"),
    // Documents.
    unsupported(b"{\\rtf", "application/rtf", DOCUMENT),
    unsupported(b"AT&TFORM", "image/vnd.djvu", DOCUMENT),
    unsupported(b"ITSF\x03\0\0\0", "application/vnd.ms-htmlhelp", DOCUMENT),
    unsupported(b"ITOLITLS", "application/x-ms-reader", DOCUMENT),
    row(60, b"BOOKMOBI", Sniffed::unsupported("application/x-mobipocket-ebook", DOCUMENT)),
    unsupported(b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote", DOCUMENT),
    unsupported(b"\x06\x06\xed\xf5\xd8\x1d\x46\xe5", "application/x-indesign", DOCUMENT),
    unsupported(b"!BDN", "application/vnd.ms-outlook-pst", "mail"),
    unsupported(b"\x9c\xcb\xcb\x8d\x13\x75\xd2\x11", "application/x-outlook-express", "mail"),
    // Databases that commonly keep pictures.
    unsupported(b"SQLite format 3\0", "application/vnd.sqlite3", DATABASE),
    unsupported(b"CMMM", "application/x-thumbcache", "thumbnail cache"),
    unsupported(b"IMMM", "application/x-thumbcache", "thumbnail cache"),
    row(4, b"\xef\xcd\xab\x89", Sniffed::unsupported("application/x-ms-ese", DATABASE)),
    row(4, b"Standard Jet DB", Sniffed::unsupported("application/x-msaccess", DATABASE)),
    row(4, b"Standard ACE DB", Sniffed::unsupported("application/x-msaccess", DATABASE)),
    // Disk images with a magic of their own.
    unsupported(b"QFI\xfb", "application/x-qemu-disk", DISK),
    unsupported(b"KDMV", "application/x-vmdk-disk", DISK),
    unsupported(b"COWD", "application/x-vmdk-disk", DISK),
    unsupported(b"# Disk DescriptorFile", "application/x-vmdk-disk", DISK),
    unsupported(b"conectix", "application/x-vhd-disk", DISK),
    unsupported(b"vhdxfile", "application/x-vhdx-disk", DISK),
    row(64, b"\x7f\x10\xda\xbe", Sniffed::unsupported("application/x-virtualbox-vdi", DISK)),
    unsupported(b"EVF\x09\r\n\xff\0", "application/x-encase", DISK),
    unsupported(b"EVF2\r\n\x81\0", "application/x-encase", DISK),
    unsupported(b"LVF\x09\r\n\xff\0", "application/x-encase", DISK),
    unsupported(b"LEF2\r\n\x81\0", "application/x-encase", DISK),
    unsupported(b"AFF10\r\n\0", "application/x-aff", DISK),
    unsupported(b"WithoutFreeSpace", "application/x-parallels-disk", DISK),
    unsupported(b"WithouFreSpacExt", "application/x-parallels-disk", DISK),
    unsupported(b"hsqs", "application/vnd.squashfs", DISK),
    unsupported(b"\x45\x3d\xcd\x28", "application/x-cramfs", DISK),
    unsupported(b"XFSB\0", "application/x-xfs-image", DISK),
    row(32, b"NXSB", Sniffed::unsupported("application/x-apfs-image", DISK)),
    row(512, b"LABELONE", Sniffed::unsupported("application/x-lvm", DISK)),
    row(65_600, b"_BHRfS_M", Sniffed::unsupported("application/x-btrfs-image", DISK)),
    // Encrypted.
    encrypted(b"LUKS\xba\xbe", "application/x-luks", "LUKS volume"),
    row(3, b"-FVE-FS-", Sniffed::encrypted("application/x-bitlocker", "BitLocker volume")),
    encrypted(b"encrcdsa", "application/x-apple-diskimage", "FileVault image"),
    encrypted(b"Salted__", "application/x-openssl-salted", "OpenSSL password encryption"),
    encrypted(b"age-encryption.org/v1\n", "application/x-age", "age file"),
    encrypted(b"-----BEGIN AGE ENCRYPTED FILE-----", "application/x-age", "age file"),
    encrypted(b"-----BEGIN PGP MESSAGE-----", "application/pgp-encrypted", "OpenPGP message"),
    encrypted(b"\x03\xd9\xa2\x9a", "application/x-keepass", "KeePass database"),
    encrypted(b"AES\x02", "application/x-aescrypt", "AES Crypt file"),
    // Programs.
    plain(b"\x7fELF", "application/x-elf"),
    plain(b"MZ", "application/vnd.microsoft.portable-executable"),
    plain(b"\xca\xfe\xba\xbe", "application/java-vm"),
    plain(b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    plain(b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    plain(b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    plain(b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    plain(b"\0asm", "application/wasm"),
    plain(b"BC\xc0\xde", "application/x-llvm-bitcode"),
    plain(b"\x1bLua", "application/x-lua-bytecode"),
    plain(b"dex\n", "application/vnd.android.dex"),
    plain(b"GOOF----", "application/x-guile-object"),
    plain(b";ELC", "application/x-elisp-bytecode"),
    plain(b"rust\0\0\0", "application/x-rust-metadata"),
    plain(b"GOBJ\nMETADATA\r\n", "application/x-gobject-typelib"),
    // Audio.
    plain(b"fLaC", "audio/flac"),
    plain(b"ID3", "audio/mpeg"),
    plain(b"MThd", "audio/midi"),
    plain(b".snd", "audio/basic"),
    plain(b"#!AMR", "audio/amr"),
    plain(b"MAC ", "audio/x-ape"),
    plain(b"wvpk", "audio/x-wavpack"),
    plain(b"MPCK", "audio/x-musepack"),
    plain(b"caff\0", "audio/x-caf"),
    plain(b"Extended Module: ", "audio/x-xm"),
    plain(b"IMPM", "audio/x-it"),
    // Fonts.
    plain(b"OTTO\0", "font/otf"),
    plain(b"\0\x01\0\0\0", "font/ttf"),
    plain(b"true\0", "font/ttf"),
    plain(b"ttcf\0", "font/collection"),
    plain(b"wOFF", "font/woff"),
    plain(b"wOF2", "font/woff2"),
    plain(b"%!PS-AdobeFont", "application/x-font-type1"),
    plain(b"%!FontType1", "application/x-font-type1"),
    plain(b"\x80\x01\0\0%!", "application/x-font-type1"),
    plain(b"\x01fcp", "application/x-font-pcf"),
    plain(b"STARTFONT ", "application/x-font-bdf"),
    plain(b"\x72\xb5\x4a\x86", "application/x-font-psf"),
    // Data of programs.
    plain(b"\xde\x12\x04\x95", "application/x-gettext-translation"),
    plain(b"\x95\x04\x12\xde", "application/x-gettext-translation"),
    plain(b"TZif", "application/tzif"),
    plain(b"LPKSHHRH", "application/x-systemd-journal"),
    plain(b"\x1c\x04\x1e\xf1", "application/x-magic-database"),
    row(36, b"acsp", Sniffed::no_picture("application/vnd.iccprofile")),
    plain(b"DIRC\0\0\0", "application/x-git-index"),
    plain(b"\xfftOc", "application/x-git-pack-index"),
];

pub(super) fn by_magic(ends: &Ends<'_>) -> Option<Sniffed> {
    TABLE.iter().find(|row| ends.has(row.offset, row.magic)).map(|row| row.means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sniff;

    /// A file made of a row's magic alone is what the row says, whatever probes come before it.
    #[test]
    fn every_row_is_reached() {
        for row in TABLE {
            let mut file = vec![0; row.offset];
            file.extend_from_slice(row.magic);
            file.resize(file.len() + 600, 1);
            assert_eq!(sniff(&file, &[], file.len() as u64), row.means, "{:?}", row.magic);
        }
    }

    #[test]
    fn no_row_hides_a_later_one() {
        for (i, later) in TABLE.iter().enumerate() {
            for earlier in &TABLE[..i] {
                let hidden =
                    earlier.offset == later.offset && later.magic.starts_with(earlier.magic);
                assert!(!hidden, "{:?} hides {:?}", earlier.magic, later.magic);
            }
        }
    }

    #[test]
    fn heads_are_long_enough_for_every_row() {
        assert!(TABLE.iter().all(|row| row.offset + row.magic.len() <= crate::HEAD_BYTES));
    }
}
