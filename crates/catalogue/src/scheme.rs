//! Schemes of categories: data, not code. Some are built in, others stand in the catalogue.

use hashward_hash::Standing;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The files of the built-in schemes.
const BUILT_IN: [&str; 4] = [
    include_str!("../schemes/interpol-baseline.json"),
    include_str!("../schemes/ncmec.json"),
    include_str!("../schemes/uk-caid.json"),
    include_str!("../schemes/us-vics.json"),
];

/// Categories that a scheme may have.
const MAX_CATEGORIES: usize = 1000;
/// Bytes of a name or a code.
const MAX_NAME: usize = 100;

/// A scheme of categories, as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// Its name, by which lists refer to it.
    pub name: String,
    /// What it is called in full.
    pub title: String,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The categories, in their order.
    pub categories: Vec<SchemeCategory>,
}

/// One category of a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemeCategory {
    /// What entries have.
    pub code: String,
    /// What it means.
    pub name: String,
    /// Other ways in which lists write it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What an entry of the category says of its hashes.
    #[serde(default)]
    pub standing: Standing,
}

/// Why a text is no scheme.
#[derive(Debug, thiserror::Error)]
pub enum SchemeError {
    /// It is not the JSON that a scheme is.
    #[error("this is no scheme of categories: {0}; `hashward list schemes --json` shows some")]
    Json(#[from] serde_json::Error),
    /// A name or a code cannot be used.
    #[error("the {what} `{text}` of a scheme must have 1 to 100 bytes on one line")]
    Name {
        /// What it names.
        what: &'static str,
        /// It.
        text: String,
    },
    /// Too many or no categories.
    #[error("a scheme must have 1 to 1000 categories, this one has {count}")]
    Count {
        /// How many it has.
        count: usize,
    },
    /// A code, name or alias stands for two categories.
    #[error("`{text}` stands for two categories of the scheme")]
    Twice {
        /// It.
        text: String,
    },
}

impl Scheme {
    /// The schemes that need not be added.
    #[must_use]
    pub fn built_in() -> Vec<Self> {
        BUILT_IN.into_iter().filter_map(|text| Self::parse(text.as_bytes()).ok()).collect()
    }

    /// Reads the file of a scheme.
    ///
    /// # Errors
    /// [`SchemeError`] when it is none, or says something twice.
    pub fn parse(bytes: &[u8]) -> Result<Self, SchemeError> {
        let scheme: Self = serde_json::from_slice(bytes)?;
        check("name", &scheme.name)?;
        let count = scheme.categories.len();
        if !(1..=MAX_CATEGORIES).contains(&count) {
            return Err(SchemeError::Count { count });
        }
        let mut seen = BTreeMap::new();
        for (index, category) in scheme.categories.iter().enumerate() {
            check("code", &category.code)?;
            for text in category.spellings() {
                if seen.insert(plain(text), index).is_some_and(|other| other != index) {
                    return Err(SchemeError::Twice { text: text.to_owned() });
                }
            }
        }
        Ok(scheme)
    }

    /// The category that a list writes as `text`: its code, its name or an alias; case and spaces
    /// around it do not matter.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&SchemeCategory> {
        let wanted = plain(text);
        let mut categories = self.categories.iter();
        categories.find(|category| category.spellings().any(|spelling| plain(spelling) == wanted))
    }
}

impl SchemeCategory {
    fn spellings(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(String::as_str);
        [self.code.as_str(), self.name.as_str()].into_iter().chain(aliases)
    }
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

fn check(what: &'static str, text: &str) -> Result<(), SchemeError> {
    let good = (1..=MAX_NAME).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    if good { Ok(()) } else { Err(SchemeError::Name { what, text: text.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_schemes_are_sound() {
        let names: Vec<String> = Scheme::built_in().into_iter().map(|scheme| scheme.name).collect();
        assert_eq!(names, ["interpol-baseline", "ncmec", "uk-caid", "us-vics"]);
    }

    #[test]
    fn lists_may_write_categories_in_several_ways() {
        let schemes = Scheme::built_in();
        let code = |scheme: usize, text: &str| {
            schemes[scheme].find(text).map(|category| (category.code.as_str(), category.standing))
        };
        assert_eq!(code(3, " CAM "), Some(("1", Standing::Known)));
        assert_eq!(code(3, "5"), Some(("5", Standing::Negative)));
        assert_eq!(code(3, "0"), Some(("0", Standing::Disputed)));
        assert_eq!(code(2, "B"), Some(("2", Standing::Known)));
        assert_eq!(code(1, "a2"), Some(("A2", Standing::Known)));
        assert_eq!(code(0, "no"), Some(("outside", Standing::Disputed)));
        assert_eq!(code(3, "6"), None);
    }

    #[test]
    fn what_is_no_scheme_is_refused() {
        let scheme = |categories: &str| {
            let text = format!(r#"{{"name":"x","title":"y","categories":[{categories}]}}"#);
            Scheme::parse(text.as_bytes())
        };
        assert!(scheme(r#"{"code":"1","name":"one"},{"code":"2","name":"two"}"#).is_ok());
        let twice =
            scheme(r#"{"code":"1","name":"one"},{"code":"2","name":"two","aliases":["ONE"]}"#);
        assert!(matches!(twice, Err(SchemeError::Twice { .. })));
        assert!(matches!(scheme(""), Err(SchemeError::Count { count: 0 })));
        assert!(matches!(scheme(r#"{"code":"","name":"one"}"#), Err(SchemeError::Name { .. })));
        assert!(matches!(
            scheme(r#"{"code":"1","name":"one","veto":true}"#),
            Err(SchemeError::Json(_))
        ));
    }
}
