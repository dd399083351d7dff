//! The pooling layers: over windows and over whole maps.

use super::conv2d::sliding;
use super::{Layer, Memory};
use crate::kernels::memory::give_back;
use crate::layers::{
    avg_pooling_backward, avg_pooling_forward, global_avg_pooling_backward, global_avg_pooling_forward,
    global_max_pooling_backward, global_max_pooling_forward, max_pooling_backward, max_pooling_forward,
};
use crate::{Error, Float, ShapeError, Slide, Tensor4};

/// Pooling over windows as a layer: `$forward` and `$backward` of z, the window and its slide.
macro_rules! windows {
    ($(#[$doc:meta])* $name:ident, $forward:ident, $backward:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            pooling: (usize, usize),
            slide: Slide,
        }

        impl $name {
            /// The layer with windows of this size and this slide.
            pub fn new(pooling: (usize, usize), slide: Slide) -> Self {
                $name { pooling, slide }
            }

            /// The layer with windows of `size` × `size`, side by side.
            pub fn square(size: usize) -> Self {
                Self::new((size, size), Slide::by(size, size))
            }
        }

        impl<T: Float> Layer<T> for $name {
            fn description(&self) -> String {
                let (k1, k2) = self.pooling;
                format!("{} {k1}×{k2}{}", stringify!($name), sliding(self.slide, self.pooling))
            }

            fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
                $forward(z, self.pooling, self.slide)
            }

            fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
                let y = self.infer(&z)?;
                memory.push(stringify!($name), z);
                Ok(y)
            }

            fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
                let z = memory.pop(stringify!($name))?;
                let dz = $backward(next_dz, &z, self.pooling, self.slide);
                give_back(z.into_matrix());
                Ok(dz?)
            }
        }
    };
}

windows! {
    /// The maximum of every window ([`max_pooling_forward`]).
    MaxPool2d, max_pooling_forward, max_pooling_backward
}
windows! {
    /// The mean of every window ([`avg_pooling_forward`]).
    AvgPool2d, avg_pooling_forward, avg_pooling_backward
}

/// Pooling over whole maps as a layer: `$forward` and `$backward` of z.
macro_rules! whole_maps {
    ($(#[$doc:meta])* $name:ident, $forward:ident, $backward:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name;

        impl $name {
            /// The layer.
            pub fn new() -> Self {
                $name
            }
        }

        impl<T: Float> Layer<T> for $name {
            fn description(&self) -> String {
                stringify!($name).into()
            }

            fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
                Ok(Tensor4::from_vectors($forward(z)?))
            }

            fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
                let y = self.infer(&z)?;
                memory.push(stringify!($name), z);
                Ok(y)
            }

            fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
                let z = memory.pop(stringify!($name))?;
                let dz = $backward(next_dz.matrix(), &z);
                give_back(z.into_matrix());
                Ok(dz?)
            }
        }
    };
}

whole_maps! {
    /// The maximum of every map, (N, C, 1, 1) ([`global_max_pooling_forward`]).
    GlobalMaxPool, global_max_pooling_forward, global_max_pooling_backward
}
whole_maps! {
    /// The mean of every map, (N, C, 1, 1) ([`global_avg_pooling_forward`]).
    GlobalAvgPool, global_avg_pooling_forward, global_avg_pooling_backward
}
