//! The vendors' clients against a small server in the test: what is sent, and what each kind of answer ends in.

mod calendar;
mod dnc_checker;
mod elevenlabs;
mod fuzz;
mod openapi_contract;
mod outward;
mod schema;
mod twilio;
mod vendor;
