//! TwiML as a tree of elements: read from XML, checked against Twilio's rules. Performing it is `call`'s work.

pub mod check;
pub mod parse;

/// One element with its attributes in order, its text and its children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// An attribute that is a number; anything else counts as absent, as Twilio warns and uses the default.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.attribute(name).and_then(|value| value.trim().parse().ok())
    }

    pub fn flag(&self, name: &str) -> bool {
        self.attribute(name) == Some("true")
    }

    pub fn text(&self) -> &str {
        self.text.trim()
    }
}

/// A document and where relative URLs in it start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub verbs: Vec<Element>,
    /// None for TwiML that was given with the call.
    pub base: Option<String>,
    pub method: String,
}
