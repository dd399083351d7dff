//! The checker of a reader's functions, and the catalogue of mistakes that it knows.

mod catalogue;
mod variants;
mod verdicts;
