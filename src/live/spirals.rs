//! A net with one hidden layer that tells the arms of a spiral apart: how many hidden units it needs.
//!
//! The data, the start and the steps are those of chapter 02: fully connected, ReLU, fully connected; cross-entropy; each
//! step on all 300 points. Along a line through the plane, the output of a hidden unit has one kink, and all of a unit's
//! kinks lie on one line. So between these lines every border between two classes is straight.

use super::board::Board;
use super::{Knob, LiveError, Scene, Settings};
use crate::activations::softmax_forward;
use crate::data::synthetic;
use crate::init;
use crate::losses::{Loss, cross_entropy_loss};
use crate::model::{Dense, Layer, Memory, Relu, Sequential};
use crate::optim::Sgd;
use crate::show::{self, Figure, places, regions};
use crate::text::{counted, number, significant};
use crate::{Error, Tensor4};
use nalgebra::{DMatrix, RowDVector};

/// How many points there are.
const POINTS: usize = 300;
/// A training ends after this many steps.
const STEPS: usize = 3000;
/// The part of the plane that is drawn, and how many places on a side have a colour.
const RANGE: (f64, f64) = (-1.1, 1.1);
const SIDE: usize = 48;
/// The lines of up to this many hidden units are drawn.
const LINES: usize = 16;
/// From this width on, the charts are beside the plane.
const WIDE: u32 = 560;

/// [The figure](self).
pub struct Spirals {
    training: Training,
}

impl Default for Spirals {
    fn default() -> Self {
        Spirals { training: Training::new(&Settings::new(knobs())) }
    }
}

fn knobs() -> Vec<Knob> {
    vec![
        Knob::slider("hidden", "hidden units", 4.0, (1.0, 64.0), 1.0),
        Knob::log_slider("rate", "learning rate η", 1.0, (0.01, 10.0)),
        Knob::slider("noise", "noise", 0.2, (0.0, 0.6), 0.05),
        Knob::choice("arms", "arms", 2..=3, 1),
        Knob::slider("seed", "seed of the start", 1.0, (1.0, 20.0), 1.0),
    ]
}

impl Scene for Spirals {
    fn knobs(&self) -> Vec<Knob> {
        knobs()
    }

    fn changed(&mut self, settings: &mut Settings, knob: &str) -> Result<(), LiveError> {
        if !["rate", "width"].contains(&knob) {
            self.training = Training::new(settings);
        }
        Ok(())
    }

    fn moves(&self) -> Option<&'static str> {
        Some("Train")
    }

    fn advance(&mut self, settings: &Settings) -> Result<bool, LiveError> {
        Ok(self.training.step(settings.number("rate"))?)
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let Training { points, labels, losses, accuracies, .. } = &self.training;
        let now = self.training.now()?;
        let hidden = settings.number("hidden") as usize;
        let drawn = hidden <= LINES;

        let mut plane = regions("The class that the net answers", RANGE, SIDE, &self.training.plane()?);
        for line in self.training.lines().filter(|_| drawn) {
            plane = plane.line(line);
        }
        for (n, point) in points.matrix().row_iter().enumerate() {
            plane = plane.point((point[0], point[1]), labels[n], !now.right[n]);
        }

        let (units, steps) = (counted(hidden, "hidden unit"), losses.len());
        let after = match steps {
            0 => "before the first step".into(),
            STEPS.. => format!("{}: done", counted(steps, "step")),
            _ => format!("after {}", counted(steps, "step")),
        };
        let share = significant(100.0 * now.accuracy(), 4);
        let mut right = format!("{share} % of {POINTS} points are right.");
        if !now.loss.is_finite() {
            right += " The training has ended: the loss is not finite, because the learning rate was too large. Change \
                      the number of units to start anew.";
        }
        let plain = match drawn {
            true => "Dashed: the kinks, a line for each hidden unit. Only there can a border bend. Dark rim: wrong.",
            false => "Dark rim: wrong. (With up to 16 hidden units, the lines are drawn at which a border can bend.)",
        };

        let with_now = |past: &[f64], now: f64| [past, &[now]].concat();
        let longest = [100, 300, 1000].into_iter().find(|most| steps <= *most).unwrap_or(STEPS);
        let loss = show::curve("cross-entropy loss", &with_now(losses, now.loss)).log_y().y_range(0.005, 3.0);
        let accuracy = show::curve("points that are right", &with_now(accuracies, now.accuracy())).percent();
        let accuracy = accuracy.y_range(0.0, 1.0);
        let alt = format!(
            "{POINTS} points on {} arms of a spiral, and the class that a net of {units} answers at each place of the plane. \
             {units}, {after}. {right} Loss {}. {}",
            now.of_class.len(),
            number(now.loss),
            now.classes()
        );

        let width = settings.width();
        let mut board = Board::new(width);
        board.words(&format!("{units}, {after}"), true);
        board.words(&right, true);
        board.words(plain, false);
        let words = board.figure(String::new());
        let wide = width >= WIDE;
        let plane = plane.figure(if wide { width * 27 / 50 } else { width }, "");
        let chart = if wide { (width - plane.size.0, plane.size.1 / 2) } else { (width, 190) };
        let charts = [loss, accuracy]
            .map(|chart_of| chart_of.labels("step", "").x_span(0.0, longest as f64).size(chart.0, chart.1).figure());
        let charts = show::column(charts);
        let panels = if wide { show::row([plane, charts]) } else { show::column([plane, charts]) };
        Ok(show::column([words, panels]).alt(alt))
    }
}

/// A net, its points, and what it did so far.
struct Training {
    points: Tensor4<f64>,
    targets: DMatrix<f64>,
    labels: Vec<usize>,
    /// Where the plane is coloured.
    places: Tensor4<f64>,
    net: Sequential<f64>,
    memory: Memory<f64>,
    /// Before each step.
    losses: Vec<f64>,
    accuracies: Vec<f64>,
}

/// What a net does with the points.
struct Now {
    loss: f64,
    right: Vec<bool>,
    /// How many points each class has, and how many of them are right.
    of_class: Vec<(usize, usize)>,
}

impl Now {
    fn of(scores: &DMatrix<f64>, loss: f64, labels: &[usize]) -> Self {
        let right: Vec<bool> =
            labels.iter().zip(scores.row_iter()).map(|(label, row)| row.transpose().argmax().0 == *label).collect();
        let mut of_class = vec![(0, 0); scores.ncols()];
        for (label, right) in labels.iter().zip(&right) {
            of_class[*label].0 += 1;
            of_class[*label].1 += usize::from(*right);
        }
        Now { loss, right, of_class }
    }

    fn accuracy(&self) -> f64 {
        self.of_class.iter().map(|(_, right)| *right).sum::<usize>() as f64 / self.right.len() as f64
    }

    /// Each class in words.
    fn classes(&self) -> String {
        let class = |(class, (all, right)): (usize, &(usize, usize))| format!("Class {class}: {right} of {all} right.");
        self.of_class.iter().enumerate().map(class).collect::<Vec<_>>().join(" ")
    }
}

impl Training {
    fn new(settings: &Settings) -> Self {
        let (hidden, arms) = (settings.number("hidden") as usize, settings.count("arms"));
        let data = synthetic::spirals(POINTS, arms, settings.number("noise"), 0);
        let (points, targets) = data.batch(&(0..POINTS).collect::<Vec<_>>());
        let mut rng = init::rng(settings.number("seed") as u64);
        let net = Sequential::new()
            .with(Dense::of(init::he(&mut rng, [2, hidden])))
            .with(Relu::new())
            .with(Dense::of(init::normal(&mut rng, [hidden, arms], 1e-3)));
        let rows: Vec<_> = places(RANGE, SIDE).into_iter().map(|(x, y)| RowDVector::from_vec(vec![x, y])).collect();
        Training {
            points,
            targets,
            labels: data.labels,
            places: Tensor4::from_vectors(DMatrix::from_rows(&rows)),
            net,
            memory: Memory::new(),
            losses: Vec::new(),
            accuracies: Vec::new(),
        }
    }

    /// A step on all points. False at the end, or where the loss is no longer finite.
    fn step(&mut self, rate: f64) -> Result<bool, Error> {
        if self.losses.len() >= STEPS {
            return Ok(false);
        }
        let y = self.net.forward(self.points.clone(), &mut self.memory)?;
        let Loss { loss, dy } = cross_entropy_loss(y.matrix(), &self.targets)?;
        if !loss.is_finite() {
            self.memory.clear();
            return Ok(false);
        }
        self.losses.push(loss);
        self.accuracies.push(Now::of(y.matrix(), loss, &self.labels).accuracy());
        self.net.backward_parameters(&Tensor4::from_vectors(dy), &mut self.memory)?;
        self.net.step(&mut Sgd::new(rate))?;
        Ok(self.losses.len() < STEPS)
    }

    fn now(&self) -> Result<Now, Error> {
        let y = self.net.infer(&self.points)?;
        let loss = cross_entropy_loss(y.matrix(), &self.targets)?.loss;
        Ok(Now::of(y.matrix(), loss, &self.labels))
    }

    /// The probability of each class at each place of the plane.
    fn plane(&self) -> Result<DMatrix<f64>, Error> {
        Ok(softmax_forward(self.net.infer(&self.places)?.matrix()))
    }

    /// The line of each hidden unit on which its input is 0: [a, b, c] of a·x + b·y + c = 0.
    fn lines(&self) -> impl Iterator<Item = [f64; 3]> {
        let parameters: Vec<Vec<f64>> = self.net.parameters().iter().take(2).map(|p| p.to_row_major()).collect();
        let units = parameters.get(1).map_or(0, Vec::len);
        (0..units).map(move |k| [parameters[0][k], parameters[0][units + k], parameters[1][k]])
    }
}
