//! The programs of the workspace as real processes. Builds nothing: `make test` and `cargo build --workspace` do.

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
    sync::watch,
};

use crate::{plane::PATIENCE, settings::Variables};

/// Where cargo put a program of the workspace.
pub fn path(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a process knows its program");
    // …/debug/deps/suite-0123 is a test, …/release/soak a program.
    let beside = own.parent().expect("a program is in a folder");
    let folder = if beside.ends_with("deps") { beside.parent().expect("cargo's folders") } else { beside };
    let program = folder.join(name);
    assert!(program.exists(), "{} is missing: run `cargo build --workspace` first", program.display());
    program
}

/// A command with these settings and nothing else of ours.
fn command(name: &str, variables: &Variables) -> Command {
    let mut command = Command::new(path(name));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("CALLPLANE_"));
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command.envs(variables.pairs()).stdin(Stdio::null());
    command
}

/// Runs a program to its end.
pub fn run(name: &str, variables: &Variables, arguments: &[&str]) -> Output {
    command(name, variables).args(arguments).output().expect("it runs")
}

/// A running program; killed when it is dropped.
pub struct Program {
    child: Child,
    lines: watch::Receiver<Vec<String>>,
}

impl Program {
    /// Starts it.
    pub fn start(name: &str, variables: &Variables, arguments: &[&str]) -> Self {
        let mut command = tokio::process::Command::from(command(name, variables));
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("it starts");
        let mut said = BufReader::new(child.stderr.take().expect("it was asked for")).lines();
        let (sender, lines) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Ok(Some(line)) = said.next_line().await {
                sender.send_modify(|lines| lines.push(line));
            }
        });
        Self { child, lines }
    }

    /// Waits until it has said something with this text, and gives the line.
    pub async fn says(&mut self, text: &str) -> String {
        let found = |lines: &Vec<String>| lines.iter().find(|line| line.contains(text)).cloned();
        let waiting = self.lines.wait_for(|lines| found(lines).is_some());
        let heard = tokio::time::timeout(PATIENCE, waiting).await;
        match heard {
            Ok(Ok(lines)) => found(&lines).expect("it was just found"),
            _ => panic!("it never said `{text}`"),
        }
    }

    /// `kill -9`: nothing is put in order.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it runs");
    }
}

/// A port that was free a moment ago, for a program that must come back at the same place.
pub fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").to_string()
}
