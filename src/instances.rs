//! The machine code that notebook cells link to.
//!
//! A generic function is compiled in the crate that calls it, for the types it is called with. Each notebook cell is a
//! crate, so each cell that calls a layer would compile the layer again, and without optimisation, like all cells. A
//! function with `#[inline(never)]` is the exception: if a dependency has compiled it for the same types, that code is
//! used. So the functions that do the work carry this attribute, and here they are compiled for the notebooks' number
//! types: those that have a [lesson](crate::check::lesson), and some more. A function missing here still works, only
//! more slowly.

use crate::check::lesson::{Lesson, Visitor};
use crate::check::lessons;
use crate::data::{DataError, clutter};
use crate::numbers::{Dual, Traced};
use crate::prelude::*;
use crate::train::{End, Event, TrainError, Training};
use std::hint::black_box;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Names every instance, and so compiles it. There is no reason to call it.
pub fn all() {
    functions::<f32>();
    functions::<f64>();
    functions::<Dual<f64>>();
    functions::<Traced>();
    training::<f32>();
    training::<f64>();
}

/// The addresses of functions for one number type.
macro_rules! addresses {
    ($number:ty: $($function:ident)*) => { [$( $function::<$number> as *const () ),*] };
}

fn functions<T: Float>() {
    struct Functions<T>(PhantomData<T>);
    impl<T: Float> Visitor for Functions<T> {
        fn visit<L: Lesson>(&mut self) {
            black_box((L::forward::<T>(), L::backward::<T>()));
        }
    }
    lessons::visit(&mut Functions::<T>(PhantomData));
    black_box(fc_backward_rows::<T> as *const ());
    black_box([
        Tensor4::<T>::from_row_major as *const (),
        Tensor4::<T>::to_row_major as *const (),
        Tensor4::<T>::swap_axes as *const (),
        Tensor4::<T>::rotate_180 as *const (),
        Tensor4::<T>::map_at as *const (),
        Tensor4::<T>::select as *const (),
        Tensor4::<T>::samples as *const (),
        Tensor4::<T>::pad as *const (),
    ]);
}

fn training<T: Float>() {
    type Set<T> = Dataset<T>;
    type Observer = fn(Event) -> ControlFlow<()>;
    type Fit<T> = fn(&mut Training<T>, &Set<T>, &Set<T>, usize, Observer) -> Result<End, TrainError>;
    black_box(addresses![T: lenet mlp seed_cnn vgg11]);
    black_box([
        Sgd::<T>::step as *const (),
        AdaGrad::<T>::step as *const (),
        RmsProp::<T>::step as *const (),
        Adadelta::<T>::step as *const (),
        Adam::<T>::step as *const (),
        AdamW::<T>::step as *const (),
    ]);
    black_box(Training::fit as Fit<T>);
    black_box(mnist::load as fn(PathBuf) -> Result<mnist::Mnist<T>, DataError>);
    black_box(clutter::compose as fn(&Set<T>, u64) -> Result<Set<T>, ShapeError>);
}
