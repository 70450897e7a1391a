//! The objects of an array in one big JSON document, told apart without holding the document.

mod cut;
mod fields;

pub(crate) use fields::{Fields, text};

use self::cut::Cut;
use crate::error::{Place, ReadError, RowError};
use crate::lines::MAX_RECORD;
use std::io::{self, BufRead};

/// Where the records of a document stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonForm {
    /// What the document should be, for messages.
    pub(crate) name: &'static str,
    /// The member of the outermost object that is the array. An outermost array is also taken.
    pub(crate) array: &'static str,
    /// Where the elements of the array may hold the records and not be them.
    pub(crate) inner: Option<Inner>,
    /// Told when this member of the outermost object is true.
    pub(crate) more: Option<(&'static str, &'static str)>,
}

/// Elements of the array that hold the records. Whether they do is said by a member of the
/// outermost object that stands before the array, or else by the first member of the first element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inner {
    /// The member of an element that is the array of records.
    pub(crate) array: &'static str,
    /// The members of the outermost object that may say so.
    pub(crate) told_by: &'static [&'static str],
    /// What their text then holds.
    pub(crate) mark: &'static str,
    /// How the name of an element's first member then begins.
    pub(crate) first: &'static str,
}

/// What comes next. `first` is true where no comma is due.
#[derive(Debug, Clone, Copy)]
enum State {
    Start,
    Members { first: bool },
    Elements { first: bool, bare: bool },
    InnerMembers { first: bool, bare: bool },
    InnerElements { first: bool, bare: bool },
    End,
}

/// Reads a document record by record; memory is bounded by [`MAX_RECORD`].
///
/// Only what stands between records is checked here; records are cut out by their brackets and
/// quotes, so that a record with a fault does not cost the next one.
pub(crate) struct JsonRecords<B> {
    source: B,
    form: JsonForm,
    state: State,
    /// Bytes of the file that have been taken.
    offset: u64,
    start: u64,
    record: Vec<u8>,
    more: bool,
    /// Whether the elements hold the records, as far as it is known.
    nested: Option<bool>,
}

/// A fault, before its place is added.
enum Fault {
    Io(io::Error),
    Structure,
    Cut,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<B: BufRead> JsonRecords<B> {
    /// `offset` bytes of the file stand before the source.
    pub(crate) fn new(source: B, offset: u64, form: JsonForm) -> Self {
        let record = Vec::new();
        let (state, nested) = (State::Start, if form.inner.is_none() { Some(false) } else { None });
        Self { source, form, state, offset, start: offset, record, more: false, nested }
    }

    /// The byte at which the last record starts.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// The last record.
    pub(crate) fn record(&self) -> &[u8] {
        &self.record
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        let note = self.form.more.filter(|_| self.more);
        note.map(|(_, note)| note.to_owned()).into_iter().collect()
    }

    /// Finds the next record; `None` at the end. The inner error is one that costs this record
    /// only.
    pub(crate) fn next_record(&mut self) -> Result<Option<Result<(), RowError>>, ReadError> {
        let found = self.find();
        found.map_err(|fault| {
            let place = Place::Byte(self.offset);
            match fault {
                Fault::Io(source) => ReadError::Io { place, source },
                Fault::Structure => {
                    ReadError::Structure { place, form: self.form.name, cut: false }
                }
                Fault::Cut => ReadError::Structure { place, form: self.form.name, cut: true },
            }
        })
    }

    fn find(&mut self) -> Result<Option<Result<(), RowError>>, Fault> {
        loop {
            self.state = match self.state {
                State::End => return Ok(None),
                State::Start => match self.next_byte()? {
                    b'{' => State::Members { first: true },
                    b'[' => State::Elements { first: true, bare: true },
                    _ => return Err(Fault::Structure),
                },
                State::Members { first } => match self.member(first)? {
                    None => self.end()?,
                    Some(name) => self.outer_member(&name)?,
                },
                State::Elements { first, bare } => {
                    if !self.element(first)? {
                        self.state =
                            if bare { self.end()? } else { State::Members { first: false } };
                        continue;
                    }
                    self.state = State::Elements { first: false, bare };
                    match self.nested {
                        Some(false) => return self.take_record().map(Some),
                        Some(true) => {
                            self.expect(b'{')?;
                            State::InnerMembers { first: true, bare }
                        }
                        None => match self.first_element(bare)? {
                            Some(state) => state,
                            None => return self.rest_of_record().map(Some),
                        },
                    }
                }
                State::InnerMembers { first, bare } => match self.member(first)? {
                    None => State::Elements { first: false, bare },
                    Some(name) => self.inner_member(&name, bare)?,
                },
                State::InnerElements { first, bare } => {
                    if !self.element(first)? {
                        self.state = State::InnerMembers { first: false, bare };
                        continue;
                    }
                    self.state = State::InnerElements { first: false, bare };
                    return self.take_record().map(Some);
                }
            };
        }
    }

    fn outer_member(&mut self, name: &str) -> Result<State, Fault> {
        if name == self.form.array && self.peek()? == b'[' {
            self.bump(1);
            return Ok(State::Elements { first: true, bare: false });
        }
        self.value()?;
        if let Some(inner) = self.form.inner.filter(|inner| inner.told_by.contains(&name)) {
            let mark = memchr::memmem::find(&self.record, inner.mark.as_bytes());
            self.nested = Some(mark.is_some());
        }
        self.more |= self.form.more.is_some_and(|(member, _)| member == name)
            && self.record.as_slice() == b"true";
        Ok(State::Members { first: false })
    }

    fn inner_member(&mut self, name: &str, bare: bool) -> Result<State, Fault> {
        if self.form.inner.is_some_and(|inner| inner.array == name) && self.peek()? == b'[' {
            self.bump(1);
            return Ok(State::InnerElements { first: true, bare });
        }
        self.value()?;
        Ok(State::InnerMembers { first: false, bare })
    }

    /// Looks at the first member of the first element to learn what elements are. `None` where
    /// they are the records: then this one has been read up to behind that member's name.
    fn first_element(&mut self, bare: bool) -> Result<Option<State>, Fault> {
        self.start = self.offset;
        if self.peek()? != b'{' {
            self.nested = Some(false);
            self.record.clear();
            return Ok(None);
        }
        self.bump(1);
        let mut before = b"{".to_vec();
        let next = self.space(&mut before)?.ok_or(Fault::Cut)?;
        if next != b'"' {
            self.nested = Some(false);
            self.record = before;
            return Ok(None);
        }
        self.value()?;
        let name: String = serde_json::from_slice(&self.record).map_err(|_| Fault::Structure)?;
        let nested = self
            .form
            .inner
            .is_some_and(|inner| name.starts_with(inner.first) || name == inner.array);
        self.nested = Some(nested);
        if !nested {
            self.record.splice(..0, before);
            return Ok(None);
        }
        self.expect(b':')?;
        self.peek()?;
        self.inner_member(&name, bare).map(Some)
    }

    /// Takes the rest of a record whose start stands in `record`.
    fn rest_of_record(&mut self) -> Result<Result<(), RowError>, Fault> {
        let open = !self.record.is_empty();
        let cut = Cut::within(open);
        let whole = self.scan(cut)?;
        Ok(if whole { Ok(()) } else { Err(RowError::TooLong { limit: MAX_RECORD }) })
    }

    /// Nothing may follow the document.
    fn end(&mut self) -> Result<State, Fault> {
        match self.skip_space()? {
            None => Ok(State::End),
            Some(_) => Err(Fault::Structure),
        }
    }

    /// The name of the next member, up to behind its colon; `None` behind the last one.
    fn member(&mut self, first: bool) -> Result<Option<String>, Fault> {
        if !self.comma(first, b'}')? {
            return Ok(None);
        }
        if self.peek()? != b'"' {
            return Err(Fault::Structure);
        }
        self.value()?;
        let name = serde_json::from_slice(&self.record).map_err(|_| Fault::Structure)?;
        self.expect(b':')?;
        self.peek()?;
        Ok(Some(name))
    }

    /// True when an element follows.
    fn element(&mut self, first: bool) -> Result<bool, Fault> {
        self.comma(first, b']')
    }

    /// Takes the comma that is due; false where `close` comes instead, which is taken, too.
    fn comma(&mut self, first: bool, close: u8) -> Result<bool, Fault> {
        let next = self.peek()?;
        if next == close {
            self.bump(1);
            return Ok(false);
        }
        if !first {
            self.expect(b',')?;
        }
        self.peek()?;
        Ok(true)
    }

    fn take_record(&mut self) -> Result<Result<(), RowError>, Fault> {
        self.start = self.offset;
        let whole = self.value()?;
        Ok(if whole { Ok(()) } else { Err(RowError::TooLong { limit: MAX_RECORD }) })
    }

    /// Takes the value that starts here into `record`; false when it is longer than permitted.
    fn value(&mut self) -> Result<bool, Fault> {
        self.record.clear();
        self.scan(Cut::default())
    }

    fn scan(&mut self, mut cut: Cut) -> Result<bool, Fault> {
        let mut whole = true;
        loop {
            let chunk = fill(&mut self.source)?;
            if chunk.is_empty() {
                return Err(Fault::Cut);
            }
            let (taken, done) = cut.scan(chunk).ok_or(Fault::Structure)?;
            whole &= self.record.len() + taken <= MAX_RECORD;
            if whole {
                self.record.extend_from_slice(&chunk[..taken]);
            } else {
                self.record.clear();
            }
            self.bump(taken);
            if done {
                return Ok(whole);
            }
        }
    }

    fn bump(&mut self, bytes: usize) {
        self.source.consume(bytes);
        self.offset += bytes as u64;
    }

    /// Passes over white space; the byte behind it, which stays.
    fn skip_space(&mut self) -> Result<Option<u8>, Fault> {
        self.space(&mut Vec::new())
    }

    /// As [`JsonRecords::skip_space`], with the white space, up to the longest record, in `out`.
    fn space(&mut self, out: &mut Vec<u8>) -> Result<Option<u8>, Fault> {
        loop {
            let chunk = fill(&mut self.source)?;
            let space = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\n' | b'\r');
            let spaces = chunk.iter().take_while(space).count();
            let next = chunk.get(spaces).copied();
            let ended = chunk.is_empty();
            if out.len() + spaces <= MAX_RECORD {
                out.extend_from_slice(&chunk[..spaces]);
            }
            self.bump(spaces);
            if next.is_some() || ended {
                return Ok(next);
            }
        }
    }

    /// The next byte that is no white space; it stays.
    fn peek(&mut self) -> Result<u8, Fault> {
        self.skip_space()?.ok_or(Fault::Cut)
    }

    fn next_byte(&mut self) -> Result<u8, Fault> {
        let byte = self.peek()?;
        self.bump(1);
        Ok(byte)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek()? != byte {
            return Err(Fault::Structure);
        }
        self.bump(1);
        Ok(())
    }
}

fn fill<B: BufRead>(source: &mut B) -> io::Result<&[u8]> {
    // Called twice because the borrow of a first chunk that is returned would outlive the loop.
    while let Err(error) = source.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    source.fill_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    const FORM: JsonForm = JsonForm { name: "a test", array: "value", inner: None, more: None };

    fn records(text: &[u8], form: JsonForm) -> Result<Vec<Vec<u8>>, String> {
        // A small buffer, so that every boundary falls inside something.
        let source = io::BufReader::with_capacity(7, text);
        let mut records = JsonRecords::new(source, 0, form);
        let mut out = Vec::new();
        loop {
            match records.next_record() {
                Ok(None) => return Ok(out),
                Ok(Some(record)) => {
                    record.map_err(|error| error.to_string())?;
                    let start = records.start() as usize;
                    assert_eq!(&text[start..start + records.record().len()], records.record());
                    out.push(records.record().to_vec());
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~\\n\"\\\\\\[\\]{},:]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\]{0,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// The parser of the whole document is the oracle.
        #[test]
        fn records_are_the_elements(
            elements in prop::collection::vec(json(), 0..5),
            before in json(), after in json(), pretty: bool,
        ) {
            let document = serde_json::json!({"a": before, "value": elements, "z": after});
            let text = if pretty {
                serde_json::to_vec_pretty(&document).unwrap()
            } else {
                document.to_string().into_bytes()
            };
            let found = records(&text, FORM).unwrap();
            let found: Vec<Value> =
                found.iter().map(|record| serde_json::from_slice(record).unwrap()).collect();
            prop_assert_eq!(&found, &elements);
            let nested = serde_json::json!({"value": [
                {"CaseID": after, "Media": elements}, {"x": before}, {"Media": elements}]});
            let inner = Inner { array: "Media", told_by: &["t"], mark: "#C", first: "Case" };
            let form = JsonForm { inner: Some(inner), ..FORM };
            for told in ["{\"t\":\"#C\",", "{"] {
                let text = nested.to_string().replacen('{', told, 1);
                let found = records(text.as_bytes(), form).unwrap();
                prop_assert_eq!(found.len(), 2 * elements.len());
            }
            let found = records(&text, form);
            let objects = |element: &Value| element.as_object().is_none_or(|it| {
                it.keys().next().is_none_or(|name| name != "Media")
            });
            if elements.first().is_none_or(objects) {
                prop_assert_eq!(found.unwrap().len(), elements.len());
            }
        }

        #[test]
        fn a_document_that_is_cut_short_is_never_whole(elements in prop::collection::vec(json(), 0..4)) {
            let text = serde_json::json!({ "value": elements }).to_string();
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                prop_assert!(records(&text.as_bytes()[..end], FORM).is_err());
            }
        }
    }

    #[test]
    fn faults_between_records_end_the_reading() {
        for (text, byte) in [
            (&b"{\"value\":[{} {}]}"[..], 13),
            (b"{\"value\":[{}]} x", 15),
            (b"{\"value\":[{},]}", 13),
            (b"\"value\"", 1),
            (b"{value:[]}", 1),
        ] {
            let error = records(text, FORM).unwrap_err();
            assert_eq!(error, format!("byte {byte}: the file is not a test here"));
        }
        let cut = records(b"{\"value\":[{}", FORM).unwrap_err();
        assert!(cut.contains("byte 12") && cut.contains("ends too early"), "{cut}");
        assert_eq!(records(b"[1,{\"a\":[2]}]", FORM).unwrap().len(), 2);
    }
}
