//! The one error of the control plane: a word for the code, a sentence for the person, the cause for the log.

use std::{error::Error as StdError, fmt};

/// What went wrong, as a caller may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is malformed.
    InvalidArgument,
    /// No such thing, or not in this workspace.
    NotFound,
    /// It exists already.
    AlreadyExists,
    /// The state of things forbids it.
    FailedPrecondition,
    /// Somebody else was faster; read again.
    Aborted,
    /// No token, or not a valid one.
    Unauthenticated,
    /// The token may not.
    PermissionDenied,
    /// A limit is reached.
    ResourceExhausted,
    /// A resume token is too old or a page token is not ours.
    OutOfRange,
    /// Not now; trying again may help.
    Unavailable,
    /// Our fault.
    Internal,
}

/// One bad field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path, such as `rules[0].weight`.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
}

/// An error that may be shown, with its cause for the log.
#[derive(Debug)]
pub struct Error {
    /// The closed set.
    pub kind: Kind,
    /// A stable, documented word such as `NUMBER_IN_USE`.
    pub reason: &'static str,
    /// Fit to show: no secret, no number, no vendor text.
    pub message: String,
    /// Every bad field, when the request is malformed.
    pub violations: Vec<Violation>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error that may be shown.
    pub fn new(kind: Kind, reason: &'static str, message: impl Into<String>) -> Self {
        Self { kind, reason, message: message.into(), violations: Vec::new(), source: None }
    }

    /// One bad field.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::violations(vec![Violation { field: field.into(), description: description.into() }])
    }

    /// Every bad field at once.
    pub fn violations(violations: Vec<Violation>) -> Self {
        let message =
            violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect::<Vec<_>>().join("; ");
        Self { violations, ..Self::new(Kind::InvalidArgument, "INVALID_REQUEST", message) }
    }

    /// No such thing here: the same words whether it is absent or belongs to somebody else.
    pub fn not_found(noun: &str) -> Self {
        Self::new(Kind::NotFound, "NOT_FOUND", format!("there is no such {noun}"))
    }

    /// Our fault; the caller reads "internal error", the log has the chain.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..Self::new(Kind::Internal, "INTERNAL", "internal error") }
    }

    /// Puts `prefix` before every field, so that blame arrives as `rules[0].weight`.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        for violation in &mut self.violations {
            violation.field = match violation.field.as_str() {
                "" => prefix.to_owned(),
                field if field.starts_with('[') => format!("{prefix}{field}"),
                field => format!("{prefix}.{field}"),
            };
        }
        if self.kind == Kind::InvalidArgument && !self.violations.is_empty() {
            return Self { source: self.source, ..Self::violations(self.violations) };
        }
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
