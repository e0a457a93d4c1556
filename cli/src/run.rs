//! Runs one generated command: request, confirmation, call, result.

use clap::ArgMatches;
use prost_reflect::DynamicMessage;
use tonic::{Code, Status, transport::Channel};

use crate::{
    block_on, call,
    call::{Target, channel, stream::Watch, unary},
    confirm,
    context::Context,
    failure::{Failure, Rejection},
    flags::walk,
    output::{self, Shape, View, table},
    pages,
    request::{self, Wishes, template},
    tree::{self, Operation},
    wait,
};

pub fn generated(operation: &Operation, matches: &ArgMatches) -> Result<(), Failure> {
    let flags = walk::flags(operation);
    let view = View::of(matches);
    if matches.get_flag("@template") {
        return output::document(&view, &template::of(&operation.method.input(), &flags));
    }
    let target = Target::of(matches)?;
    let wishes = wishes(operation, matches);
    let message = request::assemble(operation, &flags, matches, &wishes)?;
    if !wishes.dry_run {
        confirm::ask(operation, &message, matches.get_flag("@yes"))?;
    }
    let context = Context { operation, flags, view, target, matches };
    context.check_columns()?;
    block_on(context.run(message))
}

fn wishes(operation: &Operation, matches: &ArgMatches) -> Wishes {
    let clear = if operation.takes("update_mask") { matches.get_many::<String>("@clear") } else { None };
    Wishes {
        request: matches.get_one::<String>("@request").cloned(),
        clear: clear.into_iter().flatten().cloned().collect(),
        dry_run: matches.get_flag("@dry-run"),
        page_size: pages::size(operation, matches),
    }
}

impl Context<'_> {
    async fn run(&self, message: DynamicMessage) -> Result<(), Failure> {
        if self.operation.method.is_server_streaming() {
            return self.watch(message).await;
        }
        let channel = match channel::open(&self.target).await? {
            Ok(channel) => channel,
            Err(status) => return Err(self.rejected(status, &message, None).await),
        };
        let reply = pages::fetch(self, &channel, message).await?;
        let dry = self.matches.get_flag("@dry-run");
        let shape = Shape::of(self.operation);
        output::reply(&self.view, &shape, &reply)?;
        if dry {
            eprintln!("dry run: nothing was changed");
        } else if reply.fields().next().is_none() && self.view.for_people() && !shape.listed {
            eprintln!("done");
        }
        if self.operation.cli.wait.is_some() && !dry && self.matches.contains_id("@wait") {
            wait::for_end(self, &channel, &reply).await?;
        }
        self.verdict(&reply)
    }

    /// One call, its refusal explained.
    pub async fn call(&self, channel: &Channel, message: DynamicMessage) -> Result<DynamicMessage, Failure> {
        match unary::call(channel, &self.target, &self.operation.method, message.clone()).await {
            Ok(reply) => {
                output::newer::warn(&reply);
                Ok(reply)
            }
            Err(status) => Err(self.rejected(status, &message, Some(channel)).await),
        }
    }

    async fn watch(&self, message: DynamicMessage) -> Result<(), Failure> {
        let shape = Shape::of(self.operation);
        let mut layout = table::Layout::new(&shape.columns(&self.view)?);
        let mut watch = Watch::new(&self.target, self.operation.method.clone(), message.clone());
        let mut left = pages::limit(self.matches).unwrap_or(u64::MAX);
        let mut headed = false;
        while left > 0 {
            let reply = match watch.next().await? {
                Ok(Some(reply)) => reply,
                Ok(None) => break,
                Err(status) => return Err(self.rejected(status, &message, None).await),
            };
            for row in shape.rows_of(&reply) {
                if !self.view.for_people() {
                    output::streamed(&self.view, &row)?;
                } else {
                    let cells = layout.cells(&row);
                    layout.grow(&cells);
                    let header = if headed { String::new() } else { layout.header() };
                    headed = true;
                    output::out(&format!("{header}{}", layout.line(&cells)))?;
                }
                left -= 1;
                if left == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Some replies answer a question; a script wants to see a no.
    fn verdict(&self, reply: &DynamicMessage) -> Result<(), Failure> {
        let field = &self.operation.cli.verdict;
        match reply.get_field_by_name(field).and_then(|value| value.as_bool()) {
            Some(false) => Err(Failure::other(format!("not {field}"))),
            _ => Ok(()),
        }
    }

    fn check_columns(&self) -> Result<(), Failure> {
        Shape::of(self.operation).columns(&self.view).map(drop)
    }

    /// A refusal with what is needed to explain it.
    pub async fn rejected(&self, status: Status, message: &DynamicMessage, channel: Option<&Channel>) -> Failure {
        let request_id = message.get_field_by_name("request_id").and_then(|id| id.as_str().map(str::to_owned));
        let server_version = match (status.code(), channel) {
            (Code::Unimplemented, Some(channel)) => server_version(channel, &self.target).await,
            _ => None,
        };
        Failure::Rpc(Box::new(Rejection {
            status,
            method: self.operation.path(),
            flags: self.flags.clone(),
            address: self.target.address.clone(),
            // Without a connection nothing was sent, so there is nothing to repeat with care.
            request_id: request_id.filter(|id| !id.is_empty() && channel.is_some()),
            server_version,
        }))
    }
}

/// The server's word on its version, when it says one.
pub async fn server_version(channel: &Channel, target: &call::Target) -> Option<String> {
    let method = tree::find_method("callplane.v1.SystemService/GetServerInfo")?;
    let request = DynamicMessage::new(method.input());
    let reply = unary::call(channel, target, &method, request).await.ok()?;
    reply.get_field_by_name("version")?.as_str().map(str::to_owned)
}
