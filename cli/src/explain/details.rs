//! The details of a gRPC status: those of google.rpc and our own, decoded by descriptor.

use std::sync::LazyLock;

use callplane_proto::descriptors;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage};
use serde_json::{Value, json};
use tonic::Status;

use crate::request::json as message_json;

/// Our API and google.rpc together; made only when an error has details.
static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let mut pool = descriptors::pool().clone();
    // Without these the details would be shown as raw types; that is no reason to lose the error itself.
    if let Err(error) = pool.decode_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET) {
        eprintln!("details of google.rpc cannot be decoded: {error}");
    }
    pool
});

/// One detail, decoded or at least named.
pub enum Detail {
    Known(DynamicMessage),
    Unknown(String),
}

/// The details of a status.
pub fn of(status: &Status) -> Vec<Detail> {
    if status.details().is_empty() {
        return Vec::new();
    }
    let Ok(whole) = tonic_types::Status::decode(status.details()) else { return Vec::new() };
    whole.details.into_iter().map(|any| decode(&any.type_url, &any.value)).collect()
}

fn decode(type_url: &str, value: &[u8]) -> Detail {
    let name = type_url.rsplit('/').next().unwrap_or_default();
    let known = POOL.get_message_by_name(name).and_then(|message| DynamicMessage::decode(message, value).ok());
    known.map_or_else(|| Detail::Unknown(name.to_owned()), Detail::Known)
}

impl Detail {
    /// The stable reason of an `ErrorInfo`.
    pub fn reason(&self) -> Option<String> {
        match self {
            Detail::Known(message) if message.descriptor().full_name() == "google.rpc.ErrorInfo" => {
                text(message, "reason")
            }
            _ => None,
        }
    }

    /// It names the bad fields of the request.
    pub fn is_bad_request(&self) -> bool {
        matches!(self, Detail::Known(message) if message.descriptor().full_name() == "google.rpc.BadRequest")
    }

    pub fn json(&self) -> Value {
        match self {
            Detail::Unknown(name) => json!({ "@type": name }),
            Detail::Known(message) => {
                let mut body = message_json::of_message(message, true);
                if let Value::Object(fields) = &mut body {
                    fields.shift_insert(0, "@type".to_owned(), json!(message.descriptor().full_name()));
                }
                body
            }
        }
    }

    /// Lines for people; `flag` names the field at a path.
    pub fn lines(&self, flag: impl Fn(&str) -> String) -> Vec<String> {
        let message = match self {
            Detail::Unknown(name) => return vec![format!("(with a {name}, which this version does not know)")],
            Detail::Known(message) => message,
        };
        match message.descriptor().full_name() {
            "google.rpc.ErrorInfo" => Vec::new(),
            "google.rpc.BadRequest" => each(message, "field_violations", |violation| {
                let path = text(violation, "field").unwrap_or_default();
                format!("{}: {}", flag(&path), text(violation, "description").unwrap_or_default())
            }),
            "google.rpc.PreconditionFailure" | "google.rpc.QuotaFailure" => each(message, "violations", |violation| {
                let subject = text(violation, "subject").map(|subject| format!("{subject}: ")).unwrap_or_default();
                format!("{subject}{}", text(violation, "description").unwrap_or_default())
            }),
            "google.rpc.RetryInfo" => vec![format!("try again in {}", crate::output::cell::at(message, "retry_delay"))],
            "google.rpc.ResourceInfo" => vec![format!(
                "{} {}",
                text(message, "resource_type").unwrap_or_default(),
                text(message, "resource_name").unwrap_or_default()
            )],
            "google.rpc.Help" => each(message, "links", |link| {
                format!("{}: {}", text(link, "description").unwrap_or_default(), text(link, "url").unwrap_or_default())
            }),
            "callplane.v1.ProviderError" => vec![provider(message)],
            name => vec![format!("{name} {}", message_json::of_message(message, true))],
        }
    }
}

fn provider(error: &DynamicMessage) -> String {
    let part = |name: &str| crate::output::cell::at(error, name);
    let mut line =
        format!("{} says {}: {} (HTTP {})", part("provider"), part("code"), part("message"), part("http_status"));
    if let Some(url) = text(error, "more_info_url") {
        line.push_str(&format!(" {url}"));
    }
    line
}

fn each(message: &DynamicMessage, list: &str, line: impl Fn(&DynamicMessage) -> String) -> Vec<String> {
    let Some(items) = message.get_field_by_name(list) else { return Vec::new() };
    items.as_list().unwrap_or_default().iter().filter_map(|item| item.as_message()).map(line).collect()
}

/// A text that is not empty.
fn text(message: &DynamicMessage, field: &str) -> Option<String> {
    let value = message.get_field_by_name(field)?;
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::{ErrorDetails, StatusExt};

    #[test]
    fn details_of_google_rpc_are_decoded() {
        let mut details = ErrorDetails::new();
        details.set_error_info("ETAG_MISMATCH", "callplane", std::collections::HashMap::new());
        details.add_bad_request_violation("account.display_name", "must not be empty");
        let status = Status::with_error_details(tonic::Code::InvalidArgument, "no", details);
        let decoded = of(&status);
        assert_eq!(decoded.iter().find_map(Detail::reason).as_deref(), Some("ETAG_MISMATCH"));
        let lines: Vec<String> = decoded.iter().flat_map(|detail| detail.lines(|path| format!("<{path}>"))).collect();
        assert_eq!(lines, ["<account.display_name>: must not be empty"]);
    }

    #[test]
    fn a_vendors_own_error_is_shown_with_its_code() {
        let message = descriptors::pool().get_message_by_name("callplane.v1.ProviderError").expect("in the API");
        let json = json!({"provider": "twilio", "code": 20003, "message": "Authenticate", "http_status": 401});
        let error = crate::request::parse(&message, json).expect("fits");
        assert_eq!(Detail::Known(error).lines(str::to_owned), ["twilio says 20003: Authenticate (HTTP 401)"]);
    }
}
