//! Hexadecimal text to bytes and back, without ever echoing the text in an error.

/// Why a text is not the hexadecimal form of a hash. Never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// The text has another number of digits than the kind demands.
    #[error("has {found} hexadecimal digits, not {expected}")]
    Length {
        /// Digits that the kind demands.
        expected: usize,
        /// Bytes of text found.
        found: usize,
    },
    /// A byte of the text is no hexadecimal digit.
    #[error("has a character at column {column} that is no hexadecimal digit")]
    Digit {
        /// Position of the byte, counted from 1.
        column: usize,
    },
}

/// Decodes exactly `out.len() * 2` hexadecimal digits, upper or lower case.
///
/// # Errors
/// [`HexError`] when the length or a digit is wrong; `out` is then unspecified.
pub fn decode_hex(text: &str, out: &mut [u8]) -> Result<(), HexError> {
    let digits = text.as_bytes();
    if digits.len() != out.len() * 2 {
        return Err(HexError::Length { expected: out.len() * 2, found: digits.len() });
    }
    for (index, (byte, pair)) in out.iter_mut().zip(digits.chunks_exact(2)).enumerate() {
        let high = nibble(pair[0]).ok_or(HexError::Digit { column: 2 * index + 1 })?;
        let low = nibble(pair[1]).ok_or(HexError::Digit { column: 2 * index + 2 })?;
        *byte = high << 4 | low;
    }
    Ok(())
}

/// Lower-case hexadecimal digits of `bytes`, first byte first.
#[must_use]
pub fn encode_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|n| char::from(DIGITS[usize::from(n)]))
        .collect()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_column_and_not_the_text() {
        let mut out = [0; 2];
        assert_eq!(decode_hex("12x4", &mut out), Err(HexError::Digit { column: 3 }));
        assert_eq!(decode_hex("123", &mut out), Err(HexError::Length { expected: 4, found: 3 }));
        assert_eq!(decode_hex("12é", &mut out), Err(HexError::Digit { column: 3 }));
    }

    proptest::proptest! {
        #[test]
        fn round_trips(bytes: Vec<u8>) {
            let mut out = vec![0; bytes.len()];
            decode_hex(&encode_hex(&bytes), &mut out).unwrap();
            assert_eq!(&out, &bytes);
            decode_hex(&encode_hex(&bytes).to_uppercase(), &mut out).unwrap();
            assert_eq!(out, bytes);
        }
    }
}
