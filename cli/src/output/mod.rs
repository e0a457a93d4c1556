//! Results on standard output: tables for people, JSON, JSON lines and YAML for programs.

pub mod cell;
pub mod detail;
pub mod newer;
pub mod shape;
pub mod table;

use std::io::Write;

use clap::ArgMatches;
use prost_reflect::DynamicMessage;
use serde_json::Value;

use crate::{failure::Failure, request::json};
pub use shape::Shape;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    Wide,
    Json,
    Jsonl,
    Yaml,
}

/// How the user wants to see results.
#[derive(Clone, Debug)]
pub struct View {
    pub format: Format,
    pub columns: Vec<String>,
}

impl View {
    pub fn of(matches: &ArgMatches) -> Self {
        let format = match matches.get_one::<String>("@output").map(String::as_str) {
            Some("wide") => Format::Wide,
            Some("json") => Format::Json,
            Some("jsonl") => Format::Jsonl,
            Some("yaml") => Format::Yaml,
            _ => Format::Table,
        };
        let columns = matches.get_many::<String>("@columns").into_iter().flatten().cloned().collect();
        View { format, columns }
    }

    pub fn for_people(&self) -> bool {
        matches!(self.format, Format::Table | Format::Wide)
    }
}

/// Prints a whole reply.
pub fn reply(view: &View, shape: &Shape, reply: &DynamicMessage) -> Result<(), Failure> {
    match (view.format, &shape.rows) {
        (Format::Table | Format::Wide, Some(_)) => {
            let rows = shape.rows_of(reply);
            out(&table::render(&shape.columns(view)?, &rows))
        }
        (Format::Table | Format::Wide, None) => out(&detail::render(&detail::without_wrapper(reply), &view.columns)),
        (Format::Jsonl, Some(_)) if shape.listed => {
            shape.rows_of(reply).iter().try_for_each(|row| line(&json::of_message(row, false)))
        }
        (Format::Jsonl, _) => line(&json::of_message(reply, false)),
        (Format::Json | Format::Yaml, _) => document(view, &json::of_message(reply, false)),
    }
}

/// Prints JSON as the format says; for people, indented.
pub fn document(view: &View, json: &Value) -> Result<(), Failure> {
    match view.format {
        Format::Yaml => out(&serde_norway::to_string(json).map_err(|error| Failure::other(error.to_string()))?),
        Format::Jsonl => line(json),
        Format::Json | Format::Table | Format::Wide => out(&format!("{json:#}\n")),
    }
}

/// One row of a stream.
pub fn streamed(view: &View, message: &DynamicMessage) -> Result<(), Failure> {
    let json = json::of_message(message, false);
    match view.format {
        Format::Yaml => {
            out(&format!("---\n{}", serde_norway::to_string(&json).map_err(|error| Failure::other(error.to_string()))?))
        }
        _ => line(&json),
    }
}

fn line(json: &Value) -> Result<(), Failure> {
    out(&format!("{json}\n"))
}

/// Writes to standard output at once, so that a reader of a stream sees it.
pub fn out(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}
