//! A convolution and its backward, number by number.
//!
//! The steps are those of [`layers::conv`](crate::layers::conv#derivation). The loss is L = Σ δ·y for one sample, so that δ is
//! ∂L/∂y; each gradient derived by hand stands beside the same one on dual numbers and by differences.

use super::board::{Board, Item, Role};
use super::derivation::{Derivation, Input, agreement, spoken, words};
use super::gradients::Layer;
use super::{Knob, LiveError, Scene, Settings};
use crate::layers::{conv_backward, conv_forward, insert_zeros};
use crate::numbers::Traced;
use crate::show::Figure;
use crate::{Float, ShapeError, Slide, Tensor4};
use nalgebra::{DMatrix, DVector};

/// [The figure](self).
pub struct Convolution;

const STRIDES: [(usize, usize); 5] = [(1, 1), (2, 2), (3, 3), (1, 2), (2, 1)];
const PADDINGS: [(usize, usize); 5] = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 0)];

impl Scene for Convolution {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("size", "image", 3..=6, 1),
            Knob::choice("window", "window", 1..=3, 1),
            Knob::choice("stride", "stride", words(&STRIDES), 0),
            Knob::choice("padding", "padding", words(&PADDINGS), 0),
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
        Ok(draw(Shape::of(settings)?, settings)?)
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
        let [size, window, channels, maps] = ["size", "window", "channels", "maps"].map(|name| settings.count(name));
        let (strides, padding) = (STRIDES[settings.chosen("stride")], PADDINGS[settings.chosen("padding")]);
        let slide = Slide::by(strides.0, strides.1).padding(padding.0, padding.1).round_down();
        let out = slide.output_size((size, size), (window, window))?;
        Ok(Shape { size, window, channels, maps, slide, out })
    }

    fn inputs(self) -> [Input; 4] {
        let Shape { size, window, channels, maps, out, .. } = self;
        [
            Input { knob: "z", symbol: "z", shape: [1, channels, size, size], role: Role::Input },
            Input { knob: "K", symbol: "w", shape: [channels, maps, window, window], role: Role::Weight },
            Input { knob: "b", symbol: "b", shape: [1, 1, 1, maps], role: Role::Weight },
            Input { knob: "δ", symbol: "δ", shape: [1, maps, out.0, out.1], role: Role::Input },
        ]
    }
}

impl Layer for Shape {
    fn forward<T: Float>(&self, inputs: &[Tensor4<T>]) -> Result<Tensor4<T>, ShapeError> {
        conv_forward(&inputs[0], &inputs[1], &biases(&inputs[2]), self.slide)
    }
}

fn biases<T: Float>(b: &Tensor4<T>) -> DVector<T> {
    DVector::from_column_slice(b.as_slice())
}

fn row<T: Float>(b: &DVector<T>) -> Result<Tensor4<T>, ShapeError> {
    Tensor4::from_row_major([1, 1, 1, b.len()], b.as_slice())
}

fn draw(shape: Shape, settings: &Settings) -> Result<Figure, ShapeError> {
    let Shape { size, window, slide, .. } = shape;
    let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
    let mut work = Derivation::new(shape, &shape.inputs(), settings)?;
    let [z, k, b, delta] = [0, 1, 2, 3].map(|input| work.input(input).clone());
    let y = conv_forward(&z, &k, &biases(&b), slide)?;
    let by_hand = conv_backward(&delta, &k, &z, slide)?;
    let db = work.gradient(2, "db", row(&by_hand.db)?, 1.0)?;
    let dk = work.gradient(1, "dK", by_hand.dk.clone(), 1.0)?;
    let dz = work.gradient(0, "dz", by_hand.dz.clone(), 1.0)?;

    // The same in the steps of the derivation, where the added zeros are seen.
    let whole = Slide { padding: (0, 0), ..slide };
    let padded = work.with_zeros("ẑ", &z.pad((p1, p2))?, "a zero of the padding");
    let between = insert_zeros(&delta, (s1, s2))?;
    let between = work.with_zeros("δ̂", &between, "a zero between, because of the stride");
    let around = between.pad((window - 1, window - 1))?;
    let around = work.with_zeros("δ̂p", &around, "a zero around, for every tap to meet every number");
    let rotated = k.rotate_180();
    let uncropped = conv_backward(&delta, &k, &padded, whole)?;
    let no_bias = DVector::zeros(shape.channels);
    let steps = conv_forward(&around, &rotated.swap_axes(), &no_bias, Slide::default())?;
    let seen_y = conv_forward(&padded, &k, &biases(&b), whole)?;
    // Rows that no window reaches are no part of the steps.
    let [_, _, rows, columns] = steps.shape();
    let seen = |n, c, i, j| if i < rows && j < columns { steps[(n, c, i, j)] } else { Traced::constant(0.0) };
    let seen_uncropped = Tensor4::filled(padded.shape(), seen);
    let seen_dz = Tensor4::filled(z.shape(), |n, c, i, j| seen(n, c, i + p1, j + p2));

    let mut board = Board::new(settings.width());
    board.words("Forward: y = b + Σ ẑ·K, a sum for each window", true);
    let mut forward = work.typed(0);
    if (p1, p2) != (0, 0) {
        forward.push(Item::Sign("→"));
        forward.extend(work.copies("ẑ", &padded, Role::Input));
    }
    forward.push(Item::Sign("⋆"));
    forward.extend(work.typed(1));
    forward.push(Item::Sign("+"));
    forward.extend(work.typed(2));
    forward.push(Item::Sign("="));
    forward.extend(work.computed("y", &y, &seen_y, Role::Result));
    board.row(forward);
    board.words("Behind the layer: L = Σ δ·y, so that δ = ∂L/∂y", true);
    let mut behind = work.typed(3);
    behind.push(work.loss()?);
    board.row(behind);

    board.words("Step 2: db = Σ δ", true);
    board.row(work.beside(&db, &row(&by_hand.db)?));
    board.words("Step 3: dK = Σ ẑ·δ, over the places of the window", true);
    board.row(work.beside(&dk, &uncropped.dk));

    board.words("Step 5: δ̂ is δ with zeros between, then around", true);
    let zeros = format!(
        "Between: stride − 1, that is {} of them. Around: window − 1, that is {}.",
        words(&[(s1 - 1, s2 - 1)]).collect::<String>(),
        window - 1
    );
    board.words(&zeros, false);
    let mut spread = Vec::new();
    if (s1, s2) != (1, 1) || window == 1 {
        spread.extend(work.copies("δ̂", &between, Role::Input));
    }
    if window > 1 {
        spread.push(Item::Sign(if spread.is_empty() { "δ →" } else { "→" }));
        spread.extend(work.copies("δ̂ padded", &around, Role::Input));
    }
    board.row(spread);
    board.words("Step 6: dẑ = δ̂ padded ⋆ K rotated by 180°", true);
    let mut turned = vec![Item::Sign("δ̂ ⋆")];
    turned.extend(work.copies("K rotated", &rotated, Role::Weight));
    turned.push(Item::Sign("="));
    turned.extend(work.uncropped("dẑ", (&uncropped.dz, &seen_uncropped), "dz", (p1, p2)));
    board.row(turned);
    let crop = if (p1, p2) == (0, 0) { "here there is none" } else { "what is crossed out is dropped" };
    board.words(&format!("Step 7: dz is dẑ without the padding ({crop})"), true);
    board.row(work.beside(&dz, &seen_dz));
    let summary = agreement(&[&dz, &dk, &db]);
    board.words(&summary, false);
    let [stride, padding] = [(s1, s2), (p1, p2)].map(|pair| words(&[pair]).collect::<String>());
    Ok(board.figure(format!(
        "A convolution, image {size} × {size}, window {window} × {window}, stride {stride}, padding {padding}. {} {} {} {} \
         {summary}",
        spoken("y", &y),
        spoken("dK", &by_hand.dk),
        spoken("db", &row(&by_hand.db)?),
        spoken("dz", &by_hand.dz),
    )))
}
