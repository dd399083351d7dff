//! Second order for free: running the backward on dual numbers gives the Hessian.
//!
//! | symbol | meaning |
//! |---|---|
//! | w | all parameters of a network, as one vector |
//! | L(w) | its loss on a batch |
//! | g = ∂L/∂w | the gradient, which the backward computes |
//! | H = ∂g/∂w | the Hessian: one row and one column per parameter |
//!
//! # Derivation
//!
//! 1. Give the parameters the ε-part v: w + ε·v. A program on dual numbers also computes the derivative of its result.
//!    Here the program is forward, loss and backward, and its result is g. So it returns
//!    g(w + ε·v) = g(w) + ε·(∂g/∂w)·v = g(w) + ε·**H·v**.
//! 2. This takes one pass, about four times the work of a plain one, and H is never formed: for LeNet it would have
//!    61,706² entries. No second derivative was derived by hand: the first derivatives are in the layers' files, and
//!    the dual numbers differentiate *them*.
//! 3. The loss's own ε-part is the slope ⟨g, v⟩.
//! 4. H is symmetric (∂²L/∂wᵢ∂wⱼ = ∂²L/∂wⱼ∂wᵢ), so it has real eigenvalues with orthogonal eigenvectors. The largest is
//!    the **sharpness**: the curvature in the steepest direction. In a valley of curvature λ, each step of gradient
//!    descent with learning rate η multiplies the distance to the bottom by 1 − η·λ. The absolute value of that factor
//!    exceeds 1 where **λ > 2/η**.
//! 5. To find it, multiply a random vector by H again and again: the eigenvector with the largest eigenvalue grows
//!    fastest (power iteration). Lanczos' method computes the same products and keeps all of them. In an orthonormal
//!    basis q₁, q₂, … of their span, H is tridiagonal, with αₖ = ⟨qₖ, H·qₖ⟩ on the diagonal and beside it βₖ, the
//!    length of the part of H·qₖ outside the basis so far. The largest eigenvalue θ of that small matrix, with
//!    eigenvector s, is the best estimate from this span, with x = Σ sₖ·qₖ. Its error is bounded by
//!    **‖H·x − θ·x‖ = βₘ·|sₘ|**: there *is* an eigenvalue of H within that distance of θ.
//!
//! At a kink of an activation, H belongs to the piece that the values are on, as the gradient does.
//!
//! ```
//! use handgrad::prelude::*;
//! use handgrad::train::{Hessian, Search};
//! // L = ½·(3·w₁ + 4·w₂ + b − 1)²: H = x·xᵀ for x = (3, 4, 1), with the one eigenvalue |x|² = 26.
//! fn net<T: Float>() -> Sequential<T> {
//!     Sequential::new().with(Dense::of(DMatrix::zeros(2, 1)))
//! }
//! let z = Tensor4::from_vectors(dmatrix![3.0, 4.0]);
//! let mut hessian = Hessian::new(net::<Dual<f64>>(), &z, &dmatrix![1.0], mean_squared_loss);
//! assert_eq!(hessian.times(&[1.0, 0.0, 0.0])?, [9.0, 12.0, 3.0]);
//! let top = hessian.largest_eigenvalue(Search::default(), None)?;
//! assert!((top.value - 26.0).abs() < 1e-12);
//! # Ok::<(), handgrad::train::TrainError>(())
//! ```
//!
//! Source: Pearlmutter, *Fast exact multiplication by the Hessian* (1994), for the product; Golub, Van Loan, *Matrix
//! Computations* (2013), §10.1–10.3, for Lanczos' method.

use super::{LossFunction, TrainError, as_f64};
use crate::error::same_shape;
use crate::losses::Loss;
use crate::model::{Layer, Memory, Sequential};
use crate::numbers::Dual;
use crate::{Error, Float, ShapeError, Tensor4, init, lit};
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// The Hessian of a network's loss on a batch, available through its products with vectors.
///
/// A vector has an entry for each number of each parameter, in the order of [`Layer::parameters`] and of each
/// parameter's memory.
pub struct Hessian<T> {
    model: Sequential<Dual<T>>,
    inputs: Tensor4<Dual<T>>,
    targets: DMatrix<Dual<T>>,
    loss: LossFunction<Dual<T>>,
}

/// What one pass on dual numbers computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Along<T> {
    /// L.
    pub loss: T,
    /// ⟨g, v⟩, the rate of change of L along v.
    pub slope: T,
    /// g.
    pub gradient: Vec<T>,
    /// H·v, the rate of change of g along v.
    pub product: Vec<T>,
}

/// How to search for an eigenvalue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// How far the result may be from an eigenvalue, relative to itself.
    pub tolerance: f64,
    /// The most products to compute.
    pub products: usize,
    /// The seed of the random start.
    pub seed: u64,
}

impl Default for Search {
    /// Three digits, in at most 100 products.
    fn default() -> Self {
        Search { tolerance: 1e-3, products: 100, seed: 1 }
    }
}

/// An approximate eigenvalue.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenvalue {
    /// θ.
    pub value: f64,
    /// x, of length 1.
    pub vector: Vec<f64>,
    /// ‖H·x − θ·x‖: an eigenvalue lies at most this far from `value`.
    pub residual: f64,
    /// How many products it took.
    pub products: usize,
}

impl<T: Float> Along<T> {
    /// `Ok` if everything is finite. A NaN among the weights need not reach the product: where L is quadratic, H does
    /// not depend on them.
    fn check_finite(&self) -> Result<(), TrainError> {
        let finite = |values: &[T]| values.iter().all(|x| x.is_finite());
        let found = if !self.loss.is_finite() {
            format!("the loss is {}", as_f64(self.loss))
        } else if !finite(&self.gradient) {
            "the gradient is not finite".into()
        } else if !finite(&self.product) {
            "a product with it is not finite".into()
        } else {
            return Ok(());
        };
        Err(TrainError::NoHessian(found))
    }
}

impl<T: Float> Hessian<T> {
    /// The Hessian of `model`, at its current parameters, for inputs (N, C, H, W) and their targets (N, d).
    pub fn new(
        model: Sequential<Dual<T>>,
        inputs: &Tensor4<T>,
        targets: &DMatrix<T>,
        loss: LossFunction<Dual<T>>,
    ) -> Self {
        Hessian { model, inputs: inputs.map(Dual::constant), targets: targets.map(Dual::constant), loss }
    }

    /// Moves to the parameters of `other`.
    ///
    /// # Errors
    /// If the two networks do not have the same parameters.
    pub fn move_to(&mut self, other: &Sequential<T>) -> Result<(), ShapeError> {
        self.model.copy_parameters(other, Dual::constant)
    }

    /// Forward, loss and backward at w + ε·v.
    ///
    /// # Errors
    /// If v does not have an entry for each parameter, or the model does not fit the batch.
    pub fn along(&mut self, v: &[T]) -> Result<Along<T>, Error> {
        let count = self.model.parameter_count();
        same_shape("Hessian::along", ("v", v.len()), ("the vector of all parameters", count))?;
        let mut direction = v.iter();
        for w in self.model.parameters_mut().into_iter().flat_map(|p| p.values) {
            w.eps = direction.next().copied().unwrap_or_else(T::zero);
        }
        let mut memory = Memory::new();
        let y = self.model.forward(self.inputs.clone(), &mut memory)?;
        let Loss { loss, dy } = (self.loss)(y.matrix(), &self.targets)?;
        let [_, c, h, w] = y.shape();
        self.model.clear_gradients();
        self.model.backward_parameters(&Tensor4::from_matrix(dy, [c, h, w])?, &mut memory)?;
        let parameters = self.model.parameters();
        let gradient = parameters.iter().flat_map(|p| p.gradient);
        let (gradient, product) = gradient.map(|g| (g.re, g.eps)).unzip(); // (1)
        Ok(Along { loss: loss.re, slope: loss.eps, gradient, product }) // (3)
    }

    /// H·v.
    ///
    /// # Errors
    /// As for [`along`](Self::along).
    pub fn times(&mut self, v: &[T]) -> Result<Vec<T>, Error> {
        Ok(self.along(v)?.product)
    }

    /// The largest eigenvalue: the sharpness. The search begins with `start`, such as the eigenvector found a few steps
    /// ago, or with a random vector if there is none.
    ///
    /// # Errors
    /// As for [`along`](Self::along), with `start` for v; or if the loss, its gradient or a product with H is not
    /// finite, or `start` is not.
    pub fn largest_eigenvalue(&mut self, search: Search, start: Option<&[f64]>) -> Result<Eigenvalue, TrainError> {
        let random = || init::normal(&mut init::rng(search.seed), [self.model.parameter_count(), 1], 1.0);
        let mut next = start.map_or_else(|| random().column(0).into_owned(), DVector::from_column_slice);
        let (mut basis, mut alphas, mut betas): (Vec<DVector<f64>>, Vec<f64>, Vec<f64>) = Default::default();
        loop {
            let q = next.normalize();
            let v: Vec<T> = q.iter().map(|&x| lit(x)).collect();
            let along = self.along(&v)?;
            along.check_finite()?;
            next = DVector::from_iterator(q.len(), along.product.into_iter().map(as_f64));
            alphas.push(q.dot(&next));
            basis.push(q);
            for q in basis.iter().chain(&basis) {
                next.axpy(-q.dot(&next), q, 1.0); // twice: the first pass leaves rounding errors
            }
            betas.push(next.norm());
            if !betas.iter().all(|beta| beta.is_finite()) {
                return Err(TrainError::NoHessian("the length of a product with it is not finite".into()));
            }
            let (value, s) = largest(&alphas, &betas);
            let residual = betas[betas.len() - 1] * s[s.len() - 1].abs(); // (5)
            if residual <= search.tolerance * value.abs() || basis.len() >= search.products {
                let x = basis.iter().zip(&s).fold(DVector::zeros(next.len()), |sum, (q, &s)| sum + q * s);
                return Ok(Eigenvalue { value, vector: x.data.into(), residual, products: basis.len() });
            }
        }
    }
}

/// The largest eigenvalue of the tridiagonal matrix with αₖ on its diagonal and βₖ beside it, and its eigenvector.
fn largest(alphas: &[f64], betas: &[f64]) -> (f64, Vec<f64>) {
    let beside = |i: usize, j: usize| if i.abs_diff(j) == 1 { betas[i.min(j)] } else { 0.0 };
    let entry = |i: usize, j: usize| if i == j { alphas[i] } else { beside(i, j) };
    let eigen = SymmetricEigen::new(DMatrix::from_fn(alphas.len(), alphas.len(), entry));
    let at = eigen.eigenvalues.imax();
    (eigen.eigenvalues[at], eigen.eigenvectors.column(at).iter().copied().collect())
}
