//! One file a table: the entity and nothing else.

pub mod account;
pub mod agent;
pub mod audit;
pub mod audit_head;
pub mod call;
pub mod call_event;
pub mod data_key;
pub mod effect;
pub mod event;
pub mod event_head;
pub mod heartbeat;
pub mod key_check;
pub mod message;
pub mod phone_number;
pub mod reconciliation;
pub mod recording;
pub mod replay;
pub mod route_plan;
pub mod route_plan_agent;
pub mod secret;
pub mod stream_token;
pub mod token;
pub mod voicemail;
pub mod workspace;
