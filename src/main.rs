//! The `uwsgi-lab` binary: hands the command line to the library and turns the result into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    uwsgi_lab::run()
}
