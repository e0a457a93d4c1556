//! Samples for the tests of this crate.

use uuid::Uuid;

use super::{
    agent::{Agent, AgentState, Announcement, Endpoint},
    call::{Call, Fact, NewCall, What, merge},
    id::{AccountId, AgentId, CallId, PhoneNumberId, WorkspaceId},
    sid::CallSid,
    time::Timestamp,
};

/// A moment, RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("RFC 3339")
}

/// A CallSid that ends with `number`.
pub fn call_sid(number: u128) -> CallSid {
    format!("CA{number:032x}").parse().expect("34 characters")
}

/// The id of the agent with this number.
pub fn agent_id(number: u128) -> AgentId {
    AgentId::from_uuid(Uuid::from_u128(number))
}

/// An agent that takes calls and says its number.
pub fn agent(number: u128) -> Agent {
    Agent {
        id: agent_id(number),
        workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
        display_name: format!("Agent {number}"),
        state: AgentState::Active,
        endpoint: Endpoint::Announcement(Announcement { text: number.to_string(), ..Announcement::default() }),
        fallback_agent_id: None,
        version: 1,
        create_time: at("2026-01-01T00:00:00Z"),
        update_time: at("2026-01-01T00:00:00Z"),
        own_number: None,
    }
}

/// What a row needs.
pub fn new_call() -> NewCall {
    NewCall {
        id: CallId::from_uuid(Uuid::from_u128(7)),
        workspace_id: WorkspaceId::from_uuid(Uuid::nil()),
        account_id: AccountId::from_uuid(Uuid::nil()),
        phone_number_id: Some(PhoneNumberId::from_uuid(Uuid::from_u128(5))),
    }
}

/// A call that just came in.
pub fn call() -> Call {
    let received = Fact {
        from: "+493012345678".into(),
        to: "+15005550006".into(),
        status: Some(super::call::Status::Ringing),
        ..Fact::bare(What::Received, call_sid(1), at("2026-08-04T09:00:00Z"))
    };
    merge(None, &received, &new_call()).call
}

/// A rung for the person, without a window of its own.
pub fn rung(channel: super::ladder::Channel, offset: i64) -> super::ladder::Rung {
    super::ladder::Rung {
        offset,
        channel,
        target: super::ladder::Target::Person,
        script: super::ladder::Script::default(),
        window: None,
        redials: 0,
        reached: super::ladder::Reached::Acknowledged,
        at_any_hour: false,
    }
}
