//! Published test vectors, and independence from how the bytes are split.

use hashward_digest::{Hasher, update_together};
use hashward_hash::{Crc32, DigestKinds, Digests, HashKind, HashValue, Metric};
use proptest::prelude::*;

fn digests(bytes: &[u8]) -> Digests {
    let mut hasher = Hasher::new(DigestKinds::ALL);
    hasher.update(bytes);
    hasher.finalize()
}

fn hex_of(bytes: &[u8], kind: HashKind) -> String {
    let all = digests(bytes);
    let value = all.values().find(|value| value.kind() == kind).expect("kind was asked for");
    value.to_text()
}

/// RFC 1321, section A.5.
#[test]
fn md5_gives_the_vectors_of_rfc_1321() {
    for (text, expected) in [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "d174ab98d277d9f5a5611c2c9f419d9f",
        ),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a",
        ),
    ] {
        assert_eq!(hex_of(text.as_bytes(), HashKind::Md5), expected);
    }
}

/// FIPS 180-4 examples (NIST "SHA_All" and the messages of RFC 3174).
#[test]
fn sha1_and_sha256_give_the_vectors_of_nist() {
    let million = "a".repeat(1_000_000);
    let two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (text, sha1, sha256) in [
        (
            "",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ),
        (
            "abc",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            two_blocks,
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (
            million.as_str(),
            "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        ),
    ] {
        assert_eq!(hex_of(text.as_bytes(), HashKind::Sha1), sha1);
        assert_eq!(hex_of(text.as_bytes(), HashKind::Sha256), sha256);
    }
}

/// The official vectors hash the bytes 0, 1, … 250, 0, 1, … of the given length.
#[test]
fn blake3_gives_its_official_vectors() {
    let input = |length: usize| (0..length).map(|i| (i % 251) as u8).collect::<Vec<_>>();
    for (length, expected) in [
        (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
        (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
        (1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"),
        (1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
        (1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"),
        (102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
    ] {
        assert_eq!(hex_of(&input(length), HashKind::Blake3), expected, "length {length}");
    }
}

/// FIPS 180-4 example (NIST "SHA_All").
#[test]
fn sha512_gives_the_vector_of_nist() {
    assert_eq!(
        hex_of(b"abc", HashKind::Sha512),
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    );
}

/// As RHash 1.4.3 prints them for the bytes 0, 1, … 250, 0, 1, … of the given length: around the
/// leaves of the Tiger tree (1,024 bytes) and the blocks of eD2k (9,728,000 bytes).
#[test]
fn ed2k_tth_and_crc32_are_those_of_rhash() {
    let input = |length: usize| (0..length).map(|i| (i % 251) as u8).collect::<Vec<_>>();
    for (length, ed2k, tth, crc32) in [
        (0, "31d6cfe0d16ae931b73c59d7e0c089c0", "lwpnacqdbzryxw3vhjvcj64qbznghohhhzwclnq", 0),
        (
            1,
            "47c61a0fa8738ba77308a8a600f88e4b",
            "vk54zieevtwnaui5d5rdfil37lx2iqnstaxfksa",
            0xd202_ef8d,
        ),
        (
            1023,
            "62ee2c5570fe58bc17590e32e4f46ad6",
            "vs326nrmmaydah2cefpcoetm7fw5rjibsr6k6ua",
            0x5a9e_0eff,
        ),
        (
            1024,
            "af4c33835863882c26737b9df58bbc1f",
            "qpookits2muf3kgk7bs7seuiuj5pz3cesifdkdy",
            0x7be4_dfd0,
        ),
        (
            1025,
            "85a05cfb47e425f8fa69cb3c4f3ee08e",
            "kabc77egga7qfimlboku7zspe2lp3pudj5qvnta",
            0x4e70_0dfb,
        ),
        (
            3072,
            "a410566229a50e54d4fa2251bdbc3a80",
            "vu6o7tc3bs2gi3dy34m5a4cvmjmm43tbfcxx5di",
            0x3eb7_fb7d,
        ),
        (
            5120,
            "795dd47027ac962a7577671da59b65b4",
            "6adatzpobwtcoldig2jrne4s6vpee3cfrgxfc2i",
            0x706f_b7ce,
        ),
        (
            9_727_999,
            "8bc46f92ea3ad078998cc7baf97c31c3",
            "q2qeukycwfikpexk6noxwuyxdihsnjskd544eji",
            0xdfda_17b4,
        ),
        (
            9_728_000,
            "22155255a2ed92712ccd01ad0eb9e8cb",
            "ghk2iewlyhnglv3e37gxu6sz74anvxtxds6tati",
            0x3a65_e1a9,
        ),
        (
            9_728_001,
            "07149b89efa248c03d7e2c5e734d2d88",
            "3jvx3dbrv76pm2snnogjqgercofy5ho7ynefray",
            0xc7e2_a725,
        ),
        (
            19_456_000,
            "b22937d7a5bb74050fb54037fe573649",
            "6mozfeluj7elq323dz6zynlxyd3cvbifw5ar4ny",
            0x8233_93e6,
        ),
    ] {
        let found = digests(&input(length));
        let text = |kind| found.get(kind).map(|value| value.to_text());
        assert_eq!(text(HashKind::Ed2k).as_deref(), Some(ed2k), "length {length}");
        assert_eq!(text(HashKind::Tth), Some(tth.to_uppercase()), "length {length}");
        let size = length as u64;
        assert_eq!(found.crc32, Some(Crc32 { checksum: crc32, size }), "length {length}");
    }
}

#[test]
fn digests_of_nothing_are_known_as_such() {
    assert_eq!(digests(b"").values().filter(HashValue::is_digest_of_empty_file).count(), 8);
    assert_eq!(digests(b"x").values().filter(HashValue::is_digest_of_empty_file).count(), 0);
}

#[test]
fn only_the_kinds_asked_for_are_computed() {
    let digests_of = HashKind::ALL.into_iter().filter(|kind| kind.metric() == Metric::Exact);
    let each: Vec<HashKind> = digests_of.collect();
    for set in 0..1 << each.len() {
        let asked = |kind: HashKind| {
            each.iter().position(|one| *one == kind).is_some_and(|bit| set & 1 << bit != 0)
        };
        let kinds = each
            .iter()
            .filter(|kind| asked(**kind))
            .fold(DigestKinds::default(), |kinds, kind| kinds.with(*kind));
        let mut hasher = Hasher::new(kinds);
        hasher.update(b"some bytes");
        let found = hasher.finalize();
        let all = digests(b"some bytes");
        for kind in HashKind::ALL {
            assert_eq!(found.get(kind), all.get(kind).filter(|_| asked(kind)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn how_the_bytes_are_split_never_shows(
        length in 0usize..80_000,
        seed: u64,
        cuts in proptest::collection::vec(0usize..80_000, 0..12),
    ) {
        let bytes: Vec<u8> = (0..length as u64)
            .map(|i| (seed.wrapping_add(i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
            .collect();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(length)).collect();
        cuts.push(length);
        cuts.sort_unstable();
        let mut hasher = Hasher::new(DigestKinds::ALL);
        let mut start = 0;
        for end in cuts {
            hasher.update(&bytes[start..end]);
            start = end;
        }
        prop_assert_eq!(hasher.finalize(), digests(&bytes));
    }
}

/// The digests by other people's code.
fn oracle(bytes: &[u8]) -> Digests {
    use sha1::Digest as _;
    Digests {
        md5: Some(md5::Md5::digest(bytes).into()),
        sha1: Some(sha1::Sha1::digest(bytes).into()),
        sha256: Some(sha2::Sha256::digest(bytes).into()),
        blake3: Some(blake3::hash(bytes).into()),
        sha512: Some(sha2::Sha512::digest(bytes).into()),
        ..Digests::default()
    }
}

#[test]
fn every_length_around_the_blocks_gives_the_digests_of_rustcrypto() {
    for length in (0..300).chain([4095, 4096, 4097, 65_535, 65_536, 65_537]) {
        let bytes: Vec<u8> = (0..length).map(|i| (i * 7 % 251) as u8).collect();
        let (ours, other) = (digests(&bytes), oracle(&bytes));
        for digest in other.values() {
            assert_eq!(ours.get(digest.kind()), Some(digest), "{length} bytes");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Files of any number and length, in any chunks, with any kinds, each fed with any others.
    #[test]
    fn what_is_hashed_together_never_shows(
        files in proptest::collection::vec((0usize..30_000, 0u8..32), 1..50),
        chunk in 1usize..9_000,
        seed: u64,
    ) {
        let contents: Vec<Vec<u8>> = files.iter().enumerate().map(|(number, &(length, _))| {
            let salt = seed.wrapping_add(number as u64);
            (0..length as u64)
                .map(|i| (salt.wrapping_add(i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
                .collect()
        }).collect();
        let kinds = |bits: u8| DigestKinds {
            md5: bits & 1 != 0,
            sha1: bits & 2 != 0,
            sha256: bits & 4 != 0,
            blake3: bits & 8 != 0,
            sha512: bits & 16 != 0,
            ..DigestKinds::default()
        };
        let mut hashers: Vec<Hasher> =
            files.iter().map(|&(_, bits)| Hasher::new(kinds(bits))).collect();
        for round in 0..30_000 / chunk + 1 {
            let mut feeds: Vec<(&mut Hasher, &[u8])> = hashers
                .iter_mut()
                .zip(&contents)
                .enumerate()
                .map(|(number, (hasher, bytes))| {
                    // Chunks of different lengths, so that files fall out of step.
                    let chunk = chunk + number;
                    let start = (round * chunk).min(bytes.len());
                    (hasher, &bytes[start..(start + chunk).min(bytes.len())])
                })
                .collect();
            update_together(&mut feeds);
        }
        for ((hasher, bytes), &(_, bits)) in hashers.into_iter().zip(&contents).zip(&files) {
            let (all, kinds) = (oracle(bytes), kinds(bits));
            let expected = Digests {
                md5: all.md5.filter(|_| kinds.md5),
                sha1: all.sha1.filter(|_| kinds.sha1),
                sha256: all.sha256.filter(|_| kinds.sha256),
                blake3: all.blake3.filter(|_| kinds.blake3),
                sha512: all.sha512.filter(|_| kinds.sha512),
                ..Digests::default()
            };
            prop_assert_eq!(hasher.finalize(), expected);
        }
    }
}
