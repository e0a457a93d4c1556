//! The command tree with its flags, word for word: a change to it is a change for everybody's scripts.
//! `UPDATE_GOLDEN=1 cargo test -p callplane-cli golden` writes the file anew.

use std::path::Path;

use crate::bench::Bench;

#[test]
fn the_command_tree_is_the_one_in_the_golden_file() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/commands.txt");
    let now = Bench::alone().run(&["schema", "commands"]).good();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&place, now).expect("written");
        return;
    }
    let golden = std::fs::read_to_string(&place).unwrap_or_default();
    for (line, (then, now)) in golden.lines().zip(now.lines()).enumerate() {
        assert_eq!(now, then, "line {} of commands.txt; UPDATE_GOLDEN=1 accepts the change", line + 1);
    }
    assert_eq!(now.lines().count(), golden.lines().count(), "commands.txt; UPDATE_GOLDEN=1 accepts the change");
}
