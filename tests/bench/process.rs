//! A process of the bench: started with settings, asked for its CPU time, killed with the bench.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

use super::Failure;

/// How long a process may take before it listens.
const PATIENCE: Duration = Duration::from_secs(30);
/// The unit of CPU times in /proc, on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running process.
pub struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts a program with nothing in its environment but these; its log goes to a file.
    pub fn start(program: &Path, arguments: &[&str], settings: &[(&str, String)], log: &Path) -> Result<Self, Failure> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let log = fs::File::create(log)?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}; build it first", program.display()))?;
        Ok(Self { child, name })
    }

    /// Waits until it listens there.
    pub async fn listens(&mut self, address: SocketAddr) -> Result<(), Failure> {
        let give_up = Instant::now() + PATIENCE;
        while TcpStream::connect(address).await.is_err() {
            self.still_alive(give_up)?;
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Waits until this address answers 200.
    pub async fn ready(&mut self, url: &str) -> Result<(), Failure> {
        let give_up = Instant::now() + PATIENCE;
        while !matches!(reqwest::get(url).await, Ok(answer) if answer.status().is_success()) {
            self.still_alive(give_up)?;
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    fn still_alive(&mut self, give_up: Instant) -> Result<(), Failure> {
        if let Some(status) = self.child.try_wait()? {
            return Err(format!("{} ended at once: {status}; its log is beside the databases", self.name).into());
        }
        if Instant::now() > give_up {
            return Err(format!("{} did not get ready in {} s", self.name, PATIENCE.as_secs()).into());
        }
        Ok(())
    }

    /// Its id, as long as it lives.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// The CPU time it has used, in seconds.
    pub fn cpu(&self) -> f64 {
        self.id().map_or(0.0, cpu_of)
    }

    /// The memory it holds now, in bytes.
    pub fn memory(&self) -> u64 {
        self.id().map_or(0, |id| memory_of(id, "VmRSS:"))
    }

    /// The most memory it ever held, in bytes.
    pub fn memory_most(&self) -> u64 {
        self.id().map_or(0, |id| memory_of(id, "VmHWM:"))
    }

    /// Ends it and waits until it is gone.
    pub async fn kill(mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }
}

/// The CPU time of a process, in seconds; 0 when it is gone.
pub fn cpu_of(id: u32) -> f64 {
    let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) else { return 0.0 };
    // The name in parentheses may hold anything; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}

/// A line about the memory of a process, in bytes; 0 when it is gone.
fn memory_of(id: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// The processes whose parent this one is.
pub fn children_of(id: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// An address nobody listens on now.
pub fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// A program built beside this one.
pub fn beside(name: &str) -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?.with_file_name(name))
}
