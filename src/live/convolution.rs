//! A convolution and its backward, number by number.
//!
//! The steps are those of [`layers::conv`](crate::layers::conv#derivation). The loss is L = Σ δ·y for one sample, so that δ is
//! ∂L/∂y; each gradient derived by hand stands beside the same one on dual numbers and by differences.

use super::board::{Board, Item, Role};
use super::derivation::{Derivation, Gradient, Input, agreement, checks, offer_one, one, shows_checks, spoken, words};
use super::gradients::Layer;
use super::{Knob, LiveError, Scene, Settings};
use crate::layers::{conv_backward, conv_forward, insert_zeros};
use crate::numbers::Traced;
use crate::show::Figure;
use crate::{Float, ShapeError, Slide, Tensor4};
use nalgebra::{DMatrix, DVector};

/// [The figure](self).
pub struct Convolution {
    /// The sizes that the numbers have now.
    shape: Shape,
}

impl Default for Convolution {
    fn default() -> Self {
        let shape = Shape { size: 4, window: 2, channels: 1, maps: 1, slide: Slide::default(), out: (3, 3) };
        Convolution { shape }
    }
}

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
            one(self.shape.inputs()[3].shape),
            checks(),
            Knob::numbers("z", "z", DMatrix::from_fn(4, 4, pixel)),
            Knob::numbers("K", "K", DMatrix::from_fn(2, 2, tap)),
            Knob::numbers("b", "b", DMatrix::zeros(1, 1)),
            Knob::numbers("δ", "δ", DMatrix::from_fn(3, 3, delta)),
        ]
    }

    fn changed(&mut self, settings: &mut Settings, _knob: &str) -> Result<(), LiveError> {
        let shape = Shape::of(settings)?;
        let (before, after) = (self.shape.inputs(), shape.inputs());
        let fills = [pixel, tap, |_, _| 0.0, delta];
        for ((before, after), fill) in before.iter().zip(&after).zip(fills) {
            settings.resize_maps(before.knob, before.shape, after.shape, fill);
        }
        offer_one(settings, after[3].shape);
        self.shape = shape;
        Ok(())
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        Ok(Steps::new(self.shape, settings, None)?.draw(settings.width())?.0)
    }

    fn note(&self, settings: &Settings, cell: &str) -> Result<Option<String>, LiveError> {
        Ok(Steps::new(self.shape, settings, Some(cell))?.draw(settings.width())?.1)
    }
}

/// What the numbers are at first, and where a matrix grows.
fn pixel(i: usize, j: usize) -> f64 {
    ((i * 3 + j * 5 + i * j) % 7) as f64 - 2.0
}

fn tap(i: usize, j: usize) -> f64 {
    [[1.0, -1.0, 2.0], [3.0, 2.0, -1.0], [-2.0, 1.0, 4.0]][i % 3][j % 3]
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

type Maps = Tensor4<Traced>;

/// The layer and its backward in the steps of the derivation, where the added zeros are seen.
struct Steps<'a> {
    shape: Shape,
    work: Derivation<'a, Shape>,
    y: Maps,
    /// ẑ.
    padded: Maps,
    /// δ̂ without the zeros around, and with them.
    between: Maps,
    around: Maps,
    rotated: Maps,
    db: Gradient,
    dk: Gradient,
    dz: Gradient,
    /// The same by hand, for the cells that they were computed from.
    seen: Seen,
    /// dẑ.
    uncropped: Maps,
    /// Whether some pixels are in no window.
    unused: bool,
    checks: bool,
}

struct Seen {
    y: Maps,
    db: Maps,
    dk: Maps,
    dz: Maps,
    uncropped: Maps,
}

impl<'a> Steps<'a> {
    fn new(shape: Shape, settings: &Settings, asked: Option<&'a str>) -> Result<Self, ShapeError> {
        let Shape { window, slide, .. } = shape;
        let (p1, p2) = slide.padding;
        let mut work = Derivation::new(shape, &shape.inputs(), settings, asked)?;
        let [z, k, b, delta] = [0, 1, 2, 3].map(|input| work.input(input).clone());
        let y = conv_forward(&z, &k, &biases(&b), slide)?;
        let by_hand = conv_backward(&delta, &k, &z, slide)?;
        let hand_db = row(&by_hand.db)?;
        let db = work.gradient(2, "db", hand_db.clone(), 1.0)?;
        let dk = work.gradient(1, "dK", by_hand.dk, 1.0)?;
        let dz = work.gradient(0, "dz", by_hand.dz, 1.0)?;

        let whole = Slide { padding: (0, 0), ..slide };
        let padded = work.with_zeros("ẑ", &z.pad((p1, p2))?, "a zero of the padding");
        let between = insert_zeros(&delta, slide.strides)?;
        let between = work.with_zeros("δ̂", &between, "a zero between, because of the stride");
        let around = between.pad((window - 1, window - 1))?;
        let around = work.with_zeros("δ̂p", &around, "a zero around, for every tap to meet every number");
        let rotated = k.rotate_180();
        let uncropped = conv_backward(&delta, &k, &padded, whole)?;
        let steps = conv_forward(&around, &rotated.swap_axes(), &DVector::zeros(shape.channels), Slide::default())?;
        // Rows that no window reaches are no part of the steps.
        let [_, _, rows, columns] = steps.shape();
        let seen = |n, c, i, j| if i < rows && j < columns { steps[(n, c, i, j)] } else { Traced::constant(0.0) };
        let seen = Seen {
            y: conv_forward(&padded, &k, &biases(&b), whole)?,
            db: hand_db,
            dk: uncropped.dk,
            dz: Tensor4::filled(z.shape(), |n, c, i, j| seen(n, c, i + p1, j + p2)),
            uncropped: Tensor4::filled(padded.shape(), seen),
        };
        let unused = work.mark_unused(&seen.y);
        let checks = shows_checks(settings);
        let uncropped = uncropped.dz;
        Ok(Steps { shape, work, y, padded, between, around, rotated, db, dk, dz, seen, uncropped, unused, checks })
    }

    /// The picture, and what is said about the cell that is asked about.
    fn draw(&self, width: u32) -> Result<(Figure, Option<String>), ShapeError> {
        let mut board = Board::new(width);
        self.forward(&mut board);
        board.words("Behind the layer: L = Σ δ·y, so that δ = ∂L/∂y", true);
        let mut behind = self.work.typed(3);
        behind.push(self.work.loss()?);
        board.row(behind);
        self.parameters(&mut board);
        self.spread(&mut board);
        self.input(&mut board);
        let summary = agreement(&[&self.dz, &self.dk, &self.db]);
        board.words(&summary, false);
        let Shape { size, window, slide, .. } = self.shape;
        let [stride, padding] = [slide.strides, slide.padding].map(|pair| words(&[pair]).collect::<String>());
        let note = board.note.take();
        let alt = format!(
            "A convolution, image {size} × {size}, window {window} × {window}, stride {stride}, padding {padding}. \
             {} {} {} {} {summary}",
            spoken("y", &self.y),
            spoken("dK", self.dk.by_hand()),
            spoken("db", self.db.by_hand()),
            spoken("dz", self.dz.by_hand()),
        );
        Ok((board.figure(alt), note))
    }

    /// How the image is written that the windows slide over.
    fn image(&self) -> &'static str {
        if self.is_padded() { "ẑ" } else { "z" }
    }

    fn is_padded(&self) -> bool {
        self.shape.slide.padding != (0, 0)
    }

    fn forward(&self, board: &mut Board) {
        let over = if self.shape.channels > 1 { "over each window and all channels" } else { "a sum for each window" };
        board.words(&format!("Forward: y = b + Σ {}·K, {over}", self.image()), true);
        let mut forward = self.work.typed(0);
        if self.is_padded() {
            forward.push(Item::Sign("→"));
            forward.extend(self.work.copies("ẑ", &self.padded, Role::Input));
        }
        forward.push(Item::Sign("⋆"));
        forward.extend(self.work.typed(1));
        forward.push(Item::Sign("+"));
        forward.extend(self.work.typed(2));
        forward.push(Item::Sign("="));
        forward.extend(self.work.computed("y", &self.y, &self.seen.y, Role::Result));
        board.row(forward);
        if self.unused {
            board.words("Hatched: no window covers these pixels, so their gradient is 0.", false);
        }
    }

    fn parameters(&self, board: &mut Board) {
        let [db, dk] = [(&self.db, &self.seen.db), (&self.dk, &self.seen.dk)]
            .map(|(gradient, seen)| self.work.beside(gradient, seen, self.checks));
        let bias = "db = Σ δ";
        let taps = format!("dK = Σ {}·δ, over the places of the window", self.image());
        if self.checks {
            board.words(&format!("Step 2: {bias}"), true);
            board.row(db);
            board.words(&format!("Step 3: {taps}"), true);
            board.row(dk);
        } else {
            board.words(&format!("Steps 2 and 3: {bias} and {taps}"), true);
            board.row(db.into_iter().chain(dk).collect());
        }
    }

    fn spread(&self, board: &mut Board) {
        let Shape { window, slide, .. } = self.shape;
        let (s1, s2) = slide.strides;
        board.words("Step 5: δ̂ is δ with zeros between, then around", true);
        let zeros = format!(
            "Between: stride − 1, that is {} of them. Around: window − 1, that is {}.",
            words(&[(s1 - 1, s2 - 1)]).collect::<String>(),
            window - 1
        );
        board.words(&zeros, false);
        let mut spread = Vec::new();
        if (s1, s2) != (1, 1) || window == 1 {
            spread.extend(self.work.copies("δ̂", &self.between, Role::Input));
        }
        if window > 1 {
            spread.push(Item::Sign(if spread.is_empty() { "δ →" } else { "→" }));
            spread.extend(self.work.copies("δ̂ padded", &self.around, Role::Input));
        }
        board.row(spread);
    }

    fn input(&self, board: &mut Board) {
        let mut turned = vec![Item::Sign("δ̂ ⋆")];
        turned.extend(self.work.copies("K rotated", &self.rotated, Role::Weight));
        turned.push(Item::Sign("="));
        let dz = self.work.beside(&self.dz, &self.seen.dz, self.checks);
        let product = "= δ̂ padded ⋆ K rotated by 180°";
        if !self.is_padded() {
            board.words(&format!("Steps 6 and 7: dz {product}; there is no padding to drop"), true);
            turned.extend(dz);
            return board.row(turned);
        }
        let crop = "dz is dẑ without the padding, which is crossed out";
        turned.extend(self.work.uncropped(
            "dẑ",
            (&self.uncropped, &self.seen.uncropped),
            "dz",
            self.shape.slide.padding,
        ));
        if self.checks {
            board.words(&format!("Step 6: dẑ {product}"), true);
            board.row(turned);
            board.words(&format!("Step 7: {crop}"), true);
            board.row(dz);
        } else {
            board.words(&format!("Steps 6 and 7: dẑ {product}, and {crop}"), true);
            turned.push(Item::Sign("→"));
            turned.extend(dz);
            board.row(turned);
        }
    }
}
