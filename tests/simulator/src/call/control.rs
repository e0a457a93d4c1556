//! How REST reaches into a call that is under way: end it, cancel it, redirect it, record it.

use std::sync::{Arc, Mutex, PoisonError};

use super::outbound::RecordingPlan;

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

/// A recording that REST started and that ends with the call.
#[derive(Clone, Debug)]
pub struct StartedRecording {
    pub sid: String,
    pub plan: RecordingPlan,
}

/// Shared by the row and the running leg; the latest order stands.
#[derive(Clone, Debug, Default)]
pub struct CallControl {
    order: Arc<Mutex<Option<Order>>>,
    recordings: Arc<Mutex<Vec<StartedRecording>>>,
}

impl CallControl {
    pub fn give(&self, order: Order) {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
    }

    pub fn is_given(&self) -> bool {
        self.order.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub fn record(&self, recording: StartedRecording) {
        self.recordings.lock().unwrap_or_else(PoisonError::into_inner).push(recording);
    }

    pub fn take_recordings(&self) -> Vec<StartedRecording> {
        std::mem::take(&mut *self.recordings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn take(&self) -> Option<Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
