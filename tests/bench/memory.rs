//! What an edge holds when it knows as many accounts and numbers as the largest installation we plan for, and that it does
//! know them: with its control plane gone, each number still gets its own fallback.

use callplane_control_plane::{clock::SystemClock, domain::time::Clock};
use http::StatusCode;

use super::{
    Failure,
    load::{Line, request},
    noop::Size,
    report::{Aim, Wanted},
    stage::{Builder, Stage},
    webhook::Webhooks,
    world::{Call, e164},
};

const LARGE: Size = Size { accounts: 25_000, numbers: 100_000, fallbacks: true };
const SMALL: Size = Size { accounts: 100, numbers: 1_000, fallbacks: true };

/// Measures and prints it; says what was answered wrongly and what was aimed at.
pub async fn measure(builder: &mut Builder<'_>) -> Result<(Vec<String>, Aim), Failure> {
    let small = builder.hop("memory-small", SMALL).await?.front_memory();
    let mut stage = builder.hop("memory-large", LARGE).await?;
    let (large, most) = (stage.front_memory(), stage.front_memory_most());
    let wrong = fallbacks(&mut stage).await?;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    println!("\n| accounts | numbers with fallback | memory of the edge, MB | most it ever held |\n|---|---|---|---|");
    println!("| {} | {} | {:.1} | |", SMALL.accounts, SMALL.numbers, megabytes(small));
    println!("| {} | {} | {:.1} | {:.1} |\n", LARGE.accounts, LARGE.numbers, megabytes(large), megabytes(most));
    let what = format!("memory of an edge with {} accounts and {} numbers, MB", LARGE.accounts, LARGE.numbers);
    Ok((wrong, Aim { what, wanted: Wanted::AtMost(100.0), measured: megabytes(large), others: 0.0 }))
}

/// Calls some numbers while no control plane is there.
async fn fallbacks(stage: &mut Stage) -> Result<Vec<String>, Failure> {
    stage.lose_plane().await?;
    let webhooks = Webhooks::new(SystemClock.now(), LARGE.accounts);
    let mut line = Line::connect(stage.address, None).await?;
    let mut wrong = Vec::new();
    for number in [0, LARGE.numbers / 2, LARGE.numbers - 1] {
        let call = Call { sid: format!("CA{number:032x}"), number, caller: "+18185550100".to_owned() };
        let signed = webhooks.signed(&call, 0);
        let (status, twiml) = line.send(request(signed.path, Some(&signed.signature), signed.body)).await?;
        let own = format!("+1777{number:07}");
        if status != StatusCode::OK || !String::from_utf8_lossy(&twiml).contains(&own) {
            wrong.push(format!("the fallback of {}: answered {status} with {} bytes", e164(number), twiml.len()));
        }
    }
    Ok(wrong)
}
