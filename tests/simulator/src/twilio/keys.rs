//! API keys. The secret is in the answer that makes the key and nowhere else.

use serde_json::{Value, json};

use super::errors::TwilioError;
use super::paging::page;
use super::{Context, Result};
use crate::clock::rfc2822;
use crate::exchange::{Answer, Deed};
use crate::state::ApiKey;

fn view(key: &ApiKey) -> Value {
    json!({
        "date_created": rfc2822(key.created),
        "date_updated": rfc2822(key.updated),
        "friendly_name": key.friendly_name,
        "sid": key.sid,
    })
}

pub fn list(context: &Context<'_>) -> Result<Answer> {
    let state = context.world.state();
    let rows = state.keys.newest_first().filter(|key| key.account_sid == context.account_sid);
    page(context, "keys", rows, view)
}

pub fn create(context: &Context<'_>, deed: &mut Deed) -> Result<Answer> {
    let now = context.world.clock.now();
    let key = ApiKey {
        sid: context.world.ids.sid("SK"),
        account_sid: context.account_sid.clone(),
        secret: context.world.ids.token(),
        main: false,
        friendly_name: context.given("FriendlyName").unwrap_or_default().to_owned(),
        created: now,
        updated: now,
    };
    deed.sid = key.sid.clone();
    let mut body = view(&key);
    body["secret"] = key.secret.clone().into();
    context.world.state().keys.put(&key.sid.clone(), key);
    Ok(Answer::json(201, &body))
}

pub fn delete(context: &Context<'_>, sid: &str) -> Result<Answer> {
    let mut state = context.world.state();
    let own = state.keys.get(sid).is_some_and(|key| key.account_sid == context.account_sid);
    if !own {
        return Err(TwilioError::not_found(&context.request.path));
    }
    state.keys.remove(sid);
    Ok(Answer::empty(204))
}
