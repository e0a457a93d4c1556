//! Where the callers of a number are, as far as a backup number must match.

use std::fmt;

use crate::domain::{country::Country, e164::E164};

/// A country, or the first digits of numbers that belong to none: a toll-free number stands in for a toll-free one only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Area(String);

impl Area {
    /// The area of a number.
    pub fn of(number: &E164) -> Self {
        match Country::of(number) {
            Some(country) => Self(country.as_str().to_owned()),
            None => Self(prefix(number.as_str()).to_owned()),
        }
    }

    /// `DE`, or `+1` or `+800` where no country is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Numbers without a country have calling codes of three digits, apart from those of North America.
fn prefix(digits: &str) -> &str {
    if digits.starts_with("+1") { "+1" } else { digits.get(..4).unwrap_or(digits) }
}
