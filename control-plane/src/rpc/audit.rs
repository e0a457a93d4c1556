//! The audit service: shows the chain and recomputes it.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, audit_service_server::AuditService};
use serde_json::Value as Json;
use tonic::{Request, Response};

use super::{gate::Caller, paging::Paging, read::Reply, show};
use crate::{
    domain::error::{Error, Result},
    flow::Context,
    store::{
        Scope,
        audit::{self as store, GENESIS},
        entity::audit::Model as Entry,
    },
};

/// So many entries are checked at a time: the chain of a busy year does not fit into memory.
const CHUNK: u64 = 500;

/// The audit chain over gRPC.
pub struct Audit {
    ctx: Arc<Context>,
}

impl Audit {
    /// Over this store.
    pub fn new(ctx: Arc<Context>) -> Self {
        Self { ctx }
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_audit_entries(
        &self,
        request: Request<pb::ListAuditEntriesRequest>,
    ) -> Reply<pb::ListAuditEntriesResponse> {
        let caller = Caller::of(&request)?;
        let mut request = request.into_inner();
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, caller.workspace, "ListAuditEntries", page, &request);
        let pb::ListAuditEntriesRequest { page_size: _, page_token: _, resource_id, actor } = request;
        let given = |text: &'_ String| !text.is_empty();

        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        let resource = Some(resource_id).filter(given);
        let actor = Some(actor).filter(given);
        let page = store::list(&scope, resource.as_deref(), actor.as_deref(), &paging.ask()?).await?;
        let next_page_token = paging.next(page.next)?;
        let audit_entries = page.rows.into_iter().map(shown).collect::<Result<_>>()?;
        Ok(Response::new(pb::ListAuditEntriesResponse { audit_entries, next_page_token }))
    }

    async fn verify_audit_chain(
        &self,
        request: Request<pb::VerifyAuditChainRequest>,
    ) -> Reply<pb::VerifyAuditChainResponse> {
        let caller = Caller::of(&request)?;
        let pb::VerifyAuditChainRequest {} = request.into_inner();

        let scope = Scope::new(self.ctx.store.read(), caller.workspace()?);
        // The end is read first: what is added while we look belongs to the next check.
        let head = store::head(&scope).await?;
        let (length, end) = head.map_or((0, GENESIS.to_vec()), |head| (head.sequence, head.hash));
        let mut chain = Chain::default();
        let broken = loop {
            let entries = store::after(&scope, chain.length, CHUNK).await?;
            let entries: Vec<Entry> = entries.into_iter().filter(|entry| entry.sequence <= length).collect();
            if entries.is_empty() {
                break chain.ends(length, &end);
            }
            if let Some(broken) = entries.iter().find_map(|entry| chain.take(entry)) {
                break Some(broken);
            }
        };
        let (broken_sequence, reason) = broken.map_or((0, String::new()), |(at, reason)| (at, reason.to_owned()));
        Ok(Response::new(pb::VerifyAuditChainResponse {
            valid: broken_sequence == 0,
            entry_count: chain.length,
            broken_sequence,
            reason,
            head_hash: end,
        }))
    }
}

/// Where a chain breaks, and how.
type Broken = (i64, &'static str);

/// A chain as far as it was checked.
struct Chain {
    length: i64,
    hash: Vec<u8>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { length: 0, hash: GENESIS.to_vec() }
    }
}

impl Chain {
    /// Takes the next entry, or says why it is not the next one.
    fn take(&mut self, entry: &Entry) -> Option<Broken> {
        let wanted = self.length + 1;
        if entry.sequence != wanted {
            return Some((wanted, "the entry is missing"));
        }
        if entry.previous_hash != self.hash {
            return Some((wanted, "the entry does not follow the one before"));
        }
        if store::digest(entry) != entry.hash {
            return Some((wanted, "the entry was changed after it was written"));
        }
        self.length = wanted;
        self.hash.clone_from(&entry.hash);
        None
    }

    /// Compares with the end as it was last written.
    fn ends(&self, length: i64, hash: &[u8]) -> Option<Broken> {
        if self.length < length {
            return Some((self.length + 1, "entries are missing at the end"));
        }
        (self.hash != hash).then_some((length.max(1), "the end of the chain is not the one that was last written"))
    }
}

fn shown(entry: Entry) -> Result<pb::AuditEntry> {
    let Entry { id, workspace_id: _, sequence, create_time, actor, method, resource_id, request, previous_hash, hash } =
        entry;
    let request: Json = serde_json::from_str(&request).map_err(Error::internal)?;
    Ok(pb::AuditEntry {
        id: id.to_string(),
        sequence,
        create_time: Some(show::moment(create_time)),
        actor,
        method,
        resource_id,
        request: Some(show::document(request)),
        previous_hash,
        hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::{AuditId, WorkspaceId},
        time::Timestamp,
    };

    fn entries(count: i64) -> Vec<Entry> {
        let mut hash = GENESIS.to_vec();
        let mut entries = Vec::new();
        for sequence in 1..=count {
            let mut entry = Entry {
                id: AuditId::from_uuid(uuid::Uuid::from_u128(7)),
                workspace_id: WorkspaceId::from_uuid(uuid::Uuid::from_u128(1)),
                sequence,
                create_time: Timestamp::UNIX_EPOCH,
                actor: "timer".to_owned(),
                method: "callplane.v1.AccountService/CreateAccount".to_owned(),
                resource_id: format!("acc_{sequence}"),
                request: "{}".to_owned(),
                previous_hash: hash,
                hash: Vec::new(),
            };
            entry.hash = store::digest(&entry);
            hash = entry.hash.clone();
            entries.push(entry);
        }
        entries
    }

    fn check(entries: &[Entry], length: i64, end: &[u8]) -> Option<Broken> {
        let mut chain = Chain::default();
        entries.iter().find_map(|entry| chain.take(entry)).or_else(|| chain.ends(length, end))
    }

    #[test]
    fn a_whole_chain_is_valid() {
        let whole = entries(3);
        assert_eq!(check(&whole, 3, &whole[2].hash), None);
        assert_eq!(check(&[], 0, &GENESIS), None);
    }

    #[test]
    fn a_changed_left_out_or_cut_off_entry_is_found() {
        let whole = entries(3);
        let end = &whole[2].hash;
        let mut changed = whole.clone();
        changed[1].actor = "somebody".to_owned();
        assert_eq!(check(&changed, 3, end).expect("changed").0, 2);
        let left_out = [whole[0].clone(), whole[2].clone()];
        assert_eq!(check(&left_out, 3, end).expect("left out").0, 2);
        assert_eq!(check(&whole[..2], 3, end).expect("cut off").0, 3);
        // Whoever rewrites an entry with its hash breaks the one after it.
        changed[1].hash = store::digest(&changed[1]);
        assert_eq!(check(&changed, 3, end).expect("rewritten").0, 3);
        let mut forged = entries(3);
        forged[2].actor = "somebody".to_owned();
        forged[2].hash = store::digest(&forged[2]);
        assert_eq!(check(&forged, 3, end).expect("another end").0, 3);
    }
}
