//! Content lines (RFC 5545 §3.1): unfolding, names, parameters, values and their escapes. Knows no property.

use std::{borrow::Cow, iter};

/// The text of a calendar as it came. A line may be folded in the middle of a character, so what is no UTF-8 as it stands
/// is unfolded first; `None` if it is none then either.
pub fn decode(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => String::from_utf8(unfolded(bytes)).ok(),
    }
}

fn unfolded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        rest = match rest {
            [b'\r', b'\n', b' ' | b'\t', more @ ..] | [b'\n', b' ' | b'\t', more @ ..] => more,
            _ => {
                out.push(first);
                after
            }
        };
    }
    out
}

/// Every line without its folds, with the number of the line in the text on which it began.
pub(super) fn unfold(text: &str) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    let mut written = text.strip_prefix('\u{feff}').unwrap_or(text).lines().zip(1..).peekable();
    iter::from_fn(move || {
        let (first, number) = written.next()?;
        let mut line = Cow::Borrowed(first);
        while let Some((more, _)) = written.next_if(|(more, _)| more.starts_with([' ', '\t'])) {
            line.to_mut().push_str(&more[1..]);
        }
        Some((number, line))
    })
}

/// One property: `NAME;PARAMETER=…:value`.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    name: &'a str,
    parameters: &'a str,
    /// As written, with its escapes.
    pub value: &'a str,
}

impl<'a> Line<'a> {
    /// `None` for what has no colon outside of quotes.
    pub fn read(text: &'a str) -> Option<Self> {
        let (head, value) = cut(text, b':')?;
        let (name, parameters) = cut(head, b';').unwrap_or((head, ""));
        Some(Self { name: name.trim(), parameters, value })
    }

    /// Names do not tell upper from lower case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// A parameter without its quotes; of several values the first.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut rest = self.parameters;
        while !rest.is_empty() {
            let (one, more) = cut(rest, b';').unwrap_or((rest, ""));
            rest = more;
            match one.split_once('=') {
                Some((named, values)) if named.trim().eq_ignore_ascii_case(name) => {
                    let first = cut(values, b',').map_or(values, |(first, _)| first).trim();
                    return Some(uncaret(first.trim_matches('"')));
                }
                _ => {}
            }
        }
        None
    }

    /// The value as text, fit to be kept: without escapes and control characters, and not longer than `longest`.
    pub fn text(&self, longest: usize) -> String {
        kept(&unescape(self.value), longest)
    }
}

/// Splits at the first `at` outside of quotes.
fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let mut quoted = false;
    let position = text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == at && !quoted
    })?;
    Some((&text[..position], &text[position + 1..]))
}

/// RFC 6868: what parameters cannot say otherwise.
fn uncaret(text: &str) -> String {
    if !text.contains('^') {
        return text.to_owned();
    }
    replace(text, '^', |next| match next {
        'n' => Some('\n'),
        '\'' => Some('"'),
        '^' => Some('^'),
        _ => None,
    })
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let plain = |next| Some(if matches!(next, 'n' | 'N') { '\n' } else { next });
    Cow::Owned(replace(text, '\\', plain))
}

/// Replaces each `mark` and the character after it, where there is something to replace it with.
fn replace(text: &str, mark: char, with: impl Fn(char) -> Option<char>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek().and_then(|next| with(*next)) {
            Some(meant) if letter == mark => {
                out.push(meant);
                letters.next();
            }
            _ => out.push(letter),
        }
    }
    out
}

/// What a row, a mail and a voice can take: PostgreSQL refuses NUL, and a title is one line.
pub(super) fn kept(text: &str, longest: usize) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.trim().chars().take(longest).map(plain).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_undone_and_lines_keep_the_number_they_began_on() {
        let text = "\u{feff}SUMMARY:Stand\r\n -up\r\n\tmeeting\nUID:1\n\nURL:x";
        let lines: Vec<_> = unfold(text).map(|(number, line)| (number, line.into_owned())).collect();
        let expected = [(1, "SUMMARY:Stand-upmeeting"), (4, "UID:1"), (5, ""), (6, "URL:x")];
        assert_eq!(lines, expected.map(|(number, line)| (number, line.to_owned())));
    }

    #[test]
    fn a_character_that_was_folded_in_two_is_whole_again() {
        let whole = "SUMMARY:Café\r\n";
        let at = whole.find('é').expect("there") + 1;
        let folded = [&whole.as_bytes()[..at], b"\r\n ", &whole.as_bytes()[at..]].concat();
        assert_eq!(decode(&folded).as_deref(), Some(whole));
        assert_eq!(decode(b"\xEF\xBB\xBFBEGIN").as_deref(), Some("BEGIN"));
        assert_eq!(decode(b"SUMMARY:\xff"), None);
    }

    #[test]
    fn parameters_may_be_quoted_and_hold_what_would_end_them() {
        let line = Line::read(r#"attendee;CN="Doe; Jane: the ^'boss^'";partstat=DECLINED,X:mailto:a@b.example"#);
        let line = line.expect("a line");
        assert!(line.is("ATTENDEE"));
        assert_eq!(line.parameter("cn").as_deref(), Some("Doe; Jane: the \"boss\""));
        assert_eq!(line.parameter("PARTSTAT").as_deref(), Some("DECLINED"));
        assert_eq!((line.parameter("ROLE"), line.value), (None, "mailto:a@b.example"));
        for bad in ["", "no colon", "X;Y=\"never ends:1", ";"] {
            assert!(Line::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn escapes_are_undone_and_what_a_row_cannot_take_is_left_out() {
        let text = |value: &str| Line::read(&format!("SUMMARY:{value}")).expect("a line").text(12);
        for (written, meant) in [
            (r"One\, two\; \\o/", r"One, two; \o"),
            (r"a\nb\Nc", "a b c"),
            ("a\0b\u{7}", "a b"),
            (r"ends with \", r"ends with \"),
            ("ééééééééééééééé", "éééééééééééé"),
        ] {
            assert_eq!(text(written), meant, "{written}");
        }
    }
}
