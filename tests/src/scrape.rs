//! What Prometheus reads: samples by name and labels, and what kind of metric each is.

use std::{collections::BTreeMap, net::SocketAddr};

use crate::Plane;

/// One scrape of one program.
pub struct Scrape {
    text: String,
}

/// One line.
pub struct Sample<'t> {
    /// With its suffix, such as `_total` or `_bucket`.
    pub name: &'t str,
    /// Names and values.
    pub labels: Vec<(&'t str, &'t str)>,
    /// What it is worth.
    pub value: f64,
}

impl Scrape {
    /// What a program says at `/metrics`.
    pub fn of(text: String) -> Self {
        assert!(text.ends_with("# EOF\n"), "a scrape is whole: {text}");
        Self { text }
    }

    /// As it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every line that is no comment.
    pub fn samples(&self) -> impl Iterator<Item = Sample<'_>> {
        self.text.lines().filter(|line| !line.starts_with('#')).map(sample)
    }

    /// The value of this very line, up to its value; 0 when it is not there.
    pub fn value(&self, line: &str) -> f64 {
        let rest = self.text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        rest.map_or(0.0, |value| value.parse().expect("a number"))
    }

    /// The sum of all lines with this name, whatever their labels.
    pub fn sum(&self, name: &str) -> f64 {
        self.samples().filter(|sample| sample.name == name).map(|sample| sample.value).sum()
    }

    /// The names under which Prometheus stores what is described, whether or not it has happened yet.
    pub fn names(&self) -> Vec<String> {
        let kinds: BTreeMap<&str, &str> =
            self.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
        let suffixes = |kind: &str| match kind {
            "counter" => vec!["_total"],
            "histogram" => vec!["_bucket", "_count", "_sum"],
            "info" => vec!["_info"],
            _ => vec![""],
        };
        kinds
            .iter()
            .flat_map(|(name, kind)| suffixes(kind).into_iter().map(move |suffix| format!("{name}{suffix}")))
            .collect()
    }
}

fn sample(line: &str) -> Sample<'_> {
    let (series, value) = line.rsplit_once(' ').expect("a line has a value");
    let value = value.parse().expect("a number");
    let Some((name, labels)) = series.split_once('{') else {
        return Sample { name: series, labels: Vec::new(), value };
    };
    let labels = labels.trim_end_matches('}').split("\",").filter(|pair| !pair.is_empty());
    let labels = labels.map(|pair| pair.split_once("=\"").expect("a label has a value"));
    let labels = labels.map(|(label, value)| (label, value.trim_end_matches('"'))).collect();
    Sample { name, labels, value }
}

impl Plane {
    /// What the edge says.
    pub async fn edge_metrics(&self) -> Scrape {
        self.scrape(self.edge.admin_address).await
    }

    /// What the first control plane says.
    pub async fn metrics(&self) -> Scrape {
        self.scrape(self.replicas()[0].admin_address).await
    }

    async fn scrape(&self, address: SocketAddr) -> Scrape {
        let response = self.http.get(format!("http://{address}/metrics")).send().await.expect("it answers");
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        assert!(kind.starts_with("application/openmetrics-text"), "Prometheus takes no {kind:?}");
        Scrape::of(response.text().await.expect("a whole body"))
    }
}
