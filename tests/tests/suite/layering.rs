//! Reads the sources: who may know whom. The rules are the design's; the compiler cannot hold them inside one crate.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is inside the workspace").to_owned()
}

/// Every Rust file of a package, as its path below `src` and its text.
fn sources(package: &str) -> Vec<(PathBuf, String)> {
    let root = workspace().join(package).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the sources are here").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a text");
                files.push((path.strip_prefix(&root).expect("below it").to_owned(), text));
            }
        }
    }
    assert!(files.len() > 5, "{package} has sources");
    files
}

/// The module of a file: `rpc/account/mod.rs` is `rpc::account`.
fn module(file: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

/// Every path that a file uses, with `crate` and `super` resolved: `domain::error::Error`, `tokio::sync::mpsc`.
fn uses(file: &Path, text: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut paths = BTreeSet::new();
    for statement in code.split("use ").skip(1) {
        let Some((tree, _)) = statement.split_once(';') else { continue };
        expand(tree.trim(), "", &mut paths);
    }
    for inline in code.split("crate::").skip(1) {
        let end = inline.find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | ':'));
        let path = &inline[..end.unwrap_or(inline.len())];
        if !path.is_empty() {
            paths.insert(format!("crate::{path}"));
        }
    }
    paths.iter().map(|path| resolve(path, &module(file))).collect()
}

/// `a::{b, c::{d}}` becomes `a::b` and `a::c::d`.
fn expand(tree: &str, prefix: &str, paths: &mut BTreeSet<String>) {
    let Some(open) = tree.find('{') else {
        paths.insert(format!("{prefix}{}", tree.split_whitespace().next().unwrap_or_default()));
        return;
    };
    let prefix = format!("{prefix}{}", tree[..open].trim());
    let inside = tree[open + 1..].rsplit_once('}').map_or("", |(inside, _)| inside);
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in inside.char_indices().chain([(inside.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = inside[start..at].trim();
                if !part.is_empty() {
                    expand(part, &prefix, paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

fn resolve(path: &str, module: &[String]) -> String {
    let mut parts: Vec<&str> = path.split("::").collect();
    let mut base: Vec<&str> = match parts.first() {
        Some(&"crate") => Vec::new(),
        Some(&("super" | "self")) => module.iter().map(String::as_str).collect(),
        _ => return path.to_owned(),
    };
    while matches!(parts.first(), Some(&("crate" | "super" | "self"))) {
        if parts.remove(0) == "super" {
            base.pop();
        }
    }
    [base, vec![""; 0], parts].concat().join("::")
}

/// Complains about every file below `folder` that uses something that begins with one of `banned`.
fn forbid(package: &str, folder: &str, banned: &[&str]) {
    let mut broken = Vec::new();
    for (file, text) in sources(package).iter().filter(|(file, _)| file.starts_with(folder)) {
        for path in uses(file, text) {
            if banned.iter().any(|ban| path == *ban || path.starts_with(&format!("{ban}::"))) {
                broken.push(format!("{}: {path}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{folder} must not know {banned:?}:\n{}", broken.join("\n"));
}

const CONTROL_PLANE: &str = "control-plane";

#[test]
fn use_trees_are_read_with_their_nesting() {
    let text = "use crate::{\n    domain::error::{Error, Result},\n    store,\n};\nuse super::Plane;\nfn f() { crate::worker::run(); }";
    let expected = ["domain::error::Error", "domain::error::Result", "server::Plane", "store", "worker::run"];
    assert_eq!(uses(Path::new("server/start.rs"), text), expected.map(str::to_owned).into());
}

#[test]
fn the_domain_imports_nothing_of_ours_and_nothing_that_does_io() {
    let ours = [
        "clock", "command", "flow", "metrics", "provider", "rpc", "secret", "server", "settings", "store", "token",
        "worker",
    ];
    forbid(CONTROL_PLANE, "domain", &ours);
    let io = ["sea_orm", "sea_orm_migration", "sqlx", "tonic", "reqwest", "hyper", "tokio", "tokio_util", "prost"];
    forbid(CONTROL_PLANE, "domain", &io);
    forbid(CONTROL_PLANE, "domain", &["callplane_proto", "callplane_migrations", "std::fs", "std::net", "std::env"]);
}

#[test]
fn only_the_worker_and_the_start_know_the_vendors_clients() {
    for folder in ["rpc", "flow", "store", "secret", "token", "settings", "command"] {
        forbid(CONTROL_PLANE, folder, &["provider"]);
    }
    for folder in ["rpc", "flow", "store", "worker", "domain"] {
        forbid(CONTROL_PLANE, folder, &["reqwest"]);
    }
}

#[test]
fn listening_and_acting_never_meet() {
    forbid(CONTROL_PLANE, "rpc", &["worker"]);
    forbid(CONTROL_PLANE, "worker", &["rpc"]);
    for folder in ["flow", "store"] {
        forbid(CONTROL_PLANE, folder, &["rpc", "worker", "server", "settings", "command"]);
    }
    forbid(CONTROL_PLANE, "store", &["flow"]);
    let rooms = ["flow", "provider", "rpc", "secret", "server", "settings", "store", "token", "worker"];
    forbid(CONTROL_PLANE, "metrics", &rooms);
    forbid(CONTROL_PLANE, "provider", &["flow", "store", "rpc", "worker", "secret", "token"]);
}

#[test]
fn generated_messages_go_no_deeper_than_rpc() {
    for folder in ["domain", "flow", "store", "worker", "secret", "token"] {
        forbid(CONTROL_PLANE, folder, &["callplane_proto"]);
    }
    // What an operator's checker speaks is a vendor's protocol: its client alone knows it, and nothing of what we serve.
    let served = ["v1", "edge", "options", "descriptors"].map(|served| format!("callplane_proto::{served}"));
    forbid(CONTROL_PLANE, "provider", &served.each_ref().map(String::as_str));
    for folder in ["rpc", "server", "command", "settings", "metrics"] {
        forbid(CONTROL_PLANE, folder, &["callplane_proto::checker"]);
    }
}

#[test]
fn the_edge_and_the_command_line_never_see_the_control_plane_or_a_database() {
    for package in ["edge", "cli"] {
        let manifest = fs::read_to_string(workspace().join(package).join("Cargo.toml")).expect("a manifest");
        for banned in ["callplane-control-plane", "callplane-migrations", "sea-orm", "sqlx"] {
            assert!(!manifest.contains(banned), "{package} must not depend on {banned}");
        }
        forbid(package, "", &["callplane_control_plane", "callplane_migrations", "sea_orm", "sqlx"]);
    }
    forbid("cli", "", &["callplane_proto::v1", "callplane_proto::edge"]);
}
