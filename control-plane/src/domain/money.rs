//! Money in millionths of its currency: what vendors bill is smaller than a cent, and a sum must not lose any of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::error::Error;

const MICROS: i64 = 1_000_000;

/// A currency, ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// US dollars: what Twilio bills in unless somebody asked for something else.
    pub const USD: Self = Self(*b"USD");

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only made of letters A to Z")
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // Twilio writes some of them in lower case.
        match text.to_ascii_uppercase().as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z', c @ b'A'..=b'Z'] => Ok(Self([*a, *b, *c])),
            _ => Err(Error::invalid("", "expected three letters, ISO 4217, such as `USD`")),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount; below zero it is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// What it is counted in.
    pub currency: Currency,
    /// Millionths.
    pub micros: i64,
}

impl Money {
    /// So many whole units.
    pub const fn whole(currency: Currency, units: i64) -> Self {
        Self { currency, micros: units.saturating_mul(MICROS) }
    }

    /// Reads a decimal such as `-0.0075`; what is smaller than a millionth is left out.
    pub fn decimal(currency: Currency, text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("", "expected an amount such as `12.50`");
        let (sign, digits) = match text.trim().strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.trim()),
        };
        let (units, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() || digits == "." || !is_number(units) || !is_number(fraction) {
            return Err(wrong());
        }
        let number = |text: &str| if text.is_empty() { Ok(0) } else { text.parse::<i64>().map_err(|_| wrong()) };
        let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
        let micros = number(units)?.checked_mul(MICROS).and_then(|micros| micros.checked_add(number(&fraction).ok()?));
        Ok(Self { currency, micros: sign * micros.ok_or_else(wrong)? })
    }

    /// Whole units and what is left, both with the same sign: how `google.type.Money` puts it.
    pub fn parts(self) -> (i64, i64) {
        (self.micros / MICROS, self.micros % MICROS)
    }

    /// From whole units and millionths.
    pub fn of_parts(currency: Currency, units: i64, micros: i64) -> Option<Self> {
        Some(Self { currency, micros: units.checked_mul(MICROS)?.checked_add(micros)? })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = (i128::from(self.micros) + 5_000 * i128::from(self.micros.signum())) / 10_000;
        let sign = if cents < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02} {}", cents.abs() / 100, cents.abs() % 100, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_to_the_millionth_and_shown_to_the_cent() {
        for (text, micros, shown) in [
            ("10", 10_000_000, "10.00 USD"),
            ("-0.0075", -7_500, "-0.01 USD"),
            ("0.30000", 300_000, "0.30 USD"),
            (".5", 500_000, "0.50 USD"),
            ("1.23456789", 1_234_567, "1.23 USD"),
            ("-12.5", -12_500_000, "-12.50 USD"),
        ] {
            let money = Money::decimal(Currency::USD, text).expect("an amount");
            assert_eq!((money.micros, money.to_string()), (micros, shown.to_owned()), "{text}");
        }
        for bad in ["", "-", ".", "1,5", "1.-5", "NaN", "99999999999999999999"] {
            assert!(Money::decimal(Currency::USD, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_go_together_again() {
        let owed = Money { currency: Currency::USD, micros: -1_750_000 };
        assert_eq!(owed.parts(), (-1, -750_000));
        assert_eq!(Money::of_parts(Currency::USD, -1, -750_000), Some(owed));
        assert_eq!("usd".parse::<Currency>().expect("Twilio's own"), Currency::USD);
        assert!("US".parse::<Currency>().is_err());
    }
}
