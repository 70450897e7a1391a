//! Days, as lists name the last one on which they may be used.

use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

const FORM: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// A day of the calendar, in UTC; written `2027-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// A text that is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day is written as year, month and day: 2027-01-31")]
pub struct NoDay;

impl Day {
    /// The present day, by this machine's clock.
    #[must_use]
    pub fn today() -> Self {
        Self(OffsetDateTime::now_utc().date())
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.format(FORM).map_err(|_| std::fmt::Error)?;
        f.pad(&text)
    }
}

impl std::str::FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Date::parse(text, FORM).map(Self).map_err(|_| NoDay)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_ordered_and_written_as_they_are_read() {
        let day = |text: &str| text.parse::<Day>();
        assert_eq!(day("2027-01-31").unwrap().to_string(), "2027-01-31");
        assert!(day("2027-01-31").unwrap() < day("2027-02-01").unwrap());
        for text in ["", "2027", "2027-13-01", "2027-02-29", "31.01.2027", "2027-01-31T00:00:00Z"] {
            assert_eq!(day(text), Err(NoDay), "{text}");
        }
        assert_eq!(serde_json::to_string(&day("0999-01-01").unwrap()).unwrap(), "\"0999-01-01\"");
    }
}
