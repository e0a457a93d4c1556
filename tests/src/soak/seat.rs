//! The place of a process: whoever sits there is killed, frozen, stopped, started again, and, when it ends by itself,
//! started again as a service manager would.

use std::{path::PathBuf, time::Duration};

use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use super::{
    Failure,
    process::{Process, Signal},
};

/// How long a process may take until it is ready, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than an edge drains and a control plane says its last words.
const STOPPING: Duration = Duration::from_secs(45);
const GLANCE: Duration = Duration::from_millis(50);

/// How a process is started, and the one that runs.
pub struct Seat {
    /// Its name in reports.
    pub name: String,
    /// Where all who ever sat here have written.
    pub log: PathBuf,
    program: PathBuf,
    settings: Vec<(String, String)>,
    /// Answers 200 when it is ready.
    ready: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: Option<Process>,
    starts: u32,
    ended_alone: u32,
}

/// What a look at a seat says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// How often it was started.
    pub starts: u32,
    /// How often it has ended by itself.
    pub ended_alone: u32,
    /// Resident memory in KiB; none when nobody sits there.
    pub resident: Option<u64>,
}

impl Seat {
    /// An empty seat.
    pub fn new(name: &str, program: PathBuf, settings: Vec<(String, String)>, ready: String, log: PathBuf) -> Self {
        Self { name: name.to_owned(), log, program, settings, ready, state: Mutex::default() }
    }

    /// Starts a process; it will be ready when it is.
    pub async fn start(&self) -> Result<(), Failure> {
        let mut state = self.state.lock().await;
        self.sit(&mut state)
    }

    fn sit(&self, state: &mut State) -> Result<(), Failure> {
        state.running = Some(Process::start(&self.program, &["serve"], &self.settings, &self.log)?);
        state.starts += 1;
        Ok(())
    }

    /// Waits until it is ready.
    pub async fn ready(&self) -> Result<(), Failure> {
        let give_up = Instant::now() + PATIENCE;
        while !matches!(reqwest::get(&self.ready).await, Ok(answer) if answer.status().is_success()) {
            if Instant::now() > give_up {
                return Err(format!("{} did not get ready; see {}", self.name, self.log.display()).into());
            }
            sleep(GLANCE).await;
        }
        Ok(())
    }

    /// `kill -9`.
    pub async fn kill(&self) {
        if let Some(mut process) = self.state.lock().await.running.take() {
            // It may have ended by itself.
            drop(process.kill().await);
        }
    }

    /// Freezes or thaws it.
    pub async fn tell(&self, signal: Signal) {
        if let Some(process) = &self.state.lock().await.running {
            // It may have ended by itself.
            drop(process.tell(signal).await);
        }
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(&self) -> Result<(), Failure> {
        let Some(mut process) = self.state.lock().await.running.take() else { return Ok(()) };
        process.tell(Signal::Stop).await?;
        match process.ends_within(STOPPING).await {
            true => Ok(()),
            false => Err(format!("{} did not stop in {} s", self.name, STOPPING.as_secs()).into()),
        }
    }

    /// Starts it again if it has ended by itself, and looks at it.
    pub async fn tend(&self) -> Result<Look, Failure> {
        let mut state = self.state.lock().await;
        if state.running.as_mut().is_some_and(Process::has_ended) {
            state.ended_alone += 1;
            self.sit(&mut state)?;
        }
        let resident = state.running.as_ref().and_then(Process::resident);
        Ok(Look { starts: state.starts, ended_alone: state.ended_alone, resident })
    }
}
