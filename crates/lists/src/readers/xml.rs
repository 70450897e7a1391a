//! The records of a big XML document, read one after the other without holding the document.
//!
//! Entities other than the five of XML and document types are refused, so that nothing expands;
//! each record is bounded, and attributes are not compared with one another, which would cost the
//! square of their number.

use crate::error::{BadRow, Place, ReadError, RowError};
use crate::lines::MAX_RECORD;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};

/// Elements within elements that are read.
const MAX_DEPTH: usize = 32;

/// One element, whole.
#[derive(Debug, Default)]
pub(crate) struct Element {
    /// Without its prefix.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// Its own text, without white space around it.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its text where it has nothing else; otherwise an object of attributes (`@name`), text
    /// (`#text`) and children, of which several of one name are a list.
    pub(crate) fn into_json(self) -> Value {
        if self.attributes.is_empty() && self.children.is_empty() {
            return Value::String(self.text);
        }
        let mut object = Map::new();
        for (name, value) in self.attributes {
            object.insert(format!("@{name}"), Value::String(value));
        }
        if !self.text.is_empty() {
            object.insert("#text".to_owned(), Value::String(self.text));
        }
        for child in self.children {
            let name = child.name.clone();
            let value = child.into_json();
            match object.get_mut(&name) {
                None => {
                    object.insert(name, value);
                }
                Some(Value::Array(list)) => list.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        Value::Object(object)
    }
}

/// Reads the elements of a document whose names are wanted.
pub(crate) struct XmlRecords<B> {
    reader: Reader<Bounded<B>>,
    form: &'static str,
    wanted: fn(&str) -> bool,
    /// Bytes of the file before the source.
    offset: u64,
    start: u64,
    depth: usize,
    begun: bool,
    passed: BTreeSet<String>,
    buffer: Vec<u8>,
}

impl<B: BufRead> XmlRecords<B> {
    pub(crate) fn new(
        source: B,
        offset: u64,
        form: &'static str,
        wanted: fn(&str) -> bool,
    ) -> Self {
        let mut reader = Reader::from_reader(Bounded { source, left: MAX_RECORD });
        reader.config_mut().expand_empty_elements = true;
        reader.config_mut().check_end_names = true;
        Self {
            reader,
            form,
            wanted,
            offset,
            start: offset,
            depth: 0,
            begun: false,
            passed: BTreeSet::new(),
            buffer: Vec::new(),
        }
    }

    /// The byte at which the last record starts.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// True when a wanted element of this name has been read.
    pub(crate) fn passed(&self, name: &str) -> bool {
        self.passed.contains(name)
    }

    /// The next wanted element; `None` at the end of the document.
    pub(crate) fn next_element(&mut self) -> Result<Option<Element>, ReadError> {
        loop {
            self.reader.get_mut().left = MAX_RECORD;
            let start = self.offset + self.reader.buffer_position();
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            match event {
                Ok(Event::Start(tag)) => {
                    let name = local_name(&tag);
                    if !(self.wanted)(&name) {
                        self.depth += 1;
                        self.begun = true;
                        if self.depth > MAX_DEPTH {
                            return Err(self.fault(false));
                        }
                        continue;
                    }
                    self.start = start;
                    let mut element = Element::default();
                    let read = open(&tag, name, &mut element);
                    read.map_err(|error| self.bad(error))?;
                    self.element(&mut element, 0)?;
                    self.passed.insert(element.name.clone());
                    return Ok(Some(element));
                }
                Ok(Event::End(_)) => self.depth = self.depth.saturating_sub(1),
                Ok(Event::Eof) => {
                    let whole = self.begun && self.depth == 0;
                    return if whole { Ok(None) } else { Err(self.fault(true)) };
                }
                Ok(Event::DocType(_)) => return Err(self.fault(false)),
                Ok(_) => {}
                Err(error) => return Err(self.error(error)),
            }
        }
    }

    /// Reads the content of an element whose start has been read.
    fn element(&mut self, element: &mut Element, depth: usize) -> Result<(), ReadError> {
        loop {
            self.buffer.clear();
            match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Start(tag)) => {
                    if depth == MAX_DEPTH {
                        return Err(self.fault(false));
                    }
                    let mut child = Element::default();
                    let name = local_name(&tag);
                    open(&tag, name, &mut child).map_err(|error| self.bad(error))?;
                    self.element(&mut child, depth + 1)?;
                    element.children.push(child);
                }
                Ok(Event::End(_)) => {
                    element.text = element.text.trim().to_owned();
                    return Ok(());
                }
                Ok(Event::Text(text)) => {
                    let text = text.xml10_content();
                    element.text.push_str(&text);
                }
                Ok(Event::CData(text)) => {
                    let text = text.xml10_content();
                    element.text.push_str(&text);
                }
                Ok(Event::GeneralRef(reference)) => {
                    let name = reference.xml10_content();
                    let character = reference.resolve_char_ref().ok().flatten();
                    match (character, quick_xml::escape::resolve_predefined_entity(&name)) {
                        (Some(character), _) => element.text.push(character),
                        (None, Some(text)) => element.text.push_str(text),
                        (None, None) => return Err(self.fault(false)),
                    }
                }
                Ok(Event::Eof) => return Err(self.open_record()),
                Ok(Event::DocType(_)) => return Err(self.fault(false)),
                Ok(_) => {}
                Err(error) => return Err(self.error(error)),
            }
        }
    }

    fn bad(&self, error: RowError) -> ReadError {
        BadRow { place: Place::Byte(self.start), error }.into()
    }

    fn open_record(&self) -> ReadError {
        ReadError::OpenRecord { place: Place::Byte(self.start), limit: MAX_RECORD }
    }

    fn fault(&self, cut: bool) -> ReadError {
        let place = Place::Byte(self.offset + self.reader.buffer_position());
        ReadError::Structure { place, form: self.form, cut }
    }

    fn error(&self, error: quick_xml::Error) -> ReadError {
        match error {
            quick_xml::Error::Io(error) if is_bound(&error) => self.open_record(),
            quick_xml::Error::Io(error) => {
                let place = Place::Byte(self.offset + self.reader.buffer_position());
                let source = io::Error::new(error.kind(), error.to_string());
                ReadError::Io { place, source }
            }
            // The parser's own message could quote the text.
            quick_xml::Error::Syntax(_) => self.fault(true),
            _ => self.fault(false),
        }
    }
}

fn local_name(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_owned()
}

/// Takes over name and attributes.
fn open(tag: &BytesStart<'_>, name: String, element: &mut Element) -> Result<(), RowError> {
    element.name = name;
    let form = RowError::Form { form: "of XML attributes" };
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| form.clone())?;
        let key = attribute.key.local_name().as_ref().to_owned();
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        if element.attributes.len() == crate::reader::MAX_FIELDS {
            return Err(RowError::TooManyFields { limit: crate::reader::MAX_FIELDS });
        }
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|_| form.clone())?;
        element.attributes.push((key, value.into_owned()));
    }
    Ok(())
}

/// A source that gives no more than it is let to, so that no record and nothing between records
/// takes more memory than that.
struct Bounded<B> {
    source: B,
    left: usize,
}

#[derive(Debug, thiserror::Error)]
#[error("the record is too long")]
struct Bound;

fn is_bound(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Bound>())
}

impl<B: BufRead> Read for Bounded<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl<B: BufRead> BufRead for Bounded<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.left;
        let chunk = self.source.fill_buf()?;
        if left == 0 && !chunk.is_empty() {
            return Err(io::Error::other(Bound));
        }
        Ok(&chunk[..chunk.len().min(left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.source.consume(amount);
    }
}
