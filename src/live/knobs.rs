//! What a reader can change in a live figure, and the values it is set to.

use crate::error::{Error, ShapeError};
use crate::show::escape;
use nalgebra::DMatrix;
use std::fmt;

/// Numbers are read up to this size, so that no picture overflows.
const LARGEST: f64 = 1e6;

/// Why a live figure cannot be set or drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveError(String);

impl LiveError {
    /// An error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        LiveError(text.into())
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LiveError {}

impl From<ShapeError> for LiveError {
    fn from(error: ShapeError) -> Self {
        LiveError(error.to_string())
    }
}

impl From<Error> for LiveError {
    fn from(error: Error) -> Self {
        LiveError(error.to_string())
    }
}

/// Something that a reader can change, at its present value.
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    name: &'static str,
    label: &'static str,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// A number between two others; on a logarithmic slider if `log`.
    Slider { value: f64, from: f64, to: f64, step: f64, log: bool },
    /// One of several words.
    Choice { at: usize, options: Vec<String> },
    /// Numbers that are typed into the picture.
    Numbers(DMatrix<f64>),
    /// A point (x, y) that is dragged in the picture.
    Point { value: [f64; 2], x: (f64, f64), y: (f64, f64) },
    /// A square picture that is drawn with the pointer: the side, and 16 shades a pixel, row by row.
    Pixels { side: usize, shades: Vec<u8> },
}

impl Knob {
    /// A number on a slider from `from` to `to`, in steps.
    pub fn slider(name: &'static str, label: &'static str, value: f64, (from, to): (f64, f64), step: f64) -> Self {
        Knob { name, label, kind: Kind::Slider { value, from, to, step, log: false } }
    }

    /// A positive number on a logarithmic slider, with three significant digits.
    pub fn log_slider(name: &'static str, label: &'static str, value: f64, (from, to): (f64, f64)) -> Self {
        Knob { name, label, kind: Kind::Slider { value, from, to, step: 0.01, log: true } }
    }

    /// One of several words, the first one at first.
    pub fn choice<S: ToString>(
        name: &'static str,
        label: &'static str,
        options: impl IntoIterator<Item = S>,
        at: usize,
    ) -> Self {
        let options = options.into_iter().map(|option| option.to_string()).collect();
        Knob { name, label, kind: Kind::Choice { at, options } }
    }

    /// Numbers that are typed into the picture, where it has a cell for each.
    pub fn numbers(name: &'static str, label: &'static str, values: DMatrix<f64>) -> Self {
        Knob { name, label, kind: Kind::Numbers(values) }
    }

    /// A point that is dragged in the picture.
    pub fn point(name: &'static str, label: &'static str, value: [f64; 2], x: (f64, f64), y: (f64, f64)) -> Self {
        Knob { name, label, kind: Kind::Point { value, x, y } }
    }

    /// An empty square picture that is drawn with the pointer.
    pub fn pixels(name: &'static str, label: &'static str, side: usize) -> Self {
        Knob { name, label, kind: Kind::Pixels { side, shades: vec![0; side * side] } }
    }

    /// Reads a value as [`Knob::value`] writes it.
    fn set(&mut self, text: &str) -> Result<(), LiveError> {
        let name = self.name;
        let number = |text: &str, from: f64, to: f64| match text.trim().replace('−', "-").parse::<f64>() {
            Ok(value) if (from..=to).contains(&value) => Ok(value),
            _ => Err(LiveError::new(format!("{name} is {text:?}: it must be a number from {from} to {to}"))),
        };
        let numbers = |count: usize| {
            let parts: Vec<&str> = text.split(',').collect();
            if parts.len() == count {
                return Ok(parts);
            }
            Err(LiveError::new(format!("{name} has {} numbers: it must have {count}", parts.len())))
        };
        match &mut self.kind {
            Kind::Slider { value, from, to, .. } => *value = number(text, *from, *to)?,
            Kind::Choice { at, options } => {
                *at = options.iter().position(|option| option == text).ok_or_else(|| {
                    LiveError::new(format!("{name} is {text:?}: it must be one of {}", options.join(", ")))
                })?;
            }
            Kind::Numbers(values) => {
                let (rows, columns) = values.shape();
                let parts = numbers(rows * columns)?.into_iter().map(|part| number(part, -LARGEST, LARGEST));
                *values = DMatrix::from_row_iterator(rows, columns, parts.collect::<Result<Vec<_>, _>>()?);
            }
            Kind::Point { value, x, y } => {
                let parts = numbers(2)?;
                *value = [number(parts[0], x.0, x.1)?, number(parts[1], y.0, y.1)?];
            }
            Kind::Pixels { side, shades } => {
                let digits: Option<Vec<u8>> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect();
                let whole = digits.filter(|digits| digits.len() == *side * *side);
                *shades = whole
                    .ok_or_else(|| LiveError::new(format!("{name} must be {side} times {side} hexadecimal digits")))?;
            }
        }
        Ok(())
    }

    /// The present value as text.
    fn value(&self) -> String {
        let join = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v.to_string()).collect::<Vec<_>>().join(",");
        match &self.kind {
            Kind::Slider { value, .. } => slid(*value),
            Kind::Choice { at, options } => options[*at].clone(),
            Kind::Numbers(values) => join(&mut values.transpose().iter().copied()),
            Kind::Point { value, .. } => join(&mut value.iter().copied()),
            Kind::Pixels { shades, .. } => {
                shades.iter().map(|shade| char::from_digit(u32::from(*shade), 16).unwrap_or('0')).collect()
            }
        }
    }

    /// The control outside the picture; what is changed in the picture has none.
    fn html(&self) -> String {
        let (name, label) = (self.name, escape(self.label));
        match &self.kind {
            Kind::Slider { value, from, to, step, log } => {
                let place = |v: f64| if *log { v.log10() } else { v };
                let log = if *log { " data-log" } else { "" };
                format!(
                    "<label>{label} <input type=\"range\" name=\"{name}\" min=\"{}\" max=\"{}\" step=\"{step}\" \
                     value=\"{}\"{log}><output aria-live=\"off\">{}</output></label>",
                    place(*from),
                    place(*to),
                    place(*value),
                    slid(*value).replace('-', "−")
                )
            }
            Kind::Choice { at, options } => {
                let option = |(k, option): (usize, &String)| {
                    let chosen = if k == *at { " selected" } else { "" };
                    format!("<option{chosen}>{}</option>", escape(option))
                };
                let options: String = options.iter().enumerate().map(option).collect();
                format!("<label>{label} <select name=\"{name}\">{options}</select></label>")
            }
            Kind::Point { value, x, y } => {
                let one = |axis: &str, value: f64, (from, to): (f64, f64)| {
                    format!(
                        "<input type=\"number\" name=\"{name}\" data-part min=\"{from}\" max=\"{to}\" step=\"any\" \
                         value=\"{value}\" aria-label=\"{label}, {axis}\">"
                    )
                };
                format!("<span class=\"point\">{label} {}{}</span>", one("x", value[0], *x), one("y", value[1], *y))
            }
            Kind::Pixels { .. } => {
                let erase = "<button type=\"button\" data-do=\"erase\" aria-pressed=\"false\"";
                format!(
                    "{erase} data-knob=\"{name}\">Erase</button>\
                     <button type=\"button\" data-do=\"clear\" data-knob=\"{name}\">Clear</button>"
                )
            }
            Kind::Numbers(_) => String::new(),
        }
    }
}

/// A slider's number: 0.05, and 1e-9 in place of nine decimals.
fn slid(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 { format!("{value:e}") } else { value.to_string() }
}

/// The knobs of a figure at their present values, and the room it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    knobs: Vec<Knob>,
    width: u32,
}

impl Settings {
    /// These knobs, and the width of the book's text.
    pub(super) fn new(knobs: Vec<Knob>) -> Self {
        Settings { knobs, width: 720 }
    }

    /// The room for the picture, in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The value of a slider.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        match self.kind(name) {
            Some(Kind::Slider { value, .. }) => *value,
            _ => f64::NAN,
        }
    }

    /// Which word is chosen, counted from 0.
    #[must_use]
    pub fn chosen(&self, name: &str) -> usize {
        match self.kind(name) {
            Some(Kind::Choice { at, .. }) => *at,
            _ => 0,
        }
    }

    /// The chosen word as a whole number.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        match self.kind(name) {
            Some(Kind::Choice { at, options }) => options[*at].parse().unwrap_or(0),
            _ => 0,
        }
    }

    /// The numbers of a matrix.
    #[must_use]
    pub fn numbers(&self, name: &str) -> DMatrix<f64> {
        match self.kind(name) {
            Some(Kind::Numbers(values)) => values.clone(),
            _ => DMatrix::zeros(0, 0),
        }
    }

    /// A point.
    #[must_use]
    pub fn point(&self, name: &str) -> [f64; 2] {
        match self.kind(name) {
            Some(Kind::Point { value, .. }) => *value,
            _ => [0.0; 2],
        }
    }

    /// The shades of a drawn picture, from 0 to 1, row by row.
    #[must_use]
    pub fn pixels(&self, name: &str) -> Vec<f64> {
        match self.kind(name) {
            Some(Kind::Pixels { shades, .. }) => shades.iter().map(|shade| f64::from(*shade) / 15.0).collect(),
            _ => Vec::new(),
        }
    }

    /// Gives a matrix another shape: numbers that were there stay, and the rest comes from `fill`.
    pub fn resize(&mut self, name: &str, (rows, columns): (usize, usize), fill: impl Fn(usize, usize) -> f64) {
        if let Some(Kind::Numbers(values)) = self.kind_mut(name) {
            *values = DMatrix::from_fn(rows, columns, |i, j| values.get((i, j)).copied().unwrap_or_else(|| fill(i, j)));
        }
    }

    /// The same for maps that stand one below the other: the shapes are those of the tensor whose matrices they are.
    pub fn resize_maps(
        &mut self,
        name: &str,
        [_, per_sample, height, width]: [usize; 4],
        after: [usize; 4],
        fill: impl Fn(usize, usize) -> f64,
    ) {
        if let Some(Kind::Numbers(values)) = self.kind_mut(name) {
            *values = DMatrix::from_fn(after[0] * after[1] * after[2], after[3], |i, j| {
                let (map, row) = (i / after[2], i % after[2]);
                let (n, c) = (map / after[1], map % after[1]);
                let kept = (c < per_sample && row < height && j < width)
                    .then(|| values.get(((n * per_sample + c) * height + row, j)).copied());
                kept.flatten().unwrap_or_else(|| fill(i, j))
            });
        }
    }

    /// Gives a choice other options. What is chosen stays so if it is one of them, and otherwise the first one is.
    pub fn offer<S: ToString>(&mut self, name: &str, others: impl IntoIterator<Item = S>) {
        if let Some(Kind::Choice { at, options }) = self.kind_mut(name) {
            let others: Vec<String> = others.into_iter().map(|option| option.to_string()).collect();
            if !others.is_empty() {
                *at = others.iter().position(|option| *option == options[*at]).unwrap_or(0);
                *options = others;
            }
        }
    }

    /// Changes a setting, written `rate=0.05`, and returns the knob's name.
    pub(super) fn set(&mut self, setting: &str) -> Result<String, LiveError> {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(LiveError::new(format!("{setting:?} is no setting: it must read name=value")));
        };
        if name == "width" {
            let width = value.parse().map_err(|_| LiveError::new(format!("width is {value:?}: it must be pixels")))?;
            self.width = u32::clamp(width, 240, 1200);
            return Ok(name.into());
        }
        let names: Vec<&str> = self.knobs.iter().map(|knob| knob.name).collect();
        let Some(knob) = self.knobs.iter_mut().find(|knob| knob.name == name) else {
            return Err(LiveError::new(format!("there is no knob {name:?}: there are {}", names.join(", "))));
        };
        knob.set(value)?;
        Ok(name.into())
    }

    /// All settings but the width, as [`open`](super::open) reads them.
    pub(super) fn query(&self) -> String {
        let settings = self.knobs.iter().map(|knob| format!("{}={}", knob.name, knob.value()));
        settings.collect::<Vec<_>>().join("&")
    }

    /// The controls outside the picture.
    pub(super) fn html(&self) -> String {
        self.knobs.iter().map(Knob::html).collect()
    }

    fn kind(&self, name: &str) -> Option<&Kind> {
        self.knobs.iter().find(|knob| knob.name == name).map(|knob| &knob.kind)
    }

    fn kind_mut(&mut self, name: &str) -> Option<&mut Kind> {
        self.knobs.iter_mut().find(|knob| knob.name == name).map(|knob| &mut knob.kind)
    }
}
