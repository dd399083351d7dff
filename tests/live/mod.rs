//! The live figures: what they show is what the crate computes.

mod derivations;
