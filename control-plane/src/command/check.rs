//! `check` and `migrate`: what a start would meet, without serving.

use crate::{domain::error::Result, server::Plane, settings::Settings};

/// Says whether everything is fit to serve.
pub async fn run(settings: &Settings) -> Result<()> {
    let plane = Plane::assemble(settings).await?;
    println!("settings: fine");
    println!("database: {:?}, the schema is up to date", plane.ctx.store.backend());
    println!("master key: {} opens this database", settings.master_keys.active_id());
    match &settings.public_url {
        Some(url) => println!("public URL: {url}"),
        None => println!("public URL: not set; numbers cannot be configured without CALLPLANE_PUBLIC_URL"),
    }
    println!("telephony: {}", settings.vendors.telephony.as_str());
    match &settings.dnc_checker {
        Some(checker) => println!("do-not-call checker: {}, unanswered: {}", checker.address, checker.unanswered),
        None => println!("do-not-call checker: none; the workspaces' own lists are asked"),
    }
    println!("traces: {}", settings.tracing.summary());
    Ok(())
}

/// Brings the schema up to date.
pub async fn migrate(settings: &Settings) -> Result<()> {
    Plane::assemble(settings).await?;
    println!("the schema is up to date");
    Ok(())
}
