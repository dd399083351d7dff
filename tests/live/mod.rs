//! Live figures: what each of them shows, against the crate called directly.

mod digit;
mod lenet;
