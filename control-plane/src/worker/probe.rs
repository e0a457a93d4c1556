//! One look at an account: every question to the vendors at the same time, each with its own deadline and its own cause, so
//! that one that hangs costs the others nothing. What the answers mean is decided in `domain::monitor`.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};

use super::{
    Crew,
    access::{self, Purpose},
    perform::{Closed, Way},
};
use crate::{
    domain::{
        agent::{Agent, Endpoint},
        e164::E164,
        error::Result,
        id::{AccountId, AgentId, PhoneNumberId, WorkspaceId},
        monitor::{
            Cause, Findings, Imports, Kind, Memory, Norm, Policy, Reading, Subject, Traffic, Trouble,
            reading::{self, Known},
        },
        outcome::Outcome,
        phone_number::{Assignment, IntegrationMode, PhoneNumber, attachment::ImportSeen},
        telephony::{Cursor, NumberSeen, Page},
        time::Timestamp,
    },
    flow::{
        Context,
        monitor::{self as flow, Sight},
        vault,
    },
    provider::{Access, AgentKey, AgentListed, Telephony, VoiceAgents},
    store::{self, Scope},
};

/// What Twilio complained of for longer is no news.
const ALERTS: chrono::Duration = chrono::Duration::minutes(15);
/// A list with more pages is not read in one look.
const PAGES: usize = 100;

/// The vendors once more: clients of their own, so that probes take no place from calls and no breaker hides an outage.
#[derive(Clone)]
pub struct Watch {
    /// Twilio, or what stands in for it.
    pub telephony: Arc<dyn Telephony>,
    /// ElevenLabs, or what stands in for it.
    pub agents: Arc<dyn VoiceAgents>,
    /// How long one question may take.
    pub deadline: Duration,
}

/// Looks at an account; none when it is gone.
pub(super) async fn look(crew: &Crew, workspace: WorkspaceId, id: AccountId, way: Way) -> Result<Option<Findings>> {
    let ctx = &crew.ctx;
    let begin_time = ctx.clock.now();
    let Some(sight) = flow::sight(ctx, workspace, id).await? else { return Ok(None) };
    let memory = memory(ctx, workspace, id).await?;
    let access = match way {
        Way::Open(access) => access,
        Way::Closed(Closed::Refused(refused)) => return Ok(Some(unasked(begin_time, refused.message, sight))),
        Way::Closed(Closed::Unknown(why)) => return Ok(Some(unasked(begin_time, why, sight))),
    };
    // What proves the account is its auth token; what works in it may be an API key.
    let work = access::open(ctx, workspace, id, Purpose::Work).await?.unwrap_or_else(|| access.clone());
    let agents = store::agent::by_ids(&Scope::new(ctx.store.read(), workspace), agent_ids(&sight.subjects)).await?;
    let (traffic, (asked, seen, keys), of_agents) = tokio::join!(
        traffic(ctx, workspace, id, &memory),
        twilio(crew, (&access, &work), &sight, &memory),
        agents_known(crew, &agents, &sight),
    );
    let traffic = traffic?;
    let (of_agents, imports) = of_agents?;
    let mut readings = asked;
    readings.extend(of_agents);
    readings.extend(traffic.readings(&sight.policy));
    let simulated = crew.watch.telephony.is_simulated();
    let found = Findings::of(begin_time, readings, sight.subjects);
    Ok(Some(Findings { norm: traffic.norm, keys, seen, imports, simulated, ..found }))
}

fn unasked(begin_time: Timestamp, message: String, sight: Sight) -> Findings {
    let reading = Reading::skipped(Kind::Credential, Cause::NoCredentials, message);
    Findings::of(begin_time, vec![reading], sight.subjects)
}

fn agent_ids(subjects: &[Subject]) -> Vec<AgentId> {
    subjects.iter().filter(|subject| subject.exclusion.is_none()).map(|subject| subject.agent_id).collect()
}

async fn memory(ctx: &Context, workspace: WorkspaceId, id: AccountId) -> Result<Memory> {
    let scope = Scope::new(ctx.store.read(), workspace);
    Ok(store::monitor::by_account(&scope, id).await?.map(|monitor| monitor.memory).unwrap_or_default())
}

async fn traffic(ctx: &Context, workspace: WorkspaceId, id: AccountId, memory: &Memory) -> Result<Traffic> {
    let (scope, now) = (Scope::new(ctx.store.read(), workspace), ctx.clock.now());
    let norm: Norm = match memory.norm.is_fresh(now) {
        true => memory.norm.clone(),
        false => store::traffic::norm(&scope, id, now).await?,
    };
    Ok(Traffic { lately: store::traffic::lately(&scope, id, now).await?, norm })
}

/// The questions to Twilio, all at once.
async fn twilio(
    crew: &Crew,
    (proof, work): (&Access, &Access),
    sight: &Sight,
    memory: &Memory,
) -> (Vec<Reading>, Option<Vec<NumberSeen>>, Option<BTreeSet<String>>) {
    let Watch { telephony, deadline, .. } = &crew.watch;
    let since = crew.ctx.clock.now() - ALERTS;
    let (account, balance, alerts, keys, numbers) = tokio::join!(
        timed(*deadline, telephony.read_account(proof)),
        balance(crew, work, sight),
        timed(*deadline, telephony.list_alerts(proof, since)),
        pages(*deadline, |after| async move { telephony.list_keys(proof, after.as_ref()).await }.boxed()),
        numbers(crew, work, sight),
    );
    let mut readings = account_readings(account, numbers.0.is_ok());
    readings.extend(balance);
    readings.push(reading::alerts(alerts.0).after(alerts.1));
    let own = sight.account.credentials.api_key_sid.as_ref().map(|sid| sid.as_str());
    let keys = (keys.0.map(|keys| keys.into_iter().collect::<BTreeSet<_>>()), keys.1);
    let listed = keys.0.as_ref().map_err(Clone::clone);
    readings.push(reading::keys(listed, memory.keys.as_ref(), own).after(keys.1));
    let seen = numbers.0.as_deref().map_err(Clone::clone);
    readings.extend(reading::numbers(seen, &sight.numbers).into_iter().map(|reading| reading.after(numbers.1)));
    (readings, numbers.0.ok(), keys.0.ok())
}

type Took<T> = (std::result::Result<T, Trouble>, Duration);

fn account_readings(
    (account, took): Took<crate::domain::telephony::AccountSeen>,
    numbers_listed: bool,
) -> Vec<Reading> {
    reading::account(account, numbers_listed).into_iter().map(|reading| reading.after(took)).collect()
}

async fn balance(crew: &Crew, access: &Access, sight: &Sight) -> Option<Reading> {
    if sight.account.parent_id.is_some() {
        let message = "a subaccount spends the money of its main account";
        return Some(Reading::skipped(Kind::Balance, Cause::Subaccount, message));
    }
    let (balance, took) = timed(crew.watch.deadline, crew.watch.telephony.read_balance(access)).await;
    // A subaccount whose main account we do not know: Twilio knows no balance of it.
    let policy: &Policy = &sight.policy;
    Some(reading::balance(balance, policy).after(took))
}

/// The mock keeps no list: it owns whatever it is asked for.
async fn numbers(crew: &Crew, access: &Access, sight: &Sight) -> Took<Vec<NumberSeen>> {
    let Watch { telephony, deadline, .. } = &crew.watch;
    if crew.ctx.facts.telephony == "mock" {
        let mut found = Vec::new();
        for number in &sight.numbers {
            if let Outcome::Done(Some(seen)) = telephony.find_number(access, &number.e164).await {
                found.push(seen);
            }
        }
        return (Ok(found), Duration::ZERO);
    }
    pages(*deadline, |after| async move { telephony.list_numbers(access, after.as_ref()).await }.boxed()).await
}

async fn timed<T>(deadline: Duration, question: impl Future<Output = Outcome<T>>) -> Took<T> {
    let started = Instant::now();
    let answer = timeout(deadline, question).await;
    (answer.map_or_else(|_| Err(Trouble::late()), Trouble::of), started.elapsed())
}

/// A list to its end. Each page has a deadline of its own: a long list is not a slow vendor.
async fn pages<'a, T>(
    deadline: Duration,
    page: impl Fn(Option<Cursor>) -> BoxFuture<'a, Outcome<Page<T>>>,
) -> Took<Vec<T>> {
    let started = Instant::now();
    let (mut items, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        match timed(deadline, page(after.take())).await.0 {
            Err(trouble) => return (Err(trouble), started.elapsed()),
            Ok(Page { items: more, next }) => {
                items.extend(more);
                match next {
                    Some(next) if started.elapsed() < deadline * 4 => after = Some(next),
                    Some(_) => break,
                    None => return (Ok(items), started.elapsed()),
                }
            }
        }
    }
    let message = "the list is too long to be read in one look".to_owned();
    (Err(Trouble { cause: Cause::NotTried, code: 0, message }), started.elapsed())
}

/// Whether ElevenLabs knows the agents and lets them answer their numbers: one list of each for a key, whatever the number
/// of agents.
async fn agents_known(crew: &Crew, agents: &[Agent], sight: &Sight) -> Result<(Vec<Reading>, Vec<Imports>)> {
    let numbers = &sight.numbers;
    let mut asked: Vec<Asked> = agents.iter().filter_map(|agent| Asked::of(agent, numbers)).collect();
    let unlinked = sight.unlinked.iter().filter_map(|agent| Asked::of(agent, numbers));
    asked.extend(unlinked.map(|asked| Asked { is_linked: false, ..asked }));
    if asked.is_empty() || crew.ctx.facts.telephony == "mock" {
        return Ok((Vec::new(), Vec::new()));
    }
    let places = asked.iter().map(|asked| vault::agent_api_key(asked.id).row).collect();
    let mut opened = vault::open(&crew.ctx, crew.ctx.store.read(), places).await?;
    let mut by_key = BTreeMap::<String, (AgentKey, Vec<Asked>)>::new();
    let mut readings = Vec::new();
    for asked in asked {
        let own = opened.take(&vault::agent_api_key(asked.id));
        let Some(api_key) = own.or_else(|| crew.eleven_labs_key.clone()) else {
            if !asked.is_linked {
                continue;
            }
            let message = "there is no key to ask ElevenLabs with";
            readings.push(Reading::skipped(Kind::Agent, Cause::NoAgentKey, message).of_agent(asked.id));
            continue;
        };
        let name = api_key.expose_secret().to_owned();
        let key = || (AgentKey { api_key, api_base_url: None }, Vec::new());
        by_key.entry(name).or_insert_with(key).1.push(asked);
    }
    let mut questions = Vec::new();
    for (key, asked) in by_key.into_values() {
        questions.push(of_key(crew, key, asked).boxed());
    }
    let mut imports = Vec::new();
    for (found, seen) in join_all(questions).await {
        readings.extend(found);
        imports.extend(seen);
    }
    Ok((readings, imports))
}

/// An agent of ElevenLabs, and the numbers that ElevenLabs answers for it.
struct Asked {
    id: AgentId,
    theirs: String,
    /// It is a part of what the account is judged by.
    is_linked: bool,
    numbers: Vec<(PhoneNumberId, E164)>,
}

impl Asked {
    fn of(agent: &Agent, numbers: &[PhoneNumber]) -> Option<Self> {
        let Endpoint::ElevenLabs(eleven_labs) = &agent.endpoint else { return None };
        let is_its_own = |number: &&PhoneNumber| {
            number.integration_mode == IntegrationMode::Native && number.assignment == Some(Assignment::Agent(agent.id))
        };
        let numbers = numbers.iter().filter(is_its_own).map(|number| (number.id, number.e164.clone())).collect();
        Some(Self { id: agent.id, theirs: eleven_labs.agent_id.clone(), is_linked: true, numbers })
    }
}

async fn of_key(crew: &Crew, key: AgentKey, asked: Vec<Asked>) -> (Vec<Reading>, Option<Imports>) {
    let Watch { agents: vendor, deadline, .. } = &crew.watch;
    let key = &key;
    let has_linked = asked.iter().any(|asked| asked.is_linked);
    let wants_imports = asked.iter().any(|asked| !asked.is_linked || !asked.numbers.is_empty());
    let page = |after: Option<Cursor>| async move { vendor.list_agents(key, after.as_ref()).await }.boxed();
    let listed = async { if has_linked { Some(pages(*deadline, page).await) } else { None } };
    let held = async { if wants_imports { Some(timed(*deadline, vendor.list_imports(key)).await) } else { None } };
    let (listed, held) = tokio::join!(listed, held);
    let mut readings = match listed {
        None => Vec::new(),
        Some((Ok(listed), took)) => known(&asked, listed).into_iter().map(|reading| reading.after(took)).collect(),
        Some((Err(trouble), took)) => vec![Reading::of_trouble(Kind::Agent, &trouble).after(took)],
    };
    let imports = match held {
        Some((Ok(seen), took)) => {
            readings.extend(holding(&asked, &seen).into_iter().map(|reading| reading.after(took)));
            Some(Imports { agents: asked.iter().map(|asked| asked.id).collect(), seen })
        }
        // Nobody is judged by a list that was wanted to find a number for somebody else.
        Some((Err(trouble), took)) if asked.iter().any(|asked| !asked.numbers.is_empty()) => {
            readings.push(Reading::of_trouble(Kind::AgentNumber, &trouble).after(took));
            None
        }
        Some((Err(_), _)) | None => None,
    };
    (readings, imports)
}

fn known(asked: &[Asked], listed: Vec<AgentListed>) -> Vec<Reading> {
    let listed: BTreeMap<String, bool> = listed.into_iter().map(|agent| (agent.agent_id, agent.archived)).collect();
    let known = |theirs: &String| match listed.get(theirs) {
        None => Known::Missing,
        Some(true) => Known::Archived,
        Some(false) => Known::There,
    };
    let linked = asked.iter().filter(|asked| asked.is_linked);
    linked.map(|asked| reading::agent(asked.id, known(&asked.theirs))).collect()
}

fn holding(asked: &[Asked], imports: &[ImportSeen]) -> Vec<Reading> {
    let holder = |e164: &E164| imports.iter().find(|import| import.e164 == *e164)?.vendor_agent_id.as_deref();
    let of_agent = |asked: &Asked| {
        let held = |(id, e164): &(PhoneNumberId, E164)| {
            reading::held(asked.id, *id, holder(e164) == Some(asked.theirs.as_str()))
        };
        asked.numbers.iter().map(held).collect::<Vec<_>>()
    };
    asked.iter().flat_map(of_agent).collect()
}
