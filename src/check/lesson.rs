//! What a proof, an exercise or a test must know about a layer, stated once.
//!
//! A [`Lesson`] is about a forward and its backward, a loss, or a function that has no backward. It says on which
//! shapes the functions are tested, how numbers are drawn for a shape, how the functions are called, what defines them,
//! and what people get wrong. Everything else follows, for any lesson: the rows of the
//! [certificate](super::certificate), the [proof by formulas](super::symbolic), the [exercises](super::exercise), the
//! [cards](crate::cards), and the tests on every scalar, on any number of threads and against PyTorch.
//!
//! Functions keep their own signatures. A lesson is called with [`Named`] values and passes them on: how a function is
//! called is written in one place, for the crate's own function on any scalar, a reader's, and a known mistake.

use super::array::Array;
use super::diagnosis::Role;
use super::draw::Draw;
use super::judge::{Feature, Mistake};
use super::values::{Named, Value};
use crate::{Float, ShapeError};
use std::fmt::Display;

/// What a function returns, by name, or its error.
pub type Answer<T> = Result<Named<T>, ShapeError>;

/// A gradient: its value, its name, and whether it is divided by N.
pub type Gradient = (&'static str, &'static str, Role);

/// The gradient of z, each sample's own.
pub const DZ: Gradient = ("z", "dz", Role::Input);

/// The name of a card, and the text of the file that it is read from.
pub type CardText = Option<(&'static str, &'static str)>;

/// What to ask when an array is wrong in cases with a feature, and right in those without it.
pub type Question = (&'static str, Feature, &'static str);

/// What is fixed in a case: shapes, strides, a slope. Its text lists them.
pub trait Setting: Clone + Display + Send + Sync + 'static {
    /// The values that the functions take.
    fn draw(&self, draw: &mut Draw) -> Named<f64>;

    /// The features that make it less plain, each with whether it has it.
    fn features(&self) -> Vec<(bool, Feature)> {
        vec![]
    }

    /// Whether the forward has a derivative there. If not, the definition gives the gradient.
    fn is_smooth(&self) -> bool {
        true
    }

    /// The setting of a case of `tests/reference/pytorch.json`, from its values and other entries; `None` if those do
    /// not name one.
    #[must_use]
    fn of_reference(_: &Named<f64>, _: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        None
    }
}

/// The settings that a lesson's functions are tested on.
pub struct Grid<S> {
    /// One with every complication: for proofs by formulas, and for every scalar.
    pub small: S,
    /// For every proof on dual numbers.
    pub proved: Vec<S>,
    /// Large enough to be cut into parts.
    pub large: Vec<S>,
    /// For a reader's function, the plainest first.
    pub problems: Vec<S>,
}

/// A forward and its backward, or a loss, or a function without a backward.
pub trait Lesson: Send + Sync + 'static {
    /// What is fixed in a case.
    type Setting: Setting;
    /// The forward's signature.
    type Forward<T: Float>: Copy + 'static;
    /// The backward's; `()` where there is none.
    type Backward<T: Float>: Copy + 'static;

    /// The names of the forward and the backward, or of the only function.
    const FUNCTIONS: &'static [&'static str];
    /// The gradients, in the order in which they are reported.
    const GRADIENTS: &'static [Gradient] = &[DZ];
    /// Whether it computes only with sums and products, which are exact on small integers.
    const IS_POLYNOMIAL: bool = false;
    /// Whether the forward returns a loss and, beside it, each sample's own gradient.
    const IS_LOSS: bool = false;
    /// What counts, in an exercise, as the largest entry of an array whose entries are all smaller. A confident softmax
    /// leaves differences p − y* of 10⁻¹⁰⁰, of which the formula on paper keeps no digit.
    const LEAST: f64 = 0.0;
    /// Whether the backward is given the forward's output y.
    const TAKES_OUTPUT: bool = false;
    /// Whether the definition also covers an infinity or NaN among the values.
    const DEFINES_INFINITIES: bool = false;
    /// The definition.
    const DEFINED_BY: &'static str = "equation";
    /// The name of its card, and the text of the file that the card is read from.
    const CARD: CardText = None;
    /// The name of the operation in `tests/reference/pytorch.json`, if there are cases of it.
    const TORCH: &'static str = "";
    /// Questions for a reader who gets an exercise wrong.
    const QUESTIONS: &'static [Question] = &[];
    /// What people get wrong in the forward.
    const FORWARD_MISTAKES: &'static [Mistake<Self::Forward<f64>>] = &[];
    /// What people get wrong in the backward.
    const BACKWARD_MISTAKES: &'static [Mistake<Self::Backward<f64>>] = &[];

    /// The crate's forward.
    fn forward<T: Float>() -> Self::Forward<T>;

    /// The crate's backward.
    #[must_use]
    fn backward<T: Float>() -> Option<Self::Backward<T>> {
        None
    }

    /// Calls a forward. It returns one value, or a loss and its gradient.
    ///
    /// # Errors
    /// Those of the forward.
    fn call_forward<T: Float>(f: Self::Forward<T>, setting: &Self::Setting, x: &Named<T>) -> Answer<T>;

    /// Calls a backward. Among the values is next_dz.
    ///
    /// # Errors
    /// Those of the backward.
    fn call_backward<T: Float>(_f: Self::Backward<T>, _setting: &Self::Setting, _x: &Named<T>) -> Answer<T> {
        Ok(Named::default())
    }

    /// What the forward returns by its equation and, if the equation gives them, the gradients; next_dz is then among
    /// the values. It shares no line with the functions.
    ///
    /// # Errors
    /// If the shapes do not fit.
    fn definition<T: Float>(setting: &Self::Setting, x: &Named<T>) -> Answer<T>;

    /// The settings that it is tested on.
    fn grid() -> Grid<Self::Setting>;

    /// Whether small integers make everything exact there.
    fn is_exact(_setting: &Self::Setting) -> bool {
        Self::IS_POLYNOMIAL
    }

    /// N of these values: the first axis of the first of them.
    #[must_use]
    fn samples<T: Float>(x: &Named<T>) -> usize {
        x.iter().next().and_then(|(_, value)| value.shape().first().copied()).unwrap_or(1)
    }
}

/// Something to do with every lesson.
pub trait Visitor {
    /// Does it with one.
    fn visit<L: Lesson>(&mut self);
}

/// What the crate's forward returns.
///
/// # Errors
/// Those of the forward.
pub fn forward<L: Lesson, T: Float>(setting: &L::Setting, x: &Named<T>) -> Answer<T> {
    L::call_forward(L::forward::<T>(), setting, x)
}

/// The first value that the crate's forward returns: its output, or the loss.
///
/// # Errors
/// Those of the forward.
///
/// # Panics
/// If it returns nothing.
pub fn output<L: Lesson, T: Float>(setting: &L::Setting, x: &Named<T>) -> Result<Value<T>, ShapeError> {
    let answer = forward::<L, T>(setting, x)?;
    let first = answer.iter().next().map(|(_, value)| value.clone());
    Ok(first.unwrap_or_else(|| panic!("{} returned nothing", L::FUNCTIONS[0])))
}

/// What the crate's forward and backward return: the output and every gradient.
///
/// # Errors
/// Those of the two.
pub fn answers<L: Lesson, T: Float>(setting: &L::Setting, x: &Named<T>) -> Answer<T> {
    let mut all = forward::<L, T>(setting, x)?;
    if let Some(backward) = L::backward::<T>() {
        let x = given::<L, T>(setting, x)?;
        for (name, value) in L::call_backward(backward, setting, &x)?.iter() {
            all = all.with(name, value.clone());
        }
    }
    Ok(all)
}

/// The values, with y if the backward takes it.
pub(crate) fn given<L: Lesson, T: Float>(setting: &L::Setting, x: &Named<T>) -> Answer<T> {
    Ok(if L::TAKES_OUTPUT { x.clone().with("y", output::<L, T>(setting, x)?) } else { x.clone() })
}

/// Values for a setting, with a next_dz if there is a backward.
///
/// # Errors
/// Those of the forward.
pub fn inputs<L: Lesson>(setting: &L::Setting, draw: &mut Draw) -> Answer<f64> {
    let x = setting.draw(draw);
    if L::backward::<f64>().is_none() {
        return Ok(x);
    }
    let next_dz = draw.like(&output::<L, f64>(setting, &x)?);
    Ok(x.with("next_dz", next_dz))
}

/// The function that a value comes from: a gradient from the backward, everything else from the forward.
pub(super) fn function_of<L: Lesson>(name: &str) -> &'static str {
    let is_gradient = L::GRADIENTS.iter().any(|(_, gradient, _)| *gradient == name);
    L::FUNCTIONS[if is_gradient { L::FUNCTIONS.len() - 1 } else { 0 }]
}

/// What a returned value is.
pub(super) fn role_of<L: Lesson>(name: &str) -> Role {
    L::GRADIENTS.iter().find(|(_, gradient, _)| *gradient == name).map_or(Role::Output, |(_, _, role)| *role)
}
