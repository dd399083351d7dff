//! The step-throughs: what they say is what the layers compute.

use handgrad::prelude::*;
use handgrad::show::steps::{self, Steps};

// ---- reading a caption ----

/// The value of a sum of products, `1·3 + 0·(−1) + (2 + 3)/2`.
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
    let end = (*at..text.len()).find(|&k| !(text[k].is_ascii_digit() || "-.".contains(text[k]))).unwrap_or(text.len());
    let number: String = text[*at..end].iter().collect();
    *at = end;
    number.parse().unwrap_or_else(|_| panic!("{number:?} in {text:?}"))
}

/// The value that each step computes, by its caption, after checking that the caption's sum comes to it.
fn values(steps: &Steps) -> Vec<f64> {
    let walked = steps.captions().into_iter().filter(|caption| caption.len() > 1);
    let value = |caption: Vec<String>| {
        let parts: Vec<&str> = caption.last().unwrap().split(['=', '≈']).map(str::trim).collect();
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
    let digits = ["₁", "₂", "₃", "₄", "₅"];
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
        "steps::conv_forward: a map to draw has 28 rows and 28 columns, padding and zeros included: \
         with a number in each cell, at most 16 of each can be read"
    );
    let empty = Tensor4::zeros([0, 1, 3, 3]);
    assert!(steps::conv_forward(&empty, &k, &dvector![0.0], Slide::default()).is_ok_and(|steps| steps.is_empty()));
    assert!(steps::conv_backward(&Tensor4::zeros([0, 1, 1, 1]), &k, &empty, Slide::default()).is_ok());
}

#[test]
fn the_pictures_are_small() -> Result<(), ShapeError> {
    let (z, k, b, next_dz, slide) = cases().swap_remove(0);
    let forward = steps::conv_forward(&z, &k, &b, slide)?;
    assert!(forward.html().len() < 45_000, "{}", forward.html().len());
    assert!(forward.figure().svg().len() < 16_000, "{}", forward.figure().svg().len());
    let backward = steps::conv_backward(&next_dz, &k, &z, slide)?;
    assert!(backward.dz.html().len() < 110_000, "{}", backward.dz.html().len());
    Ok(())
}
