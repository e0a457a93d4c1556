//! The environment: an empty variable counts as none.

/// The value of a variable that is set.
pub fn variable_set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
