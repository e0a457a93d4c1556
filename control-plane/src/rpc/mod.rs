//! What listens: who may call, is the request well-formed, what each method reads and shows, and how an error reads on
//! the wire.

pub mod account;
pub mod agent;
pub mod attempt;
pub mod audit;
pub mod calendar;
pub mod call;
pub mod consent;
pub mod contact;
pub mod dnc;
pub mod edge;
pub mod escalation_policy;
pub mod event;
pub mod failover;
pub mod gate;
pub mod incident;
pub mod mask;
pub mod meeting;
pub mod message;
pub mod monitor;
pub mod notification;
pub mod observe;
pub mod outbound;
pub mod paging;
pub mod phone_number;
pub mod read;
pub mod revocations;
pub mod route_plan;
pub mod services;
pub mod show;
pub mod spoken;
pub mod status;
pub mod system;
pub mod token;
pub mod validate;
pub mod voicemail;
pub mod watch;
pub mod workspace;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
