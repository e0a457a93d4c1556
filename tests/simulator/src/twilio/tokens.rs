//! `accounts.twilio.com/v1/AuthTokens`: the secondary token and its promotion. A parent's right to
//! its subaccounts ends here: each account rotates with its own credentials.

use std::sync::Arc;

use serde_json::json;

use super::errors::TwilioError;
use super::{Result, auth};
use crate::clock::iso8601;
use crate::exchange::{Answer, Deed, Request};
use crate::world::World;

pub fn route(world: &Arc<World>, request: &Request, segments: &[&str], deed: &mut Deed) -> Result<Answer> {
    let act = match (request.method.as_str(), segments) {
        (method @ ("POST" | "DELETE"), ["v1", "AuthTokens", "Secondary"]) => (method, "Secondary"),
        ("POST", ["v1", "AuthTokens", "Promote"]) => ("POST", "Promote"),
        _ => return Err(TwilioError::not_found(&request.path)),
    };
    deed.resource = format!("AuthTokens/{}", act.1);
    let caller = auth::caller(world, request)?;
    deed.account_sid.clone_from(&caller.account_sid);
    deed.sid.clone_from(&caller.account_sid);
    deed.credential = caller.credential.name().to_owned();
    if !caller.credential.is_token() {
        return Err(TwilioError::unauthenticated());
    }
    if let Some((name, _)) = request.form().first() {
        return Err(TwilioError::bad(20001, format!("this request has no parameter {name:?}")));
    }
    perform(world, &caller.account_sid, act)
}

fn perform(world: &World, account_sid: &str, act: (&str, &str)) -> Result<Answer> {
    let now = world.clock.now();
    let mut state = world.state();
    let account = state.accounts.get_mut(account_sid).ok_or_else(TwilioError::unauthenticated)?;
    let created = iso8601(account.created);
    let mut body = json!({ "account_sid": account_sid, "date_created": created, "date_updated": iso8601(now) });
    match act {
        ("DELETE", _) => {
            account.secondary_auth_token.take().ok_or_else(|| TwilioError::not_found("/v1/AuthTokens/Secondary"))?;
            Ok(Answer::empty(204))
        }
        (_, "Secondary") => {
            let token = world.ids.token();
            body["secondary_auth_token"] = token.clone().into();
            body["url"] = "https://accounts.twilio.com/v1/AuthTokens/Secondary".into();
            account.secondary_auth_token = Some(token);
            Ok(Answer::json(201, &body))
        }
        _ => {
            let promoted = account.secondary_auth_token.take();
            account.auth_token =
                promoted.ok_or_else(|| TwilioError::bad(20001, "There is no secondary token to promote"))?;
            body["auth_token"] = account.auth_token.clone().into();
            body["url"] = "https://accounts.twilio.com/v1/AuthTokens/Promote".into();
            Ok(Answer::json(200, &body))
        }
    }
}
