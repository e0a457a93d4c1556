//! Languages as BCP 47 writes them, such as `de-DE`. Form only: whether a voice speaks it is the voice's business.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::domain::error::Error;

/// BCP 47 advises to have room for this many letters.
const LONGEST: usize = 35;

/// A language tag, in the case that RFC 5646 recommends: `zh-Hant-TW`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

impl Language {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Language {
    /// American English.
    fn default() -> Self {
        Self("en-US".to_owned())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut tags = text.split('-');
        let is_language = tags
            .next()
            .is_some_and(|tag| (2..=3).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let fits = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_language || !tags.all(fits) || text.len() > LONGEST {
            return Err(Error::invalid("", "expected a language as BCP 47 writes it, such as `de-DE` or `en`"));
        }
        let tags: Vec<String> = text.split('-').enumerate().map(recommended).collect();
        Ok(Self(tags.join("-")))
    }
}

/// RFC 5646 §2.1.1: regions in capitals, scripts with one, everything else small.
fn recommended((place, tag): (usize, &str)) -> String {
    let mut tag = tag.to_ascii_lowercase();
    match (place, tag.len()) {
        (0, _) => {}
        (_, 2) => tag.make_ascii_uppercase(),
        (_, 4) => tag[..1].make_ascii_uppercase(),
        _ => {}
    }
    tag
}

impl TryFrom<String> for Language {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_kept_in_the_case_that_is_recommended() {
        for (given, kept) in [
            ("de-DE", "de-DE"),
            ("DE-de", "de-DE"),
            ("en", "en"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("sl-Rozaj", "sl-rozaj"),
        ] {
            assert_eq!(given.parse::<Language>().expect(given).as_str(), kept);
        }
        for bad in
            ["", "d", "de_DE", "de-", "-DE", "deutsch", "1e", "de--DE", "de-DE-x123456789", "dé", &"de-x".repeat(12)]
        {
            assert!(bad.parse::<Language>().is_err(), "{bad}");
        }
    }
}
