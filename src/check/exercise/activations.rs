//! The activations.

use super::answer::{Answer, Part};
use super::features::Feature;
use super::numbers::{draw, matrix, tensor, vector};
use super::trial::Case;
use super::{Exercise, Inputs, Judged, Verdict};
use crate::Tensor4;
use crate::activations;
use crate::check::mistakes;
use crate::check::signatures::{
    ActivationBackward, ActivationForward, PreluBackward, PreluForward, SlopedBackward, SlopedForward,
};
use nalgebra::{DMatrix, DVector};

/// Judges a reader's [`relu_forward`](activations::relu_forward).
pub fn relu_forward(yours: ActivationForward) -> Verdict {
    RELU_FORWARD.judge(yours)
}

/// Judges a reader's [`relu_backward`](activations::relu_backward).
pub fn relu_backward(yours: ActivationBackward) -> Verdict {
    RELU_BACKWARD.judge(yours)
}

/// Judges a reader's [`leaky_relu_forward`](activations::leaky_relu_forward).
pub fn leaky_relu_forward(yours: SlopedForward) -> Verdict {
    LEAKY_RELU_FORWARD.judge(yours)
}

/// Judges a reader's [`leaky_relu_backward`](activations::leaky_relu_backward).
pub fn leaky_relu_backward(yours: SlopedBackward) -> Verdict {
    LEAKY_RELU_BACKWARD.judge(yours)
}

/// Judges a reader's [`prelu_forward`](activations::prelu_forward).
pub fn prelu_forward(yours: PreluForward) -> Verdict {
    PRELU_FORWARD.judge(yours)
}

/// Judges a reader's [`prelu_backward`](activations::prelu_backward).
pub fn prelu_backward(yours: PreluBackward) -> Verdict {
    PRELU_BACKWARD.judge(yours)
}

/// Judges a reader's [`elu_forward`](activations::elu_forward).
pub fn elu_forward(yours: SlopedForward) -> Verdict {
    ELU_FORWARD.judge(yours)
}

/// Judges a reader's [`elu_backward`](activations::elu_backward).
pub fn elu_backward(yours: SlopedBackward) -> Verdict {
    ELU_BACKWARD.judge(yours)
}

/// Judges a reader's [`selu_forward`](activations::selu_forward).
pub fn selu_forward(yours: ActivationForward) -> Verdict {
    SELU_FORWARD.judge(yours)
}

/// Judges a reader's [`selu_backward`](activations::selu_backward).
pub fn selu_backward(yours: ActivationBackward) -> Verdict {
    SELU_BACKWARD.judge(yours)
}

/// Judges a reader's [`sigmoid_forward`](activations::sigmoid_forward).
pub fn sigmoid_forward(yours: ActivationForward) -> Verdict {
    SIGMOID_FORWARD.judge(yours)
}

/// Judges a reader's [`sigmoid_backward`](activations::sigmoid_backward), which is given z.
pub fn sigmoid_backward(yours: ActivationBackward) -> Verdict {
    SIGMOID_BACKWARD.judge(yours)
}

/// Judges a reader's [`tanh_forward`](activations::tanh_forward).
pub fn tanh_forward(yours: ActivationForward) -> Verdict {
    TANH_FORWARD.judge(yours)
}

/// Judges a reader's [`tanh_backward`](activations::tanh_backward), which is given z.
pub fn tanh_backward(yours: ActivationBackward) -> Verdict {
    TANH_BACKWARD.judge(yours)
}

/// Judges a reader's [`softmax_forward`](activations::softmax_forward).
pub fn softmax_forward(yours: ActivationForward) -> Verdict {
    SOFTMAX_FORWARD.judge(yours)
}

/// Judges a reader's [`softmax_backward`](activations::softmax_backward), which is given the forward's output p.
pub fn softmax_backward(yours: ActivationBackward) -> Verdict {
    SOFTMAX_BACKWARD.judge(yours)
}

/// Every mistake in these functions, judged.
pub(super) fn judged() -> Vec<Judged> {
    [
        RELU_FORWARD.judge_mistakes(),
        RELU_BACKWARD.judge_mistakes(),
        LEAKY_RELU_FORWARD.judge_mistakes(),
        LEAKY_RELU_BACKWARD.judge_mistakes(),
        PRELU_FORWARD.judge_mistakes(),
        PRELU_BACKWARD.judge_mistakes(),
        ELU_FORWARD.judge_mistakes(),
        ELU_BACKWARD.judge_mistakes(),
        SELU_FORWARD.judge_mistakes(),
        SELU_BACKWARD.judge_mistakes(),
        SIGMOID_FORWARD.judge_mistakes(),
        SIGMOID_BACKWARD.judge_mistakes(),
        TANH_FORWARD.judge_mistakes(),
        TANH_BACKWARD.judge_mistakes(),
        SOFTMAX_FORWARD.judge_mistakes(),
        SOFTMAX_BACKWARD.judge_mistakes(),
    ]
    .concat()
}

const QUESTIONS: &[(&str, Feature, &str)] = &[
    ("y", Feature::Large, "which exponential overflows there?"),
    ("y", Feature::Nan, "what does a comparison with NaN answer, and what max?"),
    ("y", Feature::Batch, "along which axis does a sum run?"),
    ("dz", Feature::Kink, "which slope is taken at the kink? The left one, here as everywhere."),
    ("dz", Feature::Flat, "what is left of 1 − y there? The slope is small, and need not be a difference."),
    ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
    ("dalpha", Feature::Batch, "is it the mean over the samples, divided by N once?"),
    ("dalpha", Feature::Maps, "is there one slope for each channel?"),
];

const RELU_FORWARD: Exercise<Inwards, ActivationForward> = Exercise {
    function: "relu_forward",
    cases: || {
        let kinds = [Kind::Kinked, Kind::NotANumber];
        kinds.into_iter().flat_map(|kind| rows(kind, |z| z.clone())).map(Inwards).collect()
    },
    right: activations::relu_forward,
    call: |f, Inwards(c)| Ok(vec![Part::output("y", &f(&c.x))]),
    mistakes: mistakes::RELU_FORWARD,
    questions: QUESTIONS,
};

const RELU_BACKWARD: Exercise<Outwards, ActivationBackward> = Exercise {
    function: "relu_backward",
    cases: || rows(Kind::Kinked, |z| z.clone()).into_iter().map(Outwards).collect(),
    right: activations::relu_backward,
    call: backward,
    mistakes: mistakes::RELU_BACKWARD,
    questions: QUESTIONS,
};

const LEAKY_RELU_FORWARD: Exercise<Inwards, SlopedForward> = Exercise {
    function: "leaky_relu_forward",
    cases: || rows(Kind::Sloped, |z| z.clone()).into_iter().map(Inwards).collect(),
    right: activations::leaky_relu_forward,
    call: |f, Inwards(c)| Ok(vec![Part::output("y", &f(&c.x, c.alpha))]),
    mistakes: mistakes::LEAKY_RELU_FORWARD,
    questions: QUESTIONS,
};

const LEAKY_RELU_BACKWARD: Exercise<Outwards, SlopedBackward> = Exercise {
    function: "leaky_relu_backward",
    cases: || rows(Kind::Sloped, |z| z.clone()).into_iter().map(Outwards).collect(),
    right: activations::leaky_relu_backward,
    call: |f, Outwards(c)| Ok(vec![Part::input("dz", &f(&c.next_dz, &c.x, c.alpha)?)]),
    mistakes: mistakes::LEAKY_RELU_BACKWARD,
    questions: QUESTIONS,
};

const ELU_FORWARD: Exercise<Inwards, SlopedForward> = Exercise {
    function: "elu_forward",
    right: activations::elu_forward,
    mistakes: mistakes::ELU_FORWARD,
    ..LEAKY_RELU_FORWARD
};

const ELU_BACKWARD: Exercise<Outwards, SlopedBackward> = Exercise {
    function: "elu_backward",
    right: activations::elu_backward,
    mistakes: mistakes::ELU_BACKWARD,
    ..LEAKY_RELU_BACKWARD
};

const SELU_FORWARD: Exercise<Inwards, ActivationForward> = Exercise {
    function: "selu_forward",
    right: activations::selu_forward,
    mistakes: mistakes::SELU_FORWARD,
    ..RELU_FORWARD
};

const SELU_BACKWARD: Exercise<Outwards, ActivationBackward> = Exercise {
    function: "selu_backward",
    right: activations::selu_backward,
    mistakes: mistakes::SELU_BACKWARD,
    ..RELU_BACKWARD
};

const SIGMOID_FORWARD: Exercise<Inwards, ActivationForward> = Exercise {
    function: "sigmoid_forward",
    cases: || rows(Kind::Smooth, |z| z.clone()).into_iter().map(Inwards).collect(),
    right: activations::sigmoid_forward,
    mistakes: mistakes::SIGMOID_FORWARD,
    ..RELU_FORWARD
};

const SIGMOID_BACKWARD: Exercise<Outwards, ActivationBackward> = Exercise {
    function: "sigmoid_backward",
    cases: || rows(Kind::Flat, |z| z.clone()).into_iter().map(Outwards).collect(),
    right: activations::sigmoid_backward,
    mistakes: mistakes::SIGMOID_BACKWARD,
    ..RELU_BACKWARD
};

const TANH_FORWARD: Exercise<Inwards, ActivationForward> = Exercise {
    function: "tanh_forward",
    right: activations::tanh_forward,
    mistakes: mistakes::TANH_FORWARD,
    ..SIGMOID_FORWARD
};

const TANH_BACKWARD: Exercise<Outwards, ActivationBackward> = Exercise {
    function: "tanh_backward",
    right: activations::tanh_backward,
    mistakes: mistakes::TANH_BACKWARD,
    ..SIGMOID_BACKWARD
};

const SOFTMAX_FORWARD: Exercise<Inwards, ActivationForward> = Exercise {
    function: "softmax_forward",
    right: activations::softmax_forward,
    mistakes: mistakes::SOFTMAX_FORWARD,
    ..SIGMOID_FORWARD
};

const SOFTMAX_BACKWARD: Exercise<Outwards, ActivationBackward> = Exercise {
    function: "softmax_backward",
    cases: || rows(Kind::Output, activations::softmax_forward).into_iter().map(Outwards).collect(),
    right: activations::softmax_backward,
    mistakes: mistakes::SOFTMAX_BACKWARD,
    ..RELU_BACKWARD
};

const PRELU_FORWARD: Exercise<PreluForth, PreluForward> = Exercise {
    function: "prelu_forward",
    cases: || preluses().into_iter().map(PreluForth).collect(),
    right: activations::prelu_forward,
    call: |f, PreluForth(c)| Ok(vec![Part::output("y", &f(&c.z, &c.alpha)?)]),
    mistakes: mistakes::PRELU_FORWARD,
    questions: &[("y", Feature::Maps, "has every channel its own slope?")],
};

const PRELU_BACKWARD: Exercise<PreluBack, PreluBackward> = Exercise {
    function: "prelu_backward",
    cases: || preluses().into_iter().map(PreluBack).collect(),
    right: activations::prelu_backward,
    call: |f, PreluBack(c)| {
        let g = f(&c.next_dz, &c.z, &c.alpha)?;
        Ok(vec![Part::parameter("dalpha", &g.dalpha), Part::input("dz", &g.dz)])
    },
    mistakes: mistakes::PRELU_BACKWARD,
    questions: QUESTIONS,
};

fn backward(f: ActivationBackward, Outwards(c): &Outwards) -> Answer {
    Ok(vec![Part::input("dz", &f(&c.next_dz, &c.x)?)])
}

/// A batch of rows, with all that the forward and the backward of an activation take.
struct Rows {
    kind: Kind,
    /// z, or y where the backward is given the output.
    x: DMatrix<f64>,
    next_dz: DMatrix<f64>,
    alpha: f64,
    features: Vec<Feature>,
}

struct Inwards(Rows);

struct Outwards(Rows);

/// What becomes special at the end of a grid.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A function with a kink: z of exactly 0.
    Kinked,
    /// The same, with a NaN in every batch.
    NotANumber,
    /// The same with a slope α.
    Sloped,
    /// A function of exponentials: z as large as 1000.
    Smooth,
    /// Its backward: z so far from 0 that the slope is almost 0.
    Flat,
    /// A backward that is given the output.
    Output,
}

/// Batches of N rows of d numbers; `given` is what a backward is given instead of z.
fn rows(kind: Kind, given: fn(&DMatrix<f64>) -> DMatrix<f64>) -> Vec<Rows> {
    let shapes = [(1, 4), (1, 1), (1, 3), (3, 4), (3, 3), (2, 1), (4, 5)];
    let special: &[bool] = match kind {
        Kind::Output => &[false],
        Kind::NotANumber => &[true],
        _ => &[false, true],
    };
    let all = special.iter().flat_map(|&special| shapes.map(|shape| (shape, special)));
    let of = |(case, ((n, d), special)): (usize, ((usize, usize), bool))| {
        let mut numbers = draw(case);
        let mut z = matrix(&mut numbers, n, d);
        match kind {
            Kind::Kinked | Kind::Sloped if special => z.iter_mut().step_by(2).for_each(|z| *z = 0.0),
            Kind::Smooth if special => z.iter_mut().step_by(2).for_each(|z| *z *= 250.0),
            Kind::NotANumber => z[(n - 1, d - 1)] = f64::NAN,
            Kind::Flat if special => z.iter_mut().for_each(|z| *z += 36.0 * z.signum()),
            _ => {}
        }
        let features = [
            (n > 1, Feature::Batch),
            (special && matches!(kind, Kind::Kinked | Kind::Sloped), Feature::Kink),
            (special && kind == Kind::Smooth, Feature::Large),
            (special && kind == Kind::Flat, Feature::Flat),
            (kind == Kind::NotANumber, Feature::Nan),
        ];
        Rows {
            kind,
            x: given(&z),
            next_dz: matrix(&mut numbers, n, d),
            alpha: [0.25, 0.5, 2.0][case % 3],
            features: features.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect(),
        }
    };
    all.enumerate().map(of).collect()
}

impl Rows {
    fn name(&self) -> &'static str {
        if self.kind == Kind::Output { "y" } else { "z" }
    }

    fn case(&self, inputs: Vec<Part>) -> Case {
        let slope = if self.kind == Kind::Sloped { format!(", alpha = {}", self.alpha) } else { String::new() };
        Case {
            setting: format!("{} {:?}{slope}", self.name(), self.x.shape()),
            samples: self.x.nrows(),
            inputs,
            features: self.features.clone(),
        }
    }
}

impl Inputs for Inwards {
    fn case(&self) -> Case {
        self.0.case(vec![Part::output(self.0.name(), &self.0.x)])
    }
}

impl Inputs for Outwards {
    fn case(&self) -> Case {
        self.0.case(vec![Part::output(self.0.name(), &self.0.x), Part::output("next_dz", &self.0.next_dz)])
    }
}

struct Prelu {
    z: Tensor4<f64>,
    alpha: DVector<f64>,
    next_dz: Tensor4<f64>,
}

struct PreluForth(Prelu);

struct PreluBack(Prelu);

fn preluses() -> Vec<Prelu> {
    let shapes = [[1, 1, 2, 2], [1, 2, 2, 2], [1, 3, 1, 2], [3, 1, 2, 2], [3, 2, 2, 3], [2, 3, 1, 1]];
    let of = |(case, shape): (usize, [usize; 4])| {
        let mut numbers = draw(case);
        Prelu {
            z: tensor(&mut numbers, shape),
            alpha: vector(&mut numbers, shape[1]) / 8.0,
            next_dz: tensor(&mut numbers, shape),
        }
    };
    shapes.into_iter().enumerate().map(of).collect()
}

impl Prelu {
    fn case(&self, mut inputs: Vec<Part>) -> Case {
        let [n, c, ..] = self.z.shape();
        inputs.insert(1, Part::output("alpha", &self.alpha));
        let features = [(n > 1, Feature::Batch), (c > 1, Feature::Maps)];
        Case {
            setting: format!("z {:?}, alpha ({c})", self.z.dims()),
            samples: n,
            inputs,
            features: features.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect(),
        }
    }
}

impl Inputs for PreluForth {
    fn case(&self) -> Case {
        self.0.case(vec![Part::output("z", &self.0.z)])
    }
}

impl Inputs for PreluBack {
    fn case(&self) -> Case {
        self.0.case(vec![Part::output("z", &self.0.z), Part::output("next_dz", &self.0.next_dz)])
    }
}
