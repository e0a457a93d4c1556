//! What an operator may say about traces, read the same way by both servers.

use tonic::transport::Uri;

/// Where spans go, and how many traces there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracing {
    /// The collector's OTLP port over gRPC; none for no traces.
    pub endpoint: Option<Uri>,
    /// The share of webhooks and requests that begin a trace.
    pub ratio: f64,
}

impl Default for Tracing {
    fn default() -> Self {
        Self { endpoint: None, ratio: Self::RATIO }
    }
}

impl Tracing {
    /// The share when nobody says otherwise.
    pub const RATIO: f64 = 0.05;

    /// The collector's address, or what is wrong with it.
    pub fn endpoint(text: &str) -> Result<Uri, &'static str> {
        let expected =
            "expected an address such as `http://127.0.0.1:4317`: OTLP over gRPC, without TLS and without a path";
        let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| expected)?;
        let is_plain = uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty());
        let has_no_path = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if is_plain && has_no_path { Ok(uri) } else { Err(expected) }
    }

    /// The share, or what is wrong with it.
    pub fn ratio(text: &str) -> Result<f64, &'static str> {
        let ratio = text.trim().parse().ok().filter(|ratio: &f64| (0.0..=1.0).contains(ratio));
        ratio.ok_or("expected a number from 0 to 1, such as `0.05`")
    }

    /// For `check`: `none`, or where and how many.
    pub fn summary(&self) -> String {
        match &self.endpoint {
            None => "none; set CALLPLANE_OTLP_ENDPOINT to send them".to_owned(),
            Some(endpoint) => format!("{endpoint} ({} of all)", self.ratio),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tracing;

    #[test]
    fn an_address_is_a_collector_nearby() {
        assert!(Tracing::endpoint("http://127.0.0.1:4317").is_ok());
        assert!(Tracing::endpoint("http://collector:4317/").is_ok());
        for wrong in ["", "collector", "https://collector:4317", "http://collector:4318/v1/traces", "http://"] {
            assert!(Tracing::endpoint(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_between_none_and_all() {
        assert_eq!((Tracing::ratio("0"), Tracing::ratio("1.0")), (Ok(0.0), Ok(1.0)));
        for wrong in ["", "-0.1", "1.1", "NaN", "5%"] {
            assert!(Tracing::ratio(wrong).is_err(), "{wrong}");
        }
    }
}
