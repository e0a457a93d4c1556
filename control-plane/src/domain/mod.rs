//! Decisions and the words they are made of. Pure: no I/O, no clock, no database, no wire format.

pub mod e164;
pub mod error;
pub mod id;
pub mod outcome;
pub mod sid;
pub mod telephony;
pub mod time;
