//! Rotation, the pure part. A new master key rewraps data keys and leaves values alone; a new data key reseals values.

use uuid::Uuid;

use super::{
    envelope,
    fault::Fault,
    master::{MasterKeys, Wrapped},
};
use crate::domain::id::WorkspaceId;

impl MasterKeys {
    /// Whether a data key wrapped with `master_key_id` should be wrapped anew.
    pub fn needs_rewrap(&self, master_key_id: &str) -> bool {
        master_key_id != self.active_id()
    }

    /// The data key wrapped with the active master key; `None` when it already is.
    pub fn rewrap(&self, workspace: WorkspaceId, data_key: Uuid, bytes: &[u8]) -> Result<Option<Wrapped>, Fault> {
        if envelope::key_id(bytes)? == self.active().digest {
            return Ok(None);
        }
        self.unwrap(workspace, data_key, bytes).map(|key| Some(self.wrap(&key)))
    }
}

/// The data key that sealed a value.
pub fn data_key_id(sealed: &[u8]) -> Result<Uuid, Fault> {
    envelope::key_id(sealed).map(Uuid::from_bytes)
}

/// Whether a value should be opened with its own data key and sealed with the active one.
pub fn needs_reseal(sealed: &[u8], active_data_key: Uuid) -> Result<bool, Fault> {
    data_key_id(sealed).map(|id| id != active_data_key)
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use super::*;
    use crate::secret::{DataKey, Place};

    const PLACE: Place = Place { table: "account", row: Uuid::from_u128(5), column: "auth_token" };

    fn masters(text: &str) -> MasterKeys {
        MasterKeys::from_setting(text).expect("valid")
    }

    #[test]
    fn a_new_master_key_rewraps_data_keys_and_values_stay() {
        let (old_text, new_text) = ("11".repeat(32), "22".repeat(32));
        let (old, both, new) = (masters(&old_text), masters(&format!("{new_text},{old_text}")), masters(&new_text));
        let key = DataKey::generate(Uuid::from_u128(7), WorkspaceId::from_uuid(Uuid::from_u128(1)));
        let (wrapped, sealed) = (old.wrap(&key), key.seal(&PLACE, &SecretString::from("token")));

        assert!(both.needs_rewrap(&wrapped.master_key_id));
        let rewrapped = both.rewrap(key.workspace(), key.id(), &wrapped.bytes).expect("opens").expect("is old");
        assert!(!both.needs_rewrap(&rewrapped.master_key_id));
        assert_eq!(both.rewrap(key.workspace(), key.id(), &rewrapped.bytes), Ok(None));
        let key = new.unwrap(key.workspace(), key.id(), &rewrapped.bytes).expect("the old key is not needed any more");
        assert_eq!(key.open(&PLACE, &sealed).expect("untouched").expose_secret(), "token");
    }

    #[test]
    fn a_new_data_key_asks_for_values_to_be_resealed_once() {
        let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
        let (old, new) =
            (DataKey::generate(Uuid::from_u128(7), workspace), DataKey::generate(Uuid::from_u128(8), workspace));
        let sealed = old.seal(&PLACE, &SecretString::from("token"));
        assert_eq!(needs_reseal(&sealed, new.id()), Ok(true));
        let resealed = new.seal(&PLACE, &old.open(&PLACE, &sealed).expect("own key"));
        assert_eq!(needs_reseal(&resealed, new.id()), Ok(false));
        assert_eq!(data_key_id(&resealed), Ok(new.id()));
        assert_eq!(needs_reseal(&[], new.id()), Err(Fault::Truncated));
    }
}
