//! The agent service over a real database.

mod common;
mod rows;

use callplane_control_plane::{
    flow::{Journal, vault},
    rpc::agent::Agents,
};
use callplane_proto::v1::{self as pb, agent::Endpoint, agent_service_server::AgentService};
use common::{Plane, blamed, on_every_database, why};
use prost_types::FieldMask;
use tonic::{Code, Status};

fn human(name: &str) -> pb::Agent {
    let human = pb::Human { phone_number: "+15005550006".into(), ..Default::default() };
    pb::Agent { display_name: name.into(), endpoint: Some(Endpoint::Human(human)), ..Default::default() }
}

struct Desk<'p> {
    plane: &'p Plane,
    agents: Agents,
}

impl<'p> Desk<'p> {
    fn at(plane: &'p Plane) -> Self {
        Self { plane, agents: Agents::new(plane.ctx.clone()) }
    }

    async fn try_create(&self, agent: pb::Agent) -> Result<pb::Agent, Status> {
        let request = pb::CreateAgentRequest { agent: Some(agent), request_id: String::new() };
        let request = self.plane.ask("AgentService/CreateAgent", request);
        Ok(self.agents.create_agent(request).await?.into_inner().agent.expect("always there"))
    }

    async fn create(&self, agent: pb::Agent) -> pb::Agent {
        self.try_create(agent).await.expect("created")
    }

    async fn update(&self, agent: pb::Agent, paths: &[&str], etag: &str) -> Result<pb::Agent, Status> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let update_mask = Some(FieldMask { paths });
        let request = pb::UpdateAgentRequest { agent: Some(agent), update_mask, etag: etag.to_owned() };
        let request = self.plane.ask("AgentService/UpdateAgent", request);
        Ok(self.agents.update_agent(request).await?.into_inner().agent.expect("always there"))
    }

    async fn get(&self, id: &str) -> Result<pb::Agent, Status> {
        let request = self.plane.ask("AgentService/GetAgent", pb::GetAgentRequest { agent_id: id.into() });
        Ok(self.agents.get_agent(request).await?.into_inner().agent.expect("always there"))
    }

    async fn pause(&self, id: &str, etag: &str) -> Result<pb::Agent, Status> {
        let request = pb::PauseAgentRequest { agent_id: id.into(), etag: etag.into() };
        let request = self.plane.ask("AgentService/PauseAgent", request);
        Ok(self.agents.pause_agent(request).await?.into_inner().agent.expect("always there"))
    }

    async fn delete(&self, id: &str) -> Result<(), Status> {
        let request = pb::DeleteAgentRequest { agent_id: id.into(), etag: String::new() };
        let request = self.plane.ask("AgentService/DeleteAgent", request);
        self.agents.delete_agent(request).await.map(|_| ())
    }
}

#[tokio::test]
async fn an_agent_takes_calls_at_once_and_is_paused_once() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let agent = desk.create(human("Desk")).await;
        assert_eq!((agent.state(), agent.etag.as_str()), (pb::AgentState::Active, "1"));
        assert_eq!(desk.get(&agent.id).await.expect("there"), agent);
        let paused = desk.pause(&agent.id, "1").await.expect("paused");
        assert_eq!((paused.state(), paused.etag.as_str()), (pb::AgentState::Paused, "2"));
        // The answer was lost, and the same request comes again.
        assert_eq!(desk.pause(&agent.id, "1").await.expect("still paused"), paused);
        let resume = pb::ResumeAgentRequest { agent_id: agent.id.clone(), etag: String::new() };
        let resumed = desk.agents.resume_agent(plane.ask("AgentService/ResumeAgent", resume)).await.expect("resumed");
        assert_eq!(resumed.into_inner().agent.expect("always there").state(), pb::AgentState::Active);
        let kinds = ["agent.created", "agent.paused", "agent.resumed"];
        assert_eq!(rows::kinds_of(plane, &agent.id).await, kinds);
    })
    .await;
}

#[tokio::test]
async fn the_same_creation_twice_makes_one_agent() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let request = pb::CreateAgentRequest { agent: Some(human("Desk")), request_id: "one".into() };
        let mut ids = Vec::new();
        for _ in 0..2 {
            let request = plane.ask("AgentService/CreateAgent", request.clone());
            let answer = desk.agents.create_agent(request).await.expect("answered").into_inner();
            ids.push(answer.agent.expect("always there").id);
        }
        assert_eq!(ids[0], ids[1]);
        let other = pb::CreateAgentRequest { agent: Some(human("Other")), request_id: "one".into() };
        let refused = desk.agents.create_agent(plane.ask("AgentService/CreateAgent", other)).await;
        assert_eq!(why(refused), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));
    })
    .await;
}

#[tokio::test]
async fn fallbacks_must_exist_here_and_never_lead_back() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let first = desk.create(human("First")).await;
        let second = desk.create(pb::Agent { fallback_agent_id: first.id.clone(), ..human("Second") }).await;
        let third = desk.create(pb::Agent { fallback_agent_id: second.id.clone(), ..human("Third") }).await;
        for fallback in [&first.id, &third.id, "agt_01h455vb4pex5vsknk084sn02q"] {
            let change =
                pb::Agent { id: first.id.clone(), fallback_agent_id: fallback.to_owned(), ..Default::default() };
            let refused = desk.update(change, &["fallback_agent_id"], "").await;
            assert_eq!(blamed(refused), ["agent.fallback_agent_id"], "{fallback}");
        }
        let request = pb::CreateAgentRequest {
            agent: Some(pb::Agent { fallback_agent_id: first.id.clone(), ..human("Next door") }),
            request_id: String::new(),
        };
        let refused = desk.agents.create_agent(plane.ask_next_door("AgentService/CreateAgent", request)).await;
        assert_eq!(blamed(refused), ["agent.fallback_agent_id"]);
    })
    .await;
}

#[tokio::test]
async fn an_agent_in_use_is_not_deleted_and_the_answer_says_by_whom() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let agent = desk.create(human("Desk")).await;
        let other = desk.create(pb::Agent { fallback_agent_id: agent.id.clone(), ..human("Other") }).await;
        rows::number(plane, "+15005550100", Some(rows::to_agent(&agent.id))).await;
        assert_eq!(desk.get(&agent.id).await.expect("there").phone_number_count, 1);
        let refused = desk.delete(&agent.id).await;
        let message = refused.as_ref().expect_err("in use").message().to_owned();
        assert!(message.contains("1 phone numbers") && message.contains("fallback of 1 agents"), "{message}");
        assert_eq!(why(refused), (Code::FailedPrecondition, "AGENT_IN_USE".into()));
        desk.delete(&other.id).await.expect("nothing needs it");
        assert_eq!(why(desk.get(&other.id).await), (Code::NotFound, "NOT_FOUND".into()));
    })
    .await;
}

#[tokio::test]
async fn a_key_is_sealed_never_shown_kept_by_updates_and_goes_with_its_endpoint() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let own = pb::ElevenLabsAgent { agent_id: "a".into(), api_key: "very-secret-key".into(), ..Default::default() };
        let agent = desk.create(pb::Agent { endpoint: Some(Endpoint::ElevenLabs(own)), ..human("Bot") }).await;
        assert!(!format!("{agent:?}").contains("very-secret"));
        let id = agent.id.parse().expect("an id");
        let opened = async || {
            let journal = Journal::begin(&plane.ctx, plane.workspace).await.expect("begins");
            let mut opened = vault::open(&plane.ctx, journal.txn(), vec![rows::uuid(id)]).await.expect("opens");
            opened.take(&vault::agent_api_key(id))
        };
        let key = opened().await.expect("sealed");
        assert_eq!(secrecy::ExposeSecret::expose_secret(&key), "very-secret-key");
        let other = pb::ElevenLabsAgent { agent_id: "b".into(), ..Default::default() };
        let other = pb::Agent { id: agent.id.clone(), endpoint: Some(Endpoint::ElevenLabs(other)), ..human("Bot") };
        let agent = desk.update(other, &["eleven_labs"], &agent.etag).await.expect("changed");
        assert!(opened().await.is_some(), "an update without a key keeps the one that is stored");
        let moved = pb::Agent { id: agent.id.clone(), ..human("Bot") };
        desk.update(moved, &["human"], &agent.etag).await.expect("changed");
        assert!(opened().await.is_none(), "a person's phone has no key");
    })
    .await;
}

#[tokio::test]
async fn what_was_read_long_ago_changes_nothing() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let agent = desk.create(human("Desk")).await;
        let renamed = pb::Agent { id: agent.id.clone(), ..human("Counter") };
        let changed = desk.update(renamed.clone(), &["display_name"], "1").await.expect("changed");
        assert_eq!((changed.display_name.as_str(), changed.etag.as_str()), ("Counter", "2"));
        let late = desk.update(renamed, &["display_name"], "1").await;
        assert_eq!(why(late), (Code::Aborted, "ETAG_MISMATCH".into()));
    })
    .await;
}

#[tokio::test]
async fn endpoints_that_cannot_work_are_refused_by_their_field() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let stream = pb::MediaStream { url: "ws://voice.example.com/a".into(), ..Default::default() };
        let clear = pb::Agent { endpoint: Some(Endpoint::MediaStream(stream)), ..human("Clear") };
        assert_eq!(blamed(desk.try_create(clear).await), ["agent.media_stream.url"]);
        let foreign =
            pb::Human { phone_number: "+15005550006".into(), caller_id: "+15005550199".into(), ..Default::default() };
        let foreign = pb::Agent { endpoint: Some(Endpoint::Human(foreign)), ..human("Foreign") };
        assert_eq!(blamed(desk.try_create(foreign.clone()).await), ["agent.human.caller_id"]);
        rows::number(plane, "+15005550199", None).await;
        desk.create(foreign).await;
    })
    .await;
}

#[tokio::test]
async fn pages_follow_one_another_and_every_change_is_audited() {
    on_every_database(async |plane| {
        let desk = Desk::at(plane);
        let mut names = Vec::new();
        for name in ["A", "B", "C"] {
            names.push(desk.create(human(name)).await.display_name);
        }
        let (mut seen, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListAgentsRequest { page_size: 2, page_token, state: 0 };
            let page = desk.agents.list_agents(plane.ask("AgentService/ListAgents", request)).await;
            let page = page.expect("listed").into_inner();
            seen.extend(page.agents.into_iter().map(|agent| agent.display_name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, names);
        assert_eq!(rows::audited(plane).await, ["callplane.v1.AgentService/CreateAgent"; 3]);
    })
    .await;
}
