//! Makes the SIDs, tokens and ids of the simulated vendors. The same seed gives the same ids.

use std::sync::atomic::{AtomicU64, Ordering};

use sha1::{Digest, Sha1};

#[derive(Debug)]
pub struct Ids {
    seed: String,
    next: AtomicU64,
}

impl Ids {
    pub fn new(seed: Option<&str>) -> Self {
        let seed = seed.map_or_else(random_seed, str::to_owned);
        Self { seed, next: AtomicU64::new(0) }
    }

    /// Two letters and 32 hex digits, as every Twilio SID.
    pub fn sid(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.hex32())
    }

    /// 32 characters, as an auth token or a key's secret.
    pub fn token(&self) -> String {
        self.hex32()
    }

    /// An opaque id of ElevenLabs, such as `agent_…`.
    pub fn opaque(&self, prefix: &str) -> String {
        format!("{prefix}_{}", &self.hex32()[..26])
    }

    /// A UUID in form, for the idempotency token of a webhook.
    pub fn uuid(&self) -> String {
        let hex = self.hex32();
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    fn hex32(&self) -> String {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let digest = Sha1::digest(format!("{}/{n}", self.seed));
        hex::encode(&digest[..16])
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that makes a random seed")]
fn random_seed() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_has_its_prefix_and_32_hex_digits() {
        let sid = Ids::new(None).sid("AC");
        assert_eq!(sid.len(), 34);
        assert!(sid.starts_with("AC") && sid[2..].bytes().all(|b| b.is_ascii_hexdigit()));
    }

    #[test]
    fn the_same_seed_gives_the_same_ids_in_the_same_order() {
        let (one, two) = (Ids::new(Some("s")), Ids::new(Some("s")));
        assert_eq!([one.sid("CA"), one.token()], [two.sid("CA"), two.token()]);
        assert_ne!(one.token(), one.token());
    }
}
