//! The simulator seen from outside: its vendors over HTTP, its webhooks at a real listener.

mod host;
mod inbound_calls;
mod messages;
mod outbound;
mod process;
mod rest;
mod steering;
