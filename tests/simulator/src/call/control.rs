//! How REST reaches into a call that is under way: end it, cancel it, redirect it.

use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Debug, PartialEq)]
pub enum Redirect {
    Url { url: String, method: String },
    Twiml(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    Cancel,
    End,
    Redirect(Redirect),
}

/// Shared by the row and the running leg; the latest order stands.
#[derive(Clone, Debug, Default)]
pub struct CallControl {
    order: Arc<Mutex<Option<Order>>>,
}

impl CallControl {
    pub fn give(&self, order: Order) {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
    }

    pub fn is_given(&self) -> bool {
        self.order.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub fn take(&self) -> Option<Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
