//! A layer of a lesson that learns, with the backward that is chosen for it.

use crate::check::Array;
use crate::check::diagnosis::Role;
use crate::check::draw::Draw;
use crate::check::lesson::{Lesson, Setting, given, output};
use crate::check::values::{Named, Value};
use crate::error::same_shape;
use crate::model::{Gradient, Layer, Memory, ParameterMut};
use crate::{Error, ShapeError, Tensor4};
use nalgebra::DVector;

/// What its entries of a [`Memory`] are called.
const KIND: &str = "Learned";

/// The backward of a lesson, with a mistake or without.
pub(super) fn backward<L: Lesson>(mistake: Option<usize>) -> Result<L::Backward<f64>, ShapeError> {
    let wrong = mistake.and_then(|at| L::BACKWARD_MISTAKES.get(at)).map(|mistake| mistake.wrong);
    wrong.or_else(L::backward).ok_or_else(|| ShapeError::new(L::FUNCTIONS[0], "it has no backward", "it must have one"))
}

/// The functions of a lesson as a layer of a network.
pub(super) struct Learned<L: Lesson> {
    setting: L::Setting,
    mistake: Option<usize>,
    /// Each parameter: its name and its gradient's, its value, its gradient.
    parameters: Vec<(&'static str, &'static str, Value<f64>, Gradient<f64>)>,
    /// A sample's C, H and W, if it consists of maps and not of a row of numbers.
    maps: Option<[usize; 3]>,
    /// How many numbers a sample has.
    takes: usize,
    /// Whether y is a matrix.
    gives_rows: bool,
}

impl<L: Lesson> Learned<L> {
    /// With parameters as drawn for the setting.
    pub fn new(setting: L::Setting, mistake: Option<usize>, draw: &mut Draw) -> Result<Self, ShapeError> {
        let x = setting.draw(draw);
        let learned = L::GRADIENTS.iter().filter(|(_, _, role)| *role == Role::Parameter);
        let value = |(name, gradient, _): &(&'static str, &'static str, Role)| {
            Some((*name, *gradient, x.get(name)?.clone(), Gradient::default()))
        };
        let parameters = learned.filter_map(value).collect();
        let maps = match x.get("z") {
            Some(Value::Tensor(z)) => Some([z.shape()[1], z.shape()[2], z.shape()[3]]),
            _ => None,
        };
        let takes = x.get("z").map_or(0, |z| Array::shape(z).iter().skip(1).product());
        let gives_rows = matches!(output::<L, f64>(&setting, &x)?, Value::Matrix(_));
        Ok(Learned { setting, mistake, parameters, maps, takes, gives_rows })
    }

    /// How many numbers it takes of each sample.
    pub fn takes(&self) -> usize {
        self.takes
    }

    /// What the functions are called with.
    fn values(&self, z: &Tensor4<f64>) -> Result<Named<f64>, ShapeError> {
        let z: Value<f64> = match self.maps {
            Some(maps) => Tensor4::from_matrix(z.matrix().clone(), maps)?.into(),
            None => z.matrix().clone().into(),
        };
        let parameters = self.parameters.iter();
        Ok(parameters.fold(Named::of([("z", z)]), |x, (name, _, value, _)| x.with(name, value.clone())))
    }
}

/// A result as a tensor.
fn tensor(value: Value<f64>) -> Result<Tensor4<f64>, ShapeError> {
    match value {
        Value::Tensor(x) => Ok(x),
        Value::Matrix(x) => Ok(Tensor4::from_vectors(x)),
        Value::Vector(_) | Value::Number(_) => {
            Err(ShapeError::new(KIND, "the layer returned no samples", "it must return a matrix or a tensor"))
        }
    }
}

impl<L: Lesson> Layer<f64> for Learned<L> {
    fn description(&self) -> String {
        L::FUNCTIONS[0].into()
    }

    fn infer(&self, z: &Tensor4<f64>) -> Result<Tensor4<f64>, ShapeError> {
        tensor(output::<L, f64>(&self.setting, &self.values(z)?)?)
    }

    fn forward(&mut self, z: Tensor4<f64>, memory: &mut Memory<f64>) -> Result<Tensor4<f64>, ShapeError> {
        let y = self.infer(&z)?;
        memory.push(KIND, z);
        Ok(y)
    }

    fn backward(&mut self, next_dz: &Tensor4<f64>, memory: &mut Memory<f64>) -> Result<Tensor4<f64>, Error> {
        let z = memory.pop(KIND)?;
        let x = self.values(&z)?;
        let delta = if self.gives_rows { next_dz.matrix().clone().into() } else { Value::Tensor(next_dz.clone()) };
        let x = given::<L, f64>(&self.setting, &x)?.with("next_dz", delta);
        let g = L::call_backward(backward::<L>(self.mistake)?, &self.setting, &x)?;
        for (name, gradient, value, sum) in &mut self.parameters {
            let found = g.value(gradient);
            same_shape(
                L::FUNCTIONS[L::FUNCTIONS.len() - 1],
                (gradient, Array::shape(found)),
                (name, Array::shape(&*value)),
            )?;
            sum.add(DVector::from_column_slice(found.elements()))?;
        }
        let dz = g.value("dz");
        same_shape(L::FUNCTIONS[L::FUNCTIONS.len() - 1], ("dz", Array::shape(dz)), ("z", Array::shape(x.value("z"))))?;
        let [_, c, h, w] = z.shape();
        Ok(Tensor4::from_matrix(tensor(dz.clone())?.into_matrix(), [c, h, w])?)
    }

    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, f64>> {
        let parameters = self.parameters.iter_mut();
        parameters.map(|(_, _, value, gradient)| ParameterMut { values: value.elements_mut(), gradient }).collect()
    }
}
