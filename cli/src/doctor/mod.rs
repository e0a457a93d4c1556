//! `callplane doctor`: looks at everything between this machine and a working call, and says what to do about the rest.

mod check;
pub mod server;

use clap::{Arg, ArgMatches, Command};

use crate::{
    block_on,
    call::Target,
    failure::Failure,
    output::{self, View},
};
use check::{Check, Outcome};

const EDGE: &str = "http://127.0.0.1:7431";

pub fn command() -> Command {
    let edge = Arg::new("@edge-url").long("edge-url").value_name("URL").default_value(EDGE);
    Command::new("doctor")
        .about("Check the set-up: what works, what does not, what to do")
        .long_about("Checks the way to the control plane, the token, the edge, and then the control plane's own checklist for the workspace.\nExits with 0 only if nothing failed; a warning does not fail.")
        .arg(edge.help("The edge's address for metrics and health"))
        .after_help("Examples:\n    callplane doctor\n    callplane doctor --address https://plane.example.com --edge-url http://edge:7431 -o json")
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let view = View::of(matches);
    let edge = matches.get_one::<String>("@edge-url").cloned().unwrap_or_default();
    block_on(async {
        let mut checks = match Target::of(matches) {
            Ok(target) => server::checks(&target).await,
            Err(failure) => {
                vec![Check::failed("settings", failure.to_string(), "correct the flag, the variable or the profile")]
            }
        };
        checks.insert(checks.iter().take_while(|check| check.local).count(), edge_health(&edge).await);
        show(&view, &checks)?;
        let failed = checks.iter().filter(|check| check.outcome == Outcome::Failed).count();
        if failed > 0 { Err(Failure::other(format!("{failed} of {} checks failed", checks.len()))) } else { Ok(()) }
    })
}

async fn edge_health(url: &str) -> Check {
    let remedy = "start it with `callplane-edge serve`, or say where it is by --edge-url";
    let client = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(5)).build();
    let answer = match client {
        Ok(client) => client.get(format!("{}/health", url.trim_end_matches('/'))).send().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(answer) if answer.status().is_success() => Check::passed("edge", format!("{url} is healthy")).here(),
        Ok(answer) => {
            let status = answer.status();
            let words = answer.text().await.unwrap_or_default();
            let words: String = words.chars().filter(|letter| !letter.is_control()).take(200).collect();
            Check::failed("edge", format!("{url} says {status} {words}"), "look at the edge's log").here()
        }
        Err(error) if error.is_timeout() => {
            Check::failed("edge", format!("{url} does not answer within 5 s"), remedy).here()
        }
        Err(_) => Check::failed("edge", format!("{url} cannot be reached"), remedy).here(),
    }
}

fn show(view: &View, checks: &[Check]) -> Result<(), Failure> {
    if !view.for_people() {
        let checks: Vec<_> = checks.iter().map(Check::json).collect();
        return output::document(view, &serde_json::json!({ "checks": checks }));
    }
    output::out(&check::lines(checks))
}
