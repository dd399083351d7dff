//! An exercise on any function: a chapter supplies the right answer, the cases, and the known mistakes.

use super::answer::{Outcome, Part};
use super::trial::Problem;
use super::verdict::Verdict;
use super::{Answer, Ask, Sheet};
use crate::check::array::Array;
use crate::check::diagnosis::Role;
use crate::check::values::Value;
use crate::text::counted;
use crate::{ShapeError, Tensor4};
use nalgebra::{DMatrix, DVector};

/// What a function returns: numbers and arrays, in order.
pub trait Answers {
    /// Its values.
    ///
    /// # Errors
    /// The error that was returned instead of an answer.
    fn values(self) -> Result<Vec<Value<f64>>, ShapeError>;
}

/// Types that hold a single value.
macro_rules! one_value {
    ($($kind:ty => $value:expr;)+) => {
        $(impl Answers for $kind {
            fn values(self) -> Result<Vec<Value<f64>>, ShapeError> {
                Ok(vec![$value(self)])
            }
        })+
    };
}

one_value! {
    f64 => Value::Number;
    usize => |x| Value::Number(x as f64);
    u64 => |x| Value::Number(x as f64);
    bool => |x| Value::Number(f64::from(u8::from(x)));
    DVector<f64> => Value::Vector;
    DMatrix<f64> => Value::Matrix;
    Tensor4<f64> => Value::Tensor;
}

impl Answers for Vec<f64> {
    fn values(self) -> Result<Vec<Value<f64>>, ShapeError> {
        DVector::from_vec(self).values()
    }
}

impl<A: Answers, B: Answers> Answers for (A, B) {
    fn values(self) -> Result<Vec<Value<f64>>, ShapeError> {
        Ok([self.0.values()?, self.1.values()?].concat())
    }
}

impl<A: Answers, B: Answers, C: Answers> Answers for (A, B, C) {
    fn values(self) -> Result<Vec<Value<f64>>, ShapeError> {
        Ok([self.0.values()?, self.1.values()?, self.2.values()?].concat())
    }
}

impl<A: Answers> Answers for Result<A, ShapeError> {
    fn values(self) -> Result<Vec<Value<f64>>, ShapeError> {
        self?.values()
    }
}

type Returned = Result<Vec<Value<f64>>, ShapeError>;
type Function<I> = Box<dyn Fn(&I) -> Returned>;

/// An exercise on a function of a chapter's own. Made by [`of`].
#[must_use]
pub struct Task<I> {
    function: &'static str,
    right: Function<I>,
    answers: Vec<(&'static str, Role)>,
    samples: usize,
    cases: Vec<(String, I)>,
    mistakes: Vec<(&'static str, &'static str, Function<I>)>,
}

/// An exercise on a function of a chapter's own: its name, and the right answer to an input.
///
/// [`Task::case`] adds an input, the plainest first. [`Task::mistake`] adds a known mistake: a name, a sentence for the
/// reader who made it, and the function with the mistake. [`Task::output`], [`Task::parameter`] and [`Task::input`]
/// name the values that the function returns, in order.
///
/// ```
/// use handgrad::check::exercise;
/// let exercise = || exercise::of("mean", |x: &Vec<f64>| x.iter().sum::<f64>() / x.len() as f64)
///     .output("mean")
///     .case("three numbers", vec![1.0, 2.0, 6.0])
///     .case("a single number", vec![4.0])
///     .mistake("the sum is not divided", "A mean is the sum, divided by how many numbers there are.", |x| {
///         x.iter().sum::<f64>()
///     });
/// assert!(exercise().judge(|x| x.iter().sum::<f64>() / x.len() as f64).passed());
///
/// let verdict = exercise().judge(|x| x.iter().sum::<f64>());
/// assert!(!verdict.passed());
/// assert!(verdict.to_string().contains("the sum is not divided"));
/// ```
pub fn of<I, A: Answers>(function: &'static str, right: impl Fn(&I) -> A + 'static) -> Task<I> {
    let right: Function<I> = Box::new(move |input| right(input).values());
    Task { function, right, answers: vec![], samples: 1, cases: vec![], mistakes: vec![] }
}

impl<I> Task<I> {
    /// Adds an input, with its description for the reader.
    pub fn case(mut self, setting: impl Into<String>, input: I) -> Self {
        self.cases.push((setting.into(), input));
        self
    }

    /// Adds a mistake: its name, what is right, and the function with the mistake.
    pub fn mistake<A: Answers>(
        mut self,
        name: &'static str,
        sentence: &'static str,
        wrong: impl Fn(&I) -> A + 'static,
    ) -> Self {
        self.mistakes.push((name, sentence, Box::new(move |input| wrong(input).values())));
        self
    }

    /// Names the next value that the function returns: one that is not a gradient.
    pub fn output(self, name: &'static str) -> Self {
        self.value(name, Role::Output)
    }

    /// Names the next value: a parameter's gradient, a mean over the samples.
    pub fn parameter(self, name: &'static str) -> Self {
        self.value(name, Role::Parameter)
    }

    /// Names the next value: an input's gradient, each sample's own.
    pub fn input(self, name: &'static str) -> Self {
        self.value(name, Role::Input)
    }

    fn value(mut self, name: &'static str, role: Role) -> Self {
        self.answers.push((name, role));
        self
    }

    /// The number of samples, N, in every case.
    pub fn samples(mut self, samples: usize) -> Self {
        self.samples = samples;
        self
    }

    /// Judges a reader's function. An exercise without a right answer to each case judges nobody: its verdict says so,
    /// and fails.
    #[must_use]
    pub fn judge<A: Answers>(&self, yours: impl Fn(&I) -> A) -> Verdict {
        let mut right = Vec::new();
        for at in 0..self.cases.len() {
            match Outcome::of(|| self.ask(&self.right, at)) {
                Outcome::Answered(parts) => right.push(parts),
                Outcome::Refused(error) | Outcome::Panicked(error) => {
                    return Verdict::of_no_exercise(self.function, &format!("its own right answer fails: {error}"));
                }
            }
        }
        if right.is_empty() {
            return Verdict::of_no_exercise(self.function, "it has no case");
        }
        let problem = |(setting, _): &(String, I)| Problem {
            setting: setting.clone(),
            samples: self.samples,
            inputs: vec![],
            features: vec![],
            least: 0.0,
        };
        let mut mistakes: Vec<(_, _, Ask<'_>)> = Vec::new();
        for &(name, sentence, ref wrong) in &self.mistakes {
            mistakes.push((name, sentence, Box::new(|at| self.ask(wrong, at))));
        }
        let sheet = Sheet {
            function: self.function,
            problems: self.cases.iter().map(problem).collect(),
            right,
            mistakes,
            questions: &[],
        };
        sheet.judge(&|at| self.ask(&|input| yours(input).values(), at))
    }

    /// What a function answers in case number `at`.
    fn ask(&self, f: &dyn Fn(&I) -> Returned, at: usize) -> Answer {
        self.parts(f(&self.cases[at].1)?)
    }

    /// The values of an answer, under their names.
    fn parts(&self, values: Vec<Value<f64>>) -> Answer {
        let expected = self.answers.len().max(1);
        if values.len() != expected {
            return Err(ShapeError::new(
                self.function,
                format!("{} returned", counted(values.len(), "value")),
                format!("it must return {}", counted(expected, "value")),
            ));
        }
        Ok(values.iter().enumerate().map(|(place, value)| self.part(place, value)).collect())
    }

    /// Value number `place` of an answer, under its name.
    fn part<V: Array<Element = f64>>(&self, place: usize, value: &V) -> Part {
        let (name, role) = self.answers.get(place).copied().unwrap_or(("the answer", Role::Output));
        Part::new(name, role, value)
    }
}
