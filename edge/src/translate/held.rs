//! What is remembered of somebody who is held on the line while no control plane answers. It stands in the query of the address
//! they are sent back to: no edge keeps it, any edge can go on with it, and Twilio signs it, so only what we wrote comes back.

use super::field::word;
use crate::form::Form;

/// How often somebody is held before it is given up.
pub const MOST: u8 = 3;

/// The query is ours and short; whatever has more fields is not.
const FIELDS: usize = 8;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// How often they were held; 0 for somebody who was not.
    pub times: u8,
    /// The key they had pressed.
    pub key: Option<char>,
    /// Who or what answered our call; Twilio says it once.
    pub answered_by: String,
}

impl Held {
    /// What the query of a request remembers.
    pub fn read(target: &str) -> Self {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let Ok(query) = Form::parse(query.as_bytes(), FIELDS) else { return Self::default() };
        let Some(times) = query.text("hold") else { return Self::default() };
        Self {
            // A count that we did not write must not begin anew.
            times: times.parse().ok().filter(|times| (1..=MOST).contains(times)).unwrap_or(MOST),
            key: query.text("digits").and_then(|digits| key(&digits)),
            answered_by: word(&query, "answered_by").unwrap_or_default(),
        }
    }

    /// Where they go on when they are held once more.
    pub fn address(&self, target: &str) -> String {
        let path = target.split('?').next().unwrap_or_default();
        let key = match self.key {
            Some('#') => "&digits=%23".to_owned(),
            Some(key) => format!("&digits={key}"),
            None => String::new(),
        };
        let answered_by = match self.answered_by.as_str() {
            "" => String::new(),
            word => format!("&answered_by={word}"),
        };
        format!("{path}?hold={}{key}{answered_by}", self.times.saturating_add(1))
    }
}

/// One key. More than one is none: half of a number is worse than being asked again.
pub fn key(pressed: &str) -> Option<char> {
    let mut keys = pressed.chars();
    match (keys.next(), keys.next()) {
        (Some(key @ ('0'..='9' | '*' | '#')), None) => Some(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Held, MOST, key};

    #[test]
    fn what_was_written_is_read_back_and_counts_on() {
        for key in [None, Some('1'), Some('*'), Some('#')] {
            let first = Held { times: 0, key, answered_by: "machine_end_beep".to_owned() };
            let address = first.address("/twilio/gather/t?x=1");
            assert!(address.starts_with("/twilio/gather/t?hold=1") && !address.contains("x=1"), "{address}");
            assert_eq!(Held::read(&address), Held { times: 1, ..first });
        }
        assert_eq!(Held::read("/twilio/gather/t?digits=1"), Held::default(), "nobody is held");
    }

    #[test]
    fn a_count_that_is_not_ours_ends_it() {
        for query in ["hold=0", "hold=4", "hold=255", "hold=256", "hold=-1", "hold=", "hold", "hold=x"] {
            assert_eq!(Held::read(&format!("/p?{query}")).times, MOST, "{query}");
        }
    }

    #[test]
    fn only_one_key_is_a_key() {
        for none in ["", "12", "A", "hangup", "1 ", "１", "\u{0}"] {
            assert_eq!(key(none), None, "{none:?}");
            assert_eq!(Held::read(&format!("/p?hold=1&digits={none}")).key, None, "{none:?}");
        }
        assert_eq!(Held::read("/p?hold=1&digits=%23").key, Some('#'));
        assert_eq!(Held::read("/p?hold=1&digits=1&answered_by=a%26digits=2").answered_by, "");
    }

    proptest! {
        #[test]
        fn whatever_the_query_says_nobody_is_held_more_often(target in ".{0,60}", held in "[a-z=&%0-9?#]{0,40}") {
            for target in [target, format!("/p?{held}"), format!("/p?hold={held}")] {
                let read = Held::read(&target);
                prop_assert!(read.times <= MOST);
                prop_assert_eq!(Held::read(&read.address("/p")).key, read.key);
            }
        }
    }
}
