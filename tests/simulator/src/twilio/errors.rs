//! Twilio's error answers: HTTP status, code, message.

use serde_json::json;

use crate::exchange::Answer;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwilioError {
    pub status: u16,
    pub code: Option<u32>,
    pub message: String,
}

impl TwilioError {
    pub fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code: Some(code), message: message.into() }
    }

    /// The 21xxx range answers 400.
    pub fn bad(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub fn not_found(path: &str) -> Self {
        Self::new(404, 20404, format!("The requested resource {path} was not found"))
    }

    pub fn unauthenticated() -> Self {
        Self::new(401, 20003, "Authenticate")
    }

    pub fn inactive() -> Self {
        Self::new(403, 20403, "The account lacks permission: it is suspended or closed")
    }

    /// What a fault script asks for. Without a code the body has none, which also happens.
    pub fn scripted(status: u16, code: Option<u32>) -> Self {
        let code = code.or(match status {
            401 => Some(20003),
            404 => Some(20404),
            429 => Some(20429),
            500 => Some(20500),
            503 => Some(20503),
            _ => None,
        });
        let message = if status == 429 { "Too Many Requests" } else { "A fault script asked for this answer" };
        Self { status, code, message: message.to_owned() }
    }

    pub fn answer(&self) -> Answer {
        let mut body = json!({ "message": self.message, "status": self.status });
        if let Some(code) = self.code {
            body["code"] = code.into();
            body["more_info"] = format!("https://www.twilio.com/docs/errors/{code}").into();
        }
        Answer::json(self.status, &body)
    }
}
