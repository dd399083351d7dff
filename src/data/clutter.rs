//! Digits in colour and clutter: a harder set, composed from MNIST.
//!
//! An image of 32 × 32 pixels in three colours. Its background is a gradient between two colours, in some direction. On
//! it lie [`SCRAPS`] scraps: squares of [`SCRAP`] × [`SCRAP`] pixels cut from other digits, each in its own colour. On
//! top, somewhere, is the digit, in a colour that differs from both background colours by at least half of the range in
//! at least one channel. Neither colour nor ink says anything about the class; only shape does.

use super::Dataset;
use crate::init::{ChaCha8Rng, rng};
use crate::{Float, ShapeError, Tensor4, lit};
use rand::RngExt;
use std::f64::consts::TAU;

/// Rows and columns of an image.
const SIDE: usize = 32;
/// Rows and columns of a digit.
const DIGIT: usize = 28;
/// How many scraps lie on an image.
pub const SCRAPS: usize = 5;
/// Rows and columns of a scrap.
pub const SCRAP: usize = 9;

type Colour = [f64; 3];

/// An image for every digit, (N, 3, 32, 32), with the digit's label. The same seed gives the same images.
///
/// # Errors
/// If the digits are not of the shape (N, 1, 28, 28), or there are not N labels.
///
/// ```
/// use handgrad::data::{clutter, mnist};
/// let file = |name: &str| mnist::shipped().map(|directory| directory.join(name));
/// let test = mnist::load_pair::<f32>(file("t10k-images-idx3-ubyte.gz")?, file("t10k-labels-idx1-ubyte.gz")?)?;
/// let digits = test.first(100);
/// let cluttered = clutter::compose(&digits, 1)?;
/// assert_eq!(cluttered.inputs.shape(), [100, 3, 32, 32]);
/// assert_eq!(cluttered.labels, digits.labels);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[inline(never)]
pub fn compose<T: Float>(digits: &Dataset<T>, seed: u64) -> Result<Dataset<T>, ShapeError> {
    let [n, c, h, w] = digits.inputs.shape();
    if [c, h, w] != [1, DIGIT, DIGIT] {
        let found = format!("the digits are {:?}", (n, c, h, w));
        return Err(ShapeError::new("clutter::compose", found, "they must be (N, 1, 28, 28)"));
    }
    if digits.len() != n {
        let found = format!("{} labels but the digits are {:?}", digits.len(), (n, c, h, w));
        return Err(ShapeError::new("clutter::compose", found, "every digit must have one label"));
    }
    let mut rng = rng(seed);
    let mut inputs = Tensor4::zeros([n, 3, SIDE, SIDE]);
    for sample in 0..n {
        let image = image(&mut rng, digits, sample);
        for i in 0..SIDE {
            for j in 0..SIDE {
                for channel in 0..3 {
                    inputs[(sample, channel, i, j)] = lit(image[i][j][channel]);
                }
            }
        }
    }
    Ok(Dataset { inputs, labels: digits.labels.clone(), classes: digits.classes })
}

fn image<T: Float>(rng: &mut ChaCha8Rng, digits: &Dataset<T>, sample: usize) -> Vec<[Colour; SIDE]> {
    let ends = [colour(rng), colour(rng)];
    let mut image = background(ends, rng.random::<f64>() * TAU);
    for _ in 0..SCRAPS {
        let (other, ink) = (rng.random_range(0..digits.len()), colour(rng));
        let mut place = |room: usize| (rng.random_range(0..=room), rng.random_range(0..=room));
        let (from, to) = (place(DIGIT - SCRAP), place(SIDE - SCRAP));
        lay(&mut image, digits, other, (from, to, SCRAP), ink);
    }
    let to = (rng.random_range(0..=SIDE - DIGIT), rng.random_range(0..=SIDE - DIGIT));
    let ink = loop {
        let ink = colour(rng);
        if ends.iter().all(|end| (0..3).any(|channel| (end[channel] - ink[channel]).abs() >= 0.5)) {
            break ink;
        }
    };
    lay(&mut image, digits, sample, ((0, 0), to, DIGIT), ink);
    image
}

fn colour(rng: &mut ChaCha8Rng) -> Colour {
    std::array::from_fn(|_| rng.random())
}

/// From the first colour to the second, in the direction of this angle.
fn background([first, second]: [Colour; 2], angle: f64) -> Vec<[Colour; SIDE]> {
    let middle = (SIDE - 1) as f64 / 2.0;
    let along = |i: usize, j: usize| (i as f64 - middle) * angle.sin() + (j as f64 - middle) * angle.cos();
    let share = |i, j| 0.5 + along(i, j) / (2.0 * middle * std::f64::consts::SQRT_2);
    let pixel = |i, j| std::array::from_fn(|channel| first[channel] + share(i, j) * (second[channel] - first[channel]));
    (0..SIDE).map(|i| std::array::from_fn(|j| pixel(i, j))).collect()
}

/// Copies a square of a digit from one place to another on the image: where there is ink, it gets this colour.
fn lay<T: Float>(
    image: &mut [[Colour; SIDE]],
    digits: &Dataset<T>,
    sample: usize,
    (from, to, side): ((usize, usize), (usize, usize), usize),
    ink: Colour,
) {
    for i in 0..side {
        for j in 0..side {
            let cover = digits.inputs[(sample, 0, from.0 + i, from.1 + j)].to_f64().unwrap_or(0.0);
            let pixel = &mut image[to.0 + i][to.1 + j];
            *pixel = std::array::from_fn(|channel| pixel[channel] + cover * (ink[channel] - pixel[channel]));
        }
    }
}
