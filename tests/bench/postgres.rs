//! A PostgreSQL of the bench's own: made, started and removed by it, with the durability of a production server.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{
    Failure,
    process::{children_of, cpu_of, free_address},
};

/// A running server; stopped and removed when dropped.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server, or says why there is none.
    pub fn start() -> Result<Self, Failure> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("callplane-bench-pg").tempdir()?;
        let port = free_address()?.port();
        if is_root() {
            let (user, group) = user("postgres")?;
            chown(folder.path(), Some(user), Some(group))?;
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700))?;
        let postgres = Self { folder, programs, port };
        let data = postgres.data();
        postgres.run("initdb", &["-D", &data, "-U", "callplane", "-A", "trust", "--no-sync"])?;
        let settings = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on",
            postgres.folder.path().display()
        );
        let log = postgres.folder.path().join("log").display().to_string();
        postgres.run("pg_ctl", &["-D", &data, "-o", &settings, "-l", &log, "-w", "start"])?;
        Ok(postgres)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// Runs one of its programs; it refuses to be run by root.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Failure> {
        let program = self.programs.join(program);
        let mut command = match is_root() {
            false => Command::new(&program),
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(&program);
                command
            }
        };
        // The server inherits what it is started with: a pipe would be held open for its whole life.
        let said = fs::File::create(self.folder.path().join("said"))?;
        let status = command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .status()?;
        if status.success() {
            return Ok(());
        }
        let said = fs::read_to_string(self.folder.path().join("said")).unwrap_or_default();
        Err(format!("{} failed: {}", program.display(), said.trim()).into())
    }

    /// Its database.
    pub fn url(&self) -> String {
        format!("postgres://callplane@127.0.0.1:{}/postgres", self.port)
    }

    /// The CPU time of all its processes, in seconds.
    pub fn cpu(&self) -> f64 {
        self.processes().into_iter().map(cpu_of).sum()
    }

    /// All its processes.
    pub fn processes(&self) -> Vec<u32> {
        let Some(postmaster) = self.postmaster() else { return Vec::new() };
        std::iter::once(postmaster).chain(children_of(postmaster)).collect()
    }

    fn postmaster(&self) -> Option<u32> {
        let file = fs::read_to_string(Path::new(&self.data()).join("postmaster.pid")).ok()?;
        file.lines().next()?.parse().ok()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]) {
            eprintln!("bench: {error}");
        }
    }
}

/// What is installed, if anything is.
pub fn version() -> Option<String> {
    text(&programs().ok()?.join("postgres"), &["--version"]).ok()
}

/// Where the programs are: the newest version installed.
fn programs() -> Result<PathBuf, Failure> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().ok_or_else(|| "no PostgreSQL in /usr/lib/postgresql; install the package postgresql".into())
}

fn is_root() -> bool {
    // The owner of our own entry in /proc is who we run as.
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// The ids of a user and its group.
fn user(name: &str) -> Result<(u32, u32), Failure> {
    let accounts = fs::read_to_string("/etc/passwd")?;
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name));
    let mut ids = line.into_iter().flat_map(|line| line.split(':').skip(2)).filter_map(|id| id.parse().ok());
    match (ids.next(), ids.next()) {
        (Some(user), Some(group)) => Ok((user, group)),
        _ => Err(format!("there is no user {name}, and PostgreSQL does not run as root").into()),
    }
}

fn text(program: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
