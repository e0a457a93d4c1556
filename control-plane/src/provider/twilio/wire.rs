//! How Twilio writes things down: dates of mail, numbers as text, empty text for none.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::client::Unreadable;
use crate::domain::{
    money::{Currency, Money},
    time::{Timestamp, stored},
};

/// Reads a body.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body).map_err(|_| "the answer could not be read")
}

/// `Tue, 31 Aug 2010 20:36:28 +0000`, or ISO 8601 as newer answers have it; none for null and for empty text.
pub(super) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = text(from)? else { return Ok(None) };
    let moment = chrono::DateTime::parse_from_rfc2822(&text)
        .or_else(|_| chrono::DateTime::parse_from_rfc3339(&text))
        .map_err(serde::de::Error::custom)?;
    Ok(Some(stored(moment.to_utc())))
}

/// Text; none for null and for empty text.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|text| !text.is_empty()))
}

/// A count, written as text or as a number; none for null and for empty text.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u32),
        Text(String),
    }
    match Option::<Written>::deserialize(from)? {
        None => Ok(None),
        Some(Written::Number(number)) => Ok(Some(number)),
        Some(Written::Text(text)) if text.is_empty() => Ok(None),
        Some(Written::Text(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

/// What something cost. Twilio writes a charge below zero, and nothing until it is rated. A price that cannot be read is one
/// that is not known: nobody should doubt a call for it.
pub(super) fn price(amount: &Value, unit: &Value) -> Option<Money> {
    let currency: Currency = unit.as_str()?.parse().ok()?;
    let amount = match amount {
        Value::String(text) => Money::decimal(currency, text).ok()?,
        Value::Number(number) => Money::decimal(currency, &number.to_string()).ok()?,
        _ => return None,
    };
    Some(Money { micros: amount.micros.abs(), ..amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_is_a_positive_price_and_what_is_not_rated_has_none() {
        let read =
            |amount: Value, unit: Value| price(&amount, &unit).map(|money| (money.currency.to_string(), money.micros));
        assert_eq!(read("-0.03000".into(), "USD".into()), Some(("USD".to_owned(), 30_000)));
        assert_eq!(read("0.0075".into(), "usd".into()), Some(("USD".to_owned(), 7_500)));
        assert_eq!(read(serde_json::json!(-0.5), "EUR".into()), Some(("EUR".to_owned(), 500_000)));
        for (amount, unit) in [
            (Value::Null, "USD".into()),
            ("".into(), "USD".into()),
            ("-0.03".into(), Value::Null),
            ("free".into(), "USD".into()),
            (serde_json::json!(["-1"]), "USD".into()),
        ] {
            assert_eq!(read(amount.clone(), unit), None, "{amount}");
        }
    }

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[serde(default, deserialize_with = "date")]
        when: Option<Timestamp>,
        #[serde(default, deserialize_with = "count")]
        many: Option<u32>,
    }

    #[test]
    fn dates_of_mail_and_numbers_as_text_are_read() {
        let both: Sample =
            json(br#"{"when":"Tue, 31 Aug 2010 20:36:28 +0000","many":"15"}"#).expect("as Twilio writes it");
        assert_eq!(both.when.expect("a date").to_rfc3339(), "2010-08-31T20:36:28+00:00");
        assert_eq!(both.many, Some(15));
        let iso: Sample = json(br#"{"when":"2010-08-31T20:36:28Z","many":15}"#).expect("as newer answers have it");
        assert_eq!((iso.when, iso.many), (both.when, both.many));
        for none in [r#"{"when":null,"many":null}"#, r#"{"when":"","many":""}"#, "{}"] {
            let sample: Sample = json(none.as_bytes()).expect("none");
            assert!(sample.when.is_none() && sample.many.is_none(), "{none}");
        }
        for bad in [r#"{"when":"yesterday"}"#, r#"{"many":"-1"}"#, r#"{"many":"1.5"}"#, r#"{"when":1}"#] {
            assert!(json::<Sample>(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
