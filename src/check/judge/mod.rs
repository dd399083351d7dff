//! Judges a function: runs it on problems, next to the right function and every known mistake.
//!
//! [`exercise`](super::exercise) explains how a mistake is found.

mod answer;
mod features;
mod suspects;
mod task;
mod trial;
mod verdict;

pub use features::Feature;
pub use suspects::{Evidence, Suspicion};
pub use task::{Answers, Task, of};
pub use verdict::Verdict;

pub(super) use answer::Part;
pub(super) use trial::Problem;

use crate::ShapeError;
use suspects::{Known, suspicions, suspicions_by_track};
use trial::Trial;

/// A known mistake in a function of type F.
#[derive(Clone, Copy, Debug)]
pub struct Mistake<F> {
    /// Its name, unique among the mistakes in its function.
    pub name: &'static str,
    /// What is right, and what this does instead.
    pub sentence: &'static str,
    /// The function with the mistake.
    pub wrong: F,
}

/// Known mistakes in a function: for each a name, a sentence, and the function with the mistake.
macro_rules! mistakes {
    ($name:ident of $function:ident($F:ty) $($mistakes:tt)+) => {
        mistakes! { @ $name($F)
            concat!("Known mistakes in [`", stringify!($function), "`](fn@crate::prelude::", stringify!($function), ").");
            $($mistakes)+
        }
    };
    ($name:ident of $kind:literal($F:ty) $($mistakes:tt)+) => {
        mistakes! { @ $name($F) concat!("Known mistakes in a step of ", $kind, "."); $($mistakes)+ }
    };
    (@ $name:ident($F:ty) $doc:expr; $($mistake:literal: $sentence:literal, $wrong:expr;)+) => {
        #[doc = $doc]
        pub const $name: &[crate::check::judge::Mistake<$F>] = &[$(crate::check::judge::Mistake {
            name: $mistake,
            sentence: $sentence,
            wrong: $wrong,
        }),+];
    };
}
pub(super) use mistakes;

/// A function that changes the right answer `g`.
macro_rules! changed {
    ($right:ident($($x:ident),+) as $g:ident $change:block) => {
        |$($x),+| {
            let mut $g = $right($($x),+)?;
            $change
            Ok($g)
        }
    };
}
pub(super) use changed;

/// The mistake with this name.
pub fn find<F>(mistakes: &'static [Mistake<F>], name: &str) -> Option<&'static Mistake<F>> {
    mistakes.iter().find(|mistake| mistake.name == name)
}

/// What a function is tried on.
pub(super) trait Inputs {
    /// The problem, as described to the reader.
    fn problem(&self) -> Problem;
}

/// What it takes to judge functions of type F: the problems, the right function, and the known mistakes.
pub(super) struct Exercise<I: 'static, F: 'static> {
    pub function: &'static str,
    pub problems: fn() -> Vec<I>,
    pub right: F,
    /// A function's answer to a problem.
    pub call: fn(F, &I) -> Result<Vec<Part>, ShapeError>,
    pub mistakes: &'static [Mistake<F>],
    /// What to ask when an array is wrong in cases with a feature, and right in those without it.
    pub questions: &'static [(&'static str, Feature, &'static str)],
}

impl<I: Inputs, F: Copy> Exercise<I, F> {
    pub fn judge(&self, yours: F) -> Verdict {
        let sheet = Sheet::of(self);
        let trial = sheet.trial(self, yours);
        if (0..sheet.problems.len()).all(|at| trial.is_right(at)) {
            return Verdict::passing(self.function, sheet.problems.len(), trial.entries());
        }
        sheet.verdict(self, trial, &sheet.known(self))
    }

    /// Every known mistake, judged.
    pub fn judge_mistakes(&self) -> Vec<Judged> {
        let sheet = Sheet::of(self);
        let known = sheet.known(self);
        let judged = |mistake: &Mistake<F>| Judged {
            function: self.function,
            name: mistake.name,
            sentence: mistake.sentence,
            verdict: sheet.verdict(self, sheet.trial(self, mistake.wrong), &known),
        };
        self.mistakes.iter().map(judged).collect()
    }
}

/// The problems of an exercise, and the right answers to them.
struct Sheet<I> {
    inputs: Vec<I>,
    problems: Vec<Problem>,
    right: Vec<Vec<Part>>,
}

impl<I: Inputs> Sheet<I> {
    fn of<F: Copy>(exercise: &Exercise<I, F>) -> Self {
        let inputs = (exercise.problems)();
        let problems = inputs.iter().map(Inputs::problem).collect();
        // The crate's own functions never fail on these problems.
        let right = |inputs: &I| (exercise.call)(exercise.right, inputs).unwrap_or_default();
        Sheet { right: inputs.iter().map(right).collect(), problems, inputs }
    }

    fn trial<F: Copy>(&self, exercise: &Exercise<I, F>, f: F) -> Trial {
        Trial::of(&self.problems, &self.right, &|at| (exercise.call)(f, &self.inputs[at]))
    }

    fn known<F: Copy>(&self, exercise: &Exercise<I, F>) -> Vec<Known> {
        let known = |mistake: &Mistake<F>| Known {
            name: mistake.name,
            sentence: mistake.sentence,
            trial: self.trial(exercise, mistake.wrong),
        };
        exercise.mistakes.iter().map(known).collect()
    }

    fn verdict<F: Copy>(&self, exercise: &Exercise<I, F>, trial: Trial, known: &[Known]) -> Verdict {
        let found = (suspicions(&trial, known), suspicions_by_track(&trial, known));
        Verdict::failing(exercise.function, &self.problems, trial, exercise.questions, found)
    }
}

/// A mistake of the [catalogue](super::mistakes), and the verdict on it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The function that it occurs in.
    pub function: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What is right, and what this does instead.
    pub sentence: &'static str,
    /// The verdict on the function with the mistake.
    pub verdict: Verdict,
}
