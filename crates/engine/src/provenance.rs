//! What the source says of an entry, in the words of the output, whatever its list calls them.

use crate::verdict::Provenance;
use hashward_hash::Standing;
use hashward_store::{EntryMeta, List};
use serde_json::{Map, Value};

/// Tags of an entry that are carried on.
const MAX_TAGS: usize = 64;

/// What an entry is called, its category and provenance, and what it says of its hashes.
pub(crate) struct Said {
    pub(crate) entry: String,
    pub(crate) category: Option<String>,
    pub(crate) provenance: Provenance,
    pub(crate) standing: Standing,
}

/// Reads what a segment says about an entry of a list.
pub(crate) fn read(list: &List, meta: EntryMeta) -> Said {
    let attributes = meta.attributes.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let attributes = Attributes(attributes.unwrap_or_default());
    let category = meta.category.or_else(|| list.category.clone());
    let scheme = list.scheme.as_ref();
    let known = scheme.zip(category.as_deref()).and_then(|(scheme, code)| scheme.category(code));
    let standing = attributes
        .text(&["opinion"])
        .and_then(|opinion| standing_of(&opinion))
        .or(known.map(|category| category.standing))
        .unwrap_or_default();
    Said {
        entry: meta.source_id.or(meta.name).unwrap_or_else(|| format!("#{}", meta.source_row)),
        category,
        provenance: Provenance {
            source: list.source.clone(),
            scheme: scheme.map(|scheme| scheme.name.clone()),
            category_name: known.map(|category| category.name.clone()),
            series: attributes.text(&["series", "seriesname"]),
            victim_identified: attributes.flag(&["victimidentified"]),
            offender_identified: attributes.flag(&["offenderidentified"]),
            distributed: attributes.flag(&["distributed", "isdistributed"]),
            tags: attributes.tags(),
            actions: list.actions.clone(),
        },
        standing,
    }
}

/// Opinions as lists and exchanges write them.
fn standing_of(opinion: &str) -> Option<Standing> {
    match plain(opinion).as_str() {
        "known" | "positive" | "positiveclass" | "true" => Some(Standing::Known),
        "disputed" | "investigationseed" => Some(Standing::Disputed),
        "negative" | "negativeclass" | "falsepositive" => Some(Standing::Negative),
        _ => None,
    }
}

/// Case, spaces, `-` and `_` do not matter, as in columns.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_'));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// The attributes of an entry.
struct Attributes(Map<String, Value>);

impl Attributes {
    fn find(&self, names: &[&str]) -> Option<&Value> {
        let found = |wanted: &&str| {
            let mut fields = self.0.iter().filter(|(_, value)| !value.is_null());
            fields.find(|(name, _)| plain(name) == **wanted).map(|(_, value)| value)
        };
        names.iter().find_map(found)
    }

    fn text(&self, names: &[&str]) -> Option<String> {
        match self.find(names)? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Lists write truth in many ways; what is none of them says nothing.
    fn flag(&self, names: &[&str]) -> Option<bool> {
        let text = match self.find(names)? {
            Value::Bool(flag) => return Some(*flag),
            Value::Number(number) => number.to_string(),
            Value::String(text) => plain(text),
            _ => return None,
        };
        match text.as_str() {
            "true" | "yes" | "y" | "1" => Some(true),
            "false" | "no" | "n" | "0" => Some(false),
            _ => None,
        }
    }

    fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = match self.find(&["tags", "tag"]) {
            Some(Value::String(text)) => {
                text.split([',', ';']).map(|tag| tag.trim().to_owned()).collect()
            }
            Some(Value::Array(tags)) => {
                tags.iter().filter_map(|tag| tag.as_str()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        tags.retain(|tag| !tag.is_empty());
        tags.truncate(MAX_TAGS);
        tags
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hashward_store::{Category, Scheme};

    fn said(attributes: &str) -> Said {
        let meta = EntryMeta { attributes: Some(attributes.to_owned()), ..EntryMeta::default() };
        read(&List::default(), meta)
    }

    #[test]
    fn the_words_of_many_lists_are_understood() {
        let vics = r#"{"Series":"S","VictimIdentified":"true","OffenderIdentified":"False",
                       "IsDistributed":true,"Tags":"a, b;c"}"#;
        let icse = r#"{"Series name":"S","Victim identified":"Yes","Offender identified":"no",
                       "Is distributed":1,"tags":["a","b","c"]}"#;
        for text in [vics, icse] {
            let said = said(text).provenance;
            assert_eq!(said.series.as_deref(), Some("S"));
            let flags = (said.victim_identified, said.offender_identified, said.distributed);
            assert_eq!(flags, (Some(true), Some(false), Some(true)));
            assert_eq!(said.tags, ["a", "b", "c"]);
        }
        let nothing = said(r#"{"VictimIdentified":"perhaps","Series":null,"Tags":7}"#).provenance;
        assert_eq!(nothing, Provenance::default());
        // What is no object is damage elsewhere; here it says nothing.
        assert_eq!(said("[1]").provenance, Provenance::default());
    }

    #[test]
    fn an_opinion_beats_the_category() {
        let category = |code: &str, standing| Category {
            code: code.to_owned(),
            name: format!("category {code}"),
            standing,
        };
        let categories = vec![category("1", Standing::Known), category("5", Standing::Negative)];
        let scheme = Scheme { name: "s".to_owned(), categories };
        let list = List { scheme: Some(scheme), category: Some("1".into()), ..List::default() };
        let of = |category: Option<&str>, attributes: Option<&str>| {
            let meta = EntryMeta {
                category: category.map(str::to_owned),
                attributes: attributes.map(str::to_owned),
                ..EntryMeta::default()
            };
            let said = read(&list, meta);
            (said.standing, said.provenance.category_name)
        };
        let name = |code: &str| Some(format!("category {code}"));
        assert_eq!(of(None, None), (Standing::Known, name("1")));
        assert_eq!(of(Some("5"), None), (Standing::Negative, name("5")));
        assert_eq!(of(Some("9"), None), (Standing::Known, None));
        let opinion = Some(r#"{"opinion":"POSITIVE_CLASS"}"#);
        assert_eq!(of(Some("5"), opinion), (Standing::Known, name("5")));
        let opinion = Some(r#"{"Opinion":"disputed"}"#);
        assert_eq!(of(None, opinion), (Standing::Disputed, name("1")));
    }
}
