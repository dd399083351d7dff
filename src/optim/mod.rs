//! The optimizers: from gradients to a step.
//!
//! Each file holds one rule, its derivation, and the paper that introduced it. Every rule looks at one number at a
//! time: from a parameter θ, its gradient g and its memory, to the next θ and the next memory. What all rules share,
//! the pass over the parameters and the handling of the memories, is in this file.
//!
//! | optimizer | remembers | its idea |
//! |---|---|---|
//! | [`Sgd`] | nothing, or a velocity | downhill; with momentum, like a ball with friction |
//! | [`AdaGrad`] | the sum of g² | every parameter has its own learning rate |
//! | [`RmsProp`] | the running mean of g² | AdaGrad that forgets |
//! | [`Adadelta`] | the running means of g² and of its steps² | steps in the units of θ |
//! | [`Adam`] | the running means of g and g² | momentum and RMSProp together, both unbiased |
//! | [`AdamW`] | same as Adam | weight decay apart from the gradient |
//!
//! [`surface`] has functions of two variables to compare them on, which [`landscape`](crate::show::landscape()) draws.
//!
//! Only the learning rate is a `T`, so a [`Dual`](crate::numbers::Dual) learning rate shows how a whole training run
//! depends on it. The other coefficients are `f64`: they belong to the rule, not to the network, and 1 − 0.999 has to
//! stay 0.001 even where `T` is `bf16`, whose largest number below 1 is 0.996.

/// What [`Optimizer`] requires besides the step, for a rule with a `learning_rate` and a `state` of this many memories.
macro_rules! remembers {
    ($restore:literal, $memories:expr) => {
        fn learning_rate(&self) -> T {
            self.learning_rate
        }

        fn set_learning_rate(&mut self, learning_rate: T) {
            self.learning_rate = learning_rate;
        }

        fn state(&self) -> State<T> {
            self.state.clone()
        }

        fn restore(&mut self, state: State<T>) -> Result<(), crate::Error> {
            let memories: fn(&Self) -> usize = $memories;
            self.state.restore($restore, memories(self), state)
        }
    };
}

pub mod adadelta;
pub mod adagrad;
pub mod adam;
pub mod adamw;
pub mod rmsprop;
pub mod schedule;
pub mod sgd;
pub mod surface;

pub use adadelta::Adadelta;
pub use adagrad::AdaGrad;
pub use adam::Adam;
pub use adamw::AdamW;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use crate::kernels::elementwise::update;
use crate::{Error, Float, ShapeError, lit};

/// A rule that turns gradients into better parameters.
///
/// The parameters of a network come as slices, always in the same order:
/// **a parameter is identified by its position in that order**, which is how the optimizer finds its memory.
pub trait Optimizer<T: Float>: Send {
    /// Moves every parameter one step against its gradient, in place.
    ///
    /// # Errors
    /// If the gradients do not match the parameters in number or length, or the parameters are not those of earlier
    /// steps. Then nothing has moved.
    fn step(&mut self, parameters: &mut [&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError>;

    /// The rule's name. Only a rule with the same name can resume from a checkpoint, because the same numbers mean
    /// something else to another rule. By default it is the name of the type, such as `Adam`.
    fn name(&self) -> String {
        let path = std::any::type_name::<Self>().split('<').next().unwrap_or_default();
        path.rsplit("::").next().unwrap_or_default().into()
    }

    /// The learning rate, as it was set.
    fn learning_rate(&self) -> T;

    /// Sets the learning rate of the following steps, as a [`schedule`] does.
    fn set_learning_rate(&mut self, learning_rate: T);

    /// What is stored in a checkpoint of the optimizer …
    fn state(&self) -> State<T>;

    /// … and given back, so that training continues bit for bit.
    ///
    /// # Errors
    /// If these cannot be the memories of this kind of optimizer ([`Error::State`]).
    fn restore(&mut self, state: State<T>) -> Result<(), Error>;
}

/// An optimizer chosen at run time.
impl<T: Float, O: Optimizer<T> + ?Sized> Optimizer<T> for Box<O> {
    fn step(&mut self, parameters: &mut [&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError> {
        (**self).step(parameters, gradients)
    }
    fn name(&self) -> String {
        (**self).name()
    }
    fn learning_rate(&self) -> T {
        (**self).learning_rate()
    }
    fn set_learning_rate(&mut self, learning_rate: T) {
        (**self).set_learning_rate(learning_rate);
    }
    fn state(&self) -> State<T> {
        (**self).state()
    }
    fn restore(&mut self, state: State<T>) -> Result<(), Error> {
        (**self).restore(state)
    }
}

/// What an optimizer remembers between steps.
#[derive(Clone, Debug, PartialEq)]
pub struct State<T> {
    /// How many steps it has taken.
    pub steps: u64,
    /// The memories of each parameter in turn, each as long as the parameter: for a rule that keeps an m and a v, these
    /// are m₀, v₀, m₁, v₁, …
    pub memories: Vec<Vec<T>>,
}

/// More steps than anyone takes; every whole number up to here is exact in an `f64`.
const MOST_STEPS: u64 = 1 << 53;

impl<T: Float> State<T> {
    /// The state before the first step; that step gives the memories their sizes.
    fn new() -> Self {
        State { steps: 0, memories: Vec::new() }
    }

    /// One step: `rule(θ, g, [memories])` returns the new θ and its K new memories. It is called for every number of
    /// every parameter. A memory starts at its `initial` value.
    fn step<const K: usize>(
        &mut self,
        function: &'static str,
        parameters: &mut [&mut [T]],
        gradients: &[&[T]],
        initial: [T; K],
        rule: impl Fn(T, T, [T; K]) -> (T, [T; K]) + Sync,
    ) -> Result<(), ShapeError> {
        check_gradients(function, parameters, gradients)?;
        if self.steps == 0 && self.memories.is_empty() {
            self.memories = parameters.iter().flat_map(|p| initial.map(|m| vec![m; p.len()])).collect();
        }
        self.check_parameters::<K>(function, parameters)?;
        for (i, (parameter, gradient)) in parameters.iter_mut().zip(gradients).enumerate() {
            let mut memories = self.memories[i * K..(i + 1) * K].iter_mut();
            let memories: [&mut [T]; K] = std::array::from_fn(|_| memories.next().map_or(&mut [][..], |m| &mut m[..]));
            update(parameter, gradient, memories, &rule);
        }
        self.steps = self.steps.saturating_add(1);
        Ok(())
    }

    /// `Ok` if there are K memories for each of these parameters.
    fn check_parameters<const K: usize>(
        &self,
        function: &'static str,
        parameters: &[&mut [T]],
    ) -> Result<(), ShapeError> {
        const RULE: &str = "the parameters must stay the same, in number, order and length, from step to step";
        if self.memories.len() != K * parameters.len() {
            let (found, known) = (parameters.len(), self.memories.len() / K.max(1));
            return Err(ShapeError::new(
                function,
                format!("the number of parameters is {found} but was {known} in earlier steps"),
                RULE,
            ));
        }
        for (j, memory) in self.memories.iter().enumerate() {
            let (found, known) = (parameters[j / K].len(), memory.len());
            if found != known {
                let found = format!("parameter {} has {found} elements but had {known} in earlier steps", j / K);
                return Err(ShapeError::new(function, found, RULE));
            }
        }
        Ok(())
    }

    /// Replaces `self` if it can be the state of an optimizer with `kinds` memories for each parameter.
    fn restore(&mut self, function: &'static str, kinds: usize, state: State<T>) -> Result<(), Error> {
        if state.steps > MOST_STEPS {
            let found = format!("the number of steps is {}", state.steps);
            let rule = format!("no optimizer has taken more than {MOST_STEPS}");
            return Err(Error::State { function, found, rule });
        }
        let count = state.memories.len();
        let whole = if kinds == 0 { count == 0 } else { count.is_multiple_of(kinds) };
        if !whole {
            let found = format!("the number of memories is {count}");
            return Err(Error::State {
                function,
                found,
                rule: format!("this optimizer keeps {kinds} of each parameter"),
            });
        }
        *self = state;
        Ok(())
    }
}

/// One update of a running mean that keeps the share `kept` of its old value: kept·mean + (1 − kept)·x.
///
/// If more than half is kept, it is computed as mean + (1 − kept)·(x − mean), which is right even if `kept` rounds
/// to 1. Otherwise, that form would lose an x much smaller than the mean in their difference.
fn mean<T: Float>(kept: f64) -> impl Fn(T, T) -> T + Sync {
    let (more, share, kept) = (kept > 0.5, lit::<T>(1.0 - kept), lit::<T>(kept));
    move |mean, x| if more { mean + share * (x - mean) } else { kept * mean + share * x }
}

/// 1/(1 − βᵗ), with t the number of the next step: the factor that removes the bias of a running mean that began at 0.
/// At most the largest number of the type, so that a mean of 0 stays 0.
fn unbias<T: Float>(beta: f64, state: &State<T>) -> T {
    let t = state.steps.saturating_add(1) as f64;
    lit::<T>(1.0 / (1.0 - beta.powf(t))).min(T::max_value())
}

/// ε as a `T`. Where that rounds to 0, it is the smallest normal number instead, because ε must prevent 0/0.
fn epsilon<T: Float>(epsilon: f64) -> T {
    let rounded: T = lit(epsilon);
    if epsilon > 0.0 && rounded.is_zero() { T::min_positive_value() } else { rounded }
}

/// `Ok` if every parameter has a gradient of the same length.
fn check_gradients<T>(function: &'static str, parameters: &[&mut [T]], gradients: &[&[T]]) -> Result<(), ShapeError> {
    if parameters.len() != gradients.len() {
        return Err(ShapeError::new(
            function,
            format!("the number of parameters is {} but that of gradients is {}", parameters.len(), gradients.len()),
            "every parameter must have one gradient",
        ));
    }
    for (i, (parameter, gradient)) in parameters.iter().zip(gradients).enumerate() {
        if parameter.len() != gradient.len() {
            return Err(ShapeError::new(
                function,
                format!("parameter {i} has {} elements but its gradient has {}", parameter.len(), gradient.len()),
                "a gradient must be as long as its parameter",
            ));
        }
    }
    Ok(())
}
