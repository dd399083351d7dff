//! What a function takes and returns, by name: numbers, vectors, matrices and tensors of any scalar.

use super::array::Array;
use crate::numbers::{Session, Traced};
use crate::{ShapeError, Tensor4};
use nalgebra::{DMatrix, DVector, Scalar};

/// A number or an array of numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<T: Scalar> {
    /// One number, which has no index.
    Number(T),
    /// A vector.
    Vector(DVector<T>),
    /// A matrix.
    Matrix(DMatrix<T>),
    /// A tensor (N, C, H, W).
    Tensor(Tensor4<T>),
}

impl<T: Scalar> Array for Value<T> {
    type Element = T;
    type Of<U: Scalar> = Value<U>;

    fn shape(&self) -> Vec<usize> {
        match self {
            Value::Number(_) => vec![],
            Value::Vector(x) => Array::shape(x),
            Value::Matrix(x) => Array::shape(x),
            Value::Tensor(x) => Array::shape(x),
        }
    }
    fn elements(&self) -> &[T] {
        match self {
            Value::Number(x) => std::slice::from_ref(x),
            Value::Vector(x) => x.elements(),
            Value::Matrix(x) => x.elements(),
            Value::Tensor(x) => x.elements(),
        }
    }
    fn elements_mut(&mut self) -> &mut [T] {
        match self {
            Value::Number(x) => std::slice::from_mut(x),
            Value::Vector(x) => x.elements_mut(),
            Value::Matrix(x) => x.elements_mut(),
            Value::Tensor(x) => x.elements_mut(),
        }
    }
    fn index_of(&self, offset: usize) -> Vec<usize> {
        match self {
            Value::Number(_) => vec![],
            Value::Vector(x) => x.index_of(offset),
            Value::Matrix(x) => x.index_of(offset),
            Value::Tensor(x) => x.index_of(offset),
        }
    }
    fn each<U: Scalar>(&self, mut f: impl FnMut(T) -> U) -> Value<U> {
        match self {
            Value::Number(x) => Value::Number(f(x.clone())),
            Value::Vector(x) => Value::Vector(x.each(f)),
            Value::Matrix(x) => Value::Matrix(x.each(f)),
            Value::Tensor(x) => Value::Tensor(x.each(f)),
        }
    }
}

impl Value<f64> {
    /// The same kind of value with these numbers, the last index fastest.
    pub fn from_row_major(shape: &[usize], values: &[f64]) -> Result<Self, ShapeError> {
        match (shape, values) {
            (&[], &[x]) => Ok(Value::Number(x)),
            (&[n], _) if n == values.len() => Ok(Value::Vector(DVector::from_column_slice(values))),
            (&[n, d], _) if n.checked_mul(d) == Some(values.len()) => {
                Ok(Value::Matrix(DMatrix::from_row_slice(n, d, values)))
            }
            (&[n, c, h, w], _) => Ok(Value::Tensor(Tensor4::from_row_major([n, c, h, w], values)?)),
            _ => Err(ShapeError::new(
                "Value::from_row_major",
                format!("{} values but the shape is {shape:?}", values.len()),
                "there must be at most four axes, and as many values as their product",
            )),
        }
    }

    /// A symbol in the place of every number, which it has as its value.
    pub(super) fn symbols(&self, session: &Session, name: &str) -> Value<Traced> {
        match self {
            Value::Number(x) => Value::Number(session.symbol(name, *x)),
            Value::Vector(x) => Value::Vector(session.vector(name, x)),
            Value::Matrix(x) => Value::Matrix(session.matrix(name, x)),
            Value::Tensor(x) => Value::Tensor(session.tensor(name, x)),
        }
    }
}

/// Values, each under its name, in the order in which they were added.
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T: Scalar>(Vec<(&'static str, Value<T>)>);

impl<T: Scalar> Default for Named<T> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<T: Scalar> Named<T> {
    /// These values.
    pub fn of<const K: usize>(values: [(&'static str, Value<T>); K]) -> Self {
        Named(values.into())
    }

    /// The same with one value more, or with another in its place.
    pub fn with(mut self, name: &'static str, value: impl Into<Value<T>>) -> Self {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
        self
    }

    /// All values with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value<T>)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// `f` of every number.
    pub fn each<U: Scalar>(&self, mut f: impl FnMut(T) -> U) -> Named<U> {
        Named(self.iter().map(|(name, value)| (name, value.each(&mut f))).collect())
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<T>> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value of this name.
    ///
    /// # Panics
    /// Like an index, if there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &Value<T> {
        self.get(name).unwrap_or_else(|| self.lacks("value", name))
    }

    /// The number of this name.
    ///
    /// # Panics
    /// Like an index, if there is none.
    #[must_use]
    pub fn number(&self, name: &str) -> T {
        match self.get(name) {
            Some(Value::Number(x)) => x.clone(),
            _ => self.lacks("number", name),
        }
    }

    fn lacks(&self, kind: &str, name: &str) -> ! {
        let shapes: Vec<String> = self.iter().map(|(name, value)| format!("{name} {:?}", value.shape())).collect();
        panic!("a {kind} {name} is asked for, but there is {}", shapes.join(", "))
    }
}

macro_rules! arrays {
    ($($kind:ident $array:ident $variant:ident;)+) => {
        impl<T: Scalar> Named<T> {
            $(
                #[doc = concat!("The ", stringify!($kind), " of this name.")]
                ///
                /// # Panics
                /// Like an index, if there is none.
                pub fn $kind(&self, name: &str) -> &$array<T> {
                    match self.get(name) {
                        Some(Value::$variant(x)) => x,
                        _ => self.lacks(stringify!($kind), name),
                    }
                }
            )+
        }

        $(impl<T: Scalar> From<$array<T>> for Value<T> {
            fn from(x: $array<T>) -> Self {
                Value::$variant(x)
            }
        })+
    };
}

arrays! {
    vector DVector Vector;
    matrix DMatrix Matrix;
    tensor Tensor4 Tensor;
}
