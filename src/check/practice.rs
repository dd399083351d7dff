//! The exercises of a lesson: a reader's forward, and a reader's backward.

use super::draw::Draw;
use super::judge::{Exercise, Feature, Inputs, Judged, Part, Problem, Verdict};
use super::lesson::{Answer, Lesson, Setting, given, inputs, role_of};
use super::values::{Named, Value};
use crate::ShapeError;
use std::marker::PhantomData;

/// Judges a reader's forward.
pub(crate) fn judge_forward<L: Lesson>(yours: L::Forward<f64>) -> Verdict {
    forward::<L>().judge(yours)
}

/// Judges a reader's backward.
pub(crate) fn judge_backward<L: Lesson>(yours: L::Backward<f64>) -> Verdict {
    let Some(right) = L::backward() else { return judge_forward::<L>(L::forward()) };
    backward::<L>(right).judge(yours)
}

/// Every mistake in the functions of a lesson, judged.
pub(super) fn judged<L: Lesson>() -> Vec<Judged> {
    let backward = L::backward().map(|right| backward::<L>(right).judge_mistakes());
    [forward::<L>().judge_mistakes(), backward.unwrap_or_default()].concat()
}

fn forward<L: Lesson>() -> Exercise<Task<L>, L::Forward<f64>> {
    Exercise {
        function: L::FUNCTIONS[0],
        problems: || tasks(false),
        right: L::forward(),
        call: |f, task| parts::<L>(L::call_forward(f, &task.setting, &task.x)),
        mistakes: L::FORWARD_MISTAKES,
        questions: L::QUESTIONS,
    }
}

fn backward<L: Lesson>(right: L::Backward<f64>) -> Exercise<Task<L>, L::Backward<f64>> {
    Exercise {
        function: L::FUNCTIONS[L::FUNCTIONS.len() - 1],
        problems: || tasks(true),
        right,
        call: |f, task| parts::<L>(L::call_backward(f, &task.setting, &task.x)),
        mistakes: L::BACKWARD_MISTAKES,
        questions: L::QUESTIONS,
    }
}

fn parts<L: Lesson>(answer: Answer<f64>) -> Result<Vec<Part>, ShapeError> {
    Ok(answer?.iter().map(|(name, value)| Part::new(name, role_of::<L>(name), value)).collect())
}

/// A setting with its values.
struct Task<L: Lesson> {
    setting: L::Setting,
    x: Named<f64>,
    is_backward: bool,
    lesson: PhantomData<L>,
}

fn tasks<L: Lesson>(is_backward: bool) -> Vec<Task<L>> {
    let task = |(case, setting): (usize, L::Setting)| {
        // The crate's own functions never fail on these problems.
        let x = inputs::<L>(&setting, &mut Draw::for_reader(case)).and_then(|x| given::<L, f64>(&setting, &x));
        Task { setting, x: x.unwrap_or_default(), is_backward, lesson: PhantomData }
    };
    L::grid().problems.into_iter().enumerate().map(task).collect()
}

impl<L: Lesson> Inputs for Task<L> {
    fn problem(&self) -> Problem {
        // A backward needs no bias, and if it takes y it needs no z.
        let is_taken = |name: &str| match self.is_backward {
            true => name != "b" && !(L::TAKES_OUTPUT && name == "z"),
            false => name != "next_dz" && name != "y",
        };
        let (mut setting, mut shown) = (self.setting.to_string(), vec![]);
        for (name, value) in self.x.iter().filter(|(name, _)| is_taken(name)) {
            match value {
                Value::Number(x) => setting += &format!(", {name} = {x}"),
                value => shown.push(Part::output(letter(name), value)),
            }
        }
        let features: Vec<Feature> =
            self.setting.features().into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect();
        Problem { setting, samples: L::samples(&self.x), inputs: shown, features, least: L::LEAST }
    }
}

/// Kernels and weights are capital letters on the page.
fn letter(name: &'static str) -> &'static str {
    match name {
        "w" => "W",
        "k" => "K",
        name => name,
    }
}
