//! The same network over another scalar.

use super::{Layer, Sequential};
use crate::{Float, ShapeError};

impl<T: Float> Sequential<T> {
    /// Takes over all parameters of a network with the same layers over another scalar, each through `convert`.
    ///
    /// A network is built by a function that is generic over its scalar, as [`lenet`](super::lenet) is; so there is
    /// always a second one for dual, counted or traced numbers, and this brings it to where the first one stands.
    ///
    /// # Errors
    /// If the two do not have parameters of the same names and shapes. Nothing is changed then.
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
        let (own, others) = (self.parameters(), from.parameters());
        let place = |at: usize| {
            let own = own.get(at).map(|p| format!("{} {:?}", p.name, p.shape));
            let other = others.get(at).map(|p| format!("{} {:?}", p.name, p.shape));
            (own, other)
        };
        let differs = |at: &usize| place(*at).0 != place(*at).1;
        if let Some(at) = (0..own.len().max(others.len())).find(differs) {
            let name = |parameter: Option<String>| parameter.unwrap_or_else(|| "none".into());
            let (own, other) = place(at);
            let found = format!("parameter {at} is {} here but {} there", name(own), name(other));
            let rule = "both networks must have the same parameters";
            return Err(ShapeError::new("Sequential::copy_parameters", found, rule));
        }
        for (own, other) in self.parameters_mut().into_iter().zip(others) {
            own.values.iter_mut().zip(other.values).for_each(|(own, &other)| *own = convert(other));
        }
        Ok(())
    }
}
