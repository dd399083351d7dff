//! Normalisation: numbers are given mean 0 and variance 1, and then a scale and a shift that are learned.
//!
//! The layers differ in the set of numbers that a mean is taken over.

pub mod batch;

pub use batch::*;
