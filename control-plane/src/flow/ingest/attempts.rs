//! What webhooks mean for attempts of ours: in the transaction that stores them, after their rows, one workspace after
//! another. Webhooks that are about no attempt cost nothing here.

use std::collections::HashMap;

use super::{Replied, known::Known};
use crate::{
    domain::{
        answer::Answer,
        call::Call,
        error::Result,
        id::{AttemptId, MessageId, WorkspaceId},
        message::{Message, MessageDirection},
        webhook::{Event, Failure, Reply, Webhook},
    },
    flow::{
        Journal,
        attempt::{Pressed, answered, call_heard, digits, message_heard},
        incident::{Reply as Text, replied},
    },
    store,
};

/// Lets attempts and incidents hear of webhooks, and puts what a called person hears, or who wrote is answered, into the replies.
pub async fn hear(
    journal: &mut Journal<'_>,
    known: &Known,
    webhooks: &[Webhook],
    replies: &mut [Replied],
) -> Result<()> {
    let whose = whose(journal, webhooks).await?;
    let mut texts = Texts::new();
    for (webhook, replied) in webhooks.iter().zip(replies) {
        let Some(workspace) = replied.workspace else { continue };
        if matches!(replied.reply, Reply::Failed(Failure::Invalid(_))) {
            continue;
        }
        // A tag counts only where it belongs: whoever signs for another workspace cannot answer for it.
        let attempt = webhook.attempt.filter(|attempt| whose.get(attempt) == Some(&workspace));
        let before = journal.turn_to(workspace);
        if let Some(reply) = one(journal, known, (webhook, attempt), &mut texts).await? {
            replied.reply = reply;
        }
        journal.turn_to(before);
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

/// What a webhook means here; the reply that it is given because of that.
async fn one(
    journal: &mut Journal<'_>,
    known: &Known,
    (webhook, attempt): (&Webhook, Option<AttemptId>),
    texts: &mut Texts,
) -> Result<Option<Reply>> {
    if let Event::Message { fact, came_in } = &webhook.event {
        return match known.messages.get(fact.message_sid.as_str()) {
            Some(message) if *came_in => Ok(wrote(journal, message, texts).await?.map(Reply::Text)),
            Some(message) if message.direction == MessageDirection::Outbound && attempt.is_some() => {
                message_heard(journal, attempt, message).await.map(|()| None)
            }
            _ => Ok(None),
        };
    }
    let (Some(attempt), Some(call)) = (attempt, call_of(known, webhook)) else { return Ok(None) };
    let Some(held) = call_heard(journal, Some(attempt), call).await? else { return Ok(None) };
    let said = match &webhook.event {
        Event::CallAnswered { .. } | Event::AnswerFailed { .. } => Some(answered(&held)),
        Event::DigitsGathered { digits: keys, .. } => {
            let pressed = Pressed { sid: call.call_sid.to_string(), digits: keys.clone() };
            digits(journal, attempt, pressed).await?
        }
        _ => None,
    };
    Ok(said.map(|said| Reply::Call { call_id: call.id, answer: Box::new(Answer::Instructions(said)) }))
}

/// What was written back to the messages of a batch, by their ids.
type Texts = HashMap<MessageId, Option<String>>;

/// Takes in what somebody wrote, and says what is written back. A message that comes again was taken in before, and is
/// answered what it was answered then.
async fn wrote(journal: &mut Journal<'_>, message: &Message, texts: &mut Texts) -> Result<Option<String>> {
    if message.version > 0 {
        return Ok(message.reply.clone());
    }
    if let Some(text) = texts.get(&message.id) {
        return Ok(text.clone());
    }
    let text = match Text::of(&message.body) {
        Some(reply) => replied(journal, &message.from, reply).await?,
        None => None,
    };
    if let Some(text) = &text {
        store::message::keep_reply(journal.txn(), message.id, text).await?;
    }
    texts.insert(message.id, text.clone());
    Ok(text)
}

fn call_of<'k>(known: &'k Known, webhook: &Webhook) -> Option<&'k Call> {
    known.calls.get(webhook.event.call_sid()?.as_str())
}
