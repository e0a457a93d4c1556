//! Agents as the API writes them: read into the domain's words and shown from them.

use callplane_proto::v1::{self as pb, agent::Endpoint as Wire};
use secrecy::SecretString;

use crate::rpc::{
    read::{member, no_such_path, parse, parse_or_none, required, seconds},
    show,
};
use crate::{
    domain::{
        agent::{Agent, AgentState, ElevenLabs, Endpoint, Human, MediaStream, RING_TIMEOUT, Sip, VoicemailBox},
        error::{Error, Result},
        seconds::Seconds,
    },
    flow::agent::{New, Patch, Reach},
    store::agent::Standing,
};

/// The state that a list is narrowed to.
pub fn state_filter(state: i32) -> Result<Option<AgentState>> {
    Ok(match member("state", state)? {
        pb::AgentState::Unspecified => None,
        pb::AgentState::Active => Some(AgentState::Active),
        pb::AgentState::Paused => Some(AgentState::Paused),
    })
}

/// A new agent. Fields that the server sets are not looked at.
pub fn new_agent(agent: pb::Agent) -> Result<New> {
    let Given { display_name, endpoint, fallback_agent_id } = given(agent);
    Ok(New {
        display_name,
        reach: reach(required("endpoint", endpoint)?)?,
        fallback_agent_id: parse_or_none("fallback_agent_id", &fallback_agent_id)?,
    })
}

/// New values for the fields that are named.
pub fn patch(agent: pb::Agent, paths: Vec<String>) -> Result<Patch> {
    let Given { display_name, mut endpoint, fallback_agent_id } = given(agent);
    let mut patch = Patch::default();
    for path in paths {
        match path.as_str() {
            "display_name" => patch.display_name = Some(display_name.clone()),
            "fallback_agent_id" => {
                let fallback = parse_or_none("fallback_agent_id", &fallback_agent_id).map_err(in_agent)?;
                patch.fallback_agent_id = Some(fallback);
            }
            "eleven_labs" | "media_stream" | "human" | "sip" | "announcement" | "voicemail" => {
                let chosen = endpoint.take_if(|endpoint| member_name(endpoint) == path);
                let chosen = chosen.ok_or_else(|| Error::invalid(format!("agent.{path}"), NOT_GIVEN))?;
                patch.reach = Some(reach(chosen).map_err(in_agent)?);
            }
            other => return Err(no_such_path(other)),
        }
    }
    Ok(patch)
}

const NOT_GIVEN: &str = "`update_mask` names it, so give it whole, and no other endpoint beside it";

fn in_agent(error: Error) -> Error {
    error.within("agent")
}

/// What a caller says of an agent.
struct Given {
    display_name: String,
    endpoint: Option<Wire>,
    fallback_agent_id: String,
}

fn given(agent: pb::Agent) -> Given {
    let pb::Agent {
        id: _,
        display_name,
        state: _,
        endpoint,
        fallback_agent_id,
        phone_number_count: _,
        etag: _,
        create_time: _,
        update_time: _,
        account_id: _,
        phone_number_id: _,
        last_good_call_time: _,
        last_probe_time: _,
        last_probe_outcome: _,
    } = agent;
    Given { display_name, endpoint, fallback_agent_id }
}

fn member_name(endpoint: &Wire) -> &'static str {
    match endpoint {
        Wire::ElevenLabs(_) => "eleven_labs",
        Wire::MediaStream(_) => "media_stream",
        Wire::Human(_) => "human",
        Wire::Sip(_) => "sip",
        Wire::Announcement(_) => "announcement",
        Wire::Voicemail(_) => "voicemail",
    }
}

fn reach(endpoint: Wire) -> Result<Reach> {
    let name = member_name(&endpoint);
    let mut api_key = None;
    let read = match endpoint {
        Wire::ElevenLabs(pb::ElevenLabsAgent { agent_id, api_key: given, dynamic_variables }) => {
            api_key = (!given.is_empty()).then(|| SecretString::from(given));
            Ok(Endpoint::ElevenLabs(ElevenLabs {
                agent_id,
                dynamic_variables: dynamic_variables.into_iter().collect(),
            }))
        }
        Wire::MediaStream(pb::MediaStream { url, parameters }) => {
            Ok(Endpoint::MediaStream(MediaStream { url, parameters: parameters.into_iter().collect() }))
        }
        Wire::Human(human) => Human::try_from(human).map(Endpoint::Human),
        Wire::Sip(pb::Sip { uri, ring_timeout: given }) => {
            ring_timeout(given).map(|ring_timeout| Endpoint::Sip(Sip { uri, ring_timeout }))
        }
        Wire::Announcement(announcement) => Ok(Endpoint::Announcement(announcement.into())),
        Wire::Voicemail(own) => VoicemailBox::try_from(own).map(Endpoint::Voicemail),
    };
    Ok(Reach { endpoint: read.map_err(|error| error.within(name))?, api_key })
}

impl TryFrom<pb::Human> for Human {
    type Error = Error;

    fn try_from(pb::Human { phone_number, ring_timeout: given, caller_id }: pb::Human) -> Result<Self> {
        Ok(Self {
            phone_number: parse("phone_number", &phone_number)?,
            ring_timeout: ring_timeout(given)?,
            caller_id: parse_or_none("caller_id", &caller_id)?,
        })
    }
}

fn ring_timeout(given: Option<prost_types::Duration>) -> Result<Seconds> {
    given.map_or(Ok(RING_TIMEOUT), |length| seconds("ring_timeout", length))
}

/// An agent as the API shows it, with how many numbers are assigned to it and how it has fared lately.
pub fn shown(agent: Agent, numbers: i64, standing: Standing) -> pb::Agent {
    let Agent {
        id,
        workspace_id: _,
        display_name,
        state,
        endpoint,
        fallback_agent_id,
        version,
        create_time,
        update_time,
        own_number,
    } = agent;
    let state = match state {
        AgentState::Active => pb::AgentState::Active,
        AgentState::Paused => pb::AgentState::Paused,
    };
    pb::Agent {
        id: id.to_string(),
        display_name,
        state: state.into(),
        endpoint: Some(shown_endpoint(endpoint)),
        fallback_agent_id: show::id_or_empty(fallback_agent_id),
        phone_number_count: show::count(numbers),
        etag: show::etag(version),
        create_time: Some(show::moment(create_time)),
        update_time: Some(show::moment(update_time)),
        account_id: show::id_or_empty(own_number.map(|own| own.account_id)),
        phone_number_id: show::id_or_empty(own_number.map(|own| own.phone_number_id)),
        last_good_call_time: standing.last_good_call.map(show::moment),
        last_probe_time: standing.last_probe.map(show::moment),
        last_probe_outcome: match standing {
            Standing { last_probe: None, .. } => pb::AgentProbeOutcome::Unspecified.into(),
            Standing { failing: 0, .. } => pb::AgentProbeOutcome::Pass.into(),
            Standing { .. } => pb::AgentProbeOutcome::Fail.into(),
        },
    }
}

fn shown_endpoint(endpoint: Endpoint) -> Wire {
    match endpoint {
        Endpoint::ElevenLabs(ElevenLabs { agent_id, dynamic_variables }) => Wire::ElevenLabs(pb::ElevenLabsAgent {
            agent_id,
            api_key: String::new(),
            dynamic_variables: dynamic_variables.into_iter().collect(),
        }),
        Endpoint::MediaStream(MediaStream { url, parameters }) => {
            Wire::MediaStream(pb::MediaStream { url, parameters: parameters.into_iter().collect() })
        }
        Endpoint::Human(Human { phone_number, ring_timeout, caller_id }) => Wire::Human(pb::Human {
            phone_number: phone_number.into(),
            ring_timeout: Some(show::seconds(ring_timeout)),
            caller_id: caller_id.map(String::from).unwrap_or_default(),
        }),
        Endpoint::Sip(Sip { uri, ring_timeout }) => {
            Wire::Sip(pb::Sip { uri, ring_timeout: Some(show::seconds(ring_timeout)) })
        }
        Endpoint::Announcement(announcement) => Wire::Announcement(announcement.into()),
        Endpoint::Voicemail(own) => Wire::Voicemail(own.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn human() -> pb::Agent {
        let human = pb::Human { phone_number: "+15005550006".into(), ..Default::default() };
        pb::Agent { display_name: "Desk".into(), endpoint: Some(Wire::Human(human)), ..Default::default() }
    }

    #[test]
    fn a_phone_rings_for_25_seconds_when_nobody_said() {
        let New { reach, .. } = new_agent(human()).expect("whole");
        let Endpoint::Human(human) = reach.endpoint else { panic!("a human") };
        assert_eq!(human.ring_timeout, Seconds(25));
    }

    #[test]
    fn only_what_the_mask_names_is_changed() {
        let patch = patch(human(), vec!["display_name".into()]).expect("known");
        assert_eq!(patch.display_name.as_deref(), Some("Desk"));
        assert!(patch.reach.is_none() && patch.fallback_agent_id.is_none());
    }

    #[test]
    fn an_endpoint_that_the_mask_names_must_be_the_one_that_is_given() {
        let error = patch(human(), vec!["sip".into()]).expect_err("a human is given");
        assert_eq!(error.violations[0].field, "agent.sip");
        for unknown in ["human.phone_number", "state", "id"] {
            assert!(patch(human(), vec![unknown.into()]).is_err(), "{unknown}");
        }
    }

    #[test]
    fn a_key_comes_in_and_never_goes_out() {
        let own = pb::ElevenLabsAgent { agent_id: "a".into(), api_key: "very-secret".into(), ..Default::default() };
        let New { reach, .. } =
            new_agent(pb::Agent { endpoint: Some(Wire::ElevenLabs(own)), ..human() }).expect("whole");
        assert!(reach.api_key.is_some());
        let Wire::ElevenLabs(shown) = shown_endpoint(reach.endpoint) else { panic!("the same kind") };
        assert_eq!((shown.agent_id.as_str(), shown.api_key.as_str()), ("a", ""));
    }
}
