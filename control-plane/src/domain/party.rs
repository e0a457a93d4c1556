//! Who is at the other end, in whatever form Twilio writes it. `Debug` masks it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::e164::{E164, mask};

/// From or To as sent: E.164, `client:name`, a SIP address, `whatsapp:+…`, a short code, a word such as `anonymous`, or
/// nothing.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Party(pub String);

impl Party {
    /// As sent. For vendors, rows and replies, never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number in it: `+…`, behind a channel such as `whatsapp:`, or before the `@` of a SIP address.
    pub fn e164(&self) -> Option<E164> {
        let address = self.0.rsplit_once(':').map_or(self.0.as_str(), |(_, address)| address);
        let address = match self.0.starts_with("sip") {
            true => self.0.split_once(':')?.1.split(['@', ';']).next()?,
            false => address,
        };
        address.parse().ok()
    }

    /// What both can agree on whatever the order: what is there, and of two the smaller.
    #[must_use]
    pub(crate) fn joined(self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (_, true) => self,
            (true, false) => other.clone(),
            (false, false) => self.min(other.clone()),
        }
    }
}

impl From<&str> for Party {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Party {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Party> for String {
    fn from(party: Party) -> Self {
        party.0
    }
}

impl From<&E164> for Party {
    fn from(number: &E164) -> Self {
        Self(number.as_str().to_owned())
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_every_form_twilio_uses() {
        for form in [
            "+15005550006",
            "whatsapp:+15005550006",
            "sip:+15005550006@example.com",
            "sips:+15005550006@example.com:5061",
            "sip:+15005550006;user=phone",
        ] {
            assert_eq!(Party::from(form).e164().map(String::from).as_deref(), Some("+15005550006"), "{form}");
        }
        for form in ["", "anonymous", "client:desk", "12345", "sip:desk@example.com", "+266696687x"] {
            assert_eq!(Party::from(form).e164(), None, "{form}");
        }
    }

    #[test]
    fn a_party_does_not_show_its_number() {
        assert_eq!(format!("{:?}", Party::from("sip:+15005550006@example.com")), "****0006");
    }
}
