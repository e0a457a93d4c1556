//! What unsigned junk does to signed traffic: the same signed calls a second, without and with junk beside them, in turn.

mod flood;

use std::{process::Stdio, time::Duration};

use tokio::{process::Command, time::sleep};

pub use flood::flood;

use super::{
    Failure, measure,
    options::Options,
    report::{Aim, Answered, Wanted, median},
    stage::Stage,
};

/// Requests a second.
const JUNK: f64 = 5000.0;
/// Signed calls a second: a busy platform, far from what the edge can carry.
const SIGNED: f64 = 200.0;
/// Measurements without and with junk.
const PAIRS: usize = 5;
/// Junk comes a little before the signed traffic and stays a little longer.
const MARGIN: Duration = Duration::from_millis(300);

/// What came of junk.
#[derive(Clone, Default)]
struct Flooded {
    sent: f64,
    cpu: f64,
    answers: String,
}

/// Measures and prints it; says what was answered wrongly and what was aimed at.
pub async fn measure(stage: &mut Stage, options: &Options) -> Result<(Vec<String>, Aim), Failure> {
    let (mut quiet, mut noisy, mut floods) = (Vec::new(), Vec::new(), Vec::new());
    let mut wrong = Vec::new();
    for pair in 0..PAIRS {
        eprint!("\rjunk: pair {} of {PAIRS}                                    ", pair + 1);
        for with_junk in [pair % 2 == 1, pair % 2 == 0] {
            let (answered, mut complaints) = match with_junk {
                false => measure::open(stage, SIGNED, options).await?,
                true => {
                    let (answered, flooded) = beside_junk(stage, options).await?;
                    floods.push(flooded);
                    answered
                }
            };
            if with_junk {
                noisy.push(answered)
            } else {
                quiet.push(answered)
            }
            wrong.append(&mut complaints);
        }
    }
    eprintln!();
    wrong.extend(floods.iter().filter_map(believed));
    print(&quiet, &noisy, &floods);
    Ok((wrong, aim(&quiet, &noisy)))
}

async fn beside_junk(stage: &mut Stage, options: &Options) -> Result<((Answered, Vec<String>), Flooded), Failure> {
    let seconds = (options.warmed() + options.measured() + 2 * MARGIN).as_secs_f64();
    let arguments = [stage.address.to_string(), JUNK.to_string(), seconds.to_string()];
    let mut flood = Command::new(std::env::current_exe()?);
    flood.arg("flood").args(arguments).stdout(Stdio::piped()).kill_on_drop(true);
    let flood = flood.spawn()?;
    sleep(MARGIN).await;
    let answered = measure::open(stage, SIGNED, options).await?;
    let output = flood.wait_with_output().await?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (figures, answers) = said.split_once(';').ok_or("the junk generator said nothing")?;
    let mut figures = figures.split(' ').map(str::parse::<f64>);
    let (Some(Ok(sent)), Some(Ok(cpu))) = (figures.next(), figures.next()) else {
        return Err(format!("the junk generator said {said:?}").into());
    };
    Ok((answered, Flooded { sent: sent / seconds, cpu: cpu / seconds, answers: answers.trim().to_owned() }))
}

/// Junk that was answered as if it were Twilio's.
fn believed(flooded: &Flooded) -> Option<String> {
    let is_refused = |answer: &str| answer.starts_with('4') || answer.starts_with("cut");
    let all_refused = flooded.answers.split(", ").all(is_refused);
    (!all_refused).then(|| format!("junk was not refused: {}", flooded.answers))
}

fn print(quiet: &[Answered], noisy: &[Answered], floods: &[Flooded]) {
    let of = |rows: &[Answered], pick: &dyn Fn(&Answered) -> f64| median(rows.iter().map(pick).collect());
    println!(
        "\nJunk beside {SIGNED} signed calls a second through edge and control plane (nothing stored), {PAIRS} pairs:\n"
    );
    println!("| junk/s | p50 ms | p99 ms [min-max] | CPU of the edge, % of a core | of the junk generator | others |");
    println!("|---|---|---|---|---|---|");
    let junk = |pick: &dyn Fn(&Flooded) -> f64| median(floods.iter().map(pick).collect());
    let rows =
        [("0".to_owned(), quiet, 0.0), (format!("{:.0}", junk(&|flood| flood.sent)), noisy, junk(&|flood| flood.cpu))];
    for (rate, rows, junk_cpu) in rows {
        let p99: Vec<f64> = rows.iter().map(|row| row.quantile(0.99)).collect();
        let least = p99.iter().copied().fold(f64::INFINITY, f64::min);
        let most = p99.iter().copied().fold(0.0, f64::max);
        println!(
            "| {rate} | {:.2} | {:.2} [{least:.2}-{most:.2}] | {:.0} % | {:.0} % | {:.0} % |",
            of(rows, &|row| row.quantile(0.5)),
            median(p99),
            of(rows, &|row| row.cpu[0]) * SIGNED * 5.0 / 1e4,
            100.0 * junk_cpu,
            100.0 * of(rows, &|row| row.others),
        );
    }
    println!("\njunk was answered: {}", floods.last().map_or("", |flood| flood.answers.as_str()));
}

fn aim(quiet: &[Answered], noisy: &[Answered]) -> Aim {
    let p99 = |rows: &[Answered]| median(rows.iter().map(|row| row.quantile(0.99)).collect());
    Aim {
        what: format!("p99 of signed traffic with {JUNK} junk requests a second, of the p99 without"),
        wanted: Wanted::AtMost(1.2),
        measured: p99(noisy) / p99(quiet),
        // The junk generator counts among the others beside junk.
        others: median(quiet.iter().map(|row| row.others).collect()),
    }
}
