//! Hostile bytes at what reads from outside and at what must not be forged: forms, signatures, TwiML, tokens, sealed
//! values. `engine` makes the bytes, each target says what must hold for them.

mod corpus;
mod engine;
mod form;
mod input;
mod jwt;
mod mutation;
mod planted;
mod sealed;
mod shrink;
mod signature;
mod tape;
mod twiml;

use engine::fuzz;

#[test]
fn form() {
    fuzz(&form::target());
}

#[test]
fn signature() {
    fuzz(&signature::target());
}

#[test]
fn twiml() {
    fuzz(&twiml::target());
}

#[test]
fn jwt() {
    fuzz(&jwt::target());
}

#[test]
fn sealed() {
    fuzz(&sealed::target());
}
