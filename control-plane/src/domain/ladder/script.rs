//! What is said or written: a text with places that the event and the person fill in. No markup: whoever sends it writes
//! that.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::domain::{time::Timestamp, zone::Zone};

/// Longer than this nobody listens, and Twilio takes no more than 4,000 characters of TwiML in some places.
pub const LONGEST_SPOKEN: usize = 2_000;
/// Titles come from calendars and can be anything; longer ones are cut.
const LONGEST_TITLE: usize = 200;

/// A text with places: `{title}`, `{name}`, `{time}`, `{date}`, `{minutes}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Script {
    /// The subject line of a mail; empty for the title.
    pub subject: String,
    /// The text; empty for the usual one of the language.
    pub text: String,
    /// What is said when a key is to be pressed; empty for the usual menu of the language.
    pub menu: String,
    /// The language it is spoken in, such as `de-DE`; empty for the person's.
    pub language: String,
    /// The voice; empty for the account's.
    pub voice: String,
    /// A key ends all further calls to the person. It is announced.
    pub offers_opt_out: bool,
}

/// What fills the places.
#[derive(Clone, Debug)]
pub struct Occasion<'a> {
    /// The event's title.
    pub title: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// When the event starts.
    pub start: Timestamp,
    /// The person's time zone.
    pub zone: Zone,
    /// When it is said.
    pub now: Timestamp,
}

impl Occasion<'_> {
    /// Fills the places of a text. A place it does not know stays as it is, so that a mistake is seen in the preview.
    pub fn fill(&self, text: &str, longest: usize) -> String {
        let mut filled = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            rest = &rest[open..];
            let place = rest.find('}').and_then(|close| Some((self.place(&rest[1..close])?, close)));
            match place {
                Some((value, close)) => {
                    filled.push_str(&value);
                    rest = &rest[close + 1..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        cut(&filled, longest).into_owned()
    }

    fn place(&self, name: &str) -> Option<Cow<'_, str>> {
        let local = self.start.with_timezone(&self.zone.tz());
        Some(match name {
            "title" => cut(self.title, LONGEST_TITLE),
            "name" => cut(self.name, LONGEST_TITLE),
            "time" => local.format("%H:%M").to_string().into(),
            "date" => local.format("%Y-%m-%d").to_string().into(),
            "minutes" => self.minutes().to_string().into(),
            _ => return None,
        })
    }

    /// Until the event starts, rounded up; 0 once it has.
    fn minutes(&self) -> i64 {
        let seconds = (self.start - self.now).num_seconds().max(0);
        (seconds + 59) / 60
    }
}

/// Cuts at a character, never inside of one. Control characters, which XML cannot carry and no voice can speak, go.
fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    let is_plain = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    if text.len() <= longest && text.chars().all(is_plain) {
        return text.into();
    }
    text.chars().filter(|character| is_plain(*character)).take(longest).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::sample::at;

    fn occasion(title: &str) -> Occasion<'_> {
        Occasion {
            title,
            name: "Ada",
            start: at("2026-03-29T07:30:00Z"),
            zone: "Europe/Berlin".parse().expect("a zone"),
            now: at("2026-03-29T07:28:01Z"),
        }
    }

    #[test]
    fn places_are_filled_in_the_persons_own_time() {
        let text = "{name}: {title} at {time} on {date}, in {minutes} minutes";
        let filled = occasion("Board <&> 💼").fill(text, LONGEST_SPOKEN);
        // The clocks went forward that morning.
        assert_eq!(filled, "Ada: Board <&> 💼 at 09:30 on 2026-03-29, in 2 minutes");
    }

    #[test]
    fn what_is_no_place_stays_and_a_title_is_not_filled_again() {
        assert_eq!(occasion("{name}").fill("{title} {who} { {", LONGEST_SPOKEN), "{name} {who} { {");
    }

    proptest! {
        #[test]
        fn any_text_is_filled_and_is_never_too_long(title in ".{0,400}", text in ".{0,400}") {
            let filled = occasion(&title).fill(&text, 300);
            prop_assert!(filled.chars().count() <= 300);
            prop_assert!(filled.chars().all(|character| !character.is_control() || matches!(character, '\n' | '\t')));
        }
    }
}
