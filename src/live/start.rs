//! The first weights of a deep net: how large its numbers are, layer by layer, forward and backward, and how long it then
//! takes to learn anything.
//!
//! The task has ten classes: a point for each, and samples around it. All layers but the last are as wide as the input, so
//! that each multiplies the numbers by about the same factor.

use super::sheet::{Axis, BLUE, GREEN, GREY, MARGIN, ORANGE, Plane, Sheet, half, text};
use super::{Knob, LiveError, Scene, Settings};
use crate::activations::{relu_backward, relu_forward, sigmoid_backward, sigmoid_forward, tanh_backward, tanh_forward};
use crate::layers::{FcGradients, fc_backward, fc_forward};
use crate::losses::cross_entropy_loss;
use crate::optim::{Optimizer, Sgd};
use crate::show::Figure;
use crate::text::{counted, number, significant};
use crate::{ShapeError, init};
use nalgebra::{DMatrix, DVector};

/// [The figure](self).
#[derive(Default)]
pub struct Start {
    training: Option<Training>,
}

const CLASSES: usize = 10;
const SAMPLES: usize = 32;
const RATE: f64 = 0.1;
/// A training ends after this many steps.
const STEPS: usize = 2000;
/// A loss below this is that of a net that has left the plateau.
const LEFT: f64 = 2.0;
const SIGMA: (f64, f64) = (0.001, 1.0);

impl Scene for Start {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::log_slider("sigma", "σ of the starting weights", 0.05, SIGMA),
            Knob::choice("layers", "layers", [2, 3, 4, 6, 8, 10], 5),
            Knob::choice("units", "units", [16, 32, 64, 100], 2),
            Knob::choice("f", "activation", ["ReLU", "tanh", "sigmoid"], 0),
        ]
    }

    fn changed(&mut self, _settings: &mut Settings, knob: &str) -> Result<(), LiveError> {
        if knob != "width" {
            self.training = None;
        }
        Ok(())
    }

    fn moves(&self) -> Option<&'static str> {
        Some("Train")
    }

    fn advance(&mut self, settings: &Settings) -> Result<bool, LiveError> {
        Ok(self.training.get_or_insert_with(|| Training::new(settings)).step()?)
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        match &self.training {
            Some(training) => Ok(training.figure(settings)?),
            None => Ok(Training::new(settings).figure(settings)?),
        }
    }
}

/// A net, its task, and the losses so far.
struct Training {
    f: usize,
    w: Vec<DMatrix<f64>>,
    b: Vec<DVector<f64>>,
    samples: DMatrix<f64>,
    targets: DMatrix<f64>,
    losses: Vec<f64>,
}

/// A forward and a backward: the layers' outputs before the activation, the gradients there, and the loss.
struct Pass {
    a: Vec<DMatrix<f64>>,
    delta: Vec<DMatrix<f64>>,
    dw: Vec<DMatrix<f64>>,
    db: Vec<DVector<f64>>,
    loss: f64,
}

impl Training {
    fn new(settings: &Settings) -> Self {
        let (sigma, layers, units) = (settings.number("sigma"), settings.count("layers"), settings.count("units"));
        let rng = &mut init::rng(1);
        let centres: DMatrix<f64> = init::normal(rng, [CLASSES, units], 0.8);
        let noise: DMatrix<f64> = init::normal(rng, [SAMPLES, units], 0.6);
        let samples = DMatrix::from_fn(SAMPLES, units, |n, i| centres[(n % CLASSES, i)] + noise[(n, i)]);
        let targets = DMatrix::from_fn(SAMPLES, CLASSES, |n, j| if n % CLASSES == j { 1.0 } else { 0.0 });
        let outputs = |k: usize| if k == layers { CLASSES } else { units };
        let w = (1..=layers).map(|k| init::normal(rng, [units, outputs(k)], sigma)).collect();
        let b = (1..=layers).map(|k| DVector::zeros(outputs(k))).collect();
        Training { f: settings.chosen("f"), w, b, samples, targets, losses: Vec::new() }
    }

    fn pass(&self) -> Result<Pass, ShapeError> {
        let (mut z, mut a) = (vec![self.samples.clone()], Vec::new());
        for (k, (w, b)) in self.w.iter().zip(&self.b).enumerate() {
            let output = fc_forward(&z[k], w, b)?;
            z.push(match self.f {
                0 => relu_forward(&output),
                1 => tanh_forward(&output),
                _ => sigmoid_forward(&output),
            });
            a.push(output);
        }
        let layers = self.w.len();
        let entropy = cross_entropy_loss(&a[layers - 1], &self.targets)?;
        let mut delta = vec![entropy.dy];
        let (mut all_dw, mut all_db) = (Vec::new(), Vec::new());
        for k in (0..layers).rev() {
            let FcGradients { dw, db, dz } = fc_backward(&delta[layers - 1 - k], &self.w[k], &z[k])?;
            all_dw.push(dw);
            all_db.push(db);
            if k > 0 {
                delta.push(match self.f {
                    0 => relu_backward(&dz, &a[k - 1])?,
                    1 => tanh_backward(&dz, &a[k - 1])?,
                    _ => sigmoid_backward(&dz, &a[k - 1])?,
                });
            }
        }
        for list in [&mut delta, &mut all_dw] {
            list.reverse();
        }
        all_db.reverse();
        Ok(Pass { a, delta, dw: all_dw, db: all_db, loss: entropy.loss })
    }

    fn step(&mut self) -> Result<bool, ShapeError> {
        if self.losses.len() >= STEPS {
            return Ok(false);
        }
        let pass = self.pass()?;
        self.losses.push(pass.loss);
        let mut parameters: Vec<&mut [f64]> = self.w.iter_mut().map(DMatrix::as_mut_slice).collect();
        parameters.extend(self.b.iter_mut().map(DVector::as_mut_slice));
        let mut gradients: Vec<&[f64]> = pass.dw.iter().map(DMatrix::as_slice).collect();
        gradients.extend(pass.db.iter().map(DVector::as_slice));
        Sgd::new(RATE).step(&mut parameters, &gradients)?;
        Ok(!self.has_ended(pass.loss))
    }

    /// Whether there is no further step, where this is the loss.
    fn has_ended(&self, loss: f64) -> bool {
        !loss.is_finite() || self.losses.len() >= STEPS
    }

    fn figure(&self, settings: &Settings) -> Result<Figure, ShapeError> {
        let pass = self.pass()?;
        let (sigma, units) = (settings.number("sigma"), settings.count("units"));
        let mut sheet = Sheet::new(settings.width());
        let layers = self.w.len();
        let name = ["ReLU", "tanh", "sigmoid"][self.f];
        let steps = self.losses.len();
        let when = match steps {
            0 => "before training".into(),
            _ if self.has_ended(pass.loss) => format!("{}: done", counted(steps, "step")),
            _ => format!("after {}", counted(steps, "step")),
        };
        sheet.words(&format!("{layers} layers of {units} units, {name}, σ = {}", number(sigma)), true);
        sheet.words(&when, true);
        scale(&mut sheet, sigma, units);
        let top = sheet.y + 28.0;
        let left = MARGIN + 42.0;
        let room = sheet.width - left - MARGIN - 8.0;
        let (wide, high) = if sheet.is_narrow() { (room, 150.0) } else { ((room - 120.0) / 3.0, 210.0) };
        let area = |k: usize| match sheet.is_narrow() {
            true => [left, top + k as f64 * (high + 64.0), wide, high],
            false => [left + k as f64 * (wide + 60.0), top, wide, high],
        };
        let areas = [area(0), area(1), area(2)];
        let forward: Vec<f64> = pass.a.iter().map(rms).collect();
        let backward: Vec<f64> = pass.delta.iter().map(rms).collect();
        spread(&mut sheet, areas[0], "forward: size of aₖ", &forward, BLUE);
        spread(&mut sheet, areas[1], "backward: size of δₖ", &backward, ORANGE);
        self.losses(&mut sheet, areas[2], pass.loss);
        sheet.y = areas[2][1] + high + 46.0;
        let left = self.losses.iter().position(|loss| *loss < LEFT).map_or(String::new(), |steps| {
            format!(" It left the plateau (a loss below {LEFT}) after {}.", counted(steps, "step"))
        });
        let words = verdict(pass.loss) + &left;
        sheet.words(&words, false);
        let ends = |values: &[f64]| {
            let at = |k: Option<&f64>| number(k.copied().unwrap_or(f64::NAN));
            (at(values.first()), at(values.last()))
        };
        let ((first, last), (deepest, nearest)) = (ends(&forward), ends(&backward));
        let alt = format!(
            "A net of {layers} layers, {units} units, {name}, starting weights of σ = {}, {when}. He's σ is {}, Xavier's {}. The \
             outputs: {first} in the first layer, {last} in the last. Their gradients: {nearest} in the last layer, {deepest} \
             in the first. {words}",
            number(sigma),
            number(init::he_std(&[units, units])),
            number(init::glorot_std(&[units, units])),
        );
        Ok(sheet.figure(alt))
    }

    /// The losses so far, and the loss of a net that knows nothing.
    fn losses(&self, sheet: &mut Sheet, area: [f64; 4], now: f64) {
        let steps = self.losses.len();
        let longest = [100, 200, 400, 1000].into_iter().find(|most| steps <= *most).unwrap_or(STEPS);
        let plane = Plane { area, x: Axis::linear(0.0, longest as f64), y: Axis::linear(0.0, 4.0) };
        sheet.add(&plane.frame("loss", Some("step")));
        let level = (CLASSES as f64).ln();
        sheet.add(&plane.curve(
            [(0.0, level), (longest as f64, level)],
            &format!("stroke=\"{GREY}\" stroke-width=\"4\" stroke-dasharray=\"6 6\""),
        ));
        let every = steps.div_ceil(200).max(1);
        let all = self.losses.iter().copied().enumerate().step_by(every).chain([(steps, now)]);
        let points = all.map(|(step, loss)| (step as f64, loss));
        sheet.add(&plane.curve(points, &format!("stroke=\"{GREEN}\" stroke-width=\"5\"")));
        sheet.add(&plane.dot((steps as f64, now), GREEN));
        let (x, y) = plane.at(longest as f64, level);
        sheet.add(&text((x, y - 11.0), "ln 10: knows nothing", "text-anchor=\"end\" fill=\"#57606a\""));
    }
}

/// What the loss says about the net.
fn verdict(loss: f64) -> String {
    let ignorance = (CLASSES as f64).ln();
    let (is, level) = (significant(loss, 5), significant(ignorance, 5));
    match loss {
        loss if !loss.is_finite() => "The numbers have grown beyond all bounds.".into(),
        loss if loss > ignorance + 0.5 => {
            format!("The loss is {is}, above ln 10 = {level}: the net gives wrong answers a high probability.")
        }
        loss if loss > ignorance - 0.1 => format!("The loss is {is}, about ln 10 = {level}: the net knows nothing."),
        _ => format!("The loss is {is}, below ln 10 = {level}: the net has learned."),
    }
}

/// The root of the mean of the squares.
fn rms(x: &DMatrix<f64>) -> f64 {
    (x.norm_squared() / x.len() as f64).sqrt()
}

/// The axis of σ, with He's and Xavier's on it, and a ring that is dragged.
fn scale(sheet: &mut Sheet, sigma: f64, units: usize) {
    sheet.add(&text((MARGIN, sheet.y + 10.0), "σ of the starting weights", "text-anchor=\"start\" font-size=\"26\""));
    let area = [MARGIN + 14.0, sheet.y + 42.0, sheet.width - 2.0 * MARGIN - 26.0, 30.0];
    let plane = Plane { area, x: Axis::log(SIGMA.0, SIGMA.1), y: Axis::linear(0.0, 1.0) };
    let ((from, y), (to, _)) = (plane.at(SIGMA.0, 0.5), plane.at(SIGMA.1, 0.5));
    sheet.add(&format!(
        "<path d=\"M{} {}H{}\" stroke=\"{GREY}\" stroke-width=\"4\"/>\n",
        half(from),
        half(y),
        half(to)
    ));
    for power in -3..=0 {
        let (x, _) = plane.at(10_f64.powi(power), 0.5);
        sheet.add(&text((x, y + 22.0), &number(10_f64.powi(power)), "fill=\"#57606a\""));
    }
    for (name, value, anchor, aside) in [
        ("Xavier", init::glorot_std(&[units, units]), "end", 4.0),
        ("He", init::he_std(&[units, units]), "start", -4.0),
    ] {
        let (x, _) = plane.at(value, 0.5);
        sheet.add(&format!("<path d=\"M{} {}v32\" stroke=\"{GREEN}\" stroke-width=\"6\"/>\n", half(x), half(y - 8.0)));
        let words = format!("{name} {}", number(value));
        sheet.add(&text((x + aside, y - 20.0), &words, &format!("text-anchor=\"{anchor}\" font-size=\"26\"")));
    }
    sheet.add(&plane.drag_x("sigma", (sigma, 0.5), true));
    sheet.y += 104.0;
}

/// The size of the numbers of each layer.
fn spread(sheet: &mut Sheet, area: [f64; 4], title: &str, values: &[f64], colour: &str) {
    let layers = values.len();
    let plane = Plane { area, x: Axis::linear(0.5, layers as f64 + 0.5), y: Axis::log(1e-12, 1e4) };
    sheet.add(&plane.frame(title, None));
    for (k, value) in values.iter().enumerate() {
        let x = (k + 1) as f64;
        if value.is_finite() {
            sheet.add(&plane.bar(x, 0.36, (plane.y.from, *value), &format!("fill=\"{colour}\" fill-opacity=\".75\"")));
        }
        let (px, py) = plane.at(x, plane.y.from);
        sheet.add(&text((px, py + 12.0), &(k + 1).to_string(), "fill=\"#57606a\""));
    }
    let (x, y) = plane.at((layers as f64 + 1.0) / 2.0, plane.y.from);
    sheet.add(&text((x, y + 29.0), "layer k", "fill=\"#57606a\""));
    // A line at 1, where numbers neither vanish nor explode.
    let ((left, y), (right, _)) = (plane.at(plane.x.from, 1.0), plane.at(plane.x.to, 1.0));
    sheet.add(&format!(
        "<path d=\"M{} {}H{}\" stroke=\"{GREY}\" stroke-width=\"3\" stroke-dasharray=\"6 6\"/>\n",
        half(left),
        half(y),
        half(right)
    ));
}
