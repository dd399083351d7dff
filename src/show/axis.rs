//! Axes: the range that holds the data, its ticks and their labels.

use super::canvas::{SMALL, width};
use crate::text::{number, superscript};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// The settings of an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Axis {
    pub label: String,
    pub log: bool,
    pub percent: bool,
    pub range: Option<(f64, f64)>,
}

/// An axis fitted to its data: its range and its ticks, both in the units that are drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub range: (f64, f64),
    pub ticks: Vec<(f64, String)>,
}

/// How long an axis is, in pixels: its ticks stand side by side, or one below the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Length {
    Across(f64),
    Down(f64),
}

impl Length {
    /// About how many ticks there is room for.
    fn ticks(self) -> usize {
        let ticks = match self {
            Length::Across(pixels) => pixels / 60.0,
            Length::Down(pixels) => pixels / 38.0,
        };
        ticks.max(2.0) as usize
    }

    /// Whether no two labels touch, on an axis over this range.
    fn separates(self, ticks: &[(f64, String)], (low, high): (f64, f64)) -> bool {
        ticks.windows(2).all(|pair| {
            let [(from, left), (to, right)] = pair else { return true };
            let share = (to - from) / (high - low);
            match self {
                Length::Across(pixels) => share * pixels >= 0.5 * (width(left, SMALL) + width(right, SMALL)) + 8.0,
                Length::Down(pixels) => share * pixels >= SMALL + 2.0,
            }
        })
    }
}

impl Axis {
    /// Where on the axis a value is drawn: at the value, or at its logarithm; NaN if it cannot be drawn.
    pub fn place(&self, value: f64) -> f64 {
        let drawn = if self.log { value.log10() } else { value };
        // Beyond this, the difference of two values may not be finite.
        if drawn.abs() < 1e300 { drawn } else { f64::NAN }
    }

    /// Whether a drawn value is in the range that was set, if one was.
    pub fn holds(&self, drawn: f64) -> bool {
        let range = self.range.map(|(from, to)| (self.place(from), self.place(to))).filter(|(from, to)| from < to);
        range.is_none_or(|(from, to)| (from..=to).contains(&drawn))
    }

    /// The range that holds `values` (where they are drawn), and as many ticks as fit.
    ///
    /// `margin` is the fraction of the range left free at both ends.
    pub fn scale(&self, values: impl Iterator<Item = f64>, length: Length, margin: f64) -> Scale {
        let (mut low, mut high, mut whole) = (f64::INFINITY, f64::NEG_INFINITY, !self.log && !self.percent);
        for value in values.filter(|v| v.is_finite()) {
            (low, high, whole) = (low.min(value), high.max(value), whole && value.fract() == 0.0);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= 1e-12 * low.abs().max(high.abs()).max(1e-280) {
            let room = match low.abs() {
                _ if self.log => 0.5,
                size if size < 1e-280 || (whole && size <= 10.0) => 1.0,
                size => 0.1 * size,
            };
            (low, high) = (low - room, high + room);
        } else {
            let room = margin * (high - low);
            // An axis that starts near zero starts at zero.
            let from_zero = !self.log && low >= 0.0 && low < 0.15 * high;
            (low, high) = (if from_zero && margin > 0.0 { 0.0 } else { low - room }, high + room);
        }
        if let Some((from, to)) = self.range {
            let (from, to) = (self.place(from), self.place(to));
            if from < to {
                (low, high) = (from, to);
            }
        }
        // Nothing lies between two steps or two epochs.
        let least = if whole { 1.0 } else { 0.0 };
        let ticks = |count: usize| match self.log {
            true => log_ticks(low, high, count),
            false => linear_ticks((low, high), count, least, self.percent),
        };
        // Fewer ticks if they touch, more if there is only one; at worst the ends.
        let fit = |ticks: &Vec<(f64, String)>| ticks.len() >= 2 && length.separates(ticks, (low, high));
        let count = length.ticks();
        let ends = || [low, high].map(|end| (end, self.label_at(end))).to_vec();
        let ticks = (2..=count).rev().chain(count + 1..=2 * count).map(ticks).find(fit).unwrap_or_else(ends);
        Scale { range: (low, high), ticks }
    }

    /// A label for an end of the axis.
    fn label_at(&self, place: f64) -> String {
        match (self.log, self.percent) {
            (true, _) => number(10_f64.powf(place)),
            (_, true) => format!("{} %", number(100.0 * place)),
            _ => number(place),
        }
    }
}

/// An axis, as plotters needs it.
impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let share = (value - self.range.0) / (self.range.1 - self.range.0);
        (f64::from(from) + share * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let light = hint.weight().allow_light_points();
        self.ticks.iter().filter(|_| !light).map(|(place, _)| *place).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.0..self.range.1
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|(place, _)| place == value).map_or(String::new(), |(_, label)| label.clone())
    }
}

/// Multiples of 1, 2 or 5 times a power of ten, `least` or more apart.
fn linear_ticks((low, high): (f64, f64), count: usize, least: f64, percent: bool) -> Vec<(f64, String)> {
    let rough = (high - low) / count.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let mut steps = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power);
    let step = steps.find(|&step| step >= 0.7 * rough).unwrap_or(rough).max(least);
    let slack = 1e-9 * (high - low);
    let (first, last) = (((low - slack) / step).ceil(), ((high + slack) / step).floor());
    if !(step > 0.0 && first.abs() < 1e15 && last - first < 100.0) {
        return Vec::new();
    }
    let values = (0..=(last - first) as i32).map(|k| (first + f64::from(k)) * step);
    let largest = low.abs().max(high.abs());
    values
        .map(|v| (v, if percent { format!("{} %", decimal(v, step, 100.0)) } else { tick(v, step, largest) }))
        .collect()
}

/// Powers of ten, with 2 and 5 between them if there is room.
fn log_ticks(low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
    let count = count.max(2) as f64;
    let every = ((high - low) / count).ceil().max(1.0);
    let powers = |from: f64, every: f64| {
        let first = (from / every).ceil() * every;
        (0..1000).map(move |k| first + f64::from(k) * every)
    };
    let mut places: Vec<(f64, f64)> = Vec::new(); // mantissa, exponent
    if high - low < 0.53 * count {
        for exponent in powers(low.floor(), 1.0).take_while(|e| *e <= high) {
            let between: &[f64] = if high - low < 0.32 * count { &[1.0, 2.0, 3.0, 5.0, 7.0] } else { &[1.0, 2.0, 5.0] };
            places.extend(between.iter().map(|&m| (m, exponent)));
        }
    } else {
        places.extend(powers(low, every).take_while(|e| *e <= high + 1e-9).map(|exponent| (1.0, exponent)));
    }
    places.retain(|(m, e)| (low - 1e-9..=high + 1e-9).contains(&(e + m.log10())));
    let plain = low >= -3.2 && high <= 4.2;
    let label = |m: f64, e: f64| match plain {
        true => decimal(m * 10_f64.powf(e), 10_f64.powf(e), 1.0),
        false if m == 1.0 => format!("10{}", superscript(e as i32)),
        false => format!("{m}·10{}", superscript(e as i32)),
    };
    places.iter().map(|&(m, e)| (e + m.log10(), label(m, e))).collect()
}

/// A tick of a linear axis.
fn tick(value: f64, step: f64, largest: f64) -> String {
    match largest {
        _ if value == 0.0 || value.abs() < step * 1e-9 => "0".into(),
        l if !(1e-3..1e10).contains(&l) => {
            let exponent = l.log10().floor();
            let mantissa = decimal(value / 10_f64.powf(exponent), step / 10_f64.powf(exponent), 1.0);
            format!("{mantissa}·10{}", superscript(exponent as i32))
        }
        l if l >= 1e6 => format!("{}M", decimal(value, step, 1e-6)),
        l if l >= 1e4 => format!("{}k", decimal(value, step, 1e-3)),
        _ => decimal(value, step, 1.0),
    }
}

/// `value`·`factor` with as many decimals as its step needs.
fn decimal(value: f64, step: f64, factor: f64) -> String {
    let digits = (-(step * factor).log10() - 1e-9).ceil().clamp(0.0, 15.0) as usize;
    format!("{:.digits$}", value * factor).replace('-', "−")
}
