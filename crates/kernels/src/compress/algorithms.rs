//! MD5, SHA-1 and SHA-256 written once, over a vector of lanes that each backend brings along.
//!
//! ```text
//! for each block of 64 bytes, the same in every lane:
//!     x[0..16] = the block's words
//!     MD5      64 steps   a = b + ((a + f(b, c, d) + x[order] + K) <<< s)
//!     SHA-1    80 steps   e += (a <<< 5) + f(b, c, d) + K + w[t];  b <<<= 30
//!     SHA-256  64 steps   h += Σ1(e) + ch(e, f, g) + K + w[t];  d += h;  h += Σ0(a) + maj(a, b, c)
//!     state += what the steps made of it
//! ```
//! Instead of moving the variables along after each step, a few steps are written out with the
//! names turned, and only the last sixteen words of a schedule are kept. Sources: RFC 1321 and
//! FIPS 180-4.

/// MD5's constants, `⌊2³² · |sin(i + 1)|⌋`.
pub(super) const MD5: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// SHA-256's constants, the fractions of the cube roots of the first 64 primes.
pub(super) const SHA256: [u32; 64] = [
    0x428a_2f98,
    0x7137_4491,
    0xb5c0_fbcf,
    0xe9b5_dba5,
    0x3956_c25b,
    0x59f1_11f1,
    0x923f_82a4,
    0xab1c_5ed5,
    0xd807_aa98,
    0x1283_5b01,
    0x2431_85be,
    0x550c_7dc3,
    0x72be_5d74,
    0x80de_b1fe,
    0x9bdc_06a7,
    0xc19b_f174,
    0xe49b_69c1,
    0xefbe_4786,
    0x0fc1_9dc6,
    0x240c_a1cc,
    0x2de9_2c6f,
    0x4a74_84aa,
    0x5cb0_a9dc,
    0x76f9_88da,
    0x983e_5152,
    0xa831_c66d,
    0xb003_27c8,
    0xbf59_7fc7,
    0xc6e0_0bf3,
    0xd5a7_9147,
    0x06ca_6351,
    0x1429_2967,
    0x27b7_0a85,
    0x2e1b_2138,
    0x4d2c_6dfc,
    0x5338_0d13,
    0x650a_7354,
    0x766a_0abb,
    0x81c2_c92e,
    0x9272_2c85,
    0xa2bf_e8a1,
    0xa81a_664b,
    0xc24b_8b70,
    0xc76c_51a3,
    0xd192_e819,
    0xd699_0624,
    0xf40e_3585,
    0x106a_a070,
    0x19a4_c116,
    0x1e37_6c08,
    0x2748_774c,
    0x34b0_bcb5,
    0x391c_0cb3,
    0x4ed8_aa4a,
    0x5b9c_ca4f,
    0x682e_6ff3,
    0x748f_82ee,
    0x78a5_636f,
    0x84c8_7814,
    0x8cc7_0208,
    0x90be_fffa,
    0xa450_6ceb,
    0xbef9_a3f7,
    0xc671_78f2,
];

/// Defines `md5`, `sha1` and `sha256` in a module that has `LANES`, the vector type `V` and its
/// operations `splat`, `add`, `rol`, `shr`, `xor`, `choose`, `majority`, `or_not`, `xor3`,
/// `big_endian`, `load` and `store`. The attribute, if any, names the instruction set.
macro_rules! compression_functions {
    ($(#[$features:meta])?) => {
        /// Advances MD5 states over `blocks` blocks behind each pointer of `data`.
        ///
        /// # Safety
        /// The machine has the instructions; `64 * blocks` bytes lie behind each pointer.
        $(#[$features])?
        pub(super) unsafe fn md5(
            states: &mut [[u32; 4]; LANES],
            data: &[*const u8; LANES],
            blocks: usize,
        ) {
            macro_rules! step {
                ($f:expr, $a:ident, $b:ident, $c:ident, $d:ident, $x:expr, $k:expr, $s:literal) => {
                    let sum = add(add($a, $f($b, $c, $d)), add($x, splat($k)));
                    $a = add($b, rol::<$s, { 32 - $s }>(sum));
                };
            }
            macro_rules! round {
                ($f:expr, $round:literal, $x:ident, $factor:literal * i + $first:literal,
                 [$a:ident, $b:ident, $c:ident, $d:ident],
                 [$s0:literal, $s1:literal, $s2:literal, $s3:literal]) => {
                    for i in (0..16).step_by(4) {
                        let x = |j: usize| $x[($factor * (i + j) + $first) & 15];
                        let k = |j: usize| MD5[16 * $round + i + j];
                        step!($f, $a, $b, $c, $d, x(0), k(0), $s0);
                        step!($f, $d, $a, $b, $c, x(1), k(1), $s1);
                        step!($f, $c, $d, $a, $b, x(2), k(2), $s2);
                        step!($f, $b, $c, $d, $a, x(3), k(3), $s3);
                    }
                };
            }
            let [mut a, mut b, mut c, mut d] = load(states);
            for block in 0..blocks {
                // SAFETY: the caller vouches for this block behind every pointer.
                let x = unsafe { words(data, 64 * block) };
                let before = [a, b, c, d];
                round!(|b, c, d| choose(b, c, d), 0, x, 1 * i + 0, [a, b, c, d], [7, 12, 17, 22]);
                round!(|b, c, d| choose(d, b, c), 1, x, 5 * i + 1, [a, b, c, d], [5, 9, 14, 20]);
                round!(|b, c, d| xor3(b, c, d), 2, x, 3 * i + 5, [a, b, c, d], [4, 11, 16, 23]);
                round!(|b, c, d| xor(c, or_not(b, d)), 3, x, 7 * i + 0, [a, b, c, d], [6, 10, 15, 21]);
                a = add(a, before[0]);
                b = add(b, before[1]);
                c = add(c, before[2]);
                d = add(d, before[3]);
            }
            store(states, [a, b, c, d]);
        }

        /// Advances SHA-1 states over `blocks` blocks behind each pointer of `data`.
        ///
        /// # Safety
        /// The machine has the instructions; `64 * blocks` bytes lie behind each pointer.
        $(#[$features])?
        pub(super) unsafe fn sha1(
            states: &mut [[u32; 5]; LANES],
            data: &[*const u8; LANES],
            blocks: usize,
        ) {
            macro_rules! word {
                ($x:ident, $t:expr) => {{
                    let t = $t;
                    if t >= 16 {
                        let old = xor3($x[(t + 13) & 15], $x[(t + 8) & 15], $x[(t + 2) & 15]);
                        $x[t & 15] = rol::<1, 31>(xor(old, $x[t & 15]));
                    }
                    $x[t & 15]
                }};
            }
            macro_rules! step {
                ($f:expr, $k:ident, $w:expr,
                 $a:ident, $b:ident, $c:ident, $d:ident, $e:ident) => {
                    let sum = add(add($e, add($k, $w)), $f($b, $c, $d));
                    $e = add(sum, rol::<5, 27>($a));
                    $b = rol::<30, 2>($b);
                };
            }
            macro_rules! round {
                ($f:expr, $round:literal, $k:literal, $x:ident,
                 [$a:ident, $b:ident, $c:ident, $d:ident, $e:ident]) => {
                    let k = splat($k);
                    for t in (20 * $round..20 * $round + 20).step_by(5) {
                        step!($f, k, word!($x, t), $a, $b, $c, $d, $e);
                        step!($f, k, word!($x, t + 1), $e, $a, $b, $c, $d);
                        step!($f, k, word!($x, t + 2), $d, $e, $a, $b, $c);
                        step!($f, k, word!($x, t + 3), $c, $d, $e, $a, $b);
                        step!($f, k, word!($x, t + 4), $b, $c, $d, $e, $a);
                    }
                };
            }
            let [mut a, mut b, mut c, mut d, mut e] = load(states);
            for block in 0..blocks {
                // SAFETY: the caller vouches for this block behind every pointer.
                let mut x = big_endian(unsafe { words(data, 64 * block) });
                let before = [a, b, c, d, e];
                round!(|b, c, d| choose(b, c, d), 0, 0x5a82_7999, x, [a, b, c, d, e]);
                round!(|b, c, d| xor3(b, c, d), 1, 0x6ed9_eba1, x, [a, b, c, d, e]);
                round!(|b, c, d| majority(b, c, d), 2, 0x8f1b_bcdc, x, [a, b, c, d, e]);
                round!(|b, c, d| xor3(b, c, d), 3, 0xca62_c1d6, x, [a, b, c, d, e]);
                a = add(a, before[0]);
                b = add(b, before[1]);
                c = add(c, before[2]);
                d = add(d, before[3]);
                e = add(e, before[4]);
            }
            store(states, [a, b, c, d, e]);
        }

        /// Advances SHA-256 states over `blocks` blocks behind each pointer of `data`.
        ///
        /// # Safety
        /// The machine has the instructions; `64 * blocks` bytes lie behind each pointer.
        $(#[$features])?
        pub(super) unsafe fn sha256(
            states: &mut [[u32; 8]; LANES],
            data: &[*const u8; LANES],
            blocks: usize,
        ) {
            macro_rules! word {
                ($x:ident, $t:expr) => {{
                    let t = $t;
                    if t >= 16 {
                        let (v, u) = ($x[(t + 1) & 15], $x[(t + 14) & 15]);
                        let s0 = xor3(rol::<25, 7>(v), rol::<14, 18>(v), shr::<3>(v));
                        let s1 = xor3(rol::<15, 17>(u), rol::<13, 19>(u), shr::<10>(u));
                        $x[t & 15] = add(add($x[t & 15], s0), add($x[(t + 9) & 15], s1));
                    }
                    $x[t & 15]
                }};
            }
            macro_rules! step {
                ($x:ident, $t:expr, $a:ident, $b:ident, $c:ident, $d:ident,
                 $e:ident, $f:ident, $g:ident, $h:ident) => {
                    let s1 = xor3(rol::<26, 6>($e), rol::<21, 11>($e), rol::<7, 25>($e));
                    let w = add(word!($x, $t), splat(SHA256[$t]));
                    $h = add(add($h, w), add(s1, choose($e, $f, $g)));
                    $d = add($d, $h);
                    let s0 = xor3(rol::<30, 2>($a), rol::<19, 13>($a), rol::<10, 22>($a));
                    $h = add($h, add(s0, majority($a, $b, $c)));
                };
            }
            let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = load(states);
            for block in 0..blocks {
                // SAFETY: the caller vouches for this block behind every pointer.
                let mut x = big_endian(unsafe { words(data, 64 * block) });
                let before = [a, b, c, d, e, f, g, h];
                for t in (0..64).step_by(8) {
                    step!(x, t, a, b, c, d, e, f, g, h);
                    step!(x, t + 1, h, a, b, c, d, e, f, g);
                    step!(x, t + 2, g, h, a, b, c, d, e, f);
                    step!(x, t + 3, f, g, h, a, b, c, d, e);
                    step!(x, t + 4, e, f, g, h, a, b, c, d);
                    step!(x, t + 5, d, e, f, g, h, a, b, c);
                    step!(x, t + 6, c, d, e, f, g, h, a, b);
                    step!(x, t + 7, b, c, d, e, f, g, h, a);
                }
                a = add(a, before[0]);
                b = add(b, before[1]);
                c = add(c, before[2]);
                d = add(d, before[3]);
                e = add(e, before[4]);
                f = add(f, before[5]);
                g = add(g, before[6]);
                h = add(h, before[7]);
            }
            store(states, [a, b, c, d, e, f, g, h]);
        }
    };
}

pub(super) use compression_functions;
