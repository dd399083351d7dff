//! A trial: a function run on every case, and each array of its answers compared with the right one.

use super::answer::{Outcome, Part};
use super::features::Feature;
use crate::ShapeError;
use crate::check::diagnosis::{Comparison, Diagnosis, diagnose};

/// How far an entry may be off that does not equal the right one, relative to the largest of its array. A reader's function may sum in any order; every
/// mistake of the catalogue is off by far more.
const TOLERANCE: f64 = 1e-9;

/// One case, as described to the reader.
#[derive(Clone, Debug)]
pub(in crate::check) struct Problem {
    /// Shapes, strides, slopes: what a reader needs to know.
    pub setting: String,
    /// N.
    pub samples: usize,
    /// The arrays that the function takes.
    pub inputs: Vec<Part>,
    pub features: Vec<Feature>,
    /// What counts as the largest entry of an array whose entries are all smaller.
    pub least: f64,
}

/// How one array of a function's answer to one case compares.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    Right,
    /// Some entries are wrong, in this pattern.
    Wrong(Diagnosis),
    /// It has another shape.
    Shape,
    /// There was no answer.
    Absent,
}

/// A function's answers, next to the right ones.
pub(super) struct Trial {
    /// The arrays of an answer.
    pub names: Vec<&'static str>,
    /// N of every case.
    pub samples: Vec<usize>,
    /// [`Problem::least`] of every case.
    pub least: Vec<f64>,
    pub right: Vec<Vec<Part>>,
    pub got: Vec<Outcome>,
    /// For each array of an answer, its mark in each case.
    pub marks: Vec<Vec<Mark>>,
}

impl Trial {
    /// Runs the function on every case; `right` are the right answers.
    pub fn of(cases: &[Problem], right: &[Vec<Part>], ask: &dyn Fn(usize) -> Result<Vec<Part>, ShapeError>) -> Self {
        let got: Vec<Outcome> = (0..cases.len()).map(|at| Outcome::of(|| ask(at))).collect();
        let names: Vec<&'static str> =
            right.first().map_or(vec![], |parts| parts.iter().map(|part| part.name).collect());
        let mark = |part: usize, at: usize| match got[at].part(part) {
            Some(found) => compare(found, &right[at][part], &cases[at]),
            None => Mark::Absent,
        };
        let marks = (0..names.len()).map(|part| (0..cases.len()).map(|at| mark(part, at)).collect()).collect();
        let samples = cases.iter().map(|case| case.samples).collect();
        let least = cases.iter().map(|case| case.least).collect();
        Trial { names, samples, least, right: right.to_vec(), got, marks }
    }

    /// In which cases array number `part` is present and wrong.
    pub fn wrong(&self, part: usize) -> Vec<bool> {
        self.marks[part].iter().map(|mark| !matches!(mark, Mark::Right | Mark::Absent)).collect()
    }

    /// The arrays that are wrong in some case.
    pub fn wrong_parts(&self) -> Vec<usize> {
        (0..self.names.len()).filter(|&part| self.wrong(part).contains(&true)).collect()
    }

    /// In which cases there is no answer.
    pub fn absent(&self) -> Vec<bool> {
        self.got.iter().map(|outcome| !matches!(outcome, Outcome::Answered(_))).collect()
    }

    /// Whether the answer to case number `at` is right.
    pub fn is_right(&self, at: usize) -> bool {
        self.marks.iter().all(|marks| marks[at] == Mark::Right)
    }

    /// How many numbers the right answers contain.
    pub fn entries(&self) -> usize {
        self.right.iter().flatten().map(|part| part.values.len()).sum()
    }
}

/// Which entries of an array differ from the right one of the same shape.
pub(super) fn wrong_entries(got: &Part, right: &Part, least: f64) -> Vec<bool> {
    let scale = scale(right, least);
    got.values.iter().zip(&right.values).map(|(&g, &r)| !equal(g, r, scale)).collect()
}

/// Whether `a` equals `b` times a factor.
pub(super) fn same(a: &Part, b: &Part, factor: f64, least: f64) -> bool {
    let scale = scale(a, least);
    a.shape == b.shape && a.values.iter().zip(&b.values).all(|(&a, &b)| equal(a, b * factor, scale))
}

fn compare(got: &Part, right: &Part, case: &Problem) -> Mark {
    if got.shape != right.shape {
        return Mark::Shape;
    }
    let wrong = wrong_entries(got, right, case.least);
    if !wrong.contains(&true) {
        return Mark::Right;
    }
    Mark::Wrong(diagnose(&Comparison {
        shape: &right.shape,
        got: &got.values,
        expected: &right.values,
        wrong: &wrong,
        samples: case.samples,
        role: right.role,
    }))
}

/// The largest finite number of an array, but at least `least`, or 1 if both are 0.
fn scale(part: &Part, least: f64) -> f64 {
    let largest = part.values.iter().filter(|x| x.is_finite()).fold(least, |max, x| max.max(x.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

/// Whether two entries are equal, but for rounding. ∞ equals ∞, and NaN equals NaN.
fn equal(a: f64, b: f64, scale: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= TOLERANCE * scale
}
