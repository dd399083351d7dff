//! A function's answer as named arrays, whatever types it has.

use crate::ShapeError;
use crate::check::array::Array;
use crate::check::diagnosis::Role;
use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// One array, with the last index running fastest.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) struct Part {
    pub name: &'static str,
    pub role: Role,
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

impl Part {
    pub fn new<A: Array<Element = f64>>(name: &'static str, role: Role, array: &A) -> Self {
        let values = array.row_by_row().into_iter().map(|offset| array.elements()[offset]).collect();
        Part { name, role, shape: array.shape(), values }
    }

    /// A value that is not a gradient.
    pub fn output<A: Array<Element = f64>>(name: &'static str, array: &A) -> Self {
        Part::new(name, Role::Output, array)
    }
}

/// The outcome of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Answered(Vec<Part>),
    /// The error that it returned.
    Refused(String),
    /// The message with which it panicked.
    Panicked(String),
}

impl Outcome {
    /// Runs a function that may panic; its panic is not printed.
    pub fn of(ask: impl FnOnce() -> Result<Vec<Part>, ShapeError>) -> Self {
        match quietly(ask) {
            Ok(Ok(parts)) => Outcome::Answered(parts),
            Ok(Err(error)) => Outcome::Refused(error.to_string()),
            Err(panic) => Outcome::Panicked(message(panic.as_ref())),
        }
    }

    /// The array number `at` of the answer, if there is one.
    pub fn part(&self, at: usize) -> Option<&Part> {
        match self {
            Outcome::Answered(parts) => parts.get(at),
            _ => None,
        }
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` and catches a panic in it. Panics of this thread are not printed meanwhile; all others are.
fn quietly<T>(f: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    QUIET.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(f));
    QUIET.set(false);
    outcome
}

/// The first line of a panic's message.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("without a message").to_string()
}
