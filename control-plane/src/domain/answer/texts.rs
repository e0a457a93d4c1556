//! Every sentence that we say of our own accord. What people configure is said instead where they did.

/// Before the beep.
pub const GREETING: &str = "Nobody can take your call right now. Please leave a message after the tone.";
/// After a voicemail.
pub const THANKS: &str = "Thank you for your message. Goodbye.";
/// To callers of a number that nobody registered.
pub const NOT_IN_SERVICE: &str =
    "The number you have called is not in service. Please check the number and try again. Goodbye.";
/// When our first answer could not be used and there is no number to leave a message for.
pub const APOLOGY: &str = "We are sorry, we cannot take your call right now. Please try again later. Goodbye.";
/// When somebody pressed a key or spoke, and nothing waits for it.
pub const NOTHING_ASKED: &str = "We are sorry, we did not understand. Please call again. Goodbye.";
