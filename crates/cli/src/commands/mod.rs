//! One file per command; this one only sends each command to its file.

pub(crate) mod bench;
pub(crate) mod calibrate;
pub(crate) mod db;
pub(crate) mod demo;
pub(crate) mod eval;
pub(crate) mod hash;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod lookup;
pub(crate) mod register;
pub(crate) mod rematch;
pub(crate) mod scan;
pub(crate) mod worker;

use crate::args::Command;
use crate::exit::ExitStatus;
use crate::printer::Printer;

/// Runs a command. An error means that it could not run (exit code 2).
pub(crate) fn run(command: Command, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    match command {
        Command::Hash(args) => hash::run(&args, printer),
        Command::Db(args) => db::run(&args, printer),
        Command::List(args) => list::run(&args, printer),
        Command::Lookup(args) => lookup::run(&args, printer),
        Command::Scan(args) => scan::run(&args, printer),
        Command::Register(args) => register::run(&args, printer),
        Command::Rematch(args) => rematch::run(&args, printer),
        Command::Bench(args) => bench::run(&args, printer),
        Command::Calibrate(args) => calibrate::run(&args, printer),
        Command::Eval(args) => eval::run(&args, printer),
        Command::Demo(args) => demo::run(&args, printer),
    }
}
