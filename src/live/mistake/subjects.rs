//! The layers that a mistake can be picked for: every lesson whose backward has a catalogue of mistakes. A loss is one of
//! them, because it returns its gradient.

use super::learned::backward;
use super::training::{self, Training};
use crate::Error;
use crate::check::exercise::Verdict;
use crate::check::lesson::{Lesson, Visitor};
use crate::check::mistakes::Mistake;
use crate::check::{judge_backward, judge_forward, lessons};

/// A layer or a loss, and what can be done with each of its mistakes. These are counted from 0; without a number it is
/// the crate's own function.
pub(super) struct Subject {
    /// The function that a mistake is in: `conv_backward`.
    pub function: &'static str,
    /// The names of its mistakes.
    pub mistakes: Vec<&'static str>,
    /// The verdict on the function with a mistake.
    pub judge: fn(Option<usize>) -> Option<Verdict>,
    /// Two trainings, without and with a mistake, before their first step.
    pub train: fn(Option<usize>) -> Result<Training, Error>,
}

impl Subject {
    /// What it is called.
    pub fn name(&self) -> String {
        match self.function {
            "fc_backward" => "fully connected".into(),
            "conv_backward" => "convolution".into(),
            "relu_backward" => "ReLU".into(),
            "leaky_relu_backward" => "leaky ReLU".into(),
            "elu_backward" => "ELU".into(),
            "selu_backward" => "SELU".into(),
            "prelu_backward" => "PReLU".into(),
            "mean_squared_loss" => "squared error".into(),
            "cross_entropy_loss" => "cross-entropy".into(),
            function => function.replace("_backward", "").replace("avg", "average").replace('_', " "),
        }
    }
}

/// All of them, in the order of the lessons.
pub(super) fn all() -> Vec<Subject> {
    let mut subjects = Subjects(Vec::new());
    lessons::visit(&mut subjects);
    subjects.0
}

struct Subjects(Vec<Subject>);

impl Visitor for Subjects {
    fn visit<L: Lesson>(&mut self) {
        let function = L::FUNCTIONS[L::FUNCTIONS.len() - 1];
        let subject = match L::IS_LOSS {
            true => Subject {
                function,
                mistakes: names(L::FORWARD_MISTAKES),
                judge: |mistake| Some(judge_forward::<L>(training::loss::<L>(mistake))),
                train: training::of_loss::<L>,
            },
            false => Subject {
                function,
                mistakes: names(L::BACKWARD_MISTAKES),
                judge: |mistake| backward::<L>(mistake).ok().map(judge_backward::<L>),
                train: training::of_layer::<L>,
            },
        };
        if !subject.mistakes.is_empty() {
            self.0.push(subject);
        }
    }
}

fn names<F>(mistakes: &[Mistake<F>]) -> Vec<&'static str> {
    mistakes.iter().map(|mistake| mistake.name).collect()
}
