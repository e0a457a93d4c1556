//! A page of a list: what is asked for, and the token of the next one. A token is good for its own list only: the same
//! workspace, method and filters.

use prost::Message;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    domain::{error::Result, id::WorkspaceId},
    flow::Context,
    secret::Listing,
    store::page::Ask,
};

/// A list request, its page taken off.
pub struct Paging<'c> {
    ctx: &'c Context,
    workspace: Option<WorkspaceId>,
    method: &'static str,
    filter: Vec<u8>,
    size: u64,
    token: String,
}

impl<'c> Paging<'c> {
    /// Of a request from which `page_size` and `page_token` were taken: what is left are its filters.
    pub fn of(
        ctx: &'c Context,
        workspace: Option<WorkspaceId>,
        method: &'static str,
        (size, token): (i32, String),
        filters: &impl Message,
    ) -> Self {
        let size = u64::try_from(size).unwrap_or_default();
        Self { ctx, workspace, method, filter: filters.encode_to_vec(), size, token }
    }

    /// What to ask the store for.
    pub fn ask<K: DeserializeOwned>(&self) -> Result<Ask<K>> {
        let after = self.ctx.cursors.position("page_token", self.listing(), &self.token)?;
        Ok(Ask { size: self.size, after })
    }

    /// The token of the next page; empty when this was the last.
    pub fn next<K: Serialize>(&self, next: Option<K>) -> Result<String> {
        match next {
            Some(position) => self.ctx.cursors.token(self.listing(), &position),
            None => Ok(String::new()),
        }
    }

    fn listing(&self) -> Listing<'_> {
        Listing { workspace: self.workspace, method: self.method, filter: &self.filter }
    }
}
