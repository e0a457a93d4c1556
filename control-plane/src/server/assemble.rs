//! Ties settings, store and vendors together: everything a control plane is made of, before it listens.

use std::{path::PathBuf, sync::Arc};

use callplane_migrations::Migrator;
use callplane_telemetry::Tracer;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait};
use sea_orm_migration::MigratorTrait;

use crate::{
    clock::{SystemClock, TimeOrderedIds},
    domain::{
        error::{Error, Kind, Result},
        time::{Clock, Ids},
    },
    flow::{Context, Facts, Registrar, Wake, calendar_feed},
    metrics::Metrics,
    provider::{
        Telephony, VoiceAgents,
        calendar::HttpFeeds,
        dnc_checker::{self, GrpcChecker},
        elevenlabs,
        line::Limits,
        mail::{Mailer, NobodyGetsMail, Resend, SendGrid, Smtp, resend, sendgrid},
        mock::Mock,
        test_mode::TestMode,
        twilio,
        written::Written,
    },
    secret::{Cursors, KeyCheck, MasterKeys, StreamTokens},
    settings::{MailWay, Settings, TelephonyKind, Vendors},
    store::{Store, failed, secret},
    token::TokenKeys,
    worker::{Boundaries, Crew, checking::Checker, probe::Watch, registrar::ElevenLabsRegistrar},
};

/// The key of the lock that migrating replicas wait for; any number that nobody else uses.
const MIGRATION_LOCK: i64 = 0x0063_616c_6c70_6c61;

/// How long a probe waits for one answer.
const PROBE_DEADLINE: std::time::Duration = std::time::Duration::from_secs(5);

/// Everything a control plane is made of.
pub struct Plane {
    /// What every change needs at hand.
    pub ctx: Arc<Context>,
    /// What a worker needs.
    pub crew: Crew,
    /// The answer path's vendor.
    pub registrar: Arc<dyn Registrar>,
    /// Sign and verify tokens.
    pub token_keys: Arc<TokenKeys>,
}

impl Plane {
    /// Opens the database, brings its schema up to date, checks the master key, and ties the rest to it.
    pub async fn assemble(settings: &Settings) -> Result<Self> {
        Self::with_clock(settings, Arc::new(SystemClock)).await
    }

    /// The same with another clock, for tests that step it.
    pub async fn with_clock(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        let store = Store::open(&settings.database_url).await?;
        migrate(&store).await?;
        check_master_key(&store, &settings.master_keys, &*clock).await?;
        let vendors = &settings.vendors;
        let ids: Arc<dyn Ids> = Arc::new(TimeOrderedIds);
        let metrics = Arc::new(Metrics::default());
        let tracer = Tracer::start(&settings.tracing, "callplane-control-plane", metrics.spans.clone());
        let ctx = Arc::new(Context {
            store,
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            keys: settings.master_keys.clone(),
            cursors: Cursors::new(&settings.master_keys),
            stream_tokens: StreamTokens::new(&settings.master_keys),
            wake: Wake::default(),
            facts: facts(settings),
            metrics,
            tracer,
        });
        let agents = for_callers(vendors, &clock)?;
        let key = vendors.eleven_labs_api_key.clone();
        let registrar = Arc::new(ElevenLabsRegistrar::new(Arc::clone(&ctx), agents, key.clone()));
        let ForWorkers { telephony, agents } = for_workers(vendors, &clock)?;
        let watch = watch(vendors, (&telephony, &agents), &clock)?;
        let crew = Crew {
            ctx: Arc::clone(&ctx),
            telephony,
            agents,
            watch,
            eleven_labs_key: key,
            mailer: mailer(settings, &clock)?,
            checker: checker(settings, &clock)?,
            feeds: Arc::new(HttpFeeds::new(calendar_feed::reach(&ctx), Arc::clone(&clock))?),
            owner: format!("{}-{}", std::process::id(), ids.next()),
            boundaries: Boundaries::default(),
        };
        Ok(Self { ctx, crew, registrar, token_keys: Arc::clone(&settings.token_keys) })
    }
}

fn facts(settings: &Settings) -> Facts {
    let vendors = &settings.vendors;
    Facts {
        public_url: settings.public_url.clone(),
        dev: settings.dev,
        simulated: vendors.telephony == TelephonyKind::Mock || vendors.test_mode,
        telephony: vendors.telephony.as_str(),
        test_mode: vendors.test_mode,
        mail: settings.mail.as_ref().map(|mail| mail.way.as_str()),
        dnc_checker: settings.dnc_checker.as_ref().map(|checker| checker.unanswered),
        eleven_labs_key: vendors.eleven_labs_api_key.is_some(),
        reconcile_every: settings.reconcile.every,
        monitor: settings.monitor,
        outage_after: settings.reconcile.outage_after,
    }
}

/// The vendors a worker acts on.
struct ForWorkers {
    telephony: Arc<dyn Telephony>,
    agents: Arc<dyn VoiceAgents>,
}

fn for_workers(vendors: &Vendors, clock: &Arc<dyn Clock>) -> Result<ForWorkers> {
    if vendors.telephony == TelephonyKind::Mock {
        // One for both: an import at the one changes the number at the other.
        let mock = Mock::default();
        return Ok(ForWorkers { telephony: Arc::new(mock.clone()), agents: Arc::new(mock) });
    }
    let base = vendors.twilio_base_url.clone();
    let settings = twilio::Settings { api_base_url: base, ..twilio::Settings::default() };
    let telephony = twilio::Twilio::new(settings, Arc::clone(clock))?;
    let agents = eleven_labs(vendors, clock)?;
    Ok(match vendors.test_mode {
        true => {
            let written = Arc::new(Written::default());
            let telephony = Arc::new(TestMode::new(telephony, Arc::clone(&written)));
            ForWorkers { telephony, agents: Arc::new(TestMode::new(agents, written)) }
        }
        false => ForWorkers { telephony: Arc::new(telephony), agents: Arc::new(agents) },
    })
}

fn mailer(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<Arc<dyn Mailer>>> {
    let Some(mail) = &settings.mail else { return Ok(None) };
    if settings.vendors.test_mode {
        return Ok(Some(Arc::new(NobodyGetsMail)));
    }
    let (from, clock) = (mail.from.clone(), Arc::clone(clock));
    let at = |base: &Option<String>, usual: &str| base.clone().unwrap_or_else(|| usual.to_owned());
    Ok(Some(match &mail.way {
        MailWay::SendGrid { base_url, api_key } => {
            Arc::new(SendGrid::new(at(base_url, sendgrid::BASE_URL), api_key.clone(), from, clock)?)
        }
        MailWay::Resend { base_url, api_key } => {
            Arc::new(Resend::new(at(base_url, resend::BASE_URL), api_key.clone(), from, clock)?)
        }
        MailWay::Smtp { server, login } => Arc::new(Smtp::new(server, login.as_ref(), from)?),
    }))
}

/// Asked in test mode too: a question changes nothing.
fn checker(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<Checker>> {
    let Some(checker) = &settings.dnc_checker else { return Ok(None) };
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| {
            let message = format!("CALLPLANE_DNC_CHECKER_CA_FILE: {} cannot be read: {error}", path.display());
            Error::new(Kind::InvalidArgument, "TLS_FILE", message)
        })
    };
    let settings = dnc_checker::Settings {
        address: checker.address.clone(),
        token: checker.token.clone(),
        authority: checker.ca_file.as_ref().map(read).transpose()?,
        deadline: dnc_checker::DEADLINE,
    };
    let port = Arc::new(GrpcChecker::new(settings, Arc::clone(clock))?);
    Ok(Some(Checker { port, rule: checker.unanswered }))
}

/// Clients of their own for probes: they neither take places from calls nor stop asking when nobody answers.
fn watch(
    vendors: &Vendors,
    (telephony, agents): (&Arc<dyn Telephony>, &Arc<dyn VoiceAgents>),
    clock: &Arc<dyn Clock>,
) -> Result<Watch> {
    let deadline = PROBE_DEADLINE;
    // What was not really written is seen by nobody else.
    if vendors.telephony == TelephonyKind::Mock || vendors.test_mode {
        return Ok(Watch { telephony: Arc::clone(telephony), agents: Arc::clone(agents), deadline });
    }
    let limits = Limits { deadline, concurrent: 8, breaker: false, ..Limits::default() };
    let api_base_url = vendors.twilio_base_url.clone();
    let settings = twilio::Settings { api_base_url, limits, ..twilio::Settings::default() };
    let telephony = Arc::new(twilio::Twilio::new(settings, Arc::clone(clock))?);
    let mut settings = elevenlabs::Settings { limits, ..elevenlabs::Settings::default() };
    if let Some(base) = &vendors.eleven_labs_base_url {
        settings.api_base_url = base.clone();
    }
    let agents = Arc::new(elevenlabs::ElevenLabs::new(settings, Arc::clone(clock))?);
    Ok(Watch { telephony, agents, deadline })
}

/// The answer path's vendor.
fn for_callers(vendors: &Vendors, clock: &Arc<dyn Clock>) -> Result<Arc<dyn VoiceAgents>> {
    if vendors.telephony == TelephonyKind::Mock && vendors.eleven_labs_base_url.is_none() {
        return Ok(Arc::new(Mock::default()));
    }
    Ok(Arc::new(eleven_labs(vendors, clock)?))
}

fn eleven_labs(vendors: &Vendors, clock: &Arc<dyn Clock>) -> Result<elevenlabs::ElevenLabs> {
    let mut settings = elevenlabs::Settings::default();
    if let Some(base) = &vendors.eleven_labs_base_url {
        settings.api_base_url = base.clone();
    }
    elevenlabs::ElevenLabs::new(settings, Arc::clone(clock))
}

/// Brings the schema up to date. Replicas that start together wait for one another on PostgreSQL; SQLite has one writer.
pub async fn migrate(store: &Store) -> Result<()> {
    refuse_newer_schema(store).await?;
    let lock = match store.backend() {
        DbBackend::Postgres => {
            let txn = store.begin().await?;
            // It waits idle while another connection migrates, however long that takes.
            txn.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await.map_err(failed)?;
            txn.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await.map_err(failed)?;
            Some(txn)
        }
        _ => None,
    };
    Migrator::up(store.write(), None).await.map_err(|error| {
        let message =
            "the database schema cannot be brought up to date; is the database read-only, or the user without rights?";
        Error::new(Kind::Unavailable, "MIGRATION_FAILED", message).because(error)
    })?;
    if let Some(txn) = lock {
        txn.commit().await.map_err(failed)?;
    }
    Ok(())
}

/// A schema from the future: an older program must not write into it.
async fn refuse_newer_schema(store: &Store) -> Result<()> {
    use sea_orm_migration::seaql_migrations;
    let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    // Before the first migration the table is not there.
    let applied = seaql_migrations::Entity::find().all(store.write()).await.unwrap_or_default();
    match applied.iter().find(|row| !known.contains(&row.version)) {
        None => Ok(()),
        Some(row) => {
            let message = format!(
                "the database holds a newer schema ({}) than this program knows; update the program",
                row.version
            );
            Err(Error::new(Kind::FailedPrecondition, "SCHEMA_TOO_NEW", message))
        }
    }
}

/// A wrong master key stops the start with one clear line, before anything is sealed with it.
async fn check_master_key(store: &Store, keys: &MasterKeys, clock: &dyn Clock) -> Result<()> {
    let stored = secret::key_checks(store.read()).await?;
    let stored: Vec<KeyCheck> =
        stored.into_iter().map(|row| KeyCheck { master_key_id: row.master_key_id, sealed: row.sealed }).collect();
    KeyCheck::verify(keys, &stored)?;
    let check = KeyCheck::make(keys);
    let txn = store.begin().await?;
    secret::add_key_check(&txn, &check.master_key_id, check.sealed, clock.now()).await?;
    txn.commit().await.map_err(failed)
}
