//! What protects secrets: master keys, data keys, sealed values, and what is derived from them. Pure: which row holds
//! which bytes, and the loops that rotate them, are the store's and the worker's.

pub mod cursor;
mod data_key;
mod envelope;
mod fault;
mod key_check;
mod master;
mod rotation;
pub mod stream_token;
mod verifier;

pub use cursor::{Cursors, Listing};
pub use data_key::{DataKey, Place};
pub use fault::Fault;
pub use key_check::KeyCheck;
pub use master::{MasterKeys, Wrapped, generate_master_key};
pub use rotation::{data_key_id, needs_reseal};
pub use stream_token::{StreamGrant, StreamTokens};
pub use verifier::{HmacSha1States, hmac_states};
