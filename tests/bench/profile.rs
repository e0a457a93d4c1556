//! A CPU profile of a stage while it is measured, taken by perf: where its processes spend their time, by function.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use super::{Failure, stage::Stage};

/// How often a stack is looked at, a second.
const FREQUENCY: &str = "499";

/// A profile that is being taken.
pub struct Profile {
    perf: Child,
    data: String,
}

impl Profile {
    /// Begins to look at every process of a stage.
    pub fn start(folder: &Path, stage: &Stage, callers: usize) -> Result<Self, Failure> {
        fs::create_dir_all(folder)?;
        let data = folder.join(format!("{}-{callers}.data", stage.name)).display().to_string();
        let processes: Vec<String> = stage.processes().iter().map(ToString::to_string).collect();
        let perf = Command::new("perf")
            .args(["record", "-F", FREQUENCY, "-e", "cpu-clock", "-g", "-o", &data, "-p", &processes.join(",")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("perf cannot be started: {error}; install linux-perf"))?;
        Ok(Self { perf, data })
    }

    /// Ends it and writes what it found beside it, as text.
    pub fn finish(mut self) -> Result<(), Failure> {
        let id = self.perf.id().to_string();
        Command::new("kill").args(["-INT", &id]).status()?;
        self.perf.wait()?;
        let report = Command::new("perf")
            .args(["report", "-i", &self.data, "--stdio", "--no-children", "--sort", "comm,dso,symbol", "-g", "none"])
            .stderr(Stdio::null())
            .output()?;
        fs::write(self.data.replace(".data", ".txt"), report.stdout)?;
        Ok(())
    }
}
