//! `callplane man --out DIR`: a manual page a command.

use std::{fs, path::PathBuf};

use clap::{Arg, ArgMatches, Command, value_parser};

use crate::{app, failure::Failure};

pub fn command() -> Command {
    let out = Arg::new("@out").long("out").value_name("DIR").required(true).value_parser(value_parser!(PathBuf));
    Command::new("man")
        .about("Write the manual pages")
        .arg(out.help("The folder to write to; it is made if it is missing"))
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let folder = matches.get_one::<PathBuf>("@out").cloned().unwrap_or_default();
    let failed = |error: std::io::Error| Failure::other(format!("{}: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(failed)?;
    clap_mangen::generate_to(app::command(&app::Extent::Whole), &folder).map_err(failed)?;
    eprintln!(
        "the manual pages are in {}; read one with `man -l {}`",
        folder.display(),
        folder.join("callplane.1").display()
    );
    Ok(())
}
