//! What people allowed, per address and channel. A record is never changed: who changes their mind adds one, and the latest
//! counts.

use std::{fmt, str::FromStr};

use super::{
    e164::E164,
    email::EmailAddress,
    error::{Error, Result},
    id::{ConsentId, WorkspaceId},
    time::Timestamp,
    word::words,
};

words! {
    /// How somebody is reached.
    Channel, "channel" {
        /// By a call.
        Voice = "voice",
        /// By SMS.
        Sms = "sms",
        /// By WhatsApp.
        Whatsapp = "whatsapp",
        /// By e-mail.
        Email = "email",
    }
}

words! {
    /// Whether somebody allows it.
    ConsentState, "consent" {
        /// They allow it.
        Granted = "granted",
        /// They do not, or not any more.
        Revoked = "revoked",
    }
}

/// Where somebody is reached. Mail addresses are kept in lower case: whoever takes back a consent may spell it otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A number.
    Phone(E164),
    /// A mail address, in lower case.
    Email(EmailAddress),
}

impl Address {
    /// The address in full. For rows and replies, never for a log.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(number) => number.as_str(),
            Self::Email(address) => address.as_str(),
        }
    }

    /// Refuses an address that cannot be reached by a channel.
    pub fn check(&self, channel: Channel) -> Result<()> {
        match (self, channel) {
            (Self::Phone(_), Channel::Voice | Channel::Sms | Channel::Whatsapp) => Ok(()),
            (Self::Email(_), Channel::Email) => Ok(()),
            (Self::Phone(_), Channel::Email) => Err(Error::invalid("address", "expected an e-mail address")),
            (Self::Email(_), _) => Err(Error::invalid("address", "expected a phone number, `+` and 7 to 15 digits")),
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.contains('@') {
            true => text.to_ascii_lowercase().parse().map(Self::Email),
            false => text.parse().map(Self::Phone),
        }
    }
}

impl From<&E164> for Address {
    fn from(number: &E164) -> Self {
        Self::Phone(number.clone())
    }
}

/// What somebody said about being reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    /// The id.
    pub id: ConsentId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// Where they are reached.
    pub address: Address,
    /// How.
    pub channel: Channel,
    /// Whether they allow it.
    pub state: ConsentState,
    /// Where they said so, as a word such as `web-form`.
    pub source: String,
    /// What proves it.
    pub evidence: String,
    /// When they said so.
    pub consent_time: Timestamp,
    /// When it was recorded.
    pub create_time: Timestamp,
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Consent");
        shown.field("id", &self.id).field("address", &self.address).field("channel", &self.channel);
        shown.field("state", &self.state).field("consent_time", &self.consent_time).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_number_or_a_mail_address_in_lower_case() {
        let mail: Address = "Ann@Example.COM".parse().expect("an address");
        assert_eq!(mail.as_str(), "ann@example.com");
        assert_eq!(format!("{mail:?}"), "Email(****@example.com)");
        let number: Address = "+15005550006".parse().expect("a number");
        assert_eq!((number.as_str(), format!("{number:?}").as_str()), ("+15005550006", "Phone(****0006)"));
        for bad in ["", "ann", "15005550006", "@example.com"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_fits_its_channel() {
        let mail: Address = "ann@example.com".parse().expect("an address");
        let number: Address = "+15005550006".parse().expect("a number");
        for channel in Channel::ALL {
            let is_mail = *channel == Channel::Email;
            assert_eq!(mail.check(*channel).is_ok(), is_mail, "{channel}");
            assert_eq!(number.check(*channel).is_ok(), !is_mail, "{channel}");
        }
    }
}
