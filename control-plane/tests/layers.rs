//! Holds the rooms to the map in ARCHITECTURE.md by reading the sources: who may use whom, and which crates stay outside.

use std::{collections::BTreeSet, fs, path::Path};

/// A room, and the rooms it may use besides itself.
const ROOMS: [(&str, &[&str]); 8] = [
    ("domain", &[]),
    ("secret", &["domain"]),
    ("token", &["domain"]),
    ("store", &["domain"]),
    ("provider", &["domain"]),
    ("flow", &["domain", "store", "secret", "token"]),
    ("rpc", &["domain", "store", "secret", "token", "flow"]),
    ("worker", &["domain", "store", "secret", "token", "flow", "provider"]),
];

/// A crate, and the rooms that must not know it.
const OUTSIDE: [(&str, &[&str]); 5] = [
    ("sea_orm", &["domain", "secret", "token", "provider"]),
    ("sqlx", &["domain", "secret", "token", "provider", "rpc"]),
    ("tonic", &["domain", "secret", "token", "store", "provider", "flow", "worker"]),
    ("reqwest", &["domain", "secret", "token", "store", "flow", "rpc", "worker"]),
    ("tokio", &["domain", "secret", "token"]),
];

#[test]
fn a_room_uses_only_the_rooms_below_it() {
    for (room, below) in ROOMS {
        for (file, text) in sources(room) {
            let strangers: Vec<String> =
                used(&text).into_iter().filter(|name| name != room && !below.contains(&name.as_str())).collect();
            assert!(strangers.is_empty(), "{file} uses {strangers:?}; {room} may use only {below:?}");
        }
    }
}

#[test]
fn databases_wires_and_vendors_stay_in_their_rooms() {
    for (name, rooms) in OUTSIDE {
        for room in rooms {
            for (file, text) in sources(room) {
                assert!(!text.contains(&format!("{name}::")), "{file} uses {name}; {room} must not know it");
            }
        }
    }
}

#[test]
fn the_edge_and_the_command_line_never_see_the_control_plane() {
    for package in ["edge", "cli"] {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("Cargo.toml");
        let text = fs::read_to_string(manifest).expect("the package has a manifest");
        for stranger in ["callplane-control-plane", "callplane-migrations"] {
            assert!(!text.contains(stranger), "{package} depends on {stranger}");
        }
    }
}

/// A room's files without their comments, which may name anybody.
fn sources(room: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the room is a folder") {
            let path = entry.expect("the folder is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("a source file is text");
                let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
                found.push((path.display().to_string(), code.join("\n")));
            }
        }
    }
    assert!(!found.is_empty(), "{room} has no files");
    found
}

/// The rooms named after `crate::`, alone or in braces.
fn used(text: &str) -> BTreeSet<String> {
    text.split("crate::")
        .skip(1)
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => outermost(list),
            None => vec![word(rest)],
        })
        .filter(|name| ROOMS.iter().any(|(room, _)| room == name) || name == "server" || name == "command")
        .collect()
}

/// The names at the top of `a::{b, c}, d::e}`.
fn outermost(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut at_name) = (0, true);
    for (index, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_name = true,
            _ if depth == 0 && at_name && !character.is_whitespace() => {
                names.push(word(&list[index..]));
                at_name = false;
            }
            _ => {}
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}
