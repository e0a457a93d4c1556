//! Scopes: `noun:verb`, with `*` for any noun, any verb or both.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::domain::error::{Error, Result};

/// One thing a token may do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope {
    noun: Part,
    verb: Part,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Any,
    Word(String),
}

impl Part {
    fn covers(&self, other: &Self) -> bool {
        *self == Self::Any || self == other
    }

    fn parse(text: &str, letter: fn(&u8) -> bool) -> Option<Self> {
        match text {
            "*" => Some(Self::Any),
            word if !word.is_empty() && word.as_bytes().iter().all(letter) => Some(Self::Word(word.to_owned())),
            _ => None,
        }
    }
}

impl Scope {
    /// Whether whoever holds this may do all that `other` allows.
    pub fn covers(&self, other: &Self) -> bool {
        self.noun.covers(&other.noun) && self.verb.covers(&other.verb)
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "*" {
            return Ok(Self { noun: Part::Any, verb: Part::Any });
        }
        let parse = || {
            let (noun, verb) = text.split_once(':')?;
            let noun = Part::parse(noun, |b| b.is_ascii_lowercase() || *b == b'_')?;
            let verb = Part::parse(verb, u8::is_ascii_lowercase)?;
            Some(Self { noun, verb })
        };
        parse()
            .ok_or_else(|| Error::invalid("", "expected `noun:verb`, `noun:*`, `*:verb` or `*`, such as `calls:read`"))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.noun, &self.verb) {
            (Part::Any, Part::Any) => f.write_str("*"),
            (noun, verb) => write!(f, "{noun}:{verb}"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "*",
            Self::Word(word) => word,
        })
    }
}

impl TryFrom<String> for Scope {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

/// All that a token may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads each text; blame arrives as `scopes[1]`.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self> {
        let each = texts.into_iter().enumerate();
        let parsed: Result<Vec<_>> = each
            .map(|(index, text)| {
                text.as_ref().parse().map_err(|error: Error| error.within(&format!("scopes[{index}]")))
            })
            .collect();
        parsed.map(Self)
    }

    /// Whether one of them covers `scope`.
    pub fn allow(&self, scope: &Scope) -> bool {
        self.0.iter().any(|held| held.covers(scope))
    }

    /// Whether each of `other` is covered by one of these: a token cannot grant more than its maker holds.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|scope| self.allow(scope))
    }

    /// The scopes one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(texts: &[&str]) -> Scopes {
        Scopes::parse(texts).expect("valid")
    }

    #[test]
    fn a_star_stands_for_any_noun_or_any_verb() {
        let wanted: Scope = "calls:read".parse().expect("valid");
        for (held, allows) in [
            ("calls:read", true),
            ("calls:*", true),
            ("*:read", true),
            ("*", true),
            ("*:*", true),
            ("calls:write", false),
            ("accounts:*", false),
            ("*:write", false),
            ("call:read", false),
        ] {
            assert_eq!(scopes(&[held]).allow(&wanted), allows, "{held}");
        }
        assert!(!Scopes::default().allow(&wanted));
    }

    #[test]
    fn a_token_cannot_grant_more_than_its_maker_holds() {
        let maker = scopes(&["calls:*", "*:read"]);
        for (grant, allowed) in [
            (&["calls:write", "accounts:read"][..], true),
            (&[], true),
            (&["*:read"], true),
            (&["accounts:write"], false),
            (&["calls:read", "*"], false),
            (&["*:*"], false),
        ] {
            assert_eq!(maker.covers(&scopes(grant)), allowed, "{grant:?}");
        }
        // Two halves are not the whole.
        assert!(!scopes(&["calls:read", "calls:write"]).covers(&scopes(&["calls:*"])));
    }

    #[test]
    fn what_is_not_a_scope_is_refused_by_its_index() {
        for bad in ["", "calls", "calls:", ":read", "Calls:read", "calls:read:all", "calls:re ad", "**", "c*:read"] {
            let error = Scopes::parse(["calls:read", bad]).expect_err(bad);
            assert_eq!(error.violations[0].field, "scopes[1]");
        }
    }

    #[test]
    fn scopes_read_back_as_written() {
        for text in ["calls:read", "route_plans:*", "*:read", "*"] {
            assert_eq!(text.parse::<Scope>().expect("valid").to_string(), text);
        }
    }
}
