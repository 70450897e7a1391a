//! A small bitmap font drawn for this crate, and text made of invented words.

use crate::canvas::{Canvas, Colour, blend, overlap, span};
use crate::rng::Rng;

/// Columns and rows of a glyph; row 7 is below the base line.
const COLUMNS: usize = 5;
const ROWS: usize = 8;
/// Width of a character with its gap, as a share of the line's height of glyph rows.
const ADVANCE: f32 = 6.0;

/// Each glyph as eight base-32 digits, one per row, the highest bit at the left.
const GLYPHS: &[(char, &[u8; ROWS])] = &[
    ('A', b"EHHVHHH0"),
    ('B', b"UHHUHHU0"),
    ('C', b"EHGGGHE0"),
    ('D', b"UHHHHHU0"),
    ('E', b"VGGUGGV0"),
    ('F', b"VGGUGGG0"),
    ('G', b"EHGNHHE0"),
    ('H', b"HHHVHHH0"),
    ('I', b"E44444E0"),
    ('J', b"72222IC0"),
    ('K', b"HIKOKIH0"),
    ('L', b"GGGGGGV0"),
    ('M', b"HRLLHHH0"),
    ('N', b"HPLJHHH0"),
    ('O', b"EHHHHHE0"),
    ('P', b"UHHUGGG0"),
    ('Q', b"EHHHLID0"),
    ('R', b"UHHUKIH0"),
    ('S', b"FGGE11U0"),
    ('T', b"V4444440"),
    ('U', b"HHHHHHE0"),
    ('V', b"HHHHAA40"),
    ('W', b"HHHLLRH0"),
    ('X', b"HHA4AHH0"),
    ('Y', b"HHA44440"),
    ('Z', b"V1248GV0"),
    ('a', b"00E1FHF0"),
    ('b', b"GGUHHHU0"),
    ('c', b"00EHGHE0"),
    ('d', b"11FHHHF0"),
    ('e', b"00EHVGE0"),
    ('f', b"68S88880"),
    ('g', b"00FHHF1E"),
    ('h', b"GGUHHHH0"),
    ('i', b"40C444E0"),
    ('j', b"206222IC"),
    ('k', b"GGIKOKI0"),
    ('l', b"C44444E0"),
    ('m', b"00QLLLL0"),
    ('n', b"00UHHHH0"),
    ('o', b"00EHHHE0"),
    ('p', b"00UHHUGG"),
    ('q', b"00FHHF11"),
    ('r', b"00MPGGG0"),
    ('s', b"00FGE1U0"),
    ('t', b"88S88960"),
    ('u', b"00HHHHF0"),
    ('v', b"00HHHA40"),
    ('w', b"00HHLLA0"),
    ('x', b"00HA4AH0"),
    ('y', b"00HHHF1E"),
    ('z', b"00V248V0"),
    ('0', b"EHJLPHE0"),
    ('1', b"4C4444E0"),
    ('2', b"EH1248V0"),
    ('3', b"V2421HE0"),
    ('4', b"26AIV220"),
    ('5', b"VGU11HE0"),
    ('6', b"68GUHHE0"),
    ('7', b"V1248880"),
    ('8', b"EHHEHHE0"),
    ('9', b"EHHF12C0"),
    ('.', b"00000CC0"),
    (',', b"00000C48"),
    (':', b"0CC0CC00"),
    ('-', b"000V0000"),
    ('!', b"44444040"),
    ('?', b"EH124040"),
    ('/', b"11248GG0"),
    ('(', b"24888420"),
    (')', b"84222480"),
    ('%', b"PP248JJ0"),
    ('=', b"00V0V000"),
    ('+', b"044V4400"),
    ('_', b"000000V0"),
    ('@', b"EHNLNGE0"),
];

/// Rows of a character as bits; unknown characters are blank.
fn glyph(character: char) -> [u8; ROWS] {
    let digits = GLYPHS.iter().find(|(known, _)| *known == character).map(|(_, rows)| *rows);
    digits.map_or([0; ROWS], |rows| {
        rows.map(|digit| if digit <= b'9' { digit - b'0' } else { digit - b'A' + 10 })
    })
}

/// Width of a text in units when its capital letters are `size` units high.
pub(crate) fn text_width(text: &str, size: f32) -> f32 {
    text.chars().count() as f32 * ADVANCE * size / 7.0
}

/// Writes one line; capital letters are `size` units high and start at `(left, top)`.
///
/// Coverage is gathered exactly before the ink is put on, so small text turns into an even grey
/// instead of dropping strokes.
pub(crate) fn write(
    canvas: &mut Canvas,
    text: &str,
    (left, top): (f32, f32),
    size: f32,
    ink: Colour,
) {
    let view = canvas.view;
    let dot = size / 7.0;
    let rows = span(view.row_of(top), view.row_of(top + dot * ROWS as f32), view.height);
    let columns =
        span(view.column_of(left), view.column_of(left + text_width(text, size)), view.width);
    let (wide, high) = (columns.len(), rows.len());
    if wide == 0 || high == 0 {
        return;
    }
    let mut mask = vec![0.0_f32; wide * high];
    for (index, character) in text.chars().enumerate() {
        let start = left + index as f32 * ADVANCE * dot;
        for (row, bits) in glyph(character).into_iter().enumerate() {
            if bits == 0 {
                continue;
            }
            let y0 = view.row_of(top + row as f32 * dot);
            let y1 = view.row_of(top + (row + 1) as f32 * dot);
            for (first, last) in runs(bits) {
                let x0 = view.column_of(start + first as f32 * dot);
                let x1 = view.column_of(start + last as f32 * dot);
                for y in span(y0, y1, view.height) {
                    let down = overlap(y, y0, y1);
                    let line = (y - rows.start) as usize * wide;
                    for x in span(x0, x1, view.width) {
                        if let Some(cell) = x.checked_sub(columns.start)
                            && (cell as usize) < wide
                        {
                            mask[line + cell as usize] += down * overlap(x, x0, x1);
                        }
                    }
                }
            }
        }
    }
    for (y, line) in rows.zip(mask.chunks_exact(wide)) {
        let pixels = &mut canvas.picture.row_mut(y)[columns.start as usize * 3..][..wide * 3];
        for (pixel, &cover) in pixels.chunks_exact_mut(3).zip(line) {
            if cover > 0.0 {
                blend(pixel, ink, cover.min(1.0));
            }
        }
    }
}

/// Stretches of set bits of a glyph row: first column, column behind the last.
fn runs(bits: u8) -> impl Iterator<Item = (usize, usize)> {
    let set = move |column: usize| column < COLUMNS && bits >> (COLUMNS - 1 - column) & 1 == 1;
    (0..COLUMNS).filter(move |&column| set(column) && (column == 0 || !set(column - 1))).map(
        move |first| {
            let length = (first..COLUMNS).take_while(|&column| set(column)).count();
            (first, first + length)
        },
    )
}

/// An invented word of one to four syllables.
pub(crate) fn word(random: &mut Rng) -> String {
    const STARTS: &[&str] = &[
        "b", "br", "d", "f", "g", "gl", "h", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t",
        "tr", "v", "w", "", "sh", "ch",
    ];
    const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "ea", "ou", "y"];
    const ENDS: &[&str] = &["", "", "", "n", "r", "s", "t", "l", "nd", "m"];
    let mut word = String::new();
    for _ in 0..random.between(1, 3) {
        word.push_str(random.pick::<&str>(STARTS));
        word.push_str(random.pick::<&str>(VOWELS));
        word.push_str(random.pick::<&str>(ENDS));
    }
    word
}

/// Words up to a number of characters, starting with a capital.
pub(crate) fn sentence(random: &mut Rng, characters: usize) -> String {
    let mut text = String::with_capacity(characters + 12);
    while text.len() < characters {
        if !text.is_empty() {
            text.push_str(if random.chance(9) { ", " } else { " " });
        }
        let next = if random.chance(6) { random.below(2000).to_string() } else { word(random) };
        text.push_str(&next);
    }
    text.truncate(characters);
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyphs_are_unique_and_five_wide() {
        for (index, (character, _)) in GLYPHS.iter().enumerate() {
            assert!(glyph(*character).iter().all(|row| *row < 32), "{character}");
            assert!(glyph(*character).iter().any(|row| *row != 0), "{character}");
            for (other, _) in &GLYPHS[index + 1..] {
                assert_ne!(glyph(*character), glyph(*other), "{character} {other}");
            }
        }
        assert_eq!(runs(0b10111).collect::<Vec<_>>(), [(0, 1), (2, 5)]);
    }

    #[test]
    fn ink_is_the_area_of_the_dots_at_any_size() {
        let dots: u32 = "Hg8".chars().flat_map(glyph).map(u8::count_ones).sum();
        for side in [40, 333, 900] {
            let mut canvas = Canvas::new(side, side, [255.0; 3]);
            write(&mut canvas, "Hg8", (0.1, 0.2), 0.2, [0.0; 3]);
            let ink: f64 = canvas.picture.rgb().iter().map(|v| 255.0 - f64::from(*v)).sum();
            let share = ink / 255.0 / 3.0 / f64::from(side * side);
            let expected = f64::from(dots) * (0.2_f64 / 7.0) * (0.2 / 7.0);
            assert!((share / expected - 1.0).abs() < 0.02, "{side}: {share} {expected}");
        }
    }
}
