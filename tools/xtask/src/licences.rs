//! Licences of everything that is linked: permissive ones only.

use crate::metadata::Metadata;

const ALLOWED: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "NCSA",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "0BSD",
];

pub(crate) fn faults(metadata: &Metadata) -> Vec<String> {
    let refused =
        |package: &&crate::metadata::Package| !package.license.as_deref().is_some_and(acceptable);
    metadata
        .packages
        .iter()
        .filter(refused)
        .map(|p| format!("licence of {} {}: {:?}", p.name, p.version, p.license))
        .collect()
}

/// True when some choice that the expression offers is made of allowed licences only.
/// Understands what crates use: `A OR B`, `A AND B`, one level of parentheses, `A/B`.
fn acceptable(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    if let Some((left, right)) = split_outside(&expression, " AND ") {
        return acceptable(left) && acceptable(right);
    }
    if let Some((left, right)) = split_outside(&expression, " OR ") {
        return acceptable(left) || acceptable(right);
    }
    let single = expression.trim();
    match single.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => acceptable(inner),
        None => ALLOWED.contains(&single),
    }
}

/// Splits at the first `word` that stands outside parentheses.
fn split_outside<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    text.match_indices(word)
        .find(|(at, _)| {
            let before = &text[..*at];
            before.matches('(').count() == before.matches(')').count()
        })
        .map(|(at, _)| (&text[..at], &text[at + word.len()..]))
}

#[cfg(test)]
mod tests {
    use super::acceptable;

    #[test]
    fn reads_the_expressions_that_crates_use() {
        for good in ["MIT", "MIT OR GPL-3.0", "Unlicense/MIT", "(MIT OR Apache-2.0) AND NCSA"] {
            assert!(acceptable(good), "{good}");
        }
        for bad in ["GPL-3.0-only", "MIT AND AGPL-3.0", "(GPL-2.0 OR LGPL-3.0) AND MIT", ""] {
            assert!(!acceptable(bad), "{bad}");
        }
    }
}
