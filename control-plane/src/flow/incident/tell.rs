//! Telling operators that a ladder came to its end and reached nobody, in the transaction in which it did.

use crate::{
    domain::{error::Result, incident::Incident, notification::Kind},
    flow::{Journal, notification},
};

/// Tells people, where the news are worth a mail.
pub(super) async fn tell(journal: &mut Journal<'_>, held: &Incident, news: &[&'static str]) -> Result<()> {
    if !news.contains(&"incident.exhausted") {
        return Ok(());
    }
    tracing::warn!(incident = %held.id, "every step of an incident was tried, and nobody was reached");
    journal.count(|metrics| metrics.escalation.exhausted());
    let subject = "Callplane: nobody was reached".to_owned();
    let mut text = format!(
        "Everything that was planned for an event at {} UTC was tried, and nobody answered.\n",
        held.start_time.format("%Y-%m-%d %H:%M:%S")
    );
    for step in &held.steps {
        let ending = step.ending.map(|ending| ending.to_string()).unwrap_or_default();
        let why = if step.reason.is_empty() { ending } else { step.reason.clone() };
        text.push_str(&format!("\n{}. {} {}: {why}", step.number, step.channel, step.status));
    }
    let id = held.id;
    text.push_str(&format!(
        "\n\nSee why:  callplane incident explain {id}\nClose it: callplane incident resolve {id}\n\n-- \nCallplane, {id}\n"
    ));
    notification::tell_of(journal, (Kind::NotReached, id.to_string()), (subject, text)).await
}
