//! Countries, and which one a number belongs to by its first digits. The digits are in `calling_code`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{calling_code, e164::E164, error::Error};

/// A country, ISO 3166 alpha-2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The country of a number by its first digits; `None` when they are shared by countries or belong to none.
    pub fn of(number: &E164) -> Option<Self> {
        calling_code::country(number.as_str().trim_start_matches('+'))?.parse().ok()
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only made of two letters A to Z")
    }
}

impl FromStr for Country {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => Ok(Self([*a, *b])),
            _ => Err(Error::invalid("", "expected two capital letters, ISO 3166 alpha-2, such as `DE`")),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: &str) -> Option<String> {
        Country::of(&number.parse().expect("E.164")).map(String::from)
    }

    #[test]
    fn a_number_belongs_to_the_country_of_its_longest_known_prefix() {
        for (number, country) in [
            ("+493012345678", "DE"),
            ("+12125550100", "US"),
            ("+14165550100", "CA"),
            ("+18765550100", "JM"),
            ("+17875550100", "PR"),
            ("+18095550100", "DO"),
            ("+74951234567", "RU"),
            ("+77271234567", "KZ"),
            ("+442079460000", "GB"),
            ("+441481960194", "GG"),
            ("+441534960194", "JE"),
            ("+441624960194", "IM"),
            ("+390612345678", "IT"),
            ("+390669812345", "VA"),
            ("+4722123456", "NO"),
            ("+4779123456", "SJ"),
            ("+358181234567", "AX"),
            ("+358912345678", "FI"),
            ("+262262123456", "RE"),
            ("+262269123456", "YT"),
            ("+590590123456", "GP"),
            ("+59995151234", "CW"),
            ("+5997171234", "BQ"),
            ("+61212345678", "AU"),
            ("+61891641234", "CX"),
            ("+61891621234", "CC"),
            ("+212522123456", "MA"),
            ("+212528912345", "EH"),
            ("+56221234567", "CL"),
            ("+38349123456", "XK"),
            ("+85221234567", "HK"),
        ] {
            assert_eq!(of(number).as_deref(), Some(country), "{number}");
        }
    }

    #[test]
    fn numbers_of_no_country_have_none() {
        for number in ["+18005550100", "+19005550100", "+80012345678", "+881612345678", "+97912345678", "+2101234567"] {
            assert_eq!(of(number), None, "{number}");
        }
    }
}
