//! A fully connected layer and its backward, number by number.
//!
//! The steps are those of [`layers::fc`](crate::layers::fc#derivation). The loss is L = (1/N) Σ δ·y, so that δ is N·∂L/∂y.

use super::board::{Board, Item, Role};
use super::derivation::{Derivation, Input, agreement, checks, offer_one, one, shows_checks, spoken};
use super::gradients::Layer;
use super::{Knob, LiveError, Scene, Settings};
use crate::layers::{fc_backward, fc_backward_rows, fc_forward};
use crate::show::Figure;
use crate::text::counted;
use crate::{Float, ShapeError, Tensor4};
use nalgebra::{DMatrix, DVector};

/// [The figure](self).
pub struct FullyConnected;

impl Scene for FullyConnected {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("N", "samples N", 1..=3, 1),
            Knob::choice("l", "inputs l", 1..=3, 2),
            Knob::choice("m", "outputs m", 1..=3, 1),
            one([1, 1, 2, 2]),
            checks(),
            Knob::numbers("z", "z", DMatrix::from_fn(2, 3, sample)),
            Knob::numbers("W", "W", DMatrix::from_fn(3, 2, weight)),
            Knob::numbers("b", "b", DMatrix::from_fn(1, 2, bias)),
            Knob::numbers("δ", "δ", DMatrix::from_fn(2, 2, delta)),
        ]
    }

    fn changed(&mut self, settings: &mut Settings, _knob: &str) -> Result<(), LiveError> {
        let Shape { n, l, m } = Shape::of(settings);
        settings.resize("z", (n, l), sample);
        settings.resize("W", (l, m), weight);
        settings.resize("b", (1, m), bias);
        settings.resize("δ", (n, m), delta);
        offer_one(settings, [1, 1, n, m]);
        Ok(())
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        Ok(draw(Shape::of(settings), settings, None)?.0)
    }

    fn note(&self, settings: &Settings, cell: &str) -> Result<Option<String>, LiveError> {
        Ok(draw(Shape::of(settings), settings, Some(cell))?.1)
    }
}

/// What the numbers are at first, and where a matrix grows.
fn sample(i: usize, j: usize) -> f64 {
    [[1.0, 2.0, -1.0], [0.0, 3.0, 2.0], [-2.0, 1.0, 4.0]][i % 3][j % 3]
}

fn weight(i: usize, j: usize) -> f64 {
    [[2.0, -1.0, 0.0], [1.0, 3.0, -2.0], [-1.0, 0.0, 1.0]][i % 3][j % 3]
}

fn bias(_: usize, j: usize) -> f64 {
    [1.0, -2.0, 0.0][j % 3]
}

fn delta(i: usize, j: usize) -> f64 {
    [[4.0, -2.0, 1.0], [2.0, 6.0, -3.0], [-1.0, 3.0, 2.0]][i % 3][j % 3]
}

/// The sizes: samples, inputs and outputs.
#[derive(Clone, Copy)]
struct Shape {
    n: usize,
    l: usize,
    m: usize,
}

impl Shape {
    fn of(settings: &Settings) -> Self {
        let [n, l, m] = ["N", "l", "m"].map(|name| settings.count(name));
        Shape { n, l, m }
    }

    fn inputs(self) -> [Input; 4] {
        let Shape { n, l, m } = self;
        [
            Input { knob: "z", symbol: "z", shape: [1, 1, n, l], role: Role::Input },
            Input { knob: "W", symbol: "w", shape: [1, 1, l, m], role: Role::Weight },
            Input { knob: "b", symbol: "b", shape: [1, 1, 1, m], role: Role::Weight },
            Input { knob: "δ", symbol: "δ", shape: [1, 1, n, m], role: Role::Input },
        ]
    }
}

impl Layer for Shape {
    fn forward<T: Float>(&self, inputs: &[Tensor4<T>]) -> Result<Tensor4<T>, ShapeError> {
        let [z, w] = [&inputs[0], &inputs[1]].map(|input| input.map_at(0, 0));
        Ok(map(&fc_forward(&z, &w, &DVector::from_column_slice(inputs[2].as_slice()))?))
    }

    fn samples(&self) -> usize {
        self.n
    }
}

/// A matrix as a tensor of one map.
fn map<T: Float>(matrix: &DMatrix<T>) -> Tensor4<T> {
    Tensor4::from_fn([1, 1, matrix.nrows(), matrix.ncols()], |_, _, i, j| matrix[(i, j)])
}

/// A vector as a tensor of one row.
fn row<T: Float>(vector: &DVector<T>) -> Tensor4<T> {
    Tensor4::from_fn([1, 1, 1, vector.len()], |_, _, _, j| vector[j])
}

/// The picture, and what is said about the cell that is asked about.
fn draw(shape: Shape, settings: &Settings, asked: Option<&str>) -> Result<(Figure, Option<String>), ShapeError> {
    let Shape { n, l, m } = shape;
    let work = Derivation::new(shape, &shape.inputs(), settings, asked)?;
    let [z, w, delta] = [0, 1, 3].map(|input| work.input(input).map_at(0, 0));
    let b = DVector::from_column_slice(work.input(2).as_slice());
    let y = map(&fc_forward(&z, &w, &b)?);
    let by_hand = fc_backward(&delta, &w, &z)?;
    let sums = fc_backward_rows(&delta, &w, &z, 1)?; // of all samples, not yet divided by N
    let (hand_dz, hand_dw, hand_db) = (map(&by_hand.dz), map(&by_hand.dw), row(&by_hand.db));
    let dz = work.gradient(0, "dz", hand_dz.clone(), n as f64)?;
    let dw = work.gradient(1, "dw", hand_dw.clone(), 1.0)?;
    let db = work.gradient(2, "db", hand_db.clone(), 1.0)?;
    let checks = shows_checks(settings);
    let by_n = ["/ 1 =", "/ 2 =", "/ 3 ="][(n - 1).min(2)];

    let mut board = Board::new(settings.width());
    board.words("Forward: y = z·W + b, a row for each sample", true);
    let mut forward = work.typed(0);
    forward.push(Item::Sign("·"));
    forward.extend(work.typed(1));
    forward.push(Item::Sign("+"));
    forward.extend(work.typed(2));
    forward.push(Item::Sign("="));
    forward.extend(work.computed("y", &y, &y, Role::Result));
    board.row(forward);
    board.words("Behind the layer: L = (1/N) Σ δ·y, so that δ = N·∂L/∂y", true);
    let mut behind = work.typed(3);
    behind.push(work.loss()?);
    board.row(behind);

    board.words("Step 2: dz = δ·Wᵀ, which is N·∂L/∂z: each sample keeps its own row", true);
    let mut step = vec![Item::Sign("δ ·")];
    step.extend(work.copies("Wᵀ", &map(&w.transpose()), Role::Weight));
    step.push(Item::Sign("="));
    step.extend(work.beside(&dz, &hand_dz, checks));
    board.row(step);
    board.words("Step 3: dw = zᵀ·δ / N, the mean over the samples", true);
    let mut step = work.copies("zᵀ", &map(&z.transpose()), Role::Input);
    step.push(Item::Sign("· δ ="));
    let sum = map(&sums.dw);
    step.extend(work.computed("zᵀδ", &sum, &sum, Role::Between));
    step.push(Item::Sign(by_n));
    step.extend(work.beside(&dw, &hand_dw, checks));
    board.row(step);
    board.words("Step 4: db = Σ δ / N, the mean over the samples", true);
    let sum = row(&sums.db);
    let mut step = work.computed("Σδ", &sum, &sum, Role::Between);
    step.push(Item::Sign(by_n));
    step.extend(work.beside(&db, &hand_db, checks));
    board.row(step);
    let summary = agreement(&[&dz, &dw, &db]);
    board.words(&summary, false);
    let note = board.note.take();
    let alt = format!(
        "A fully connected layer, {}, {l} in, {m} out. {} {} {} {} {summary}",
        counted(n, "sample"),
        spoken("y", &y),
        spoken("dz", &hand_dz),
        spoken("dw", &hand_dw),
        spoken("db", &hand_db),
    );
    Ok((board.figure(alt), note))
}
