//! Putting the categories of rows into the words of the list's scheme.

use super::ImportError;
use crate::database::DatabaseError;
use crate::settings::{self, ListSettings, Scheme};
use hashward_lists::ListRow;
use std::collections::{BTreeMap, BTreeSet};

/// The attribute that keeps what the list itself said.
const AS_LISTED: &str = "source_category";
/// Unknown categories that are told by name.
const EXAMPLES: usize = 5;

/// The map from the categories of a list to those of its scheme.
pub(crate) struct Categories<'a> {
    scheme: Option<&'a Scheme>,
    map: &'a BTreeMap<String, String>,
    unknown: BTreeSet<String>,
    unknown_rows: u64,
}

impl<'a> Categories<'a> {
    pub(crate) fn new(
        settings: &'a ListSettings,
        schemes: &'a [Scheme],
    ) -> Result<Self, ImportError> {
        let scheme = settings::find(settings.scheme.as_deref(), schemes);
        let scheme = scheme.map_err(DatabaseError::from)?;
        let map = &settings.category_map;
        Ok(Self { scheme, map, unknown: BTreeSet::new(), unknown_rows: 0 })
    }

    /// Gives a row the category of the scheme and keeps its own beside it. What the scheme does
    /// not know stays as it is and is counted.
    pub(crate) fn translate(&mut self, row: &mut ListRow) {
        let Some(category) = &row.category else { return };
        let known = self.scheme.and_then(|scheme| scheme.find(category));
        let code = self.map.get(category.trim()).or(known.map(|known| &known.code));
        match code {
            Some(code) if code != category => {
                let listed = row.category.replace(code.clone());
                let listed = serde_json::Value::from(listed);
                row.attributes.entry(AS_LISTED.to_owned()).or_insert(listed);
            }
            None if self.scheme.is_some() => {
                self.unknown_rows += 1;
                if self.unknown.len() <= EXAMPLES && !self.unknown.contains(category) {
                    self.unknown.insert(category.clone());
                }
            }
            _ => {}
        }
    }

    /// What the user should know about it.
    pub(crate) fn note(&self) -> Option<String> {
        let scheme = self.scheme.filter(|_| self.unknown_rows > 0)?;
        let mut names: Vec<&str> = self.unknown.iter().map(String::as_str).collect();
        let more = names.len() > EXAMPLES;
        names.truncate(EXAMPLES);
        Some(format!(
            "{} rows have categories that the scheme `{}` lacks: {}{}; they count as known \
             material; say what they mean with --map-category",
            self.unknown_rows,
            scheme.name,
            names.join(", "),
            if more { " …" } else { "" }
        ))
    }
}
