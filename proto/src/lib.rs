//! The API as Rust types, and the descriptor set that the policy layer, the validator, reflection and the command line
//! all read. Nothing here decides anything.

/// The public API.
pub mod v1 {
    tonic::include_proto!("callplane.v1");
}

/// Between the edge and the control plane.
pub mod edge {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("callplane.edge.v1");
    }
}

/// What an operator's do-not-call checker serves, and we ask.
pub mod checker {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("callplane.checker.v1");
    }
}

/// What methods, services and fields say about themselves.
pub mod options {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("callplane.options.v1");
    }
}

pub mod descriptors;
