//! How long the command line takes to say something, beside a program that does nothing.

use std::{path::PathBuf, process::Stdio, time::Instant};

use tokio::process::Command;

use super::{Failure, process::beside, report::median};

const TIMES: usize = 40;

/// Measures and prints it.
pub async fn print() -> Result<(), Failure> {
    let command_line = beside("callplane")?;
    let commands: [(&str, PathBuf, &[&str]); 3] = [
        ("/bin/true", PathBuf::from("/bin/true"), &[]),
        ("callplane --help", command_line.clone(), &["--help"]),
        ("callplane account list --help", command_line, &["account", "list", "--help"]),
    ];
    let mut took = [const { Vec::new() }; 3];
    for _ in 0..TIMES {
        for ((_, program, arguments), took) in commands.iter().zip(&mut took) {
            took.push(run(program, arguments).await?);
        }
    }
    println!("\n| command | median ms [min-max], {TIMES} times each, in turn |");
    println!("|---|---|");
    for ((name, ..), took) in commands.iter().zip(took) {
        let least = took.iter().copied().fold(f64::INFINITY, f64::min);
        let most = took.iter().copied().fold(0.0, f64::max);
        println!("| {name} | {:.1} [{least:.1}-{most:.1}] |", median(took));
    }
    Ok(())
}

async fn run(program: &PathBuf, arguments: &[&str]) -> Result<f64, Failure> {
    let started = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    let took = started.elapsed().as_secs_f64() * 1000.0;
    match status {
        Ok(status) if status.success() => Ok(took),
        Ok(status) => Err(format!("{} ended with {status}", program.display()).into()),
        Err(error) => Err(format!("{} cannot be started: {error}; build it first", program.display()).into()),
    }
}
