//! The layers: each file holds one layer's equation, its derivation, its forward and its backward.
//!
//! All of them are pure functions under one convention, stated [here](crate#the-gradient-convention).

pub mod conv;
pub mod conv_naive;
pub mod fc;
pub mod flatten;
pub mod pooling;
mod seen;

pub use conv::*;
pub use conv_naive::*;
pub use fc::*;
pub use flatten::*;
pub use pooling::*;
