//! What must hold when processes die and lines break: real programs, a judge, and the proof that the judge can find
//! something. A binary of its own, because it wants the machine for itself.

mod dropped_commit;
mod restart;
mod short_soak;
