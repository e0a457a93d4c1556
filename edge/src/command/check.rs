//! `check`: uses every file the settings name, then shows what `serve` would do. Shows no secret.

use std::process::ExitCode;

use super::{WRONG_SETTINGS, in_runtime};
use crate::{
    serve::check_files,
    settings::{Profile, Settings, Token},
};

pub fn run(settings: &Settings) -> ExitCode {
    in_runtime(async {
        if let Err(problem) = check_files(settings) {
            eprintln!("{problem}");
            return ExitCode::from(WRONG_SETTINGS);
        }
        show(settings);
        ExitCode::SUCCESS
    })
}

fn show(settings: &Settings) {
    let token = match &settings.token {
        Token::None => "none".to_owned(),
        Token::Value(_) => "set".to_owned(),
        Token::File(path) => format!("in {}", path.display()),
    };
    let control_planes: Vec<String> = settings.control_planes.iter().map(ToString::to_string).collect();
    println!("profile         {}", if settings.profile == Profile::Dev { "dev" } else { "production" });
    println!("public URL      {}", settings.public_url);
    println!("webhooks        {}{}", settings.listen, if settings.tls.is_some() { " (TLS)" } else { "" });
    println!("admin           {}", settings.admin_listen);
    println!("control planes  {}", control_planes.join(" "));
    println!("token           {token}");
    println!("traces          {}", settings.tracing.summary());
    for alias in &settings.aliases {
        println!("alias           {} = {}", alias.path, alias.route.name());
    }
}
