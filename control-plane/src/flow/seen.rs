//! Loads what a caller wants to change, but only as the caller saw it.

use super::Journal;
use crate::{
    domain::error::{Error, Kind, Result},
    store::Kept,
};

/// Loads a machine for change. An etag that is not that of the stored version is refused; an empty one asks for no
/// check.
pub async fn seen<M: Kept>(journal: &Journal<'_>, id: M::Id, etag: &str) -> Result<M> {
    let machine = M::load(journal.txn(), journal.workspace, id).await?.ok_or_else(|| Error::not_found(M::NOUN))?;
    unchanged(M::NOUN, etag, machine.version())?;
    Ok(machine)
}

/// Refuses an etag that is not that of this version.
pub fn unchanged(noun: &str, etag: &str, version: i64) -> Result<()> {
    if etag.is_empty() || etag == version.to_string() {
        return Ok(());
    }
    let message = format!("the {noun} was changed since you read it; read it again, then change it");
    Err(Error::new(Kind::Aborted, "ETAG_MISMATCH", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_etag_that_was_read_or_none_passes() {
        assert!(unchanged("account", "", 7).is_ok() && unchanged("account", "7", 7).is_ok());
        for other in ["6", "07", "x"] {
            assert_eq!(unchanged("account", other, 7).expect_err(other).reason, "ETAG_MISMATCH");
        }
    }
}
