//! Effects as the API shows them: what is to be done outside, never with what.

use callplane_proto::v1 as pb;
use uuid::Uuid;

use crate::{
    domain::{
        account::Account,
        call::Call,
        error::{Error, Result},
        id::{AccountId, CallId, NotificationId, PhoneNumberId},
        monitor::Monitor,
        notification::Notification,
        phone_number::PhoneNumber,
    },
    rpc::{read, show},
    store::{Kept, effect::State, entity::effect::Model as Row, word},
};

/// Reads the state a list is narrowed to.
pub fn state(number: i32) -> Result<Option<State>> {
    Ok(match read::member::<pb::EffectState>("state", number)? {
        pb::EffectState::Unspecified => None,
        pb::EffectState::Ready => Some(State::Ready),
        pb::EffectState::Leased => Some(State::Leased),
        pb::EffectState::Done => Some(State::Done),
        pb::EffectState::Dead => Some(State::Dead),
    })
}

/// Reads what a list is narrowed to: whatever has effects.
pub fn resource(text: &str) -> Result<Option<Uuid>> {
    if text.is_empty() {
        return Ok(None);
    }
    let account = text.parse().map(|id: AccountId| id.uuid());
    let number = text.parse().map(|id: PhoneNumberId| id.uuid());
    let call = text.parse().map(|id: CallId| id.uuid());
    let notification = text.parse().map(|id: NotificationId| id.uuid());
    let known = account.or(number).or(call).or(notification);
    known.map(Some).map_err(|_: Error| {
        Error::invalid("resource_id", "expected the id of an account, a number, a call or a notification")
    })
}

/// Shows one.
pub fn shown(row: Row) -> Result<pb::Effect> {
    let state = match word("effect.state", &row.state)? {
        State::Ready => pb::EffectState::Ready,
        State::Leased => pb::EffectState::Leased,
        State::Done => pb::EffectState::Done,
        State::Dead => pb::EffectState::Dead,
    };
    Ok(pb::Effect {
        id: row.id.to_string(),
        resource_id: named(&row.machine, row.machine_id),
        kind: row.kind,
        state: state.into(),
        attempt: show::count(row.attempt),
        run_time: Some(show::moment(row.run_time)),
        last_error: row.last_error,
        create_time: Some(show::moment(row.create_time)),
    })
}

fn named(machine: &str, id: Uuid) -> String {
    match machine {
        Account::MACHINE => AccountId::from_uuid(id).to_string(),
        PhoneNumber::MACHINE => PhoneNumberId::from_uuid(id).to_string(),
        Monitor::MACHINE => AccountId::from_uuid(id).to_string(),
        Call::MACHINE => CallId::from_uuid(id).to_string(),
        Notification::MACHINE => NotificationId::from_uuid(id).to_string(),
        // Written by a newer version; the plain id is still better than nothing.
        _ => id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_looked_for_by_the_id_of_whatever_has_some() {
        let id = Uuid::from_u128(7);
        for text in [AccountId::from_uuid(id).to_string(), PhoneNumberId::from_uuid(id).to_string()] {
            assert_eq!(resource(&text).expect("known"), Some(id));
        }
        assert_eq!(resource("").expect("none"), None);
        assert_eq!(resource("wsp_x").expect_err("has none").violations[0].field, "resource_id");
        assert_eq!(named("call", id), CallId::from_uuid(id).to_string());
    }
}
