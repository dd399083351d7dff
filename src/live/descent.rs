//! An optimizer on a surface: its rate, its momentum, and where it starts.

use super::board::handle;
use super::{Knob, LiveError, Scene, Settings};
use crate::optim::surface::Surface;
use crate::optim::{AdaGrad, Adadelta, Adam, Optimizer, RmsProp, Sgd};
use crate::show::{self, Figure};
use crate::text::number;

/// [The figure](self).
pub struct Descent;

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
        let (rate, momentum, start) = (settings.number("rate"), settings.number("momentum"), settings.point("start"));
        let surface = Surface::ALL[settings.chosen("surface")];
        let rule = RULES[settings.chosen("rule")];
        let mut optimizer: Box<dyn Optimizer<f64>> = match rule {
            "SGD" => Box::new(Sgd::new(rate).momentum(momentum)),
            "Nesterov" => Box::new(Sgd::new(rate).nesterov(momentum)),
            "AdaGrad" => Box::new(AdaGrad::new(rate)),
            "RMSProp" => Box::new(RmsProp::new(rate)),
            "Adadelta" => Box::new(Adadelta::new(rate)),
            _ => Box::new(Adam::new(rate)),
        };
        let path = surface.descend(&mut optimizer, start, settings.number("steps") as usize)?;
        let end = path.last().map_or(f64::NAN, |end| surface.value(*end));
        let map = show::landscape(surface.name(), X, Y, |x, y| surface.value([x, y])).path(rule, &path).still();
        let figure = map.figure();
        let alt = format!("{} f is {} at the end.", figure.alt, number(end));
        Ok(figure.with(&handle("start", start, map.area(), X, Y)).alt(alt))
    }
}
