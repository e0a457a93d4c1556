//! What webhooks mean for attempts of ours: in the transaction that stores them, after their rows, one workspace after
//! another. Webhooks that are about no attempt cost nothing here.

use std::collections::HashMap;

use super::{Replied, known::Known};
use crate::{
    domain::{
        answer::Answer,
        call::Call,
        error::Result,
        id::{AttemptId, WorkspaceId},
        instruction::Instructions,
        message::MessageDirection,
        webhook::{Event, Failure, Reply, Webhook},
    },
    flow::{
        Journal,
        attempt::{Pressed, answered, call_heard, digits, message_heard},
        incident::{Reply as Text, replied},
    },
    store,
};

/// Lets attempts and incidents hear of webhooks, and puts what a called person hears into the replies.
pub async fn hear(
    journal: &mut Journal<'_>,
    known: &Known,
    webhooks: &[Webhook],
    replies: &mut [Replied],
) -> Result<()> {
    let whose = whose(journal, webhooks).await?;
    for (webhook, replied) in webhooks.iter().zip(replies) {
        let Some(workspace) = replied.workspace else { continue };
        if matches!(replied.reply, Reply::Failed(Failure::Invalid(_))) {
            continue;
        }
        // A tag counts only where it belongs: whoever signs for another workspace cannot answer for it.
        let attempt = webhook.attempt.filter(|attempt| whose.get(attempt) == Some(&workspace));
        let before = journal.turn_to(workspace);
        let said = one(journal, known, webhook, attempt).await?;
        journal.turn_to(before);
        if let (Some(said), Some(call)) = (said, call_of(known, webhook)) {
            let answer = Box::new(Answer::Instructions(said));
            replied.reply = Reply::Call { call_id: call.id, answer };
        }
    }
    Ok(())
}

async fn whose(journal: &Journal<'_>, webhooks: &[Webhook]) -> Result<HashMap<AttemptId, WorkspaceId>> {
    let mut tags: Vec<AttemptId> = webhooks.iter().filter_map(|webhook| webhook.attempt).collect();
    if tags.is_empty() {
        return Ok(HashMap::new());
    }
    tags.sort_unstable();
    tags.dedup();
    let found = store::attempt::whose(journal.txn(), tags).await?;
    Ok(found.into_iter().map(|(attempt, workspace, _)| (attempt, workspace)).collect())
}

async fn one(
    journal: &mut Journal<'_>,
    known: &Known,
    webhook: &Webhook,
    attempt: Option<AttemptId>,
) -> Result<Option<Instructions>> {
    if let Event::Message { fact, came_in } = &webhook.event {
        let message = known.messages.get(fact.message_sid.as_str());
        match (message, Text::of(&fact.body)) {
            (Some(message), Some(text)) if *came_in && is_new(message) => {
                replied(journal, &message.from, text).await?;
            }
            (Some(message), _) if message.direction == MessageDirection::Outbound && attempt.is_some() => {
                message_heard(journal, attempt, message).await?;
            }
            _ => {}
        }
        return Ok(None);
    }
    let (Some(attempt), Some(call)) = (attempt, call_of(known, webhook)) else { return Ok(None) };
    let Some(held) = call_heard(journal, Some(attempt), call).await? else { return Ok(None) };
    match &webhook.event {
        Event::CallAnswered { .. } | Event::AnswerFailed { .. } => Ok(Some(answered(&held))),
        Event::DigitsGathered { digits: keys, .. } => {
            let pressed = Pressed { sid: call.call_sid.to_string(), digits: keys.clone() };
            digits(journal, attempt, pressed).await
        }
        _ => Ok(None),
    }
}

/// A message that comes again was taken in before.
fn is_new(message: &crate::domain::message::Message) -> bool {
    message.version == 0
}

fn call_of<'k>(known: &'k Known, webhook: &Webhook) -> Option<&'k Call> {
    known.calls.get(webhook.event.call_sid()?.as_str())
}
