//! The lessons: a file for each layer, or for layers that share their shapes.
//!
//! A new layer is a file here and its line in the list.

mod activations;
mod conv;
mod fc;
mod flatten;
mod losses;
mod pooling;
mod prelu;
mod rows;
mod softmax;
mod windows;

pub use windows::{ConvShape, PoolingShape, conv_shapes, pooling_shapes};

use super::lesson::Visitor;

/// The exercises of a file's lessons: public functions that judge a reader's forward and backward.
macro_rules! exercises {
    ($($lesson:ident: $forward:ident($F:ident) $(, $backward:ident($B:ident))?;)+) => {
        pub(super) mod exercise {
            use crate::check::{judge::Verdict, practice, signatures};
            $(
                #[doc = concat!("Judges a reader's [`", stringify!($forward), "`](fn@crate::prelude::", stringify!($forward), ").")]
                pub fn $forward(yours: signatures::$F) -> Verdict {
                    practice::judge_forward::<super::$lesson>(yours)
                }
                $(
                    #[doc = concat!("Judges a reader's [`", stringify!($backward), "`](fn@crate::prelude::", stringify!($backward), ").")]
                    pub fn $backward(yours: signatures::$B) -> Verdict {
                        practice::judge_backward::<super::$lesson>(yours)
                    }
                )?
            )+
        }
    };
}
use exercises;

macro_rules! lessons {
    ($($file:ident: $($lesson:ident)+;)+) => {
        /// Visits every lesson, in the order of the certificate.
        pub fn visit(visitor: &mut impl Visitor) {
            $($(visitor.visit::<$file::$lesson>();)+)+
        }

        /// What judges a reader's functions, of all lessons.
        pub(super) mod judges {
            $(pub use super::$file::exercise::*;)+
        }

        /// The known mistakes of all lessons.
        pub(super) mod mistakes {
            $(pub use super::$file::*;)+
        }
    };
}

lessons! {
    fc: Matmul Fc;
    conv: SingleChannel ConvNaive Conv InsertZeros RemovePadding;
    pooling: MaxPooling MaxPoolingZeroPadded AvgPooling GlobalMaxPooling GlobalAvgPooling;
    flatten: Flatten;
    activations: Relu LeakyRelu Elu Selu Sigmoid Tanh;
    prelu: Prelu;
    softmax: Softmax;
    losses: MeanSquared CrossEntropy;
}
