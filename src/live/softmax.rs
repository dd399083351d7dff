//! Logits that are dragged: their probabilities, the Jacobian of the softmax, and the gradient of the loss.
//!
//! The Jacobian's row j is [`softmax_backward`] of a δ that is 1 at j and 0 elsewhere.

use super::gradients::{Loss, difference, dual};
use super::sheet::{Axis, BLUE, Cell, GREEN, GREY, MARGIN, ORANGE, Plane, Sheet, half, text};
use super::{Knob, LiveError, Scene, Settings};
use crate::activations::{softmax_backward, softmax_forward};
use crate::losses::cross_entropy_loss;
use crate::numbers::Dual;
use crate::show::Figure;
use crate::text::{number, significant};
use crate::{Float, ShapeError, Tensor4};
use nalgebra::DMatrix;

/// [The figure](self).
pub struct Softmax;

/// The logits that are drawn, after the shift; one is dragged from end to end.
const RANGE: (f64, f64) = (-6.0, 6.0);
/// What is added to all of them.
const SHIFT: (f64, f64) = (-4.0, 4.0);

impl Scene for Softmax {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("classes", "classes", 2..=4, 1),
            Knob::choice("right", "right class", 0..3, 1),
            Knob::slider("shift", "added to all logits", 0.0, SHIFT, 0.1),
            Knob::numbers("y", "logits", DMatrix::from_row_slice(1, 3, &[0.0, 0.7, 1.6])),
        ]
    }

    fn changed(&mut self, settings: &mut Settings, _knob: &str) -> Result<(), LiveError> {
        let classes = settings.count("classes");
        if settings.count("right") >= classes {
            settings.set(&format!("right={}", classes - 1))?;
        }
        settings.offer("right", 0..classes);
        settings.resize("y", (1, classes), |_, j| [0.0, 0.7, 1.6, -1.0][j % 4]);
        Ok(())
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let (y, shift) = (settings.numbers("y"), settings.number("shift"));
        Ok(Run::new(y, shift, settings.count("right"))?.figure(settings.width()))
    }
}

/// The loss of one sample, of logits and a target.
struct Entropy;

impl Loss for Entropy {
    fn at<T: Float>(&self, inputs: &[Tensor4<T>]) -> Result<T, ShapeError> {
        Ok(cross_entropy_loss(inputs[0].matrix(), inputs[1].matrix())?.loss)
    }
}

/// All numbers of the picture.
struct Run {
    /// The logits before and after the shift.
    y: DMatrix<f64>,
    shifted: DMatrix<f64>,
    shift: f64,
    right: usize,
    target: DMatrix<f64>,
    p: DMatrix<f64>,
    jacobian: DMatrix<f64>,
    /// The largest distance of an entry of the Jacobian from the one by dual numbers.
    apart: f64,
    loss: f64,
    /// The gradient by hand, by dual numbers and by differences.
    dy: [Vec<f64>; 3],
}

impl Run {
    fn new(y: DMatrix<f64>, shift: f64, right: usize) -> Result<Self, ShapeError> {
        let classes = y.ncols();
        let shifted = y.add_scalar(shift);
        let target = DMatrix::from_fn(1, classes, |_, j| if j == right { 1.0 } else { 0.0 });
        let p = softmax_forward(&shifted);
        let of_each = DMatrix::from_fn(classes, classes, |_, j| p[j]);
        let jacobian = softmax_backward(&DMatrix::identity(classes, classes), &of_each)?;
        let mut apart: f64 = 0.0;
        for i in 0..classes {
            let marked = DMatrix::from_fn(1, classes, |_, j| Dual::new(shifted[j], if i == j { 1.0 } else { 0.0 }));
            for (j, p) in softmax_forward(&marked).iter().enumerate() {
                apart = apart.max((p.eps - jacobian[(j, i)]).abs());
            }
        }
        let by_hand = cross_entropy_loss(&shifted, &target)?;
        let inputs = [&shifted, &target].map(|row| Tensor4::from_vectors(row.clone()));
        let others = [dual(&Entropy, &inputs, 0)?, difference(&Entropy, &inputs, 0)?];
        let [dual, difference] = others.map(|dy| dy.as_slice().to_vec());
        let dy = [by_hand.dy.as_slice().to_vec(), dual, difference];
        Ok(Run { y, shifted, shift, right, target, p, jacobian, apart, loss: by_hand.loss, dy })
    }

    fn figure(&self, width: u32) -> Figure {
        let mut sheet = Sheet::new(width);
        self.bars(&mut sheet);
        let loss = format!(
            "Class {} is right: the loss is −ln p{} = {}.",
            self.right,
            subscript(self.right),
            significant(self.loss, 4)
        );
        sheet.words(&loss, true);
        let shift = match self.shift {
            0.0 => "Add a number to all logits: what changes?".into(),
            shift => format!(
                "{} is added to every logit: the probabilities, the loss and its gradient stay as they are.",
                number(shift)
            ),
        };
        sheet.words(&shift, false);
        self.table(&mut sheet);
        let list = |values: &[f64]| values.iter().map(|v| number(*v)).collect::<Vec<_>>().join(", ");
        let rows = (0..self.p.len()).map(|j| list(&self.jacobian.row(j).iter().copied().collect::<Vec<_>>()));
        let alt = format!(
            "Logits {}, each with {} added. Probabilities {}. {loss} Its gradient p − y* by hand {}, by dual numbers {}, by \
             differences {}. The Jacobian, row by row: {}. It is at most {} from the one by dual numbers.",
            list(self.y.as_slice()),
            number(self.shift),
            list(self.p.as_slice()),
            list(&self.dy[0]),
            list(&self.dy[1]),
            list(&self.dy[2]),
            rows.collect::<Vec<_>>().join("; "),
            number(self.apart),
        );
        sheet.figure(alt)
    }

    /// The logits, whose bars are dragged, the probabilities, and the gradient.
    fn bars(&self, sheet: &mut Sheet) {
        let (top, left, room) = (sheet.y + 26.0, MARGIN + 28.0, sheet.width - 2.0 * MARGIN - 28.0);
        let (high, areas) = match sheet.is_narrow() {
            true => {
                let (high, wide) = (150.0, (room - 40.0) / 2.0);
                let below = top + high + 56.0;
                (high, [[left, top, room, high], [left, below, wide, high], [left + wide + 40.0, below, wide, high]])
            }
            false => {
                let wide = (room - 88.0) / 3.0;
                (200.0, [0.0, 1.0, 2.0].map(|k| [left + k * (wide + 44.0), top, wide, 200.0]))
            }
        };
        let x = Axis::linear(0.0, self.p.len() as f64);
        let plane = |k: usize, from: f64, to: f64| Plane { area: areas[k], x, y: Axis::linear(from, to) };
        let [logits, p, dy] = [plane(0, RANGE.0, RANGE.1), plane(1, 0.0, 1.0), plane(2, -1.0, 1.0)];
        sheet.add(&logits.frame("logits: drag them", None));
        sheet.add(&p.frame("p = softmax(logits)", None));
        sheet.add(&dy.frame("gradient p − y*", None));
        for j in 0..self.p.len() {
            let middle = j as f64 + 0.5;
            let look = |colour: &str| format!("fill=\"{colour}\"");
            sheet.add(&logits.bar(middle, 0.3, (self.shift, self.shifted[j]), &look(BLUE)));
            sheet.add(&p.bar(middle, 0.3, (0.0, self.p[j]), &look(GREEN)));
            sheet.add(&dy.bar(middle, 0.3, (0.0, self.dy[0][j]), &look(ORANGE)));
            for plane in [logits, p, dy] {
                let (x, y) = plane.at(middle, plane.y.from);
                let (name, look) = match j == self.right {
                    true => (format!("{j} ✓"), "font-weight=\"bold\""),
                    false => (j.to_string(), "fill=\"#57606a\""),
                };
                sheet.add(&text((x, y + 12.0), &name, look));
            }
            // What is dragged is the logit without the shift.
            let (from, to) = (logits.at(middle - 0.4, RANGE.0), logits.at(middle + 0.4, RANGE.1));
            let area = [from.0, to.1, to.0 - from.0, from.1 - to.1];
            let y = Axis::linear(RANGE.0 - self.shift, RANGE.1 - self.shift);
            let column = Plane { area, x: Axis::linear(0.0, 1.0), y };
            sheet.add(&column.drag_y("y", j, (0.5, self.y[j])));
        }
        if self.shift != 0.0 {
            let ((left, y), (right, _)) = (logits.at(logits.x.from, self.shift), logits.at(logits.x.to, self.shift));
            sheet.add(&format!(
                "<path d=\"M{} {}H{}\" stroke=\"{GREY}\" stroke-width=\"3\" stroke-dasharray=\"6 6\"/>\n",
                half(left),
                half(y),
                half(right)
            ));
        }
        sheet.y = areas[2][1] + high + 32.0;
    }

    /// The numbers, a column for each class, and the Jacobian.
    fn table(&self, sheet: &mut Sheet) {
        let classes = self.p.len();
        let (label, high) = (if sheet.is_narrow() { 108.0 } else { 134.0 }, 28.0);
        let wide = ((sheet.width - 2.0 * MARGIN - label) / classes as f64).min(62.0);
        let blue = format!("fill=\"{BLUE}\" fill-opacity=\".2\"");
        let orange = format!("fill=\"{ORANGE}\" fill-opacity=\".2\"");
        let rows: [(&str, &str, &[f64], &str, &str); 7] = [
            ("logits", "y", self.y.as_slice(), &blue, ""),
            ("with the shift", "s", self.shifted.as_slice(), "", "y"),
            ("p", "p", self.p.as_slice(), "fill=\"#007a58\" fill-opacity=\".2\"", "s"),
            ("y*", "t", self.target.as_slice(), "", ""),
            ("p − y* by hand", "dy", &self.dy[0], &orange, "p t"),
            ("dual numbers", "dual", &self.dy[1], "", ""),
            ("differences", "difference", &self.dy[2], "", ""),
        ];
        let top = sheet.y;
        for (k, (name, id, values, fill, from)) in rows.into_iter().enumerate() {
            let y = top + k as f64 * (high + 4.0);
            sheet.add(&text((MARGIN, y + high / 2.0), name, "text-anchor=\"start\" font-size=\"26\" fill=\"#57606a\""));
            for (j, value) in values.iter().enumerate() {
                let from: Vec<String> = match id {
                    // A probability depends on every logit.
                    "p" => (0..classes).map(|i| format!("s:{i}")).collect(),
                    _ => from.split(' ').filter(|name| !name.is_empty()).map(|name| format!("{name}:{j}")).collect(),
                };
                let cell = Cell {
                    value: *value,
                    fill: fill.into(),
                    id: format!("{id}:{j}"),
                    from: from.join(" "),
                    note: format!("{name}, class {j}: {}", significant(*value, 12)),
                    knob: (id == "y").then(|| ("y", j, format!("logit of class {j}"))),
                };
                sheet.add(&cell.draw([MARGIN + label + j as f64 * wide, y, wide, high]));
            }
        }
        let below = top + 7.0 * (high + 4.0);
        let beside = MARGIN + label + classes as f64 * wide + 44.0;
        let (left, top, wide) = match sheet.is_narrow() {
            true => (MARGIN, below + 14.0, 78.0),
            false => (beside, top, 64.0),
        };
        let title = "J = ∂p/∂y: row j, column i";
        sheet.add(&text((left, top + 10.0), title, "text-anchor=\"start\" font-size=\"26\" font-weight=\"bold\""));
        for j in 0..classes {
            for i in 0..classes {
                let value = self.jacobian[(j, i)];
                let colour = if value < 0.0 { BLUE } else { ORANGE };
                let shade = (0.7 * value.abs() / 0.25).min(0.7);
                let (row, column) = (subscript(j), subscript(i));
                let factor = if i == j { format!("(1 − p{row})") } else { format!("(−p{column})") };
                let cell = Cell {
                    value,
                    fill: format!("fill=\"{colour}\" fill-opacity=\"{shade:.2}\""),
                    id: format!("J:{j}{i}"),
                    from: format!("p:{j} p:{i}"),
                    note: format!("∂p{row}/∂y{column} = p{row}·{factor} = {}", significant(value, 12)),
                    knob: None,
                };
                sheet.add(&cell.draw([left + i as f64 * wide, top + 24.0 + j as f64 * high, wide, high]));
            }
        }
        let end = top + 24.0 + classes as f64 * high;
        let words = format!("dual numbers: the same to {}", number(self.apart));
        for (k, line) in ["each row and each column sums to 0", &words].into_iter().enumerate() {
            let look = "text-anchor=\"start\" font-size=\"26\" fill=\"#57606a\"";
            sheet.add(&text((left, end + 14.0 + 20.0 * k as f64), line, look));
        }
        sheet.y = below.max(end + 48.0);
    }
}

fn subscript(index: usize) -> char {
    ['₀', '₁', '₂', '₃'].get(index).copied().unwrap_or('?')
}
