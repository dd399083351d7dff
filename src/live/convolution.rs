//! A convolution and its backward, number by number.
//!
//! The steps are those of [`layers::conv`](crate::layers::conv#derivation). The loss is L = Σ δ·y for one sample, so that δ is
//! ∂L/∂y; each gradient derived by hand stands beside the same one on dual numbers and by differences.

use super::board::{Board, Cell, Grid, Item, Role};
use super::gradients::{Loss, difference, dual};
use super::symbols::Inputs;
use super::{Knob, LiveError, Scene, Settings};
use crate::layers::{ConvGradients, conv_backward, conv_forward, insert_zeros};
use crate::numbers::traced::Index;
use crate::numbers::{Session, Traced};
use crate::show::Figure;
use crate::text::{counted, number, significant};
use crate::{Float, ShapeError, Slide, Tensor4};
use nalgebra::{DMatrix, DVector};

/// [The figure](self).
pub struct Convolution;

impl Scene for Convolution {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("size", "image", 3..=6, 1),
            Knob::choice("window", "window", 1..=3, 1),
            Knob::choice("stride", "stride", 1..=3, 0),
            Knob::choice("padding", "padding", 0..=2, 0),
            Knob::choice("channels", "channels", 1..=2, 0),
            Knob::choice("maps", "output maps", 1..=2, 0),
            Knob::numbers("z", "z", DMatrix::from_fn(4, 4, pixel)),
            Knob::numbers("K", "K", DMatrix::from_fn(2, 2, tap)),
            Knob::numbers("b", "b", DMatrix::zeros(1, 1)),
            Knob::numbers("δ", "δ", DMatrix::from_fn(3, 3, delta)),
        ]
    }

    fn changed(&mut self, settings: &mut Settings, _knob: &str) -> Result<(), LiveError> {
        let shape = Shape::of(settings)?;
        settings.resize("z", (shape.channels * shape.size, shape.size), pixel);
        settings.resize("K", (shape.channels * shape.maps * shape.window, shape.window), tap);
        settings.resize("b", (1, shape.maps), |_, _| 0.0);
        settings.resize("δ", (shape.maps * shape.out.0, shape.out.1), delta);
        Ok(())
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let shape = Shape::of(settings)?;
        let lists = ["z", "K", "b", "δ"].map(|name| row_major(&settings.numbers(name)));
        Ok(Run::new(shape, &lists)?.figure(settings.width())?)
    }
}

/// What the numbers are at first, and where a matrix grows.
fn pixel(i: usize, j: usize) -> f64 {
    ((i * 3 + j * 5 + i * j) % 7) as f64 - 2.0
}

fn tap(i: usize, j: usize) -> f64 {
    [[1.0, -1.0, 2.0], [0.0, 2.0, -1.0], [3.0, 1.0, 0.0]][i % 3][j % 3]
}

fn delta(i: usize, j: usize) -> f64 {
    [[1.0, 0.0, 2.0], [-1.0, 3.0, 0.0], [2.0, 1.0, -2.0]][i % 3][j % 3]
}

fn row_major(matrix: &DMatrix<f64>) -> Vec<f64> {
    matrix.transpose().iter().copied().collect()
}

/// The sizes.
#[derive(Clone, Copy)]
struct Shape {
    size: usize,
    window: usize,
    channels: usize,
    maps: usize,
    slide: Slide,
    out: (usize, usize),
}

impl Shape {
    fn of(settings: &Settings) -> Result<Self, ShapeError> {
        let [size, window, stride, padding, channels, maps] =
            ["size", "window", "stride", "padding", "channels", "maps"].map(|name| settings.count(name));
        let slide = Slide::by(stride, stride).padding(padding, padding).round_down();
        let out = slide.output_size((size, size), (window, window))?;
        Ok(Shape { size, window, channels, maps, slide, out })
    }

    fn image(self) -> [usize; 4] {
        [1, self.channels, self.size, self.size]
    }

    fn kernel(self) -> [usize; 4] {
        [self.channels, self.maps, self.window, self.window]
    }

    fn output(self) -> [usize; 4] {
        [1, self.maps, self.out.0, self.out.1]
    }
}

/// L = Σ δ·y of z, K, b and δ.
impl Loss for Shape {
    fn at<T: Float>(&self, inputs: &[Vec<T>]) -> Result<T, ShapeError> {
        let z = Tensor4::from_row_major(self.image(), &inputs[0])?;
        let k = Tensor4::from_row_major(self.kernel(), &inputs[1])?;
        let y = conv_forward(&z, &k, &DVector::from_column_slice(&inputs[2]), self.slide)?.to_row_major();
        Ok(y.into_iter().zip(&inputs[3]).fold(T::zero(), |sum, (y, delta)| sum + y * *delta))
    }
}

/// A forward and a backward on traced numbers, and the gradients found in other ways.
struct Run {
    shape: Shape,
    /// The book in which the formulas are written.
    _session: Session,
    inputs: Inputs,
    z: Tensor4<Traced>,
    k: Tensor4<Traced>,
    b: DVector<Traced>,
    delta: Tensor4<Traced>,
    y: Tensor4<Traced>,
    by_hand: ConvGradients<Traced>,
    /// Of z, K and b, by dual numbers and by differences.
    others: [[Vec<f64>; 2]; 3],
}

impl Run {
    fn new(shape: Shape, lists: &[Vec<f64>; 4]) -> Result<Self, ShapeError> {
        let session = Session::new();
        let z = session.tensor("z", &Tensor4::from_row_major(shape.image(), &lists[0])?);
        let k = session.tensor("w", &Tensor4::from_row_major(shape.kernel(), &lists[1])?);
        let b = session.vector("b", &DVector::from_column_slice(&lists[2]));
        let delta = session.tensor("δ", &Tensor4::from_row_major(shape.output(), &lists[3])?);
        let y = conv_forward(&z, &k, &b, shape.slide)?;
        let by_hand = conv_backward(&delta, &k, &z, shape.slide)?;
        let inputs = Inputs::new(&[
            ("z", &z.to_row_major()),
            ("K", &k.to_row_major()),
            ("b", b.as_slice()),
            ("δ", &delta.to_row_major()),
        ]);
        let other = |list| Ok::<_, ShapeError>([dual(&shape, lists, list)?, difference(&shape, lists, list)?]);
        let others = [other(0)?, other(1)?, other(2)?];
        Ok(Run { shape, _session: session, inputs, z, k, b, delta, y, by_hand, others })
    }

    fn figure(&self, width: u32) -> Result<Figure, ShapeError> {
        let shape = self.shape;
        let mut board = Board::new(width);
        board.words("Forward: y = b + Σ ẑ·K over each window", true);
        let mut row = self.typed("z", "z", &self.z, Role::Input);
        if shape.slide.padding != (0, 0) {
            row.push(Item::Sign("→"));
            row.extend(self.maps("ẑ", &self.z.pad(shape.slide.padding)?, Role::Between));
        }
        row.push(Item::Sign("⋆"));
        row.extend(self.typed("K", "K", &self.k, Role::Weight));
        row.push(Item::Sign("+"));
        row.push(self.bias("b", &self.b, Role::Weight, Some("b")));
        row.push(Item::Sign("="));
        row.extend(self.computed("y", "y", &self.y, Role::Result, None));
        board.row(row);

        board.words("δ = ∂L/∂y comes from behind: here L = Σ δ·y", true);
        board.row(self.typed("δ", "δ", &self.delta, Role::Input));

        board.words("Steps 2 and 3: db = Σ δ, dK = Σ ẑ·δ", true);
        board.row(self.beside("db", 2, |name| vec![self.bias(name, &self.by_hand.db, Role::Result, None)]));
        board.row(self.beside("dK", 1, |name| self.computed(name, "dK", &self.by_hand.dk, Role::Result, Some(1))));

        let dilated = insert_zeros(&self.delta, shape.slide.strides)?;
        let around = dilated.pad((shape.window - 1, shape.window - 1))?;
        board.words("Steps 5 and 6: δ̂ is δ with zeros between (stride − 1) and around (window − 1); dẑ is δ̂ ⋆ K, rotated by 180°", true);
        let mut row = self.maps("δ̂", &around, Role::Between);
        row.push(Item::Sign("⋆"));
        row.extend(self.maps("K rotated", &self.k.rotate_180(), Role::Between));
        board.row(row);
        board.words("Step 7: dz is dẑ without the padding", true);
        board.row(self.beside("dz", 0, |name| self.computed(name, "dz", &self.by_hand.dz, Role::Result, Some(0))));
        let (summary, alt) = self.summary();
        board.words(&summary, false);
        Ok(board.figure(alt))
    }

    /// The gradient derived by hand, and the same one by dual numbers and by differences.
    fn beside(&self, name: &'static str, list: usize, by_hand: impl Fn(&str) -> Vec<Item>) -> Vec<Item> {
        let mut row = by_hand(&format!("{name} by hand"));
        let [dual, difference] = &self.others[list];
        for (values, way) in [(dual, "dual numbers"), (difference, "differences")] {
            row.push(Item::Sign("≈"));
            let mut values = values.iter();
            // The grids of the first way, with the numbers of this one.
            for item in by_hand(way) {
                let Item::Grid(mut grid) = item else { continue };
                let (rows, columns) = grid.cells.shape();
                for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                    let cell = &mut grid.cells[(i, j)];
                    cell.value = *values.next().unwrap_or(&f64::NAN);
                    cell.note = format!("{} by {way}: {}", cell.id.replace(':', " "), significant(cell.value, 12));
                }
                (grid.role, grid.name) = (Role::Between, way.into());
                row.push(Item::Grid(grid));
            }
        }
        row
    }

    /// How well the ways agree; and all results, in words.
    fn summary(&self) -> (String, String) {
        let by_hand =
            [self.by_hand.dz.to_row_major(), self.by_hand.dk.to_row_major(), self.by_hand.db.as_slice().to_vec()];
        let apart = |way: usize| {
            let pairs = by_hand.iter().zip(&self.others).flat_map(|(hand, others)| hand.iter().zip(&others[way]));
            pairs.map(|(hand, other)| (hand.value() - other).abs()).fold(0.0, f64::max)
        };
        let entries = by_hand.iter().map(Vec::len).sum();
        let summary = format!(
            "{} by hand: at most {} from dual numbers, and {} from differences.",
            counted(entries, "gradient"),
            number(apart(0)),
            number(apart(1))
        );
        let list = |name: &str, values: &[Traced]| {
            let values: Vec<String> = values.iter().map(|entry| number(entry.value())).collect();
            format!("{name}: {}.", values.join(" "))
        };
        let Shape { size, window, .. } = self.shape;
        let alt = format!(
            "A convolution, image {size} × {size}, window {window} × {window}, stride {}, padding {}. {} {} {} {} {summary}",
            self.shape.slide.strides.0,
            self.shape.slide.padding.0,
            list("y", &self.y.to_row_major()),
            list("dK", &by_hand[1]),
            list("db", &by_hand[2]),
            list("dz", &by_hand[0]),
        );
        (summary, alt)
    }

    /// The maps of a tensor of inputs, which are typed into a knob.
    fn typed(&self, name: &str, knob: &'static str, tensor: &Tensor4<Traced>, role: Role) -> Vec<Item> {
        self.grids(name, tensor, role, Some(knob), |cell, place, _| cell.id = format!("{knob}:{place}"))
    }

    /// The maps of a tensor whose entries are inputs or added zeros.
    fn maps(&self, name: &str, tensor: &Tensor4<Traced>, role: Role) -> Vec<Item> {
        self.grids(name, tensor, role, None, |cell, place, entry| {
            let (from, _) = self.inputs.of("", entry);
            match from.is_empty() {
                true => *cell = Cell::padding(),
                false => *cell = Cell { id: format!("{name}:{place}"), from, note: entry.to_string(), ..cell.clone() },
            }
        })
    }

    /// The maps of a tensor of results, each entry with its formula and, if it is a gradient of a list of inputs, with
    /// the other ways' numbers.
    fn computed(
        &self,
        name: &str,
        symbol: &str,
        tensor: &Tensor4<Traced>,
        role: Role,
        list: Option<usize>,
    ) -> Vec<Item> {
        let [_, channels, height, width] = tensor.shape();
        self.grids(name, tensor, role, None, |cell, place, entry| {
            let at = [
                place / (channels * height * width),
                place / (height * width) % channels,
                place / width % height,
                place % width,
            ];
            let (written, _) = Index::new(&tensor.shape()).write(symbol, &at);
            let (from, formula) = self.inputs.of(&written, entry);
            let others = list.map_or(String::new(), |list| {
                let [dual, difference] = &self.others[list];
                format!(
                    ", by dual numbers {}, by differences {}",
                    significant(dual[place], 12),
                    significant(difference[place], 12)
                )
            });
            *cell = Cell { id: format!("{symbol}:{place}"), from, note: formula + &others, ..cell.clone() };
        })
    }

    fn bias(&self, name: &str, values: &DVector<Traced>, role: Role, knob: Option<&'static str>) -> Item {
        let cells = DMatrix::from_fn(1, values.len(), |_, k| {
            let symbol = if knob.is_some() { "b" } else { "db" };
            let (from, note) = self.inputs.of(symbol, values[k]);
            let from = if knob.is_some() { Vec::new() } else { from };
            Cell { value: values[k].value(), id: format!("{symbol}:{k}"), from, note }
        });
        Item::Grid(Grid { name: name.into(), role, cells, knob: knob.map(|knob| (knob, 0)) })
    }

    /// A grid for each map of a tensor; `finish` gives each cell what it has besides its number.
    fn grids(
        &self,
        name: &str,
        tensor: &Tensor4<Traced>,
        role: Role,
        knob: Option<&'static str>,
        finish: impl Fn(&mut Cell, usize, Traced),
    ) -> Vec<Item> {
        let [samples, channels, height, width] = tensor.shape();
        let mut items = Vec::new();
        for (n, c) in (0..samples).flat_map(|n| (0..channels).map(move |c| (n, c))) {
            let first = (n * channels + c) * height * width;
            let cells = DMatrix::from_fn(height, width, |i, j| {
                let entry = tensor[(n, c, i, j)];
                let note = entry.to_string();
                let mut cell = Cell { value: entry.value(), id: String::new(), from: Vec::new(), note };
                finish(&mut cell, first + i * width + j, entry);
                cell
            });
            let (title, _) = match (samples, channels) {
                (1, 1) => (name.to_string(), String::new()),
                (1, _) => Index::new(&[channels]).write(name, &[c]),
                _ => Index::new(&[samples, channels]).write(name, &[n, c]),
            };
            items.push(Item::Grid(Grid { name: title, role, cells, knob: knob.map(|knob| (knob, first)) }));
        }
        items
    }
}
