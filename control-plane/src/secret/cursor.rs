//! Page and resume tokens: where a listing goes on. Authenticated, and good only for the workspace, method and filter
//! they were made for. Their content is no secret; what a position is, is the store's word.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{
    envelope::Key,
    master::{MasterKeys, mac},
};
use crate::domain::{
    error::{Error, Result},
    id::WorkspaceId,
};

const TAG: usize = 16;
const LABEL: &[u8] = b"callplane/cursor/v1";

/// What a token belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// Whose rows; `None` for what belongs to no workspace.
    pub workspace: Option<WorkspaceId>,
    /// The method, such as `ListCalls`.
    pub method: &'a str,
    /// The filter: the encoded request without page size and page token.
    pub filter: &'a [u8],
}

/// Makes and reads page tokens.
#[derive(Clone)]
pub struct Cursors(Vec<Key>);

impl Cursors {
    /// With keys derived from the master keys.
    pub fn new(keys: &MasterKeys) -> Self {
        Self(keys.derive("cursor"))
    }

    /// The token that goes on after `position`.
    pub fn token(&self, listing: Listing<'_>, position: &impl Serialize) -> Result<String> {
        let body = serde_json::to_vec(position).map_err(Error::internal)?;
        let key = self.0.first().expect("there is an active master key");
        Ok(BASE64_URL_SAFE_NO_PAD.encode([&tag(key, listing, &body)[..], &body].concat()))
    }

    /// The position in a token of exactly this listing; `None` for the first page. `field` is blamed otherwise.
    pub fn position<T: DeserializeOwned>(&self, field: &str, listing: Listing<'_>, token: &str) -> Result<Option<T>> {
        if token.is_empty() {
            return Ok(None);
        }
        let foreign = || {
            let what = "not a token of this listing; send one from an answer to the same request, or leave it empty";
            Error::invalid(field, what)
        };
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| foreign())?;
        let (claimed, body) = bytes.split_first_chunk::<TAG>().ok_or_else(foreign)?;
        let ours = self.0.iter().any(|key| bool::from(tag(key, listing, body).ct_eq(claimed)));
        if !ours {
            return Err(foreign());
        }
        serde_json::from_slice(body).map(Some).map_err(|_| foreign())
    }
}

fn tag(key: &Key, listing: Listing<'_>, body: &[u8]) -> [u8; TAG] {
    let workspace = listing.workspace.map_or(Uuid::nil(), |id| id.uuid());
    let full = mac(key, &[LABEL, workspace.as_bytes(), listing.method.as_bytes(), listing.filter, body]);
    *full.first_chunk().expect("HMAC-SHA256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(&MasterKeys::from_setting(&"11".repeat(32)).expect("valid"))
    }

    fn listing() -> Listing<'static> {
        Listing {
            workspace: Some(WorkspaceId::from_uuid(Uuid::from_u128(1))),
            method: "ListCalls",
            filter: b"state=busy",
        }
    }

    #[test]
    fn a_token_gives_back_its_position_and_an_empty_one_starts_at_the_beginning() {
        let position = (17u64, Uuid::from_u128(3));
        let token = cursors().token(listing(), &position).expect("encodes");
        let read: Option<(u64, Uuid)> = cursors().position("page_token", listing(), &token).expect("own");
        assert_eq!(read, Some(position));
        assert_eq!(cursors().position::<u64>("page_token", listing(), "").expect("first page"), None);
    }

    #[test]
    fn a_token_of_another_workspace_method_or_filter_is_refused_by_its_field() {
        let token = cursors().token(listing(), &17u64).expect("encodes");
        for other in [
            Listing { workspace: None, ..listing() },
            Listing { method: "ListAgents", ..listing() },
            Listing { filter: b"", ..listing() },
        ] {
            let error = cursors().position::<u64>("page_token", other, &token).expect_err("foreign");
            assert_eq!(error.violations[0].field, "page_token");
        }
    }

    #[test]
    fn an_altered_token_is_refused() {
        let token = cursors().token(listing(), &17u64).expect("encodes");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&token).expect("own");
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            let altered = BASE64_URL_SAFE_NO_PAD.encode(altered);
            assert!(cursors().position::<u64>("page_token", listing(), &altered).is_err(), "byte {at}");
        }
        for junk in ["x", "Zm9v", "é", &token[..10]] {
            assert!(cursors().position::<u64>("page_token", listing(), junk).is_err());
        }
    }
}
