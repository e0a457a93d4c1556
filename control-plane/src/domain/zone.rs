//! An IANA time zone that is known to exist, kept by its name.

use std::{fmt, str::FromStr};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::error::Error;

/// A time zone such as `Europe/Berlin`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Its name.
    pub fn as_str(&self) -> &'static str {
        self.0.name()
    }

    /// Its rules.
    pub fn tz(self) -> Tz {
        self.0
    }
}

impl FromStr for Zone {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::invalid("", "expected an IANA time zone such as `Europe/Berlin` or `UTC`");
        text.parse().map(Self).map_err(|_| unknown())
    }
}

impl TryFrom<String> for Zone {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.as_str().to_owned()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_kept_by_its_name_and_an_unknown_one_is_refused() {
        let berlin: Zone = "Europe/Berlin".parse().expect("known");
        assert_eq!(serde_json::to_string(&berlin).expect("plain"), "\"Europe/Berlin\"");
        assert_eq!(serde_json::from_str::<Zone>("\"Europe/Berlin\"").expect("own form"), berlin);
        for bad in ["", "Europe/Berln", "europe/berlin", "+02:00", "CEST"] {
            assert!(bad.parse::<Zone>().is_err(), "{bad}");
        }
    }
}
