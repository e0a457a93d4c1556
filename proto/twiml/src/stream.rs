//! `<Connect><Stream>` with its parameters.

use std::borrow::Cow;

use callplane_proto::edge::v1::Stream;

use super::{Renderer, verbs::filled, xml::Document};

impl Renderer {
    pub(super) fn stream(&self, document: &mut Document, stream: &Stream) {
        document.open("Connect", &[("action", self.optional(&stream.action).map(Cow::Owned))]);
        document.open(
            "Stream",
            &[
                ("url", filled(&stream.url)),
                ("name", filled(&stream.name)),
                ("statusCallback", self.optional(&stream.status_callback).map(Cow::Owned)),
            ],
        );
        for parameter in &stream.parameters {
            let name = Some(Cow::Borrowed(parameter.name.as_str()));
            let value = Some(Cow::Borrowed(parameter.value.as_str()));
            document.empty("Parameter", &[("name", name), ("value", value)]);
        }
        document.close("Stream");
        document.close("Connect");
    }
}
