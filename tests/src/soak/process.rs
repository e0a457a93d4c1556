//! A process that is handled roughly: killed, frozen, stopped in order, weighed. Its log is a file that outlives it.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, Command};

/// A running process; killed when it is dropped.
pub struct Process {
    child: Child,
    id: u32,
}

/// What a process can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGSTOP.
    Freeze,
    /// SIGCONT.
    Thaw,
    /// SIGTERM.
    Stop,
}

impl Process {
    /// Starts a program with nothing in its environment but these; whatever it says is added to its log.
    pub fn start(program: &Path, arguments: &[&str], settings: &[(String, String)], log: &Path) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
        Self::spawn(command, log)
    }

    /// Starts a command that has everything but its log.
    pub fn spawn(mut command: Command, log: &Path) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true).spawn()?;
        let id = child.id().ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { child, id })
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// `kill -9`; returns when it is gone.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Sends a signal.
    pub async fn tell(&self, signal: Signal) -> io::Result<()> {
        send(self.id, signal.name()).await
    }

    /// Waits for its end; `false` when it did not come in time.
    pub async fn ends_within(&mut self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.child.wait()).await.is_ok()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Its resident memory in KiB.
    pub fn resident(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
    }
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Freeze => "STOP",
            Self::Thaw => "CONT",
            Self::Stop => "TERM",
        }
    }
}

/// Sends a signal by the shell's own `kill`: there is no safe call for it in std.
pub async fn send(id: u32, signal: &str) -> io::Result<()> {
    let status = Command::new("/bin/sh")
        .args(["-c", r#"kill -s "$0" "$1""#, signal, &id.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{id} cannot be told {signal}"))) }
}
