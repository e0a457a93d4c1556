//! A control plane that stops in the middle of a transaction: frozen, or cut off without a word. The others go on.

use callplane_control_plane::store::Store;
use callplane_tests::{Database, plane::PATIENCE};
use sea_orm::ConnectionTrait;

#[tokio::test]
async fn a_transaction_that_nobody_continues_gives_its_rows_back() {
    let database = Database::postgres().await;
    let (frozen, other) = (Store::open(database.url()).await, Store::open(database.url()).await);
    let (frozen, other) = (frozen.expect("it opens"), other.expect("it opens"));
    other
        .write()
        .execute_unprepared("CREATE TABLE line (number int); INSERT INTO line VALUES (1)")
        .await
        .expect("made");
    let forgotten = frozen.begin().await.expect("begins");
    forgotten.execute_unprepared("UPDATE line SET number = 2").await.expect("holds the row");
    // Waits for the row; PostgreSQL gives up waiting after `lock_timeout`.
    let waiting = async {
        let txn = other.begin().await?;
        txn.execute_unprepared("UPDATE line SET number = 3").await.expect("the row was given back");
        txn.commit().await.map_err(callplane_control_plane::store::failed)
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("soon").expect("commits");
    assert!(forgotten.commit().await.is_err(), "what was given back cannot be committed any more");
}
