//! One real PostgreSQL a test process: started when the first test needs it, reached through a socket in its own folder,
//! stopped when the process ends, however it ends.

use std::{
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

/// Names a server that is already there and on which databases may be created.
const GIVEN: &str = "CALLPLANE_TEST_POSTGRES_URL";
const MISSING: &str = "PostgreSQL is not installed: run `apt-get install postgresql`, or name a server on which databases \
                       may be created in CALLPLANE_TEST_POSTGRES_URL";

static SERVER: OnceLock<Server> = OnceLock::new();

/// A running server.
struct Server {
    /// With `{}` where the name of the database goes.
    url: String,
    /// Ends the server when our end of its input closes, which the kernel does even for a process that was killed.
    _guard: Option<Child>,
}

/// The address of one database of the server.
pub fn url(database: &str) -> String {
    SERVER.get_or_init(Server::start).url.replace("{}", database)
}

/// Databases of a server that is not ours must not pile up there.
pub fn outlives_us() -> bool {
    std::env::var_os(GIVEN).is_some()
}

impl Server {
    fn start() -> Self {
        if let Ok(given) = std::env::var(GIVEN) {
            let (base, _) = given.rsplit_once('/').expect("CALLPLANE_TEST_POSTGRES_URL ends with a database");
            return Self { url: format!("{base}/{{}}"), _guard: None };
        }
        let tools = tools();
        let folder = tempfile::Builder::new().prefix("callplane-postgres-").tempdir().expect("a folder").keep();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let data = folder.join("data");
        let init = ["--username=callplane", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8", "--pgdata"];
        run(tool(&tools.join("initdb")).args(init).arg(&data));
        let options =
            format!("-c listen_addresses='' -c unix_socket_directories='{}' -c max_connections=400", folder.display());
        let start = ["start", "--wait", "--silent", "--options", &options, "--pgdata"];
        run(tool(&tools.join("pg_ctl")).args(start).arg(&data).arg("--log").arg(folder.join("log")));
        let url = format!("postgres://callplane@localhost/{{}}?host={}", folder.display());
        Self { url, _guard: Some(guard(&tools, &folder)) }
    }
}

/// PostgreSQL refuses to run as root.
pub(crate) fn tool(program: &Path) -> Command {
    let mut command = match is_root() {
        true => {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        }
        false => Command::new(program),
    };
    command.current_dir("/");
    command
}

fn guard(tools: &Path, folder: &Path) -> Child {
    let mut stop = tool(&tools.join("pg_ctl"));
    stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(folder.join("data"));
    let words = std::iter::once(stop.get_program()).chain(stop.get_args());
    Command::new("sh")
        .args(["-c", r#"cat; "$@"; rm -rf "$0""#])
        .arg(folder)
        .args(words)
        // A group of its own, so that Ctrl-C at the tests does not end it before its work.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is a shell")
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}. {MISSING}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Where the newest server's programs are.
pub(crate) fn tools() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&on_path));
    folders.into_iter().find(|folder| folder.join("initdb").exists()).unwrap_or_else(|| panic!("{MISSING}"))
}
