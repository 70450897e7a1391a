//! How a list is used: what an import or the user changes, and how it gets into the generation.

pub use hashward_catalogue::{ListSettings, Scheme, SchemeCategory, SchemeError};
pub use hashward_store::{Day, NoDay};

use crate::database::DatabaseError;
use hashward_hash::{Distance, Quality, VectorRadius};
use hashward_signature::PublicKey;
use hashward_store::{Category, List};
use std::collections::BTreeMap;

/// The longest text of a setting, in bytes.
const MAX_TEXT: usize = 1000;
/// Actions of a list.
const MAX_ACTIONS: usize = 16;

/// A change of settings. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsChange {
    /// The body that vouches for the entries.
    pub source: Option<String>,
    /// What the licence or agreement says.
    pub licence: Option<String>,
    /// Category of entries that have none of their own.
    pub category: Option<String>,
    /// Name of the scheme of categories.
    pub scheme: Option<String>,
    /// What the list's own categories are called in the scheme.
    pub category_map: Option<BTreeMap<String, String>>,
    /// Its own radius.
    pub radius: Option<Distance>,
    /// Its own radius for 64-bit hashes.
    pub radius64: Option<Distance>,
    /// Its own measure and radius for PhotoDNA.
    pub photodna: Option<VectorRadius>,
    /// Its own quality gate.
    pub min_quality: Option<Quality>,
    /// The last day on which it may be used.
    pub expires: Option<Day>,
    /// Independent sources that must vouch for a hash.
    pub requires_sources: Option<u8>,
    /// Whether disputed and negative entries take matches away.
    pub veto: Option<bool>,
    /// Percentage of new and changed entries above which they are held for review.
    pub hold_above: Option<u32>,
    /// What is to be done about a match.
    pub actions: Option<Vec<String>>,
    /// Public keys of which one must have signed every file.
    pub trusted_keys: Option<Vec<String>>,
    /// Settings to go back to what they are without being set; done before the others.
    pub unset: Vec<Setting>,
}

/// The name of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // each is described where it is a field
pub enum Setting {
    Source,
    Licence,
    Category,
    Scheme,
    CategoryMap,
    Radius,
    Radius64,
    PhotoDna,
    MinQuality,
    Expires,
    RequiresSources,
    Veto,
    HoldAbove,
    Actions,
    TrustedKeys,
}

impl Setting {
    /// Every setting with its word in options.
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Source, "source"),
        (Self::Licence, "licence"),
        (Self::Category, "category"),
        (Self::Scheme, "scheme"),
        (Self::CategoryMap, "map-category"),
        (Self::Radius, "radius"),
        (Self::Radius64, "radius64"),
        (Self::PhotoDna, "photodna-radius"),
        (Self::MinQuality, "min-quality"),
        (Self::Expires, "expires"),
        (Self::RequiresSources, "requires-sources"),
        (Self::Veto, "veto"),
        (Self::HoldAbove, "hold-above"),
        (Self::Actions, "action"),
        (Self::TrustedKeys, "trusted-key"),
    ];
}

/// Why a setting cannot be as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A text is too long or has line ends.
    #[error("the {what} of a list must have 1 to 1000 bytes on one line")]
    Text {
        /// Which.
        what: &'static str,
    },
    /// An action is no word.
    #[error("`{action}` is no action: a list has up to 16 words of a-z, 0-9, - and _")]
    Action {
        /// It.
        action: String,
    },
    /// A trusted key is none.
    #[error("a trusted key cannot be used: {0}")]
    Key(String),
    /// There is no such scheme.
    #[error("there is no scheme `{name}`; there are {}; add one with `hashward list schemes --add`", .names.join(", "))]
    NoSuchScheme {
        /// The name.
        name: String,
        /// The names that there are.
        names: Vec<String>,
    },
    /// A category is mapped to one that the scheme lacks.
    #[error("the scheme `{scheme}` has no category `{category}`")]
    NoSuchCategory {
        /// Name of the scheme.
        scheme: String,
        /// The category.
        category: String,
    },
}

impl SettingsChange {
    /// Makes the change.
    pub(crate) fn apply(&self, settings: &mut ListSettings) {
        for setting in &self.unset {
            match setting {
                Setting::Source => settings.source = None,
                Setting::Licence => settings.licence = None,
                Setting::Category => settings.category = None,
                Setting::Scheme => settings.scheme = None,
                Setting::CategoryMap => settings.category_map.clear(),
                Setting::Radius => settings.radius = None,
                Setting::Radius64 => settings.radius64 = None,
                Setting::PhotoDna => settings.photodna = None,
                Setting::MinQuality => settings.min_quality = None,
                Setting::Expires => settings.expires = None,
                Setting::RequiresSources => settings.requires_sources = None,
                Setting::Veto => settings.veto = false,
                Setting::HoldAbove => settings.hold_above = None,
                Setting::Actions => settings.actions.clear(),
                Setting::TrustedKeys => settings.trusted_keys.clear(),
            }
        }
        set(&mut settings.source, &self.source);
        set(&mut settings.licence, &self.licence);
        set(&mut settings.category, &self.category);
        set(&mut settings.scheme, &self.scheme);
        set(&mut settings.radius, &self.radius.map(|radius| radius.0));
        set(&mut settings.radius64, &self.radius64.map(|radius| radius.0));
        set(&mut settings.photodna, &self.photodna.map(|radius| radius.to_string()));
        set(&mut settings.min_quality, &self.min_quality.map(|quality| quality.0));
        set(&mut settings.expires, &self.expires.map(|day| day.to_string()));
        set(&mut settings.requires_sources, &self.requires_sources);
        set(&mut settings.hold_above, &self.hold_above);
        settings.veto = self.veto.unwrap_or(settings.veto);
        if let Some(map) = &self.category_map {
            settings.category_map.clone_from(map);
        }
        if let Some(actions) = &self.actions {
            settings.actions.clone_from(actions);
        }
        if let Some(keys) = &self.trusted_keys {
            settings.trusted_keys.clone_from(keys);
        }
    }
}

fn set<T: Clone>(setting: &mut Option<T>, new: &Option<T>) {
    if new.is_some() {
        setting.clone_from(new);
    }
}

/// Refuses settings that make no sense, and puts mapped categories into the scheme's words.
pub(crate) fn settle(settings: &mut ListSettings, schemes: &[Scheme]) -> Result<(), SettingsError> {
    let texts = [
        ("source", &settings.source),
        ("licence note", &settings.licence),
        ("category", &settings.category),
    ];
    for (what, text) in texts {
        let bad = |text: &String| {
            text.trim().is_empty() || text.len() > MAX_TEXT || text.chars().any(char::is_control)
        };
        if text.as_ref().is_some_and(bad) {
            return Err(SettingsError::Text { what });
        }
    }
    for (index, action) in settings.actions.iter().enumerate() {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let length = (1..=40).contains(&action.len());
        if !length || !action.chars().all(word) || index >= MAX_ACTIONS {
            return Err(SettingsError::Action { action: action.clone() });
        }
    }
    if !settings.trusted_keys.is_empty() {
        let keys = PublicKey::parse_all(&settings.trusted_keys.join("\n"));
        let keys = keys.map_err(|error| SettingsError::Key(error.to_string()))?;
        settings.trusted_keys = keys.iter().map(PublicKey::to_text).collect();
        settings.trusted_keys.sort();
        settings.trusted_keys.dedup();
    }
    if let Some(scheme) = find(settings.scheme.as_deref(), schemes)? {
        let code = |category: &str| match scheme.find(category) {
            Some(category) => Ok(category.code.clone()),
            None => Err(SettingsError::NoSuchCategory {
                scheme: scheme.name.clone(),
                category: category.to_owned(),
            }),
        };
        for category in settings.category_map.values_mut().chain(&mut settings.category) {
            *category = code(category)?;
        }
    }
    Ok(())
}

/// The scheme with a name.
pub(crate) fn find<'a>(
    name: Option<&str>,
    schemes: &'a [Scheme],
) -> Result<Option<&'a Scheme>, SettingsError> {
    let Some(name) = name else { return Ok(None) };
    match schemes.iter().find(|scheme| scheme.name == name) {
        Some(scheme) => Ok(Some(scheme)),
        None => Err(SettingsError::NoSuchScheme {
            name: name.to_owned(),
            names: schemes.iter().map(|scheme| scheme.name.clone()).collect(),
        }),
    }
}

/// Compiles into a list of the generation what decides a verdict.
pub(crate) fn compile(
    settings: &ListSettings,
    schemes: &[Scheme],
    list: &mut List,
) -> Result<(), DatabaseError> {
    let day = |text: &String| {
        text.parse().map_err(|NoDay| DatabaseError::Disagree {
            detail: format!("the list `{}` expires on a day that is none", list.name),
        })
    };
    list.expires = settings.expires.as_ref().map(day).transpose()?;
    list.scheme = find(settings.scheme.as_deref(), schemes)?.map(|scheme| hashward_store::Scheme {
        name: scheme.name.clone(),
        categories: scheme
            .categories
            .iter()
            .map(|category| Category {
                code: category.code.clone(),
                name: category.name.clone(),
                standing: category.standing,
            })
            .collect(),
    });
    list.source.clone_from(&settings.source);
    list.category.clone_from(&settings.category);
    list.radius = settings.radius.map(Distance);
    let vector = |text: &String| {
        VectorRadius::parse(text).ok_or_else(|| DatabaseError::Disagree {
            detail: format!("the list `{}` has a radius for PhotoDNA that is none", list.name),
        })
    };
    list.photodna = settings.photodna.as_ref().map(vector).transpose()?;
    list.radius64 = settings.radius64.map(Distance);
    list.min_quality = settings.min_quality.map(Quality);
    list.requires_sources = settings.requires_sources;
    list.veto = settings.veto;
    list.actions.clone_from(&settings.actions);
    Ok(())
}
