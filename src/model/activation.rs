//! The activations that have no weights.

use super::{Layer, Memory};
use crate::activations::*;
use crate::kernels::memory::{copy_samples, give_back};
use crate::{Error, Float, ShapeError, Tensor4};

/// An activation as a layer: `$forward` of a matrix, and `$backward` of next_dz and either the forward's input or its
/// output; both take α, where there is one.
macro_rules! activation {
    ($(#[$doc:meta])* $name:ident $(<$t:ident>($alpha:ident))?, $forward:ident, $backward:ident of the $kept:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name $(<$t>)? {
            $($alpha: $t,)?
        }

        impl $(<$t: Float>)? $name $(<$t>)? {
            /// The layer.
            #[allow(clippy::new_without_default)] // those with an α could not have a default
            pub fn new($($alpha: $t)?) -> Self {
                $name { $($alpha,)? }
            }
        }

        impl<T: Float> Layer<T> for $name $(<$t>)? {
            fn description(&self) -> String {
                [String::from(stringify!($name)), $(format!(" {:?}", self.$alpha))?].concat()
            }

            fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
                let [_, c, h, w] = z.shape();
                Tensor4::from_matrix($forward(z.matrix() $(, self.$alpha)?), [c, h, w])
            }

            fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
                let y = self.infer(&z)?;
                memory.push(stringify!($name), activation!(@keep $kept, z, y));
                Ok(y)
            }

            fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
                let kept = memory.pop(stringify!($name))?;
                let [_, c, h, w] = kept.shape();
                let dz = $backward(next_dz.matrix(), kept.matrix() $(, self.$alpha)?)?;
                give_back(kept.into_matrix());
                Ok(Tensor4::from_matrix(dz, [c, h, w])?)
            }
        }
    };
    (@keep input, $z:ident, $y:ident) => { $z };
    (@keep output, $z:ident, $y:ident) => {{
        give_back($z.into_matrix());
        copy_samples(&$y, 0..$y.shape()[0])
    }};
}

activation! {
    /// max(0, z) ([`relu_forward`]).
    Relu, relu_forward, relu_backward of the input
}
activation! {
    /// z, or α·z where z is negative ([`leaky_relu_forward`]).
    LeakyRelu<T>(alpha), leaky_relu_forward, leaky_relu_backward of the input
}
activation! {
    /// z, or α·(eᶻ − 1) where z is negative ([`elu_forward`]).
    Elu<T>(alpha), elu_forward, elu_backward of the input
}
activation! {
    /// The scaled ELU ([`selu_forward`]).
    Selu, selu_forward, selu_backward of the input
}
activation! {
    /// 1 / (1 + e⁻ᶻ) ([`sigmoid_forward`]).
    Sigmoid, sigmoid_forward, sigmoid_backward of the input
}
activation! {
    /// The hyperbolic tangent ([`tanh_forward`]).
    Tanh, tanh_forward, tanh_backward of the input
}
activation! {
    /// The probabilities of a sample's C·H·W classes ([`softmax_forward`]).
    ///
    /// Not for a network trained with [`cross_entropy_loss`](crate::losses::cross_entropy_loss), which takes logits.
    Softmax, softmax_forward, softmax_backward of the output
}
