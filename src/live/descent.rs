//! An optimizer on a surface: its rate, its momentum, and where it starts.
//!
//! Where the surface is quadratic and the rule is SGD, with momentum or without, theory says what each step multiplies the
//! error by in the long run (chapters 05 and 16). The picture has it beside what the run does.

use super::rates::{curvatures, descend, radius};
use super::run::{Kept, Run, Start, picture, verdict};
use super::{Knob, LiveError, Scene, Settings};
use crate::numbers::Dual;
use crate::optim::surface::Surface;
use crate::optim::{AdaGrad, Adadelta, Adam, Optimizer, RmsProp, Sgd};
use crate::show::{self, Figure};
use crate::text::number;
use crate::{Error, Float};

/// [The figure](self).
#[derive(Default)]
pub struct Descent {
    kept: Kept,
}

/// The part of the plane that is drawn.
const X: (f64, f64) = (-5.0, 5.0);
const Y: (f64, f64) = (-3.0, 3.0);

const RULES: [&str; 6] = ["SGD", "Nesterov", "AdaGrad", "RMSProp", "Adadelta", "Adam"];

impl Scene for Descent {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("surface", "surface", Surface::ALL.map(|surface| format!("{surface:?}")), 1),
            Knob::choice("rule", "rule", RULES, 0),
            Knob::log_slider("rate", "learning rate η", 0.05, (0.0001, 2.0)),
            Knob::slider("momentum", "momentum μ", 0.0, (0.0, 0.99), 0.01),
            Knob::slider("steps", "steps", 40.0, (1.0, 300.0), 1.0),
            Knob::point("start", "start", [-4.0, 1.5], X, Y),
        ]
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
                of: "distance",
                values: path.iter().map(|[x, y]| x.hypot(*y)).collect(),
                steps,
                predicted: theory.predicted,
            },
            _ => Run {
                of: "loss",
                values: path.iter().map(|at| surface.value(*at)).collect(),
                steps,
                predicted: theory.predicted.map(|factor| factor * factor),
            },
        };
        let map = self.kept.map(settings.chosen("surface"), settings.width(), || {
            show::landscape(surface.name(), X, Y, |x, y| surface.value([x, y]))
        });
        let (rates, map) = (run.rates(), map.path(rule.name, &path));
        let alt = format!("{rates} {} {}", theory.words, run.ends());
        Ok(picture(settings, [&rates, &theory.words], map, &start, vec![run.chart()], &alt))
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
    /// What each step multiplies the error by in the long run.
    predicted: Result<f64, &'static str>,
    /// How large the rate may be.
    words: String,
}

impl Theory {
    fn of(surface: Surface, rule: &Rule) -> Result<Self, Error> {
        let Some(sgd) = rule.sgd(Dual::constant(rule.rate)) else {
            let words = match rule.momentum == 0.0 {
                true => String::new(),
                false => format!("{} has no momentum μ.", rule.name),
            };
            return Ok(Theory { predicted: Err("this rule changes the length of its steps as it goes"), words });
        };
        if surface == Surface::Rosenbrock {
            let words = "Theory covers surfaces whose curvatures are the same everywhere.".into();
            return Ok(Theory { predicted: Err("the curvatures change from place to place"), words });
        }
        let [high, low] = curvatures(&surface, [0.0, 0.0])?;
        let slowest = radius(&sgd, high)?.max(radius(&sgd, low)?);
        let (formula, limit) = rule.limit(high);
        let words = match low < 0.0 {
            true => format!(
                "The curvatures are {} and {}. Along y the surface falls without end, so y grows at every learning rate.",
                number(high),
                number(low)
            ),
            false => verdict(rule.rate, formula, limit, high),
        };
        Ok(Theory { predicted: Ok(slowest), words })
    }
}
