//! What a reply looks like: which field holds the rows, and which columns they have.

use callplane_proto::options::v1::Column;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind as Type, MessageDescriptor, Value};

use super::{Format, View, cell};
use crate::{failure::Failure, tree::Operation};

/// What a reply looks like.
pub struct Shape {
    /// The field of the reply with the rows, or the one row.
    pub rows: Option<FieldDescriptor>,
    /// The rows are a list.
    pub listed: bool,
    declared: Vec<Column>,
    row: MessageDescriptor,
}

impl Shape {
    pub fn of(operation: &Operation) -> Self {
        let output = operation.method.output();
        let table = operation.cli.table.clone().unwrap_or_default();
        let rows = match table.rows.as_str() {
            "" if table.columns.is_empty() => only_list(&output),
            "" => only_message(&output),
            name => output.get_field_by_name(name),
        };
        let row = match rows.as_ref().map(FieldDescriptor::kind) {
            Some(Type::Message(row)) => row,
            _ => output,
        };
        Shape { listed: rows.as_ref().is_some_and(FieldDescriptor::is_list), rows, declared: table.columns, row }
    }

    /// The rows of one reply; none on a checkpoint of a stream.
    pub fn rows_of(&self, reply: &DynamicMessage) -> Vec<DynamicMessage> {
        let Some(field) = &self.rows else { return vec![reply.clone()] };
        if !reply.has_field(field) {
            return Vec::new();
        }
        match reply.get_field(field).into_owned() {
            Value::List(items) => items.into_iter().filter_map(message).collect(),
            value => message(value).into_iter().collect(),
        }
    }

    /// The columns to show: those asked for, or the declared ones, or the first simple fields.
    pub fn columns(&self, view: &View) -> Result<Vec<Column>, Failure> {
        if !view.columns.is_empty() {
            return view.columns.iter().map(|wanted| self.column(wanted)).collect();
        }
        let wide = view.format == Format::Wide;
        let all = if self.declared.is_empty() { simple_columns(&self.row) } else { self.declared.clone() };
        Ok(all.into_iter().filter(|column| wide || !column.wide).collect())
    }

    /// The message that a reply without rows wraps: its fields are shown without a prefix.
    fn unwrapped(&self) -> Option<MessageDescriptor> {
        match self.row.fields().next().map(|field| field.kind()) {
            Some(Type::Message(inner)) if self.rows.is_none() => Some(inner),
            _ => None,
        }
    }

    fn column(&self, wanted: &str) -> Result<Column, Failure> {
        if let Some(known) = self.declared.iter().find(|column| column.header.eq_ignore_ascii_case(wanted)) {
            return Ok(known.clone());
        }
        let path = wanted.replace('-', "_");
        if cell::exists(&self.row, &path) || self.unwrapped().is_some_and(|inner| cell::exists(&inner, &path)) {
            return Ok(Column { header: wanted.to_uppercase(), path, wide: false });
        }
        let fields: Vec<String> =
            self.unwrapped().unwrap_or(self.row.clone()).fields().map(|field| field.name().to_owned()).collect();
        Err(Failure::usage(format!("--columns: no {wanted} here; there are {}", fields.join(", "))))
    }
}

fn message(value: Value) -> Option<DynamicMessage> {
    match value {
        Value::Message(message) => Some(message),
        _ => None,
    }
}

/// The list that is all a reply holds, beside its page token.
fn only_list(output: &MessageDescriptor) -> Option<FieldDescriptor> {
    let mut lists = output.fields().filter(|field| field.name() != "next_page_token");
    let first = lists.next()?;
    let alone = lists.next().is_none() && first.is_list() && matches!(first.kind(), Type::Message(_));
    alone.then_some(first)
}

fn only_message(output: &MessageDescriptor) -> Option<FieldDescriptor> {
    let mut messages = output.fields().filter(|field| matches!(field.kind(), Type::Message(_)) && !field.is_map());
    let first = messages.next()?;
    messages.next().is_none().then_some(first)
}

fn simple_columns(row: &MessageDescriptor) -> Vec<Column> {
    let simple = row.fields().filter(|field| !matches!(field.kind(), Type::Message(_)) && !field.is_list());
    simple
        .enumerate()
        .map(|(index, field)| Column {
            header: field.name().replace('_', " ").to_uppercase(),
            path: field.name().to_owned(),
            wide: index >= 6,
        })
        .collect()
}
