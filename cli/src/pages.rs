//! Pages of a list: one, all, or up to a limit; always in the shape of one reply.

use clap::ArgMatches;
use prost_reflect::{DynamicMessage, Value};
use tonic::transport::Channel;

use crate::{context::Context, failure::Failure, output::Shape, tree::Operation};

const LARGEST_PAGE: u64 = 500;

pub fn limit(matches: &ArgMatches) -> Option<u64> {
    matches.try_get_one::<u64>("@limit").ok().flatten().copied()
}

fn all(matches: &ArgMatches) -> bool {
    matches.try_get_one::<bool>("@all").ok().flatten().copied().unwrap_or(false)
}

/// The page size to ask for when the user names none.
pub fn size(operation: &Operation, matches: &ArgMatches) -> Option<u64> {
    if !operation.takes("page_token") {
        return None;
    }
    match limit(matches) {
        Some(limit) => Some(limit.min(LARGEST_PAGE)),
        None => all(matches).then_some(LARGEST_PAGE),
    }
}

/// The reply, with the rows of further pages if they were asked for.
pub async fn fetch(
    context: &Context<'_>,
    channel: &Channel,
    message: DynamicMessage,
) -> Result<DynamicMessage, Failure> {
    let mut reply = context.call(channel, message.clone()).await?;
    let rows = Shape::of(context.operation).rows.filter(|field| field.is_list());
    let (Some(rows), true) = (rows, context.operation.takes("page_token")) else { return Ok(reply) };
    let limit = limit(context.matches);
    let wanted = limit.or(all(context.matches).then_some(u64::MAX));
    let mut request = message;
    while wanted.is_some_and(|wanted| count(&reply, rows.name()) < wanted) && !next(&reply).is_empty() {
        request.set_field_by_name("page_token", Value::String(next(&reply)));
        let page = context.call(channel, request.clone()).await?;
        if next(&page) == next(&reply) {
            return Err(Failure::other("the server gave the same page token twice"));
        }
        reply.set_field_by_name("next_page_token", Value::String(next(&page)));
        let more = page.get_field(&rows).into_owned();
        if let (Some(kept), Value::List(more)) = (reply.get_field_mut(&rows).as_list_mut(), more) {
            kept.extend(more);
        }
    }
    if let (Some(limit), Some(kept)) = (limit, reply.get_field_mut(&rows).as_list_mut()) {
        kept.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    if wanted.is_none() && !next(&reply).is_empty() && context.view.for_people() {
        eprintln!("there are more: use --all, --limit N, or --page-token {}", next(&reply));
    }
    Ok(reply)
}

fn next(reply: &DynamicMessage) -> String {
    let token = reply.get_field_by_name("next_page_token");
    token.and_then(|token| token.as_str().map(str::to_owned)).unwrap_or_default()
}

fn count(reply: &DynamicMessage, rows: &str) -> u64 {
    let rows = reply.get_field_by_name(rows);
    rows.and_then(|rows| rows.as_list().map(<[Value]>::len)).unwrap_or_default() as u64
}
