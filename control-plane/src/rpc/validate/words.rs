//! What would be right, in words: for patterns and for lists of choices.

use std::fmt::Display;

const SHOWN: usize = 12;

const PATTERNS: &[(&str, &str)] = &[
    (r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", "a time `HH:MM`, at most `24:00`"),
    (r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "a time `HH:MM`, such as `08:30`"),
    (r"^([a-z_]+|\*):([a-z]+|\*)$|^\*$", "`noun:verb`, `noun:*`, `*:verb` or `*`, such as `calls:read`"),
    (r"^(call_[0-9a-z]{26}|CA[0-9a-fA-F]{32})$", "the id of a call (`call_…`) or a CallSid (`CA` and 32 hex digits)"),
    (
        r"^(msg_[0-9a-z]{26}|(SM|MM)[0-9a-fA-F]{32})$",
        "the id of a message (`msg_…`) or a MessageSid (`SM` or `MM` and 32 hex digits)",
    ),
    (
        r"^(num_[0-9a-z]{26}|\+[1-9][0-9]{6,14})$",
        "the id of a phone number (`num_…`) or the number itself: `+` and 7 to 15 digits",
    ),
    (r"^[0-9a-f]{32}$", "32 lower-case hex digits"),
    (r"^[A-Z]{3}$", "three capital letters, ISO 4217, such as `USD`"),
    (r"^[A-Z]{2}$", "two capital letters, ISO 3166 alpha-2, such as `DE`"),
    (r"^[a-z]+(-[a-z]+)*$", "lower-case words joined by dashes, such as `dublin`"),
    (r"^[a-z_]+\.([a-z-]+|\*)$", "`noun.verb` or `noun.*`, such as `call.completed`"),
    (r"^\+[0-9]{1,15}$", "`+` and 1 to 15 digits, such as `+4930`"),
    (r"^\+[1-9][0-9]{6,14}$", "`+` and 7 to 15 digits, the first not 0, without spaces, dots, dashes or brackets"),
    (r"^sips?:[^\s@]+@[^\s@]+$", "a SIP address, such as `sip:agent@example.com`"),
    (r"^wss?://[^?#\s]+$", "a WebSocket address without a query, such as `wss://voice.example.com/media`"),
];

/// What a pattern wants.
pub(super) fn pattern(pattern: &str) -> String {
    let known = PATTERNS.iter().find(|(known, _)| *known == pattern).map(|(_, words)| (*words).to_owned());
    let words = known.or_else(|| id(pattern)).or_else(|| sid(pattern));
    words.map_or_else(|| format!("expected text that matches `{pattern}`"), |words| format!("expected {words}"))
}

/// The words for one of ours: `^acc_[0-9a-z]{26}$`.
fn id(pattern: &str) -> Option<String> {
    let prefix = pattern.strip_prefix('^')?.strip_suffix("_[0-9a-z]{26}$")?;
    let is_plain = prefix.bytes().all(|b| b.is_ascii_lowercase());
    is_plain.then(|| format!("an id that starts with `{prefix}_`, such as `{prefix}_01jb3y6m5ye3hr9zj0t4n6q8rs`"))
}

/// The words for one of Twilio's: `^AC[0-9a-f]{32}$`.
fn sid(pattern: &str) -> Option<String> {
    let body = pattern.strip_prefix('^')?;
    let (prefix, case) = match (body.strip_suffix("[0-9a-f]{32}$"), body.strip_suffix("[0-9a-fA-F]{32}$")) {
        (Some(prefix), _) => (prefix, "lower-case "),
        (_, prefix) => (prefix?, ""),
    };
    let is_plain = prefix.len() == 2 && prefix.bytes().all(|b| b.is_ascii_uppercase());
    is_plain.then(|| format!("`{prefix}` and 32 {case}hex digits"))
}

/// `` `a`, `b` or `c` ``; a long list is cut.
pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut quoted: Vec<_> = items.into_iter().map(|item| format!("`{item}`")).collect();
    if quoted.len() > SHOWN {
        quoted.truncate(SHOWN);
        return format!("{} or another of them", quoted.join(", "));
    }
    let last = quoted.pop().unwrap_or_default();
    if quoted.is_empty() { last } else { format!("{} or {last}", quoted.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_sids_are_described_by_their_prefix() {
        assert!(pattern("^acc_[0-9a-z]{26}$").starts_with("expected an id that starts with `acc_`"));
        assert_eq!(pattern("^AC[0-9a-f]{32}$"), "expected `AC` and 32 lower-case hex digits");
        assert_eq!(pattern("^CA[0-9a-fA-F]{32}$"), "expected `CA` and 32 hex digits");
        assert_eq!(pattern("^x+$"), "expected text that matches `^x+$`");
    }

    #[test]
    fn choices_read_like_a_sentence() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` or `c`");
        assert!(list(0..20).ends_with("`11` or another of them"));
    }
}
