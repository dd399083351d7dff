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
        let inputs = (self.problems)();
        self.sheet(&inputs).judge(&self.ask(&inputs, yours))
    }

    /// Every known mistake, judged.
    pub fn judge_mistakes(&self) -> Vec<Judged> {
        let inputs = (self.problems)();
        let sheet = self.sheet(&inputs);
        let known = sheet.known();
        let judged = |mistake: &Mistake<F>| Judged {
            function: self.function,
            name: mistake.name,
            sentence: mistake.sentence,
            verdict: sheet.verdict(sheet.trial(&self.ask(&inputs, mistake.wrong)), &known),
        };
        self.mistakes.iter().map(judged).collect()
    }

    /// What a function answers to each problem.
    fn ask<'a>(&'a self, inputs: &'a [I], f: F) -> impl Fn(usize) -> Answer + 'a
    where
        F: 'a,
    {
        move |at| (self.call)(f, &inputs[at])
    }

    fn sheet<'a>(&'a self, inputs: &'a [I]) -> Sheet<'a> {
        let mistake = |mistake: &Mistake<F>| -> (_, _, Ask<'a>) {
            (mistake.name, mistake.sentence, Box::new(self.ask(inputs, mistake.wrong)))
        };
        // The crate's own functions never fail on these problems.
        let right = |at| self.ask(inputs, self.right)(at).unwrap_or_default();
        Sheet {
            function: self.function,
            problems: inputs.iter().map(Inputs::problem).collect(),
            right: (0..inputs.len()).map(right).collect(),
            mistakes: self.mistakes.iter().map(mistake).collect(),
            questions: self.questions,
        }
    }
}

/// A function's answer to a problem.
type Answer = Result<Vec<Part>, ShapeError>;
/// A function, as it answers the problem of each number.
type Ask<'a> = Box<dyn Fn(usize) -> Answer + 'a>;

/// What a function is judged by.
struct Sheet<'a> {
    function: &'static str,
    problems: Vec<Problem>,
    /// The right answers.
    right: Vec<Vec<Part>>,
    /// The known mistakes: name, sentence, and the function with the mistake.
    mistakes: Vec<(&'static str, &'static str, Ask<'a>)>,
    questions: &'static [(&'static str, Feature, &'static str)],
}

impl Sheet<'_> {
    fn judge(&self, yours: &dyn Fn(usize) -> Answer) -> Verdict {
        let has_numbers = |parts: &Vec<Part>| parts.iter().any(|part| !part.values.is_empty());
        if self.right.iter().any(Vec::is_empty) || !self.right.iter().any(has_numbers) {
            return Verdict::of_no_exercise(self.function, "a case has no right answer, or none has a number");
        }
        let trial = self.trial(yours);
        if (0..self.problems.len()).all(|at| trial.is_right(at)) {
            return Verdict::passing(self.function, self.problems.len(), trial.entries());
        }
        self.verdict(trial, &self.known())
    }

    fn trial(&self, ask: &dyn Fn(usize) -> Answer) -> Trial {
        Trial::of(&self.problems, &self.right, ask)
    }

    fn known(&self) -> Vec<Known> {
        self.mistakes.iter().map(|(name, sentence, ask)| Known { name, sentence, trial: self.trial(ask) }).collect()
    }

    fn verdict(&self, trial: Trial, known: &[Known]) -> Verdict {
        let found = (suspicions(&trial, known), suspicions_by_track(&trial, known));
        Verdict::failing(self.function, &self.problems, trial, self.questions, found)
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
