//! All that a generated command needs while it runs.

use clap::ArgMatches;

use crate::{call::Target, flags::Flag, output::View, tree::Operation};

/// All that a command needs while it runs.
pub struct Context<'a> {
    pub operation: &'a Operation,
    pub flags: Vec<Flag>,
    pub view: View,
    pub target: Target,
    pub matches: &'a ArgMatches,
}
