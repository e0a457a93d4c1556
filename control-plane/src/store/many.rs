//! Many rows in one statement whose text says little of how many: a database plans a text it knows only once.
//! Decides nothing about conflicts; knows no table.

use sea_orm::{
    ActiveModelTrait, ColumnDef, ColumnTrait, ColumnType, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    Iterable, Value,
    sea_query::{Alias, ArrayType, Expr, ExprTrait, Func, OnConflict, Query, SelectStatement, SimpleExpr},
};

use super::failed;
use crate::domain::error::{Error, Result};

/// As many rows go into one statement at most: SQLite takes 32,766 values.
pub const TOGETHER: usize = 500;

/// Writes rows and says how many were written. Every column of every row is set.
pub async fn insert<A>(txn: &DatabaseTransaction, models: Vec<A>, over: Option<OnConflict>) -> Result<u64>
where
    A: ActiveModelTrait + Send,
{
    let row =
        |model: A| <A::Entity as EntityTrait>::Column::iter().map(|column| model.get(column).into_value()).collect();
    let rows: Option<Vec<Row>> = models.into_iter().map(row).collect();
    let rows = rows.ok_or_else(|| Error::internal("a row is written without one of its columns"))?;
    insert_rows::<A::Entity>(txn, rows, over).await
}

/// The values of a row in the order of its entity's columns; a document may be a text already.
pub type Row = Vec<Value>;

/// Writes rows and says how many were written.
///
/// PostgreSQL takes one array a column, so that the text is always the same; SQLite, which has no arrays, plans quickly.
pub async fn insert_rows<E>(txn: &DatabaseTransaction, rows: Vec<Row>, over: Option<OnConflict>) -> Result<u64>
where
    E: EntityTrait,
{
    if rows.is_empty() {
        return Ok(0);
    }
    let mut insert = Query::insert();
    insert.into_table(E::default()).columns(E::Column::iter());
    if txn.get_database_backend() == DbBackend::Postgres {
        insert.select_from(columns::<E>(rows)?).map_err(Error::internal)?;
    } else {
        for row in rows {
            insert.values(row.into_iter().map(Expr::val)).map_err(Error::internal)?;
        }
    }
    if let Some(over) = over {
        insert.on_conflict(over);
    }
    Ok(txn.execute(&insert).await.map_err(failed)?.rows_affected())
}

fn columns<E: EntityTrait>(rows: Vec<Row>) -> Result<SelectStatement> {
    let mut rows: Vec<_> = rows.into_iter().map(Vec::into_iter).collect();
    let mut select = Query::select();
    for column in E::Column::iter() {
        let values = rows.iter_mut().map(Iterator::next).collect::<Option<Vec<Value>>>();
        let values = values.ok_or_else(|| Error::internal("a row is written without one of its columns"))?;
        // Several in one list go forward together, row by row.
        select.expr(unnested(&column.def(), values)?);
    }
    Ok(select)
}

/// One value a row, of the column's type.
fn unnested(column: &ColumnDef, values: Vec<Value>) -> Result<SimpleExpr> {
    let unnest = |kind, name: &str, values: Vec<Value>| {
        let array = Expr::val(Value::Array(kind, Some(Box::new(values)))).cast_as(Alias::new(format!("{name}[]")));
        SimpleExpr::from(Func::cust("UNNEST").arg(array))
    };
    let (kind, name) = element(column.get_column_type())?;
    if kind == ArrayType::Json {
        let texts = values.into_iter().map(text).collect::<Result<Vec<_>>>()?;
        return Ok(unnest(ArrayType::String, "text", texts).cast_as(Alias::new(name)));
    }
    if !column.is_null() {
        return Ok(unnest(kind, name, values));
    }
    // An array cannot be bound with a null in it: it travels as an empty text, which is no value of these types.
    let texts = values.into_iter().map(text).collect::<Result<Vec<_>>>()?;
    let texts = unnest(ArrayType::String, "text", texts);
    Ok(Func::cust("NULLIF").arg(texts).arg("").cast_as(Alias::new(name)))
}

/// Values as one array, for `UNNEST` on PostgreSQL.
pub fn array<T: Into<Value>>(kind: ArrayType, values: impl Iterator<Item = T>) -> Value {
    Value::Array(kind, Some(Box::new(values.map(Into::into).collect())))
}

/// What PostgreSQL calls the type of a column.
fn element(column: &ColumnType) -> Result<(ArrayType, &'static str)> {
    Ok(match column {
        ColumnType::Uuid => (ArrayType::Uuid, "uuid"),
        ColumnType::Text => (ArrayType::String, "text"),
        ColumnType::TimestampWithTimeZone => (ArrayType::ChronoDateTimeUtc, "timestamptz"),
        ColumnType::BigInteger => (ArrayType::BigInt, "bigint"),
        ColumnType::Boolean => (ArrayType::Bool, "boolean"),
        ColumnType::JsonBinary => (ArrayType::Json, "jsonb"),
        other => return Err(Error::internal(format!("no rows with a column of {other:?} are written together"))),
    })
}

fn text(value: Value) -> Result<Value> {
    Ok(Value::from(match value {
        Value::String(text) => text.unwrap_or_default(),
        Value::Json(document) => document.map(|document| document.to_string()).unwrap_or_default(),
        Value::Uuid(id) => id.map(|id| id.to_string()).unwrap_or_default(),
        Value::BigInt(number) => number.map(|number| number.to_string()).unwrap_or_default(),
        Value::ChronoDateTimeUtc(time) => time.map(|time| time.to_rfc3339()).unwrap_or_default(),
        other => return Err(Error::internal(format!("no rows with a null like {other:?} are written together"))),
    }))
}

/// The same values for an `IN (…)`, the last one repeated until their number is a power of two: eight texts for a batch
/// of any size, not a hundred.
pub fn padded<T: Clone>(mut values: Vec<T>) -> Vec<T> {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::padded;

    #[test]
    fn a_padded_list_says_the_same() {
        assert!(padded(Vec::<u8>::new()).is_empty());
        assert_eq!(padded(vec![1]), [1]);
        assert_eq!(padded(vec![3, 1, 2]), [3, 1, 2, 2]);
        assert_eq!(padded(vec![1; 100]).len(), 128);
    }
}
