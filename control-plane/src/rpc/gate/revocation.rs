//! Whether a token was revoked, asked at most once a second per token.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::domain::{
    error::Result,
    id::TokenId,
    time::{Clock, Timestamp},
};

const FRESH: TimeDelta = TimeDelta::seconds(1);
const CAPACITY: usize = 4096;

/// Knows which tokens were revoked. The store does.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Whether the token was revoked. A token without a record counts as revoked.
    async fn is_revoked(&self, token: TokenId) -> Result<bool>;
}

/// Remembers answers for a second. An error is not remembered.
pub(super) struct Cached {
    source: Arc<dyn Revocations>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<TokenId, (Timestamp, bool)>>,
}

impl Cached {
    pub(super) fn new(source: Arc<dyn Revocations>, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, known: Mutex::default() }
    }

    pub(super) async fn is_revoked(&self, token: TokenId) -> Result<bool> {
        // The time of asking, so that an answer that took long is not older than it looks.
        let now = self.clock.now();
        if let Some(revoked) = self.fresh(token, now) {
            return Ok(revoked);
        }
        let revoked = self.source.is_revoked(token).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.retain(|_, (asked, _)| now - *asked < FRESH);
        }
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(token, (now, revoked));
        Ok(revoked)
    }

    fn fresh(&self, token: TokenId, now: Timestamp) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&token).filter(|(asked, _)| now - *asked < FRESH).map(|(_, revoked)| *revoked)
    }
}
