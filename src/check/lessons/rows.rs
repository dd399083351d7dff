//! Batches of rows of numbers: the cases for activations and losses.

use crate::check::draw::Draw;
use crate::check::judge::Feature;
use crate::check::lesson::{Grid, Question, Setting};
use crate::check::values::Named;
use crate::dmatrix;
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
    /// The last is NaN.
    Nan,
    /// All are so far from 0 that the curve is flat.
    Flat,
    /// Five rows of three: one near 0, and the tails up to ±700.
    Far,
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
            Special::Nan => z[(self.samples - 1, self.d - 1)] = f64::NAN,
            Special::Flat => z.iter_mut().for_each(|z| *z += 36.0 * z.signum()),
            // One row near 0 for the central differences, which cannot resolve a slope that is tiny beside the value.
            Special::Far => {
                z = dmatrix![
                    0.75, -1.5, 3.0;
                    20.0, -20.0, 17.0;
                    -40.0, 40.0, 0.5;
                    700.0, -700.0, 300.0;
                    -37.0, -300.0, 88.0
                ];
            }
        }
        Named::of([("z", z.into())])
    }

    fn features(&self) -> Vec<(bool, Feature)> {
        vec![
            (self.samples > 1, Feature::Batch),
            (self.special == Special::Kink, Feature::Kink),
            (self.special == Special::Large, Feature::Large),
            (self.special == Special::Flat, Feature::Flat),
            (self.special == Special::Nan, Feature::Nan),
        ]
    }

    fn of_reference(x: &Named<f64>, of: &dyn Fn(&str) -> Option<Vec<f64>>) -> Option<Self> {
        let (samples, d) = x.matrix("z").shape();
        let alpha = of("alpha").and_then(|alpha| alpha.first().copied());
        Some(Rows { samples, d, alpha, special: Special::Nothing })
    }
}

/// Plain numbers and the tails; for a reader, special numbers after the plain ones.
pub(super) fn grid(alpha: Option<f64>, specials: &[Special]) -> Grid<Rows> {
    let plain = |samples, d| Rows { samples, d, alpha, special: Special::Nothing };
    let told = [(1, 4), (1, 1), (1, 3), (3, 4), (3, 3), (2, 1), (4, 5)];
    let told =
        [&[Special::Nothing], specials].concat().into_iter().flat_map(|special| told.map(|shape| (shape, special)));
    let problem = |(case, ((samples, d), special)): (usize, ((usize, usize), Special))| Rows {
        samples,
        d,
        alpha: alpha.map(|_| [0.25, 0.5, 2.0][case % 3]),
        special,
    };
    let near = (1..=4).flat_map(|samples| [1, 2, 3, 5, 8, 10].map(|d| plain(samples, d)));
    Grid {
        small: plain(2, 3),
        proved: near.chain([Rows { special: Special::Far, ..plain(5, 3) }]).collect(),
        large: vec![plain(301, 211)],
        problems: told.enumerate().map(problem).collect(),
    }
}

/// What to ask of activations.
pub(super) const QUESTIONS: &[Question] = &[
    ("y", Feature::Large, "which exponential overflows there?"),
    ("y", Feature::Nan, "what does a comparison with NaN answer, and what max?"),
    ("y", Feature::Batch, "along which axis does a sum run?"),
    ("dz", Feature::Kink, "which slope is taken at the kink? The left one, here as everywhere."),
    ("dz", Feature::Flat, "what is left of 1 − y there? The slope is small, and need not be a difference."),
    ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
];
