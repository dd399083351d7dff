//! The slope of an activation at a point: by its backward, by a dual number, and by a central difference, which sees both
//! sides of a kink.

use super::sheet::{Axis, BLUE, Cell, GREEN, GREY, MARGIN, ORANGE, Plane, Sheet, half, text};
use super::{Knob, LiveError, Scene, Settings};
use crate::activations::*;
use crate::numbers::Dual;
use crate::show::Figure;
use crate::text::{number, significant};
use crate::{Float, ShapeError, lit};
use nalgebra::DMatrix;

/// [The figure](self).
pub struct Kink;

const NAMES: [&str; 6] = ["ReLU", "leaky ReLU", "ELU", "SELU", "sigmoid", "tanh"];
/// The part of the z axis that is drawn.
const Z: (f64, f64) = (-4.0, 4.0);
/// The half widths.
const H: (f64, f64) = (0.001, 2.0);

impl Scene for Kink {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("f", "activation", NAMES, 0),
            Knob::slider("alpha", "α of leaky ReLU and ELU", 0.25, (0.0, 2.0), 0.05),
            Knob::slider("z", "point z", 0.2, (-2.0, 2.0), 0.01),
            Knob::log_slider("h", "half width h", 0.5, H),
        ]
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let f = Activation { which: settings.chosen("f"), alpha: settings.number("alpha") };
        let [z, h] = ["z", "h"].map(|name| settings.number(name));
        Ok(Slopes::new(f, z, h)?.figure(settings.width())?)
    }
}

#[derive(Clone, Copy)]
struct Activation {
    which: usize,
    alpha: f64,
}

impl Activation {
    fn forward<T: Float>(self, z: &DMatrix<T>) -> DMatrix<T> {
        match self.which {
            0 => relu_forward(z),
            1 => leaky_relu_forward(z, lit(self.alpha)),
            2 => elu_forward(z, lit(self.alpha)),
            3 => selu_forward(z),
            4 => sigmoid_forward(z),
            _ => tanh_forward(z),
        }
    }

    fn backward(self, next_dz: &DMatrix<f64>, z: &DMatrix<f64>) -> Result<DMatrix<f64>, ShapeError> {
        match self.which {
            0 => relu_backward(next_dz, z),
            1 => leaky_relu_backward(next_dz, z, self.alpha),
            2 => elu_backward(next_dz, z, self.alpha),
            3 => selu_backward(next_dz, z),
            4 => sigmoid_backward(next_dz, z),
            _ => tanh_backward(next_dz, z),
        }
    }

    fn at<T: Float>(self, z: T) -> T {
        self.forward(&DMatrix::from_element(1, 1, z))[0]
    }

    /// f′ of each of these.
    fn slopes(self, z: &[f64]) -> Result<Vec<f64>, ShapeError> {
        let ones = DMatrix::from_element(1, z.len(), 1.0);
        Ok(self.backward(&ones, &DMatrix::from_row_slice(1, z.len(), z))?.as_slice().to_vec())
    }

    fn difference(self, z: f64, h: f64) -> f64 {
        (self.at(z + h) - self.at(z - h)) / (2.0 * h)
    }
}

/// The slope at a point, in all ways.
struct Slopes {
    f: Activation,
    z: f64,
    h: f64,
    by_hand: f64,
    dual: f64,
    central: f64,
    /// The slopes of the secants from z − h to z, and from z to z + h.
    sides: [f64; 2],
    /// f′ right beside 0, on the left and on the right.
    at_kink: [f64; 2],
}

impl Slopes {
    fn new(f: Activation, z: f64, h: f64) -> Result<Self, ShapeError> {
        let here = f.at(z);
        let beside = f.slopes(&[-f64::MIN_POSITIVE, f64::MIN_POSITIVE])?;
        Ok(Slopes {
            f,
            z,
            h,
            by_hand: f.slopes(&[z])?[0],
            dual: f.at(Dual::variable(z)).eps,
            central: f.difference(z, h),
            sides: [(here - f.at(z - h)) / h, (f.at(z + h) - here) / h],
            at_kink: [beside[0], beside[1]],
        })
    }

    fn has_kink(&self) -> bool {
        (self.at_kink[0] - self.at_kink[1]).abs() > 1e-12
    }

    fn figure(&self, width: u32) -> Result<Figure, ShapeError> {
        let mut sheet = Sheet::new(width);
        let name = NAMES[self.f.which];
        let of = if matches!(self.f.which, 1 | 2) { format!(", α = {}", number(self.f.alpha)) } else { String::new() };
        sheet.words(
            &format!("{name}{of}: the slope at z = {}, seen with h\u{a0}=\u{a0}{}", number(self.z), number(self.h)),
            true,
        );
        let top = sheet.y + 28.0;
        let (wide, high) = match sheet.is_narrow() {
            true => (sheet.width - 2.0 * MARGIN - 28.0, 190.0),
            false => ((sheet.width - 2.0 * MARGIN - 74.0) / 2.0, 250.0),
        };
        let left = MARGIN + 28.0;
        let mut places = [[left, top, wide, high], [left + wide + 46.0, top, wide, high]];
        if sheet.is_narrow() {
            places[1] = [left, top + high + 62.0, wide, high];
        }
        self.curve(&mut sheet, places[0]);
        self.slopes(&mut sheet, places[1])?;
        sheet.y = places[1][1] + high + 44.0;
        self.numbers(&mut sheet);
        let words = self.words();
        sheet.words(&words, false);
        let [left, right] = self.spans();
        let alt = format!(
            "{name}{of} at z = {}. Slope by hand {}, by a dual number {}. Central difference with h = {}: {}. The slope {left} \
             is {}, {right} it is {}. {words}",
            number(self.z),
            number(self.by_hand),
            number(self.dual),
            number(self.h),
            number(self.central),
            number(self.sides[0]),
            number(self.sides[1]),
        );
        Ok(sheet.figure(alt))
    }

    /// The function, its tangent and the secant.
    fn curve(&self, sheet: &mut Sheet, area: [f64; 4]) {
        let (f, z, h) = (self.f, self.z, self.h);
        let y = if f.which < 4 { Axis::linear(-2.0, 4.0) } else { Axis::linear(-1.5, 1.5) };
        let plane = Plane { area, x: Axis::linear(Z.0, Z.1), y };
        sheet.add(&plane.frame("y = f(z), its tangent and the secant", Some("z")));
        let inside = |(_, v): &(f64, f64)| (plane.y.from..=plane.y.to).contains(v);
        let points = line();
        let values = f.forward(&DMatrix::from_row_slice(1, points.len(), &points));
        let curve = points.iter().copied().zip(values.iter().copied());
        sheet.add(&plane.curve(curve.filter(inside), &format!("stroke=\"{BLUE}\" stroke-width=\"5\"")));
        let here = f.at(z);
        let tangent = (-40..=40).map(|k| f64::from(k) / 20.0).map(|k| (z + k, here + self.by_hand * k));
        sheet.add(
            &plane.curve(
                tangent.filter(inside),
                &format!("stroke=\"{GREEN}\" stroke-width=\"4\" stroke-dasharray=\"4 6\""),
            ),
        );
        let ends = [z - h, z + h].map(|z| (z, f.at(z)));
        sheet.add(&plane.curve(ends, &format!("stroke=\"{ORANGE}\" stroke-width=\"5\"")));
        sheet.add(&plane.drag_x("z", (z, here), true));
        for end in ends {
            sheet.add(&plane.dot(end, ORANGE));
        }
        // The right end is dragged by a ring above it, so that it never covers the ring of z, and over the part of the
        // plot where h is what the knob allows.
        let above = y.from + 0.93 * (y.to - y.from);
        let ([_, top, _, high], (left, _), (right, _)) = (area, plane.at(z + H.0, 0.0), plane.at(z + H.1, 0.0));
        let ((x, from), (_, to)) = (plane.at(z + h, above), plane.at(z + h, ends[1].1));
        sheet.add(&format!(
            "<path d=\"M{} {}V{}\" stroke=\"{ORANGE}\" stroke-width=\"2\"/>\n",
            half(x),
            half(from),
            half(to)
        ));
        let reach = Plane { area: [left, top, right - left, high], x: Axis::linear(H.0, H.1), y };
        sheet.add(&reach.drag_x("h", (h, above), false));
        sheet.add(&text((x - 12.0, from), "z + h", "text-anchor=\"end\" fill=\"#57606a\""));
    }

    /// The slope against z: f′, and what the difference says.
    fn slopes(&self, sheet: &mut Sheet, area: [f64; 4]) -> Result<(), ShapeError> {
        let f = self.f;
        let y = match f.which {
            4 => Axis::linear(0.0, 0.3),
            2 | 3 => Axis::linear(0.0, 2.0),
            _ => Axis::linear(0.0, 1.2),
        };
        let y = if f.which == 1 && f.alpha > 1.2 { Axis::linear(0.0, 2.0) } else { y };
        let plane = Plane { area, x: Axis::linear(Z.0, Z.1), y };
        sheet.add(&plane.frame("", Some("z")));
        let points = line();
        let exact = points.iter().copied().zip(f.slopes(&points)?);
        let seen = points.iter().map(|z| (*z, f.difference(*z, self.h)));
        let [left, top, wide, high] = area;
        let [from, to] = [self.z - self.h, self.z + self.h].map(|z| plane.at(z, 0.0).0);
        sheet.add(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{ORANGE}\" fill-opacity=\".12\"/>\n",
            half(from),
            half(top),
            half(to - from),
            half(high)
        ));
        sheet.add(&plane.curve(exact, &format!("stroke=\"{GREEN}\" stroke-width=\"5\"")));
        sheet.add(&plane.curve(seen, &format!("stroke=\"{ORANGE}\" stroke-width=\"4\" stroke-dasharray=\"14 7\"")));
        sheet.add(&plane.dot((self.z, self.central), ORANGE));
        sheet.add(&plane.dot((self.z, self.by_hand), GREEN));
        let (x, _) = plane.at(self.z, 0.0);
        sheet.add(&format!(
            "<path d=\"M{} {}V{}\" stroke=\"{GREY}\" stroke-width=\"2\"/>\n",
            half(x),
            half(top),
            half(top + high)
        ));
        for (x, colour, name) in [(left, GREEN, "slope f′(z)"), (left + 0.46 * wide, ORANGE, "difference")] {
            sheet.add(&format!(
                "<path d=\"M{} {}h32\" stroke=\"{colour}\" stroke-width=\"6\"/>\n",
                half(x),
                half(top - 14.0)
            ));
            sheet.add(&text((x + 21.0, top - 14.0), name, "text-anchor=\"start\" font-size=\"26\""));
        }
        Ok(())
    }

    /// The slopes as numbers.
    fn numbers(&self, sheet: &mut Sheet) {
        let fill = |colour: &str| format!("fill=\"{colour}\" fill-opacity=\".2\"");
        let [left, right] = self.spans();
        let all = [
            ("by hand", self.by_hand, fill(GREEN), "", "by-hand", "the backward with δ = 1"),
            ("dual number", self.dual, fill(GREEN), "", "dual", "the part ε of f(z + ε)"),
            ("difference", self.central, fill(ORANGE), "left right", "central", "(f(z + h) − f(z − h)) / 2h"),
            (&left, self.sides[0], String::new(), "", "left", "(f(z) − f(z − h)) / h"),
            (&right, self.sides[1], String::new(), "", "right", "(f(z + h) − f(z)) / h"),
        ];
        // The sides have longer names, and on a phone a row of their own.
        for row in all.chunks(if sheet.is_narrow() { 3 } else { 5 }) {
            let wide = (sheet.width - 2.0 * MARGIN) / row.len() as f64;
            for (k, (name, value, fill, from, id, note)) in row.iter().enumerate() {
                let (x, y) = (MARGIN + wide * k as f64, sheet.y);
                sheet.add(&text((x + wide / 2.0, y + 9.0), name, "font-size=\"26\" fill=\"#57606a\""));
                let note = format!("{note} = {}", significant(*value, 12));
                let (fill, id, from) = (fill.clone(), (*id).into(), (*from).into());
                let cell = Cell { value: *value, fill, id, from, note, knob: None };
                sheet.add(&cell.draw([x + 6.0, y + 21.0, wide - 12.0, 30.0]));
            }
            sheet.y += 60.0;
        }
        sheet.y += 4.0;
    }

    /// Both sides of z, as far as the difference sees them: "from −0.3 to 0.2" and "from 0.2 to 0.7".
    fn spans(&self) -> [String; 2] {
        let [from, here, to] = [self.z - self.h, self.z, self.z + self.h].map(number);
        [format!("from {from} to {here}"), format!("from {here} to {to}")]
    }

    /// What there is to see.
    fn words(&self) -> String {
        let four = |value: f64| significant(value, 4);
        let [left, right] = self.sides.map(four);
        let mean = format!(
            "The difference is the mean of the slopes on both sides of z: ({left} + {right}) / 2 = {}.",
            four(self.central)
        );
        let error = four((self.central - self.by_hand).abs());
        let kink = match (self.has_kink(), self.z.abs() < self.h) {
            (true, true) if self.z == 0.0 => {
                let [left, right] = self.at_kink.map(four);
                format!(
                    " At the kink there is no derivative: the slope is {left} for z < 0 and {right} for z > 0, and the program \
                     takes {left}. A smaller h does not help."
                )
            }
            (true, true) => format!(
                " The kink at 0 lies between z − h and z + h: the difference is off by {error} until h is below {}.",
                number(self.z.abs())
            ),
            (true, false) => format!(" The kink is out of reach, and the difference is off by {error}."),
            _ => format!(" There is no kink, and the difference is off by {error}."),
        };
        mean + &kink
    }
}

/// The points of a curve: every tenth, and two right beside 0, so that a jump is upright.
fn line() -> Vec<f64> {
    let grid = |from: i32, to: i32| (from..=to).map(|k| f64::from(k) / 10.0);
    grid(-40, -1).chain([-1e-9, 1e-9]).chain(grid(1, 40)).collect()
}
