//! Contacts: people whom a workspace reaches by phone, by mail or both. `Debug` shows nothing of a person.

pub mod language;

use std::fmt;

use super::{
    e164::E164,
    email::EmailAddress,
    error::{Error, Result},
    id::{ContactId, WorkspaceId},
    time::Timestamp,
    zone::Zone,
};

pub use language::Language;

/// Somebody whom a workspace reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The id.
    pub id: ContactId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// What is known of them.
    pub profile: Profile,
    /// Counts changes.
    pub version: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
}

/// What is known of a contact.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// What people call them.
    pub display_name: String,
    /// Their number.
    pub phone_number: Option<E164>,
    /// Their address.
    pub email: Option<EmailAddress>,
    /// The language they are spoken to in.
    pub language: Language,
    /// Where their clock is.
    pub time_zone: Option<Zone>,
    /// The caller's own key; empty for none.
    pub external_id: String,
}

impl Profile {
    /// Refuses somebody who cannot be reached.
    pub fn check(&self) -> Result<()> {
        match (&self.phone_number, &self.email) {
            (None, None) => {
                Err(Error::invalid("phone_number", "expected a phone number, or an e-mail address, or both"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Profile");
        shown.field("phone_number", &self.phone_number).field("email", &self.email);
        shown.field("language", &self.language).field("time_zone", &self.time_zone).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Profile {
        Profile {
            display_name: "Ann Canary".into(),
            phone_number: Some("+15005550006".parse().expect("E.164")),
            email: Some("ann@example.com".parse().expect("an address")),
            language: Language::default(),
            time_zone: None,
            external_id: "crm-4711".into(),
        }
    }

    #[test]
    fn somebody_has_a_number_or_an_address() {
        assert!(ann().check().is_ok());
        assert!(Profile { email: None, ..ann() }.check().is_ok());
        assert!(Profile { phone_number: None, ..ann() }.check().is_ok());
        let nowhere = Profile { phone_number: None, email: None, ..ann() };
        assert_eq!(nowhere.check().expect_err("not to be reached").violations[0].field, "phone_number");
    }

    #[test]
    fn a_profile_does_not_show_who_it_is() {
        let shown = format!("{:?}", ann());
        for hidden in ["Canary", "+1500", "ann@", "crm"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
