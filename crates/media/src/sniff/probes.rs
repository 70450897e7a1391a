//! Formats whose magic bytes are shared or short, so that more of the head has to agree.

use super::{Ends, PictureFormat, Sniffed, contains};

type Probe = fn(&Ends<'_>) -> Option<Sniffed>;

/// Formats that share their first bytes with others. Tried before the plain table.
pub(super) fn second_looks(ends: &Ends<'_>) -> Option<Sniffed> {
    const PROBES: &[Probe] = &[
        riff, form, iso_media, tiff, bmp, ico, qoi, pnm, zip, seven_zip, rar, pdf, postscript, ole,
        ar, ogg, emf, flash,
    ];
    PROBES.iter().find_map(|probe| probe(ends))
}

/// Formats with so few magic bytes that every certain one goes first.
pub(super) fn short_magics(ends: &Ends<'_>) -> Option<Sniffed> {
    const PROBES: &[Probe] = &[
        bzip2,
        transport_stream,
        mpeg_audio,
        lzma,
        tar_without_magic,
        pcx,
        bare_jxl,
        flic,
        quicktime_atoms,
        open_pgp,
        python_bytecode,
        terminfo,
        zstd_skippable,
    ];
    PROBES.iter().find_map(|probe| probe(ends))
}

fn riff(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(0, b"RIFF") && !ends.has(0, b"RIFX") && !ends.has(0, b"RF64") {
        return None;
    }
    Some(match &ends.bytes::<4>(8) {
        b"WEBP" => Sniffed::picture("image/webp", PictureFormat::WebP),
        b"WAVE" => Sniffed::no_picture("audio/wav"),
        b"RMID" => Sniffed::no_picture("audio/midi"),
        b"sfbk" => Sniffed::no_picture("audio/x-soundfont"),
        b"AVI " => Sniffed::unsupported("video/x-msvideo", "video"),
        b"ACON" => Sniffed::unsupported("application/x-navi-animation", "picture"),
        _ => Sniffed::unsupported("application/x-riff", "RIFF container"),
    })
}

fn form(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(0, b"FORM") {
        return None;
    }
    match &ends.bytes::<4>(8) {
        b"ILBM" | b"PBM " | b"ANIM" | b"RGBN" | b"DEEP" => {
            Some(Sniffed::unsupported("image/x-ilbm", "picture"))
        }
        b"AIFF" | b"AIFC" | b"8SVX" => Some(Sniffed::no_picture("audio/x-aiff")),
        _ => None,
    }
}

/// ISO base media files: the brand tells pictures, films and sound apart.
fn iso_media(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(4, b"ftyp") || ends.u32_be(0) < 12 {
        return None;
    }
    let end = (ends.u32_be(0) as usize).min(256).min(ends.head.len());
    let brands = ends.head.get(8..end).unwrap_or(&[]);
    let major = ends.bytes::<4>(8);
    let any = |names: &[&[u8; 4]]| {
        brands.chunks_exact(4).enumerate().any(|(i, b)| i != 1 && names.iter().any(|n| n == &b))
    };
    Some(if &major == b"crx " {
        Sniffed::unsupported("image/x-canon-cr3", "camera raw picture")
    } else if any(&[b"avif", b"avis"]) {
        Sniffed::unsupported("image/avif", "picture")
    } else if any(&[b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"]) {
        Sniffed::unsupported("image/heic", "picture")
    } else if matches!(&major, b"M4A " | b"M4B " | b"M4P ") {
        Sniffed::no_picture("audio/mp4")
    } else if &major == b"qt  " {
        Sniffed::unsupported("video/quicktime", "video")
    } else if major.starts_with(b"3g") {
        Sniffed::unsupported("video/3gpp", "video")
    } else if matches!(&major, b"jp2 " | b"jpx " | b"jxl ") {
        Sniffed::unsupported("image/jp2", "picture")
    } else {
        Sniffed::unsupported("video/mp4", "video")
    })
}

fn tiff(ends: &Ends<'_>) -> Option<Sniffed> {
    // A Canon CR2 file is also a TIFF file, and its row in the table is more specific.
    let magics: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"];
    let is_tiff = magics.iter().any(|magic| ends.has(0, magic)) && !ends.has(8, b"CR\x02\0");
    is_tiff.then_some(Sniffed::picture("image/tiff", PictureFormat::Tiff))
}

fn bmp(ends: &Ends<'_>) -> Option<Sniffed> {
    if ends.has(0, b"BA") && ends.has(14, b"BM") {
        return Some(Sniffed::unsupported("image/bmp", "OS/2 bitmap array"));
    }
    if !ends.has(0, b"BM") {
        return None;
    }
    let header = ends.u32_le(14);
    let planes = ends.u16_le(if header == 12 { 22 } else { 26 });
    let pixels = ends.u32_le(10);
    let known = matches!(header, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124);
    (known && planes == 1 && pixels >= 14 + header)
        .then_some(Sniffed::picture("image/bmp", PictureFormat::Bmp))
}

fn ico(ends: &Ends<'_>) -> Option<Sniffed> {
    let kind = ends.u16_le(2);
    let count = usize::from(ends.u16_le(4));
    if ends.u16_le(0) != 0 || !(kind == 1 || kind == 2) || !(1..=1024).contains(&count) {
        return None;
    }
    let directory = 6 + 16 * count as u64;
    let plausible = (0..count).all(|i| {
        let at = 6 + 16 * i;
        let (bytes, offset) = (u64::from(ends.u32_le(at + 8)), u64::from(ends.u32_le(at + 12)));
        // Entries behind the head cannot be judged.
        at + 16 > ends.head.len()
            || (matches!(ends.byte(at + 3), 0 | 255) && bytes >= 40 && offset >= directory)
    });
    let first = u64::from(ends.u32_le(18));
    let media_type = if kind == 1 { "image/vnd.microsoft.icon" } else { "image/x-win-cursor" };
    (plausible && first < ends.size.max(directory + 1) && ends.head.len() >= 22)
        .then_some(Sniffed::picture(media_type, PictureFormat::Ico))
}

fn qoi(ends: &Ends<'_>) -> Option<Sniffed> {
    (ends.has(0, b"qoif") && matches!(ends.byte(12), 3 | 4) && ends.byte(13) < 2)
        .then_some(Sniffed::picture("image/qoi", PictureFormat::Qoi))
}

fn pnm(ends: &Ends<'_>) -> Option<Sniffed> {
    if ends.has(0, b"P7\n") {
        let keywords: [&[u8]; 3] = [b"WIDTH ", b"HEIGHT ", b"#"];
        let starts = |rest: &[u8]| keywords.iter().any(|keyword| rest.starts_with(keyword));
        return starts(ends.head.get(3..).unwrap_or(&[]))
            .then_some(Sniffed::picture("image/x-portable-arbitrarymap", PictureFormat::Pnm));
    }
    if (ends.has(0, b"PF\n") || ends.has(0, b"Pf\n")) && pnm_numbers(&ends.head[2..], 2) {
        return Some(Sniffed::unsupported("image/x-portable-floatmap", "picture"));
    }
    let (media_type, numbers) = match (ends.byte(0), ends.byte(1)) {
        (b'P', b'1' | b'4') => ("image/x-portable-bitmap", 2),
        (b'P', b'2' | b'5') => ("image/x-portable-graymap", 3),
        (b'P', b'3' | b'6') => ("image/x-portable-pixmap", 3),
        _ => return None,
    };
    pnm_numbers(&ends.head[2..], numbers)
        .then_some(Sniffed::picture(media_type, PictureFormat::Pnm))
}

/// True when white space and comments and then so many decimal numbers follow.
fn pnm_numbers(mut text: &[u8], count: usize) -> bool {
    for _ in 0..count {
        let before = text.len();
        loop {
            match text.first() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => text = &text[1..],
                Some(b'#') => {
                    let end = text.iter().position(|&b| b == b'\n').unwrap_or(text.len());
                    text = &text[end..];
                }
                _ => break,
            }
        }
        let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
        if text.len() == before || !(1..=9).contains(&digits) {
            return false;
        }
        text = &text[digits..];
    }
    matches!(text.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'#'))
}

fn zip(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(0, b"PK\x03\x04") {
        return None;
    }
    if ends.u16_le(6) & 1 != 0 {
        return Some(Sniffed::encrypted("application/zip", "encrypted ZIP archive"));
    }
    Some(if contains(&ends.head[..ends.head.len().min(4096)], b"[Content_Types].xml") {
        Sniffed::unsupported("application/vnd.openxmlformats-officedocument", "document")
    } else if ends.has(30, b"mimetypeapplication/epub+zip") {
        Sniffed::unsupported("application/epub+zip", "document")
    } else if ends.has(30, b"mimetypeapplication/vnd.oasis.opendocument") {
        Sniffed::unsupported("application/vnd.oasis.opendocument", "document")
    } else {
        Sniffed::unsupported("application/zip", "archive")
    })
}

fn seven_zip(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(0, b"7z\xbc\xaf\x27\x1c") {
        return None;
    }
    // The coder of AES-256 with SHA-256, in the header at the end of the archive.
    Some(if contains(ends.tail, b"\x06\xf1\x07\x01") {
        Sniffed::encrypted("application/x-7z-compressed", "encrypted 7z archive")
    } else {
        Sniffed::unsupported("application/x-7z-compressed", "archive")
    })
}

fn rar(ends: &Ends<'_>) -> Option<Sniffed> {
    // The main header's flag of RAR 4; in RAR 5 the encryption header comes first and has type 4.
    let encrypted = if ends.has(0, b"Rar!\x1a\x07\x00") {
        ends.byte(9) == 0x73 && ends.u16_le(10) & 0x80 != 0
    } else if ends.has(0, b"Rar!\x1a\x07\x01\x00") {
        ends.byte(12) < 0x80 && ends.byte(13) == 4
    } else {
        return None;
    };
    Some(if encrypted {
        Sniffed::encrypted("application/vnd.rar", "encrypted RAR archive")
    } else {
        Sniffed::unsupported("application/vnd.rar", "archive")
    })
}

fn pdf(ends: &Ends<'_>) -> Option<Sniffed> {
    let start = &ends.head[..ends.head.len().min(1024)];
    if !contains(start, b"%PDF-") {
        return None;
    }
    // The trailer stands at the end, or near the beginning of a linearised file.
    Some(if contains(ends.tail, b"/Encrypt") || contains(&ends.head[..start.len()], b"/Encrypt") {
        Sniffed::encrypted("application/pdf", "encrypted PDF")
    } else {
        Sniffed::unsupported("application/pdf", "document")
    })
}

fn postscript(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(0, b"%!PS") && !ends.has(0, b"\x04%!PS") {
        return None;
    }
    let line = &ends.head[..ends.head.len().min(64)];
    let line = line.split(|&b| b == b'\n' || b == b'\r').next().unwrap_or(&[]);
    Some(if contains(line, b"Font") || contains(line, b"Resource") {
        Sniffed::no_picture("application/x-font-type1")
    } else if contains(line, b"EPSF") {
        Sniffed::unsupported("image/x-eps", "picture")
    } else {
        Sniffed::unsupported("application/postscript", "document")
    })
}

fn ole(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return None;
    }
    let name: Vec<u8> = b"EncryptedPackage".iter().flat_map(|&b| [b, 0]).collect();
    Some(if contains(ends.head, &name) {
        Sniffed::encrypted("application/x-ole-storage", "encrypted office document")
    } else {
        Sniffed::unsupported("application/x-ole-storage", "document")
    })
}

fn ar(ends: &Ends<'_>) -> Option<Sniffed> {
    ends.has(0, b"!<arch>\n").then(|| {
        if ends.has(8, b"debian-binary") {
            Sniffed::unsupported("application/vnd.debian.binary-package", "archive")
        } else {
            Sniffed::no_picture("application/x-archive")
        }
    })
}

fn ogg(ends: &Ends<'_>) -> Option<Sniffed> {
    if !ends.has(0, b"OggS") {
        return None;
    }
    let start = &ends.head[..ends.head.len().min(4096)];
    let films: [&[u8]; 4] = [b"\x80theora", b"\x01video\0", b"OVP80", b"BBCD\0"];
    let sounds: [&[u8]; 4] = [b"\x01vorbis", b"OpusHead", b"Speex   ", b"\x7fFLAC"];
    Some(if films.iter().any(|name| contains(start, name)) {
        Sniffed::unsupported("video/ogg", "video")
    } else if sounds.iter().any(|name| contains(start, name)) {
        Sniffed::no_picture("audio/ogg")
    } else {
        Sniffed::unsupported("application/ogg", "video")
    })
}

fn emf(ends: &Ends<'_>) -> Option<Sniffed> {
    (ends.has(0, b"\x01\0\0\0") && ends.has(40, b" EMF"))
        .then_some(Sniffed::unsupported("image/emf", "picture"))
}

fn flash(ends: &Ends<'_>) -> Option<Sniffed> {
    let magic = matches!(&ends.bytes::<3>(0), b"FWS" | b"CWS" | b"ZWS");
    (magic && (1..=60).contains(&ends.byte(3)))
        .then_some(Sniffed::unsupported("application/vnd.adobe.flash.movie", "video"))
}

fn bzip2(ends: &Ends<'_>) -> Option<Sniffed> {
    let level = ends.has(0, b"BZh") && matches!(ends.byte(3), b'1'..=b'9');
    let block =
        ends.has(4, b"\x31\x41\x59\x26\x53\x59") || ends.has(4, b"\x17\x72\x45\x38\x50\x90");
    (level && block).then_some(Sniffed::unsupported("application/x-bzip2", "archive"))
}

/// MPEG transport streams: a sync byte every 188 bytes, or every 192 behind a time stamp.
fn transport_stream(ends: &Ends<'_>) -> Option<Sniffed> {
    let steady = |start: usize, step: usize| (0..6).all(|i| ends.has(start + i * step, b"\x47"));
    (steady(0, 188) || steady(4, 192)).then_some(Sniffed::unsupported("video/mp2t", "video"))
}

/// MP3 and AAC without tags: a second frame must start where the first one ends.
fn mpeg_audio(ends: &Ends<'_>) -> Option<Sniffed> {
    let sync = |at: usize| ends.byte(at) == 0xff && ends.byte(at + 1) & 0xe0 == 0xe0;
    if !sync(0) {
        return None;
    }
    let [_, second, third, fourth] = ends.bytes::<4>(0);
    if second & 0xf6 == 0xf0 {
        let high = usize::from(fourth & 3) << 11;
        let length = high | usize::from(ends.byte(4)) << 3 | usize::from(ends.byte(5) >> 5);
        return (length > 7 && sync(length)).then_some(Sniffed::no_picture("audio/aac"));
    }
    // Layer III only: kilobits a second and samples a second by table.
    const V1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const V2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const RATES: [usize; 3] = [44_100, 48_000, 32_000];
    let version = second >> 3 & 3;
    if second >> 1 & 3 != 1 || version == 1 {
        return None;
    }
    let rate = RATES.get(usize::from(third >> 2 & 3))? >> [2, 0, 1, 0][usize::from(version)];
    let bits = if version == 3 { V1 } else { V2 }.get(usize::from(third >> 4)).copied()?;
    let samples = if version == 3 { 144_000 } else { 72_000 };
    let length = samples * bits / rate + usize::from(third >> 1 & 1);
    (bits > 0 && sync(length)).then_some(Sniffed::no_picture("audio/mpeg"))
}

fn lzma(ends: &Ends<'_>) -> Option<Sniffed> {
    let dictionary = ends.u32_le(1);
    let length = u64::from_le_bytes(ends.bytes(5));
    let plausible =
        dictionary >= 1 << 12 && (dictionary & (dictionary - 1)) == 0 || dictionary == u32::MAX;
    (ends.byte(0) == 0x5d
        && plausible
        && (length == u64::MAX || length < 1 << 40)
        && ends.byte(13) == 0
        && ends.head.len() > 13)
        .then_some(Sniffed::unsupported("application/x-lzma", "archive"))
}

/// Old tar archives have no magic, but a checksum over their first block.
fn tar_without_magic(ends: &Ends<'_>) -> Option<Sniffed> {
    let block = ends.head.get(..512)?;
    let text = std::str::from_utf8(&block[148..154]).ok()?;
    let stated = u32::from_str_radix(text.trim_matches([' ', '\0']), 8).ok()?;
    let sum = |bytes: &[u8]| bytes.iter().map(|&b| u32::from(b)).sum::<u32>();
    let found = sum(&block[..148]) + sum(&block[156..]) + 8 * 32;
    (found == stated && block[0] != 0)
        .then_some(Sniffed::unsupported("application/x-tar", "archive"))
}

fn pcx(ends: &Ends<'_>) -> Option<Sniffed> {
    let [maker, version, coding, bits] = ends.bytes::<4>(0);
    let plausible = maker == 10
        && matches!(version, 0 | 2..=5)
        && coding == 1
        && matches!(bits, 1 | 2 | 4 | 8)
        && ends.u16_le(8) >= ends.u16_le(4)
        && ends.u16_le(10) >= ends.u16_le(6)
        && ends.byte(64) == 0
        && matches!(ends.byte(65), 1..=4)
        && ends.size > 128;
    plausible.then_some(Sniffed::unsupported("image/x-pcx", "picture"))
}

fn bare_jxl(ends: &Ends<'_>) -> Option<Sniffed> {
    // Two bytes only: text is excluded by the first, and the file must not be tiny.
    (ends.has(0, b"\xff\x0a") && ends.size >= 12)
        .then_some(Sniffed::unsupported("image/jxl", "picture"))
}

fn flic(ends: &Ends<'_>) -> Option<Sniffed> {
    let magic = ends.has(4, b"\x11\xaf") || ends.has(4, b"\x12\xaf");
    (magic && u64::from(ends.u32_le(0)) == ends.size && ends.u16_le(12) <= 8)
        .then_some(Sniffed::unsupported("video/x-flic", "video"))
}

/// QuickTime films from before the `ftyp` box.
fn quicktime_atoms(ends: &Ends<'_>) -> Option<Sniffed> {
    let length = u64::from(ends.u32_be(0));
    let known = |at| {
        [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"].iter().any(|n| ends.has(at, *n))
    };
    (known(4) && (length == 1 || (8..=ends.size).contains(&length)))
        .then_some(Sniffed::unsupported("video/quicktime", "video"))
}

/// OpenPGP messages in binary: a session key packet comes first.
fn open_pgp(ends: &Ends<'_>) -> Option<Sniffed> {
    let tag = ends.byte(0);
    let (kind, body) = match (tag, ends.byte(1)) {
        (0x80..=0xbf, _) => match tag & 3 {
            0 => (tag >> 2 & 15, 2),
            1 => (tag >> 2 & 15, 3),
            _ => return None,
        },
        (0xc0..=0xff, 0..=191) => (tag & 63, 2),
        (0xc0..=0xff, 192..=223) => (tag & 63, 3),
        _ => return None,
    };
    let version = ends.byte(body);
    let length = match body {
        2 => usize::from(ends.byte(1)),
        _ if tag < 0xc0 => usize::from(u16::from_be_bytes(ends.bytes(1))),
        _ => (usize::from(ends.byte(1)) - 192) * 256 + usize::from(ends.byte(2)) + 192,
    };
    // Behind the session key comes another one, or the encrypted data itself.
    let next = ends.byte(body + length);
    let follows = next & 0x80 != 0
        && matches!(if next < 0xc0 { next >> 2 & 15 } else { next & 63 }, 1 | 3 | 9 | 18 | 20);
    let public = kind == 1 && version == 3 && matches!(ends.byte(body + 9), 1 | 2 | 16 | 18 | 25);
    let password = kind == 3 && matches!(version, 4..=6) && ends.byte(body + 1) <= 13;
    (follows && (public || password))
        .then_some(Sniffed::encrypted("application/pgp-encrypted", "OpenPGP message"))
}

fn python_bytecode(ends: &Ends<'_>) -> Option<Sniffed> {
    let version = ends.u16_le(0);
    let known = (3000..=4000).contains(&version) || (62_000..=63_000).contains(&version);
    (ends.has(2, b"\r\n") && known).then_some(Sniffed::no_picture("application/x-python-bytecode"))
}

fn terminfo(ends: &Ends<'_>) -> Option<Sniffed> {
    let magic = ends.has(0, b"\x1a\x01") || ends.has(0, b"\x1e\x02");
    (magic && ends.u16_le(2) <= 512 && ends.u16_le(4) <= 64)
        .then_some(Sniffed::no_picture("application/x-terminfo"))
}

fn zstd_skippable(ends: &Ends<'_>) -> Option<Sniffed> {
    let skippable = matches!(ends.byte(0), 0x50..=0x5f) && ends.has(1, b"\x2a\x4d\x18");
    let next = 8 + ends.u32_le(4) as usize;
    (skippable && ends.has(next, b"\x28\xb5\x2f\xfd"))
        .then_some(Sniffed::unsupported("application/zstd", "archive"))
}
