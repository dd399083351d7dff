//! The step of a difference quotient: too large, and the curve bends away; too small, and the digits cancel.
//!
//! The exact derivative is that of a dual number, which has no step.

use super::sheet::{Axis, BLUE, GREEN, GREY, MARGIN, ORANGE, Plane, Sheet, half, text};
use super::{Knob, LiveError, Scene, Settings};
use crate::numbers::Dual;
use crate::show::{Figure, escape};
use crate::text::{counted, number, significant};
use crate::{Float, lit};

/// [The figure](self).
pub struct Step;

/// The functions, and where each is differentiated.
const FUNCTIONS: [(&str, f64); 4] =
    [("x³ + x at 2", 2.0), ("sin x² at 2", 2.0), ("F(x) at 1.5", 1.5), ("(2x − 3)² at 3", 3.0)];
/// How many steps of a curve there are for a power of ten.
const PER_POWER: i32 = 6;
/// Errors below this are drawn at it.
const FLOOR: f64 = 1e-17;

impl Scene for Step {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("f", "function", FUNCTIONS.map(|(name, _)| name), 0),
            Knob::choice("format", "numbers", ["f64", "f32"], 0),
            Knob::log_slider("h", "step h", 1e-10, (1e-16, 1.0)),
        ]
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let (which, h) = (settings.chosen("f"), settings.number("h"));
        let exact = function(which, Dual::variable(FUNCTIONS[which].1)).eps;
        let scene = match settings.chosen("format") {
            0 => Digits { which, exact, digits: 16, epsilon: f64::EPSILON, run: run::<f64> },
            _ => Digits { which, exact, digits: 8, epsilon: f64::from(f32::EPSILON), run: run::<f32> },
        };
        Ok(scene.figure(h, settings.width()))
    }
}

/// The functions.
fn function<T: Float>(which: usize, x: T) -> T {
    match which {
        0 => x * x * x + x,
        1 => (x * x).sin(),
        2 => {
            let (s, c) = (x.sin(), x.cos());
            x.exp() / (s * s * s + c * c * c).sqrt()
        }
        _ => {
            let e = lit::<T>(2.0) * x - lit(3.0);
            e * e
        }
    }
}

/// The values of a function around a point, and its derivative there in three ways.
struct Run {
    above: f64,
    here: f64,
    forward: f64,
    central: f64,
    dual: f64,
}

/// All of them computed in T.
fn run<T: Float>(which: usize, h: f64) -> Run {
    let (x, h) = (lit::<T>(FUNCTIONS[which].1), lit::<T>(h));
    let float = |value: T| value.to_f64().unwrap_or(f64::NAN);
    let (above, here, below) = (function(which, x + h), function(which, x), function(which, x - h));
    Run {
        above: float(above),
        here: float(here),
        forward: float((above - here) / h),
        central: float((above - below) / (h + h)),
        dual: float(function(which, Dual::variable(x)).eps),
    }
}

struct Digits {
    which: usize,
    exact: f64,
    /// How many significant digits the format has, rounded up.
    digits: usize,
    /// The distance from 1 to the next number of the format.
    epsilon: f64,
    run: fn(usize, f64) -> Run,
}

impl Digits {
    fn error(&self, derivative: f64) -> f64 {
        ((derivative - self.exact) / self.exact).abs()
    }

    fn figure(&self, h: f64, width: u32) -> Figure {
        let now = (self.run)(self.which, h);
        let mut sheet = Sheet::new(width);
        let name = FUNCTIONS[self.which].0;
        let formula = if self.which == 2 { ", F(x) = eˣ / √(sin³ x + cos³ x)" } else { "" };
        sheet.words(&format!("The slope of {name}{formula}"), true);
        sheet.words(&format!("step h\u{a0}=\u{a0}{}", number(h)), true);
        self.digits(&mut sheet, &now);
        let cancelled = self.cancelled(&now);
        sheet.words(&cancelled, false);
        let [forward, central, dual] = [now.forward, now.central, now.dual].map(|slope| self.right(slope));
        let right = format!(
            "Right digits of {}: forward {forward}, central {central}, dual number {dual}. The wrong ones are underlined.",
            self.digits
        );
        sheet.words(&right, false);
        self.plot(&mut sheet, &now, h);
        let alt = format!(
            "The slope of {name} in {} with a step h = {}. Forward difference {}, relative error {}. Central difference {}, \
             relative error {}. Dual number {}, relative error {}. {cancelled} Right digits of {}: forward {forward}, \
             central {central}, dual number {dual}.",
            if self.digits == 16 { "f64" } else { "f32" },
            number(h),
            significant(now.forward, self.digits),
            number(self.error(now.forward)),
            significant(now.central, self.digits),
            number(self.error(now.central)),
            significant(now.dual, self.digits),
            number(self.error(now.dual)),
            self.digits,
        );
        sheet.figure(alt)
    }

    /// A number with so many decimals that one of this size has the digits of the format.
    fn decimal(&self, value: f64, size: f64) -> String {
        let decimals = self.digits - significant_digits(&size.trunc().to_string());
        format!("{value:.decimals$}").replace('-', "−")
    }

    /// How many digits of the two values are the same, in a sentence.
    fn cancelled(&self, now: &Run) -> String {
        let [above, here] = [now.above, now.here].map(|value| self.decimal(value, now.here));
        match shared(&above, &here) {
            0 => "No digit of f(x + h) and f(x) is the same.".into(),
            all if all >= self.digits => {
                format!("All {} digits of f(x + h) and f(x) are the same and cancel: none is left.", self.digits)
            }
            some => format!(
                "The first {some} of {} digits of f(x + h) and f(x) are the same and cancel. What is left: {}.",
                self.digits,
                counted(self.digits - some, "digit")
            ),
        }
    }

    /// The numbers, digit below digit.
    fn digits(&self, sheet: &mut Sheet, now: &Run) {
        let [above, here, difference] =
            [now.above, now.here, now.above - now.here].map(|value| self.decimal(value, now.here));
        let same = above.chars().zip(here.chars()).take_while(|(a, b)| a == b).count();
        let plain = |name: &'static str, value: f64| {
            let value = self.decimal(value, self.exact);
            let right = self.right_characters(&value);
            (name, value, right, format!("fill=\"{ORANGE}\" text-decoration=\"underline\""), "")
        };
        let grey = "fill=\"#8c959f\"";
        let rows = [
            ("f(x + h)", above, same, String::new(), grey),
            ("f(x)", here, same, String::new(), grey),
            ("their difference", difference, usize::MAX, String::new(), ""),
            plain("forward difference", now.forward),
            plain("central difference", now.central),
            plain("dual number", now.dual),
        ];
        let letter = if sheet.is_narrow() { 12.0 } else { 14.0 };
        let most = rows.iter().map(|row| whole(&row.1)).max().unwrap_or(0);
        let start = MARGIN + if sheet.is_narrow() { 130.0 } else { 150.0 };
        for (name, value, split, second, first) in rows {
            let y = sheet.y + 11.0;
            sheet.add(&text((MARGIN, y), name, "text-anchor=\"start\" font-size=\"26\" fill=\"#57606a\""));
            let x = start + 0.602 * letter * (most - whole(&value)) as f64;
            let (left, right): (String, String) =
                (value.chars().take(split).collect(), value.chars().skip(split).collect());
            let tspan = |look: &str, digits: &str| match digits {
                "" => String::new(),
                _ => format!("<tspan {look}>{}</tspan>", escape(digits)),
            };
            sheet.add(&format!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"start\" font-size=\"{}\" \
                 font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\">{}{}</text>\n",
                half(x),
                half(y) + 9,
                half(letter),
                tspan(first, &left),
                tspan(&second, &right)
            ));
            sheet.y += if name == "their difference" { 30.0 } else { 21.0 };
        }
        sheet.y += 6.0;
    }

    /// How many digits of a slope are right.
    fn right(&self, slope: f64) -> usize {
        let value = self.decimal(slope, self.exact);
        let right: String = value.chars().take(self.right_characters(&value)).collect();
        significant_digits(&right).min(self.digits)
    }

    /// How many characters of a slope are right: those that are as in the exact one, and those of the places that its
    /// error does not reach.
    fn right_characters(&self, value: &str) -> usize {
        let exact = self.decimal(self.exact, self.exact);
        let same = value.chars().zip(exact.chars()).take_while(|(a, b)| a == b).count();
        let Ok(parsed) = value.replace('−', "-").parse::<f64>() else { return 0 };
        let error = (parsed - self.exact).abs();
        let point = whole(value);
        let reached = (0..value.chars().count()).find(|place| {
            let power = if *place < point { point - 1 } else { point };
            error.is_nan() || error > 0.5 * 10_f64.powi(power as i32 - *place as i32)
        });
        same.max(reached.unwrap_or(usize::MAX))
    }

    /// The error against the step.
    fn plot(&self, sheet: &mut Sheet, now: &Run, h: f64) {
        let (left, high) = (MARGIN + 42.0, if sheet.is_narrow() { 220.0 } else { 260.0 });
        sheet.y += 46.0;
        let area = [left, sheet.y, sheet.width - left - MARGIN - 6.0, high];
        let plane = Plane { area, x: Axis::log(1e-16, 1.0), y: Axis::log(FLOOR, 10.0) };
        sheet.add(&plane.frame("", Some("step h")));
        // Three digits each: these are the same numbers on every machine, and so is the noise below.
        let power = |k: i32| 10_f64.powf(f64::from(k) / f64::from(PER_POWER));
        let mut steps: Vec<f64> =
            (-16 * PER_POWER..=0).filter_map(|k| format!("{:.2e}", power(k)).parse().ok()).chain([h]).collect();
        steps.sort_by(f64::total_cmp);
        let runs: Vec<Run> = steps.iter().map(|h| (self.run)(self.which, *h)).collect();
        let level = self.error(now.dual).max(self.epsilon / 2.0);
        let dual = format!("stroke=\"{GREEN}\" stroke-width=\"4\" stroke-dasharray=\"4 6\"");
        sheet.add(&plane.curve([(1e-16, level), (1.0, level)], &dual));
        let lines = [
            (BLUE, "", "forward", (|run| run.forward) as fn(&Run) -> f64),
            (ORANGE, " stroke-dasharray=\"14 7\"", "central", |run| run.central),
        ];
        let mut x = left;
        let top = sheet.y - 40.0;
        sheet.add(&text((left - 42.0, top), "relative error", "text-anchor=\"start\" font-size=\"26\""));
        let key = |x: f64, colour: &str, dashes: &str, name: &str| {
            let line = format!(
                "<path d=\"M{} {}h36\" stroke=\"{colour}\" stroke-width=\"6\"{dashes}/>\n",
                half(x),
                half(top + 21.0)
            );
            line + &text((x + 23.0, top + 21.0), name, "text-anchor=\"start\" font-size=\"26\"")
        };
        for (colour, dashes, name, of) in lines {
            let points = steps.iter().copied().zip(runs.iter().map(|run| self.error(of(run))));
            sheet.add(&plane.curve(points, &format!("stroke=\"{colour}\" stroke-width=\"4\"{dashes}")));
            sheet.add(&key(x, colour, dashes, name));
            x += 86.0;
        }
        sheet.add(&key(x, GREEN, " stroke-dasharray=\"4 6\"", "dual number"));
        let (px, _) = plane.at(h, 1.0);
        let [_, top, _, high] = area;
        sheet.add(&format!(
            "<path d=\"M{} {}V{}\" stroke=\"{GREY}\" stroke-width=\"3\"/>\n",
            half(px),
            half(top),
            half(top + high)
        ));
        sheet.add(&plane.dot((h, self.error(now.central)), ORANGE));
        sheet.add(&plane.dot((h, self.error(now.forward)), BLUE));
        sheet.add(&plane.drag_x("h", (h, self.error(now.forward)), true));
        sheet.y += high + 40.0;
    }
}

/// How many characters of a number stand before its point.
fn whole(value: &str) -> usize {
    value.chars().take_while(|c| *c != '.').count()
}

/// How many digits a number has, without the zeros in front of it.
fn significant_digits(value: &str) -> usize {
    value.trim_start_matches(['-', '−', '0', '.']).chars().filter(char::is_ascii_digit).count()
}

/// How many significant digits two numbers share before the first that differs.
fn shared(a: &str, b: &str) -> usize {
    let same: String = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    significant_digits(&same)
}
