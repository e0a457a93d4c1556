//! The API keys of an account: their SIDs, never their secrets.

use serde::Deserialize;

use super::{
    client::{Twilio, in_account},
    page, wire,
};
use crate::{
    domain::{
        outcome::Outcome,
        telephony::{Cursor, Page},
    },
    provider::access::Access,
};

#[derive(Deserialize)]
struct Key {
    sid: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Key>,
    #[serde(flatten)]
    paging: page::Paging,
}

/// A page of them.
pub(super) async fn list(twilio: &Twilio, access: &Access, after: Option<&Cursor>) -> Outcome<Page<String>> {
    let first = (in_account(&access.account_sid, "/Keys.json"), Vec::new());
    twilio
        .page(access, "list keys", first, after, |body| {
            let Keys { keys, paging } = wire::json(body)?;
            Ok((keys.into_iter().map(|key| key.sid).collect(), paging))
        })
        .await
}
