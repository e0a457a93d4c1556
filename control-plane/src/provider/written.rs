//! What was written without a vendor: webhooks, and imports of the agent vendor; calls and messages are in `sent`. Reads back as a vendor would show it, so
//! that whatever follows a write goes the way it would.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use super::sent::Sent;
use crate::domain::{
    e164::E164,
    phone_number::attachment::{ImportId, ImportOrder, ImportSeen},
    sid::{AccountSid, PhoneNumberSid},
    telephony::{NumberSeen, Webhooks},
};

/// Where the agent vendor has calls go that come in for an imported number.
const TAKEN_OVER: &str = "https://api.elevenlabs.io/twilio/inbound_call";

/// What was written without a vendor. Shared by the stand-ins of both vendors, because an import changes the number.
#[derive(Default)]
pub struct Written {
    /// Calls and messages.
    pub sent: Sent,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    numbers: HashMap<PhoneNumberSid, NumberSeen>,
    /// Numbers imported after their webhooks were last written.
    taken_over: HashMap<E164, String>,
    /// `None` is deleted.
    imports: BTreeMap<ImportId, Option<ImportSeen>>,
}

impl Written {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes webhooks, and answers as a vendor would.
    pub fn write(&self, seen: &NumberSeen, wanted: &Webhooks) -> NumberSeen {
        let now = NumberSeen { webhooks: wanted.clone(), all_post: true, ..seen.clone() };
        let mut kept = self.kept();
        kept.taken_over.remove(&now.e164);
        kept.numbers.insert(now.sid.clone(), now.clone());
        now
    }

    /// The number with what was written to it.
    pub fn shown(&self, seen: NumberSeen) -> NumberSeen {
        let kept = self.kept();
        let seen = match kept.numbers.get(&seen.sid) {
            Some(written) => NumberSeen { webhooks: written.webhooks.clone(), all_post: written.all_post, ..seen },
            None => seen,
        };
        match kept.taken_over.get(&seen.e164) {
            Some(url) => {
                let webhooks = Webhooks { voice_url: Some(url.clone()), ..seen.webhooks.clone() };
                NumberSeen { webhooks, ..seen }
            }
            None => seen,
        }
    }

    /// The numbers of the account that were written to.
    pub fn of(&self, account: &AccountSid) -> Vec<NumberSeen> {
        let mut numbers: Vec<_> =
            self.kept().numbers.values().filter(|number| number.account_sid == *account).cloned().collect();
        numbers.sort_by(|one, other| one.sid.cmp(&other.sid));
        numbers.into_iter().map(|number| self.shown(number)).collect()
    }

    /// Imports, and takes the number's voice URL over as the vendor does.
    pub fn import(&self, order: &ImportOrder) -> ImportId {
        let id = ImportId(format!("phnum_{}", &hex::encode(Sha256::digest(order.e164.as_str()))[..24]));
        let seen = ImportSeen {
            id: id.clone(),
            e164: order.e164.clone(),
            label: order.label.clone(),
            vendor_agent_id: Some(order.vendor_agent_id.clone()),
            is_twilio: true,
        };
        let mut kept = self.kept();
        kept.taken_over.insert(order.e164.clone(), TAKEN_OVER.to_owned());
        kept.imports.insert(id.clone(), Some(seen));
        id
    }

    /// Puts an import in place of what the vendor has.
    pub fn put_import(&self, seen: ImportSeen) {
        self.kept().imports.insert(seen.id.clone(), Some(seen));
    }

    /// Deletes an import; the voice URL stays, as it may at the vendor.
    pub fn delete_import(&self, id: &ImportId) {
        self.kept().imports.insert(id.clone(), None);
    }

    /// What was written of an import: nothing, that it is deleted, or how it is now.
    pub fn import_of(&self, id: &ImportId) -> Option<Option<ImportSeen>> {
        self.kept().imports.get(id).cloned()
    }

    /// The vendor's imports with what was written to them.
    pub fn imports(&self, theirs: Vec<ImportSeen>) -> Vec<ImportSeen> {
        let kept = self.kept();
        let untouched = theirs.into_iter().filter(|seen| !kept.imports.contains_key(&seen.id));
        untouched.chain(kept.imports.values().flatten().cloned()).collect()
    }
}
