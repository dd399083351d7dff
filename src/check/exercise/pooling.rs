//! The poolings, over windows and over whole maps.

use super::answer::Part;
use super::conv::sliding;
use super::features::Feature;
use super::numbers::{Complication, combined, draw, matrix, tensor};
use super::trial::Case;
use super::{Exercise, Inputs, Judged, Verdict};
use crate::check::grids::Numbers;
use crate::check::mistakes;
use crate::check::signatures::{BackToMaps, GlobalForward, PoolingBackward, PoolingForward};
use crate::layers;
use crate::{Slide, Tensor4};
use nalgebra::DMatrix;

/// Judges a reader's [`max_pooling_forward`](layers::max_pooling_forward).
pub fn max_pooling_forward(yours: PoolingForward) -> Verdict {
    MAX_FORWARD.judge(yours)
}

/// Judges a reader's [`max_pooling_backward`](layers::max_pooling_backward).
pub fn max_pooling_backward(yours: PoolingBackward) -> Verdict {
    MAX_BACKWARD.judge(yours)
}

/// Judges a reader's [`avg_pooling_forward`](layers::avg_pooling_forward).
pub fn avg_pooling_forward(yours: PoolingForward) -> Verdict {
    AVG_FORWARD.judge(yours)
}

/// Judges a reader's [`avg_pooling_backward`](layers::avg_pooling_backward).
pub fn avg_pooling_backward(yours: PoolingBackward) -> Verdict {
    AVG_BACKWARD.judge(yours)
}

/// Judges a reader's [`global_max_pooling_forward`](layers::global_max_pooling_forward).
pub fn global_max_pooling_forward(yours: GlobalForward) -> Verdict {
    GLOBAL_MAX_FORWARD.judge(yours)
}

/// Judges a reader's [`global_max_pooling_backward`](layers::global_max_pooling_backward).
pub fn global_max_pooling_backward(yours: BackToMaps) -> Verdict {
    GLOBAL_MAX_BACKWARD.judge(yours)
}

/// Judges a reader's [`global_avg_pooling_forward`](layers::global_avg_pooling_forward).
pub fn global_avg_pooling_forward(yours: GlobalForward) -> Verdict {
    GLOBAL_AVG_FORWARD.judge(yours)
}

/// Judges a reader's [`global_avg_pooling_backward`](layers::global_avg_pooling_backward).
pub fn global_avg_pooling_backward(yours: BackToMaps) -> Verdict {
    GLOBAL_AVG_BACKWARD.judge(yours)
}

type Question = (&'static str, Feature, &'static str);

const FORWARD_QUESTIONS: &[Question] = &[
    ("y", Feature::Padding, "what does a place in the padding count as?"),
    ("y", Feature::Negative, "what is the maximum before the first number is seen?"),
    ("y", Feature::Overlap, "does window (i, j) begin at row i·s1 and column j·s2?"),
    ("y", Feature::Gaps, "does window (i, j) begin at row i·s1 and column j·s2?"),
    ("y", Feature::LeftOver, "is the number of windows rounded down?"),
    ("y", Feature::Rectangle, "which index runs over rows, and which over columns?"),
    ("y", Feature::Maps, "is every map pooled by itself?"),
    ("y", Feature::Batch, "does every sample go its own way?"),
];

const BACKWARD_QUESTIONS: &[Question] = &[
    ("dz", Feature::Ties, "which of equal maxima takes the gradient?"),
    ("dz", Feature::Overlap, "a pixel under several windows gets something from each; do they add up?"),
    ("dz", Feature::Gaps, "do pixels that no window sees get a 0?"),
    ("dz", Feature::Padding, "what does a place in the padding count as, and where does its share go?"),
    ("dz", Feature::LeftOver, "do the rows that no window reaches get a 0?"),
    ("dz", Feature::Rectangle, "which index runs over rows, and which over columns?"),
    ("dz", Feature::Maps, "is every map pooled by itself?"),
    ("dz", Feature::Batch, "an input's gradient is each sample's own; was it divided by N?"),
];

/// Every mistake in these functions, judged.
pub(super) fn judged() -> Vec<Judged> {
    [
        MAX_FORWARD.judge_mistakes(),
        MAX_BACKWARD.judge_mistakes(),
        AVG_FORWARD.judge_mistakes(),
        AVG_BACKWARD.judge_mistakes(),
        GLOBAL_MAX_FORWARD.judge_mistakes(),
        GLOBAL_MAX_BACKWARD.judge_mistakes(),
        GLOBAL_AVG_FORWARD.judge_mistakes(),
        GLOBAL_AVG_BACKWARD.judge_mistakes(),
    ]
    .concat()
}

const MAX_FORWARD: Exercise<Forward, PoolingForward> = Exercise {
    function: "max_pooling_forward",
    cases: || pools().into_iter().map(Forward).collect(),
    right: layers::max_pooling_forward,
    call: |f, Forward(c)| Ok(vec![Part::output("y", &f(&c.z, c.window, c.slide)?)]),
    mistakes: mistakes::MAX_POOLING_FORWARD,
    questions: FORWARD_QUESTIONS,
};

const MAX_BACKWARD: Exercise<Backward, PoolingBackward> = Exercise {
    function: "max_pooling_backward",
    cases: || pools().into_iter().map(Backward).collect(),
    right: layers::max_pooling_backward,
    call: |f, Backward(c)| Ok(vec![Part::input("dz", &f(&c.next_dz, &c.z, c.window, c.slide)?)]),
    mistakes: mistakes::MAX_POOLING_BACKWARD,
    questions: BACKWARD_QUESTIONS,
};

const AVG_FORWARD: Exercise<Forward, PoolingForward> = Exercise {
    function: "avg_pooling_forward",
    right: layers::avg_pooling_forward,
    mistakes: mistakes::AVG_POOLING_FORWARD,
    ..MAX_FORWARD
};

const AVG_BACKWARD: Exercise<Backward, PoolingBackward> = Exercise {
    function: "avg_pooling_backward",
    right: layers::avg_pooling_backward,
    mistakes: mistakes::AVG_POOLING_BACKWARD,
    ..MAX_BACKWARD
};

const GLOBAL_MAX_FORWARD: Exercise<WholeMaps, GlobalForward> = Exercise {
    function: "global_max_pooling_forward",
    cases: whole_maps,
    right: layers::global_max_pooling_forward,
    call: |f, c| Ok(vec![Part::output("y", &f(&c.z)?)]),
    mistakes: mistakes::GLOBAL_MAX_POOLING_FORWARD,
    questions: FORWARD_QUESTIONS,
};

const GLOBAL_MAX_BACKWARD: Exercise<WholeMapsBack, BackToMaps> = Exercise {
    function: "global_max_pooling_backward",
    cases: || whole_maps().into_iter().map(WholeMapsBack).collect(),
    right: layers::global_max_pooling_backward,
    call: |f, WholeMapsBack(c)| Ok(vec![Part::input("dz", &f(&c.next_dz, &c.z)?)]),
    mistakes: mistakes::GLOBAL_MAX_POOLING_BACKWARD,
    questions: BACKWARD_QUESTIONS,
};

const GLOBAL_AVG_FORWARD: Exercise<WholeMaps, GlobalForward> = Exercise {
    function: "global_avg_pooling_forward",
    right: layers::global_avg_pooling_forward,
    mistakes: mistakes::GLOBAL_AVG_POOLING_FORWARD,
    ..GLOBAL_MAX_FORWARD
};

const GLOBAL_AVG_BACKWARD: Exercise<WholeMapsBack, BackToMaps> = Exercise {
    function: "global_avg_pooling_backward",
    right: layers::global_avg_pooling_backward,
    mistakes: mistakes::GLOBAL_AVG_POOLING_BACKWARD,
    ..GLOBAL_MAX_BACKWARD
};

/// Which numbers a map holds.
#[derive(Clone, Copy, PartialEq)]
enum Values {
    /// No two of them are equal.
    Distinct,
    /// The same, all below 0.
    Negative,
    /// From three values alone.
    Tied,
}

/// The shapes of a pooling.
#[derive(Clone, PartialEq)]
struct Shape {
    samples: usize,
    channels: usize,
    window: (usize, usize),
    /// The strides, less the window: 0 where windows tile, negative where they overlap.
    gap: isize,
    /// Windows down and across.
    out: (usize, usize),
    padding: (usize, usize),
    left_over: usize,
    values: Values,
}

const PLAIN: Shape = Shape {
    samples: 1,
    channels: 1,
    window: (2, 2),
    gap: 0,
    out: (2, 2),
    padding: (0, 0),
    left_over: 0,
    values: Values::Distinct,
};

const BATCH: Complication<Shape> = |s| s.samples = 3;
const MAPS: Complication<Shape> = |s| s.channels = 2;
const RECTANGLE: Complication<Shape> = |s| (s.window, s.out) = ((2, 3), (2, 3));
const OVERLAP: Complication<Shape> = |s| (s.gap, s.out) = (-1, (s.out.0 + 1, s.out.1 + 1));
const GAPS: Complication<Shape> = |s| s.gap = 1;
const PADDING: Complication<Shape> = |s| s.padding = (1, 1);
const UNEVEN_PADDING: Complication<Shape> = |s| s.padding = (0, 1);
const LEFT_OVER: Complication<Shape> = |s| s.left_over = 1;
const NEGATIVE: Complication<Shape> = |s| s.values = Values::Negative;
const TIES: Complication<Shape> = |s| s.values = Values::Tied;
/// Windows of 3×3 that overlap by one row and column.
const LARGE: Complication<Shape> = |s| (s.window, s.gap) = ((3, 3), -1);

/// One pooling with all that its forward and its backward take.
struct Pool {
    z: Tensor4<f64>,
    window: (usize, usize),
    next_dz: Tensor4<f64>,
    slide: Slide,
    features: Vec<Feature>,
}

struct Forward(Pool);

struct Backward(Pool);

fn pools() -> Vec<Pool> {
    let all = [BATCH, MAPS, RECTANGLE, OVERLAP, GAPS, PADDING, UNEVEN_PADDING, LEFT_OVER, NEGATIVE, TIES, LARGE];
    let at_once = [BATCH, MAPS, RECTANGLE, OVERLAP, PADDING, TIES];
    // Pixels are left over only where the stride is above 1.
    let fits = |shape: &Shape| shape.left_over < shape.strides().0;
    let shapes = combined(PLAIN, &all, &at_once).into_iter().filter(fits);
    shapes.enumerate().map(|(case, shape)| shape.pool(&mut draw(case))).collect()
}

impl Shape {
    fn strides(&self) -> (usize, usize) {
        (self.window.0.saturating_add_signed(self.gap), self.window.1.saturating_add_signed(self.gap))
    }

    fn pool(&self, numbers: &mut Numbers) -> Pool {
        let ((k1, k2), (s1, s2), (p1, p2)) = (self.window, self.strides(), self.padding);
        // One window more for a padding, so that there is an image between its rows.
        let out = (self.out.0 + p1, self.out.1 + p2);
        let side = |k: usize, s: usize, windows: usize, p: usize| k + s * (windows - 1) + self.left_over - 2 * p;
        let image = [self.samples, self.channels, side(k1, s1, out.0, p1), side(k2, s2, out.1, p2)];
        let slide = Slide::by(s1, s2).padding(p1, p2);
        Pool {
            z: values(numbers, self.values, image),
            window: self.window,
            next_dz: tensor(numbers, [self.samples, self.channels, out.0, out.1]),
            slide: if self.left_over > 0 { slide.round_down() } else { slide },
            features: self.features(image),
        }
    }

    fn features(&self, [_, _, h, w]: [usize; 4]) -> Vec<Feature> {
        let all = [
            (self.samples > 1, Feature::Batch),
            (self.channels > 1, Feature::Maps),
            (h != w || self.window.0 != self.window.1, Feature::Rectangle),
            (self.strides().0 != self.strides().1, Feature::UnevenStrides),
            (self.gap < 0, Feature::Overlap),
            (self.gap > 0, Feature::Gaps),
            (self.padding != (0, 0), Feature::Padding),
            (self.padding.0 != self.padding.1, Feature::UnevenPadding),
            (self.left_over > 0, Feature::LeftOver),
            (self.values == Values::Negative, Feature::Negative),
            (self.values == Values::Tied, Feature::Ties),
        ];
        all.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect()
    }
}

fn values(numbers: &mut Numbers, values: Values, shape: [usize; 4]) -> Tensor4<f64> {
    match values {
        Values::Distinct => numbers.distinct(shape),
        Values::Negative => {
            let z = numbers.distinct(shape);
            let above = z.matrix().max() + 1.0;
            z.map(|x| x - above)
        }
        Values::Tied => tensor(numbers, shape).map(|x| (x / 2.0).round()),
    }
}

impl Pool {
    fn case(&self, inputs: Vec<Part>) -> Case {
        let setting = format!("z {:?}, window {:?}{}", self.z.dims(), self.window, sliding(self.slide));
        Case { setting, samples: self.z.shape()[0], inputs, features: self.features.clone() }
    }
}

impl Inputs for Forward {
    fn case(&self) -> Case {
        self.0.case(vec![Part::output("z", &self.0.z)])
    }
}

impl Inputs for Backward {
    fn case(&self) -> Case {
        self.0.case(vec![Part::output("z", &self.0.z), Part::output("next_dz", &self.0.next_dz)])
    }
}

struct WholeMaps {
    z: Tensor4<f64>,
    next_dz: DMatrix<f64>,
    values: Values,
}

struct WholeMapsBack(WholeMaps);

fn whole_maps() -> Vec<WholeMaps> {
    let maps = [(1, 2, 2), (3, 2, 2), (1, 2, 3), (2, 3, 1), (2, 1, 1)];
    let shapes = [1, 3].into_iter().flat_map(|n| maps.map(|(c, h, w)| [n, c, h, w]));
    let kinds = [Values::Distinct, Values::Negative, Values::Tied];
    let all = kinds.into_iter().flat_map(|kind| shapes.clone().map(move |shape| (kind, shape)));
    let of = |(case, (kind, shape)): (usize, (Values, [usize; 4]))| {
        let mut numbers = draw(case);
        WholeMaps {
            z: values(&mut numbers, kind, shape),
            next_dz: matrix(&mut numbers, shape[0], shape[1]),
            values: kind,
        }
    };
    all.enumerate().map(of).collect()
}

impl WholeMaps {
    fn described(&self, inputs: Vec<Part>) -> Case {
        let [n, c, h, w] = self.z.shape();
        let all = [
            (n > 1, Feature::Batch),
            (c > 1, Feature::Maps),
            (h != w, Feature::Rectangle),
            (self.values == Values::Negative, Feature::Negative),
            (self.values == Values::Tied, Feature::Ties),
        ];
        Case {
            setting: format!("z {:?}", self.z.dims()),
            samples: n,
            inputs,
            features: all.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect(),
        }
    }
}

impl Inputs for WholeMaps {
    fn case(&self) -> Case {
        self.described(vec![Part::output("z", &self.z)])
    }
}

impl Inputs for WholeMapsBack {
    fn case(&self) -> Case {
        self.0.described(vec![Part::output("z", &self.0.z), Part::output("next_dz", &self.0.next_dz)])
    }
}
