//! What travels to a control plane: webhooks that were encoded once, where they were typed, and are only put side by side
//! here. On the wire it is a `HandleRequest`.

use bytes::Bytes;
use callplane_proto::edge::v1::{MissedWebhooks, Webhook};
use prost::Message;

/// A `HandleRequest` whose webhooks are encoded already: a message in a field and its bytes in that field are the same on
/// the wire.
#[derive(Clone, PartialEq, Message)]
pub struct Batch {
    /// `edge_id`.
    #[prost(string, tag = "1")]
    pub edge_id: String,
    /// `webhooks`.
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub webhooks: Vec<Bytes>,
    /// `missed`.
    #[prost(message, repeated, tag = "3")]
    pub missed: Vec<MissedWebhooks>,
}

/// A webhook on its way: whoever asks a second control plane sends the same bytes.
#[derive(Clone)]
pub struct Asked {
    /// By which its reply is known.
    pub delivery_key: String,
    /// The encoded webhook.
    pub encoded: Bytes,
}

impl Asked {
    pub fn about(webhook: &Webhook) -> Self {
        Self { delivery_key: webhook.delivery_key.clone(), encoded: webhook.encode_to_vec().into() }
    }
}

#[cfg(test)]
mod tests {
    use callplane_proto::edge::v1::{HandleRequest, MissedWebhooks, Webhook};
    use prost::Message;

    use super::{Asked, Batch};

    #[test]
    fn a_batch_is_a_handle_request_on_the_wire() {
        let webhook = |key: &str| Webhook { delivery_key: key.into(), tag: "t".into(), ..Default::default() };
        let missed = vec![MissedWebhooks { account_sid: "AC1".into(), ..Default::default() }];
        let webhooks = [webhook("a"), webhook("b")];
        let encoded = webhooks.iter().map(|webhook| Asked::about(webhook).encoded).collect();
        let batch = Batch { edge_id: "edge-1".into(), webhooks: encoded, missed: missed.clone() };
        // A new field of the request must be thought of here.
        let HandleRequest { edge_id, webhooks: decoded, missed: told } =
            HandleRequest::decode(batch.encode_to_vec().as_slice()).expect("the same message");
        assert_eq!((edge_id.as_str(), decoded.as_slice(), told), ("edge-1", webhooks.as_slice(), missed));
    }
}
