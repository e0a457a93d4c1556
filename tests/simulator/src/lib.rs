//! A stand-in for Twilio and ElevenLabs: their REST APIs with state, signed webhooks, scripted
//! people on the line, a ledger of what really happened, fault scripts and a movable clock.
//!
//! Tests start one in their own process with [`Simulator::start`]; other processes are told what to
//! do through the control API under `/sim`, for which [`Client`] has the same methods.

pub mod call;
pub mod client;
pub mod clock;
pub mod control;
pub mod elevenlabs;
pub mod exchange;
pub mod fault;
pub mod handle;
pub mod happened;
pub mod ids;
pub mod ledger;
mod mail;
pub mod script;
pub mod server;
pub mod signature;
pub mod state;
mod table;
pub mod twilio;
pub mod twiml;
pub mod webhook;
pub mod world;

pub use call::inbound::PlaceCall;
pub use call::transcript::{Exchange, OnTheLine, Transcript, Warning};
pub use client::{Client, ClientError};
pub use clock::{Pace, Timestamp};
pub use control::Refusal;
pub use control::record::RecordedCall;
pub use control::seed::{
    AccountChange, NewAccount, NewKey, NewNumber, NumberChange, SeededAccount, SeededKey, SeededNumber,
};
pub use control::seed_elevenlabs::{NewAgent, NewElevenLabsKey, SeededAgent, SeededElevenLabsKey};
pub use fault::{Fault, FaultAction};
pub use handle::{Simulator, SimulatorHandle, SimulatorOptions};
pub use ledger::{Entry, Happened, LedgerFilter};
pub use script::{Act, Answer, Callee, MessageFate, Script, StreamFate};
pub use state::{AccountStatus, Pricing};
pub use twilio::alerts::NewAlert;
pub use twilio::receiving::{InboundMessage, MessageTranscript};
pub use webhook::Kind;
pub use webhook::delivery::{Delivery, DeliveryRule, ReleaseOrder};
