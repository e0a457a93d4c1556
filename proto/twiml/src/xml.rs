//! A TwiML document being written: elements, attributes and text, escaped, without the characters XML cannot hold.

use std::borrow::Cow;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event, attributes::Attribute},
    name::QName,
};

/// An attribute that may be left out.
pub type Attributes<'a> = &'a [(&'static str, Option<Cow<'a, str>>)];

/// The document inside `<Response>`.
pub struct Document {
    writer: Writer<Vec<u8>>,
}

impl Document {
    pub fn new() -> Self {
        let mut document = Self { writer: Writer::new(Vec::with_capacity(256)) };
        document.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        document.open("Response", &[]);
        document
    }

    pub fn open(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.write(Event::Start(start(name, attributes)));
    }

    pub fn close(&mut self, name: &'static str) {
        self.write(Event::End(BytesEnd::new(name)));
    }

    pub fn empty(&mut self, name: &'static str, attributes: Attributes<'_>) {
        self.write(Event::Empty(start(name, attributes)));
    }

    pub fn text_element(&mut self, name: &'static str, attributes: Attributes<'_>, text: &str) {
        self.open(name, attributes);
        self.write(Event::Text(BytesText::from_escaped(escape(text))));
        self.close(name);
    }

    pub fn finish(mut self) -> String {
        self.close("Response");
        String::from_utf8(self.writer.into_inner()).expect("only text was written")
    }

    fn write(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("writing to memory does not fail");
    }
}

fn start<'a>(name: &'static str, attributes: Attributes<'_>) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (key, value) in attributes {
        let Some(value) = value else { continue };
        let value = Cow::Owned(escape(value).into_bytes());
        element.push_attribute(Attribute { key: QName(key.as_bytes()), value });
    }
    element
}

/// Beyond the usual five, line ends and tabs are written as references: a parser turns them into spaces in an attribute, and
/// CR LF into LF in a text.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars().filter(|character| is_xml(*character)) {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// XML 1.0, production 2.
pub fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::{Document, escape};

    #[test]
    fn a_document_is_declared_and_has_one_root() {
        assert_eq!(Document::new().finish(), r#"<?xml version="1.0" encoding="UTF-8"?><Response></Response>"#);
    }

    #[test]
    fn data_cannot_become_markup() {
        assert_eq!(escape("<Hangup/>\"&'"), "&lt;Hangup/&gt;&quot;&amp;'");
        assert_eq!(escape("a\r\n\tb"), "a&#13;&#10;&#9;b");
        assert_eq!(escape("a\u{0}\u{8}\u{b}\u{ffff}b👋"), "ab👋");
    }
}
