//! What a story is told on: a whole Callplane, a clock that runs fast, and the command line as a process.

use std::{io::Write, process::Stdio, time::Duration};

use callplane_control_plane::token::Audience;
use callplane_simulator::{Happened, LedgerFilter};
use callplane_tests::{Plane, binaries, plane::Builder};
use tempfile::TempDir;
use tokio::process::Command;

/// How far the clock goes in one turn.
const TURN: Duration = Duration::from_secs(1);
/// What has not come after so many turns does not come at all.
const MOST_TURNS: usize = 3_600;

/// A whole Callplane and somebody at a terminal.
pub struct Stage {
    /// Everything that runs.
    pub plane: Plane,
    /// How long a turn really takes, besides what happens in it.
    pause: Duration,
    token: String,
    folder: TempDir,
}

impl Stage {
    /// On this plane.
    pub async fn open(plane: Builder, pause: Duration) -> Self {
        let plane = plane.start().await;
        let life = chrono::Duration::days(1);
        let token = plane.token_of(Audience::Workspace, Some(plane.workspace), life).await;
        let folder = tempfile::tempdir().expect("a folder");
        Self { plane, pause, token, folder }
    }

    /// Lays a file where commands find it by its name.
    pub fn lays(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("the folder is there");
    }

    /// A command, as a person types it.
    fn command(&self, arguments: &[&str]) -> Command {
        println!("\n$ callplane {}", typed(arguments));
        let mut command = Command::new(binaries::path("callplane"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("CALLPLANE_ADDRESS", format!("http://{}", self.plane.replicas()[0].address))
            .env("CALLPLANE_TOKEN", &self.token)
            .env("CALLPLANE_WORKSPACE", &self.plane.workspace_id)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Types a command, shows what it prints, and gives it back.
    pub async fn types(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().await.expect("the command line runs");
        show(&output.stdout);
        show(&output.stderr);
        assert!(output.status.success(), "the command failed: {}", output.status);
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    }

    /// Types a command that makes something, and gives back its id, which begins so.
    pub async fn makes(&self, prefix: &str, arguments: &[&str]) -> String {
        let printed = self.types(arguments).await;
        let id = printed.split_whitespace().find(|word| word.starts_with(prefix));
        id.unwrap_or_else(|| panic!("the command names no {prefix}…")).to_owned()
    }

    /// Types a command that shows things as they happen, and lets time pass until it ends.
    pub async fn watches(&self, arguments: &[&str]) {
        let mut watching = self.command(arguments).spawn().expect("the command line runs");
        for _ in 0..MOST_TURNS {
            tokio::select! {
                ended = watching.wait() => {
                    let ended = ended.expect("it ends");
                    assert!(ended.success(), "the command failed: {ended}");
                    return;
                }
                () = self.turn() => {}
            }
        }
        panic!("the command did not end within {MOST_TURNS} s");
    }

    /// Lets time pass until this is so. A story in which it does not come has failed.
    pub async fn until<T>(&self, what: &str, is_so: impl AsyncFn(&Plane) -> Option<T>) -> T {
        for _ in 0..MOST_TURNS {
            if let Some(so) = is_so(&self.plane).await {
                return so;
            }
            self.turn().await;
        }
        panic!("{what}: it did not come within {MOST_TURNS} s");
    }

    async fn turn(&self) {
        self.plane.advance(TURN);
        self.plane.settle().await;
        tokio::time::sleep(self.pause).await;
    }

    /// Shows the mails that went to this address.
    pub fn shows_mails_to(&self, address: &str) {
        for entry in self.plane.twilio.ledger_of(&LedgerFilter::kind("mail")) {
            let Happened::Mail { to, subject, text, .. } = entry.what else { continue };
            if !to.iter().any(|to| to == address) {
                continue;
            }
            println!("\n  To: {}\n  Subject: {subject}\n", to.join(", "));
            for line in text.lines() {
                println!("  | {line}");
            }
        }
    }
}

/// Says something between commands.
pub fn say(text: &str) {
    println!("\n# {text}");
}

/// As a shell would take it.
fn typed(arguments: &[&str]) -> String {
    let quoted = |argument: &&str| match argument.contains(' ') {
        true => format!("'{argument}'"),
        false => (*argument).to_owned(),
    };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn show(output: &[u8]) {
    let mut terminal = std::io::stdout().lock();
    terminal.write_all(output).and_then(|()| terminal.flush()).expect("the terminal is there");
}
