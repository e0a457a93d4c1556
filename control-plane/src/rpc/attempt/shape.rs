//! Attempts as messages.

use callplane_proto::v1 as pb;

use crate::{
    domain::{
        attempt::{Attempt, Ending, Pricing, State},
        error::Result,
        guard::{Check, Guard, Verdict},
        ladder::Channel,
        money::{Currency, Money},
    },
    rpc::{read::member, show},
};

/// An attempt, as people see it.
pub fn shown(attempt: Attempt) -> pb::Attempt {
    let state = shown_state(attempt.state());
    let cost = Money { currency: Currency::USD, micros: attempt.cost_micros };
    let (incident_id, step_number) = match attempt.step {
        Some((incident, number)) => (incident.to_string(), i32::try_from(number).unwrap_or(i32::MAX)),
        None => (String::new(), 0),
    };
    pb::Attempt {
        id: attempt.id.to_string(),
        channel: shown_channel(attempt.channel).into(),
        to: attempt.to.as_str().to_owned(),
        from_number: attempt.from.map(String::from).unwrap_or_default(),
        contact_id: show::id_or_empty(attempt.contact_id),
        incident_id,
        step_number,
        account_id: show::id_or_empty(attempt.account_id),
        phone_number_id: show::id_or_empty(attempt.phone_number_id),
        state: state.into(),
        ending: shown_ending(attempt.ending).into(),
        reason: attempt.reason,
        error: attempt.error,
        error_code: attempt.error_code,
        checks: shown_verdict(&attempt.verdict),
        call_id: show::id_or_empty(attempt.call_id),
        message_id: show::id_or_empty(attempt.message_id),
        vendor_sid: attempt.vendor_sid,
        key: attempt.heard.key,
        answered_by: attempt.heard.answered_by,
        tries: i32::try_from(attempt.tries).unwrap_or(i32::MAX),
        simulated: attempt.simulated,
        cost: Some(show::money(cost)),
        cost_is_known: attempt.pricing == Pricing::Known,
        begin_time: attempt.begin_time.map(show::moment),
        end_time: attempt.end_time.map(show::moment),
        etag: show::etag(attempt.version),
        create_time: Some(show::moment(attempt.create_time)),
        update_time: Some(show::moment(attempt.update_time)),
    }
}

/// What every rule said.
pub fn shown_verdict(verdict: &Verdict) -> Vec<pb::GuardCheck> {
    verdict.checks.iter().map(shown_check).collect()
}

fn shown_check(check: &Check) -> pb::GuardCheck {
    pb::GuardCheck { guard: shown_guard(check.guard).into(), passed: check.passed, saw: check.saw.clone() }
}

fn shown_guard(guard: Guard) -> pb::Guard {
    match guard {
        Guard::Incident => pb::Guard::Incident,
        Guard::Address => pb::Guard::Address,
        Guard::EmergencyStop => pb::Guard::EmergencyStop,
        Guard::Window => pb::Guard::Window,
        Guard::CallLimit => pb::Guard::CallLimit,
        Guard::DoNotCall => pb::Guard::DoNotCall,
        Guard::Destination => pb::Guard::Destination,
        Guard::Consent => pb::Guard::Consent,
        Guard::CallingHours => pb::Guard::CallingHours,
        Guard::Frequency => pb::Guard::Frequency,
        Guard::Volume => pb::Guard::Volume,
        Guard::Budget => pb::Guard::Budget,
        Guard::Sender => pb::Guard::Sender,
        Guard::Rate => pb::Guard::Rate,
        Guard::DncChecker => pb::Guard::DncChecker,
    }
}

/// A way to reach somebody.
pub fn shown_channel(channel: Channel) -> pb::Channel {
    match channel {
        Channel::Voice => pb::Channel::Voice,
        Channel::Sms => pb::Channel::Sms,
        Channel::Whatsapp => pb::Channel::Whatsapp,
        Channel::Email => pb::Channel::Email,
    }
}

/// A way to reach somebody, if one is named.
pub fn read_channel(field: &str, number: i32) -> Result<Option<Channel>> {
    Ok(match member::<pb::Channel>(field, number)? {
        pb::Channel::Unspecified => None,
        pb::Channel::Voice => Some(Channel::Voice),
        pb::Channel::Sms => Some(Channel::Sms),
        pb::Channel::Whatsapp => Some(Channel::Whatsapp),
        pb::Channel::Email => Some(Channel::Email),
    })
}

/// How a try ended.
pub fn shown_ending(ending: Option<Ending>) -> pb::AttemptEnding {
    match ending {
        None => pb::AttemptEnding::Unspecified,
        Some(Ending::Answered) => pb::AttemptEnding::Answered,
        Some(Ending::NoKey) => pb::AttemptEnding::NoKey,
        Some(Ending::NoAnswer) => pb::AttemptEnding::NoAnswer,
        Some(Ending::Busy) => pb::AttemptEnding::Busy,
        Some(Ending::Machine) => pb::AttemptEnding::Machine,
        Some(Ending::Fax) => pb::AttemptEnding::Fax,
        Some(Ending::Sent) => pb::AttemptEnding::Sent,
        Some(Ending::Delivered) => pb::AttemptEnding::Delivered,
        Some(Ending::Undelivered) => pb::AttemptEnding::Undelivered,
        Some(Ending::Failed) => pb::AttemptEnding::Failed,
        Some(Ending::Withdrawn) => pb::AttemptEnding::Withdrawn,
        Some(Ending::Expired) => pb::AttemptEnding::Expired,
        Some(Ending::Unknown) => pb::AttemptEnding::Unknown,
        Some(Ending::Simulated) => pb::AttemptEnding::Simulated,
    }
}

fn shown_state(state: State) -> pb::AttemptState {
    match state {
        State::Waiting => pb::AttemptState::Waiting,
        State::Creating => pb::AttemptState::Creating,
        State::Doubtful => pb::AttemptState::Doubtful,
        State::Placed => pb::AttemptState::Placed,
        State::Ending => pb::AttemptState::Ending,
        State::Over => pb::AttemptState::Over,
    }
}

/// Where an attempt stands, if that is asked for.
pub fn read_state(number: i32) -> Result<Option<State>> {
    Ok(match member::<pb::AttemptState>("state", number)? {
        pb::AttemptState::Unspecified => None,
        pb::AttemptState::Waiting => Some(State::Waiting),
        pb::AttemptState::Creating => Some(State::Creating),
        pb::AttemptState::Doubtful => Some(State::Doubtful),
        pb::AttemptState::Placed => Some(State::Placed),
        pb::AttemptState::Ending => Some(State::Ending),
        pb::AttemptState::Over => Some(State::Over),
    })
}
