//! A run of an optimizer: its path on a map, its loss at each step, and the predicted rate beside the measured one.

use super::Settings;
use super::board::{Board, handle};
use super::rates::measured;
use crate::show::{self, Chart, Figure, Landscape};
use crate::text::{counted, number};
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
    /// What the values are: "loss".
    pub of: &'static str,
    /// Before each step, and after the last.
    pub values: Vec<f64>,
    /// How many steps were asked for: a run ends early where its numbers are too large.
    pub steps: usize,
    /// What each step multiplies them by, in the long run, or why theory does not say it.
    pub predicted: Result<f64, &'static str>,
}

impl Run {
    /// Both rates, in two sentences.
    pub fn rates(&self) -> String {
        let by = format!("each step multiplies the {} by", self.of);
        let found = measured(&self.values).map(|(factor, _)| number(factor));
        let missing = match self.values.contains(&0.0) {
            true => format!("the {} is exactly 0", self.of),
            false => "too few steps to tell".into(),
        };
        match self.predicted {
            Ok(factor) => {
                format!("Predicted: {by} {}. Measured: {}.", number(factor), found.unwrap_or(missing))
            }
            Err(why) => {
                let found = found.map_or(missing, |factor| format!("{by} {factor}"));
                format!("Measured: {found}. No prediction: {why}.")
            }
        }
    }

    /// The first value and the last one, in a sentence.
    pub fn ends(&self) -> String {
        let (first, last) = (self.values.first().unwrap_or(&f64::NAN), self.values.last().unwrap_or(&f64::NAN));
        let ends = format!("The {} is {} at the start and {}", self.of, number(*first), number(*last));
        match self.values.len() - 1 {
            done if done < self.steps => format!("{ends} after {}; then it overflows.", counted(done, "step")),
            done => format!("{ends} after {}.", counted(done, "step")),
        }
    }

    /// The value at each step on a logarithmic axis, which starts where the run does, whatever the rate.
    pub fn chart(&self) -> Chart {
        let of = self.of;
        let mut chart = show::curve("measured", &self.values).title(format!("The {of} at each step"));
        if let Ok(factor) = self.predicted
            && factor > 0.0
        {
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

/// Whether gradient descent converges at this rate, in a sentence. The limit is for the largest curvature λ.
pub(super) fn verdict(rate: f64, formula: &str, limit: f64, curvature: f64) -> String {
    let (outcome, place) = match rate {
        rate if rate > limit => ("It diverges", "is above the limit"),
        rate if rate < limit => ("It converges", "is below the limit"),
        _ => ("It neither converges nor diverges", "is the limit"),
    };
    let (rate, limit, curvature) = (number(rate), number(limit), number(curvature));
    format!("{outcome}: η = {rate} {place} {formula} = {limit}, where λ = {curvature} is the largest curvature.")
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

/// Sentences, a map with a ring at the start of its path, and charts beside it or below. In words, it is the map's words
/// and then `alt`.
pub(super) fn picture(
    settings: &Settings,
    [bold, plain]: [&str; 2],
    map: Landscape,
    start: &Start,
    charts: Vec<Chart>,
    alt: &str,
) -> Figure {
    let width = settings.width();
    let mut board = Board::new(width);
    board.words(bold, true);
    if !plain.is_empty() {
        board.words(plain, false);
    }
    let words = board.figure(String::new());
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
    show::column([words, panels]).with(&ring).alt(alt)
}
