//! Every sentence that an edge says of its own accord: all of them while no control plane answers, or after an answer that
//! cannot be used.

/// To whoever calls and gets no answer that can be used.
pub const APOLOGY: &str = "We are sorry, we cannot take your call at the moment. Please try again later.";
/// To whoever is held.
pub const ONE_MOMENT: &str = "One moment please.";
/// To whoever was held often enough and had pressed a key.
pub const KEY_NOT_TAKEN: &str = "We are sorry, the key you pressed could not be taken. Goodbye.";
/// To whoever was held often enough and had pressed nothing.
pub const NOT_CONNECTED: &str = "We are sorry, this call cannot go on at the moment. Goodbye.";
