//! The proof by formulas: a backward *is* the derivative of its forward, and a forward its definition, letter by letter.
//!
//! Dual numbers prove a gradient at the numbers they were given. Here the same public functions run on
//! [symbols](crate::numbers::traced): the forward records its formula, the chain rule differentiates it, and the result
//! must be the formula that the backward records. The forward's own formula must be that of the equation, written out
//! element by element. For the given shapes, that covers all numbers at once.
//!
//! What can be proved depends on what a layer computes with:
//!
//! * **Polynomials** (fully connected, convolution, average pooling, flatten, mean squared error): both formulas are
//!   brought into their [canonical form](crate::numbers::Polynomial), which is unique. They are the same, or the
//!   gradient is wrong: [`Conclusion::Identical`] or [`Conclusion::Different`].
//! * **Quotients, exp, ln and √** (sigmoid, tanh, ELU, softmax, cross-entropy): where the forms are not already the same,
//!   both are evaluated without rounding in the field of 2⁶¹ − 1 elements, at two random points. Different formulas
//!   agree at both with probability at most ε (Schwartz, Zippel); [`Conclusion::Probable`] holds the sum over the
//!   entries. The values in `f64` must also agree, to 1e-9, which guards against a root of the wrong sign.
//! * **Kinks** (ReLU and its kin, max pooling): proved on the branch that the values took;
//!   [`Session::branches`] lists the conditions.
//! * **A logarithm** is a letter that does not know ln(a·b) = ln a + ln b, so cross-entropy, which shifts its logits, is
//!   compared with −Σ y*·ln p by derivatives: both are dy. Two functions with the same derivative differ by a
//!   constant, and on the values of the cases they are equal.
//!
//! ```
//! use handgrad::check::SymbolicProof;
//! use handgrad::numbers::Session;
//! use handgrad::prelude::*;
//!
//! let session = Session::new();
//! let z = session.matrix("z", &dmatrix![1.0, 2.0; 3.0, 4.0]);
//! let w = session.matrix("w", &dmatrix![5.0; 7.0]);
//! let b = session.vector("b", &dvector![1.0]);
//! let delta = session.matrix("δ", &dmatrix![1.0; -3.0]);
//! let g = fc_backward(&delta, &w, &z)?;
//! let proof = SymbolicProof::new("fc_backward", &fc_forward(&z, &w, &b)?, &delta)
//!     .parameter("dw", &w, &g.dw)
//!     .parameter("db", &b, &g.db)
//!     .input("dz", &z, &g.dz);
//! assert_eq!(
//!     proof.to_string(),
//!     "fc_backward: proved identical: the 7 entries of dw, db, dz are the derivatives of the forward"
//! );
//! # Ok::<(), ShapeError>(())
//! ```

use super::array::Array;
use crate::numbers::traced::{Agreement, agreement, common_session};
use crate::numbers::{NoFormula, Session, Traced, gradient};
use std::fmt;

/// How far apart the `f64` values of two formulas may be: each rounds some hundred operations, at 1e-16 each, and a
/// difference of large terms may magnify that a thousandfold.
const TOLERANCE_OF_VALUES: f64 = 1e-9;

/// How many of the branch's conditions the sentence lists.
const BRANCHES_SHOWN: usize = 6;

/// A function, what its results are compared with, and the findings so far.
#[must_use]
#[derive(Clone, Debug)]
pub struct SymbolicProof {
    name: String,
    truth: Truth,
    samples: usize,
    results: Vec<String>,
    entries: usize,
    branches: Vec<String>,
    conclusion: Conclusion,
}

/// What the results should be.
#[derive(Clone, Debug)]
enum Truth {
    /// The derivatives of Σ δ·y over these pairs (y, δ).
    Derivatives(Vec<(Traced, Traced)>),
    /// What the equation says.
    Definition,
}

/// The result of a symbolic proof.
#[derive(Clone, Debug, PartialEq)]
pub enum Conclusion {
    /// Every entry has the canonical form it should have.
    Identical,
    /// Every entry agrees with the expected one at random points of a prime field; two different formulas would do so
    /// with at most this probability.
    Probable(f64),
    /// An entry is wrong.
    Different {
        /// The entry.
        entry: String,
        /// The derivative of the forward, or what the definition says.
        derived: String,
        /// What the function computed.
        written: String,
    },
    /// Nothing can be concluded, and why.
    NotApplicable(String),
}

impl SymbolicProof {
    /// The proof of the backward called `name`, for a forward's output `y` and the `next_dz` of symbols that the
    /// backward was given; their first axis is the batch.
    pub fn new<Y: Array<Element = Traced>>(name: &str, y: &Y, next_dz: &Y) -> Self {
        let samples = y.shape().first().copied().unwrap_or(1);
        let outputs = y.elements().iter().copied().zip(next_dz.elements().iter().copied()).collect();
        let proof = SymbolicProof::of(name, Truth::Derivatives(outputs), samples);
        if y.shape() == next_dz.shape() {
            return proof;
        }
        proof.because(format!("the forward's output is {:?} but next_dz is {:?}", y.shape(), next_dz.shape()))
    }

    /// The proof of a loss of `samples` samples: its dy is each sample's own gradient, N·∂L/∂y.
    pub fn of_loss(name: &str, loss: Traced, samples: usize) -> Self {
        let outputs = vec![(loss, Traced::constant(samples as f64))];
        SymbolicProof::of(name, Truth::Derivatives(outputs), samples)
    }

    /// The proof of the forward called `name`, whose results are compared with those of its definition.
    pub fn of_forward(name: &str) -> Self {
        SymbolicProof::of(name, Truth::Definition, 1)
    }

    fn of(name: &str, truth: Truth, samples: usize) -> Self {
        let (results, branches) = (Vec::new(), Vec::new());
        SymbolicProof {
            name: name.into(),
            truth,
            samples,
            results,
            entries: 0,
            branches,
            conclusion: Conclusion::Identical,
        }
    }

    /// Compares a parameter's gradient with (1/N)·∂S/∂w, where S = Σ next_dz·y.
    pub fn parameter<A: Array<Element = Traced>>(self, name: &str, at: &A, gradient: &A) -> Self {
        let samples = Traced::constant(self.samples as f64);
        self.derivatives(name, at, gradient, |sum| sum / samples)
    }

    /// Compares an input's gradient with ∂S/∂z.
    pub fn input<A: Array<Element = Traced>>(self, name: &str, at: &A, gradient: &A) -> Self {
        self.derivatives(name, at, gradient, |sum| sum)
    }

    /// Compares what a forward returned with what its definition says.
    pub fn output<A: Array<Element = Traced>>(self, name: &str, written: &A, defined: &A) -> Self {
        let elements = defined.elements().to_vec();
        self.with(name, (defined.shape(), elements), written)
    }

    /// Records the comparisons of the session: the conditions under which the formulas, and so the proof, hold.
    pub fn on_branches_of(self, session: &Session) -> Self {
        SymbolicProof { branches: session.branches(), ..self }
    }

    /// The conditions under which the proof holds, as far as they were recorded.
    #[must_use]
    pub fn branches(&self) -> &[String] {
        &self.branches
    }

    /// What was found.
    #[must_use]
    pub fn conclusion(&self) -> &Conclusion {
        &self.conclusion
    }

    /// The name of the backward.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The conclusion in a word, with a star if it holds only on the branch that the values took.
    #[must_use]
    pub fn summary(&self) -> String {
        let star = if self.branches.is_empty() { "" } else { "*" };
        match self.conclusion {
            Conclusion::Identical => format!("identical{star}"),
            Conclusion::Probable(accident) => format!("1 − {accident:.0e}{star}"),
            Conclusion::Different { .. } => "different".into(),
            Conclusion::NotApplicable(_) => "not applicable".into(),
        }
    }

    /// The remaining doubt: the probability of an accident, or 1 if nothing is proved.
    #[must_use]
    pub fn doubt(&self) -> f64 {
        match self.conclusion {
            Conclusion::Identical => 0.0,
            Conclusion::Probable(accident) => accident,
            Conclusion::Different { .. } | Conclusion::NotApplicable(_) => 1.0,
        }
    }

    /// Whether every entry was proved.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.entries > 0 && matches!(self.conclusion, Conclusion::Identical | Conclusion::Probable(_))
    }

    /// Shows the sentence in a notebook.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/plain\n{self}\nEVCXR_END_CONTENT");
    }

    /// The same proof, not applicable for this reason.
    pub(super) fn because(self, why: impl fmt::Display) -> Self {
        SymbolicProof { conclusion: Conclusion::NotApplicable(why.to_string()), ..self }
    }

    fn derivatives<A: Array<Element = Traced>>(
        self,
        name: &str,
        at: &A,
        written: &A,
        mean: impl Fn(Traced) -> Traced,
    ) -> Self {
        let Truth::Derivatives(outputs) = &self.truth else {
            return self.because("a forward has no gradients");
        };
        match gradient(outputs, at.elements()) {
            Ok(sums) => self.with(name, (at.shape(), sums.into_iter().map(mean).collect()), written),
            Err(reason) => self.because(reason),
        }
    }

    /// Compares the entries of a result with those it should have, and its shape with theirs.
    fn with<A: Array<Element = Traced>>(
        mut self,
        name: &str,
        (shape, truth): (Vec<usize>, Vec<Traced>),
        written: &A,
    ) -> Self {
        self.results.push(name.into());
        self.entries += truth.len();
        if matches!(self.conclusion, Conclusion::Different { .. } | Conclusion::NotApplicable(_)) {
            return self;
        }
        if shape != written.shape() {
            let conclusion = Conclusion::Different {
                entry: name.into(),
                derived: format!("of shape {shape:?}"),
                written: format!("of shape {:?}", written.shape()),
            };
            return SymbolicProof { conclusion, ..self };
        }
        let pairs: Vec<(Traced, Traced)> = truth.into_iter().zip(written.elements().iter().copied()).collect();
        match compare(&pairs) {
            Err(reason) => self.because(reason),
            Ok(Found::Equal(accident)) => {
                let before = if let Conclusion::Probable(before) = self.conclusion { before } else { 0.0 };
                let sum = before + accident;
                SymbolicProof {
                    conclusion: if sum > 0.0 { Conclusion::Probable(sum) } else { Conclusion::Identical },
                    ..self
                }
            }
            Ok(Found::Differ(offset)) => {
                let index: Vec<String> = written.index_of(offset).iter().map(usize::to_string).collect();
                let (derived, written) = pairs[offset];
                let conclusion = Conclusion::Different {
                    entry: format!("{name}[{}]", index.join(", ")),
                    derived: format!("{derived:?}"),
                    written: format!("{written:?}"),
                };
                SymbolicProof { conclusion, ..self }
            }
            Ok(Found::NoPoint) => self.because("no point of the field was found where all its roots exist"),
        }
    }
}

enum Found {
    /// All pairs are equal, except with this probability of an accident.
    Equal(f64),
    /// The pair with this number is not equal.
    Differ(usize),
    /// No point was found at which every formula has a value.
    NoPoint,
}

fn compare(pairs: &[(Traced, Traced)]) -> Result<Found, NoFormula> {
    common_session(pairs.iter().flat_map(|&(derived, written)| [derived, written]))?;
    let mut open = Vec::new();
    for (number, &(derived, written)) in pairs.iter().enumerate() {
        match (derived.polynomial(), written.polynomial()) {
            (Ok(a), Ok(b)) if a == b => {}
            (Ok(a), Ok(b)) if a.is_polynomial() && b.is_polynomial() => return Ok(Found::Differ(number)),
            (Err(NoFormula::TooLarge), _) | (_, Err(NoFormula::TooLarge)) | (Ok(_), Ok(_)) => open.push(number),
            (Err(reason), _) | (_, Err(reason)) => return Err(reason),
        }
    }
    if open.is_empty() {
        return Ok(Found::Equal(0.0));
    }
    let undecided: Vec<(Traced, Traced)> = open.iter().map(|&number| pairs[number]).collect();
    let Some(agreements) = agreement(&undecided)? else { return Ok(Found::NoPoint) };
    let mut accidents = 0.0;
    for (&number, agreement) in open.iter().zip(agreements) {
        let (derived, written) = (pairs[number].0.value(), pairs[number].1.value());
        let apart = (derived - written).abs() > TOLERANCE_OF_VALUES * derived.abs().max(written.abs()).max(1.0);
        match agreement {
            Agreement::Accident(probability) if !apart => accidents += probability,
            _ => return Ok(Found::Differ(number)),
        }
    }
    Ok(Found::Equal(accidents))
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Conclusion::Identical => f.write_str("proved identical"),
            Conclusion::Probable(accident) => write!(f, "proved with probability 1 − {accident:.0e}"),
            Conclusion::Different { entry, .. } => write!(f, "different at {entry}"),
            Conclusion::NotApplicable(why) => write!(f, "not applicable: {why}"),
        }
    }
}

impl fmt::Display for SymbolicProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.conclusion)?;
        match &self.conclusion {
            Conclusion::Different { derived, written, .. } => {
                let truth = match self.truth {
                    Truth::Derivatives(_) => "the derivative is",
                    Truth::Definition => "the definition says",
                };
                write!(f, ": {truth} {derived}, but got {written}")
            }
            Conclusion::NotApplicable(_) => Ok(()),
            Conclusion::Identical | Conclusion::Probable(_) => {
                let (entries, names) = (self.entries, self.results.join(", "));
                let truth = match self.truth {
                    Truth::Derivatives(_) => "the derivatives of the forward",
                    Truth::Definition => "what the definition says",
                };
                write!(f, ": the {entries} entries of {names} are {truth}")?;
                let shown = &self.branches[..self.branches.len().min(BRANCHES_SHOWN)];
                match self.branches.len() - shown.len() {
                    _ if shown.is_empty() => Ok(()),
                    0 => write!(f, ", where {}", shown.join(", ")),
                    more => write!(f, ", where {}, … {more} conditions more", shown.join(", ")),
                }
            }
        }
    }
}
