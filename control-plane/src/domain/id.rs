//! Ids that say what they are: TypeIDs, a prefix and a UUIDv7 in Crockford's base 32, such as `num_01j9…`.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{error::Error, time::Ids};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// What an id names.
pub trait Noun {
    /// The prefix, without the underscore.
    const PREFIX: &'static str;
    /// What a person calls it.
    const NAME: &'static str;
}

macro_rules! nouns {
    ($($noun:ident / $alias:ident = $prefix:literal, $name:literal;)+) => {$(
        #[doc = concat!("Marks the id of a ", $name, ".")]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $noun;
        impl Noun for $noun {
            const PREFIX: &'static str = $prefix;
            const NAME: &'static str = $name;
        }
        #[doc = concat!("The id of a ", $name, ".")]
        pub type $alias = Id<$noun>;
    )+};
}

nouns! {
    Workspace / WorkspaceId = "wsp", "workspace";
    Token / TokenId = "tok", "token";
    Account / AccountId = "acc", "account";
    PhoneNumber / PhoneNumberId = "num", "phone number";
    Agent / AgentId = "agt", "agent";
    RoutePlan / RoutePlanId = "rtp", "route plan";
    Call / CallId = "call", "call";
    CallEvent / CallEventId = "cev", "call event";
    Recording / RecordingId = "rec", "recording";
    Voicemail / VoicemailId = "vml", "voicemail";
    Message / MessageId = "msg", "message";
    Contact / ContactId = "con", "contact";
    Consent / ConsentId = "cns", "consent";
    DncEntry / DncEntryId = "dnc", "do-not-call entry";
    Meeting / MeetingId = "mtg", "meeting";
    CalendarFeed / CalendarFeedId = "cal", "calendar feed";
    Policy / PolicyId = "pol", "escalation policy";
    Incident / IncidentId = "inc", "incident";
    Attempt / AttemptId = "att", "attempt";
    Probe / ProbeId = "prb", "probe";
    Failover / FailoverId = "fov", "failover";
    Move / MoveId = "mov", "move";
    Notification / NotificationId = "ntf", "notification";
    Effect / EffectId = "eff", "effect";
    Event / EventId = "evt", "event";
    Audit / AuditId = "aud", "audit entry";
}

/// A typed id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "K: Noun + Clone")]
pub struct Id<K>(Uuid, PhantomData<K>);

impl<K> Id<K> {
    /// The id with this UUID.
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// A fresh id.
    pub fn fresh(ids: &dyn Ids) -> Self {
        Self::from_uuid(ids.next())
    }

    /// The UUID in it.
    pub fn uuid(&self) -> Uuid {
        self.0
    }
}

impl<K: Noun> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.as_u128();
        let text: String =
            (0..LENGTH).rev().map(|place| char::from(ALPHABET[(number >> (5 * place)) as usize & 31])).collect();
        write!(f, "{}_{text}", K::PREFIX)
    }
}

impl<K: Noun> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Noun> FromStr for Id<K> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("", format!("expected the id of a {}, such as `{}_01jb3y…`", K::NAME, K::PREFIX));
        let body = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or_else(wrong)?;
        // The first of 26 digits carries 3 of the 128 bits, so it is at most 7.
        if body.len() != LENGTH || body.as_bytes()[0] > b'7' {
            return Err(wrong());
        }
        let mut number: u128 = 0;
        for byte in body.bytes() {
            let digit = ALPHABET.iter().position(|known| *known == byte).ok_or_else(wrong)?;
            number = number << 5 | digit as u128;
        }
        Ok(Self::from_uuid(Uuid::from_u128(number)))
    }
}

impl<K: Noun> TryFrom<String> for Id<K> {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl<K: Noun> From<Id<K>> for String {
    fn from(id: Id<K>) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself_and_as_nothing_else() {
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").expect("valid");
        let id = AccountId::from_uuid(uuid);
        // The reference value of the TypeID specification for this UUID.
        assert_eq!(id.to_string(), "acc_01h455vb4pex5vsknk084sn02q");
        assert_eq!(id.to_string().parse::<AccountId>().expect("own form"), id);
        for bad in [
            "num_01h455vb4pex5vsknk084sn02q",
            "acc_01h455vb4pex5vsknk084sn02",
            "acc_81h455vb4pex5vsknk084sn02q",
            "acc_01h455vb4pex5vsknk084sn0_q",
            "",
            "acc",
        ] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }
}
