//! The proof of one backward: its gradients, and what the four checks found about each.

use super::array::{Array, lift};
use super::diagnosis::{Comparison, Diagnosis, Role, diagnose, shape_sentence, told_apart};
use crate::ShapeError;
use crate::numbers::Dual;
use crate::text::wrapped;
use std::fmt;

/// The largest error, relative to an entry's own terms, that rounding may cause.
///
/// A sum of t terms in f64 is off by at most about t·1.1e-16 of their size; the largest proofs here add some
/// thousand terms.
pub const TOLERANCE: f64 = 1e-12;

/// The same for central differences. Their step h ≈ 6e-6 has a truncation error of about h² ≈ 4e-11 and a rounding
/// error of 1e-16/h ≈ 2e-11, times the size of the output and its derivatives: 1e-6 leaves room for a few thousand.
pub const TOLERANCE_OF_DIFFERENCES: f64 = 1e-6;

/// The step of the central differences: the cube root of f64's epsilon, which makes both errors about equal.
const STEP: f64 = 6.055454452393343e-6;

/// A backward, its upstream gradient, and the checks of its gradients so far.
///
/// The [module](super) shows one at work.
#[must_use]
#[derive(Clone, Debug)]
pub struct Proof {
    name: String,
    next_dz: Vec<f64>,
    shape: Vec<usize>,
    samples: usize,
    exact: bool,
    checks: Vec<Check>,
}

/// The results of the checks of one gradient.
#[derive(Clone, Debug)]
pub struct Check {
    /// The gradient's name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// How many of its entries were compared.
    pub entries: usize,
    /// How many of them equal the dual numbers' in every bit.
    pub exact: usize,
    /// The largest relative error of an entry, by dual numbers.
    pub dual: f64,
    /// The largest relative error of an entry, by central differences.
    pub differences: f64,
    /// The relative gap between ⟨δ, J·u⟩ and ⟨Jᵀδ, u⟩.
    pub adjoint: f64,
    /// The gradient by dual numbers: every entry, in the gradient's memory order.
    pub expected: Vec<f64>,
    /// The size of each entry's own terms, Σⱼ |δⱼ·Jⱼᵢ|.
    pub terms: Vec<f64>,
    /// What is wrong, if anything.
    pub failure: Option<Failure>,
}

impl Check {
    /// What is wrong, if anything, as a sentence about the gradient.
    pub(super) fn sentence(&self) -> Option<String> {
        let failure = self.failure.as_ref()?;
        Some(match failure {
            Failure::Entry { index, .. } => format!("{}{index:?} {failure}", self.name),
            Failure::Shape(_) => format!("{} {failure}", self.name),
            _ => format!("{}: {failure}", self.name),
        })
    }
}

/// Why a gradient is rejected.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// It does not have the shape of its parameter or input.
    Shape(Diagnosis),
    /// An entry differs from the dual numbers'.
    Entry {
        /// The first wrong index, row by row.
        index: Vec<usize>,
        /// The backward's value there.
        got: f64,
        /// The dual numbers' value there.
        expected: f64,
        /// How many entries are wrong.
        wrong: usize,
        /// How they are wrong.
        diagnosis: Diagnosis,
    },
    /// All entries agree with the dual numbers, but not with central differences.
    Differences,
    /// All entries agree, but the two sides of the adjoint identity do not.
    Adjoint,
}

impl Proof {
    /// The proof of the backward called `name`, which was given `next_dz`; its first axis is the batch.
    pub fn new<D: Array<Element = f64>>(name: &str, next_dz: &D) -> Self {
        let shape = next_dz.shape();
        let samples = shape.first().copied().unwrap_or(1);
        Proof { name: name.into(), next_dz: next_dz.elements().to_vec(), shape, samples, exact: false, checks: vec![] }
    }

    /// The proof of a loss of `samples` samples, whose forward returns one number: L as a vector of one element.
    ///
    /// A loss is where the upstream gradient starts. Its dy is each sample's own ∂Lₙ/∂y, that is N·∂L/∂y, so δ is N.
    ///
    /// ```
    /// use handgrad::check::{Proof, lift};
    /// use handgrad::prelude::*;
    /// let (y, target) = (dmatrix![1.0, 2.0; 0.0, 3.0], dmatrix![1.0, 0.0; 0.0, 1.0]);
    /// let dy = cross_entropy_loss(&y, &target)?.dy;
    /// let report = Proof::of_loss("cross_entropy_loss", 2)
    ///     .input("dy", &y, &dy, |y| Ok(dvector![cross_entropy_loss(y, &lift(&target))?.loss]))?;
    /// assert!(report.passed(), "{report}");
    /// # Ok::<(), ShapeError>(())
    /// ```
    pub fn of_loss(name: &str, samples: usize) -> Self {
        let next_dz = vec![samples as f64];
        Proof { name: name.into(), next_dz, shape: vec![1], samples, exact: false, checks: vec![] }
    }

    /// From here on, require every entry to equal the dual numbers' in every bit: for polynomial layers on small
    /// integers, with N and other divisors powers of two.
    pub fn exact(self) -> Self {
        Proof { exact: true, ..self }
    }

    /// [`exact`](Self::exact), if `condition` holds.
    pub(super) fn exact_if(self, condition: bool) -> Self {
        Proof { exact: condition, ..self }
    }

    /// Adds the checks of a parameter's gradient, the batch mean (1/N) Σ δ·J.
    ///
    /// `at` is the parameter, `gradient` is what the backward returned, and `forward` is the forward as a function of
    /// this parameter alone; everything else it needs is [lifted](lift()).
    ///
    /// # Errors
    /// Those of `forward`, and an error if its output does not have the shape of next_dz.
    pub fn parameter<A: Array<Element = f64>, Y: Array<Element = Dual<f64>>>(
        self,
        name: &str,
        at: &A,
        gradient: &A,
        forward: impl Fn(&A::Of<Dual<f64>>) -> Result<Y, ShapeError>,
    ) -> Result<Self, ShapeError> {
        self.gradient(name, Role::Parameter, at, gradient, forward)
    }

    /// Adds the checks of an input's gradient, each sample's own Σ δ·J.
    ///
    /// # Errors
    /// Those of [`parameter`](Self::parameter).
    pub fn input<A: Array<Element = f64>, Y: Array<Element = Dual<f64>>>(
        self,
        name: &str,
        at: &A,
        gradient: &A,
        forward: impl Fn(&A::Of<Dual<f64>>) -> Result<Y, ShapeError>,
    ) -> Result<Self, ShapeError> {
        self.gradient(name, Role::Input, at, gradient, forward)
    }

    /// The name of the backward.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The results for each gradient, in the order in which they were added.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Whether `==` is required.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// Whether something was compared, and all of it is right.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.nothing().is_none() && self.checks.iter().all(|check| check.failure.is_none())
    }

    /// Why nothing was compared, if nothing was. If δ is 0, every gradient is 0 for any forward.
    fn nothing(&self) -> Option<&'static str> {
        if self.checks.is_empty() {
            Some("Nothing was compared yet.")
        } else if self.next_dz.is_empty() {
            Some("Nothing was compared: next_dz has no entries.")
        } else if self.next_dz.iter().all(|&delta| delta == 0.0) {
            Some("Nothing was compared: next_dz is 0 everywhere, and so is every gradient.")
        } else if self.checks.iter().all(|check| check.entries == 0) {
            Some("Nothing was compared: the gradients have no entries.")
        } else {
            None
        }
    }

    /// What a notebook shows: the proof's text.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/plain\n{self}\nEVCXR_END_CONTENT");
    }

    /// Adds the checks of a gradient.
    pub(super) fn gradient<A: Array<Element = f64>, Y: Array<Element = Dual<f64>>>(
        mut self,
        name: &str,
        role: Role,
        at: &A,
        gradient: &A,
        forward: impl Fn(&A::Of<Dual<f64>>) -> Result<Y, ShapeError>,
    ) -> Result<Self, ShapeError> {
        let check = if gradient.shape() == at.shape() {
            let truth = self.differentiate(role, at, forward)?;
            self.compare(name, role, gradient, truth)
        } else {
            let (got, wanted) = (gradient.shape(), at.shape());
            Check {
                name: name.into(),
                shape: got.clone(),
                entries: at.elements().len(),
                exact: 0,
                dual: f64::INFINITY,
                differences: f64::INFINITY,
                adjoint: f64::INFINITY,
                expected: vec![],
                terms: vec![],
                failure: Some(Failure::Shape(Diagnosis::Shape { got, wanted })),
            }
        };
        self.checks.push(check);
        Ok(self)
    }

    /// What each entry should be, by dual numbers and by differences, and J along a direction.
    fn differentiate<A: Array<Element = f64>, Y: Array<Element = Dual<f64>>>(
        &self,
        role: Role,
        at: &A,
        forward: impl Fn(&A::Of<Dual<f64>>) -> Result<Y, ShapeError>,
    ) -> Result<Truth, ShapeError> {
        let divisor = match role {
            Role::Parameter => self.samples as f64,
            Role::Input | Role::Output => 1.0,
        };
        let mut x = lift(at);
        let run = |x: &A::Of<Dual<f64>>| -> Result<Y, ShapeError> {
            let y = forward(x)?;
            if y.shape() == self.shape {
                return Ok(y);
            }
            let found = format!("the forward's output is {:?} but next_dz is {:?}", y.shape(), self.shape);
            Err(ShapeError::new("Proof", found, "the two must have the same shape"))
        };
        let terms = |y: &Y| -> Vec<f64> { y.elements().iter().zip(&self.next_dz).map(|(y, d)| d * y.eps).collect() };

        let mut truth = Truth { divisor, ..Truth::default() };
        for k in 0..at.elements().len() {
            let x_k = at.elements()[k];
            x.elements_mut()[k] = Dual::variable(x_k);
            let terms = terms(&run(&x)?);
            truth.dual.push(terms.iter().sum::<f64>() / divisor);
            truth.size.push(terms.iter().map(|t| t.abs()).sum::<f64>() / divisor);

            let h = STEP * x_k.abs().max(1.0);
            let (above, below) = (x_k + h, x_k - h);
            x.elements_mut()[k] = Dual::constant(above);
            let y_above = run(&x)?;
            x.elements_mut()[k] = Dual::constant(below);
            let y_below = run(&x)?;
            x.elements_mut()[k] = Dual::constant(x_k);
            let pairs = y_above.elements().iter().zip(y_below.elements()).zip(&self.next_dz);
            let change: f64 = pairs.map(|((a, b), d)| d * (a.re - b.re)).sum();
            truth.differences.push(change / (above - below) / divisor);
        }

        truth.direction = direction(at.elements().len());
        for (x, &u) in x.elements_mut().iter_mut().zip(&truth.direction) {
            x.eps = u;
        }
        truth.along = terms(&run(&x)?);
        Ok(truth)
    }

    fn compare<A: Array<Element = f64>>(&self, name: &str, role: Role, gradient: &A, truth: Truth) -> Check {
        let got = gradient.elements();
        let errors: Vec<f64> = (0..got.len()).map(|k| relative(got[k] - truth.dual[k], truth.size[k])).collect();
        let largest = truth.size.iter().copied().fold(0.0, f64::max);
        let differences = (0..got.len()).map(|k| relative(got[k] - truth.differences[k], largest));
        let equal: Vec<bool> = got.iter().zip(&truth.dual).map(|(g, e)| g == e).collect();

        let products: Vec<f64> = got.iter().zip(&truth.direction).map(|(g, u)| g * u * truth.divisor).collect();
        let gap = truth.along.iter().sum::<f64>() - products.iter().sum::<f64>();
        let size = |terms: &[f64]| terms.iter().map(|t| t.abs()).sum::<f64>();

        let mut check = Check {
            name: name.into(),
            shape: gradient.shape(),
            entries: got.len(),
            exact: equal.iter().filter(|&&equal| equal).count(),
            dual: largest_of(errors.iter().copied()),
            differences: largest_of(differences),
            adjoint: relative(gap, size(&truth.along).max(size(&products))),
            expected: vec![],
            terms: vec![],
            failure: None,
        };
        let wrong: Vec<bool> =
            errors.iter().zip(&equal).map(|(&e, &equal)| above(e, TOLERANCE) || (self.exact && !equal)).collect();
        check.failure = if wrong.contains(&true) {
            Some(self.first_wrong(role, gradient, &truth.dual, &wrong))
        } else if above(check.differences, TOLERANCE_OF_DIFFERENCES) {
            Some(Failure::Differences)
        } else if above(check.adjoint, TOLERANCE) {
            Some(Failure::Adjoint)
        } else {
            None
        };
        (check.expected, check.terms) = (truth.dual, truth.size);
        check
    }

    /// The failure of a gradient with wrong entries, in the order with the last index running fastest.
    fn first_wrong<A: Array<Element = f64>>(
        &self,
        role: Role,
        gradient: &A,
        expected: &[f64],
        wrong: &[bool],
    ) -> Failure {
        let order = gradient.row_by_row();
        let got: Vec<f64> = order.iter().map(|&at| gradient.elements()[at]).collect();
        let expected: Vec<f64> = order.iter().map(|&at| expected[at]).collect();
        let wrong: Vec<bool> = order.iter().map(|&at| wrong[at]).collect();
        let first = wrong.iter().position(|&wrong| wrong).unwrap_or(0);
        let comparison = Comparison {
            shape: &gradient.shape(),
            got: &got,
            expected: &expected,
            wrong: &wrong,
            samples: self.samples,
            role,
        };
        Failure::Entry {
            index: gradient.index_of(order[first]),
            got: got[first],
            expected: expected[first],
            wrong: wrong.iter().filter(|&&wrong| wrong).count(),
            diagnosis: diagnose(&comparison),
        }
    }
}

/// What the gradient should be.
#[derive(Default)]
struct Truth {
    /// N for a parameter, 1 for an input.
    divisor: f64,
    /// Σ δ·J, entry by entry.
    dual: Vec<f64>,
    /// Σ |δ·J|, entry by entry.
    size: Vec<f64>,
    /// Σ δ·(y(x + h) − y(x − h))/2h, entry by entry.
    differences: Vec<f64>,
    /// u.
    direction: Vec<f64>,
    /// The terms of ⟨δ, J·u⟩.
    along: Vec<f64>,
}

/// A direction of small integers, none of them 0, that repeats along no axis: the first digit after the point of
/// multiples of the golden ratio.
fn direction(entries: usize) -> Vec<f64> {
    let steps = [1.0, -3.0, 2.0, 4.0, -1.0, 3.0, -2.0, -4.0];
    (1..=entries).map(|k| steps[((k as f64 * 0.618_033_988_749_894_9).fract() * 8.0) as usize]).collect()
}

/// |error| / size; if the size is 0, the error must be 0.
pub(super) fn relative(error: f64, size: f64) -> f64 {
    if error == 0.0 { 0.0 } else { error.abs() / size }
}

/// The largest, or NaN if there is one.
pub(super) fn largest_of(errors: impl Iterator<Item = f64>) -> f64 {
    errors.fold(0.0, |max, e| if e.is_nan() || e > max { e } else { max })
}

/// Whether the error is too large; NaN always is too large.
pub(super) fn above(error: f64, tolerance: f64) -> bool {
    error.is_nan() || error > tolerance
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Shape(Diagnosis::Shape { got, wanted }) => write!(f, "{}", shape_sentence(got, wanted)),
            Failure::Shape(diagnosis) => write!(f, "is wrong. {diagnosis}"),
            Failure::Entry { got, expected, wrong, diagnosis, .. } => {
                let (g, e) = told_apart(*got, *expected);
                write!(f, "is {g}, but the forward's dual numbers say {e}. ")?;
                if *wrong > 1 {
                    write!(f, "{wrong} entries are wrong. ")?;
                }
                write!(f, "{diagnosis}")
            }
            Failure::Differences => write!(
                f,
                "It agrees with the dual numbers but not with central differences: does an input lie within 1e-5 of a kink?"
            ),
            Failure::Adjoint => write!(
                f,
                "Every entry agrees, but ⟨δ, J·u⟩ and ⟨Jᵀδ, u⟩ do not: does the forward give different results at different times?"
            ),
        }
    }
}

/// An error for a table: 0, or two digits and a power of ten.
pub(super) fn error_text(error: f64) -> String {
    if error == 0.0 { "0".into() } else { format!("{error:.1e}") }
}

/// The lines of a table with aligned columns: the first `left` and the last to the left, the others to the right.
pub(super) fn aligned<const K: usize>(lines: &[[String; K]], left: usize) -> Vec<String> {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..K).map(|column| if column + 1 < K { width(column) } else { 0 }).collect();
    let cell = |(column, text): (usize, &String)| match column < left || column + 1 == K {
        true => format!("{text:<w$}", w = widths[column]),
        false => format!("{text:>w$}", w = widths[column]),
    };
    lines.iter().map(|line| line.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ")).collect()
}

/// The sentences are wrapped at this many characters.
const WIDTH: usize = 88;

/// One line per gradient, a sentence for each wrong one, and the verdict.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |numbers: &[usize]| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        let mut lines = vec![
            ["gradient", "entries", "exact", "by dual numbers", "by differences", "adjoint gap", ""].map(String::from),
        ];
        for c in &self.checks {
            lines.push([
                format!("{} ({})", c.name, list(&c.shape)),
                c.entries.to_string(),
                c.exact.to_string(),
                error_text(c.dual),
                error_text(c.differences),
                error_text(c.adjoint),
                if c.failure.is_none() { "✓" } else { "✗" }.into(),
            ]);
        }
        writeln!(f, "{}", self.name)?;
        for line in aligned(&lines, 1) {
            writeln!(f, "  {line}")?;
        }
        for sentence in self.checks.iter().filter_map(Check::sentence) {
            writeln!(f, "  {}", wrapped(&sentence, WIDTH).replace('\n', "\n  "))?;
        }
        let named = |of: fn(&Failure) -> bool| -> Vec<&str> {
            let failed = self.checks.iter().filter(|c| c.failure.as_ref().is_some_and(of));
            failed.map(|c| c.name.as_str()).collect()
        };
        let wrong = named(|failure| matches!(failure, Failure::Shape(_) | Failure::Entry { .. }));
        let disputed = named(|failure| matches!(failure, Failure::Differences | Failure::Adjoint));
        match (self.nothing(), wrong.as_slice()) {
            (_, []) if !disputed.is_empty() => {
                write!(f, "✗ Not proved: the checks of {} disagree.", disputed.join(" and "))
            }
            (Some(reason), []) => write!(f, "✗ {reason}"),
            (None, []) => write!(f, "✓ Proved: every entry is what the forward itself says."),
            (_, wrong) => {
                let verb = if wrong.len() == 1 { "is" } else { "are" };
                write!(f, "✗ Not proved: {} {verb} wrong.", wrong.join(" and "))
            }
        }
    }
}
