//! Content is told by its bytes: a made-up head for each kind.
#![allow(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod common;

use common::{encode, picture};
use hashward_media::Class::{Encrypted, NoPicture, Picture, Unsupported};
use hashward_media::{Class, HEAD_BYTES, PictureFormat, Sniffed, TAIL_BYTES, sniff};
use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;

fn of(file: &[u8]) -> Sniffed {
    let head = &file[..file.len().min(HEAD_BYTES)];
    let tail = &file[file.len().saturating_sub(TAIL_BYTES)..];
    sniff(head, tail, file.len() as u64)
}

/// Zeros with some bytes at some places.
fn at(length: usize, parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut file = vec![0; length];
    for (offset, bytes) in parts {
        file[*offset..offset + bytes.len()].copy_from_slice(bytes);
    }
    file
}

fn kind(class: Class) -> &'static str {
    match class {
        Unsupported(kind) | Encrypted(kind) => kind,
        Picture(_) => "opened picture",
        NoPicture => "no picture",
    }
}

fn expect(cases: &[(&str, Vec<u8>)], wanted: impl Fn(Class) -> bool) {
    for (media_type, file) in cases {
        let found = of(file);
        assert_eq!(found.media_type, *media_type, "{:?}", &file[..file.len().min(16)]);
        assert!(wanted(found.class), "{media_type} is {:?}", found.class);
    }
}

#[test]
fn pictures_are_told_apart() {
    let image = DynamicImage::from(picture(20, 20, 1));
    for (format, wanted) in [
        (ImageFormat::Jpeg, PictureFormat::Jpeg),
        (ImageFormat::Png, PictureFormat::Png),
        (ImageFormat::Gif, PictureFormat::Gif),
        (ImageFormat::WebP, PictureFormat::WebP),
        (ImageFormat::Bmp, PictureFormat::Bmp),
        (ImageFormat::Tiff, PictureFormat::Tiff),
        (ImageFormat::Ico, PictureFormat::Ico),
        (ImageFormat::Tga, PictureFormat::Tga),
        (ImageFormat::Pnm, PictureFormat::Pnm),
        (ImageFormat::Qoi, PictureFormat::Qoi),
    ] {
        let file = encode(&image.to_rgba8().into(), format).to_vec();
        let file = if format == ImageFormat::Jpeg { encode(&image, format) } else { file };
        assert_eq!(of(&file).class, Picture(wanted));
    }
    let big = b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0".to_vec();
    assert_eq!(of(&big).class, Picture(PictureFormat::Tiff));
    let signed = [
        &at(18, &[(2, &[2]), (12, &[9, 0, 9, 0, 24])])[..],
        &[7; 5 * 9 * 9],
        &[0; 8],
        b"TRUEVISION-XFILE.\0",
    ]
    .concat();
    assert_eq!(of(&signed).class, Picture(PictureFormat::Tga));
    for text in ["P1\n2 2\n0 1 1 0\n", "P2 # grey\n2 2\n255\n1 2 3 4", "P5 2 2 255\nabcd"] {
        assert_eq!(of(text.as_bytes()).class, Picture(PictureFormat::Pnm), "{text}");
    }
    for text in ["P1", "P3 people came\n", "P5x2", "P6 of the book, 12 lines", "P7\nnothing"] {
        assert_eq!(of(text.as_bytes()).class, NoPicture, "{text}");
    }
}

#[test]
fn formats_that_may_hold_pictures_are_unsupported() {
    let ftyp = |brand: &[u8]| [b"\0\0\0\x18ftyp", brand, b"\0\0\0\0mp41isom", &[0; 40]].concat();
    let riff = |name: &[u8]| [b"RIFF\x40\0\0\0", name, &[0; 60]].concat();
    let ogg = |name: &[u8]| [&at(28, &[(0, b"OggS")])[..], name, &[0; 40]].concat();
    let mail = "Return-Path: <a@example.org>\r\nReceived: from x by y\r\n\tmore\r\n\
                From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\nHello.\r\n";
    let mbox = "From a@example.org Mon Jan  1 00:00:00 2024\nFrom: a@example.org\n\
                Date: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: hello\n\nHello.\n";
    let data =
        format!("body {{ background: url(data:image/png;base64,{}) }}", "iVBORw0KGgo".repeat(9));
    let mut transport = vec![0; 188 * 8];
    transport.iter_mut().step_by(188).for_each(|byte| *byte = 0x47);
    let mut partitions = at(1 << 16, &[(510, b"\x55\xaa")]);
    partitions[446..462].copy_from_slice(&[0x80, 0, 0, 0, 0x83, 0, 0, 0, 8, 0, 0, 0, 64, 0, 0, 0]);
    let mut old_tar =
        at(1024, &[(0, b"folder/file.jpg"), (100, b"0000644\0"), (124, b"00000000012\0")]);
    let sum: u32 = old_tar[..512].iter().map(|&b| u32::from(b)).sum::<u32>() + 8 * 32;
    old_tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let ext = at(
        8192,
        &[
            (1024, &[0, 1, 0, 0, 0, 4, 0, 0]),
            (1048, &[2, 0, 0, 0]),
            (1080, &[0x53, 0xef, 1, 0]),
            (1100, &[1, 0, 0, 0]),
        ],
    );
    let trailer = at(4096, &[(4096 - 512, b"koly\0\0\0\x04")]);
    let flic = at(64, &[(0, &[64, 0, 0, 0, 0x11, 0xaf, 3, 0, 64, 1, 200, 0, 8, 0])]);
    let pcx = at(400, &[(0, &[10, 5, 1, 8, 0, 0, 0, 0, 99, 0, 99, 0]), (65, &[3])]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("image/heic", ftyp(b"heic")),
        ("image/avif", ftyp(b"avif")),
        ("image/x-canon-cr3", ftyp(b"crx ")),
        ("video/mp4", ftyp(b"isom")),
        ("video/quicktime", ftyp(b"qt  ")),
        ("video/3gpp", ftyp(b"3gp5")),
        ("video/quicktime", [b"\0\0\0\x20moov", &[0; 60][..]].concat()),
        ("image/jxl", [b"\xff\x0a", &[1; 20][..]].concat()),
        ("image/x-eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%Title".to_vec()),
        ("application/postscript", b"%!PS-Adobe-3.0\n%%Title".to_vec()),
        (
            "image/svg+xml",
            b"<?xml version='1.0'?>\n<!-- x -->\n<!DOCTYPE svg [ <!ENTITY a 'b'> ]>\n<svg/>"
                .to_vec(),
        ),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>".to_vec()),
        ("image/x-xpixmap", b"/* XPM */\nstatic char *x[] = {".to_vec()),
        ("image/x-xbitmap", b"#define a_width 16\n#define a_height 16\nstatic char".to_vec()),
        ("image/bmp", at(40, &[(0, b"BA"), (14, b"BM")])),
        ("image/x-portable-floatmap", b"PF\n3 2\n-1.0\n".to_vec()),
        ("image/emf", at(100, &[(0, &[1]), (40, b" EMF")])),
        ("image/x-ilbm", b"FORM\0\0\x01\0ILBMBMHD".to_vec()),
        ("image/x-pcx", pcx),
        ("application/x-navi-animation", riff(b"ACON")),
        ("video/x-msvideo", riff(b"AVI ")),
        ("video/ogg", ogg(b"\x80theora")),
        ("video/mp2t", transport),
        ("video/x-flic", flic),
        ("application/vnd.adobe.flash.movie", b"CWS\x0a\x10\0\0\0x".to_vec()),
        ("application/zip", at(60, &[(0, b"PK\x03\x04\x14\0\0\0\x08\0")])),
        (
            "application/vnd.openxmlformats-officedocument",
            [&at(30, &[(0, b"PK\x03\x04\x14\0\0\0\x08\0")])[..], b"[Content_Types].xml"].concat(),
        ),
        ("application/x-bzip2", b"BZh91AY&SY....".to_vec()),
        ("application/x-lzma", [b"\x5d\0\0\x80\0", &[0xff; 8][..], &[0, 1, 2, 3]].concat()),
        ("application/zstd", b"\x50\x2a\x4d\x18\x02\0\0\0ab\x28\xb5\x2f\xfd...".to_vec()),
        ("application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c\0\x04....".to_vec()),
        ("application/vnd.rar", b"Rar!\x1a\x07\x01\x00\x01\x02\x03\x04\x0b\x01\x05".to_vec()),
        ("application/vnd.rar", b"Rar!\x1a\x07\x00\x01\x02\x73\0\0\x0d\0".to_vec()),
        ("application/x-tar", old_tar),
        ("application/vnd.debian.binary-package", b"!<arch>\ndebian-binary   ".to_vec()),
        ("application/pdf", b"\r\n%PDF-1.7\n1 0 obj".to_vec()),
        ("application/x-ole-storage", at(600, &[(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")])),
        ("message/rfc822", mail.as_bytes().to_vec()),
        ("message/rfc822", mbox.as_bytes().to_vec()),
        ("text/plain", data.into_bytes()),
        ("application/x-iso9660-image", at(40_000, &[(32_769, b"CD001")])),
        ("application/x-raw-disk-image", partitions),
        ("application/x-raw-disk-image", at(8192, &[(512, b"EFI PART")])),
        ("application/x-ext-image", ext),
        ("application/x-ntfs-image", at(8192, &[(3, b"NTFS    ")])),
        ("application/x-fat-image", at(8192, &[(82, b"FAT32   "), (510, b"\x55\xaa")])),
        ("application/x-apple-diskimage", trailer),
        ("application/x-hfs-image", at(4096, &[(1024, b"H+\0\x04"), (1066, &[0x10])])),
    ];
    expect(&cases, |class| matches!(class, Unsupported(_)));
}

#[test]
fn encrypted_content_is_named() {
    let mut zip = at(60, &[(0, b"PK\x03\x04\x14\0\x01\0\x08\0")]);
    zip[26] = 1;
    let office: Vec<u8> = b"EncryptedPackage".iter().flat_map(|&b| [b, 0]).collect();
    let office = at(2000, &[(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), (1100, &office)]);
    let seven = [b"7z\xbc\xaf\x27\x1c", &[0; 90][..], b"\x06\xf1\x07\x01 tail"].concat();
    let mut public = vec![0x85, 0x01, 0x0c, 0x03];
    public.extend([9; 8]);
    public.push(1);
    public.resize(3 + 0x10c, 5);
    public.extend([0xd2, 0xff]);
    let mut password = vec![0x8c, 0x0d, 0x04, 0x09, 0x03, 0x02];
    password.resize(2 + 0x0d, 5);
    password.extend([0xd2, 0xff]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("application/zip", zip),
        ("application/x-7z-compressed", seven),
        ("application/vnd.rar", b"Rar!\x1a\x07\x01\x00\x01\x02\x03\x04\x21\x04\0".to_vec()),
        ("application/vnd.rar", b"Rar!\x1a\x07\x00\x01\x02\x73\x80\0\x0d\0".to_vec()),
        ("application/pdf", b"%PDF-1.7\n...trailer<</Encrypt 3 0 R>>".to_vec()),
        ("application/x-ole-storage", office),
        ("application/x-bitlocker", at(600, &[(3, b"-FVE-FS-")])),
        ("application/pgp-encrypted", public),
        ("application/pgp-encrypted", password),
        ("application/pgp-encrypted", b"-----BEGIN PGP MESSAGE-----\n\nhQ".to_vec()),
    ];
    expect(&cases, |class| matches!(class, Encrypted(_)));
}

#[test]
fn what_cannot_hold_pictures_counts_as_examined() {
    let riff = |name: &[u8]| [b"RIFF\x40\0\0\0", name, &[0; 60]].concat();
    let ogg = |name: &[u8]| [&at(28, &[(0, b"OggS")])[..], name, &[0; 40]].concat();
    // 128 kbit/s at 44.1 kHz: frames of 417 bytes.
    let mp3 = at(900, &[(0, b"\xff\xfb\x90\x00"), (417, b"\xff\xfb\x90\x00")]);
    let aac = at(300, &[(0, b"\xff\xf1\x50\x80\x0c\x80"), (100, b"\xff\xf1")]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("application/x-empty", Vec::new()),
        ("text/plain", b"Some words.\nAnd more.\n".to_vec()),
        ("text/plain", "Wörter – naïve\n".as_bytes().to_vec()),
        ("text/plain", b"latin-1: na\xefve, caf\xe9\n".to_vec()),
        ("text/plain", b"\xa4\xc6\xa4\xb9\xa4\xc8 \xc6\xfc\xcb\xdc\xb8\xec\n".to_vec()),
        ("text/plain", b"\xff\xfeh\0e\0l\0l\0o\0".to_vec()),
        ("text/plain", b"from: here\nto: there\n\njust notes\n".to_vec()),
        ("text/plain", b"a = 'data:image/png;base64,' + code".to_vec()),
        ("text/html", b"<!DOCTYPE html>\n<html><body><svg></svg></body></html>".to_vec()),
        ("application/xml", b"<?xml version='1.0'?><list><svg/></list>".to_vec()),
        ("audio/wav", riff(b"WAVE")),
        ("audio/ogg", ogg(b"\x01vorbis")),
        ("audio/ogg", ogg(b"OpusHead")),
        ("audio/mpeg", mp3),
        ("audio/aac", aac),
        ("audio/mp4", b"\0\0\0\x18ftypM4A \0\0\0\0mp42isom".to_vec()),
        ("application/x-font-type1", b"%!PS-AdobeFont-1.0: X".to_vec()),
        ("application/x-archive", b"!<arch>\nfoo.o/          ".to_vec()),
        ("application/x-python-bytecode", b"\xa7\x0d\x0d\x0a\0\0\0\0".to_vec()),
        ("application/x-terminfo", b"\x1a\x01\x14\0\x1c\0\x0f\0".to_vec()),
        ("application/octet-stream", vec![0; 1000]),
        ("application/octet-stream", vec![0x01; 1000]),
    ];
    expect(&cases, |class| class == NoPicture);
}

/// Heads that look a little like a TGA, an icon or a bitmap, but are not.
#[test]
fn odd_binaries_are_no_pictures() {
    let cases: [&[u8]; 9] = [
        b"\0\0\x02\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x18\0",
        b"\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\0\0\x0a\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\x20\x08",
        b"BM this is a text that begins like a bitmap file",
        b"\x01\x01\x01\0\0\0\x01\x18\0\0\0\0\x10\0\x10\0\x08\0",
        b"qoif\0\0\0\x01\0\0\0\x01\x07\x07",
        b"\0\0\x02\0\x02\0\0\0\0\0\0\0\0\0\0\0",
        b"GIF88a",
        b"\x0a\x05\x01\x08",
    ];
    for case in cases {
        for length in [case.len(), 3000, 100_000] {
            let mut file = case.to_vec();
            file.resize(length, 0);
            assert!(!matches!(of(&file).class, Picture(_)), "{case:x?} of {length}");
        }
    }
}

proptest! {
    #[test]
    fn noise_is_hardly_ever_a_picture(noise in proptest::collection::vec(any::<u8>(), 40..4000)) {
        let found = of(&noise);
        prop_assert!(!matches!(found.class, Picture(_)), "{}", kind(found.class));
    }

    #[test]
    fn small_numbers_are_hardly_ever_a_picture(
        noise in proptest::collection::vec(0_u8..4, 40..4000)
    ) {
        // Zeros and small numbers are what headers of binary formats are made of.
        let found = of(&noise);
        prop_assert!(!matches!(found.class, Picture(_)), "{}", kind(found.class));
    }

    #[test]
    fn any_ends_and_size_get_an_answer(
        head in proptest::collection::vec(any::<u8>(), 0..700),
        tail in proptest::collection::vec(any::<u8>(), 0..600),
        size: u64,
    ) {
        prop_assert!(!sniff(&head, &tail, size).media_type.is_empty());
    }
}
