//! A convolution.

use super::{Gradient, Layer, Memory, Parameter, ParameterMut};
use crate::error::same_shape;
use crate::kernels::memory::give_back;
use crate::layers::conv::conv_backward_parameters;
use crate::layers::{ConvGradients, conv_backward, conv_forward};
use crate::{Error, Float, ShapeError, Slide, Tensor4};
use nalgebra::DVector;

/// y = z ∗ K + b ([`conv_forward`]), for z (N, C, H, W); y is (N, D, H', W').
#[derive(Clone, Debug)]
pub struct Conv2d<T> {
    k: Tensor4<T>,
    b: DVector<T>,
    slide: Slide,
    dk: Gradient<T>,
    db: Gradient<T>,
}

impl<T: Float> Conv2d<T> {
    /// The layer with kernels K (C, D, k1, k2), as drawn by [`init`](crate::init), and biases of 0.
    ///
    /// ```
    /// use handgrad::prelude::*;
    /// let k: Tensor4<f32> = init::he(&mut init::rng(1), [1, 6, 5, 5]);
    /// let layer = Conv2d::of(k, Slide::default().padding(2, 2));
    /// assert_eq!(layer.description(), "Conv2d 1 → 6, 5×5, padding 2×2");
    /// ```
    #[must_use]
    pub fn of(k: Tensor4<T>, slide: Slide) -> Self {
        let b = DVector::zeros(k.shape()[1]);
        Conv2d { k, b, slide, dk: Gradient::default(), db: Gradient::default() }
    }

    /// The layer with kernels K (C, D, k1, k2) and biases b (D).
    ///
    /// # Errors
    /// If b does not have D elements.
    pub fn with_bias(k: Tensor4<T>, b: DVector<T>, slide: Slide) -> Result<Self, ShapeError> {
        same_shape("Conv2d::with_bias", ("b", b.len()), ("K's D", k.shape()[1]))?;
        Ok(Conv2d { b, ..Conv2d::of(k, slide) })
    }
}

impl<T: Float> Layer<T> for Conv2d<T> {
    fn description(&self) -> String {
        let [c, d, k1, k2] = self.k.shape();
        format!("Conv2d {c} → {d}, {k1}×{k2}{}", sliding(self.slide, (1, 1)))
    }

    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        conv_forward(z, &self.k, &self.b, self.slide)
    }

    fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
        let y = self.infer(&z)?;
        memory.push("Conv2d", z);
        Ok(y)
    }

    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
        let z = memory.pop("Conv2d")?;
        let ConvGradients { dk, db, dz } = conv_backward(next_dz, &self.k, &z, self.slide)?;
        self.dk.add(dk.into_matrix())?;
        self.db.add(db)?;
        give_back(z.into_matrix());
        Ok(dz)
    }

    fn backward_parameters(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<(), Error> {
        let z = memory.pop("Conv2d")?;
        let (dk, db) = conv_backward_parameters(next_dz, &self.k, &z, self.slide)?;
        self.dk.add(dk.into_matrix())?;
        self.db.add(db)?;
        give_back(z.into_matrix());
        Ok(())
    }

    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        let [c, d, k1, k2] = self.k.shape();
        // Element (c, d, u, v) of K lies at c + C·(v + k2·(u + k1·d)).
        let (name, shape, strides) = ("weight".into(), vec![d, c, k1, k2], vec![c * k2 * k1, 1, c * k2, c]);
        vec![
            Parameter { name, shape, strides, values: self.k.as_slice(), gradient: &self.dk },
            Parameter::vector("bias", self.b.as_slice(), &self.db),
        ]
    }

    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        vec![
            ParameterMut { values: self.k.as_mut_slice(), gradient: &mut self.dk },
            ParameterMut { values: self.b.as_mut_slice(), gradient: &mut self.db },
        ]
    }
}

/// What a description says of a [`Slide`], for a layer with these usual strides: `, stride 2×2, padding 1×1`.
pub(super) fn sliding(slide: Slide, usual_strides: (usize, usize)) -> String {
    let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
    let stride = if slide.strides == usual_strides { String::new() } else { format!(", stride {s1}×{s2}") };
    let padding = if slide.padding == (0, 0) { String::new() } else { format!(", padding {p1}×{p2}") };
    let rounding = if slide.round_down { ", rounding down" } else { "" };
    format!("{stride}{padding}{rounding}")
}
