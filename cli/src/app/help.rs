//! Texts of the help that clap cannot make: where to start, usage lines, examples.

use crate::{flags::Flag, tree::Operation};

pub const START: &str = "\
Start here:
    callplane doctor                       what is set up, what is missing, what to do
    callplane account create --help        every command explains itself
    callplane call list -o json            results as a table, JSON, JSON lines or YAML
    callplane number list --all            every page
    callplane call watch                   calls as they happen
    callplane completion bash --help       completion for bash, zsh and fish

Where to call (a flag is stronger than the environment, and both than the profile):
    CALLPLANE_ADDRESS      the control plane [default: http://127.0.0.1:7420]
    CALLPLANE_TOKEN_FILE   a file with the token; or CALLPLANE_TOKEN, the token itself
    CALLPLANE_WORKSPACE    the workspace to act in, for operator tokens
    CALLPLANE_CLI_PROFILE      a profile of ~/.config/callplane/config.toml, see `callplane profile`
";

/// `callplane help account create` is `callplane account create --help`.
pub fn asked(mut arguments: Vec<String>) -> Vec<String> {
    if arguments.get(1).is_some_and(|word| word == "help") {
        arguments.remove(1);
        arguments.push("--help".to_owned());
    }
    arguments
}

/// What stands below a command's flags.
pub fn after(operation: &Operation) -> String {
    let mut after = String::new();
    if !operation.cli.examples.is_empty() {
        after.push_str("Examples:\n");
        operation.cli.examples.iter().for_each(|example| after.push_str(&format!("    {}\n", folded(example))));
        after.push('\n');
    }
    after.push_str(&format!("Calls {}. Exit codes: callplane --help", operation.path()));
    after
}

/// What must be given stands in the usage line, which clap cannot know: `--request` would do instead.
pub fn usage(noun: &str, operation: &Operation, flags: &[Flag]) -> String {
    let mut usage = format!("callplane {noun} {}", operation.name);
    let mut places: Vec<&Flag> = flags.iter().filter(|flag| flag.place.is_some()).collect();
    places.sort_by_key(|flag| flag.place);
    for flag in places {
        let shown = flag.shown();
        usage.push_str(&if flag.required { format!(" {shown}") } else { format!(" [{}]", flag.value_name()) });
    }
    for flag in flags.iter().filter(|flag| flag.required && flag.place.is_none()) {
        usage.push_str(&format!(" {} <{}>", flag.shown(), flag.value_name()));
    }
    usage.push_str(" [OPTIONS]");
    usage
}

/// A long example continues on the next line, so that it can still be copied.
fn folded(example: &str) -> String {
    const WIDTH: usize = 84;
    let mut lines = vec![String::new()];
    for part in example.split_inclusive(" --") {
        let (words, dashes) = part.strip_suffix(" --").map_or((part, ""), |words| (words, " --"));
        let line = lines.last_mut().expect("there is a first line");
        if line.len() + words.len() > WIDTH && !line.trim().is_empty() {
            let kept = line.strip_suffix(" --").unwrap_or(line).to_owned();
            *line = format!("{kept} \\");
            lines.push("        --".to_owned());
        }
        let line = lines.last_mut().expect("there is a line");
        line.push_str(words);
        line.push_str(dashes);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_example_goes_on_in_the_next_line() {
        let long = format!(
            "callplane account create --display-name Main --account-sid {} --auth-token-file token.txt",
            "A".repeat(32)
        );
        let lines: Vec<String> = folded(&long).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].ends_with(" \\") && lines[1].starts_with("        --account-sid"), "{lines:?}");
        assert_eq!(folded("callplane call list --all"), "callplane call list --all");
    }
}
