//! A domain error as a gRPC status with google.rpc details. Handlers return domain errors and never build a status.

use std::{error::Error as StdError, time::Duration};

use callplane_proto::v1::ProviderError;
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt, pb};

use crate::domain::error::{Error, Kind, Violation};

const DOMAIN: &str = "callplane";
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Errors travel in headers, and some clients refuse more than 8 KiB of them.
const MESSAGE_ROOM: usize = 600;
const DETAILS_ROOM: usize = 2400;

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let code = code(error.kind);
        let details = details(&error);
        Status::with_error_details(code, shown(error), details)
    }
}

/// The error, with what the vendor answered as a further detail.
pub fn with_provider(error: Error, provider: &ProviderError) -> Status {
    let status = Status::from(error);
    let mut full = pb::Status::decode(status.details()).unwrap_or_default();
    full.details.push(Any {
        type_url: "type.googleapis.com/callplane.v1.ProviderError".to_owned(),
        value: provider.encode_to_vec(),
    });
    Status::with_details(status.code(), status.message(), full.encode_to_vec().into())
}

fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::Aborted => Code::Aborted,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::OutOfRange => Code::OutOfRange,
        Kind::Unavailable => Code::Unavailable,
        Kind::Internal => Code::Internal,
    }
}

fn details(error: &Error) -> ErrorDetails {
    let mut details = ErrorDetails::with_error_info(error.reason, DOMAIN, []);
    if !error.violations.is_empty() {
        details.set_bad_request(field_violations(&error.violations));
    }
    match error.kind {
        Kind::FailedPrecondition => {
            details.set_precondition_failure([PreconditionViolation::new(error.reason, "", &error.message)]);
        }
        Kind::Unavailable | Kind::ResourceExhausted => {
            details.set_retry_info(Some(RETRY_DELAY));
        }
        _ => {}
    }
    details
}

/// As many violations as fit, and how many more there are.
fn field_violations(violations: &[Violation]) -> Vec<FieldViolation> {
    let mut room = DETAILS_ROOM;
    let fits = violations.iter().take_while(|violation| {
        let length = violation.field.len() + violation.description.len();
        let fits = length <= room;
        room = room.saturating_sub(length);
        fits
    });
    let mut shown: Vec<_> = fits.map(|v| FieldViolation::new(&v.field, &v.description)).collect();
    let more = violations.len() - shown.len();
    if more > 0 {
        shown.push(FieldViolation::new("", format!("and {more} more")));
    }
    shown
}

/// What the caller reads. An internal error is logged here, once, and kept from the caller.
fn shown(error: Error) -> String {
    if error.kind != Kind::Internal {
        return shortened(error.message);
    }
    tracing::error!(reason = error.reason, error = chain(&error), "a request failed");
    "internal error".to_owned()
}

/// The message travels in a header, twice: the details carry it too.
fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE_ROOM {
        let end = (0..=MESSAGE_ROOM).rev().find(|at| message.is_char_boundary(*at)).unwrap_or_default();
        message.truncate(end);
        message.push('…');
    }
    message
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_carries_its_reason() {
        let status = Status::from(Error::not_found("call"));
        let info = status.get_details_error_info().expect("always there");
        assert_eq!(
            (status.code(), info.reason.as_str(), info.domain.as_str()),
            (Code::NotFound, "NOT_FOUND", "callplane")
        );
        assert_eq!(status.message(), "there is no such call");
    }

    #[test]
    fn every_bad_field_is_listed() {
        let violation = |field: &str| Violation { field: field.into(), description: "expected something".into() };
        let status = Status::from(Error::violations(vec![violation("a"), violation("rules[0].weight")]));
        let fields = status.get_details_bad_request().expect("bad request").field_violations;
        assert_eq!(fields.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(), ["a", "rules[0].weight"]);
    }

    #[test]
    fn a_hundred_bad_fields_still_fit_into_a_header() {
        let violation =
            |index| Violation { field: format!("rules[{index}].targets[0].weight"), description: "ä".repeat(40) };
        let status = Status::from(Error::violations((0..100).map(violation).collect()));
        assert!(status.message().len() < 700 && status.details().len() < 5000, "{}", status.details().len());
        let fields = status.get_details_bad_request().expect("bad request").field_violations;
        let last = fields.last().expect("some");
        assert_eq!(last.description, format!("and {} more", 100 - (fields.len() - 1)));
    }

    #[test]
    fn preconditions_and_retries_say_so() {
        let status = Status::from(Error::new(Kind::FailedPrecondition, "NUMBER_IN_USE", "it is in use"));
        let failure = status.get_details_precondition_failure().expect("named").violations;
        assert_eq!((failure[0].r#type.as_str(), failure[0].description.as_str()), ("NUMBER_IN_USE", "it is in use"));
        for kind in [Kind::Unavailable, Kind::ResourceExhausted] {
            let status = Status::from(Error::new(kind, "BUSY", "later"));
            assert_eq!(status.get_details_retry_info().expect("named").retry_delay, Some(RETRY_DELAY));
        }
    }

    #[test]
    fn an_internal_error_keeps_its_cause() {
        let status = Status::from(Error::internal("the password is hunter2"));
        assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
        assert!(!String::from_utf8_lossy(status.details()).contains("hunter2"));
    }

    #[test]
    fn a_vendor_answer_rides_beside_the_reason() {
        let provider = ProviderError { provider: "twilio".into(), code: 20003, ..Default::default() };
        let status = with_provider(Error::new(Kind::FailedPrecondition, "CREDENTIALS", "refused"), &provider);
        assert_eq!(status.get_details_error_info().expect("kept").reason, "CREDENTIALS");
        let full = pb::Status::decode(status.details()).expect("valid");
        assert_eq!((full.code, full.message.as_str()), (Code::FailedPrecondition as i32, "refused"));
        let any = full.details.iter().find(|any| any.type_url.ends_with("ProviderError")).expect("there");
        assert_eq!(ProviderError::decode(&any.value[..]).expect("valid"), provider);
    }
}
