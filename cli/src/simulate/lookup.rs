//! What the control plane knows that Twilio would know: the account of a number, the edge's public address.

use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::{
    api,
    call::{Target, channel, unary},
    doctor::server,
    failure::Failure,
    request::{self, json as message_json},
    tree,
};

/// The SID of the account that owns the number.
pub async fn account_of(target: &Target, number: &str) -> Result<String, Failure> {
    let asked = tree::find_method("callplane.v1.PhoneNumberService/GetPhoneNumber");
    let owner = tree::find_method("callplane.v1.AccountService/GetAccount");
    let (Some(asked), Some(owner)) = (asked, owner) else {
        return Err(Failure::usage("--account-sid: cannot be looked up by this program, give it"));
    };
    let channel = match channel::open(target).await? {
        Ok(channel) => channel,
        Err(status) => {
            return Err(Failure::usage(format!(
                "--account-sid: {}, so it cannot be looked up; give it",
                status.message()
            )));
        }
    };
    let found = call(&channel, target, &asked, json!({ "phone_number_id": number })).await?;
    let account_id = message_json::at(&found, "phone_number.account_id").cloned().unwrap_or_default();
    let account = call(&channel, target, &owner, json!({ "account_id": account_id })).await?;
    let sid = message_json::at(&account, "account.account_sid").and_then(Value::as_str).unwrap_or_default();
    Ok(sid.to_owned())
}

async fn call(channel: &Channel, target: &Target, method: &MethodDescriptor, body: Value) -> Result<Value, Failure> {
    let message: DynamicMessage = request::parse(&method.input(), body)?;
    let reply = unary::call(channel, target, method, message).await;
    let reply = reply.map_err(|status| api::rejected(target, method, status, None))?;
    Ok(message_json::of_message(&reply, false))
}

/// The public address by the control plane's word; without one, the address the edge is reached by.
pub async fn public_url(target: &Target, edge: &str) -> Result<String, Failure> {
    if let Some(url) = server::public_url(target).await? {
        return Ok(url);
    }
    eprintln!("the control plane knows no public URL; signing for {edge} (or say --public-url)");
    Ok(edge.to_owned())
}
