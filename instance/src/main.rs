//! The program `shoal`: every role in one process, and the commands beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    instance::cli::main()
}
