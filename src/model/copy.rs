//! The same network over another scalar.

use super::{Layer, Sequential};
use crate::{Float, ShapeError};

impl<T: Float> Sequential<T> {
    /// Copies all parameters and buffers from a network with the same layers over another scalar, passing each number
    /// through `convert`.
    ///
    /// A network is built by a function that is generic over its scalar, such as [`lenet`](super::lenet). So you can
    /// always build a second one for dual, counted or traced numbers; this gives it the first one's parameters.
    ///
    /// # Errors
    /// If the two do not have parameters and buffers of the same names and shapes. Then nothing changes.
    ///
    /// ```
    /// use handgrad::prelude::*;
    /// let trained: Sequential<f32> = mlp(Start::He, 1);
    /// let mut twin: Sequential<Dual<f32>> = mlp(Start::He, 2);
    /// twin.copy_parameters(&trained, Dual::constant)?;
    /// assert_eq!(twin.parameters()[0].values[5].re, trained.parameters()[0].values[5]);
    /// # Ok::<(), ShapeError>(())
    /// ```
    pub fn copy_parameters<U: Float>(
        &mut self,
        from: &Sequential<U>,
        mut convert: impl FnMut(U) -> T,
    ) -> Result<(), ShapeError> {
        let (own, other) = (places(self), places(from));
        if let Some(at) = (0..own.len().max(other.len())).find(|&at| own.get(at) != other.get(at)) {
            let name = |places: &[String]| places.get(at).cloned().unwrap_or_else(|| "none".into());
            let found = format!("parameter {at} is {} here but {} there", name(&own), name(&other));
            let rule = "both networks must have the same parameters";
            return Err(ShapeError::new("Sequential::copy_parameters", found, rule));
        }
        let mut copy = |own: &mut [T], other: &[U]| own.iter_mut().zip(other).for_each(|(own, &x)| *own = convert(x));
        self.parameters_mut().into_iter().zip(from.parameters()).for_each(|(own, p)| copy(own.values, p.values));
        self.buffers_mut().into_iter().zip(from.buffers()).for_each(|(own, b)| copy(own, b.values));
        Ok(())
    }
}

/// The names and shapes of all parameters and buffers, in order.
fn places<T: Float>(network: &Sequential<T>) -> Vec<String> {
    let parameters = network.parameters().into_iter().map(|p| format!("{} {:?}", p.name, p.shape));
    parameters.chain(network.buffers().into_iter().map(|b| format!("{} [{}]", b.name, b.values.len()))).collect()
}
