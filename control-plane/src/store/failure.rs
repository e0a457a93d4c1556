//! What a database error means to whoever asked: that the content is bad, that somebody was faster, or that the database is
//! not there now. The log has the chain.

use std::{future::Future, time::Duration};

use sea_orm::{
    DbErr, RuntimeErr, SqlErr,
    sqlx::{Error as SqlxError, error::DatabaseError},
};
use tokio::time::timeout;

use crate::domain::error::{Error, Kind, Result};

/// A database error as a caller may know it. What is checked first can still be overtaken by somebody who wrote in between:
/// the database holds the line, and the caller tries again.
pub fn failed(error: DbErr) -> Error {
    if let Some(SqlErr::UniqueConstraintViolation(_) | SqlErr::ForeignKeyConstraintViolation(_)) = error.sql_err() {
        let message = "somebody else changed what this depends on at the same moment; try again";
        return Error::new(Kind::Aborted, "CONFLICT", message).because(error);
    }
    match cause(&error) {
        Cause::Away => unavailable().because(error),
        Cause::Contended => {
            Error::new(Kind::Aborted, "CONTENTION", "too many change the same thing at once; try again").because(error)
        }
        Cause::Other => Error::internal(error),
    }
}

/// How long a worker waits: longer than PostgreSQL lets a statement run, so that only a dead connection is given up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for the database, but not without end: a connection can be dead without either side having been told.
pub async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    // On the heap, because these are the largest futures there are, and a timer round one would copy it on the stack.
    timeout(patience, Box::pin(work)).await.unwrap_or_else(|_| Err(unavailable()))
}

fn unavailable() -> Error {
    Error::new(Kind::Unavailable, "DATABASE_UNAVAILABLE", "the database does not answer; try again")
}

#[derive(Debug, PartialEq)]
enum Cause {
    Away,
    Contended,
    Other,
}

fn cause(error: &DbErr) -> Cause {
    let runtime = match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return Cause::Away,
        DbErr::Exec(runtime) | DbErr::Query(runtime) => runtime,
        _ => return Cause::Other,
    };
    let RuntimeErr::SqlxError(error) = runtime else { return Cause::Other };
    match &**error {
        SqlxError::Database(error) => of_code(&**error),
        SqlxError::Io(_) | SqlxError::Tls(_) | SqlxError::Protocol(_) => Cause::Away,
        SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::WorkerCrashed => Cause::Away,
        _ => Cause::Other,
    }
}

/// PostgreSQL's classes and codes: postgresql.org/docs/current/errcodes-appendix.html. SQLite's codes are numbers:
/// 5 is busy, 6 locked, and 8, 10, 13 and 14 are a disk that is read-only, broken, full or gone.
fn of_code(error: &dyn DatabaseError) -> Cause {
    let code = error.code().unwrap_or_default();
    let class = code.get(..2).filter(|_| code.len() == 5);
    match (&*code, class) {
        ("40001" | "40P01" | "55P03", _) => Cause::Contended,
        // No connection, out of resources, an operator's intervention such as a restart, a broken disk.
        (_, Some("08" | "53" | "57" | "58")) => Cause::Away,
        // A standby or a database that was made read-only, or a transaction that was left open for too long.
        ("25006" | "25P03", _) => Cause::Away,
        ("5" | "6" | "8" | "10" | "13" | "14", None) => Cause::Away,
        _ => Cause::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sea_orm::{DbErr, RuntimeErr, sqlx::Error as SqlxError};

    use super::{Cause, cause};

    #[test]
    fn a_broken_connection_is_no_fault_of_the_content() {
        let broken = || RuntimeErr::SqlxError(Arc::new(SqlxError::Io(std::io::ErrorKind::ConnectionReset.into())));
        assert_eq!(cause(&DbErr::Query(broken())), Cause::Away);
        assert_eq!(cause(&DbErr::Exec(broken())), Cause::Away);
        assert_eq!(cause(&DbErr::Query(RuntimeErr::SqlxError(Arc::new(SqlxError::PoolTimedOut)))), Cause::Away);
    }

    #[test]
    fn a_row_that_does_not_read_is_ours() {
        let row = RuntimeErr::SqlxError(Arc::new(SqlxError::RowNotFound));
        assert_eq!(cause(&DbErr::Query(row)), Cause::Other);
        assert_eq!(cause(&DbErr::Type("word".to_owned())), Cause::Other);
    }
}
