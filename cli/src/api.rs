//! `callplane api call Service/Method`: any method of the descriptors, hidden ones too, with JSON in and out.

use clap::{Arg, ArgMatches, Command};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::{Code, Status};

use crate::{
    block_on,
    call::{Target, channel, stream::Watch, unary},
    failure::{Failure, Rejection},
    output::{self, Format, View},
    request::{self, json, source},
    run, tree,
};

pub fn command() -> Command {
    let call = Command::new("call")
        .about("Call any method with JSON")
        .arg(Arg::new("@method").value_name("SERVICE/METHOD").required(true).help("Such as CallService/ListCalls"))
        .arg(Arg::new("@request").long("request").value_name("JSON|@FILE|-").default_value("{}").help("The request"))
        .after_help("Examples:\n    callplane api call SystemService/GetServerInfo\n    callplane api call callplane.v1.CallService/ListCalls --request '{\"page_size\": 5}'\n\n`callplane schema list` shows the methods, `callplane schema show NAME` a message.");
    Command::new("api")
        .about("Call any method with JSON")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(call)
}

pub fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((_, matches)) = matches.subcommand() else { return Err(Failure::usage("api: say call")) };
    let name = matches.get_one::<String>("@method").cloned().unwrap_or_default();
    let method = tree::find_method(&name)
        .ok_or_else(|| Failure::usage(format!("no method {name}; `callplane schema list` shows them")))?;
    if method.is_client_streaming() {
        return Err(Failure::usage(format!("{name} takes a stream of requests, which only programs can send")));
    }
    let text = matches.get_one::<String>("@request").map_or("{}", String::as_str);
    let given = source::json("--request", text)?;
    if source::is_literal(text)
        && let Some(path) = source::first_secret(&method.input(), &given)
    {
        return Err(Failure::usage(format!(
            "--request: `{path}` is a secret, and arguments are visible to every process; give @FILE or -"
        )));
    }
    let message = request::parse(&method.input(), given)?;
    let mut view = View::of(matches);
    if view.for_people() {
        view.format = Format::Json;
    }
    block_on(call(&Target::of(matches)?, &method, message, &view))
}

async fn call(target: &Target, method: &MethodDescriptor, message: DynamicMessage, view: &View) -> Result<(), Failure> {
    if method.is_server_streaming() {
        let mut watch = Watch::new(target, method.clone(), message);
        while let Some(reply) = watch.next().await?.map_err(|status| rejected(target, method, status, None))? {
            output::streamed(view, &reply)?;
        }
        return Ok(());
    }
    let channel = channel::open(target).await?.map_err(|status| rejected(target, method, status, None))?;
    match unary::call(&channel, target, method, message).await {
        Ok(reply) => output::document(view, &json::of_message(&reply, false)),
        Err(status) => {
            let version = match status.code() {
                Code::Unimplemented => run::server_version(&channel, target).await,
                _ => None,
            };
            Err(rejected(target, method, status, version))
        }
    }
}

/// A refusal of a call that no flags describe.
pub fn rejected(target: &Target, method: &MethodDescriptor, status: Status, server_version: Option<String>) -> Failure {
    Failure::Rpc(Box::new(Rejection {
        status,
        method: format!("{}/{}", method.parent_service().full_name(), method.name()),
        flags: Vec::new(),
        address: target.address.clone(),
        request_id: None,
        server_version,
    }))
}
