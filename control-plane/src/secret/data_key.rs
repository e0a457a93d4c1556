//! Data keys: one active per workspace, sealing the workspace's secrets. A value opens only in the place it was sealed for.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::Zeroize;

use super::{
    envelope::{self, Key, bound_to},
    fault::Fault,
};
use crate::domain::id::WorkspaceId;

/// Where a sealed value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The owner's table, such as `account`.
    pub table: &'static str,
    /// The owner's id.
    pub row: Uuid,
    /// What the value is for, such as `auth_token`.
    pub column: &'static str,
}

/// The key that seals the secrets of one workspace. Wiped when dropped.
pub struct DataKey {
    id: Uuid,
    workspace: WorkspaceId,
    key: Key,
}

impl DataKey {
    /// A fresh key.
    pub fn generate(id: Uuid, workspace: WorkspaceId) -> Self {
        Self::new(id, workspace, envelope::fresh_key())
    }

    pub(super) fn new(id: Uuid, workspace: WorkspaceId, key: Key) -> Self {
        Self { id, workspace, key }
    }

    /// Its id, which every value it seals carries.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The workspace it belongs to.
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.key[..]
    }

    /// Seals a secret for one place.
    pub fn seal(&self, place: &Place, secret: &SecretString) -> Vec<u8> {
        envelope::seal(&self.key, self.id.into_bytes(), &self.bind(place), secret.expose_secret().as_bytes())
    }

    /// Opens what was sealed for this place. Use it and drop it; plaintext is not kept.
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<SecretString, Fault> {
        let needed = Uuid::from_bytes(envelope::key_id(sealed)?);
        if needed != self.id {
            return Err(Fault::WrongDataKey { needed, given: self.id });
        }
        let mut plain = envelope::open(&self.key, &self.bind(place), sealed)?;
        match String::from_utf8(std::mem::take(&mut *plain)) {
            Ok(text) => Ok(SecretString::from(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(Fault::NotText)
            }
        }
    }

    fn bind(&self, place: &Place) -> Vec<u8> {
        let Place { table, row, column } = place;
        let workspace = self.workspace.uuid();
        bound_to(&[b"callplane/value/v1", workspace.as_bytes(), table.as_bytes(), row.as_bytes(), column.as_bytes()])
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> Place {
        Place { table: "account", row: Uuid::from_u128(5), column: "auth_token" }
    }

    fn key() -> DataKey {
        DataKey::generate(Uuid::from_u128(7), WorkspaceId::from_uuid(Uuid::from_u128(1)))
    }

    #[test]
    fn the_same_secret_never_seals_to_the_same_bytes_and_never_shows() {
        let (key, secret) = (key(), SecretString::from("0123456789abcdef0123456789abcdef"));
        let (one, two) = (key.seal(&place(), &secret), key.seal(&place(), &secret));
        assert_ne!(one, two);
        for sealed in [one, two] {
            assert!(!sealed.windows(8).any(|window| window == b"01234567"));
        }
        assert!(!format!("{key:?}").contains(&hex::encode(key.bytes())));
    }

    #[test]
    fn each_fault_says_which_it_is() {
        let (key, secret) = (key(), SecretString::from("token"));
        let sealed = key.seal(&place(), &secret);
        let other = DataKey::generate(Uuid::from_u128(8), key.workspace());
        let wrong = Fault::WrongDataKey { needed: key.id(), given: other.id() };
        assert_eq!(other.open(&place(), &sealed).err(), Some(wrong));
        for cut in 0..sealed.len() {
            assert_eq!(key.open(&place(), &sealed[..cut]).err(), Some(Fault::Truncated), "{cut}");
        }
        let longer = [&sealed[..], b"x"].concat();
        assert_eq!(key.open(&place(), &longer).err(), Some(Fault::Tampered));
        assert_eq!(key.open(&place(), &[9; 80]).err(), Some(Fault::UnknownVersion(9)));
        // The same id with other bytes: somebody exchanged the key itself.
        let forged = DataKey::generate(key.id(), key.workspace());
        assert_eq!(forged.open(&place(), &sealed).err(), Some(Fault::Tampered));
        let bytes = envelope::seal(&key.key, key.id.into_bytes(), &key.bind(&place()), &[0xff, 0xfe]);
        assert_eq!(key.open(&place(), &bytes).err(), Some(Fault::NotText));
    }

    #[test]
    fn a_value_moved_to_another_workspace_table_row_or_column_does_not_open() {
        let (key, secret) = (key(), SecretString::from("token"));
        let sealed = key.seal(&place(), &secret);
        let elsewhere = DataKey::new(key.id(), WorkspaceId::from_uuid(Uuid::from_u128(2)), key.key.clone());
        assert_eq!(elsewhere.open(&place(), &sealed).err(), Some(Fault::Tampered));
        for moved in [
            Place { table: "agent", ..place() },
            Place { row: Uuid::from_u128(6), ..place() },
            Place { column: "secondary_auth_token", ..place() },
            // The same letters, split elsewhere.
            Place { table: "accountauth", column: "_token", ..place() },
        ] {
            assert_eq!(key.open(&moved, &sealed).err(), Some(Fault::Tampered), "{moved:?}");
        }
        assert_eq!(key.open(&place(), &sealed).expect("own place").expose_secret(), "token");
    }

    proptest! {
        #[test]
        fn whatever_was_sealed_opens_and_any_flipped_bit_is_noticed(text in ".{0,80}", at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let key = key();
            let mut sealed = key.seal(&place(), &SecretString::from(text.clone()));
            let opened = key.open(&place(), &sealed).expect("own");
            prop_assert_eq!(opened.expose_secret(), &text);
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert!(key.open(&place(), &sealed).is_err());
        }

        #[test]
        fn any_other_place_fails(row in 0..1000u128, column in 0..3usize, table in 0..3usize) {
            let key = key();
            let sealed = key.seal(&place(), &SecretString::from("token"));
            let moved = Place {
                table: ["account", "agent", "number"][table],
                row: Uuid::from_u128(row),
                column: ["auth_token", "api_key_secret", ""][column],
            };
            prop_assert_eq!(key.open(&moved, &sealed).is_ok(), moved == place());
        }

        #[test]
        fn bytes_that_were_never_sealed_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            prop_assert!(key().open(&place(), &bytes).is_err());
        }
    }
}
