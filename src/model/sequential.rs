//! Layers in a row.

use super::{Buffer, Gradient, Layer, Memory, Parameter, ParameterMut};
use crate::kernels::memory::give_back;
use crate::kernels::wide_awake;
use crate::optim::Optimizer;
use crate::text::Table;
use crate::{Error, Float, ShapeError, Tensor4, sizes};

/// Layers in a row, each fed by the one before it.
///
/// Its layers are counted from 0 and its parameters are named as PyTorch's `nn.Sequential` names them: `0.weight`,
/// `0.bias`, `3.weight`, … It is a [`Layer`] itself, so one can contain another.
#[must_use]
pub struct Sequential<T> {
    layers: Vec<Box<dyn Layer<T>>>,
}

impl<T: Float> Sequential<T> {
    /// No layers yet: the output is the input.
    pub fn new() -> Self {
        Sequential { layers: Vec::new() }
    }

    /// Adds a layer at the end.
    pub fn push(&mut self, layer: impl Layer<T> + 'static) {
        self.layers.push(Box::new(layer));
    }

    /// The same, with a layer added at the end.
    pub fn with(mut self, layer: impl Layer<T> + 'static) -> Self {
        self.push(layer);
        self
    }

    /// The layers.
    #[must_use]
    pub fn layers(&self) -> &[Box<dyn Layer<T>>] {
        &self.layers
    }

    /// The layers, mutably, to run them one by one.
    pub fn layers_mut(&mut self) -> &mut [Box<dyn Layer<T>>] {
        &mut self.layers
    }

    /// How many numbers the model learns.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters().iter().map(|p| p.values.len()).sum()
    }

    /// One step of the optimizer with the gradients of the backwards since the last step; it then clears them.
    ///
    /// # Errors
    /// If a parameter has no gradient ([`Error::Order`]), or the optimizer has already made steps with other parameters
    /// ([`Error::Shape`]). Then nothing has changed.
    pub fn step(&mut self, optimizer: &mut (impl Optimizer<T> + ?Sized)) -> Result<(), Error> {
        let (mut values, gradients): (Vec<_>, Vec<_>) =
            self.parameters_mut().into_iter().map(|p| (p.values, p.gradient)).unzip();
        let sums: Vec<&[T]> = gradients.iter().map(|gradient| &gradient[..]).collect();
        if let Some(at) = values.iter().zip(&sums).position(|(values, sum)| sum.is_empty() && !values.is_empty()) {
            let found = format!("parameter {at} has no gradient");
            let rule = "a backward must come before every step";
            return Err(Error::Order { function: "Sequential::step", found, rule });
        }
        optimizer.step(&mut values, &sums)?;
        gradients.into_iter().for_each(Gradient::clear);
        Ok(())
    }

    /// A table of the layers for inputs of C maps with H rows and W columns: what each is, the shape of a sample at its
    /// output, and how many numbers it learns. The shapes are observed, not computed: a sample of zeros runs through
    /// the network.
    ///
    /// # Errors
    /// If the layers do not fit the input or each other, or there is no memory for them.
    ///
    /// ```
    /// use handgrad::prelude::*;
    /// println!("{}", lenet::<f32>(Start::He, 1).summary([1, 28, 28])?);
    /// # Ok::<(), ShapeError>(())
    /// ```
    pub fn summary(&self, [c, h, w]: [usize; 3]) -> Result<String, ShapeError> {
        sizes::fit::<T>("Sequential::summary", "the input", &[1, c, h, w])?;
        let mut z = Tensor4::zeros([1, c, h, w]);
        let mut table = Table::new("><<>");
        table.row(["", "input", &maps(&z)]);
        for (number, layer) in self.layers.iter().enumerate() {
            z = layer.infer(&z).map_err(|error| error.in_layer(number, &layer.description()))?;
            let learned: usize = layer.parameters().iter().map(|p| p.values.len()).sum();
            let learned = if learned == 0 { String::new() } else { learned.to_string() };
            table.row([number.to_string(), layer.description(), maps(&z), learned]);
        }
        table.row(["", "all", "", &self.parameter_count().to_string()]);
        Ok(format!("{table}\n"))
    }

    /// dz of layer `first`, by way of all layers from the last one down to it, or `None` if there is no such layer.
    fn backward_to(
        &mut self,
        first: usize,
        next_dz: &Tensor4<T>,
        memory: &mut Memory<T>,
    ) -> Result<Option<Tensor4<T>>, Error> {
        let mut dz = None;
        for number in (first..self.layers.len()).rev() {
            let next_dz = dz.as_ref().unwrap_or(next_dz);
            let layer = &mut self.layers[number];
            let next = layer.backward(next_dz, memory).map_err(|error| error.in_layer(number, &layer.description()))?;
            if let Some(used) = dz.replace(next) {
                give_back(used.into_matrix());
            }
        }
        Ok(dz)
    }
}

/// The shape of a sample: `6×28×28`, or `120` for a vector.
pub(super) fn maps<T: Float>(z: &Tensor4<T>) -> String {
    match z.shape() {
        [_, c, 1, 1] => c.to_string(),
        [_, c, h, w] => format!("{c}×{h}×{w}"),
    }
}

impl<T: Float> Default for Sequential<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Layer<T> for Sequential<T> {
    fn description(&self) -> String {
        format!("Sequential of {}", self.layers.len())
    }

    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        let Some((first, others)) = self.layers.split_first() else { return Ok(z.clone()) };
        wide_awake::<T, _>(z.as_slice().len(), || {
            let mut y = first.infer(z).map_err(|error| error.in_layer(0, &first.description()))?;
            for (number, layer) in others.iter().enumerate() {
                let next = layer.infer(&y).map_err(|error| error.in_layer(number + 1, &layer.description()))?;
                give_back(std::mem::replace(&mut y, next).into_matrix());
            }
            Ok(y)
        })
    }

    fn forward(&mut self, mut z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
        wide_awake::<T, _>(z.as_slice().len(), || {
            memory.forwards("Sequential", |memory| {
                for (number, layer) in self.layers.iter_mut().enumerate() {
                    z = layer.forward(z, memory).map_err(|error| error.in_layer(number, &layer.description()))?;
                }
                Ok(z)
            })
        })
    }

    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
        memory.backwards("Sequential", |memory| {
            Ok(self.backward_to(0, next_dz, memory)?.unwrap_or_else(|| next_dz.clone()))
        })
    }

    /// Stops at the first layer that learns; the layers below it contribute to no gradient.
    fn backward_parameters(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<(), Error> {
        let Some(first) = self.layers.iter().position(|layer| !layer.parameters().is_empty()) else {
            return self.backward(next_dz, memory).map(drop);
        };
        memory.backwards("Sequential", |memory| {
            let dz = self.backward_to(first + 1, next_dz, memory)?;
            let next_dz = dz.as_ref().unwrap_or(next_dz);
            let layer = &mut self.layers[first];
            layer.backward_parameters(next_dz, memory).map_err(|error| error.in_layer(first, &layer.description()))?;
            if let Some(used) = dz {
                give_back(used.into_matrix());
            }
            Ok(())
        })
    }

    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        let mut all = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let parameters = layer.parameters().into_iter();
            all.extend(parameters.map(|p| Parameter { name: format!("{number}.{}", p.name), ..p }));
        }
        all
    }

    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        self.layers.iter_mut().flat_map(|layer| layer.parameters_mut()).collect()
    }
    fn buffers(&self) -> Vec<Buffer<'_, T>> {
        let mut all = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            all.extend(layer.buffers().into_iter().map(|b| Buffer { name: format!("{number}.{}", b.name), ..b }));
        }
        all
    }

    fn buffers_mut(&mut self) -> Vec<&mut [T]> {
        self.layers.iter_mut().flat_map(|layer| layer.buffers_mut()).collect()
    }
}
