//! A small training, twice: with the right backward of a layer, and with one that has a mistake.
//!
//! The network is a fully connected layer and the layer behind it. It learns the answers of another such network, whose
//! weights it does not know: so the gradients of its parameters count, and the gradient that flows on to the first layer.
//! A loss stands behind one fully connected layer, and learns which of another one's outputs is the largest.

use super::learned::{Learned, backward};
use crate::check::Array;
use crate::check::draw::Draw;
use crate::check::lesson::{Answer, Lesson, Setting, given, inputs};
use crate::check::values::{Named, Value};
use crate::losses::{Loss, mean_squared_loss};
use crate::model::{Dense, Layer, Memory, Sequential};
use crate::optim::Sgd;
use crate::{Error, ShapeError, Tensor4, init};
use nalgebra::DMatrix;

/// How many samples there are, and how many numbers each has.
pub(super) const SAMPLES: usize = 24;
const NUMBERS: usize = 4;
/// The right training must not rise in this many steps; its learning rate is the largest power of two with which it does
/// not.
const TRIAL: usize = 40;
/// The right numbers of a wrong function differ by less than this, relative to the largest.
const ROUNDING: f64 = 1e-9;

/// The loss of a lesson, with a mistake or without.
pub(super) fn loss<L: Lesson>(mistake: Option<usize>) -> L::Forward<f64> {
    mistake.and_then(|at| L::FORWARD_MISTAKES.get(at)).map_or_else(L::forward, |mistake| mistake.wrong)
}

/// A loss of outputs and targets, and what is handed back for it.
type Objective = Box<dyn Fn(&DMatrix<f64>, &DMatrix<f64>) -> Result<Loss<f64>, ShapeError>>;
/// Makes a network at its start, with its objective, for the right function or one with a mistake.
type Start<'a> = &'a dyn Fn(Option<usize>) -> Result<(Sequential<f64>, Objective), ShapeError>;

/// One training.
pub(super) struct Run {
    model: Sequential<f64>,
    objective: Objective,
    optimizer: Sgd<f64>,
    /// The loss before each step, by the right function.
    pub losses: Vec<f64>,
    /// Why there is no further step.
    pub stopped: Option<String>,
}

impl Run {
    fn new((model, objective): (Sequential<f64>, Objective), rate: f64) -> Self {
        Run { model, objective, optimizer: Sgd::new(rate), losses: Vec::new(), stopped: None }
    }

    fn step(&mut self, (inputs, targets): (&Tensor4<f64>, &DMatrix<f64>)) {
        if self.stopped.is_some() {
            return;
        }
        if let Err(error) = self.try_step(inputs, targets) {
            self.stopped = Some(error.to_string());
        }
    }

    fn try_step(&mut self, inputs: &Tensor4<f64>, targets: &DMatrix<f64>) -> Result<(), Error> {
        let mut memory = Memory::new();
        let y = self.model.forward(inputs.clone(), &mut memory)?;
        let [_, c, h, w] = y.shape();
        let Loss { loss, dy } = (self.objective)(y.matrix(), targets)?;
        if !loss.is_finite() {
            self.stopped = Some("the loss is no longer a number".into());
            return Ok(());
        }
        self.losses.push(loss);
        self.model.backward_parameters(&Tensor4::from_matrix(dy, [c, h, w])?, &mut memory)?;
        self.model.step(&mut self.optimizer)
    }
}

/// Both trainings.
pub(super) struct Training {
    inputs: Tensor4<f64>,
    targets: DMatrix<f64>,
    /// What learns from what, in words: "… learns".
    pub network: &'static str,
    /// The learning rate of both.
    pub rate: f64,
    /// With the right function.
    pub right: Run,
    /// With the mistake; nothing without one.
    pub wrong: Option<Run>,
}

impl Training {
    fn new(
        network: &'static str,
        (inputs, targets): (Tensor4<f64>, DMatrix<f64>),
        mistake: Option<usize>,
        start: Start,
    ) -> Result<Self, Error> {
        let mut rate = 2.0;
        loop {
            let mut right = Run::new(start(None)?, rate);
            let falls = (0..TRIAL).all(|_| {
                right.step((&inputs, &targets));
                right.stopped.is_none() && right.losses.last_chunk().is_none_or(|[before, now]| now <= before)
            });
            if falls || rate < 1e-6 {
                break;
            }
            rate /= 2.0;
        }
        let wrong = mistake.map(|_| start(mistake)).transpose()?.map(|start| Run::new(start, rate));
        Ok(Training { right: Run::new(start(None)?, rate), wrong, rate, network, inputs, targets })
    }

    /// One step of both.
    pub fn step(&mut self) {
        for run in [Some(&mut self.right), self.wrong.as_mut()].into_iter().flatten() {
            run.step((&self.inputs, &self.targets));
        }
    }
}

/// The trainings of a layer.
pub(super) fn of_layer<L: Lesson>(mistake: Option<usize>) -> Result<Training, Error> {
    let call = |mistake, setting: &L::Setting, x: &Named<f64>| {
        L::call_backward(backward::<L>(mistake)?, setting, &given::<L, f64>(setting, x)?)
    };
    let setting = telling::<L>(mistake, call)?;
    let network = |seed: u64, mistake| {
        let layer = Learned::<L>::new(setting.clone(), mistake, &mut Draw::reals(seed as usize))?;
        let first = init::glorot_normal(&mut init::rng(seed), [NUMBERS, layer.takes()]);
        Ok::<_, ShapeError>(Sequential::new().with(Dense::of(first)).with(layer))
    };
    let inputs = samples();
    let targets = network(2, None)?.infer(&inputs)?.into_matrix();
    Training::new("A fully connected layer and this layer learn", (inputs, targets), mistake, &|mistake| {
        Ok((network(1, mistake)?, Box::new(mean_squared_loss)))
    })
}

/// The trainings with a loss.
pub(super) fn of_loss<L: Lesson>(mistake: Option<usize>) -> Result<Training, Error> {
    let call = |mistake, setting: &L::Setting, x: &Named<f64>| L::call_forward(loss::<L>(mistake), setting, x);
    let setting = telling::<L>(mistake, call)?;
    let outputs = setting.draw(&mut Draw::reals(1)).matrix("y_predict").ncols();
    let network =
        |seed: u64| Sequential::new().with(Dense::of(init::glorot_normal(&mut init::rng(seed), [NUMBERS, outputs])));
    let inputs = samples();
    let answers = network(2).infer(&inputs)?.into_matrix();
    let largest = |n: usize| answers.row(n).transpose().argmax().0;
    let targets = DMatrix::from_fn(SAMPLES, outputs, |n, j| f64::from(j == largest(n)));
    Training::new("A fully connected layer under this loss learns", (inputs, targets), mistake, &|mistake| {
        let setting = setting.clone();
        let objective = move |y: &DMatrix<f64>, target: &DMatrix<f64>| {
            let x = Named::of([("y_predict", y.clone().into()), ("y_true", target.clone().into())]);
            let right = L::call_forward(L::forward(), &setting, &x)?;
            let handed_back = L::call_forward(loss::<L>(mistake), &setting, &x)?;
            Ok(Loss { loss: right.number("loss"), dy: handed_back.matrix("dy").clone() })
        };
        Ok((network(1), Box::new(objective)))
    })
}

fn samples() -> Tensor4<f64> {
    Tensor4::from_vectors(init::normal(&mut init::rng(3), [SAMPLES, NUMBERS], 1.0))
}

/// The simplest setting with several samples in which the mistake gives wrong numbers of the right shapes; else one in
/// which it gives none; else the simplest.
fn telling<L: Lesson>(
    mistake: Option<usize>,
    call: impl Fn(Option<usize>, &L::Setting, &Named<f64>) -> Answer<f64>,
) -> Result<L::Setting, ShapeError> {
    let (mut refused, mut plain) = (None, None);
    for (case, setting) in L::grid().problems.into_iter().enumerate() {
        let x = inputs::<L>(&setting, &mut Draw::reals(case))?;
        if L::samples(&x) == 1 {
            continue;
        }
        let right = call(None, &setting, &x)?;
        match call(mistake, &setting, &x).ok().and_then(|answer| differ(&answer, &right)) {
            Some(true) => return Ok(setting),
            Some(false) => plain = plain.or(Some(setting)),
            None => refused = refused.or(Some(setting)),
        }
    }
    let lacking = || ShapeError::new(L::FUNCTIONS[0], "it has no case with several samples", "it must have one");
    refused.or(plain).ok_or_else(lacking)
}

/// Whether the numbers of two answers differ; nothing if the shapes do.
fn differ(a: &Named<f64>, b: &Named<f64>) -> Option<bool> {
    let mut differ = false;
    for ((_, a), (_, b)) in a.iter().zip(b.iter()) {
        if Array::shape(a) != Array::shape(b) {
            return None;
        }
        differ |= far(a, b);
    }
    Some(differ)
}

fn far(a: &Value<f64>, b: &Value<f64>) -> bool {
    let largest = b.elements().iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    a.elements().iter().zip(b.elements()).any(|(a, b)| (a - b).abs() > ROUNDING * largest)
}
