//! The key check: a constant sealed with a master key and stored beside the data, so that a wrong or missing master key
//! stops start-up with one clear line. Storing it is the store's.

use super::{
    envelope::{self, bound_to},
    master::MasterKeys,
};
use crate::domain::error::{Error, Kind, Result};

const CONSTANT: &[u8] = b"callplane";

/// A row of `key_check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCheck {
    /// The master key that sealed it.
    pub master_key_id: String,
    /// The sealed constant.
    pub sealed: Vec<u8>,
}

impl KeyCheck {
    /// A check of the active key, to store if there is none for it yet.
    pub fn make(keys: &MasterKeys) -> Self {
        let master = keys.active();
        let sealed = envelope::seal(&master.key, master.digest, &place(), CONSTANT);
        Self { master_key_id: master.id(), sealed }
    }

    /// Fails with the line to print unless every stored check opens. The store deletes the check of an old key once no
    /// data key is wrapped with it.
    pub fn verify(keys: &MasterKeys, stored: &[Self]) -> Result<()> {
        for check in stored {
            check.verify_one(keys).map_err(|line| Error::new(Kind::FailedPrecondition, "MASTER_KEY", line))?;
        }
        Ok(())
    }

    fn verify_one(&self, keys: &MasterKeys) -> std::result::Result<(), String> {
        let id = &self.master_key_id;
        if !keys.ids().contains(id) {
            return Err(format!(
                "the database was sealed with master key {id}, but CALLPLANE_ENCRYPTION_KEY has {}: add the missing key \
                 after a comma",
                keys.ids().join(", "),
            ));
        }
        let opened = keys.named_in(&self.sealed).and_then(|master| envelope::open(&master.key, &place(), &self.sealed));
        match opened {
            Ok(constant) if constant.as_slice() == CONSTANT => Ok(()),
            _ => Err(format!("the key check of master key {id} was changed or belongs to another key of the same id")),
        }
    }
}

fn place() -> Vec<u8> {
    bound_to(&[b"callplane/key-check/v1"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &[&str]) -> MasterKeys {
        MasterKeys::from_setting(&text.iter().map(|part| part.repeat(32)).collect::<Vec<_>>().join(",")).expect("valid")
    }

    #[test]
    fn the_right_key_passes_and_an_empty_database_takes_any() {
        let check = KeyCheck::make(&keys(&["11"]));
        assert!(KeyCheck::verify(&keys(&["11"]), &[check]).is_ok());
        assert!(KeyCheck::verify(&keys(&["22"]), &[]).is_ok());
    }

    #[test]
    fn a_wrong_key_is_one_line_that_names_the_ids_and_the_fix() {
        let (right, wrong) = (keys(&["11"]), keys(&["22"]));
        let error = KeyCheck::verify(&wrong, &[KeyCheck::make(&right)]).expect_err("wrong");
        for part in [right.active_id(), wrong.active_id(), "CALLPLANE_ENCRYPTION_KEY".to_owned()] {
            assert!(error.message.contains(&part), "{error}");
        }
        assert!(!error.message.contains('\n') && !error.message.contains("2222"), "{error}");
    }

    #[test]
    fn during_a_rotation_both_checks_must_open() {
        let (old, new) = (keys(&["11"]), keys(&["22"]));
        let stored = [KeyCheck::make(&old), KeyCheck::make(&new)];
        assert!(KeyCheck::verify(&keys(&["22", "11"]), &stored).is_ok());
        assert!(KeyCheck::verify(&new, &stored).is_err());
    }

    #[test]
    fn a_changed_check_is_noticed() {
        let keys = keys(&["11"]);
        let mut check = KeyCheck::make(&keys);
        *check.sealed.last_mut().expect("not empty") ^= 1;
        assert!(KeyCheck::verify(&keys, &[check]).is_err());
    }
}
