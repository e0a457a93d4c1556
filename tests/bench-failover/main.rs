//! `make bench-failover`: how long it takes from a suspension until everybody is verified on the backup account, with a
//! vendor that takes its time, and how many requests a second the vendors see meanwhile. Real time, one process.

mod furnish;
mod report;

use std::time::Duration;

use callplane_control_plane::{clock::SystemClock, domain::time::Clock, server};
use callplane_proto::v1 as pb;
use callplane_simulator::{Fault, FaultAction, Simulator, SimulatorHandle, SimulatorOptions};
use callplane_tests::{Api, Database, plane, settings::Variables};
use clap::Parser;

#[derive(Parser)]
#[command(about = "Times a failover against a simulated vendor that takes its time. Build it with --release")]
struct Arguments {
    /// Agents, each with a number of the account and one in the pool
    #[arg(long, default_value_t = 50)]
    agents: usize,
    /// Milliseconds that the vendor takes for every request
    #[arg(long, default_value_t = 250)]
    latency: u64,
    /// SQLite, or a PostgreSQL that is started for it
    #[arg(long, default_value = "sqlite", value_parser = ["sqlite", "postgres"])]
    database: String,
    /// Failovers, one after another, each from the beginning
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    println!("{} agents, {} ms a vendor request, {}", arguments.agents, arguments.latency, arguments.database);
    println!("{}", report::HEAD);
    for _ in 0..arguments.rounds {
        let database = match arguments.database.as_str() {
            "postgres" => Database::postgres().await,
            _ => Database::sqlite(),
        };
        println!("{}", one(&arguments, &database).await);
    }
}

/// Everything that a round needs.
struct Bench {
    twilio: SimulatorHandle,
    api: Api,
}

async fn one(arguments: &Arguments, database: &Database) -> report::Row {
    let twilio = Simulator::start(SimulatorOptions::default()).await.expect("a free port");
    let key = twilio.add_elevenlabs_key(callplane_simulator::NewElevenLabsKey::default()).key;
    let variables = Variables::new(database.url(), twilio.base_url())
        .set("CALLPLANE_ELEVENLABS_API_KEY", &key)
        .set("CALLPLANE_MONITOR", "on");
    let settings = variables.read();
    let plane = server::Plane::assemble(&settings).await.expect("it starts");
    let running = server::start(settings, plane).await.expect("it listens");
    let workspace = plane::add_workspace(&running.plane.ctx, "Bench").await;
    let token = plane::workspace_token(&running.plane, workspace).await;
    let api = Api::new(&format!("http://{}", running.address)).with_token(&token);
    let bench = Bench { twilio, api };
    let main = furnish::furnish(&bench, arguments.agents).await;

    let slow = FaultAction::Delay { milliseconds: arguments.latency };
    bench.twilio.inject_fault(Fault { path: None, ..Fault::once("", slow) }.times(0));
    bench.twilio.suspend(&main).expect("it is there");
    let suspended = SystemClock.now();
    let failover = ended(&bench).await;
    let row = report::Row::of(&failover, suspended, &bench.twilio.ledger());
    running.stop().await.expect("it stops");
    row
}

/// The failover that begins by itself, once it is over.
async fn ended(bench: &Bench) -> pb::Failover {
    loop {
        let request = pb::ListFailoversRequest::default();
        let listed = bench.api.failovers().list_failovers(request).await.expect("listed").into_inner().failovers;
        if let Some(over) = listed.into_iter().find(|failover| failover.end_time.is_some()) {
            return over;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
