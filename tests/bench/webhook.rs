//! The five webhooks of an inbound call as Twilio sends them, signed. Forms are cut into pieces once, because the
//! generator shares the machine with what it measures.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use callplane_control_plane::domain::time::Timestamp;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::world::{self, Call};

/// One webhook, ready to be sent.
pub struct Signed {
    /// The path it goes to.
    pub path: &'static str,
    /// The form.
    pub body: String,
    /// `X-Twilio-Signature`.
    pub signature: String,
}

/// The webhooks of a call, in order: it comes in, and four statuses.
pub struct Webhooks {
    steps: Vec<Form>,
    keys: Vec<Hmac<Sha1>>,
}

/// How many webhooks a call has.
pub const STEPS: usize = 5;
const VOICE: &str = "/twilio/voice";
const STATUS: &str = "/twilio/status";
const PROGRESS: [&str; 4] = ["initiated", "ringing", "in-progress", "completed"];

/// What the vectors of real requests hold (`tests/vectors/webhooks`); `{…}` differs from call to call.
const FIELDS: [(&str, &str); 25] = [
    ("Called", "{to}"),
    ("ToState", "CA"),
    ("CallerCountry", "US"),
    ("Direction", "inbound"),
    ("CallerState", "CA"),
    ("ToZip", ""),
    ("CallSid", "{sid}"),
    ("To", "{to}"),
    ("CallerZip", "91604"),
    ("ToCountry", "US"),
    ("CalledZip", ""),
    ("ApiVersion", "2010-04-01"),
    ("CalledCity", ""),
    ("From", "{from}"),
    ("AccountSid", "{account}"),
    ("CalledCountry", "US"),
    ("CallerCity", "LOS ANGELES"),
    ("ToCity", ""),
    ("FromCountry", "US"),
    ("Caller", "{from}"),
    ("FromCity", "LOS ANGELES"),
    ("CalledState", "CA"),
    ("FromZip", "91604"),
    ("FromState", "CA"),
    ("ForwardedFrom", "{to}"),
];

struct Form {
    path: &'static str,
    body: Vec<Piece>,
    signed: Vec<Piece>,
}

enum Piece {
    Text(String),
    Sid,
    To,
    From,
    Account,
}

impl Webhooks {
    /// The webhooks of calls that are made from `now` on, to numbers spread over this many accounts.
    pub fn new(now: Timestamp, accounts: usize) -> Self {
        let mut voice = fields();
        voice.push(("CallStatus", "ringing".to_owned()));
        voice.push(("StirVerstat", "TN-Validation-Passed-A".to_owned()));
        let mut steps = vec![Form::new(VOICE, voice)];
        for (sequence, status) in (0_i64..).zip(PROGRESS) {
            let mut told = fields();
            let at = now + TimeDelta::seconds(sequence);
            told.push(("CallStatus", status.to_owned()));
            told.push(("CallbackSource", "call-progress-events".to_owned()));
            told.push(("SequenceNumber", sequence.to_string()));
            told.push(("Timestamp", at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()));
            if status == "completed" {
                told.push(("CallDuration", "75".to_owned()));
                told.push(("Duration", "2".to_owned()));
            }
            steps.push(Form::new(STATUS, told));
        }
        let key = |account| Hmac::new_from_slice(world::auth_token(account).as_bytes());
        let keys = (0..accounts).map(|account| key(account).expect("HMAC takes a key of any length")).collect();
        Self { steps, keys }
    }

    /// A webhook of a call.
    pub fn signed(&self, call: &Call, step: usize) -> Signed {
        let form = &self.steps[step];
        let account = call.number % self.keys.len();
        let holes = Holes {
            sid: &call.sid,
            to: &world::e164(call.number),
            from: &call.caller,
            account: &world::account_sid(account),
        };
        let mut mac = self.keys[account].clone();
        mac.update(holes.fill(&form.signed, "+").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        Signed { path: form.path, body: holes.fill(&form.body, "%2B"), signature }
    }
}

fn fields() -> Vec<(&'static str, String)> {
    FIELDS.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

impl Form {
    fn new(path: &'static str, mut fields: Vec<(&'static str, String)>) -> Self {
        let encode = |value: &str| match value.starts_with('{') {
            true => value.to_owned(),
            false => form_urlencoded::byte_serialize(value.as_bytes()).collect(),
        };
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        fields.sort_unstable();
        let signed: String = fields.iter().map(|(name, value)| format!("{name}{value}")).collect();
        let url = format!("{}{path}", world::PUBLIC_URL);
        Self { path, body: cut(&body.join("&")), signed: cut(&format!("{url}{signed}")) }
    }
}

fn cut(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, part) in text.split(['{', '}']).enumerate() {
        pieces.push(match (index % 2, part) {
            (1, "sid") => Piece::Sid,
            (1, "to") => Piece::To,
            (1, "from") => Piece::From,
            (1, "account") => Piece::Account,
            _ => Piece::Text(part.to_owned()),
        });
    }
    pieces
}

struct Holes<'a> {
    sid: &'a str,
    to: &'a str,
    from: &'a str,
    account: &'a str,
}

impl Holes<'_> {
    /// Fills a form; `plus` is how the plus of a number is written there.
    fn fill(&self, pieces: &[Piece], plus: &str) -> String {
        let mut text = String::with_capacity(1024);
        for piece in pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Sid => text.push_str(self.sid),
                Piece::Account => text.push_str(self.account),
                Piece::To | Piece::From => {
                    let number = if matches!(piece, Piece::To) { self.to } else { self.from };
                    text.push_str(plus);
                    text.push_str(number.trim_start_matches('+'));
                }
            }
        }
        text
    }
}
