//! Decisions and the words they are made of. Pure: no I/O, no clock, no database, no wire format.

pub(crate) mod word;

pub mod account;
pub mod agent;
pub mod answer;
pub mod api_base;
pub mod call;
mod calling_code;
pub mod calling_hours;
pub mod checklist;
pub mod consent;
pub mod contact;
pub mod country;
pub mod dnc;
pub mod e164;
pub mod effect;
pub mod email;
pub mod error;
pub mod failover;
pub mod fallback;
pub mod id;
pub mod instruction;
pub mod machine;
pub mod mail;
pub mod message;
pub mod money;
pub mod monitor;
pub mod notification;
pub mod outcome;
pub mod party;
pub mod phone_number;
pub mod pool;
pub mod reconciliation;
pub mod recording;
pub mod route;
#[cfg(test)]
pub(crate) mod sample;
pub mod seconds;
pub mod setback;
pub mod sid;
pub mod telephony;
pub mod time;
pub mod voicemail;
pub mod webhook;
pub mod webhooks;
pub mod workspace;
pub mod zone;
