//! The optimizers: one parameter, followed over several steps.

pub mod mistakes;

use super::draw::Draw;
use super::judge::{Exercise, Feature, Inputs, Judged, Part, Problem, Verdict};
use super::signatures::{Coefficients, Rule, RuleOfOne, RuleOfTwo};
use crate::ShapeError;
use crate::optim::{AdaGrad, Adadelta, Adam, AdamW, Optimizer, RmsProp, Sgd, State};
use nalgebra::DVector;

/// Judges a reader's step of plain descent with weight decay, [`Sgd`].
///
/// ```
/// use handgrad::check::exercise;
/// let verdict = exercise::sgd(|w, g, rule| w - rule.rate * (g + rule.weight_decay * w));
/// assert!(verdict.passed(), "{verdict}");
/// ```
pub fn sgd(yours: Rule) -> Verdict {
    SGD.judge(yours)
}

/// Judges a reader's step with momentum, [`Sgd::momentum`](crate::optim::Sgd::momentum): from w, g and v to the next w
/// and v.
///
/// ```
/// use handgrad::check::exercise;
/// let verdict = exercise::momentum(|w, g, v, rule| {
///     let v = rule.momentum * v + g;
///     (w - rule.rate * v, v)
/// });
/// assert!(verdict.passed(), "{verdict}");
/// ```
pub fn momentum(yours: RuleOfOne) -> Verdict {
    MOMENTUM.judge(yours)
}

/// Judges a reader's step with Nesterov's momentum, [`Sgd::nesterov`](crate::optim::Sgd::nesterov).
pub fn nesterov(yours: RuleOfOne) -> Verdict {
    NESTEROV.judge(yours)
}

/// Judges a reader's step of [`AdaGrad`], which remembers s.
pub fn adagrad(yours: RuleOfOne) -> Verdict {
    ADAGRAD.judge(yours)
}

/// Judges a reader's step of [`RmsProp`], which remembers v.
pub fn rmsprop(yours: RuleOfOne) -> Verdict {
    RMSPROP.judge(yours)
}

/// Judges a reader's step of [`Adadelta`], which remembers v and u.
pub fn adadelta(yours: RuleOfTwo) -> Verdict {
    ADADELTA.judge(yours)
}

/// Judges a reader's step of [`Adam`], which remembers m and v; t is 1 at the first step.
///
/// ```
/// use handgrad::check::exercise;
/// let verdict = exercise::adam(|w, g, [m, v], t, rule| {
///     let m = rule.beta1 * m + (1.0 - rule.beta1) * g;
///     let v = rule.beta2 * v + (1.0 - rule.beta2) * g * g;
///     let (m_hat, v_hat) = (m / (1.0 - rule.beta1.powi(t)), v / (1.0 - rule.beta2.powi(t)));
///     (w - rule.rate * m_hat / (v_hat.sqrt() + rule.epsilon), [m, v])
/// });
/// assert!(verdict.passed(), "{verdict}");
/// ```
pub fn adam(yours: RuleOfTwo) -> Verdict {
    ADAM.judge(yours)
}

/// Judges a reader's step of [`AdamW`], which remembers m and v; t is 1 at the first step.
pub fn adamw(yours: RuleOfTwo) -> Verdict {
    ADAMW.judge(yours)
}

/// Every mistake in these rules, judged.
pub(super) fn judged() -> Vec<Judged> {
    [
        SGD.judge_mistakes(),
        MOMENTUM.judge_mistakes(),
        NESTEROV.judge_mistakes(),
        ADAGRAD.judge_mistakes(),
        RMSPROP.judge_mistakes(),
        ADADELTA.judge_mistakes(),
        ADAM.judge_mistakes(),
        ADAMW.judge_mistakes(),
    ]
    .concat()
}

const QUESTIONS: &[(&str, Feature, &str)] = &[
    ("w", Feature::Steps, "the first step is right; what is remembered for the next one?"),
    ("w", Feature::Decay, "where does λ·w go, and what is it multiplied by?"),
];

const SGD: Exercise<Descent, Rule> = Exercise {
    function: "sgd",
    problems: || descents("η = {rate}, λ = {weight_decay}"),
    right: |w, g, r| step(Sgd::new(r.rate).weight_decay(r.weight_decay), w, g, [], 1).0,
    call: |f, c| c.path((), |w, g, (), _| (f(w, g, c.rule), ())),
    mistakes: mistakes::SGD,
    questions: QUESTIONS,
};

const MOMENTUM: Exercise<Descent, RuleOfOne> = Exercise {
    function: "momentum",
    problems: || descents("η = {rate}, μ = {momentum}"),
    right: |w, g, v, r| of_one(Sgd::new(r.rate).momentum(r.momentum), w, g, v),
    call: |f, c| c.path(0.0, |w, g, v, _| f(w, g, v, c.rule)),
    mistakes: mistakes::MOMENTUM,
    questions: QUESTIONS,
};

const NESTEROV: Exercise<Descent, RuleOfOne> = Exercise {
    function: "nesterov",
    right: |w, g, v, r| of_one(Sgd::new(r.rate).nesterov(r.momentum), w, g, v),
    mistakes: mistakes::NESTEROV,
    ..MOMENTUM
};

const ADAGRAD: Exercise<Descent, RuleOfOne> = Exercise {
    function: "adagrad",
    problems: || descents("η = {rate}, ε = {epsilon}"),
    right: |w, g, s, r| of_one(AdaGrad::new(r.rate).epsilon(r.epsilon), w, g, s),
    mistakes: mistakes::ADAGRAD,
    ..MOMENTUM
};

const RMSPROP: Exercise<Descent, RuleOfOne> = Exercise {
    function: "rmsprop",
    problems: || descents("η = {rate}, α = {alpha}, ε = {epsilon}"),
    right: |w, g, v, r| of_one(RmsProp::new(r.rate).alpha(r.alpha).epsilon(r.epsilon), w, g, v),
    mistakes: mistakes::RMSPROP,
    ..MOMENTUM
};

const ADADELTA: Exercise<Descent, RuleOfTwo> = Exercise {
    function: "adadelta",
    problems: || descents("η = {rate}, ρ = {rho}, ε = {epsilon}"),
    right: |w, g, memories, t, r| step(Adadelta::new(r.rate).rho(r.rho).epsilon(r.epsilon), w, g, memories, t),
    call: |f, c| c.path([0.0; 2], |w, g, memories, t| f(w, g, memories, t, c.rule)),
    mistakes: mistakes::ADADELTA,
    questions: QUESTIONS,
};

const ADAM: Exercise<Descent, RuleOfTwo> = Exercise {
    function: "adam",
    problems: || descents("η = {rate}, β₁ = {beta1}, β₂ = {beta2}, ε = {epsilon}"),
    right: |w, g, memories, t, r| step(Adam::new(r.rate).betas(r.beta1, r.beta2).epsilon(r.epsilon), w, g, memories, t),
    mistakes: mistakes::ADAM,
    ..ADADELTA
};

const ADAMW: Exercise<Descent, RuleOfTwo> = Exercise {
    function: "adamw",
    problems: || descents("η = {rate}, β₁ = {beta1}, β₂ = {beta2}, ε = {epsilon}, λ = {weight_decay}"),
    right: |w, g, memories, t, r| {
        let adamw = AdamW::new(r.rate).betas(r.beta1, r.beta2).epsilon(r.epsilon).weight_decay(r.weight_decay);
        step(adamw, w, g, memories, t)
    },
    mistakes: mistakes::ADAMW,
    ..ADAM
};

/// Step number t of one of the crate's optimizers, from its state. NaN if it rejects the state.
fn step<const K: usize>(
    mut optimizer: impl Optimizer<f64>,
    w: f64,
    g: f64,
    memories: [f64; K],
    t: i32,
) -> (f64, [f64; K]) {
    let state = State { steps: (t - 1) as u64, memories: memories.map(|memory| vec![memory]).to_vec() };
    let mut parameter = [w];
    match optimizer.restore(state).and_then(|()| Ok(optimizer.step(&mut [&mut parameter], &[&[g]])?)) {
        Ok(()) => {
            let remembered = optimizer.state().memories;
            (parameter[0], std::array::from_fn(|k| remembered[k][0]))
        }
        Err(_) => (f64::NAN, memories),
    }
}

fn of_one(optimizer: impl Optimizer<f64>, w: f64, g: f64, memory: f64) -> (f64, f64) {
    let (w, [memory]) = step(optimizer, w, g, [memory], 1);
    (w, memory)
}

/// A parameter, the gradients that it meets, and the coefficients.
struct Descent {
    setting: String,
    w: f64,
    gradients: DVector<f64>,
    rule: Coefficients,
}

/// One step and more of them, without weight decay and with it; `names` lists the coefficients shown.
fn descents(names: &str) -> Vec<Descent> {
    let all = [1, 2, 5, 8].into_iter().flat_map(|steps| [0.0, 0.25].map(|decay| (steps, decay)));
    let of = |(case, (steps, weight_decay)): (usize, (usize, f64))| {
        let mut draw = Draw::for_reader(case);
        let rule = Coefficients {
            rate: [0.5, 0.125][case % 2],
            momentum: 0.75,
            alpha: 0.875,
            rho: 0.875,
            beta1: 0.75,
            beta2: 0.875,
            epsilon: 0.0625,
            weight_decay,
        };
        let values = [
            ("{rate}", rule.rate),
            ("{momentum}", rule.momentum),
            ("{alpha}", rule.alpha),
            ("{rho}", rule.rho),
            ("{beta1}", rule.beta1),
            ("{beta2}", rule.beta2),
            ("{epsilon}", rule.epsilon),
            ("{weight_decay}", rule.weight_decay),
        ];
        let told = values.iter().fold(names.to_string(), |told, (name, value)| told.replace(name, &value.to_string()));
        let w = draw.nonzero();
        let setting = format!("{steps} step{} from w = {w}, with {told}", if steps == 1 { "" } else { "s" });
        Descent { setting, w, gradients: draw.vector(steps), rule }
    };
    all.enumerate().map(of).collect()
}

impl Descent {
    /// w after each step of a rule, from w, g, what is remembered, and t = 1, 2, …
    fn path<M: Copy>(&self, nothing: M, rule: impl Fn(f64, f64, M, i32) -> (f64, M)) -> Result<Vec<Part>, ShapeError> {
        let (mut w, mut memory) = (self.w, nothing);
        let after = |(t, &g): (i32, &f64)| {
            (w, memory) = rule(w, g, memory, t);
            w
        };
        let path: Vec<f64> = (1..).zip(self.gradients.iter()).map(after).collect();
        Ok(vec![Part::output("w", &DVector::from_vec(path))])
    }
}

impl Inputs for Descent {
    fn problem(&self) -> Problem {
        let features = [(self.gradients.len() > 1, Feature::Steps), (self.rule.weight_decay > 0.0, Feature::Decay)];
        Problem {
            setting: self.setting.clone(),
            samples: 1,
            inputs: vec![Part::output("g", &self.gradients)],
            features: features.into_iter().filter(|(has, _)| *has).map(|(_, feature)| feature).collect(),
            least: 0.0,
        }
    }
}
