//! Exit codes: a script can tell what to fix from what to try again.

use tonic::Code;

use crate::failure::Failure;

pub const OK: u8 = 0;
pub const OTHER: u8 = 1;
pub const USAGE: u8 = 2;
pub const INTERRUPTED: u8 = 130;

/// The list shown in the help.
pub const HELP: &str = "\
Exit codes:
    0  ok
    1  other failure
    2  usage: the command line is wrong, or a confirmation is missing
    3  not found
    4  not allowed: token missing, expired or without the scope
    5  conflict: already exists, changed meanwhile, or not possible in this state
    6  invalid: the server refused a value
    7  unavailable or out of time: trying again may help
    8  quota used up
    9  --wait ended in a failure state
  130  interrupted";

/// The exit code of a failure.
pub fn code(failure: &Failure) -> u8 {
    match failure {
        Failure::ReaderGone => OK,
        Failure::Other(_) => OTHER,
        Failure::Usage(_) | Failure::Declined(_) => USAGE,
        Failure::Unreachable(_) => 7,
        Failure::WaitEnded(_) => 9,
        Failure::Rpc(rejection) => of_status(rejection.status.code()),
    }
}

fn of_status(code: Code) -> u8 {
    match code {
        Code::Ok => OK,
        Code::NotFound => 3,
        Code::PermissionDenied | Code::Unauthenticated => 4,
        Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition => 5,
        Code::InvalidArgument | Code::OutOfRange => 6,
        Code::Unavailable | Code::DeadlineExceeded => 7,
        Code::ResourceExhausted => 8,
        Code::Cancelled | Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => OTHER,
    }
}
