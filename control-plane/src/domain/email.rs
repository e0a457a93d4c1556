//! E-mail addresses. Personal data: `Debug` shows the domain only.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::error::Error;

/// RFC 5321 lets no path be longer than this.
const LONGEST: usize = 254;

/// An address to send mail to.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = Error;

    /// What can be told without asking: one `@`, a local part, a domain with a dot, nothing that could start a new header.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("", "expected an e-mail address such as `ops@example.com`");
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        let is_plain =
            |text: &str, more: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte));
        let dots_are_inside = |text: &str| text.split('.').all(|label| !label.is_empty());
        let fits = text.len() <= LONGEST
            && is_plain(local, b".!#$%&'*+/=?^_`{|}~-")
            && is_plain(domain, b".-")
            && domain.contains('.')
            && dots_are_inside(local)
            && dots_are_inside(domain);
        if fits { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "****@{}", self.0.rsplit('@').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_carry_no_second_header() {
        for good in ["ops@example.com", "a.b+c@sub.example.co.uk", "o'neil@example.com"] {
            assert_eq!(good.parse::<EmailAddress>().expect("an address").as_str(), good);
        }
        for bad in [
            "",
            "ops",
            "@example.com",
            "ops@",
            "ops@example",
            "a b@example.com",
            "a@b@example.com",
            "a@example..com",
            "a@example.com\r\nBcc: all@example.com",
            "\"a\"@example.com",
            ".a@example.com",
            "a,b@example.com",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad}");
        }
        let shown = format!("{:?}", "ops@example.com".parse::<EmailAddress>().expect("an address"));
        assert_eq!(shown, "****@example.com");
    }
}
