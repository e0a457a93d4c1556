//! Tokens: who may call and what for, as signed JWTs. Which tokens were revoked is the store's; which method wants
//! which scope is the gate's.

mod claims;
mod keys;
mod scope;
#[cfg(test)]
mod tests;
mod verified;

pub use claims::{Audience, Claims};
pub use keys::{TokenKeys, generate_pem};
pub use scope::{Scope, Scopes};
