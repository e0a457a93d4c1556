//! The schema, once for SQLite and PostgreSQL. Migrations go forward only, never mention entities, and may be run twice.

use sea_orm_migration::prelude::*;

mod column;
mod m0001_foundation;
mod m0002_effect_trace;
mod m0003_reconciliation;
mod m0004_call_pages;
mod m0005_pool;
mod m0006_monitor;
mod m0007_failover;
mod m0008_notification;
mod m0009_attachment;
mod m0010_contacts;
mod m0011_escalation;
mod m0012_meeting;
mod m0013_reply;
mod m0014_whatsapp_sender;
mod m0015_price;

/// Every migration, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_effect_trace::Migration),
            Box::new(m0003_reconciliation::Migration),
            Box::new(m0004_call_pages::Migration),
            Box::new(m0005_pool::Migration),
            Box::new(m0006_monitor::Migration),
            Box::new(m0007_failover::Migration),
            Box::new(m0008_notification::Migration),
            Box::new(m0009_attachment::Migration),
            Box::new(m0010_contacts::Migration),
            Box::new(m0011_escalation::Migration),
            Box::new(m0012_meeting::Migration),
            Box::new(m0013_reply::Migration),
            Box::new(m0014_whatsapp_sender::Migration),
            Box::new(m0015_price::Migration),
        ]
    }
}
