//! What a story is told on: a whole Callplane, a clock that runs twenty times as fast, and the command line as a process.

use std::{io::Write, process::Stdio, time::Duration};

use callplane_control_plane::token::Audience;
use callplane_tests::{Database, Plane, binaries};
use tokio::process::Command;

/// How far the clock goes in one turn, and how long a turn really takes.
const TURN: Duration = Duration::from_secs(1);
const REALLY: Duration = Duration::from_millis(50);

/// A whole Callplane and somebody at a terminal.
pub struct Stage {
    /// Everything that runs.
    pub plane: Plane,
    token: String,
}

impl Stage {
    /// On SQLite, with monitoring and mail.
    pub async fn open() -> Self {
        let plane = Plane::on(Database::sqlite()).mail("sendgrid").set("CALLPLANE_MONITOR", "on").start().await;
        let life = chrono::Duration::days(1);
        let token = plane.token_of(Audience::Workspace, Some(plane.workspace), life).await;
        Self { plane, token }
    }

    /// A command, as a person types it.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries::path("callplane"));
        command
            .args(arguments)
            .env("CALLPLANE_ADDRESS", format!("http://{}", self.plane.replicas()[0].address))
            .env("CALLPLANE_TOKEN", &self.token)
            .env("CALLPLANE_WORKSPACE", &self.plane.workspace_id)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Types a command and shows what it prints.
    pub async fn types(&self, arguments: &[&str]) {
        println!("\n$ callplane {}", arguments.join(" "));
        let output = self.command(arguments).output().await.expect("the command line runs");
        show(&output.stdout);
        show(&output.stderr);
        assert!(output.status.success(), "the command failed: {}", output.status);
    }

    /// Types a command that shows things as they happen, and lets time pass until it ends.
    pub async fn watches(&self, arguments: &[&str]) {
        println!("\n$ callplane {}", arguments.join(" "));
        let mut watching = self.command(arguments).spawn().expect("the command line runs");
        loop {
            tokio::select! {
                ended = watching.wait() => {
                    let ended = ended.expect("it ends");
                    assert!(ended.success(), "the command failed: {ended}");
                    return;
                }
                () = self.turn() => {}
            }
        }
    }

    /// Lets time pass until this is so.
    pub async fn until<T>(&self, is_so: impl AsyncFn(&Plane) -> Option<T>) -> T {
        loop {
            if let Some(so) = is_so(&self.plane).await {
                return so;
            }
            self.turn().await;
        }
    }

    async fn turn(&self) {
        self.plane.advance(TURN);
        self.plane.settle().await;
        tokio::time::sleep(REALLY).await;
    }
}

/// Says something between commands.
pub fn say(text: &str) {
    println!("\n# {text}");
}

fn show(output: &[u8]) {
    let mut terminal = std::io::stdout().lock();
    terminal.write_all(output).and_then(|()| terminal.flush()).expect("the terminal is there");
}
