//! The lessons: a file for each layer, or for layers that share their shapes.
//!
//! A new layer needs a file here and a line in the list.

mod activations;
mod conv;
mod fc;
mod flatten;
mod losses;
mod norm;
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

/// The functions of a lesson, with their signatures and their known mistakes.
macro_rules! functions {
    ($forward:ident: $F:ident $(= $wrong:ident)?) => {
        type Forward<T: Float> = $F<T>;
        type Backward<T: Float> = ();
        const FUNCTIONS: &'static [&'static str] = &[stringify!($forward)];
        $(const FORWARD_MISTAKES: &'static [Mistake<$F>] = $wrong;)?
        fn forward<T: Float>() -> $F<T> {
            $forward
        }
    };
    ($forward:ident: $F:ident $(= $wrong:ident)?, $backward:ident: $B:ident $(= $wrong_back:ident)?) => {
        type Forward<T: Float> = $F<T>;
        type Backward<T: Float> = $B<T>;
        const FUNCTIONS: &'static [&'static str] = &[stringify!($forward), stringify!($backward)];
        $(const FORWARD_MISTAKES: &'static [Mistake<$F>] = $wrong;)?
        $(const BACKWARD_MISTAKES: &'static [Mistake<$B>] = $wrong_back;)?
        fn forward<T: Float>() -> $F<T> {
            $forward
        }
        fn backward<T: Float>() -> Option<$B<T>> {
            Some($backward)
        }
    };
}
use functions;

macro_rules! lessons {
    ($($file:ident: $($lesson:ident)+;)+) => {
        /// Visits every lesson, in the order of the certificate.
        pub fn visit(visitor: &mut impl Visitor) {
            $($(visitor.visit::<$file::$lesson>();)+)+
        }

        /// The exercises of all lessons, which judge a reader's functions.
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
    norm: BatchNorm;
    softmax: Softmax;
    losses: MeanSquared CrossEntropy;
}
