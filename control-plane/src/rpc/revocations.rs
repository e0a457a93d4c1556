//! Tells the gate which tokens still count.

use async_trait::async_trait;

use super::gate::Revocations;
use crate::{
    domain::{error::Result, id::TokenId},
    store::{self, Store},
};

/// Looks the record up; the gate remembers the answer for a second.
pub struct Stored(Store);

impl Stored {
    /// Over this store.
    pub fn new(store: Store) -> Self {
        Self(store)
    }
}

#[async_trait]
impl Revocations for Stored {
    async fn is_revoked(&self, token: TokenId) -> Result<bool> {
        let record = store::token::any(self.0.read(), token).await?;
        Ok(record.is_none_or(|record| record.revoke_time.is_some()))
    }
}
