//! A drawn digit: what LeNet makes of it, and where it would have to change to be another one.
//!
//! The drawing goes through a trained [`lenet`] layer by layer, and the loss of the class that the reader chooses goes
//! back through the same layers, down to the pixels. The picture shows −∂L/∂z: where more ink lowers the loss, and where
//! less does. The weights are given to the figure as bytes, which [`pack`] makes.

use super::board::Board;
use super::{Knob, LiveError, Scene, Settings};
use crate::data::one_hot;
use crate::losses::Loss;
use crate::model::{Layer, Memory, Sequential, Start, lenet};
use crate::show::{self, Figure, Images};
use crate::text::number;
use crate::{Tensor4, activations::softmax_forward, losses::cross_entropy_loss};
use std::fmt::Write;

/// [The figure](self).
#[derive(Default)]
pub struct Digit {
    model: Option<Sequential<f32>>,
    seen: Option<Seen>,
}

/// Rows and columns.
const SIDE: usize = 28;
/// From this width on, drawing, wishes and probabilities are side by side.
const WIDE: u32 = 640;
/// A network with no weights yet.
fn blank() -> Sequential<f32> {
    lenet(Start::Normal(0.0), 1)
}

/// The weights of a trained LeNet as the figure's data `weights`: for each matrix of parameters one number, which is 1/127
/// of the largest, and a byte for each parameter, which is its multiple of that.
///
/// # Errors
/// If it is not a [`lenet`], or a parameter is not finite.
///
/// ```
/// use handgrad::prelude::*;
/// let bytes = live::digit::pack(&lenet(Start::He, 1))?;
/// assert_eq!(bytes.len(), 61_706 + 10 * 4);
/// let figure = live::open("digit?class=7")?.data("weights", bytes)?;
/// # Ok::<(), live::LiveError>(())
/// ```
pub fn pack(model: &Sequential<f32>) -> Result<Vec<u8>, LiveError> {
    blank().copy_parameters(model, |parameter| parameter)?;
    let mut bytes = Vec::new();
    for parameter in model.parameters() {
        if let Some(found) = parameter.values.iter().find(|value| !value.is_finite()) {
            return Err(LiveError::new(format!("{} contains {found}: it must be finite", parameter.name)));
        }
        let unit = parameter.values.iter().fold(0.0, |largest: f32, value| largest.max(value.abs())) / 127.0;
        bytes.extend(unit.to_le_bytes());
        // Where all are 0, so is the unit, and the cast turns NaN into 0.
        bytes.extend(parameter.values.iter().map(|value| (value / unit).round() as i8 as u8));
    }
    Ok(bytes)
}

/// The network that [`pack`] made bytes of.
///
/// # Errors
/// If there are not as many bytes as it makes, or a matrix has no finite unit.
pub fn unpack(bytes: &[u8]) -> Result<Sequential<f32>, LiveError> {
    let mut model = blank();
    let expected = model.parameter_count() + 4 * model.parameters().len();
    let wrong = || LiveError::new(format!("the weights are {} bytes: LeNet's must be {expected}", bytes.len()));
    let mut rest = bytes;
    for parameter in model.parameters_mut() {
        let (unit, after) = rest.split_first_chunk().ok_or_else(wrong)?;
        let (own, after) = after.split_at_checked(parameter.values.len()).ok_or_else(wrong)?;
        let unit = f32::from_le_bytes(*unit);
        if !unit.is_finite() {
            return Err(LiveError::new(format!("the unit of some weights is {unit}: it must be finite")));
        }
        parameter.values.iter_mut().zip(own).for_each(|(value, byte)| *value = unit * f32::from(*byte as i8));
        rest = after;
    }
    if rest.is_empty() { Ok(model) } else { Err(wrong()) }
}

/// The first image of a tensor (N, 1, 28, 28), from 0 to 1, as the figure's knob `digit` reads it: 16 shades, a hexadecimal
/// digit each.
///
/// # Errors
/// If there is no such image.
pub fn shades(images: &Tensor4<f32>) -> Result<String, LiveError> {
    let shape @ [samples, ..] = images.shape();
    if samples == 0 || shape[1..] != [1, SIDE, SIDE] {
        return Err(LiveError::new(format!("the images are {shape:?}: they must be (N, 1, {SIDE}, {SIDE})")));
    }
    let image = images.map_at(0, 0).transpose();
    let shade = |ink: &f32| char::from_digit((ink * 15.0).round().clamp(0.0, 15.0) as u32, 16).unwrap_or('0');
    Ok(image.iter().map(shade).collect())
}

impl Scene for Digit {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("class", "what would make it a", 0..10, 7),
            Knob::choice("place", "LeNet sees the digit", ["centred", "where it is drawn"], 0),
            Knob::pixels("digit", "the digit", SIDE),
        ]
    }

    fn load(&mut self, name: &str, bytes: &[u8]) -> Result<(), LiveError> {
        if name != "weights" {
            return Err(LiveError::new(format!("there are no data {name:?} here: the figure takes \"weights\"")));
        }
        self.model = Some(unpack(bytes)?);
        Ok(())
    }

    fn changed(&mut self, settings: &mut Settings, _knob: &str) -> Result<(), LiveError> {
        if let Some(model) = &mut self.model {
            self.seen = Some(Seen::new(model, settings)?);
        }
        Ok(())
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let missing = "the weights are missing: give the figure those of a trained LeNet, \
                       .data(\"weights\", live::digit::pack(&model)?)";
        let seen = self.seen.as_ref().ok_or_else(|| LiveError::new(missing))?;
        Ok(seen.figure(settings))
    }
}

/// What went through the network, and what came back.
struct Seen {
    /// How far the drawing was moved, down and to the right.
    moved: (isize, isize),
    /// The maps after each convolution, its ReLU and its pooling.
    maps: Vec<Tensor4<f32>>,
    probabilities: Vec<f64>,
    class: usize,
    loss: f64,
    /// −∂L/∂z for the pixels of the drawing.
    wishes: Tensor4<f64>,
}

impl Seen {
    fn new(model: &mut Sequential<f32>, settings: &Settings) -> Result<Self, LiveError> {
        let drawing = settings.pixels("digit");
        let moved = if settings.chosen("place") == 0 { to_the_centre(&drawing) } else { (0, 0) };
        let mut memory = Memory::new();
        let mut maps = Vec::new();
        // Forward, layer by layer …
        let mut z =
            Tensor4::from_fn([1, 1, SIDE, SIDE], |_, _, i, j| at(&drawing, (i, j), (-moved.0, -moved.1)) as f32);
        for layer in model.layers_mut() {
            z = layer.forward(z, &mut memory)?;
            if layer.description().starts_with("MaxPool2d") {
                maps.push(z.clone());
            }
        }
        // … the loss of the chosen class …
        let class = settings.chosen("class");
        let probabilities = softmax_forward(z.matrix()).iter().map(|p| f64::from(*p)).collect();
        let Loss { loss, dy } = cross_entropy_loss(z.matrix(), &one_hot(&[class], 10))?;
        // … and back to the pixels.
        let mut dz = Tensor4::from_vectors(dy);
        for layer in model.layers_mut().iter_mut().rev() {
            dz = layer.backward(&dz, &mut memory)?;
        }
        model.clear_gradients();
        let wish: Vec<f64> = dz.to_row_major().into_iter().map(|slope| -f64::from(slope)).collect();
        let wishes = Tensor4::from_fn([1, 1, SIDE, SIDE], |_, _, i, j| at(&wish, (i, j), moved));
        Ok(Seen { moved, maps, probabilities, class, loss: f64::from(loss), wishes })
    }

    /// The most probable digit.
    fn answer(&self) -> usize {
        let best = self.probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.map_or(0, |(digit, _)| digit)
    }

    fn figure(&self, settings: &Settings) -> Figure {
        let (width, drawing) = (settings.width(), settings.pixels("digit"));
        let wide = width >= WIDE;
        let ink = Tensor4::from_fn([1, 1, SIDE, SIDE], |_, _, i, j| drawing[i * SIDE + j]);
        let room = if wide { (width - 240) / 2 } else { width.min(330) };
        let pad = show::images("Draw a digit here", &ink).range(0.0, 1.0).fit(room);
        let most = self.wishes.as_slice().iter().fold(f64::MIN_POSITIVE, |most, wish| most.max(wish.abs()));
        // As shares of the largest, so that the colours' key stays as short.
        let shares = self.wishes.map(|wish| wish / most);
        let wishes = show::images(&format!("Towards {}", named(self.class)), &shares).range(-1.0, 1.0).fit(room);
        let (pad_area, wishes_area) = (pad.area(), wishes.area());
        let (pad, wishes) = (pad.figure(), wishes.figure());
        let names: Vec<usize> = (0..10).collect();
        let bars = show::bars("LeNet's ten probabilities", &names, &self.probabilities).percent().y_range(0.0, 1.0);
        let bars = match wide {
            true => bars.size(width - pad.size.0 - wishes.size.0, pad.size.1),
            false => bars.size(width, 190),
        };

        let ([first, second], alt) = self.words(&drawing);
        // One line at all times, so that the place to draw on does not move.
        let mut head = Board::new(width);
        head.words(&first, true);
        let head = head.figure(String::new());
        let mut below = Board::new(width);
        below.words(&second, false);
        // Where the drawing and the wishes lie in the whole picture.
        let top = head.size.1;
        let bars = bars.figure();
        let beside = if wide { (pad.size.0, top) } else { (0, top + pad.size.1 + bars.size.1) };
        let above = rect(pad_area, (0, top)) + &outline(&drawing, wishes_area, beside);
        let upper = match wide {
            true => vec![show::row([pad, wishes, bars])],
            false => vec![pad, bars, wishes],
        };
        let mut all = vec![head];
        all.extend(upper);
        all.push(below.figure(String::new()));
        all.push(self.activations(width));
        show::column(all).with(&above).alt(alt)
    }

    /// The maps after each convolution.
    fn activations(&self, width: u32) -> Figure {
        let wide = width >= WIDE;
        let part = |maps: &Tensor4<f32>, number: usize| -> Images {
            let largest = maps.as_slice().iter().fold(f32::MIN_POSITIVE, |largest, x| largest.max(*x));
            let room = if !wide { width } else { [width * 58 / 100, width * 42 / 100][number % 2] };
            let columns = if maps.shape()[1] > 8 { 8 } else { 6 };
            let title = format!("{} maps after convolution {}", maps.shape()[1], number + 1);
            show::images(&title, maps).columns(columns).range(0.0, f64::from(largest)).fit(room)
        };
        let parts = self.maps.iter().enumerate().map(|(number, maps)| part(maps, number));
        if wide { show::row(parts) } else { show::column(parts) }
    }

    /// The answer, what the colours mean, and all of it in words.
    fn words(&self, drawing: &[f64]) -> ([String; 2], String) {
        let (answer, class) = (self.answer(), self.class);
        let percent = |digit: usize| match 100.0 * self.probabilities[digit] {
            little if little < 0.005 => "less than 0.01".into(),
            percent => format!("{percent:.2}"),
        };
        let moved = match self.moved {
            (0, 0) => String::new(),
            (down, right) => format!(
                " LeNet sees it moved by {} {} and {} {}, centred as its training digits are.",
                down.abs(),
                if down < 0 { "up" } else { "down" },
                right.abs(),
                if right < 0 { "left" } else { "right" }
            ),
        };
        let first = match drawing.iter().all(|ink| *ink == 0.0) {
            true => "Nothing is drawn yet.".into(),
            false => format!("LeNet reads {}: {} %.", named(answer), percent(answer)),
        };
        let second = format!(
            "What would make it {}{}? LeNet gives that {} %, so the loss is L = −ln p = {}. Orange: more ink here \
             would lower it. Blue: less ink would. The colours are −∂L/∂z, as a share of the largest.{moved}",
            if answer == class { "more of " } else { "" },
            named(class),
            percent(class),
            number(self.loss)
        );
        let place = |best: fn(f64, f64) -> bool| {
            let wishes = self.wishes.to_row_major();
            let found = (0..wishes.len()).reduce(|a, b| if best(wishes[b], wishes[a]) { b } else { a }).unwrap_or(0);
            format!("row {} column {}, where −∂L/∂z is {}", found / SIDE, found % SIDE, number(wishes[found]))
        };
        let all: Vec<String> =
            (0..10).map(|digit| format!("{digit}: {} %", number(100.0 * self.probabilities[digit]))).collect();
        let alt = format!(
            "A drawn digit. {first} All ten: {}. {second} More ink would help most at {}; less ink at {}.",
            all.join(", "),
            place(|b, a| b > a),
            place(|b, a| b < a)
        );
        ([first, second], alt)
    }
}

/// A digit with its article.
fn named(digit: usize) -> String {
    format!("{} {digit}", if digit == 8 { "an" } else { "a" })
}

/// The pixel that lies `offset` rows and columns further on; 0 outside.
fn at(image: &[f64], (i, j): (usize, usize), (rows, columns): (isize, isize)) -> f64 {
    let place = |k: usize, offset: isize| k.checked_add_signed(offset).filter(|k| *k < SIDE);
    match (place(i, rows), place(j, columns)) {
        (Some(i), Some(j)) => image[i * SIDE + j],
        _ => 0.0,
    }
}

/// How far the ink has to be moved, in whole pixels, so that its centre of mass is where those of MNIST's digits are: as
/// near to (14, 14) as can be without moving ink out of the picture.
fn to_the_centre(drawing: &[f64]) -> (isize, isize) {
    let along = |line: fn(usize) -> usize| {
        let inked = || drawing.iter().enumerate().filter(|(_, ink)| **ink > 0.0).map(|(k, ink)| (line(k), *ink));
        let mass: f64 = inked().map(|(_, ink)| ink).sum();
        let (Some(first), Some(last)) = (inked().map(|(k, _)| k).min(), inked().map(|(k, _)| k).max()) else {
            return 0;
        };
        let mean = inked().map(|(k, ink)| k as f64 * ink).sum::<f64>() / mass;
        ((14.0 - mean).round() as isize).clamp(-(first as isize), (SIDE - 1 - last) as isize)
    };
    (along(|k| k / SIDE), along(|k| k % SIDE))
}

/// The place over which the page lays what is drawn on.
fn rect([x, y, width, height]: [f64; 4], (left, top): (u32, u32)) -> String {
    format!(
        "<rect data-knob=\"digit\" data-side=\"{SIDE}\" data-at=\"\" data-label=\"Draw a digit here\" x=\"{}\" y=\"{}\" \
         width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#8c959f\" stroke-width=\"2\"/>\n",
        2.0 * (x + f64::from(left)),
        2.0 * (y + f64::from(top)),
        2.0 * width,
        2.0 * height
    )
}

/// The edge of the ink, over an image of it at another place.
fn outline(drawing: &[f64], [x, y, width, _]: [f64; 4], (left, top): (u32, u32)) -> String {
    let step = 2.0 * width / SIDE as f64;
    let corner = |i: usize, j: usize| {
        (2.0 * (x + f64::from(left)) + step * j as f64, 2.0 * (y + f64::from(top)) + step * i as f64)
    };
    let inked = |i: usize, j: usize, offset| at(drawing, (i, j), offset) > 0.5;
    let mut path = String::new();
    for (i, j) in (0..=SIDE).flat_map(|i| (0..=SIDE).map(move |j| (i, j))) {
        let ((x, y), here) = (corner(i, j), inked(i, j, (0, 0)));
        if here != inked(i, j, (-1, 0)) {
            let _ = write!(path, "M{x} {y}h{step}");
        }
        if here != inked(i, j, (0, -1)) {
            let _ = write!(path, "M{x} {y}v{step}");
        }
    }
    format!("<path d=\"{path}\" fill=\"none\" stroke=\"#444c56\" stroke-width=\"2\"/>\n")
}
