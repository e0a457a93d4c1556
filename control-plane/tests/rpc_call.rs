//! The services of calls, events and voicemails over a real database. Watches are tested by committing something and
//! awaiting what comes.

mod common;
mod rows;

use callplane_control_plane::{
    domain::call::Status as CallStatus,
    rpc::{call::Calls, event::Events, voicemail::Voicemails},
};
use callplane_proto::v1::{
    self as pb, call_service_server::CallService, event_service_server::EventService,
    voicemail_service_server::VoicemailService,
};
use common::{Plane, blamed, on_every_database, why};
use futures::{StreamExt, stream::BoxStream};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

struct Desk<'p> {
    plane: &'p Plane,
    stop: CancellationToken,
    calls: Calls,
    events: Events,
}

type Watched<T> = BoxStream<'static, Result<T, Status>>;

impl<'p> Desk<'p> {
    fn at(plane: &'p Plane) -> Self {
        let stop = CancellationToken::new();
        let calls = Calls::new(plane.ctx.clone(), stop.clone());
        let events = Events::new(plane.ctx.clone(), stop.clone());
        Self { plane, stop, calls, events }
    }

    async fn get(&self, call_id: &str) -> Result<pb::Call, Status> {
        let request = self.plane.ask("CallService/GetCall", pb::GetCallRequest { call_id: call_id.into() });
        Ok(self.calls.get_call(request).await?.into_inner().call.expect("always there"))
    }

    async fn list(&self, request: pb::ListCallsRequest) -> Result<pb::ListCallsResponse, Status> {
        Ok(self.calls.list_calls(self.plane.ask("CallService/ListCalls", request)).await?.into_inner())
    }

    async fn watch(&self, request: pb::WatchCallsRequest) -> Result<Watched<pb::WatchCallsResponse>, Status> {
        Ok(self.calls.watch_calls(self.plane.ask("CallService/WatchCalls", request)).await?.into_inner())
    }

    async fn watch_events(&self, request: pb::WatchEventsRequest) -> Watched<pb::WatchEventsResponse> {
        let request = self.plane.ask("EventService/WatchEvents", request);
        self.events.watch_events(request).await.expect("watched").into_inner()
    }

    async fn redeem(&self, token: &str) -> Result<pb::RedeemStreamTokenResponse, Status> {
        let request = pb::RedeemStreamTokenRequest { token: token.into() };
        let request = self.plane.ask("CallService/RedeemStreamToken", request);
        Ok(self.calls.redeem_stream_token(request).await?.into_inner())
    }
}

async fn next<T>(stream: &mut Watched<T>) -> T {
    stream.next().await.expect("goes on").expect("no error")
}

#[tokio::test]
async fn a_call_is_found_by_either_name_and_only_at_home() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let call = rows::call(plane, 1);
        rows::told(plane, &call, "call.received").await;
        let by_id = desk.get(&call.id.to_string()).await.expect("there");
        assert_eq!(desk.get(call.call_sid.as_str()).await.expect("there"), by_id);
        assert_eq!((by_id.status(), by_id.from_number.as_str()), (pb::CallStatus::Ringing, "+15005550006"));
        let request = pb::GetCallRequest { call_id: call.call_sid.to_string() };
        let foreign = desk.calls.get_call(plane.ask_next_door("CallService/GetCall", request)).await;
        assert_eq!(why(foreign), (Code::NotFound, "NOT_FOUND".into()));
    })
    .await;
}

#[tokio::test]
async fn calls_are_listed_newest_first_and_page_by_page() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        for number in [2, 1, 3] {
            rows::told(plane, &rows::call(plane, number), "call.received").await;
        }
        let mut busy = rows::call(plane, 3);
        (busy.call_sid, busy.status) = (format!("CA{:032x}", 4).parse().expect("a SID"), CallStatus::Busy);
        rows::told(plane, &busy, "call.received").await;
        let all = desk.list(pb::ListCallsRequest::default()).await.expect("listed").calls;
        let first = desk.list(pb::ListCallsRequest { page_size: 2, ..Default::default() }).await.expect("listed");
        let page_token = first.next_page_token.clone();
        let request = pb::ListCallsRequest { page_size: 2, page_token, ..Default::default() };
        let second = desk.list(request.clone()).await.expect("listed");
        assert_eq!([first.calls, second.calls].concat(), all);
        assert!(all.is_sorted_by_key(|call| std::cmp::Reverse(call.start_time.expect("set").seconds)));
        assert_eq!((all.len(), second.next_page_token.as_str()), (4, ""));
        let narrowed = pb::ListCallsRequest { status: pb::CallStatus::Busy.into(), ..Default::default() };
        assert_eq!(desk.list(narrowed.clone()).await.expect("listed").calls.len(), 1);
        // A token is good for the list that gave it.
        let foreign = pb::ListCallsRequest { page_token: request.page_token, ..narrowed };
        assert_eq!(blamed(desk.list(foreign).await), ["page_token"]);
        let after = pb::ListCallsRequest { start_time: all[1].start_time, ..Default::default() };
        assert_eq!(desk.list(after).await.expect("listed").calls.len(), 2);
        let number = pb::ListCallsRequest { number: "+15005550007".into(), ..Default::default() };
        assert_eq!(desk.list(number).await.expect("listed").calls.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_watch_shows_what_happens_and_goes_on_where_it_stopped() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        rows::told(plane, &rows::call(plane, 1), "call.received").await;
        let mut watch = desk.watch(pb::WatchCallsRequest::default()).await.expect("watched");
        let start = next(&mut watch).await;
        assert_eq!(start.call, None, "a checkpoint says where the stream starts");
        let mut call = rows::call(plane, 2);
        rows::told(plane, &call, "call.received").await;
        let seen = next(&mut watch).await;
        assert_eq!(seen.call.expect("shown").id, call.id.to_string());
        drop(watch);
        (call.status, call.version) = (CallStatus::Completed, 2);
        rows::told(plane, &call, "call.progressed").await;
        let request = pb::WatchCallsRequest { resume_token: seen.resume_token, ..Default::default() };
        let mut resumed = desk.watch(request).await.expect("resumed");
        let seen = next(&mut resumed).await;
        assert_eq!(seen.call.expect("shown").status(), pb::CallStatus::Completed);
        let request = pb::WatchCallsRequest { resume_token: start.resume_token, ..Default::default() };
        let mut again = desk.watch(request).await.expect("resumed");
        assert_eq!(next(&mut again).await.call.expect("shown once, as it is now").status(), pb::CallStatus::Completed);
        desk.stop.cancel();
        assert_eq!(why(again.next().await.expect("says why")), (Code::Unavailable, "SERVER_STOPPING".into()));
        assert!(again.next().await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_watch_can_start_at_the_beginning_and_keeps_to_its_filter() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let mut ours = rows::call(plane, 2);
        ours.agent_id = Some("agt_01h455vb4pex5vsknk084sn02q".parse().expect("an id"));
        for call in [&rows::call(plane, 1), &ours] {
            rows::told(plane, call, "call.received").await;
        }
        let agent_id = "agt_01h455vb4pex5vsknk084sn02q".to_owned();
        let request = pb::WatchCallsRequest { from_beginning: true, agent_id, ..Default::default() };
        let mut watch = desk.watch(request).await.expect("watched");
        let seen = next(&mut watch).await;
        assert_eq!(seen.call.expect("shown").id, ours.id.to_string());
        let other = pb::WatchCallsRequest { resume_token: seen.resume_token, ..Default::default() };
        assert_eq!(blamed(desk.watch(other).await.map(|_| ())), ["resume_token"]);
    })
    .await;
}

#[tokio::test]
async fn events_are_watched_by_type_with_numbers_masked() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let request = pb::WatchEventsRequest { types: vec!["number.*".into()], ..Default::default() };
        let mut watch = desk.watch_events(request).await;
        assert_eq!(next(&mut watch).await.event, None);
        rows::tell(plane, "account.verified", json!({})).await;
        rows::tell(plane, "number.registered", json!({ "e164": "+15005550006" })).await;
        let event = next(&mut watch).await.event.expect("an event");
        assert_eq!((event.r#type.as_str(), event.sequence), ("number.registered", 2));
        let text = format!("{:?}", event.data);
        assert!(text.contains("****0006") && !text.contains("+1500"), "{text}");
        let request = pb::ListEventsRequest { page_size: 1, ..Default::default() };
        let page = desk.events.list_events(plane.ask("EventService/ListEvents", request)).await.expect("listed");
        let page = page.into_inner();
        assert_eq!(page.events[0].r#type, "account.verified");
        let request = pb::ListEventsRequest { page_size: 1, page_token: page.next_page_token, ..Default::default() };
        let page = desk.events.list_events(plane.ask("EventService/ListEvents", request)).await.expect("listed");
        let page = page.into_inner();
        assert_eq!((page.events[0].sequence, page.next_page_token.as_str()), (2, ""));
        let request = plane.ask_next_door("EventService/ListEvents", pb::ListEventsRequest::default());
        assert!(desk.events.list_events(request).await.expect("listed").into_inner().events.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_stream_token_opens_its_call_once() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let call = rows::call(plane, 1);
        rows::told(plane, &call, "call.received").await;
        let token = plane.ctx.stream_tokens.mint(call.id, plane.ctx.clock.now());
        let token = token.expose_secret();
        let request = pb::RedeemStreamTokenRequest { token: token.into() };
        let foreign = plane.ask_next_door("CallService/RedeemStreamToken", request);
        assert_eq!(why(desk.calls.redeem_stream_token(foreign).await), (Code::NotFound, "NOT_FOUND".into()));
        let opened = desk.redeem(token).await.expect("the first time");
        assert_eq!(opened.call.expect("always there").id, call.id.to_string());
        assert_eq!(why(desk.redeem(token).await), (Code::FailedPrecondition, "STREAM_TOKEN_USED".into()));
        let late = plane.ctx.stream_tokens.mint(call.id, plane.ctx.clock.now());
        plane.clock.advance(chrono::Duration::seconds(61));
        let refused = desk.redeem(late.expose_secret()).await;
        assert_eq!(why(refused), (Code::FailedPrecondition, "STREAM_TOKEN_INVALID".into()));
        assert_eq!(rows::audited(plane).await, ["callplane.v1.CallService/RedeemStreamToken"]);
    })
    .await;
}

#[tokio::test]
async fn a_voicemail_is_marked_once_and_listed_by_its_mark() {
    on_every_database(async |plane| {
        let voicemails = Voicemails::new(plane.ctx.clone());
        let (first, second) = (rows::voicemail(plane, 1).await, rows::voicemail(plane, 2).await);
        for _ in 0..2 {
            let mark = pb::VoicemailMark::Read.into();
            let request = pb::MarkVoicemailRequest { voicemail_id: first.to_string(), mark };
            let marked = voicemails.mark_voicemail(plane.ask("VoicemailService/MarkVoicemail", request)).await;
            let marked = marked.expect("marked").into_inner().voicemail.expect("always there");
            assert_eq!((marked.mark(), marked.is_empty), (pb::VoicemailMark::Read, false));
        }
        assert_eq!(rows::kinds_of(plane, &first.to_string()).await, ["voicemail.marked"]);
        let listed = async |mark: pb::VoicemailMark| {
            let request = pb::ListVoicemailsRequest { mark: mark.into(), ..Default::default() };
            let listed = voicemails.list_voicemails(plane.ask("VoicemailService/ListVoicemails", request)).await;
            let listed = listed.expect("listed").into_inner().voicemails;
            listed.into_iter().map(|voicemail| voicemail.id).collect::<Vec<_>>()
        };
        assert_eq!(listed(pb::VoicemailMark::Unread).await, [second.to_string()]);
        assert_eq!(listed(pb::VoicemailMark::Unspecified).await, [second.to_string(), first.to_string()]);
        let request = pb::GetVoicemailRequest { voicemail_id: first.to_string() };
        let foreign = voicemails.get_voicemail(plane.ask_next_door("VoicemailService/GetVoicemail", request)).await;
        assert_eq!(why(foreign), (Code::NotFound, "NOT_FOUND".into()));
    })
    .await;
}
