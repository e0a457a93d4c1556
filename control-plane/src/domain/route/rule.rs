//! Whether a rule holds for a caller at a moment, and which of those that hold wins.

use super::plan::Rule;
use crate::domain::{country::Country, e164::E164, time::Timestamp, zone::Zone};

/// What rules look at.
pub(super) struct Circumstances {
    /// The caller's number; `None` when hidden or not a number.
    pub number: Option<E164>,
    /// The caller's country; `None` when it cannot be told.
    pub country: Option<Country>,
    /// When.
    pub at: Timestamp,
    /// The zone of windows without their own.
    pub zone: Zone,
}

/// Why a rule holds or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Disabled,
    OutsideWindows,
    NumberHidden,
    CountryUnknown,
    OtherCountry(Country),
    OtherPrefix,
    /// All conditions hold; the longest prefix that matched has so many digits, 0 without prefixes.
    Holds {
        digits: usize,
    },
}

impl Verdict {
    pub fn of(rule: &Rule, around: &Circumstances) -> Self {
        if rule.disabled {
            return Self::Disabled;
        }
        if !rule.windows.is_empty() && !rule.windows.iter().any(|window| window.holds(around.at, around.zone)) {
            return Self::OutsideWindows;
        }
        if !rule.caller_countries.is_empty() {
            match around.country {
                None => return Self::CountryUnknown,
                Some(country) if !rule.caller_countries.contains(&country) => return Self::OtherCountry(country),
                Some(_) => {}
            }
        }
        Self::of_prefixes(rule, around)
    }

    fn of_prefixes(rule: &Rule, around: &Circumstances) -> Self {
        if rule.caller_prefixes.is_empty() {
            return Self::Holds { digits: 0 };
        }
        let Some(number) = &around.number else { return Self::NumberHidden };
        let matching = rule.caller_prefixes.iter().filter(|prefix| number.as_str().starts_with(prefix.as_str()));
        matching.map(|prefix| prefix.digits()).max().map_or(Self::OtherPrefix, |digits| Self::Holds { digits })
    }

    /// How well it holds; `None` if it does not.
    pub fn digits(self) -> Option<usize> {
        match self {
            Self::Holds { digits } => Some(digits),
            _ => None,
        }
    }

    /// In words fit to show. A prefix can be a whole number, so only its length is told.
    pub fn in_words(self) -> String {
        match self {
            Self::Disabled => "it is disabled".to_owned(),
            Self::OutsideWindows => "the time is outside its windows".to_owned(),
            Self::NumberHidden => "the caller's number is not known".to_owned(),
            Self::CountryUnknown => "the caller's country is not known".to_owned(),
            Self::OtherCountry(country) => format!("the caller is from {country}"),
            Self::OtherPrefix => "the caller's number starts with none of its prefixes".to_owned(),
            Self::Holds { digits: 0 } => "all its conditions hold".to_owned(),
            Self::Holds { digits } => format!("all its conditions hold, with a prefix of {digits} digits"),
        }
    }
}

/// The rule with the longest matching prefix, of equals the first.
pub(super) fn winner(verdicts: &[Verdict]) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    for (index, verdict) in verdicts.iter().enumerate() {
        let Some(digits) = verdict.digits() else { continue };
        if best.is_none_or(|(_, most)| digits > most) {
            best = Some((index, digits));
        }
    }
    best.map(|(index, _)| index)
}
