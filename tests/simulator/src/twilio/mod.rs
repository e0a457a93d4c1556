//! Twilio's REST API: paths to resources. What a resource does is in its own file.

pub mod accounts;
pub mod alerts;
pub mod auth;
pub mod available;
pub mod calls;
pub mod errors;
pub mod keys;
pub mod messages;
pub mod money;
pub mod numbers;
pub mod paging;
pub mod params;
pub mod receiving;
pub mod recordings;
pub mod sending;
pub mod tokens;
pub mod wav;

use std::sync::Arc;

use self::auth::Caller;
use self::errors::TwilioError;
use crate::exchange::{Answer, Deed, Request};
use crate::world::World;

pub type Result<T> = std::result::Result<T, TwilioError>;

/// A request whose caller is known and may do this to this account.
pub struct Context<'a> {
    pub world: &'a Arc<World>,
    pub request: &'a Request,
    pub caller: Caller,
    /// The account in the path.
    pub account_sid: String,
    pub form: Vec<(String, String)>,
}

impl Context<'_> {
    pub fn value(&self, name: &str) -> Option<&str> {
        crate::exchange::first(&self.form, name)
    }

    /// A value that is there and not empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.value(name).filter(|value| !value.is_empty())
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        crate::exchange::first(&self.request.query, name)
    }
}

pub fn is_sid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 34 && bytes[..2].iter().all(u8::is_ascii_uppercase) && bytes[2..].iter().all(u8::is_ascii_hexdigit)
}

pub fn answer(world: &Arc<World>, request: &Request) -> (Answer, Deed) {
    let mut deed = Deed::default();
    let answer = route(world, request, &mut deed).unwrap_or_else(|error| {
        deed.code = error.code;
        error.answer()
    });
    (answer.with_request_id(world), deed)
}

impl Answer {
    fn with_request_id(mut self, world: &World) -> Self {
        self.headers.push(("Twilio-Request-Id", world.ids.sid("RQ")));
        self.headers.push(("Twilio-Concurrent-Requests", "1".to_owned()));
        self
    }
}

/// Keys that are public data of the request go into the ledger before anything can refuse it.
fn route(world: &Arc<World>, request: &Request, deed: &mut Deed) -> Result<Answer> {
    let segments = request.segments();
    if segments == ["v1", "Alerts"] && request.method == "GET" {
        return alerts::list(world, request, deed);
    }
    if segments.first() == Some(&"v1") {
        return tokens::route(world, request, &segments, deed);
    }
    let rest: Vec<&str> = segments.iter().skip(2).copied().collect();
    let collection = segments.get(1).copied().unwrap_or_default();
    let (account_sid, rest) = match (collection, rest.as_slice()) {
        ("Accounts.json", []) => (None, &rest[..]),
        ("Accounts", [account, rest @ ..]) => (Some(account.trim_end_matches(".json")), rest),
        _ => return Err(TwilioError::not_found(&request.path)),
    };
    deed.account_sid = account_sid.unwrap_or_default().to_owned();
    let (resource, sid) = name(rest, account_sid);
    deed.resource = resource.to_owned();
    deed.sid = sid.to_owned();
    let caller = auth::caller(world, request)?;
    deed.credential = caller.credential.name().to_owned();
    let account_sid = account_sid.map_or_else(|| caller.account_sid.clone(), str::to_owned);
    deed.account_sid = account_sid.clone();
    auth::allow(world, &caller, &account_sid, resource, &request.method)?;
    let form = if request.method == "POST" { request.form() } else { Vec::new() };
    let context = Context { world, request, caller, account_sid, form };
    let path = check_extension(request, rest)?;
    dispatch(&context, &path, deed)
}

/// The resource a path is about and its SID, for the ledger and for permissions.
fn name<'a>(rest: &[&'a str], account_sid: Option<&'a str>) -> (&'a str, &'a str) {
    let plain = |part: &'a str| part.split('.').next().unwrap_or_default();
    let sid = rest.iter().rev().map(|part| plain(part)).find(|part| is_sid(part));
    let named = rest.iter().rev().map(|part| plain(part)).find(|part| !is_sid(part) && part.len() > 2);
    let resource = match (named, rest.first()) {
        (_, Some(first)) if plain(first) == "AvailablePhoneNumbers" => "AvailablePhoneNumbers",
        (Some(named), _) => named,
        (None, _) => "Accounts",
    };
    let account = account_sid.filter(|_| resource == "Accounts");
    (resource, sid.or(account).unwrap_or_default())
}

/// The path after the account, without `.json`. The 2010 API answers XML without it, which nobody wants.
fn check_extension<'a>(request: &'a Request, rest: &[&'a str]) -> Result<Vec<&'a str>> {
    let mut path = rest.to_vec();
    let media = rest.first() == Some(&"Recordings") && rest.len() == 2;
    match path.last_mut() {
        Some(last) if last.ends_with(".json") => *last = last.trim_end_matches(".json"),
        None if request.path.ends_with(".json") => {}
        Some(_) if media => {}
        _ => {
            return Err(TwilioError::bad(
                20404,
                "without .json this API answers XML, which is not simulated: add .json to the path",
            ));
        }
    }
    Ok(path)
}

fn dispatch(context: &Context<'_>, path: &[&str], deed: &mut Deed) -> Result<Answer> {
    let method = context.request.method.as_str();
    let top = context.request.path.ends_with("/Accounts.json");
    params::check(context, path)?;
    match (method, path) {
        ("GET", []) if top => accounts::list(context),
        ("POST", []) if top => accounts::create(context, deed),
        ("GET", []) => accounts::get(context),
        ("POST", []) => accounts::update(context),
        ("GET", ["IncomingPhoneNumbers"]) => numbers::list(context, deed),
        ("POST", ["IncomingPhoneNumbers"]) => numbers::buy(context, deed),
        ("GET", ["IncomingPhoneNumbers", sid]) => numbers::get(context, sid),
        ("POST", ["IncomingPhoneNumbers", sid]) => numbers::update(context, sid),
        ("DELETE", ["IncomingPhoneNumbers", sid]) => numbers::delete(context, sid),
        ("GET", ["AvailablePhoneNumbers", rest @ ..]) => available::get(context, rest),
        ("GET", ["Calls"]) => calls::list(context),
        ("POST", ["Calls"]) => calls::create(context, deed),
        ("GET", ["Calls", sid]) => calls::get(context, sid),
        ("POST", ["Calls", sid]) => calls::update(context, sid),
        ("GET", ["Calls", sid, "Recordings"]) => recordings::list(context, Some(sid)),
        ("POST", ["Calls", sid, "Recordings"]) => recordings::start(context, sid, deed),
        ("GET", ["Messages"]) => messages::list(context),
        ("POST", ["Messages"]) => messages::create(context, deed),
        ("GET", ["Messages", sid]) => messages::get(context, sid),
        ("GET", ["Recordings"]) => recordings::list(context, None),
        ("GET", ["Recordings", sid]) => recordings::get(context, sid),
        ("DELETE", ["Recordings", sid]) => recordings::delete(context, sid),
        ("GET", ["Keys"]) => keys::list(context),
        ("POST", ["Keys"]) => keys::create(context, deed),
        ("DELETE", ["Keys", sid]) => keys::delete(context, sid),
        ("GET", ["Balance"]) => money::balance(context),
        ("GET", ["Usage", "Records"]) => money::usage(context),
        _ if params::is_known_path(path) => Err(TwilioError::new(405, 20004, "Method not allowed")),
        _ => Err(TwilioError::not_found(&context.request.path)),
    }
}
