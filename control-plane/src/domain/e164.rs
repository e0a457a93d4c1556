//! Phone numbers as the world writes them, and how they are masked.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::error::Error;

/// A number in E.164: `+` and 7 to 15 digits, the first not 0. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

impl E164 {
    /// The number in full. For vendors and replies, never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps the last four digits: `****1234`. Works on whatever Twilio puts into From and To.
pub fn mask(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 6 {
        return "****".to_owned();
    }
    format!("****{}", digits[digits.len() - 4..].iter().collect::<String>())
}

impl FromStr for E164 {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix('+').unwrap_or("");
        let fits =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        if fits {
            return Ok(Self(text.to_owned()));
        }
        let normalised: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        let hint = match normalised != text && normalised.parse::<Self>().is_ok() {
            true => ", without spaces, dots, dashes or brackets",
            false => "",
        };
        Err(Error::invalid("", format!("expected `+` and 7 to 15 digits, the first not 0{hint}")))
    }
}

impl TryFrom<String> for E164 {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.0
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_shows_only_its_last_four_digits() {
        let number: E164 = "+15005550006".parse().expect("valid");
        assert_eq!(format!("{number:?}"), "****0006");
        assert_eq!(mask("whatsapp:+15005550006"), "****0006");
        assert_eq!(mask("anonymous"), "****");
        assert_eq!(mask("12345"), "****");
    }

    #[test]
    fn what_is_not_e164_is_refused_with_the_reason() {
        for bad in ["", "15005550006", "+0500555000", "+1-478-555-0100", "+123456", "+1234567890123456", "+1500555000x"]
        {
            assert!(bad.parse::<E164>().is_err(), "{bad}");
        }
        let error = "+1-478-555-0100".parse::<E164>().expect_err("dashes");
        assert!(error.message.contains("without spaces"), "{error}");
    }
}
