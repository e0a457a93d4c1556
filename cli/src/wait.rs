//! `--wait`: reads the resource until its state is one that ends the wait.

use std::time::{Duration, Instant};

use callplane_proto::options::v1::Wait;
use prost_reflect::{DynamicMessage, Kind as Type, Value};
use tonic::transport::Channel;

use crate::{
    call::unary,
    context::Context,
    failure::Failure,
    output::cell,
    request::json,
    time,
    tree::{self, naming},
};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Waits as the method's option says.
pub async fn for_end(context: &Context<'_>, channel: &Channel, reply: &DynamicMessage) -> Result<(), Failure> {
    let wait = context.operation.cli.wait.clone().unwrap_or_default();
    let longest = context.matches.get_one::<String>("@wait").and_then(|text| time::span(text)?.to_std().ok());
    let longest = longest.ok_or_else(|| Failure::usage("--wait: expected a duration such as 5m"))?;
    let method =
        tree::find_method(&wait.get_method).ok_or_else(|| Failure::other(format!("no method {}", wait.get_method)))?;
    let id = cell::at(reply, &wait.from_path);
    let mut request = DynamicMessage::new(method.input());
    request
        .try_set_field_by_name(&wait.to_path, Value::String(id.clone()))
        .map_err(|error| Failure::other(format!("{}: {error}", wait.get_method)))?;
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut last = String::new();
    loop {
        let now = match unary::call(channel, &context.target, &method, request.clone()).await {
            Ok(reply) => reply,
            Err(status) => return Err(context.rejected(status, &request, Some(channel)).await),
        };
        let state = cell::at(&now, &wait.state_path);
        if state != last {
            eprintln!("{id}: {state}");
            last.clone_from(&state);
        }
        let name = state_name(&now, &wait.state_path);
        if wait.success.contains(&name) {
            return Ok(());
        }
        if wait.failure.contains(&name) {
            return Err(Failure::WaitEnded(format!("{id} is {state}{}", reason(&now, &wait))));
        }
        if started.elapsed() >= longest {
            return Err(Failure::WaitEnded(format!(
                "{id} is still {state} after {}",
                time::in_words(longest.as_secs() as i64, 0)
            )));
        }
        tokio::time::sleep(pause.min(longest.saturating_sub(started.elapsed()))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The state as the enum spells it, which is how the option names states.
fn state_name(reply: &DynamicMessage, path: &str) -> String {
    let json = json::of_message(reply, false);
    json::at(&json, path).and_then(|state| state.as_str()).unwrap_or_default().to_owned()
}

/// The states as people see them.
pub fn words(wait: &Wait, states: &[String]) -> Vec<String> {
    let mut message = tree::find_method(&wait.get_method).map(|method| method.output());
    let mut choices = None;
    for name in wait.state_path.split('.') {
        let field = message.take().and_then(|message| message.get_field_by_name(name));
        match field.map(|field| field.kind()) {
            Some(Type::Message(inner)) => message = Some(inner),
            Some(Type::Enum(found)) => choices = Some(found),
            _ => {}
        }
    }
    let prefix = choices.as_ref().map(|choices| choices.name()).unwrap_or_default();
    states.iter().map(|state| naming::enum_word(prefix, state)).collect()
}

/// The resource's own words, where it has some: `account.status` goes with `account.status_reason`.
fn reason(reply: &DynamicMessage, wait: &Wait) -> String {
    let stem = wait.state_path.trim_end_matches("_state");
    let words = [format!("{}_reason", wait.state_path), format!("{stem}_error"), format!("{stem}_reason")];
    let found = words.iter().map(|path| cell::at(reply, path)).find(|text| text != cell::NOTHING);
    found.map(|text| format!(": {text}")).unwrap_or_default()
}
