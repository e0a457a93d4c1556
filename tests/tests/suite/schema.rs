//! The schema that the migrations make and the entities that the store reads: the same tables, the same columns, the same
//! columns that may be empty, on both databases.

use std::collections::{BTreeMap, BTreeSet};

use callplane_control_plane::store::{Store, entity};
use callplane_migrations::Migrator;
use callplane_tests::{Database, on_both};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, IdenStatic, Iterable, Statement,
};
use sea_orm_migration::MigratorTrait;

on_both!(the_migrated_schema_is_what_the_entities_say, migrating_twice_changes_nothing);

/// Columns of a table: may it be empty?
type Table = BTreeMap<String, bool>;

async fn of_entity<E: EntityTrait>(database: &DatabaseConnection) -> (String, Table) {
    let name = E::default().table_name().to_owned();
    E::find().all(database).await.unwrap_or_else(|error| panic!("{name} cannot be read: {error}"));
    let columns = E::Column::iter().map(|column| (column.as_str().to_owned(), column.def().is_null()));
    (name, columns.collect())
}

macro_rules! every_entity {
    ($database:expr, $($table:ident),+ $(,)?) => {
        BTreeMap::from([$(of_entity::<entity::$table::Entity>($database).await),+])
    };
}

async fn entities(database: &DatabaseConnection) -> BTreeMap<String, Table> {
    every_entity!(
        database,
        account,
        agent,
        audit,
        audit_head,
        call,
        call_event,
        data_key,
        effect,
        event,
        event_head,
        failover,
        failover_claim,
        failover_event,
        failover_move,
        heartbeat,
        key_check,
        message,
        monitor,
        monitor_policy,
        notification,
        number_look,
        phone_number,
        pool_coverage,
        probe,
        reconciliation,
        recording,
        replay,
        route_plan,
        route_plan_agent,
        secret,
        stream_token,
        token,
        voicemail,
        workspace,
    )
}

async fn migrated(database: &DatabaseConnection) -> BTreeMap<String, Table> {
    let backend = database.get_database_backend();
    let question = match backend {
        DbBackend::Postgres => {
            "SELECT table_name AS t, column_name AS c, is_nullable = 'YES' AS n FROM information_schema.columns \
             WHERE table_schema = 'public'"
        }
        _ => {
            "SELECT m.name AS t, p.name AS c, p.\"notnull\" = 0 AND p.pk = 0 AS n FROM sqlite_master m, \
             pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        }
    };
    let rows = database.query_all_raw(Statement::from_string(backend, question)).await.expect("the catalogue answers");
    let mut tables = BTreeMap::<String, Table>::new();
    for row in rows {
        let text = |column| row.try_get::<String>("", column).expect("a name");
        tables.entry(text("t")).or_default().insert(text("c"), row.try_get("", "n").expect("yes or no"));
    }
    tables.remove("seaql_migrations").expect("migrations keep a list");
    tables
}

async fn the_migrated_schema_is_what_the_entities_say(database: Database) {
    let store = Store::open(database.url()).await.expect("opens");
    Migrator::up(store.write(), None).await.expect("migrates");
    let (entities, migrated) = (entities(store.write()).await, migrated(store.write()).await);
    let names = |tables: &BTreeMap<String, Table>| tables.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&entities), names(&migrated));
    for (name, table) in &entities {
        assert_eq!(table, &migrated[name], "table {name}: left is the entity, right is the schema");
    }
}

async fn migrating_twice_changes_nothing(database: Database) {
    let store = Store::open(database.url()).await.expect("opens");
    Migrator::up(store.write(), None).await.expect("migrates");
    let once = migrated(store.write()).await;
    Migrator::up(store.write(), None).await.expect("migrates again");
    assert_eq!(migrated(store.write()).await, once);
}
