//! The way to the control plane, the token, and the control plane's own checklist.

use std::path::Path;

use prost_reflect::DynamicMessage;
use serde_json::Value;
use tonic::{Code, Status, transport::Channel};

use super::check::{Check, Outcome};
use crate::{
    call::{Target, channel, unary},
    failure::Failure,
    request::json,
    tree,
};

/// Everything up to the server's last line.
pub async fn checks(target: &Target) -> Vec<Check> {
    let mut checks = vec![token_file(target).here()];
    let channel = match channel::open(target).await {
        Ok(Ok(channel)) => channel,
        Ok(Err(status)) => {
            checks.push(unreachable(&target.address, status.message().to_owned()));
            return checks;
        }
        Err(failure) => {
            checks.push(unreachable(&target.address, failure.to_string()));
            return checks;
        }
    };
    checks.push(answers(target).here());
    let info = call(&channel, target, "callplane.v1.SystemService/GetServerInfo").await;
    checks.extend(accepted(&info).into_iter().map(Check::here));
    if info.is_ok() {
        checks.extend(checklist(call(&channel, target, "callplane.v1.SystemService/RunDoctor").await));
    }
    checks
}

fn answers(target: &Target) -> Check {
    let in_the_clear = target.address.starts_with("http://") && !target.is_this_machine();
    if in_the_clear && target.token.is_some() {
        let message = format!("{} answers, but the token travels there unencrypted", target.address);
        return Check::warning("address", message, "use https://, or keep to a network you trust");
    }
    Check::passed("address", format!("{} answers", target.address))
}

fn unreachable(address: &str, message: String) -> Check {
    let remedy = "start it with `callplane-control-plane serve`, or say where it is by --address or CALLPLANE_ADDRESS";
    let message = if message.contains(address) { message } else { format!("{address}: {message}") };
    Check::failed("address", message, remedy).here()
}

fn token_file(target: &Target) -> Check {
    if target.token.is_none() {
        let remedy = "make one with `callplane-control-plane token create`, and name its file by CALLPLANE_TOKEN_FILE";
        return Check::failed("token", "there is none", remedy);
    }
    let file = Path::new(&target.token_from);
    match others_may_read(file) {
        Some(true) => Check::warning("token", format!("others may read {}", file.display()), "chmod 600 the file"),
        Some(false) => Check::passed("token", format!("{} is readable, and by you alone", file.display())),
        None => Check::passed("token", format!("taken from {}", target.token_from)),
    }
}

#[cfg(unix)]
fn others_may_read(file: &Path) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).ok().map(|data| data.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> Option<bool> {
    None
}

/// One call without arguments, as JSON.
pub async fn call(channel: &Channel, target: &Target, name: &str) -> Result<Value, Status> {
    let method =
        tree::find_method(name).ok_or_else(|| Status::unimplemented(format!("{name} is not in this program")))?;
    let reply = unary::call(channel, target, &method, DynamicMessage::new(method.input())).await?;
    Ok(json::of_message(&reply, false))
}

fn accepted(info: &Result<Value, Status>) -> Vec<Check> {
    let info = match info {
        Ok(info) => info,
        Err(status) if status.code() == Code::Unauthenticated => {
            let remedy = "make a new token with `callplane token create` or `callplane-control-plane token create`";
            return vec![Check::failed("token-accepted", status.message(), remedy)];
        }
        Err(status) if status.code() == Code::PermissionDenied => {
            return vec![Check::failed("token-accepted", status.message(), "the token needs the scope system:read")];
        }
        Err(status) => return vec![Check::failed("server", status.message(), "look at the control plane's log")],
    };
    let text = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default();
    let ours = env!("CARGO_PKG_VERSION");
    let server = format!(
        "callplane {} ({}, {}, telephony {})",
        text("version"),
        text("profile"),
        text("database"),
        text("telephony")
    );
    let version = if text("version") == ours {
        Check::passed("server", server)
    } else {
        Check::warning("server", format!("{server}; this program is {ours}"), "upgrade the older one")
    };
    vec![Check::passed("token-accepted", "the control plane accepts the token"), version]
}

fn checklist(answer: Result<Value, Status>) -> Vec<Check> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(status) if status.code() == Code::Unimplemented => {
            return vec![Check::skipped("checklist", "the control plane has none", "upgrade the control plane")];
        }
        Err(status) => {
            return vec![Check::failed(
                "checklist",
                status.message(),
                "name a workspace by --workspace or CALLPLANE_WORKSPACE",
            )];
        }
    };
    let lines = answer.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
    lines.iter().map(line).collect()
}

fn line(line: &Value) -> Check {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Check {
        name: text("name"),
        outcome: Outcome::named(&text("outcome")),
        message: text("message"),
        remedy: text("remedy"),
        local: false,
    }
}

/// The public address as the server knows it.
pub async fn public_url(target: &Target) -> Result<Option<String>, Failure> {
    let Ok(channel) = channel::open(target).await? else { return Ok(None) };
    let info = call(&channel, target, "callplane.v1.SystemService/GetServerInfo").await.ok();
    let url = info.and_then(|info| info.get("public_url").and_then(Value::as_str).map(str::to_owned));
    Ok(url.filter(|url| !url.is_empty()))
}
