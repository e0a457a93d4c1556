//! What a caller gets: decisions turned into instructions. Who is to answer was decided before; what follows a dialled
//! leg is in `afterwards`.

pub mod afterwards;
pub mod texts;

use std::collections::BTreeMap;

use super::{
    agent::{Agent, Announcement, ElevenLabs, Endpoint, Human, MediaStream, Sip, VoicemailBox},
    call::Call,
    id::AgentId,
    instruction::{Dial, DialAddress, DialTarget, Instructions, Record, Say, Stream, StreamParameter, Verb},
    party::Party,
    route::{Answering, Roster},
};
pub use afterwards::{Leg, after_answer_failed, after_dial, after_dial_again, after_gather, after_voicemail};

/// What to answer a webhook with.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// These instructions, as they are.
    Instructions(Instructions),
    /// Ask ElevenLabs for the instructions.
    Register(Box<Registration>),
}

/// A call to be registered with ElevenLabs.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// Our agent, whose key is used.
    pub agent_id: AgentId,
    /// The agent's id at ElevenLabs.
    pub eleven_labs_agent_id: String,
    /// The caller.
    pub from: Party,
    /// The called.
    pub to: Party,
    /// Passed to the agent.
    pub dynamic_variables: BTreeMap<String, String>,
    /// What the caller gets when ElevenLabs does not answer in time.
    pub otherwise: Instructions,
    /// Who answers then: what `Call::hand_over` is told.
    pub otherwise_agent_id: Option<AgentId>,
}

/// What an answer depends on besides who is to answer.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The call.
    pub call: &'a Call,
    /// The voicemail box of the number; `None` for a plain one.
    pub voicemail: Option<&'a VoicemailBox>,
    /// A fresh token for a voice server; keep it only if the answer `has_stream`.
    pub stream_token: Option<&'a str>,
    /// Looks up agents.
    pub roster: &'a Roster<'a>,
}

/// Turns who is to answer into what the caller gets.
pub fn answer(answering: &Answering<'_>, scene: &Scene<'_>) -> Answer {
    let instructions = match answering {
        Answering::Agent(agent) => return reach(agent, scene),
        Answering::Voicemail(Some(own)) => voicemail(own),
        Answering::Voicemail(None) => number_voicemail(scene),
        Answering::Announcement(announcement) => announce(announcement),
        Answering::NotInService => farewell(texts::NOT_IN_SERVICE),
    };
    Answer::Instructions(instructions)
}

/// Where the end of a dialled leg or a stream is reported.
pub fn dial_path(call: &Call) -> String {
    format!("/twilio/dial/{}", call.id)
}

impl Answer {
    /// A voice server is asked for, now or should ElevenLabs not answer: the stream token must be kept.
    pub fn has_stream(&self) -> bool {
        match self {
            Self::Instructions(instructions) => instructions.has_stream(),
            Self::Register(registration) => registration.otherwise.has_stream(),
        }
    }
}

fn reach(agent: &Agent, scene: &Scene<'_>) -> Answer {
    match instructions_to_reach(agent, scene) {
        Ok(instructions) => Answer::Instructions(instructions),
        Err(eleven_labs) => Answer::Register(Box::new(register(agent, eleven_labs, scene))),
    }
}

/// How to reach an agent without asking anybody; an ElevenLabs agent is handed back.
fn instructions_to_reach<'a>(agent: &'a Agent, scene: &Scene<'_>) -> Result<Instructions, &'a ElevenLabs> {
    Ok(match &agent.endpoint {
        Endpoint::ElevenLabs(eleven_labs) => return Err(eleven_labs),
        Endpoint::MediaStream(stream) => connect(agent.id, stream, scene),
        Endpoint::Human(human) => ring(human, scene.call),
        Endpoint::Sip(sip) => ring_sip(sip, scene.call),
        Endpoint::Announcement(announcement) => announce(announcement),
        Endpoint::Voicemail(own) => voicemail(own),
    })
}

/// ElevenLabs gets one try within Twilio's patience, so the one who answers instead is never an ElevenLabs agent.
fn register(agent: &Agent, eleven_labs: &ElevenLabs, scene: &Scene<'_>) -> Registration {
    let others = afterwards::stand_ins(agent, scene);
    let otherwise = others.iter().find_map(|next| Some((next.id, instructions_to_reach(next, scene).ok()?)));
    let (otherwise_agent_id, otherwise) = match otherwise {
        Some((id, instructions)) => (Some(id), instructions),
        None => (None, number_voicemail(scene)),
    };
    let mut dynamic_variables = eleven_labs.dynamic_variables.clone();
    dynamic_variables.insert("callplane_call_id".to_owned(), scene.call.id.to_string());
    dynamic_variables.insert("callplane_agent_id".to_owned(), agent.id.to_string());
    Registration {
        agent_id: agent.id,
        eleven_labs_agent_id: eleven_labs.agent_id.clone(),
        from: scene.call.from.clone(),
        to: scene.call.to.clone(),
        dynamic_variables,
        otherwise,
        otherwise_agent_id,
    }
}

fn connect(agent_id: AgentId, stream: &MediaStream, scene: &Scene<'_>) -> Instructions {
    let parameter = |name: &str, value: String| StreamParameter { name: name.to_owned(), value };
    let mut parameters: Vec<_> = stream.parameters.iter().map(|(name, value)| parameter(name, value.clone())).collect();
    parameters.push(parameter("callplane_call_id", scene.call.id.to_string()));
    parameters.push(parameter("callplane_agent_id", agent_id.to_string()));
    parameters.extend(scene.stream_token.map(|token| parameter("token", token.to_owned())));
    Instructions::Verbs(vec![
        Verb::Stream(Stream {
            url: stream.url.clone(),
            parameters,
            status_callback: String::new(),
            name: String::new(),
            action: String::new(),
        }),
        // Reached when the stream closes, and at once when the voice server refuses it.
        Verb::Redirect { path: dial_path(scene.call) },
    ])
}

fn ring(human: &Human, call: &Call) -> Instructions {
    let to = DialAddress::Number(human.phone_number.clone());
    dial(call, Dial { timeout: human.ring_timeout, caller_id: human.caller_id.clone(), ..plain_dial(to) })
}

fn ring_sip(sip: &Sip, call: &Call) -> Instructions {
    dial(call, Dial { timeout: sip.ring_timeout, ..plain_dial(DialAddress::Sip(sip.uri.clone())) })
}

fn dial(call: &Call, dial: Dial) -> Instructions {
    Instructions::Verbs(vec![Verb::Dial(Dial { action: dial_path(call), ..dial })])
}

pub(super) fn plain_dial(to: DialAddress) -> Dial {
    Dial {
        action: String::new(),
        timeout: super::agent::RING_TIMEOUT,
        time_limit: None,
        caller_id: None,
        targets: vec![DialTarget { to, status_callback: String::new() }],
        answer_on_bridge: true,
    }
}

pub(super) fn announce(announcement: &Announcement) -> Instructions {
    let Announcement { text, voice, language } = announcement.clone();
    Instructions::Verbs(vec![Verb::Say(Say { text, voice, language, times: 0 }), Verb::Hangup])
}

pub(super) fn voicemail(own: &VoicemailBox) -> Instructions {
    let text = if own.greeting.is_empty() { texts::GREETING } else { &own.greeting };
    let greeting = Say { text: text.to_owned(), voice: own.voice.clone(), language: own.language.clone(), times: 0 };
    let record = Record {
        action: "/twilio/voicemail".to_owned(),
        recording_status_callback: "/twilio/recording".to_owned(),
        max_length: own.max_length,
        timeout: own.silence_timeout,
        finish_on_key: None,
        play_beep: true,
    };
    // After silence only, Twilio does not ask `action` but goes on here.
    Instructions::Verbs(vec![Verb::Say(greeting), Verb::Record(record), Verb::Hangup])
}

fn number_voicemail(scene: &Scene<'_>) -> Instructions {
    match scene.voicemail {
        Some(own) => voicemail(own),
        None => voicemail(&VoicemailBox::default()),
    }
}

fn farewell(text: &str) -> Instructions {
    Instructions::Verbs(vec![Verb::Say(Say { text: text.to_owned(), ..Say::default() }), Verb::Hangup])
}

#[cfg(test)]
mod tests;
