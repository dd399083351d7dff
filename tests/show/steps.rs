//! The step-throughs: what they say is what the layers compute.

use super::picture::{At, Picture};
use handgrad::prelude::*;
use handgrad::show::steps::{self, Steps};

// ---- reading a caption ----

/// The value of a sum of products, `1·3 + 0·(−1) + (2 + 3)/2`, or of a maximum, `max(1, 5)`.
fn evaluate(text: &str) -> f64 {
    let text: Vec<char> = text.replace('−', "-").chars().filter(|c| *c != ' ').collect();
    let mut at = 0;
    let value = sum(&text, &mut at);
    assert_eq!(at, text.len(), "{text:?}");
    value
}

fn sum(text: &[char], at: &mut usize) -> f64 {
    let mut value = product(text, at);
    while text.get(*at) == Some(&'+') {
        *at += 1;
        value += product(text, at);
    }
    value
}

fn product(text: &[char], at: &mut usize) -> f64 {
    let mut value = factor(text, at);
    while let Some(sign @ ('·' | '/')) = text.get(*at) {
        *at += 1;
        let next = factor(text, at);
        value = if *sign == '·' { value * next } else { value / next };
    }
    value
}

fn factor(text: &[char], at: &mut usize) -> f64 {
    if text[*at] == '(' {
        *at += 1;
        let value = sum(text, at);
        assert_eq!(text[*at], ')');
        *at += 1;
        return value;
    }
    if text[*at..].starts_with(&['m', 'a', 'x']) {
        *at += 3;
        let mut values = Vec::new();
        while text[*at] != ')' {
            *at += 1; // the bracket, or a comma
            values.push(sum(text, at));
        }
        *at += 1;
        return values.into_iter().fold(f64::NEG_INFINITY, f64::max);
    }
    let end = (*at..text.len()).find(|&k| !(text[k].is_ascii_digit() || "-.".contains(text[k]))).unwrap_or(text.len());
    let number: String = text[*at..end].iter().collect();
    *at = end;
    number.parse().unwrap_or_else(|_| panic!("{number:?} in {text:?}"))
}

/// The value that each step computes, by its caption, after checking that the caption's sum comes to it.
fn values(steps: &Steps) -> Vec<f64> {
    let walked = steps.captions().into_iter().filter(|caption| caption.len() > 1);
    let value = |caption: Vec<String>| {
        let parts: Vec<&str> = caption[1].split(['=', '≈']).map(str::trim).collect();
        let value = evaluate(parts.last().unwrap());
        for part in parts[1..].iter().filter(|part| !part.contains('…')) {
            assert!((evaluate(part) - value).abs() <= 0.005 * value.abs().max(1.0), "{caption:?}");
        }
        value
    };
    walked.map(value).collect()
}

/// The names of the symbols in the formula of a step.
fn symbols(caption: &[String]) -> Vec<String> {
    let sum = caption[0].split_once(" = ").unwrap().1;
    sum.split([' ', '·', '+']).filter(|name| !name.is_empty()).map(str::to_string).collect()
}

fn counted(shape: [usize; 4], first: i64) -> Tensor4<f64> {
    Tensor4::from_fn(shape, |n, c, i, j| ((first + (7 * n + 5 * c + 3 * i + 2 * j + i * j) as i64) % 9 - 4) as f64)
}

/// z, K, b, next_dz and how K slides.
type Case = (Tensor4<f64>, Tensor4<f64>, DVector<f64>, Tensor4<f64>, Slide);

/// Convolutions of several kinds.
fn cases() -> Vec<Case> {
    let case = |image: [usize; 4], kernel: [usize; 4], slide: Slide| {
        let (z, k) = (counted(image, 0), counted(kernel, 3));
        let b = DVector::from_fn(kernel[1], |d, _| d as f64 - 1.0);
        let next_dz = counted(conv_forward(&z, &k, &b, slide).unwrap().shape(), 5);
        (z, k, b, next_dz, slide)
    };
    vec![
        case([1, 1, 5, 5], [1, 1, 3, 3], Slide::default()),
        case([1, 1, 5, 5], [1, 1, 3, 3], Slide::by(2, 2).padding(1, 1)),
        case([1, 1, 4, 6], [1, 1, 2, 3], Slide::by(2, 3).padding(0, 3).round_down()),
        case([2, 2, 3, 3], [2, 3, 2, 2], Slide::default()),
        case([1, 1, 6, 6], [1, 1, 3, 3], Slide::by(2, 2).round_down()),
        case([1, 1, 2, 2], [1, 1, 1, 1], Slide::default().padding(2, 2)),
    ]
}

#[test]
fn a_convolution_walks_over_every_output() -> Result<(), ShapeError> {
    for (z, k, b, _, slide) in cases() {
        let y = conv_forward(&z, &k, &b, slide)?.to_row_major();
        let walk = steps::conv_forward(&z, &k, &b, slide)?;
        let drawn = y.len().min(64);
        assert_eq!((walk.len(), values(&walk)), (drawn, y[..drawn].to_vec()), "{walk}");
    }
    Ok(())
}

#[test]
fn a_convolution_walks_backward_over_every_gradient() -> Result<(), ShapeError> {
    for (z, k, _, next_dz, slide) in cases() {
        let expected = conv_backward(&next_dz, &k, &z, slide)?;
        let walk = steps::conv_backward(&next_dz, &k, &z, slide)?;
        let close = |walk: &Steps, expected: &[f64]| {
            let got = values(walk);
            assert!(got.len() == expected.len() || walk.len() == 64, "{walk}");
            // Three digits are shown.
            assert!(got.iter().zip(expected).all(|(g, e)| (g - e).abs() <= 0.005 * e.abs()), "{walk}");
        };
        close(&walk.dk, &expected.dk.to_row_major());
        close(&walk.db, expected.db.as_slice());
        close(&walk.dz, &expected.dz.to_row_major());
    }
    Ok(())
}

#[test]
fn just_the_symbols_under_the_window_are_summed() -> Result<(), ShapeError> {
    let (z, k, b, next_dz, slide) = cases().swap_remove(1);
    let digits = ["₀", "₁", "₂", "₃", "₄"];
    let name = |letter: &str, (i, j): (usize, usize)| format!("{letter}{}{}", digits[i], digits[j]);
    let taps = || (0..3).flat_map(|u| (0..3).map(move |v| (u, v)));
    // Window (i, j) has its tap (u, v) on row 2·i + u − 1 and column 2·j + v − 1 of the image, or in the padding.
    let pixel = |i: usize, u: usize| (2 * i + u).checked_sub(1).filter(|&r| r < 5);

    let forward = steps::conv_forward(&z, &k, &b, slide)?.captions();
    for (i, j) in taps() {
        let mut expected = vec!["b".to_string()];
        for (u, v) in taps() {
            if let (Some(r), Some(q)) = (pixel(i, u), pixel(j, v)) {
                expected.extend([name("z", (r, q)), name("w", (u, v))]);
            }
        }
        let mut found = symbols(&forward[3 * i + j]);
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
    // δ and what is done to it, four steps; 25 pixels; the crop.
    let backward = steps::conv_backward(&next_dz, &k, &z, slide)?.dz;
    assert_eq!(backward.len(), 4 + 25 + 1);
    let (mut found, mut expected) = (symbols(&backward.captions()[4 + 6]), Vec::new()); // row 1, column 1, from 0
    for ((i, j), (u, v)) in taps().flat_map(|window| taps().map(move |tap| (window, tap))) {
        if (pixel(i, u), pixel(j, v)) == (Some(1), Some(1)) {
            expected.extend([name("δ", (i, j)), name("w", (u, v))]);
        }
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    Ok(())
}

#[test]
fn a_fully_connected_layer_walks_row_by_column() -> Result<(), ShapeError> {
    let z = dmatrix![1.0, 2.0, -1.0; 0.0, 3.0, 1.0];
    let w = dmatrix![1.0, 0.0; 2.0, -1.0; 0.5, 3.0];
    let (b, next_dz) = (dvector![1.0, -1.0], dmatrix![1.0, -1.0; 2.0, 0.5]);
    let rows = |matrix: &DMatrix<f64>| matrix.transpose().as_slice().to_vec();

    let forward = steps::fc_forward(&z, &w, &b)?;
    assert_eq!(values(&forward), rows(&fc_forward(&z, &w, &b)?));
    assert_eq!(forward.captions()[1][1], "y₀₁ = 1·0 + 2·(−1) + (−1)·3 + (−1) = −6");
    let expected = fc_backward(&next_dz, &w, &z)?;
    let backward = steps::fc_backward(&next_dz, &w, &z)?;
    assert_eq!(values(&backward.dw), rows(&expected.dw));
    assert_eq!(values(&backward.db), expected.db.as_slice());
    assert_eq!(values(&backward.dz), rows(&expected.dz));
    assert_eq!(backward.dz.captions()[5][0], "dz₁₂ = δ₁₀·w₂₀ + δ₁₁·w₂₁");
    Ok(())
}

/// A map with ties, and with windows of negative numbers at its border.
fn tied() -> Tensor4<f64> {
    let values = [1., 5., 2., 0., 5., 4., -1., 7., -2., -2., 3., 3., -8., -4., 3., 2.];
    Tensor4::from_row_major([1, 1, 4, 4], &values).unwrap()
}

#[test]
fn a_maximum_is_ringed_and_so_are_its_ties() -> Result<(), ShapeError> {
    let slide = Slide::by(2, 2);
    let walk = steps::max_pooling_forward(&tied(), (2, 2), slide)?;
    assert_eq!(values(&walk), max_pooling_forward(&tied(), (2, 2), slide)?.to_row_major());
    // Ties of each window: 5 twice, none, −2 twice, 3 three times.
    for (k, ties) in [2, 1, 2, 3].into_iter().enumerate() {
        let svg = walk.still(k).svg();
        let rings = (svg.matches("<ellipse").count(), svg.matches("stroke-dasharray=\"7 7\"").count());
        assert_eq!(rings, (ties, ties - 1), "{k}");
        assert_eq!(walk.captions()[k].len(), if ties > 1 { 3 } else { 2 });
    }
    let zeros = slide.padding(1, 1);
    let walk = steps::max_pooling_zero_padded_forward(&tied(), (2, 2), zeros)?;
    assert_eq!(values(&walk), max_pooling_zero_padded_forward(&tied(), (2, 2), zeros)?.to_row_major());
    assert_eq!(walk.captions()[6][0], "y₂₀ = max(0, z₃₀, 0, 0) = 0");
    // The first of the zeros is taken, and the others have dashed rings.
    let svg = walk.still(6).svg();
    let rings = svg.split("<ellipse").skip(1).map(|ring| ring.split('>').next().unwrap().contains("dasharray"));
    assert_eq!(rings.collect::<Vec<_>>(), [false, true, true]);
    Ok(())
}

#[test]
fn each_delta_goes_where_the_maximum_was() -> Result<(), ShapeError> {
    let next_dz = Tensor4::from_fn([1, 1, 3, 3], |_, _, i, j| (10 + 3 * i + j) as f64);
    let (size, slide) = ((2, 2), Slide::by(1, 1)); // windows that overlap
    let expected = max_pooling_backward(&next_dz, &tied(), size, slide)?;
    let walk = steps::max_pooling_backward(&next_dz, &tied(), size, slide)?;
    assert_eq!(walk.len(), 9);
    // The last word on each pixel is its gradient; the others got nothing.
    let mut last = std::collections::BTreeMap::new();
    for (caption, value) in walk.captions().iter().zip(values(&walk)) {
        last.insert(caption[0].split(' ').next().unwrap().to_string(), value);
    }
    let received: Vec<f64> = last.into_values().collect();
    let expected: Vec<f64> = expected.to_row_major().into_iter().filter(|dz| *dz != 0.0).collect();
    assert_eq!(received, expected);

    // Four windows around one pixel: it has what has come so far.
    let peak = Tensor4::from_fn([1, 1, 3, 3], |_, _, i, j| if (i, j) == (1, 1) { 9.0 } else { 0.0 });
    let four = Tensor4::from_fn([1, 1, 2, 2], |_, _, i, j| (1 + 2 * i + j) as f64);
    assert_eq!(values(&steps::max_pooling_backward(&four, &peak, size, slide)?), [1.0, 3.0, 6.0, 10.0]);

    let padded = Slide::by(2, 2).padding(1, 1);
    let lost = steps::max_pooling_zero_padded_backward(&next_dz, &tied().map(|z| z - 9.0), size, padded)?;
    assert_eq!(lost.captions()[0], ["δ₀₀ goes to a zero of the padding and is lost."]);
    Ok(())
}

#[test]
fn a_mean_hands_out_equal_shares() -> Result<(), ShapeError> {
    let slide = Slide::by(2, 2).padding(1, 1);
    let walk = steps::avg_pooling_forward(&tied(), (2, 2), slide)?;
    assert_eq!(values(&walk), avg_pooling_forward(&tied(), (2, 2), slide)?.to_row_major());
    let next_dz = Tensor4::from_fn([1, 1, 3, 3], |_, _, i, j| (4 + 4 * (3 * i + j)) as f64);
    let walk = steps::avg_pooling_backward(&next_dz, &tied(), (2, 2), slide)?;
    assert_eq!(values(&walk), next_dz.map(|delta| delta / 4.0).to_row_major());
    let corner = ["share = δ₀₀/4", "share = 4/4 = 1", "3 of 4 shares fall into the padding and are cropped."];
    assert_eq!(walk.captions()[0], corner);
    // In the end every row of dz is there, letter by letter.
    let dz = avg_pooling_backward(&next_dz, &tied(), (2, 2), slide)?.map_at(0, 0);
    let svg = walk.still(8).svg();
    for row in 0..3 {
        let letters: String = dz.row(row).iter().map(f64::to_string).collect();
        assert!(svg.contains(&format!(">{letters}</text>")), "{letters}\n{svg}");
    }
    Ok(())
}

// ---- the pictures ----

/// A grid of cells read back.
#[derive(Debug)]
struct Board {
    title: String,
    /// What stands in each cell.
    cells: Vec<Vec<String>>,
    /// The fill of each cell, empty where there is none.
    fills: Vec<Vec<String>>,
    bold: Vec<(usize, usize)>,
    /// Cells with a ring.
    rings: Vec<(usize, usize)>,
    /// The colour of each frame, its first row and column, and how many there are.
    frames: Vec<Outline>,
}

type Outline = (String, (usize, usize), (usize, usize));

const READ: &str = "#cfe4f3";
const WEIGHT: &str = "#fbdcc6";
const RESULT: &str = "#c3ead9";

/// All grids of a still, in the order in which they are drawn.
fn boards(walk: &Steps, k: usize) -> Vec<Board> {
    let picture = Picture::of(&walk.still(k));
    // A grid is its horizontal lines, then its vertical ones.
    let mut outlines: Vec<[Vec<[At; 2]>; 2]> = Vec::new();
    for line in picture.lines_in("#8c959f") {
        let ends @ [a, b] = [line.points[0], line.points[1]];
        match (a.1 == b.1, a.0 == b.0, outlines.last_mut()) {
            (true, _, Some([across, down])) if down.is_empty() => across.push(ends),
            (true, ..) => outlines.push([vec![ends], vec![]]),
            (_, true, Some([_, down])) => down.push(ends),
            _ => {} // the cross of a cell that is cropped
        }
    }
    let read = |[across, down]: [Vec<[At; 2]>; 2]| {
        let ((left, top), (right, bottom)) = (across[0][0], (across[0][1].0, down[0][1].1));
        let (rows, columns) = (across.len() - 1, down.len() - 1);
        let size = ((right - left) / columns as f64, (bottom - top) / rows as f64);
        let at = |(x, y): At| {
            let (i, j) = ((y - top) / size.1, (x - left) / size.0);
            let inside = (0.0..rows as f64).contains(&i) && (0.0..columns as f64).contains(&j);
            inside.then_some((i as usize, j as usize))
        };
        let mut cells = vec![vec![String::new(); columns]; rows];
        let (mut fills, mut bold) = (cells.clone(), Vec::new());
        for text in &picture.texts {
            for (letter, &x) in text.words.chars().zip(&text.letters) {
                if let Some((i, j)) = at((x, text.at.1)) {
                    cells[i][j].push(letter);
                    if text.bold && !bold.contains(&(i, j)) {
                        bold.push((i, j));
                    }
                }
            }
        }
        let inner = |corner: At| at((corner.0 + 1.0, corner.1 + 1.0));
        for shape in picture.shapes.iter().filter(|shape| shape.kind == "path") {
            if let Some((i, j)) = inner(shape.corners[0]) {
                let many = ((shape.corners[1].0 - shape.corners[0].0) / size.0).round() as usize;
                fills[i][j..j + many].fill(shape.fill.clone());
            }
        }
        let mut frames = Vec::new();
        for shape in picture.shapes.iter().filter(|shape| shape.kind == "rect" && shape.fill == "none") {
            let (first, [a, b]) = (inner(shape.corners[0]), [shape.corners[0], shape.corners[1]]);
            let many = |from: f64, to: f64, one: f64| ((to - from) / one).round() as usize;
            let size = (many(a.1, b.1, size.1), many(a.0, b.0, size.0));
            frames.extend(first.map(|first| (shape.stroke.clone(), first, size)));
        }
        let rings = picture.shapes.iter().filter(|shape| shape.kind == "ellipse").filter_map(|s| at(s.corners[0]));
        let above = |text: &&super::picture::Text| {
            (text.at.0 - (left + right) / 2.0).abs() <= 1.0 && (text.at.1 - (top - 7.0)).abs() <= 1.0
        };
        let title = picture.texts.iter().find(above).map_or(String::new(), |text| text.words.clone());
        Board { title, cells, fills, bold, rings: rings.collect(), frames }
    };
    outlines.into_iter().map(read).collect()
}

impl Board {
    /// The cells with one of these fills.
    fn filled(&self, fills: &[&str]) -> Vec<(usize, usize)> {
        let all = (0..self.cells.len()).flat_map(|i| (0..self.cells[i].len()).map(move |j| (i, j)));
        all.filter(|&(i, j)| fills.contains(&self.fills[i][j].as_str())).collect()
    }

    /// In each cell stands the number of `matrix` at the place that `source` finds for the cell.
    fn assert_numbers(&self, matrix: &DMatrix<f64>, source: impl Fn(usize, usize) -> Option<(usize, usize)>) {
        for (i, j) in (0..self.cells.len()).flat_map(|i| (0..self.cells[i].len()).map(move |j| (i, j))) {
            let expected = source(i, j).map_or("0".to_string(), |at| matrix[at].to_string().replace('-', "−"));
            assert_eq!(self.cells[i][j], expected, "{}: ({i}, {j})", self.title);
        }
    }
}

/// In every step, the cells that are lit hold just the symbols of its formula, and the green one is named by it.
#[test]
fn what_is_lit_is_what_is_summed() -> Result<(), ShapeError> {
    let mut walks = Vec::new();
    for (z, k, b, next_dz, slide) in cases().into_iter().filter(|case| case.0.shape()[0] == 1) {
        let backward = steps::conv_backward(&next_dz, &k, &z, slide)?;
        walks.extend([steps::conv_forward(&z, &k, &b, slide)?, backward.dk, backward.db, backward.dz]);
    }
    let (z, w) = (dmatrix![1.0, 2.0, -1.0; 0.0, 3.0, 1.0], dmatrix![1.0, 0.0; 2.0, -1.0; 0.5, 3.0]);
    let (b, next_dz) = (dvector![1.0, -1.0], dmatrix![1.0, -1.0; 2.0, 0.5]);
    let backward = steps::fc_backward(&next_dz, &w, &z)?;
    walks.extend([steps::fc_forward(&z, &w, &b)?, backward.dw, backward.db, backward.dz]);
    for slide in [Slide::by(2, 2), Slide::by(1, 2).padding(1, 0)] {
        let z = counted([1, 1, 4, 6], 2);
        walks.push(steps::avg_pooling_forward(&z, (2, 2), slide)?);
        walks.push(steps::max_pooling_forward(&z, (2, 2), slide)?);
        walks.push(steps::max_pooling_zero_padded_forward(&z, (2, 2), slide)?);
    }
    for walk in walks {
        let captions = walk.captions();
        let walk = walk.symbols();
        let formulas = captions.iter().enumerate().filter(|(_, c)| c.len() > 1 && !c[0].contains('…'));
        for (k, caption) in formulas {
            let boards = boards(&walk, k);
            let lit = boards
                .iter()
                .flat_map(|board| board.filled(&[READ, WEIGHT]).into_iter().map(|(i, j)| board.cells[i][j].clone()));
            let mut lit: Vec<String> = lit.collect();
            let (name, sum) = caption[0].split_once(" = ").unwrap();
            let sum = sum.strip_prefix("max(").map_or(sum, |max| max.split(')').next().unwrap());
            let letters = |word: &&str| word.contains(['z', 'w', 'b', 'δ']);
            let words = sum.split([' ', '·', '+', '(', ')', ',']).map(|word| word.split('/').next().unwrap());
            let mut summed: Vec<String> = words.filter(letters).map(str::to_string).collect();
            // A zero of the padding may win and be lit; it has no name.
            lit.retain(|word| word != "0");
            lit.sort();
            lit.dedup();
            summed.sort();
            summed.dedup();
            assert_eq!(lit, summed, "{}: {caption:?}", walk.figure().alt);
            let results: Vec<&str> = boards
                .iter()
                .flat_map(|board| board.filled(&[RESULT]).into_iter().map(|(i, j)| board.cells[i][j].as_str()))
                .collect();
            assert_eq!(results, [name], "{caption:?}");
            let bold: usize = boards.iter().map(|board| board.bold.len()).sum();
            assert_eq!(bold, 1);
        }
    }
    Ok(())
}

#[test]
fn a_convolution_is_drawn_cell_by_cell() -> Result<(), ShapeError> {
    // z (4, 6), K (2, 3), strides (2, 3), padding (0, 3): nothing is square.
    let (z, k, b, next_dz, slide) = cases().swap_remove(2);
    let (image, kernel, delta) = (z.map_at(0, 0), k.map_at(0, 0), next_dz.map_at(0, 0));
    let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
    let padded =
        |i: usize, j: usize| Some((i.checked_sub(p1).filter(|i| *i < 4)?, j.checked_sub(p2).filter(|j| *j < 6)?));
    let y = conv_forward(&z, &k, &b, slide)?.map_at(0, 0);
    let (rows, columns) = y.shape();
    let walk = steps::conv_forward(&z, &k, &b, slide)?;
    for (step, (i, j)) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).enumerate() {
        let boards = boards(&walk, step);
        let [under, taps, products, bias, result] = &boards[..] else { panic!("{boards:?}") };
        assert_eq!(
            [&*under.title, &*taps.title, &*products.title, &*bias.title, &*result.title],
            ["ẑ: z padded", "K", "products", "b", "y"]
        );
        under.assert_numbers(&image, padded);
        taps.assert_numbers(&kernel, |u, v| Some((u, v)));
        assert_eq!(under.frames, [("#0072b2".to_string(), (i * s1, j * s2), (2, 3))]);
        assert_eq!(taps.frames[0].2, (2, 3));
        let product = DMatrix::from_fn(2, 3, |u, v| {
            padded(i * s1 + u, j * s2 + v).map_or(0.0, |at| image[at] * kernel[(u, v)]) + 0.0
        });
        products.assert_numbers(&product, |u, v| Some((u, v)));
        // So far, and no further.
        for (r, c) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
            let text = if (r, c) <= (i, j) { y[(r, c)].to_string().replace('-', "−") } else { String::new() };
            assert_eq!(result.cells[r][c], text, "({r}, {c}) at step {step}");
        }
        assert_eq!((result.filled(&[RESULT]), &result.bold), (vec![(i, j)], &vec![(i, j)]));
        assert_eq!(result.frames, [("#007a58".to_string(), (i, j), (1, 1))]);
    }

    let backward = steps::conv_backward(&next_dz, &k, &z, slide)?;
    let dilated = |i: usize, j: usize| (i.is_multiple_of(s1) && j.is_multiple_of(s2)).then_some((i / s1, j / s2));
    let gradients = conv_backward(&next_dz, &k, &z, slide)?;
    for (step, (u, v)) in (0..2).flat_map(|u| (0..3).map(move |v| (u, v))).enumerate() {
        let boards = boards(&backward.dk, step);
        let [under, taps, _, result] = &boards[..] else { panic!("{boards:?}") };
        assert_eq!([&*under.title, &*taps.title, &*result.title], ["ẑ: z padded", "δ̂", "dK"]);
        under.assert_numbers(&image, padded);
        taps.assert_numbers(&delta, dilated);
        assert_eq!((under.frames[0].1, result.filled(&[RESULT])), ((u, v), vec![(u, v)]));
        assert_eq!(result.cells[u][v], gradients.dk[(0, 0, u, v)].to_string().replace('-', "−"));
    }
    // δ, zeros between, zeros around, K rotated: then a step for every pixel, and the crop.
    let names: Vec<String> = (0..4).map(|k| boards(&backward.dz, k)[0].title.clone()).collect();
    assert_eq!(names, ["δ", "δ̂", "δ̂", "δ̂"]);
    assert_eq!(boards(&backward.dz, 2)[1].title, "K");
    boards(&backward.dz, 0)[0].assert_numbers(&delta, |i, j| Some((i, j)));
    boards(&backward.dz, 1)[0].assert_numbers(&delta, dilated);
    for (step, (r, q)) in (0..4).flat_map(|r| (0..6).map(move |q| (r, q))).enumerate() {
        let boards = boards(&backward.dz, 4 + step);
        let [under, taps, _, result] = &boards[..] else { panic!("{boards:?}") };
        let around = |i: usize, j: usize| {
            dilated(i.checked_sub(1)?, j.checked_sub(2)?).filter(|at| at.0 < rows && at.1 < columns)
        };
        under.assert_numbers(&delta, around);
        taps.assert_numbers(&kernel, |u, v| Some((1 - u, 2 - v)));
        assert_eq!(result.filled(&[RESULT]), [(r + p1, q + p2)]);
        assert_eq!(result.cells[r + p1][q + p2], gradients.dz[(0, 0, r, q)].to_string().replace('-', "−"));
    }
    let last = boards(&backward.dz, backward.dz.len() - 1).pop().unwrap();
    assert_eq!((last.title.as_str(), &last.frames[0].1, &last.frames[0].2), ("dz", &(p1, p2), &(4, 6)));
    assert!(backward.dz.figure().alt.ends_with(" The last: The padding is not part of z: its gradient is cropped."));
    Ok(())
}

#[test]
fn a_caption_counts_the_terms_that_it_leaves_out() -> Result<(), ShapeError> {
    let (z, k) = (counted([1, 1, 6, 6], 0), counted([1, 1, 6, 6], 3));
    let captions = steps::conv_forward(&z, &k, &dvector![1.0], Slide::default())?.captions();
    let terms: Vec<&str> = captions[0][0].split(" + ").collect(); // 36 products and the bias
    assert_eq!((terms.len(), terms[30]), (31, "… (7 more terms)"));
    Ok(())
}

#[test]
fn padding_is_hatched_and_inserted_zeros_are_dotted() -> Result<(), ShapeError> {
    // z (5, 5), K (3, 3), strides 2, padding 1: δ is (3, 3), and (5, 5) with zeros between.
    let (z, k, b, next_dz, slide) = cases().swap_remove(1);
    let all = |side: usize| (0..side).flat_map(move |i| (0..side).map(move |j| (i, j)));
    let (forward, backward) =
        (steps::conv_forward(&z, &k, &b, slide)?, steps::conv_backward(&next_dz, &k, &z, slide)?.dz);
    for step in 0..9 {
        let under = &boards(&forward, step)[0];
        let border: Vec<_> = all(7).filter(|(i, j)| [0, 6].contains(i) || [0, 6].contains(j)).collect();
        assert_eq!((under.filled(&["url(#hatch)"]), under.filled(&["url(#dots)"])), (border, vec![]), "step {step}");
    }
    for step in 4..4 + 25 {
        let under = &boards(&backward, step)[0];
        let inside = |i: &usize| (2..7).contains(i);
        let (within, around): (Vec<_>, Vec<_>) = all(9).partition(|(i, j)| inside(i) && inside(j));
        let between: Vec<_> = within.into_iter().filter(|(i, j)| i % 2 + j % 2 > 0).collect();
        assert_eq!((under.filled(&["url(#hatch)"]), under.filled(&["url(#dots)"])), (around, between), "step {step}");
    }
    Ok(())
}

/// Between the numbers of two cells is more room than between the letters of one.
#[test]
fn the_numbers_of_two_cells_stay_apart() -> Result<(), ShapeError> {
    let z = DMatrix::from_element(1, 3, -0.0125);
    let walk = steps::fc_forward(&z, &DMatrix::zeros(3, 1), &dvector![0.0])?;
    let picture = Picture::of(&walk.still(0));
    let row = picture.texts.iter().find(|text| text.words == "−0.0125".repeat(3)).unwrap();
    let [in_a_number, between] = [row.letters[6] - row.letters[5], row.letters[7] - row.letters[6]];
    assert!(between > in_a_number + 8.0, "{:?}", row.letters);
    Ok(())
}

#[test]
fn a_fully_connected_layer_is_drawn_cell_by_cell() -> Result<(), ShapeError> {
    let (z, w) = (dmatrix![1.0, 2.0, -1.0; 0.0, 3.0, 1.0], dmatrix![1.0, 0.0; 2.0, -1.0; 4.0, 3.0]);
    let (b, delta) = (dvector![1.0, -1.0], dmatrix![1.0, -1.0; 2.0, 4.0]);
    let straight = |i: usize, j: usize| Some((i, j));
    let turned = |i: usize, j: usize| Some((j, i));
    for (step, (n, o)) in [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().enumerate() {
        let boards = boards(&steps::fc_forward(&z, &w, &b)?, step);
        let [top, bias, left, result] = &boards[..] else { panic!("{boards:?}") };
        assert_eq!([&*top.title, &*bias.title, &*left.title, &*result.title], ["W", "b", "z", "y"]);
        top.assert_numbers(&w, straight);
        left.assert_numbers(&z, straight);
        bias.assert_numbers(&DMatrix::from_row_slice(1, 2, b.as_slice()), straight);
        assert_eq!(
            [left.frames[0].1, left.frames[0].2, top.frames[0].1, top.frames[0].2],
            [(n, 0), (1, 3), (0, o), (3, 1)]
        );
        assert_eq!((bias.filled(&[WEIGHT]), result.filled(&[RESULT])), (vec![(0, o)], vec![(n, o)]));
    }
    let backward = steps::fc_backward(&delta, &w, &z)?;
    for (step, (i, o)) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)].into_iter().enumerate() {
        let boards = boards(&backward.dw, step);
        let [top, left, result] = &boards[..] else { panic!("{boards:?}") };
        assert_eq!([&*top.title, &*left.title, &*result.title], ["δ", "zᵀ", "dW"]);
        top.assert_numbers(&delta, straight);
        left.assert_numbers(&z, turned);
        assert_eq!((left.frames[0].1, top.frames[0].1, result.filled(&[RESULT])), ((i, 0), (0, o), vec![(i, o)]));
    }
    for (step, (n, i)) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)].into_iter().enumerate() {
        let boards = boards(&backward.dz, step);
        let [top, left, result] = &boards[..] else { panic!("{boards:?}") };
        assert_eq!([&*top.title, &*left.title, &*result.title], ["Wᵀ", "δ", "dz"]);
        top.assert_numbers(&w, turned);
        left.assert_numbers(&delta, straight);
        assert_eq!((left.frames[0].1, top.frames[0].1, result.filled(&[RESULT])), ((n, 0), (0, i), vec![(n, i)]));
    }
    for o in 0..2 {
        let boards = boards(&backward.db, o);
        let [above, result] = &boards[..] else { panic!("{boards:?}") };
        above.assert_numbers(&delta, straight);
        assert_eq!((above.filled(&[READ]), result.filled(&[RESULT])), (vec![(0, o), (1, o)], vec![(0, o)]));
        assert_eq!(above.frames[0].1, (0, o));
    }
    Ok(())
}

#[test]
fn a_pooling_is_drawn_cell_by_cell() -> Result<(), ShapeError> {
    let (z, size, slide) = (counted([1, 1, 4, 6], 2), (3, 2), Slide::by(1, 2).padding(1, 1).round_down());
    let image = z.map_at(0, 0);
    let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
    let pixel =
        |i: usize, j: usize| Some((i.checked_sub(p1).filter(|i| *i < 4)?, j.checked_sub(p2).filter(|j| *j < 6)?));
    let y = max_pooling_forward(&z, size, slide)?;
    let next_dz = Tensor4::from_fn(y.shape(), |_, _, i, j| (10 + 7 * i + j) as f64);
    let [_, _, rows, columns] = y.shape();
    let (forward, backward) =
        (steps::max_pooling_forward(&z, size, slide)?, steps::max_pooling_backward(&next_dz, &z, size, slide)?);
    let mean_backward = steps::avg_pooling_backward(&next_dz, &z, size, slide)?;
    for (step, (i, j)) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).enumerate() {
        let window =
            || (0..size.0).flat_map(|u| (0..size.1).map(move |v| (u, v))).map(|(u, v)| (i * s1 + u, j * s2 + v));
        let best = window().filter_map(|(r, q)| pixel(r, q)).map(|at| image[at]).fold(f64::NEG_INFINITY, f64::max);
        let equal: Vec<_> = window().filter(|&(r, q)| pixel(r, q).is_some_and(|at| image[at] == best)).collect();
        let first = equal[0];
        let shown = boards(&forward, step);
        let [under, result] = &shown[..] else { panic!("{shown:?}") };
        assert_eq!(
            (under.title.as_str(), under.frames[0].1, under.frames[0].2),
            ("z padded with −∞", (i * s1, j * s2), size)
        );
        for (r, q) in (0..6).flat_map(|r| (0..8).map(move |q| (r, q))) {
            let text = pixel(r, q).map_or("−∞".to_string(), |at| image[at].to_string().replace('-', "−"));
            assert_eq!(under.cells[r][q], text, "({r}, {q})");
        }
        let mut rings = under.rings.clone();
        rings.sort();
        assert_eq!(rings, equal, "step {step}");
        assert_eq!(
            (result.filled(&[RESULT]), &result.cells[i][j]),
            (vec![(i, j)], &best.to_string().replace('-', "−"))
        );
        // Backward, δ of this window goes to its first maximum.
        let shown = boards(&backward, step);
        let [delta, under, dz] = &shown[..] else { panic!("{shown:?}") };
        delta.assert_numbers(&next_dz.map_at(0, 0), |i, j| Some((i, j)));
        assert_eq!((delta.filled(&[READ]), delta.frames[0].1), (vec![(i, j)], (i, j)));
        assert_eq!((under.frames[0].1, dz.filled(&[RESULT])), ((i * s1, j * s2), vec![first]));
        // And as shares, to every pixel under it.
        let shown = boards(&mean_backward, step);
        let [delta, dz] = &shown[..] else { panic!("{shown:?}") };
        assert_eq!(delta.frames[0].1, (i, j));
        let inside: Vec<_> = window().filter(|&(r, q)| pixel(r, q).is_some()).collect();
        assert_eq!((dz.filled(&[RESULT]), dz.frames[0].1, dz.frames[0].2), (inside, (i * s1, j * s2), size));
    }
    Ok(())
}

/// The elements of a picture that can be seen, each as its text, sorted.
fn elements(svg: &str) -> Vec<String> {
    let shapes = ["<path ", "<text ", "<rect ", "<ellipse "];
    let mut elements: Vec<String> = Vec::new();
    for piece in svg.split_inclusive('>').map(str::trim) {
        if let Some(start) = shapes.iter().find_map(|shape| piece.find(shape)) {
            elements.push(piece[start..].to_string());
        } else if let (Some(text), Some(last)) = (piece.strip_suffix("</text>"), elements.last_mut()) {
            *last += text;
        }
    }
    elements.sort();
    elements
}

/// What of a film is seen at step k: all but the groups that are not.
fn seen(film: &str, k: usize) -> String {
    let hidden = |line: &&str| {
        let name = line.strip_prefix("<g class=\"s").and_then(|line| line.split_once("animation-name:s"));
        let range = name.and_then(|(_, name)| name.split_once("of")).and_then(|(range, _)| range.split_once('-'));
        let range = range.map(|(from, to)| from.parse().unwrap()..to.parse().unwrap());
        range.is_some_and(|range: std::ops::Range<usize>| !range.contains(&k))
    };
    film.lines().filter(|line| !hidden(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_film_shows_each_step_in_its_time() -> Result<(), ShapeError> {
    let (z, k, _, next_dz, slide) = cases().swap_remove(1);
    for walk in [steps::conv_backward(&next_dz, &k, &z, slide)?.dz, steps::max_pooling_forward(&tied(), (2, 2), slide)?]
    {
        let film = walk.figure().svg();
        let without_patterns = |svg: &str| elements(svg.split_once("</title>").unwrap().1);
        for k in 0..walk.len() {
            let (film, still) = (without_patterns(&seen(&film, k)), without_patterns(&walk.still(k).svg()));
            let missing: Vec<_> = still.iter().filter(|element| !film.contains(element)).collect();
            let others: Vec<_> = film.iter().filter(|element| !still.contains(element)).collect();
            let patterns = |element: &&&String| !element.contains("#c8cfd6"); // a step may need none
            assert!(missing.is_empty() && !others.iter().any(|e| patterns(&e)), "{k}: {missing:?} {others:?}");
        }
        // A reader who wants no motion, and a viewer that has none, see one step: what is hidden is hidden at first.
        assert!(film.contains("@media(prefers-reduced-motion:reduce)"));
        let at_first: Vec<usize> = (0..walk.len())
            .filter(|k| {
                let shown = film.lines().filter(|line| line.starts_with("<g class") && !line.contains("hidden\""));
                let shown: Vec<_> = shown.collect();
                !shown.is_empty() && shown.iter().all(|line| seen(line, *k) == **line)
            })
            .collect();
        // It is the last of those with the longest formula.
        let captions = walk.captions();
        let formulas = (0..walk.len()).filter(|&k| captions[k].len() > 1);
        let longest = formulas.max_by_key(|&k| captions[k].iter().map(String::len).sum::<usize>()).unwrap();
        assert_eq!(at_first, [longest]);
    }
    Ok(())
}

#[test]
fn a_page_reads_without_its_script() -> Result<(), ShapeError> {
    let (z, k, b, ..) = cases().swap_remove(0);
    let walk = steps::conv_forward(&z, &k, &b, Slide::default())?;
    let html = walk.html();
    let (page, script) = html.split_once("<script>").unwrap();
    assert!(!page.contains("<style>\n") && script.ends_with("</script>\n</div>"));
    assert_eq!((page.matches("<img alt=").count(), page.matches("<details>").count()), (1 + 3, 3));
    assert!(page.contains("<summary>Steps 4 to 6: y₁₀ … y₁₂</summary>"));
    // The captions are the strips' descriptions; nothing ends an attribute or an address too early.
    for image in page.split("<img ").skip(1) {
        let attributes: Vec<&str> = image.split_once("'>\"").map_or(image, |(image, _)| image).split('"').collect();
        assert_eq!(attributes[0], "alt=");
        let source = attributes[5];
        assert!(source.starts_with("data:image/svg+xml;charset=utf-8,<svg "), "{source}");
        assert!(source.trim_end().ends_with("</svg>") && !source.contains(['#', '&', '\n']), "{source}");
    }
    for caption in walk.captions() {
        assert!(page.contains(&caption.join("; ")), "{caption:?}");
    }
    let one = steps::conv_forward(&Tensor4::zeros([1, 1, 1, 1]), &Tensor4::zeros([1, 1, 1, 1]), &b, Slide::default())?;
    assert!(!one.html().contains("<script>") && one.html().contains("<summary>Step 1: y</summary>"));
    Ok(())
}

#[test]
fn symbols_stand_in_the_cells_on_request() -> Result<(), ShapeError> {
    let (z, k, b, ..) = cases().swap_remove(0);
    let walk = steps::conv_forward(&z, &k, &b, Slide::default())?.symbols();
    let svg = walk.still(0).svg();
    assert!(svg.contains(">z₀₀z₀₁z₀₂z₀₃z₀₄</text>") && svg.contains(">z₀₀w₀₀z₀₁w₀₁z₀₂w₀₂</text>"), "{svg}");
    let said = walk.alt("a < b & \"c\"").figure();
    assert!(said.svg().contains("<title>a &lt; b &amp; &quot;c&quot;</title>"));
    Ok(())
}

#[test]
fn what_does_not_fit_is_a_shape_error() {
    let (z, k) = (counted([1, 1, 5, 5], 0), counted([1, 1, 3, 3], 0));
    let error = steps::conv_forward(&z, &k, &dvector![1.0, 2.0], Slide::default()).unwrap_err();
    assert!(error.to_string().starts_with("conv_forward: b has 2 elements"), "{error}");
    let error = steps::conv_backward(&k, &k, &z, Slide::by(2, 2)).unwrap_err();
    assert!(error.to_string().starts_with("conv_backward: next_dz is (1, 1, 3, 3)"), "{error}");
    let large = Tensor4::zeros([1, 1, 28, 28]);
    let error = steps::conv_forward(&large, &k, &dvector![0.0], Slide::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "steps::conv_forward: a map to draw has 28 rows and 28 columns: \
         with a number in each cell, at most 16 of each can be read"
    );
    let error = steps::fc_forward(&DMatrix::zeros(1, 17), &DMatrix::zeros(17, 1), &dvector![0.0]).unwrap_err();
    assert!(error.to_string().starts_with("steps::fc_forward: a matrix to draw has 1 row and 17 columns"), "{error}");
    let error = steps::max_pooling_forward(&z, (2, 2), Slide::by(2, 2)).unwrap_err();
    assert!(error.to_string().starts_with("max_pooling_forward: a window of 2 rows"), "{error}");
    let error = steps::avg_pooling_backward(&z, &z, (2, 2), Slide::by(1, 1)).unwrap_err();
    assert!(error.to_string().starts_with("avg_pooling_backward: next_dz is (1, 1, 5, 5)"), "{error}");
    let empty = Tensor4::zeros([0, 1, 3, 3]);
    assert!(steps::conv_forward(&empty, &k, &dvector![0.0], Slide::default()).is_ok_and(|steps| steps.is_empty()));
    assert!(steps::conv_backward(&Tensor4::zeros([0, 1, 1, 1]), &k, &empty, Slide::default()).is_ok());
}

#[test]
fn the_pictures_are_small() -> Result<(), ShapeError> {
    let (z, k, b, next_dz, slide) = cases().swap_remove(0);
    let forward = steps::conv_forward(&z, &k, &b, slide)?;
    assert!(forward.html().len() < 50_000, "{}", forward.html().len());
    assert!(forward.figure().svg().len() < 17_000, "{}", forward.figure().svg().len());
    let backward = steps::conv_backward(&next_dz, &k, &z, slide)?;
    assert!(backward.dz.html().len() < 115_000, "{}", backward.dz.html().len());
    Ok(())
}

#[test]
fn each_of_several_maps_is_named_by_its_indices() -> Result<(), ShapeError> {
    // Two samples of two channels, three kernels of two channels: steps 0 to 3 are y of n = 0, d = 0; 4 to 7 of d = 1.
    let (z, k, b, _, slide) = cases().swap_remove(3);
    let walk = steps::conv_forward(&z, &k, &b, slide)?;
    let titles = |k: usize| boards(&walk, k).into_iter().map(|board| board.title).collect::<Vec<_>>();
    let expected = |n: usize, d: usize| {
        [
            format!("z, n = {n}, c = 0"),
            format!("K, c = 0, d = {d}"),
            "products".into(),
            format!("b{}", ["₀", "₁", "₂"][d]),
            format!("y, n = {n}, d = {d}"),
            format!("z, n = {n}, c = 1"),
            format!("K, c = 1, d = {d}"),
            "products".into(),
        ]
    };
    assert_eq!(titles(0), expected(0, 0));
    assert_eq!(titles(7), expected(0, 1));
    assert_eq!(titles(23), expected(1, 2));
    Ok(())
}

#[test]
fn a_title_says_strides_and_padding_where_they_are_not_the_default() -> Result<(), ShapeError> {
    let (z, k) = (Tensor4::<f64>::zeros([1, 1, 5, 5]), Tensor4::zeros([1, 1, 3, 3]));
    let title = |slide: Slide| -> Result<String, ShapeError> {
        let alt = steps::conv_forward(&z, &k, &dvector![0.0], slide)?.figure().alt;
        Ok(alt.split([':', '.']).next().unwrap_or_default().to_string())
    };
    assert_eq!(title(Slide::default())?, "Convolution, forward, 9 steps");
    assert_eq!(title(Slide::by(2, 2))?, "Convolution, forward, stride 2, 4 steps");
    assert_eq!(title(Slide::default().padding(1, 1))?, "Convolution, forward, padding 1, 25 steps");
    assert_eq!(title(Slide::by(2, 1).padding(0, 1))?, "Convolution, forward, stride (2, 1), padding (0, 1), 10 steps");
    Ok(())
}
