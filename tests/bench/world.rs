//! The accounts, numbers and calls of the bench: the same in every process, so that none has to tell another.

use std::sync::atomic::{AtomicU64, Ordering};

/// Accounts, each with a token of its own.
pub const ACCOUNTS: usize = 100;
/// Numbers, spread evenly over the accounts.
pub const NUMBERS: usize = 1000;
/// What Twilio calls the edge by; every signature begins with it.
pub const PUBLIC_URL: &str = "https://calls.example.com";
/// The master key of every control plane of the bench.
pub const ENCRYPTION_KEY: &str = "5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c";
/// The voice server of every agent.
pub const VOICE_SERVER: &str = "wss://voice.example.com/stream";

/// The SID of an account.
pub fn account_sid(account: usize) -> String {
    format!("AC{account:032x}")
}

/// Its auth token.
pub fn auth_token(account: usize) -> String {
    format!("{:032x}", 0x5eed_0000_0000_0000_u128 + account as u128)
}

/// The account that owns a number.
pub fn owner(number: usize) -> usize {
    number % ACCOUNTS
}

/// A number in E.164, of a range kept for fiction.
pub fn e164(number: usize) -> String {
    format!("+1555{:07}", 1_000_000 + number)
}

/// Hands out calls, each with a SID that was never used before in this run.
pub struct Exchange {
    next: AtomicU64,
}

/// A call that is about to be made.
pub struct Call {
    /// Its SID.
    pub sid: String,
    /// The number that is called.
    pub number: usize,
    /// Who calls.
    pub caller: String,
}

impl Exchange {
    /// Calls with SIDs of their own: two exchanges never hand out the same one.
    pub fn new(exchange: u32) -> Self {
        Self { next: AtomicU64::new(u64::from(exchange) << 40) }
    }

    /// The next call.
    pub fn call(&self) -> Call {
        self.numbered_call().1
    }

    /// The next call and its turn.
    pub fn numbered_call(&self) -> (u64, Call) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        // An odd factor scatters SIDs and callers as real ones are, and keeps them distinct.
        let scattered = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let call = Call {
            sid: format!("CA{scattered:016x}{turn:016x}"),
            number: usize::try_from(scattered >> 32).unwrap_or_default() % NUMBERS,
            caller: format!("+1818{:07}", 2_000_000 + turn % 7_000_000),
        };
        (turn, call)
    }
}
