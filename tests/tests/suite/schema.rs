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

on_both!(
    the_migrated_schema_is_what_the_entities_say,
    migrating_twice_changes_nothing,
    agents_from_before_get_the_oldest_of_their_numbers,
);

/// How many agents there are before the migration; set it to measure.
const AGENTS: &str = "CALLPLANE_TEST_AGENTS";

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
        consent,
        contact,
        data_key,
        dnc_entry,
        dnc_list,
        effect,
        event,
        event_head,
        failover,
        failover_claim,
        account_pace,
        attempt,
        call_slot,
        escalation_policy,
        escalation_step,
        incident,
        incident_event,
        meeting,
        calendar_feed,
        outbound_policy,
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

/// Agents of odd number have two numbers each, the others have none.
async fn furnish(store: &Store, agents: u32) {
    let db = store.write();
    let id = |kind: u32, number: &str| match db.get_database_backend() {
        DbBackend::Postgres => format!("CAST(LPAD(TO_HEX({kind} * 268435456 + {number}), 32, '0') AS uuid)"),
        _ => format!("UNHEX(PRINTF('%032x', {kind} * 268435456 + {number}))"),
    };
    let numbers =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {agents}) INSERT INTO ");
    let now = "'2026-11-20 12:00:00+00:00'";
    let (workspace, account) = (id(1, "0"), id(2, "0"));
    let telephone = |nth: u32| {
        format!(
            "{numbers} phone_number (id, workspace_id, account_id, display_name, e164, state, state_reason, capabilities, \
             integration_mode, agent_id, webhooks_state, webhooks_error, work, version, create_time, update_time) \
             SELECT {}, {workspace}, {account}, '', '+4930{nth}' || (1000000 + i), 'active', '', '{{}}', 'edge', {}, \
             'in-sync', '', '{{}}', 1, {now}, {now} FROM n WHERE i % 2 = 1",
            id(3 + nth, "i"),
            id(6, "i"),
        )
    };
    for statement in [
        format!(
            "INSERT INTO workspace (id, display_name, time_zone, version, create_time, update_time) \
             VALUES ({workspace}, 'W', 'UTC', 1, {now}, {now})"
        ),
        format!(
            "INSERT INTO account (id, workspace_id, display_name, account_sid, role, backup_order, region, edge_location, \
             api_base_url, status, status_reason, proof, version, create_time, update_time) VALUES ({account}, {workspace}, \
             'A', 'AC1', 'primary', 0, '', '', '', 'active', '', '{{}}', 1, {now}, {now})"
        ),
        format!(
            "{numbers} agent (id, workspace_id, display_name, state, endpoint, version, create_time, update_time) \
             SELECT {}, {workspace}, 'Agent ' || i, 'active', '{{}}', 1, {now}, {now} FROM n",
            id(6, "i")
        ),
        telephone(1),
        telephone(0),
    ] {
        db.execute_unprepared(&statement).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
}

async fn agents_from_before_get_the_oldest_of_their_numbers(database: Database) {
    let agents = std::env::var(AGENTS).map_or(301, |agents| agents.parse().expect("a number"));
    let store = Store::open(database.url()).await.expect("opens");
    Migrator::up(store.write(), Some(4)).await.expect("migrates");
    furnish(&store, agents).await;
    let started = std::time::Instant::now();
    Migrator::up(store.write(), None).await.expect("migrates");
    eprintln!("{agents} agents: {:?}", started.elapsed());
    Migrator::up(store.write(), None).await.expect("migrates again");
    let count = async |condition: &str| {
        let backend = store.write().get_database_backend();
        let question = format!(
            "SELECT COUNT(*) AS c FROM agent a LEFT JOIN phone_number n ON n.id = a.phone_number_id WHERE {condition}"
        );
        let row = store.write().query_one_raw(Statement::from_string(backend, question)).await.expect("counted");
        row.expect("a row").try_get::<i64>("", "c").expect("a number")
    };
    let odd = i64::from(agents.div_ceil(2));
    assert_eq!(count("a.account_id = n.account_id AND n.agent_id = a.id AND n.e164 LIKE '+49300%'").await, odd);
    assert_eq!(count("a.phone_number_id IS NULL AND a.account_id IS NULL").await, i64::from(agents) - odd);
}
