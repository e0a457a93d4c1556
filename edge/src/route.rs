//! Which path means what: the table every number points at, and the old paths that keep working. Paths are compared as
//! received; nothing is decoded or normalised, because the signature is over the same bytes.

use std::collections::HashMap;

/// What a webhook is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// A call comes in.
    Voice,
    /// An outbound call of ours was answered.
    Answered,
    /// Digits or speech.
    Gather,
    /// Call progress.
    Status,
    /// A dialled leg or a stream ended.
    Dial,
    /// Recording status.
    Recording,
    /// `<Record>` finished.
    Voicemail,
    /// A message comes in.
    Message,
    /// Message progress.
    MessageStatus,
    /// Twilio could not use our first answer to a call.
    Fallback,
    /// Twilio could not use our first answer to a message.
    MessageFallback,
}

/// What Twilio is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expects {
    /// Voice TwiML; a person is on the line.
    Instructions,
    /// Messaging TwiML.
    Messages,
    /// Only that we have it.
    Nothing,
}

/// Every route by the name that settings, metrics and the control plane use.
const NAMES: [(Route, &str); 11] = [
    (Route::Voice, "voice"),
    (Route::Answered, "answered"),
    (Route::Gather, "gather"),
    (Route::Status, "status"),
    (Route::Dial, "dial"),
    (Route::Recording, "recording"),
    (Route::Voicemail, "voicemail"),
    (Route::Message, "message"),
    (Route::MessageStatus, "message-status"),
    (Route::Fallback, "fallback"),
    (Route::MessageFallback, "message-fallback"),
];

impl Route {
    /// How many there are.
    pub const COUNT: usize = NAMES.len();

    /// The route's name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(route, _)| *route == self).map_or("unknown", |(_, name)| name)
    }

    /// The path of the table, for traces: an alias may be named after anything.
    pub fn path(self) -> &'static str {
        BUILT_IN.iter().find(|(_, route)| *route == self).map_or("", |(path, _)| path)
    }

    /// The route of a name in the settings.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(route, _)| *route)
    }

    /// All names, for a complaint about a wrong one.
    pub fn names() -> String {
        NAMES.map(|(_, name)| name).join(", ")
    }

    /// What Twilio is waiting for.
    pub fn expects(self) -> Expects {
        match self {
            Self::Voice | Self::Answered | Self::Gather | Self::Dial | Self::Voicemail | Self::Fallback => {
                Expects::Instructions
            }
            Self::Message | Self::MessageFallback => Expects::Messages,
            Self::Status | Self::Recording | Self::MessageStatus => Expects::Nothing,
        }
    }

    /// The webhook is the first of a call or message that came to one of our numbers, so `To` must be ours.
    pub fn is_inbound(self) -> bool {
        matches!(self, Self::Voice | Self::Message | Self::MessageFallback)
    }
}

/// An old path that keeps working.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The path as Twilio requests it; a last segment `{tag}` takes any one segment.
    pub path: String,
    /// What it means.
    pub route: Route,
    /// Accepts GET too, for numbers configured so.
    pub get: bool,
}

/// A path that was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// What it means.
    pub route: Route,
    /// The last segment, where the path has a tag; empty otherwise.
    pub tag: &'a str,
    /// GET is accepted.
    pub get: bool,
}

/// The built-in paths and the aliases.
#[derive(Debug, Default)]
pub struct Table {
    exact: HashMap<String, (Route, bool)>,
    tagged: HashMap<String, (Route, bool)>,
}

/// Tags are ours: opaque ids. Anything longer or stranger was never given to Twilio.
const LONGEST_TAG: usize = 128;

impl Table {
    /// The table with the aliases added; an alias may replace a built-in path.
    pub fn new(aliases: &[Alias]) -> Self {
        let mut table = Self::default();
        for (path, route) in BUILT_IN {
            table.add(path, *route, *route != Route::MessageStatus);
        }
        for alias in aliases {
            table.add(&alias.path, alias.route, alias.get);
        }
        table
    }

    fn add(&mut self, path: &str, route: Route, get: bool) {
        match path.strip_suffix("{tag}") {
            Some(prefix) => self.tagged.insert(prefix.to_owned(), (route, get)),
            None => self.exact.insert(path.to_owned(), (route, get)),
        };
    }

    /// What a path means.
    pub fn find<'a>(&self, path: &'a str) -> Option<Found<'a>> {
        if let Some((route, get)) = self.exact.get(path) {
            return Some(Found { route: *route, tag: "", get: *get });
        }
        let (prefix, tag) = path.split_at(path.rfind('/')? + 1);
        let (route, get) = self.tagged.get(prefix)?;
        is_tag(tag).then_some(Found { route: *route, tag, get: *get })
    }
}

/// Message progress is always posted; the others may be configured with GET at Twilio.
const BUILT_IN: &[(&str, Route)] = &[
    ("/twilio/voice", Route::Voice),
    ("/twilio/voice/{tag}", Route::Answered),
    ("/twilio/gather", Route::Gather),
    ("/twilio/gather/{tag}", Route::Gather),
    ("/twilio/status", Route::Status),
    ("/twilio/status/{tag}", Route::Status),
    ("/twilio/dial", Route::Dial),
    ("/twilio/dial/{tag}", Route::Dial),
    ("/twilio/recording", Route::Recording),
    ("/twilio/recording/{tag}", Route::Recording),
    ("/twilio/voicemail", Route::Voicemail),
    ("/twilio/voicemail/{tag}", Route::Voicemail),
    ("/twilio/message", Route::Message),
    ("/twilio/message/status", Route::MessageStatus),
    ("/twilio/message/status/{tag}", Route::MessageStatus),
    ("/twilio/message/fallback", Route::MessageFallback),
    ("/twilio/fallback", Route::Fallback),
    ("/twilio/fallback/{tag}", Route::Fallback),
];

fn is_tag(tag: &str) -> bool {
    let fits = (1..=LONGEST_TAG).contains(&tag.len());
    fits && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::{Alias, Found, Route, Table};

    fn find(path: &str) -> Option<(Route, String)> {
        Table::new(&[]).find(path).map(|found| (found.route, found.tag.to_owned()))
    }

    #[test]
    fn every_path_of_the_table_is_found_with_its_tag() {
        let cases = [
            ("/twilio/voice", Route::Voice, ""),
            ("/twilio/voice/call_1", Route::Answered, "call_1"),
            ("/twilio/gather/t", Route::Gather, "t"),
            ("/twilio/status", Route::Status, ""),
            ("/twilio/status/t", Route::Status, "t"),
            ("/twilio/dial/t", Route::Dial, "t"),
            ("/twilio/recording", Route::Recording, ""),
            ("/twilio/voicemail", Route::Voicemail, ""),
            ("/twilio/message", Route::Message, ""),
            ("/twilio/message/status", Route::MessageStatus, ""),
            ("/twilio/message/fallback", Route::MessageFallback, ""),
            ("/twilio/fallback", Route::Fallback, ""),
        ];
        for (path, route, tag) in cases {
            assert_eq!(find(path), Some((route, tag.to_owned())), "{path}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for path in
            ["/", "/twilio", "/twilio/voice/", "/twilio/voice/a/b", "/twilio/voice/a%2fb", "/Twilio/voice", "*", ""]
        {
            assert_eq!(find(path), None, "{path}");
        }
        assert_eq!(find(&format!("/twilio/voice/{}", "a".repeat(200))), None);
    }

    #[test]
    fn an_alias_keeps_an_old_path_alive() {
        let old = |path: &str, route, get| Alias { path: path.into(), route, get };
        let table = Table::new(&[old("/call/status", Route::Status, false), old("/old/{tag}", Route::Gather, true)]);
        assert_eq!(table.find("/call/status"), Some(Found { route: Route::Status, tag: "", get: false }));
        assert_eq!(table.find("/old/x"), Some(Found { route: Route::Gather, tag: "x", get: true }));
    }

    #[test]
    fn names_lead_back_to_their_routes() {
        for name in Route::names().split(", ") {
            assert_eq!(Route::named(name).map(Route::name), Some(name));
        }
    }
}
