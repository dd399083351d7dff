//! Max and average pooling, number by number: where each δ goes.
//!
//! The steps are those of [`layers::pooling::max`](crate::layers::pooling::max#derivation) and
//! [`layers::pooling::average`](crate::layers::pooling::average#derivation). The loss is L = Σ δ·y for one sample. At a tie,
//! max has a kink, and there the difference quotient is another number than the gradient.

use super::board::{Board, Grid, Item, Look, Role};
use super::derivation::{Derivation, Input, agreement, checks, offer_one, one, shows_checks, spoken, words};
use super::gradients::Layer;
use super::{Knob, LiveError, Scene, Settings};
use crate::layers::{avg_pooling_backward, avg_pooling_forward, max_pooling_backward, max_pooling_forward};
use crate::numbers::Traced;
use crate::show::Figure;
use crate::text::number;
use crate::{Float, ShapeError, Slide, Tensor4};
use nalgebra::DMatrix;

/// [The figure](self).
pub struct Pooling;

const KINDS: [Kind; 2] = [Kind::Max, Kind::Average];
const STRIDES: [(usize, usize); 5] = [(1, 1), (2, 2), (3, 3), (1, 2), (2, 1)];
const PADDINGS: [(usize, usize); 5] = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 0)];

impl Scene for Pooling {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("kind", "pooling", ["max", "average"], 0),
            Knob::choice("size", "image", 3..=6, 1),
            Knob::choice("window", "window", 1..=3, 1),
            Knob::choice("stride", "stride", words(&STRIDES), 1),
            Knob::choice("padding", "padding", words(&PADDINGS), 0),
            one([1, 1, 2, 2]),
            checks(),
            Knob::numbers("z", "z", DMatrix::from_fn(4, 4, pixel)),
            Knob::numbers("δ", "δ", DMatrix::from_fn(2, 2, delta)),
        ]
    }

    fn changed(&mut self, settings: &mut Settings, _knob: &str) -> Result<(), LiveError> {
        let shape = Shape::of(settings)?;
        settings.resize("z", (shape.size, shape.size), pixel);
        settings.resize("δ", shape.out, delta);
        offer_one(settings, [1, 1, shape.out.0, shape.out.1]);
        shape.forward(&[Tensor4::<f64>::zeros(shape.image())])?; // max refuses a window that lies in the padding
        Ok(())
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        Ok(draw(Shape::of(settings)?, settings, None)?.0)
    }

    fn note(&self, settings: &Settings, cell: &str) -> Result<Option<String>, LiveError> {
        Ok(draw(Shape::of(settings)?, settings, Some(cell))?.1)
    }
}

/// What the numbers are at first, and where a matrix grows. The window at the lower left has a tie.
fn pixel(i: usize, j: usize) -> f64 {
    const FIRST: [[f64; 4]; 4] =
        [[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, -1.0, 7.0], [6.0, 2.0, 1.0, 3.0], [0.0, 6.0, 4.0, 2.0]];
    let first = FIRST.get(i).and_then(|row| row.get(j));
    first.copied().unwrap_or(((i * 3 + j * 5 + i * j) % 7) as f64 - 2.0)
}

fn delta(i: usize, j: usize) -> f64 {
    [[1.0, 2.0, -1.0], [4.0, -3.0, 2.0], [2.0, 1.0, 3.0]][i % 3][j % 3]
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Max,
    Average,
}

/// The sizes.
#[derive(Clone, Copy)]
struct Shape {
    kind: Kind,
    size: usize,
    window: (usize, usize),
    slide: Slide,
    out: (usize, usize),
}

impl Shape {
    fn of(settings: &Settings) -> Result<Self, ShapeError> {
        let [size, window] = ["size", "window"].map(|name| settings.count(name));
        let (strides, padding) = (STRIDES[settings.chosen("stride")], PADDINGS[settings.chosen("padding")]);
        let slide = Slide::by(strides.0, strides.1).padding(padding.0, padding.1).round_down();
        let out = slide.output_size((size, size), (window, window))?;
        Ok(Shape { kind: KINDS[settings.chosen("kind")], size, window: (window, window), slide, out })
    }

    fn image(self) -> [usize; 4] {
        [1, 1, self.size, self.size]
    }
}

impl Layer for Shape {
    fn forward<T: Float>(&self, inputs: &[Tensor4<T>]) -> Result<Tensor4<T>, ShapeError> {
        match self.kind {
            Kind::Max => max_pooling_forward(&inputs[0], self.window, self.slide),
            Kind::Average => avg_pooling_forward(&inputs[0], self.window, self.slide),
        }
    }
}

/// The picture, and what is said about the cell that is asked about.
fn draw(shape: Shape, settings: &Settings, asked: Option<&str>) -> Result<(Figure, Option<String>), ShapeError> {
    let Shape { kind, size, window, slide, out } = shape;
    let (padding, area) = (slide.padding, window.0 * window.1);
    let inputs = [
        Input { knob: "z", symbol: "z", shape: shape.image(), role: Role::Input },
        Input { knob: "δ", symbol: "δ", shape: [1, 1, out.0, out.1], role: Role::Input },
    ];
    let mut work = Derivation::new(shape, &inputs, settings, asked)?;
    let [z, delta] = [0, 1].map(|input| work.input(input).clone());
    let y = shape.forward(std::slice::from_ref(&z))?;
    let by_hand = match kind {
        Kind::Max => max_pooling_backward(&delta, &z, window, slide)?,
        Kind::Average => avg_pooling_backward(&delta, &z, window, slide)?,
    };
    let dz = work.gradient(0, "dz", by_hand.clone(), 1.0)?;
    // The mean of a window contains each of its numbers, the padding's too.
    let whole = Slide { padding: (0, 0), ..slide };
    let around = if kind == Kind::Max { "−∞, around z: it is never the maximum" } else { "a zero, around z" };
    let padded = work.with_zeros("ẑ", &z.pad(padding)?, &format!("padding: {around}"));
    let means = avg_pooling_forward(&padded, window, whole)?;
    let unused = work.mark_unused(&means);

    let mut board = Board::new(settings.width());
    let heading = match kind {
        Kind::Max => "Forward: y is the maximum of each window".into(),
        Kind::Average if padding == (0, 0) => format!("Forward: y is the mean of each window, Σ z / {area}"),
        Kind::Average => format!("Forward: y is the mean of each window, Σ ẑ / {area}"),
    };
    board.words(&heading, true);
    let mut forward = work.typed(0);
    let mut results = work.computed("y", &y, &means, Role::Result);
    if kind == Kind::Max {
        grids_of(&mut forward).for_each(|grid| ring(&work, grid, &z, &means, &y));
        grids_of(&mut results).for_each(|grid| say(&work, grid, &means, &y));
    }
    if padding != (0, 0) {
        let mut maps = work.copies("ẑ", &padded, Role::Input);
        let added = grids_of(&mut maps).flat_map(|grid| grid.cells.iter_mut()).filter(|cell| cell.look == Look::Added);
        added.filter(|_| kind == Kind::Max).for_each(|cell| cell.value = f64::NEG_INFINITY);
        forward.push(Item::Sign("→"));
        forward.extend(maps);
    }
    forward.push(Item::Sign("→"));
    forward.extend(results);
    board.row(forward);
    if kind == Kind::Max {
        board.words("Ringed: the maximum of a window. Dashed: as large, but later.", false);
    }
    if unused {
        board.words("Hatched: no window covers these pixels, so their gradient is 0.", false);
    }
    board.words("Behind the layer: L = Σ δ·y, so that δ = ∂L/∂y", true);
    let mut behind = work.typed(1);
    behind.push(work.loss()?);
    board.row(behind);
    let heading = match kind {
        Kind::Max => "Steps 1 and 2: each δ goes to the first maximum of its window".into(),
        Kind::Average => format!("Steps 1 and 2: each δ goes to all of its window, 1/{area} to each place"),
    };
    board.words(&heading, true);
    if kind == Kind::Average && padding != (0, 0) {
        let uncropped = avg_pooling_backward(&delta, &padded, window, whole)?;
        board.row(work.uncropped("dẑ", (&uncropped, &uncropped), "dz", padding));
    }
    board.row(work.beside(&dz, &by_hand, shows_checks(settings)));
    let mut summary = agreement(&[&dz]);
    let apart = dz.apart();
    if !apart.is_empty() {
        summary += &format!(
            " Finite differences disagree at {}: max has a kink at a tie. A tied number that moves up becomes the maximum; one \
             that moves down leaves it to the other. The difference averages the two. By hand, the first one gets all of \
             δ, and dual numbers take the same branch.",
            apart.join(", ")
        );
    }
    board.words(&summary, false);
    let [stride, padding] = [slide.strides, padding].map(|pair| words(&[pair]).collect::<String>());
    let note = board.note.take();
    let alt = format!(
        "{} pooling, image {size} × {size}, window {} × {}, stride {stride}, padding {padding}. {} {} {summary}",
        if kind == Kind::Max { "Max" } else { "Average" },
        window.0,
        window.1,
        spoken("y", &y),
        spoken("dz", &by_hand),
    );
    Ok((board.figure(alt), note))
}

fn grids_of(items: &mut [Item]) -> impl Iterator<Item = &mut Grid> {
    items.iter_mut().filter_map(|item| match item {
        Item::Grid(grid) => Some(grid),
        Item::Sign(_) => None,
    })
}

type Maps = Tensor4<Traced>;

/// Rings around the maxima, as the layer's run chose them, and dashed ones around later numbers that are as large.
fn ring(work: &Derivation<'_, Shape>, grid: &mut Grid, z: &Maps, means: &Maps, y: &Maps) {
    let windows = || y.as_slice().iter().zip(means.as_slice());
    for i in 0..grid.cells.nrows() {
        for j in 0..grid.cells.ncols() {
            let entry = z[(0, 0, i, j)];
            let symbol = entry.symbol();
            let wins = windows().any(|(y, _)| y.symbol() == symbol);
            let within = |mean: &Traced| work.symbols_in(*mean).iter().any(|(number, _)| Some(*number) == symbol);
            let ties = || windows().any(|(y, mean)| y.value() == entry.value() && within(mean));
            if wins {
                grid.cells[(i, j)].look = Look::Winner;
            } else if ties() {
                grid.cells[(i, j)].look = Look::Tied;
            }
        }
    }
}

/// What a maximum is chosen from.
fn say(work: &Derivation<'_, Shape>, grid: &mut Grid, means: &Maps, y: &Maps) {
    for i in 0..grid.cells.nrows() {
        for j in 0..grid.cells.ncols() {
            let cell = &mut grid.cells[(i, j)];
            if cell.note.is_none() {
                continue;
            }
            let names: Vec<&str> = work.symbols_in(means[(0, 0, i, j)]).into_iter().map(|(_, name)| name).collect();
            let winner = y[(0, 0, i, j)];
            let value = number(winner.value());
            cell.note = Some(format!("the maximum of {} is {winner} = {value}", names.join(", ")));
        }
    }
}
