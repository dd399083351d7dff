//! An optimizer on a surface: its rate, its momentum, and where it starts.
//!
//! Where the surface is quadratic and the rule is SGD, with momentum or without, theory says what each step multiplies the
//! error by in the long run (chapters 05 and 16). The picture has it beside what the run does.
//!
//! A surface and a rule that need another rate, another start or more steps than the ones before get them when they are
//! chosen. So in a query they come first: `descent?surface=Rosenbrock&rate=0.0005`.

use super::rates::{curvatures, descend, slowest};
use super::run::{Kept, Measure, Run, Start, four, picture, verdict};
use super::{Knob, LiveError, Scene, Settings};
use crate::numbers::Dual;
use crate::optim::surface::Surface;
use crate::optim::{AdaGrad, Adadelta, Adam, Optimizer, RmsProp, Sgd};
use crate::show::{self, Figure};
use crate::{Error, Float};

/// [The figure](self).
#[derive(Default)]
pub struct Descent {
    kept: Kept,
    first: First,
}

/// The part of the plane that is drawn.
const X: (f64, f64) = (-5.0, 5.0);
const Y: (f64, f64) = (-3.0, 3.0);

const RULES: [&str; 6] = ["SGD", "Nesterov", "AdaGrad", "RMSProp", "Adadelta", "Adam"];

/// The rate, the steps and the start of a surface and a rule, before the reader changes them.
#[derive(Clone, Copy, PartialEq)]
struct First {
    rate: f64,
    steps: f64,
    start: [f64; 2],
}

impl First {
    fn of(surface: Surface, rule: &str) -> Self {
        let rate = match (rule, surface) {
            ("Adadelta", _) => 1.0, // a factor on steps of its own
            ("SGD" | "Nesterov", Surface::Rosenbrock) => 0.001,
            ("SGD" | "Nesterov", _) => 0.0769, // in the valley, the best one without momentum
            _ => 0.3,
        };
        let (steps, start) = match surface {
            Surface::Rosenbrock => (300.0, [-1.5, 2.0]), // a slope of the valley, whose floor takes many steps
            _ => (40.0, [-4.0, 1.5]),
        };
        First { rate, steps, start }
    }
}

impl Default for First {
    fn default() -> Self {
        First::of(Surface::Valley, "SGD")
    }
}

impl Scene for Descent {
    fn knobs(&self) -> Vec<Knob> {
        let First { rate, steps, start } = First::default();
        vec![
            Knob::choice("surface", "surface", Surface::ALL.map(|surface| format!("{surface:?}")), 1),
            Knob::choice("rule", "rule", RULES, 0),
            Knob::log_slider("rate", "learning rate η", rate, (0.0001, 2.0)),
            Knob::slider("momentum", "momentum μ", 0.0, (0.0, 0.99), 0.01),
            Knob::slider("steps", "steps", steps, (1.0, 300.0), 1.0),
            Knob::point("start", "start", start, X, Y),
        ]
    }

    fn changed(&mut self, settings: &mut Settings, _knob: &str) -> Result<(), LiveError> {
        let first = First::of(Surface::ALL[settings.chosen("surface")], RULES[settings.chosen("rule")]);
        if first.rate != self.first.rate {
            settings.set(&format!("rate={}", first.rate))?;
        }
        if first.steps != self.first.steps {
            settings.set(&format!("steps={}", first.steps))?;
        }
        if first.start != self.first.start {
            settings.set(&format!("start={},{}", first.start[0], first.start[1]))?;
        }
        self.first = first;
        Ok(())
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let surface = Surface::ALL[settings.chosen("surface")];
        let (rule, steps) = (Rule::of(settings), settings.number("steps") as usize);
        let start = Start { at: settings.point("start"), x: X, y: Y };
        let path = descend(&surface, &mut *rule.optimizer(), start.at, steps)?;
        let theory = Theory::of(surface, &rule)?;
        // Where f has no minimum, it may be negative, and the distance from the saddle point takes its place.
        let run = match surface {
            Surface::Saddle => Run {
                of: Measure::Distance,
                values: path.iter().map(|[x, y]| x.hypot(*y)).collect(),
                steps,
                predicted: theory.predicted,
            },
            _ => Run {
                of: Measure::Loss,
                values: path.iter().map(|at| surface.value(*at)).collect(),
                steps,
                predicted: theory.predicted,
            },
        };
        let map = self.kept.map(settings.chosen("surface"), settings.width(), || {
            show::landscape(surface.name(), X, Y, |x, y| surface.value([x, y]))
        });
        let (rates, map) = (run.rates(), map.path(rule.name, &path));
        let below = [vec![run.ends()], theory.words].concat();
        let alt = [&rates[..], &theory.verdict, &below].concat().join(" ");
        Ok(picture(settings, [&rates, &theory.verdict, &below], map, &start, vec![run.chart()], &alt))
    }
}

/// The chosen rule.
struct Rule {
    name: &'static str,
    rate: f64,
    momentum: f64,
}

impl Rule {
    fn of(settings: &Settings) -> Self {
        let name = RULES[settings.chosen("rule")];
        Rule { name, rate: settings.number("rate"), momentum: settings.number("momentum") }
    }

    /// Gradient descent, with momentum or without: the rules that theory covers. `None` for the others.
    fn sgd<T: Float>(&self, rate: T) -> Option<Sgd<T>> {
        match self.name {
            "SGD" => Some(Sgd::new(rate).momentum(self.momentum)),
            "Nesterov" => Some(Sgd::new(rate).nesterov(self.momentum)),
            _ => None,
        }
    }

    fn optimizer(&self) -> Box<dyn Optimizer<f64>> {
        match (self.sgd(self.rate), self.name) {
            (Some(sgd), _) => Box::new(sgd),
            (_, "AdaGrad") => Box::new(AdaGrad::new(self.rate)),
            (_, "RMSProp") => Box::new(RmsProp::new(self.rate)),
            (_, "Adadelta") => Box::new(Adadelta::new(self.rate)),
            _ => Box::new(Adam::new(self.rate)),
        }
    }

    /// The largest rate that converges where the largest curvature is λ: its formula, and its value.
    fn limit(&self, curvature: f64) -> (&'static str, f64) {
        let mu = self.momentum;
        match self.name {
            _ if mu == 0.0 => ("2/λ", 2.0 / curvature),
            "Nesterov" => ("2(1 + μ)/((1 + 2μ)λ)", 2.0 * (1.0 + mu) / ((1.0 + 2.0 * mu) * curvature)),
            _ => ("2(1 + μ)/λ", 2.0 * (1.0 + mu) / curvature),
        }
    }
}

/// What theory says about a rule on a surface.
struct Theory {
    /// ρ, what each step multiplies the error by in the long run.
    predicted: Result<f64, &'static str>,
    /// Whether it converges, if theory says so, in a sentence.
    verdict: Vec<String>,
    /// What else there is to know, in sentences.
    words: Vec<String>,
}

impl Theory {
    fn of(surface: Surface, rule: &Rule) -> Result<Self, Error> {
        let Some(sgd) = rule.sgd(Dual::constant(rule.rate)) else {
            return Ok(Theory {
                predicted: Err("this rule changes the length of its steps as it goes"),
                verdict: Vec::new(),
                words: vec![format!(
                    "The momentum μ is that of SGD and Nesterov: it changes nothing for {}.",
                    rule.name
                )],
            });
        };
        if surface == Surface::Rosenbrock {
            let [high, _] = curvatures(&surface, [1.0, 1.0])?;
            let (formula, limit) = rule.limit(high);
            return Ok(Theory {
                predicted: Err("the curvatures change from place to place"),
                verdict: Vec::new(),
                words: vec![format!(
                    "At the minimum, (1, 1), the largest curvature is λ = {}. Near it, only rates below {formula} = {} converge.",
                    four(high),
                    four(limit)
                )],
            });
        }
        let [high, low] = curvatures(&surface, [0.0, 0.0])?;
        let predicted = Ok(slowest(&sgd, [high, low])?);
        if low < 0.0 {
            let words = vec![format!(
                "The curvatures are {} and {}. Along y the surface falls without end, so y grows at every learning rate.",
                four(high),
                four(low)
            )];
            return Ok(Theory { predicted, verdict: Vec::new(), words });
        }
        let (formula, limit) = rule.limit(high);
        let best = 2.0 / (high + low);
        let alone = slowest(&Sgd::new(Dual::constant(best)), [high, low])?;
        let words = vec![
            format!("The largest curvature is λ = {}, the smallest {}.", four(high), four(low)),
            format!(
                "Best rate without momentum: 2/({} + {}) = {}. It multiplies the loss by {}.",
                four(high),
                four(low),
                four(best),
                four(alone * alone)
            ),
        ];
        Ok(Theory { predicted, verdict: vec![verdict(rule.rate, formula, limit)], words })
    }
}
