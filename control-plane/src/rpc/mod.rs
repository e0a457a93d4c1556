//! What listens: who may call, is the request well-formed, and how an error reads on the wire.

pub mod gate;
pub mod status;

#[cfg(test)]
mod testing;
