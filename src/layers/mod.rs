//! The layers: each file holds one layer's equation, derivation, forward and backward.
//!
//! All of them are pure functions under one convention, stated [here](crate#the-gradient-convention).
//!
//! | layer | forward | backward | shapes |
//! |---|---|---|---|
//! | [fully connected](fc) | [`fc_forward`] | [`fc_backward`], [`fc_backward_rows`]: dw, db, dz | (N, l) to (N, m) |
//! | [convolution](conv) | [`conv_forward`] | [`conv_backward`]: dk, db, dz | (N, C, H, W) to (N, D, H', W') |
//! | [the same as loops](conv_naive) | [`conv_forward_naive`] | [`conv_backward_naive`] | the same |
//! | [max pooling](pooling::max) | [`max_pooling_forward`] | [`max_pooling_backward`]: dz | (N, C, H, W) to (N, C, H', W') |
//! | [average pooling](pooling::average) | [`avg_pooling_forward`] | [`avg_pooling_backward`]: dz | the same |
//! | [global pooling](pooling::global) | [`global_max_pooling_forward`], [`global_avg_pooling_forward`] | [`global_max_pooling_backward`], [`global_avg_pooling_backward`]: dz | (N, C, H, W) to (N, C) |
//! | [batch normalisation](norm::batch) | [`batch_norm_forward`], [`batch_norm_use`] | [`batch_norm_backward`]: dγ, dβ, dz | (N, C, H, W) to the same |
//! | [`flatten`] | [`flatten_forward`] | [`flatten_backward`]: dz | (N, C, H, W) to (N, C·H·W) |

pub mod conv;
pub mod conv_naive;
pub mod fc;
pub mod flatten;
pub mod norm;
pub mod pooling;
mod seen;

pub use conv::*;
pub use conv_naive::*;
pub use fc::*;
pub use flatten::*;
pub use norm::*;
pub use pooling::*;
