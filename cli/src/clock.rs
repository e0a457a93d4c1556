//! The only place that reads the clock and makes random ids; everything else is handed the values.

use chrono::{DateTime, Utc};
use uuid::Uuid;

#[expect(clippy::disallowed_methods, reason = "this file is the command line's clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

#[expect(clippy::disallowed_methods, reason = "this file is the command line's source of ids")]
pub fn fresh_id() -> Uuid {
    Uuid::new_v4()
}
