//! Batches of rows of numbers: what activations and losses are tried on.

use crate::ShapeError;
use crate::check::draw::Draw;
use crate::check::judge::Feature;
use crate::check::lesson::{Question, Setting};
use crate::check::values::Named;
use std::fmt;

/// N rows of d numbers, and the slope of an activation that has one.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub samples: usize,
    pub d: usize,
    pub alpha: Option<f64>,
    pub special: Special,
}

/// What is special about the numbers.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Special {
    Nothing,
    /// Every second is 0.
    Kink,
    /// Every second is as large as 1000.
    Large,
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "z {:?}", (self.samples, self.d))?;
        self.alpha.map_or(Ok(()), |alpha| write!(f, ", alpha = {alpha}"))
    }
}

impl Setting for Rows {
    fn draw(&self, draw: &mut Draw) -> Named<f64> {
        let mut z = draw.nonzero_matrix(self.samples, self.d);
        match self.special {
            Special::Nothing => {}
            Special::Kink => z.iter_mut().step_by(2).for_each(|z| *z = 0.0),
            Special::Large => z.iter_mut().step_by(2).for_each(|z| *z *= 250.0),
        }
        Named::of([("z", z.into())])
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        vec![
            (self.samples > 1, Feature::Batch),
            (self.special == Special::Kink, Feature::Kink),
            (self.special == Special::Large, Feature::Large),
        ]
    }

    fn of_reference(x: &Named<f64>, of: &dyn Fn(&str) -> Option<Vec<f64>>) -> Result<Self, ShapeError> {
        let (samples, d) = x.matrix("z")?.shape();
        let alpha = of("alpha").and_then(|alpha| alpha.first().copied());
        Ok(Rows { samples, d, alpha, special: Special::Nothing })
    }
}

/// N 1–4, d 1–10.
pub(super) fn settings(alpha: Option<f64>) -> Vec<Rows> {
    let shapes = (1..=4).flat_map(|samples| [1, 2, 3, 5, 8, 10].map(|d| (samples, d)));
    shapes.map(|(samples, d)| Rows { samples, d, alpha, special: Special::Nothing }).collect()
}

/// Few numbers.
pub(super) fn small(alpha: Option<f64>) -> Rows {
    Rows { samples: 2, d: 3, alpha, special: Special::Nothing }
}

/// Enough to be cut into parts.
pub(super) fn large(alpha: Option<f64>) -> Vec<Rows> {
    vec![Rows { samples: 301, d: 211, alpha, special: Special::Nothing }]
}

/// Plain numbers first, then special ones.
pub(super) fn problems(special: Special, is_sloped: bool) -> Vec<Rows> {
    let shapes = [(1, 4), (1, 1), (1, 3), (3, 4), (3, 3), (2, 1), (4, 5)];
    let all = [Special::Nothing, special].into_iter().flat_map(|special| shapes.map(|shape| (shape, special)));
    let of = |(case, ((samples, d), special)): (usize, ((usize, usize), Special))| {
        let alpha = is_sloped.then_some([0.25, 0.5, 2.0][case % 3]);
        Rows { samples, d, alpha, special }
    };
    all.enumerate().map(of).collect()
}

/// What to ask of activations.
pub(super) const QUESTIONS: &[Question] = &[
    ("y", Feature::Large, "which exponential overflows there?"),
    ("y", Feature::Batch, "along which axis does a sum run?"),
    ("dz", Feature::Kink, "which slope is taken at the kink? The left one, here as everywhere."),
    ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
];
