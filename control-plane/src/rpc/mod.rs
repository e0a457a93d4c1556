//! What listens: who may call, is the request well-formed, and how an error reads on the wire.

pub mod gate;
pub mod mask;
pub mod status;
pub mod validate;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
