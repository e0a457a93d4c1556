//! From typed instructions to TwiML. Writes what it is told, completely or not at all; decides nothing about a call.

mod dial;
mod passthrough;
#[cfg(test)]
mod readback;
mod stream;
mod verbs;
mod xml;

use std::fmt;

use callplane_proto::edge::v1::{Instructions, Messages};

use xml::Document;

/// Twilio refuses a longer document (error 11750).
const LONGEST_DOCUMENT: usize = 64 * 1024;

/// Why instructions could not be written.
#[derive(Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// A verb of a newer control plane.
    UnknownVerb,
    /// A verb inside a Gather that may not stand there.
    NotAPrompt,
    /// Over 64 kB.
    TooLong,
    /// A vendor's TwiML is not one well-formed `<Response>`.
    NotTwiml,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownVerb => "a verb this edge does not know; update the edge",
            Self::NotAPrompt => "a Gather may contain only Say, Play and Pause",
            Self::TooLong => "the TwiML is longer than 64 kB",
            Self::NotTwiml => "the vendor's TwiML is not one well-formed <Response>",
        })
    }
}

impl std::error::Error for Unwritable {}

/// Writes TwiML whose paths are made absolute, so that they work in every place TwiML can stand.
#[derive(Debug, Clone)]
pub struct Renderer {
    base: String,
}

impl Renderer {
    /// `base` is the public URL without a slash at its end.
    pub fn new(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned() }
    }

    /// Voice TwiML.
    pub fn instructions(&self, instructions: &Instructions) -> Result<String, Unwritable> {
        if !instructions.passthrough_twiml.is_empty() {
            return passthrough::check(&instructions.passthrough_twiml).map(str::to_owned);
        }
        let mut document = Document::new();
        for verb in &instructions.verbs {
            self.verb(&mut document, verb)?;
        }
        finish(document)
    }

    /// Messaging TwiML; no message is a valid answer.
    pub fn messages(&self, messages: &Messages) -> Result<String, Unwritable> {
        let mut document = Document::new();
        for message in &messages.messages {
            document.open("Message", &[]);
            if !message.body.is_empty() {
                document.text_element("Body", &[], &message.body);
            }
            for url in &message.media_urls {
                document.text_element("Media", &[], url);
            }
            document.close("Message");
        }
        finish(document)
    }

    /// A path below the public URL as Twilio must request it; an absolute address stays.
    fn absolute(&self, path: &str) -> String {
        if path.contains("://") { path.to_owned() } else { format!("{}/{}", self.base, path.trim_start_matches('/')) }
    }

    /// The same, or nothing for nothing.
    fn optional(&self, path: &str) -> Option<String> {
        (!path.is_empty()).then(|| self.absolute(path))
    }
}

fn finish(document: Document) -> Result<String, Unwritable> {
    let text = document.finish();
    if text.len() > LONGEST_DOCUMENT { Err(Unwritable::TooLong) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
