//! `EventService`: everything that happened in a workspace, numbered. Numbers of people are masked on the way out.

use std::{mem::take, sync::Arc};

use callplane_proto::v1::{self as pb, event_service_server::EventService};
use futures::stream::BoxStream;
use prost_types::{ListValue, Struct, Value as Field, value::Kind};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, async_trait};

use super::{
    gate::Caller,
    paging::Paging,
    read::Reply,
    show,
    watch::{Shows, Watch},
};
use crate::{
    domain::{e164::mask, error::Result, id::WorkspaceId},
    flow::Context,
    store::{
        entity::event::Model,
        event::{self as store, Filter},
        page::Ask,
    },
};

/// Under this name events carry a number in full, for the edges.
const E164: &str = "e164";

/// Events over gRPC.
pub struct Events {
    ctx: Arc<Context>,
    stop: CancellationToken,
}

impl Events {
    /// Over this context; watchers are let go when `stop` is cancelled.
    pub fn new(ctx: Arc<Context>, stop: CancellationToken) -> Self {
        Self { ctx, stop }
    }

    async fn list(&self, workspace: WorkspaceId, mut request: pb::ListEventsRequest) -> Result<pb::ListEventsResponse> {
        let page = (take(&mut request.page_size), take(&mut request.page_token));
        let paging = Paging::of(&self.ctx, Some(workspace), "ListEvents", page, &request);
        let pb::ListEventsRequest { page_size: _, page_token: _, types, resource_id } = request;
        let resource = (!resource_id.is_empty()).then_some(resource_id);
        let filter = Filter { workspace: Some(workspace), kinds: types, resource };
        let ask: Ask<i64> = paging.ask()?;
        let rows = store::after(self.ctx.store.read(), &filter, ask.after.unwrap_or(0), ask.limit()).await?;
        let page = ask.cut(rows, |event| event.sequence).map(shown);
        Ok(pb::ListEventsResponse { events: page.rows, next_page_token: paging.next(page.next)? })
    }
}

#[tonic::async_trait]
impl EventService for Events {
    type WatchEventsStream = BoxStream<'static, std::result::Result<pb::WatchEventsResponse, Status>>;

    async fn list_events(&self, request: Request<pb::ListEventsRequest>) -> Reply<pb::ListEventsResponse> {
        let caller = Caller::of(&request)?;
        let answer = self.list(caller.workspace()?, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn watch_events(&self, request: Request<pb::WatchEventsRequest>) -> Reply<Self::WatchEventsStream> {
        let caller = Caller::of(&request)?;
        let pb::WatchEventsRequest { resume_token, from_beginning, types } = request.into_inner();
        let filters = pb::WatchEventsRequest { types: types.clone(), ..Default::default() };
        let watch = Watch::new((&self.ctx, &self.stop), caller.workspace()?, "WatchEvents", &filters, types);
        let answers = watch.start(All, &resume_token, from_beginning).await?;
        Ok(Response::new(Box::pin(answers)))
    }
}

/// Shows every event as it is.
struct All;

#[async_trait]
impl Shows for All {
    type Thing = pb::Event;
    type Reply = pb::WatchEventsResponse;

    async fn things(&self, _: &Context, _: WorkspaceId, events: Vec<Model>) -> Result<Vec<(i64, pb::Event)>> {
        Ok(events.into_iter().map(|event| (event.sequence, shown(event))).collect())
    }

    fn reply(event: Option<pb::Event>, resume_token: String) -> pb::WatchEventsResponse {
        pb::WatchEventsResponse { event, resume_token }
    }
}

fn shown(event: Model) -> pb::Event {
    let Model { sequence, id, workspace_id: _, kind, resource_id, data, create_time } = event;
    let data = match data.0 {
        Value::Object(fields) => Some(shown_object(fields)),
        _ => None,
    };
    let create_time = Some(show::moment(create_time));
    pb::Event { id: id.to_string(), sequence, r#type: kind, resource_id, create_time, data }
}

fn shown_object(fields: Map<String, Value>) -> Struct {
    let shown = |(name, value)| match value {
        Value::String(number) if name == E164 => (name, Field { kind: Some(Kind::StringValue(mask(&number))) }),
        value => (name, shown_value(value)),
    };
    Struct { fields: fields.into_iter().map(shown).collect() }
}

fn shown_value(value: Value) -> Field {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(value),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.into_iter().map(shown_value).collect() }),
        Value::Object(fields) => Kind::StructValue(shown_object(fields)),
    };
    Field { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_is_masked_however_deep_it_stands() {
        let data = json!({ "e164": "+15005550006", "moved": [{ "e164": "+15005550007", "count": 2 }] });
        let Value::Object(fields) = data else { panic!("an object") };
        let text = format!("{:?}", shown_object(fields));
        assert!(text.contains("****0006") && text.contains("****0007") && !text.contains("1500"), "{text}");
    }
}
