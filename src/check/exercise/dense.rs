//! The fully connected layer, and flatten.

use super::answer::Part;
use super::features::Feature;
use super::numbers::{draw, matrix, tensor, vector};
use super::trial::Case;
use super::{Exercise, Inputs, Judged, Verdict};
use crate::Tensor4;
use crate::check::mistakes;
use crate::check::signatures::{BackToMaps, FcBackward, FcForward, FlattenForward};
use crate::layers;
use nalgebra::{DMatrix, DVector};

/// Judges a reader's [`fc_forward`](layers::fc_forward).
pub fn fc_forward(yours: FcForward) -> Verdict {
    FC_FORWARD.judge(yours)
}

/// Judges a reader's [`fc_backward`](layers::fc_backward).
pub fn fc_backward(yours: FcBackward) -> Verdict {
    FC_BACKWARD.judge(yours)
}

/// Judges a reader's [`flatten_forward`](layers::flatten_forward).
pub fn flatten_forward(yours: FlattenForward) -> Verdict {
    FLATTEN_FORWARD.judge(yours)
}

/// Judges a reader's [`flatten_backward`](layers::flatten_backward).
pub fn flatten_backward(yours: BackToMaps) -> Verdict {
    FLATTEN_BACKWARD.judge(yours)
}

/// Every mistake in these functions, judged.
pub(super) fn judged() -> Vec<Judged> {
    [
        FC_FORWARD.judge_mistakes(),
        FC_BACKWARD.judge_mistakes(),
        FLATTEN_FORWARD.judge_mistakes(),
        FLATTEN_BACKWARD.judge_mistakes(),
    ]
    .concat()
}

const FC_FORWARD: Exercise<Forward, FcForward> = Exercise {
    function: "fc_forward",
    cases: || dense().into_iter().map(Forward).collect(),
    right: layers::fc_forward,
    call: |f, Forward(c)| Ok(vec![Part::output("y", &f(&c.z, &c.w, &c.b)?)]),
    mistakes: mistakes::FC_FORWARD,
    questions: &[
        ("y", Feature::Batch, "does every sample, a row of z, go its own way?"),
        ("y", Feature::Rectangle, "which index of W is the input, and which the output?"),
    ],
};

const FC_BACKWARD: Exercise<Backward, FcBackward> = Exercise {
    function: "fc_backward",
    cases: || dense().into_iter().map(Backward).collect(),
    right: layers::fc_backward,
    call: |f, Backward(c)| {
        let g = f(&c.next_dz, &c.w, &c.z)?;
        Ok(vec![Part::parameter("dw", &g.dw), Part::parameter("db", &g.db), Part::input("dz", &g.dz)])
    },
    mistakes: mistakes::FC_BACKWARD,
    questions: &[
        ("dw", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("db", Feature::Batch, "is it the mean over the samples, divided by N once?"),
        ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
        ("dw", Feature::Rectangle, "it has the shape of W, (l, m); which factor is transposed?"),
        ("dz", Feature::Rectangle, "is W transposed?"),
    ],
};

const FLATTEN_FORWARD: Exercise<Maps, FlattenForward> = Exercise {
    function: "flatten_forward",
    cases: maps,
    right: layers::flatten_forward,
    call: |f, c| Ok(vec![Part::output("y", &f(&c.z))]),
    mistakes: mistakes::FLATTEN_FORWARD,
    questions: &[
        ("y", Feature::Maps, "which runs faster, the pixel or the map?"),
        ("y", Feature::Batch, "does every sample stay in its row?"),
        ("y", Feature::Rectangle, "is a map read row by row?"),
    ],
};

const FLATTEN_BACKWARD: Exercise<FlatMaps, BackToMaps> = Exercise {
    function: "flatten_backward",
    cases: || maps().into_iter().map(FlatMaps).collect(),
    right: layers::flatten_backward,
    call: |f, FlatMaps(c)| Ok(vec![Part::input("dz", &f(&c.next_dz, &c.z)?)]),
    mistakes: mistakes::FLATTEN_BACKWARD,
    questions: &[
        ("dz", Feature::Maps, "which runs faster, the pixel or the map?"),
        ("dz", Feature::Batch, "does every sample stay in its row?"),
        ("dz", Feature::Rectangle, "is a map written row by row?"),
    ],
};

/// A layer with all that its forward and its backward take.
struct Dense {
    z: DMatrix<f64>,
    w: DMatrix<f64>,
    b: DVector<f64>,
    next_dz: DMatrix<f64>,
}

struct Forward(Dense);

struct Backward(Dense);

/// N, l and m, square first.
fn dense() -> Vec<Dense> {
    let sides = [(2, 2), (1, 1), (3, 2), (2, 3), (1, 3), (3, 1), (4, 4)];
    let shapes = [1, 3, 4].into_iter().flat_map(|n| sides.map(|(l, m)| (n, l, m)));
    let of = |(case, (n, l, m)): (usize, (usize, usize, usize))| {
        let mut numbers = draw(case);
        Dense {
            z: matrix(&mut numbers, n, l),
            w: matrix(&mut numbers, l, m),
            b: vector(&mut numbers, m),
            next_dz: matrix(&mut numbers, n, m),
        }
    };
    shapes.enumerate().map(of).collect()
}

impl Dense {
    fn case(&self, inputs: Vec<Part>) -> Case {
        let (samples, (l, m)) = (self.z.nrows(), self.w.shape());
        let all = [(samples > 1, Feature::Batch), (l != m, Feature::Rectangle)];
        Case {
            setting: format!("z {:?}, W {:?}", self.z.shape(), self.w.shape()),
            samples,
            inputs,
            features: all.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect(),
        }
    }
}

impl Inputs for Forward {
    fn case(&self) -> Case {
        let Dense { z, w, b, .. } = &self.0;
        self.0.case(vec![Part::output("z", z), Part::output("W", w), Part::output("b", b)])
    }
}

impl Inputs for Backward {
    fn case(&self) -> Case {
        let Dense { z, w, next_dz, .. } = &self.0;
        self.0.case(vec![Part::output("z", z), Part::output("W", w), Part::output("next_dz", next_dz)])
    }
}

struct Maps {
    z: Tensor4<f64>,
    next_dz: DMatrix<f64>,
}

struct FlatMaps(Maps);

fn maps() -> Vec<Maps> {
    let maps = [(1, 2, 2), (2, 2, 2), (1, 2, 3), (3, 2, 4), (2, 1, 3), (2, 3, 1), (4, 1, 1)];
    let shapes = [1, 3].into_iter().flat_map(|n| maps.map(|(c, h, w)| [n, c, h, w]));
    let of = |(case, shape): (usize, [usize; 4])| {
        let (mut numbers, [n, c, h, w]) = (draw(case), shape);
        Maps { z: tensor(&mut numbers, shape), next_dz: matrix(&mut numbers, n, c * h * w) }
    };
    shapes.enumerate().map(of).collect()
}

impl Maps {
    fn described(&self, inputs: Vec<Part>) -> Case {
        let [n, c, h, w] = self.z.shape();
        let all = [(n > 1, Feature::Batch), (c > 1, Feature::Maps), (h != w, Feature::Rectangle)];
        Case {
            setting: format!("z {:?}", self.z.dims()),
            samples: n,
            inputs,
            features: all.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect(),
        }
    }
}

impl Inputs for Maps {
    fn case(&self) -> Case {
        self.described(vec![Part::output("z", &self.z)])
    }
}

impl Inputs for FlatMaps {
    fn case(&self) -> Case {
        self.0.described(vec![Part::output("next_dz", &self.0.next_dz)])
    }
}
