//! The binary as people and scripts use it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::host::Host;

struct Running {
    child: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callplane-simulator"));
    command.env_remove("CALLPLANE_SIMULATOR_LISTEN").env_remove("CALLPLANE_LOG");
    command
}

/// Starts on a free port and reads the address from the line that says it is ready.
fn serve() -> Running {
    let mut command = binary();
    let mut child =
        command.args(["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().expect("it starts");
    let stderr = child.stderr.take().expect("a pipe");
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let ready = lines.find(|line| line.contains("ready")).expect("it says when it is ready");
    let after = ready.split("127.0.0.1:").nth(1).expect("the line names the address");
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    std::thread::spawn(move || lines.for_each(drop));
    Running { child, address: format!("127.0.0.1:{port}") }
}

fn ask(running: &Running, arguments: &[&str]) -> Output {
    binary().args(arguments).env("CALLPLANE_SIMULATOR_LISTEN", &running.address).output().expect("it runs")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("the file exists").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_can_seed_call_and_read_the_ledger_without_ever_seeing_a_token() {
    let host = Host::start().await;
    host.says("/voice", "<Say>Hello</Say>");
    let running = serve();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let token_file = folder.path().join("token");
    let path = token_file.to_str().expect("a text path");
    let sid = stdout(&ask(&running, &["seed", "account", "--auth-token-file", path]));
    let token = std::fs::read_to_string(&token_file).expect("the token was written");
    assert_eq!((sid.len(), token.trim().len(), mode(&token_file)), (34, 32, 0o600));
    let voice = host.url("/voice");
    let number = ["seed", "number", "--account-sid", &sid, "--phone-number", "+15550100001", "--voice-url", &voice];
    assert!(stdout(&ask(&running, &number)).starts_with("PN"));
    let call = stdout(&ask(&running, &["call", "--from", "+15550100099", "--to", "+15550100001"]));
    assert!(call.contains("voice") && call.contains("200") && call.contains("completed after"), "{call}");
    let ledger = stdout(&ask(&running, &["ledger", "--kind", "webhook"]));
    assert_eq!(ledger.lines().count(), 1);
    assert!(!format!("{sid}{call}{ledger}").contains(token.trim()));
}

#[test]
fn mistakes_on_the_command_line_exit_with_2_and_say_what_to_do() {
    let open = binary().args(["serve", "--listen", "0.0.0.0:0"]).output().expect("it runs");
    assert_eq!(open.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&open.stderr).contains("loopback"));
    let nobody = binary().args(["ledger", "--simulator", "127.0.0.1:1"]).output().expect("it runs");
    assert_eq!(nobody.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("callplane-simulator serve"));
}

#[test]
fn a_busy_port_is_one_clear_line() {
    let running = serve();
    let second = binary().args(["serve", "--listen", &running.address]).output().expect("it runs");
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("cannot listen on"));
}
