//! A run of an optimizer: its path on a map, its loss at each step, and the predicted rate beside the measured one.

use super::Settings;
use super::board::{Board, handle};
use super::rates::measured;
use crate::show::{self, Chart, Figure, Landscape};
use crate::text::{counted, significant};
use std::cell::RefCell;

/// From this width on, panels stand side by side.
const WIDE: u32 = 560;

/// Where the start is dragged: its knob, and the part of the plane that is drawn.
pub(super) struct Start {
    pub at: [f64; 2],
    pub x: (f64, f64),
    pub y: (f64, f64),
}

/// The values of a run, and what theory says about them.
pub(super) struct Run {
    pub of: Measure,
    /// Before each step, and after the last.
    pub values: Vec<f64>,
    /// How many steps were asked for: a run ends early where its numbers are too large.
    pub steps: usize,
    /// ρ, what each step multiplies the error by, in the long run, or why theory does not say it.
    pub predicted: Result<f64, &'static str>,
}

/// What the values of a run are.
#[derive(Clone, Copy)]
pub(super) enum Measure {
    /// The distance from where the gradient is 0.
    Distance,
    /// The loss: where it is quadratic, it grows as the square of the error.
    Loss,
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Measure::Distance => "distance",
            Measure::Loss => "loss",
        }
    }

    /// What a step multiplies it by that multiplies the error by ρ.
    fn factor(self, radius: f64) -> f64 {
        match self {
            Measure::Distance => radius,
            Measure::Loss => radius * radius,
        }
    }
}

impl Run {
    /// The predicted rate and the measured one, a sentence each.
    pub fn rates(&self) -> [String; 2] {
        let of = self.of.name();
        let predicted = match (self.predicted, self.of) {
            (Err(why), _) => format!("No prediction: {why}."),
            (Ok(radius), Measure::Distance) => {
                format!("Predicted: each step multiplies the {of} by ρ = {}.", four(radius))
            }
            (Ok(radius), Measure::Loss) => format!(
                "Predicted: each step multiplies the error by ρ = {} and the {of} by ρ² = {}.",
                four(radius),
                four(radius * radius)
            ),
        };
        let measured = match measured(&self.values) {
            Some((factor, _)) => format!("Measured: each step multiplies the {of} by {}.", four(factor)),
            None if self.values.contains(&0.0) => format!("Measured: the {of} is exactly 0."),
            None => "Measured: too few steps to tell.".into(),
        };
        [predicted, measured]
    }

    /// How many steps it made, and the first value and the last one, in a sentence.
    pub fn ends(&self) -> String {
        let (first, last) = (self.values.first().unwrap_or(&f64::NAN), self.values.last().unwrap_or(&f64::NAN));
        let (of, first, last, done) = (self.of.name(), four(*first), four(*last), self.values.len() - 1);
        match done < self.steps {
            true => format!(
                "{done} of {}, then the numbers overflow: the {of} is {first} at the start and {last} at the end.",
                counted(self.steps, "step")
            ),
            false => {
                format!("{}: done. The {of} is {first} at the start and {last} at the end.", counted(done, "step"))
            }
        }
    }

    /// The value at each step on a logarithmic axis, which starts where the run does, whatever the rate.
    pub fn chart(&self) -> Chart {
        let of = self.of.name();
        let mut chart = show::curve("measured", &self.values).title(format!("The {of} at each step"));
        if let Ok(radius) = self.predicted
            && radius > 0.0
        {
            let factor = self.of.factor(radius);
            let (place, value) = match measured(&self.values) {
                Some((_, place)) => (place as f64, self.values[place]),
                None => (0.0, self.values.first().copied().unwrap_or(f64::NAN)),
            };
            let ends = [0.0, self.steps as f64];
            let line = ends.map(|step| (value.ln() + (step - place) * factor.ln()).clamp(-600.0, 600.0).exp());
            chart = chart.and_xy("predicted slope", &ends, &line);
        }
        let chart = chart.log_y().labels("step", of);
        match self.values.first() {
            Some(first) if *first > 0.0 && first.is_finite() => chart.y_range(1e-6 * first, 1e3 * first),
            _ => chart,
        }
    }
}

/// A number with four digits: the third one alone would not show what a slider's step changes.
pub(super) fn four(value: f64) -> String {
    significant(value, 4)
}

/// Whether gradient descent converges at this rate, in a sentence.
pub(super) fn verdict(rate: f64, formula: &str, limit: f64) -> String {
    let (outcome, place) = match rate {
        rate if rate > limit => ("It diverges", "is above the limit"),
        rate if rate < limit => ("It converges", "is below the limit"),
        _ => ("It neither converges nor diverges", "is the limit"),
    };
    format!("{outcome}: η = {} {place} {formula} = {}.", four(rate), four(limit))
}

/// The map of one choice, kept until another one is chosen: its ground is not drawn again for each path.
#[derive(Default)]
pub(super) struct Kept(RefCell<Option<((usize, u32), Landscape)>>);

impl Kept {
    /// The map of this choice, for pictures of this width.
    pub fn map(&self, choice: usize, width: u32, make: impl FnOnce() -> Landscape) -> Landscape {
        let mut kept = self.0.borrow_mut();
        match &*kept {
            Some((key, map)) if *key == (choice, width) => map.clone(),
            _ => {
                let map = make();
                *kept = Some(((choice, width), map.clone()));
                map
            }
        }
    }
}

/// Bold sentences and plain ones, a map with a ring at the start of its path, charts beside it or below, and the rest of
/// the sentences. In words, it is the map's words and then `alt`.
pub(super) fn picture(
    settings: &Settings,
    [bold, plain, below]: [&[String]; 3],
    map: Landscape,
    start: &Start,
    charts: Vec<Chart>,
    alt: &str,
) -> Figure {
    let width = settings.width();
    let words = |bold: &[String], plain: &[String]| {
        let mut board = Board::new(width);
        bold.iter().for_each(|sentence| board.words(sentence, true));
        plain.iter().for_each(|sentence| board.words(sentence, false));
        board.figure(String::new())
    };
    let (words, below) = (words(bold, plain), words(&[], below));
    let count = charts.len().max(1) as u32;
    let (map_size, chart_size) = match width >= WIDE {
        true => ((width * 13 / 25, 260 + 90 * count), (width - width * 13 / 25, (260 + 90 * count) / count)),
        false => ((width, 300), (width, 230)),
    };
    let map = map.still().without_scale().size(map_size.0, map_size.1);
    let [left, top, across, down] = map.area();
    let ring = handle("start", start.at, [left, top + f64::from(words.size.1), across, down], start.x, start.y);
    let charts = charts.into_iter().map(|chart| chart.size(chart_size.0, chart_size.1).figure());
    let charts = show::column(charts.collect::<Vec<_>>());
    let map = map.figure();
    let alt = format!("{} {alt}", map.alt);
    let panels = if width >= WIDE { show::row([map, charts]) } else { show::column([map, charts]) };
    show::column([words, panels, below]).with(&ring).alt(alt)
}
