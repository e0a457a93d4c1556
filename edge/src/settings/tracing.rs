//! Where traces go, and how many there are.

use callplane_telemetry::Tracing;

use super::source::Source;

pub fn read(source: &mut Source<'_>) -> Tracing {
    let endpoint = source.text("otlp_endpoint").map(|text| Tracing::endpoint(&text));
    let ratio = source.text("trace_sample_ratio").map_or(Ok(Tracing::RATIO), |text| Tracing::ratio(&text));
    for (key, problem) in [
        ("otlp_endpoint", endpoint.as_ref().and_then(|read| read.as_ref().err())),
        ("trace_sample_ratio", ratio.as_ref().err()),
    ] {
        if let Some(problem) = problem {
            source.problem(key, &format!("is of no use: {problem}"));
        }
    }
    Tracing { endpoint: endpoint.and_then(Result::ok), ratio: ratio.unwrap_or(Tracing::RATIO) }
}
