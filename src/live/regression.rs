//! A line fitted to data by gradient descent: the learning rate, its limit, and what it costs that inputs are not centred.
//!
//! The data are 20 digits x with y = 2x + 1: fewer than those of chapter 05 and with one input, so that there are two
//! parameters, which a map can hold. The layer is fully connected, with one weight and one bias, and the loss is the mean
//! squared error.

use super::rates::{Slope, curvatures, descend, slowest};
use super::run::{Kept, Measure, Run, Start, four, picture, verdict};
use super::{Knob, LiveError, Scene, Settings};
use crate::data::synthetic;
use crate::layers::{fc_backward, fc_forward};
use crate::losses::mean_squared_loss;
use crate::numbers::Dual;
use crate::optim::Sgd;
use crate::show::{self, Chart, Figure};
use crate::text::counted;
use crate::{Float, ShapeError, lit};
use nalgebra::{DMatrix, DVector};

/// [The figure](self).
#[derive(Default)]
pub struct Regression {
    kept: Kept,
}

/// The weights and biases that are drawn.
const W: (f64, f64) = (0.0, 4.0);
const B: (f64, f64) = (-2.0, 16.0);

const INPUTS: [&str; 2] = ["as they are", "minus their mean"];

impl Scene for Regression {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::log_slider("rate", "learning rate η", 0.04, (0.001, 3.0)),
            Knob::slider("steps", "steps", 200.0, (1.0, 400.0), 1.0),
            Knob::choice("inputs", "inputs x", INPUTS, 0),
            Knob::point("start", "start (w, b)", [0.5, 8.0], W, B),
        ]
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let (rate, steps, inputs) =
            (settings.number("rate"), settings.number("steps") as usize, settings.chosen("inputs"));
        let start = Start { at: settings.point("start"), x: W, y: B };
        let data = Data::new(inputs == 1)?;
        let path = descend(&data, &mut Sgd::new(rate), start.at, steps)?;
        let [high, low] = curvatures(&data, start.at)?;
        let run = Run {
            of: Measure::Loss,
            values: path.iter().map(|at| data.value(*at)).collect(),
            steps,
            predicted: Ok(slowest(&Sgd::new(Dual::constant(rate)), [high, low])?),
        };
        let points = data.x.nrows();
        let verdict = [verdict(rate, "2/λ", 2.0 / high)];
        let below = [
            run.ends(),
            format!(
                "The largest curvature is λ = {}, the smallest {}. The ratio of the two, the condition number, is {}.",
                four(high),
                four(low),
                four(high / low)
            ),
            format!(
                "The data are {points} points with one input x, not the chapter's samples: their limit is another one."
            ),
        ];
        let map = self.kept.map(inputs, settings.width(), || {
            show::landscape("Loss for each w (→) and b (↑)", W, B, |w, b| data.value([w, b]))
        });
        let (rates, map, end) = (run.rates(), map.path("path", &path), path.last().unwrap_or(&start.at));
        let alt = format!(
            "A line y = w·x + b fitted to {points} points. {} {} At the end w is {} and b is {}.",
            rates.join(" "),
            [&verdict[..], &below].concat().join(" "),
            four(end[0]),
            four(end[1])
        );
        let charts = vec![run.chart(), data.chart(start.at, *end, steps)];
        Ok(picture(settings, [&rates, &verdict, &below], map, &start, charts, &alt))
    }
}

/// The points (x, y).
struct Data {
    x: DMatrix<f64>,
    y: DMatrix<f64>,
}

impl Data {
    /// The points; x without its mean, if asked for.
    fn new(centred: bool) -> Result<Self, ShapeError> {
        let (mut x, y) = synthetic::linear(&DMatrix::from_element(1, 1, 2.0), &DVector::from_element(1, 1.0), 20, 0)?;
        if centred {
            let mean = x.mean();
            x.add_scalar_mut(-mean);
        }
        Ok(Data { x, y })
    }

    /// The points, and the line before and after the training.
    fn chart(&self, before: [f64; 2], after: [f64; 2], steps: usize) -> Chart {
        let ends = [self.x.min(), self.x.max()];
        let line = |[w, b]: [f64; 2]| ends.map(|x| w * x + b);
        show::xy(&format!("after {}", counted(steps, "step")), &ends, &line(after))
            .and_xy("at the start", &ends, &line(before))
            .and_xy("data", self.x.as_slice(), self.y.as_slice())
            .points()
            .title("The line y = wx + b")
            .labels("x", "y")
            .y_range(-2.0, 22.0)
    }
}

/// A weight and a bias, as the layer takes them.
fn layer<T: Float>([w, b]: [T; 2]) -> (DMatrix<T>, DVector<T>) {
    (DMatrix::from_element(1, 1, w), DVector::from_element(1, b))
}

impl Slope for Data {
    fn value(&self, at: [f64; 2]) -> f64 {
        let (w, b) = layer(at);
        let loss = fc_forward(&self.x, &w, &b).and_then(|y| mean_squared_loss(&y, &self.y));
        loss.map_or(f64::NAN, |loss| loss.loss)
    }

    fn gradient<T: Float>(&self, at: [T; 2]) -> Result<[T; 2], ShapeError> {
        let ((w, b), x, y) = (layer(at), self.x.map(lit::<T>), self.y.map(lit::<T>));
        let loss = mean_squared_loss(&fc_forward(&x, &w, &b)?, &y)?;
        let gradients = fc_backward(&loss.dy, &w, &x)?;
        Ok([gradients.dw[(0, 0)], gradients.db[0]])
    }
}
