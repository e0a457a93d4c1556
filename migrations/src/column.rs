//! The few column shapes of the schema, so that both databases agree on every one.
//!
//! Timestamps are always written by the code, never by a default: SQLite's own text does not compare with ours.

use sea_orm_migration::prelude::*;

/// A UUID key.
pub fn id(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).uuid().not_null().primary_key().take()
}

/// A UUID that must be there.
pub fn uuid(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).uuid().not_null().take()
}

/// A UUID that may be absent.
pub fn uuid_null(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).uuid().null().take()
}

/// Text; lengths are checked by the code, because the databases disagree about them.
pub fn text(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).text().not_null().take()
}

/// Text that may be absent.
pub fn text_null(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).text().null().take()
}

/// A 64-bit integer.
pub fn integer(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).big_integer().not_null().take()
}

/// A 64-bit integer that may be absent.
pub fn integer_null(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).big_integer().null().take()
}

/// A truth value.
pub fn boolean(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).boolean().not_null().take()
}

/// A moment, UTC, microseconds.
pub fn time(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).timestamp_with_time_zone().not_null().take()
}

/// A moment that may be absent.
pub fn time_null(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).timestamp_with_time_zone().null().take()
}

/// JSON.
pub fn json(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).json_binary().not_null().take()
}

/// JSON that may be absent.
pub fn json_null(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).json_binary().null().take()
}

/// Bytes.
pub fn bytes(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).blob().not_null().take()
}

/// Creates a table with these columns and references `(column, table)` to the `id` of another.
pub async fn table(
    manager: &SchemaManager<'_>,
    name: &str,
    columns: impl IntoIterator<Item = ColumnDef>,
    references: &[(&str, &str)],
) -> Result<(), DbErr> {
    let mut create = Table::create();
    create.table(Alias::new(name)).if_not_exists();
    for mut column in columns {
        create.col(&mut column);
    }
    for (column, other) in references {
        create.foreign_key(
            ForeignKey::create()
                .name(format!("fk_{name}_{column}"))
                .from(Alias::new(name), Alias::new(*column))
                .to(Alias::new(*other), Alias::new("id")),
        );
    }
    manager.create_table(create).await
}

/// Creates an index named after its table and columns.
pub async fn index(manager: &SchemaManager<'_>, table: &str, columns: &[&str]) -> Result<(), DbErr> {
    manager.create_index(on(table, columns).take()).await
}

/// Creates a unique index.
pub async fn unique(manager: &SchemaManager<'_>, table: &str, columns: &[&str]) -> Result<(), DbErr> {
    manager.create_index(on(table, columns).unique().take()).await
}

/// An index, for a caller who adds to it, such as a condition.
pub fn on(table: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("ix_{table}_{}", columns.join("_"))).table(Alias::new(table)).if_not_exists();
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}
