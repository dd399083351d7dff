//! Models, their files, and their training, on data small enough to wait for.

mod buffers;
mod checkpoints;
mod fit;
mod layers;
mod models;
mod second_order;
mod weights;

/// The message of an error, or nothing.
fn message<V, E: std::fmt::Display>(result: Result<V, E>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}
