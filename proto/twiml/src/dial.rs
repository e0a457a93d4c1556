//! `<Dial>` with the numbers and SIP addresses it rings.

use std::borrow::Cow;

use callplane_proto::edge::v1::{Dial, DialTarget, dial_target::Kind};

use super::{
    Renderer, Unwritable,
    verbs::{filled, seconds},
    xml::Document,
};

/// Without a list Twilio reports only the end.
const EVERY_EVENT: &str = "initiated ringing answered completed";

impl Renderer {
    pub(super) fn dial(&self, document: &mut Document, dial: &Dial) -> Result<(), Unwritable> {
        document.open(
            "Dial",
            &[
                ("action", self.optional(&dial.action).map(Cow::Owned)),
                ("timeout", seconds(dial.timeout.as_ref())),
                ("timeLimit", seconds(dial.time_limit.as_ref())),
                ("callerId", filled(&dial.caller_id)),
                ("answerOnBridge", dial.answer_on_bridge.then_some(Cow::Borrowed("true"))),
            ],
        );
        for target in &dial.targets {
            self.target(document, target)?;
        }
        document.close("Dial");
        Ok(())
    }

    fn target(&self, document: &mut Document, target: &DialTarget) -> Result<(), Unwritable> {
        let callback = self.optional(&target.status_callback);
        let events = callback.is_some().then_some(Cow::Borrowed(EVERY_EVENT));
        let attributes = [("statusCallback", callback.map(Cow::Owned)), ("statusCallbackEvent", events)];
        match target.kind.as_ref().ok_or(Unwritable::UnknownVerb)? {
            Kind::Number(number) => document.text_element("Number", &attributes, number),
            Kind::SipUri(uri) => document.text_element("Sip", &attributes, uri),
        }
        Ok(())
    }
}
