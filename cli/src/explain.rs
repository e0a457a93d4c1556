//! Failures in words on standard error: details decoded, fields named as flags, and what to do next.

mod details;

use serde_json::{Map, Value, json};
use tonic::Code;

pub use details::Detail;

use crate::{
    exit,
    failure::{Failure, Rejection},
    flags::Flag,
};

/// Prints a failure for people or for programs.
pub fn print(failure: &Failure, as_json: bool) {
    match failure {
        Failure::ReaderGone => {}
        failure if as_json => eprintln!("{}", in_json(failure)),
        Failure::Rpc(rejection) => eprint!("{}", in_words(rejection)),
        Failure::Usage(text) => eprintln!("error: {text}\n\nFor more, add --help."),
        failure => eprintln!("error: {failure}"),
    }
}

fn in_json(failure: &Failure) -> Value {
    let mut error = Map::new();
    error.insert("exit_code".to_owned(), json!(exit::code(failure)));
    if let Failure::Rpc(rejection) = failure {
        error.insert("code".to_owned(), json!(name(rejection.status.code())));
        error.insert("message".to_owned(), json!(rejection.status.message()));
        error.insert("method".to_owned(), json!(rejection.method));
        let details: Vec<Value> = details::of(&rejection.status).iter().map(Detail::json).collect();
        error.insert("details".to_owned(), json!(details));
        if let Some(id) = &rejection.request_id {
            error.insert("request_id".to_owned(), json!(id));
        }
    } else {
        error.insert("message".to_owned(), json!(failure.to_string()));
    }
    json!({ "error": error })
}

fn in_words(rejection: &Rejection) -> String {
    let details = details::of(&rejection.status);
    let reason = details.iter().find_map(Detail::reason).map(|reason| format!(", {reason}")).unwrap_or_default();
    let code = rejection.status.code();
    let message = match rejection.status.message() {
        "" => "the server gave no reason",
        // The message repeats the fields in the API's words; below they stand as flags.
        _ if details.iter().any(Detail::is_bad_request) => "the request is not valid",
        message => message,
    };
    let mut text = format!("error: {message} ({}{reason})\n", name(code));
    let lines = details.iter().flat_map(|detail| detail.lines(|path| flag_for(&rejection.flags, path)));
    lines.filter(|line| line != message).for_each(|line| text.push_str(&format!("  {line}\n")));
    advice(rejection).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text
}

/// What helps with this code, beside the server's own words.
fn advice(rejection: &Rejection) -> Vec<String> {
    let mut lines = Vec::new();
    match rejection.status.code() {
        Code::Unauthenticated => lines.push(
            "Give a token by --token-file, CALLPLANE_TOKEN_FILE or a profile; the first one is made by `callplane-control-plane token create`."
                .to_owned(),
        ),
        Code::Unavailable => lines.push(format!(
            "Is the control plane running at {}? Another place is given by --address, CALLPLANE_ADDRESS or a profile; `callplane doctor` looks closer.",
            rejection.address
        )),
        Code::Unimplemented => lines.push(format!(
            "This is callplane {}; the server {}. Upgrade the older one: {} is not known there.",
            env!("CARGO_PKG_VERSION"),
            rejection.server_version.as_ref().map_or("did not say its version".to_owned(), |version| format!("is {version}")),
            rejection.method
        )),
        _ => {}
    }
    let unclear =
        matches!(rejection.status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Unknown | Code::Internal);
    if let Some(id) = rejection.request_id.as_ref().filter(|_| unclear) {
        lines.push(format!("It may have happened all the same. Repeating it with --request-id {id} is safe."));
    }
    lines
}

/// `account.display_name` as the user knows it: `--display-name`. What lies inside a flag keeps its rest.
fn flag_for(flags: &[Flag], path: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for letter in path.chars() {
        inside = (inside || letter == '[') && letter != ']';
        if !inside && letter != ']' {
            plain.push(letter);
        }
    }
    let matching = flags.iter().filter(|flag| {
        let id = flag.id();
        plain == id || plain.strip_prefix(&id).is_some_and(|rest| rest.starts_with('.'))
    });
    match matching.max_by_key(|flag| flag.id().len()) {
        Some(flag) if plain == flag.id() && plain == path => flag.shown(),
        Some(flag) => format!("{} ({path})", flag.shown()),
        None => path.to_owned(),
    }
}

/// The code as gRPC spells it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{flags::walk, tree};

    fn flags(noun: &str, command: &str) -> Vec<Flag> {
        let noun = tree::nouns().into_iter().find(|known| known.name == noun).expect("a noun");
        let operation = noun.operations().into_iter().find(|known| known.name == command).expect("a command");
        walk::flags(&operation)
    }

    #[test]
    fn paths_of_the_request_are_shown_as_flags() {
        let create = flags("account", "create");
        assert_eq!(flag_for(&create, "account.display_name"), "--display-name");
        assert_eq!(flag_for(&create, "credentials.auth_token"), "--auth-token-file");
        assert_eq!(flag_for(&flags("account", "get"), "account_id"), "<ACCOUNT_ID>");
        assert_eq!(
            flag_for(&flags("route-plan", "create"), "route_plan.rules[0].targets[1].weight"),
            "--rules (route_plan.rules[0].targets[1].weight)"
        );
        assert_eq!(flag_for(&create, "elsewhere"), "elsewhere");
    }
}
