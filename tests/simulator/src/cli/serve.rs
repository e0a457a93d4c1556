//! `serve`: one simulator until Ctrl-C or SIGTERM.

use callplane_simulator::{Pace, Simulator, SimulatorOptions};
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, ServeArguments};

pub async fn serve(arguments: ServeArguments) -> Result<(), Failure> {
    let listen = arguments.listen;
    if !listen.ip().is_loopback() {
        return Err(Failure::Usage(format!(
            "--listen {listen}: the simulator has no authentication of its own; use a loopback address such as 127.0.0.1:7440"
        )));
    }
    let pace = if arguments.stepped { Pace::Stepped } else { Pace::Immediate };
    let options = SimulatorOptions { listen, start: arguments.start, pace, seed: arguments.seed };
    let simulator = Simulator::start(options).await;
    let simulator = simulator.map_err(|error| Failure::Failed(format!("cannot listen on {listen}: {error}")))?;
    for route in &arguments.routes {
        let (public, actual) = route.split_once('=').ok_or_else(|| {
            Failure::Usage(format!(
                "--route {route}: expected PUBLIC=ACTUAL, for instance https://calls.example.com=http://127.0.0.1:7430"
            ))
        })?;
        simulator.add_route(public, actual).map_err(|refusal| Failure::Usage(format!("--route: {refusal}")))?;
    }
    tracing::info!(address = %simulator.address(), "the simulator is ready");
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Failure::Failed(error.to_string()))?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
