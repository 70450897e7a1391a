//! Where a value of a JSON document ends, found without parsing it.

/// Finds the end of a value by its brackets and quotes.
#[derive(Debug, Default)]
pub(super) struct Cut {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl Cut {
    /// Before a value, or behind the bracket that opened it.
    pub(super) fn within(open: bool) -> Self {
        Self { depth: usize::from(open), begun: open, ..Self::default() }
    }

    /// How many bytes of the chunk belong to the value, and whether it ends there. `None` where
    /// no value starts.
    pub(super) fn scan(&mut self, chunk: &[u8]) -> Option<(usize, bool)> {
        let mut at = 0;
        while at < chunk.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let Some(found) = memchr::memchr2(b'"', b'\\', &chunk[at..]) else {
                    return Some((chunk.len(), false));
                };
                at += found + 1;
                self.escaped = chunk[at - 1] == b'\\';
                self.in_string = self.escaped;
                if !self.in_string && self.depth == 0 {
                    return Some((at, true));
                }
                continue;
            }
            match chunk[at] {
                b'"' if self.depth == 0 && self.begun => return Some((at, true)),
                b'"' => self.in_string = true,
                b'{' | b'[' if self.depth == 0 && self.begun => return Some((at, true)),
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return self.begun.then_some((at, true)),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some((at + 1, true));
                    }
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if self.depth == 0 => {
                    return self.begun.then_some((at, true));
                }
                _ => {}
            }
            self.begun = true;
            at += 1;
        }
        Some((chunk.len(), false))
    }
}
