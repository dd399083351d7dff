//! A drawn digit: the answer, the wishes for its pixels, and the weights as bytes.

use handgrad::live::{Live, digit};
use handgrad::prelude::*;
use handgrad::train::{Plan, Training, evaluate, silently};
use std::sync::OnceLock;

/// The images that MNIST tests with: those of training are in no published package.
pub fn digits() -> &'static Dataset<f32> {
    static DIGITS: OnceLock<Dataset<f32>> = OnceLock::new();
    DIGITS.get_or_init(|| {
        let folder = mnist::shipped().unwrap();
        let file = |name: &str| folder.join(format!("t10k-{name}-ubyte.gz"));
        mnist::load_pair(file("images-idx3"), file("labels-idx1")).unwrap()
    })
}

/// A LeNet that has learned a little, as bytes, and itself.
pub fn trained() -> &'static (Vec<u8>, Sequential<f32>) {
    static TRAINED: OnceLock<(Vec<u8>, Sequential<f32>)> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let data = digits().first(800);
        let optimizer = Sgd::new(0.02).momentum(0.9);
        let plan = Plan { batch: 10, seed: 1 };
        let mut training = Training::new(lenet(Start::He, 1), optimizer, cross_entropy_loss, plan);
        training.fit(&data, &data.first(10), 3, silently).unwrap();
        (digit::pack(&training.model).unwrap(), training.model)
    })
}

/// The figure with these weights.
fn figure(query: &str) -> Live {
    live::open(query).unwrap().data("weights", trained().0.clone()).unwrap()
}

fn alt(figure: &Live) -> String {
    figure.picture().unwrap().alt
}

/// What stands behind these words, up to a blank.
fn number_after(text: &str, words: &str) -> f64 {
    let (_, rest) = text.split_once(words).unwrap_or_else(|| panic!("no {words:?} in {text}"));
    let word = rest.split_whitespace().next().unwrap().trim_end_matches(['.', ',', ';', ':']);
    let (mantissa, power) = word.split_once("·10").unwrap_or((word, ""));
    let digit = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|d| d == c);
    let size = power.chars().filter_map(digit).fold(0, |all, d| 10 * all + d as i32);
    let power = if power.starts_with('⁻') { -size } else { size };
    mantissa.replace('−', "-").parse::<f64>().unwrap_or_else(|_| panic!("{word}")) * 10_f64.powi(power)
}

/// The pixels that the figure sees for an image of MNIST.
fn rounded(n: usize) -> Tensor4<f32> {
    digits().inputs.select(&[n]).map(|ink| (ink * 15.0).round() / 15.0)
}

#[test]
fn a_byte_for_each_weight_changes_few_answers() {
    let (bytes, model) = trained();
    let unpacked = digit::unpack(bytes).unwrap();
    for (own, packed) in model.parameters().iter().zip(unpacked.parameters()) {
        let largest = own.values.iter().fold(0.0, |largest: f32, w| largest.max(w.abs()));
        let apart = own.values.iter().zip(packed.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // Half a unit, and the rounding of the product.
        assert!(apart <= 0.501 * largest / 127.0, "{}: {apart} of {largest}", own.name);
    }
    let (_, others) = digits().split(9000);
    let accuracy = |model: &Sequential<f32>| evaluate(model, &others, cross_entropy_loss).unwrap().accuracy;
    let (before, after) = (accuracy(model), accuracy(&unpacked));
    assert!(before > 0.8, "{before}");
    let answers = |model: &Sequential<f32>| -> Vec<usize> {
        let logits = model.infer(&others.inputs).unwrap();
        logits.matrix().row_iter().map(|row| row.transpose().argmax().0).collect()
    };
    let changed = answers(model).iter().zip(answers(&unpacked)).filter(|(a, b)| *a != b).count();
    println!("{before} before, {after} after, {changed} of 1000 answers changed");
    assert!(changed <= 10 && (before - after).abs() < 0.005);
}

#[test]
fn probabilities_and_wishes_are_the_network_s_own() {
    let model = digit::unpack(&trained().0).unwrap();
    let z = rounded(3);
    let query = format!("digit?class=7&place=where it is drawn&digit={}", digit::shades(&z).unwrap());
    let text = alt(&figure(&query));
    let p = softmax_forward(model.infer(&z).unwrap().matrix());
    for digit in 0..10 {
        let shown = number_after(&text, &format!(" {digit}: "));
        let own = 100.0 * f64::from(p[digit]);
        assert!((shown - own).abs() <= 0.005 * own, "{digit}: {shown}, {own}");
    }
    assert_eq!(number_after(&text, "LeNet reads a ") as usize, p.row(0).transpose().argmax().0);

    // The gradient by Sequential as a whole.
    let mut again = digit::unpack(&trained().0).unwrap();
    let mut memory = Memory::new();
    let logits = again.forward(z, &mut memory).unwrap();
    let target = DMatrix::from_fn(1, 10, |_, k| if k == 7 { 1.0 } else { 0.0 });
    let Loss { loss, dy } = cross_entropy_loss(logits.matrix(), &target).unwrap();
    let dz = again.backward(&Tensor4::from_vectors(dy), &mut memory).unwrap().to_row_major();
    assert!((number_after(&text, "L = −ln p = ") - f64::from(loss)).abs() <= 0.005 * f64::from(loss));
    let lowest = (0..784).min_by(|a, b| dz[*a].total_cmp(&dz[*b])).unwrap();
    let expected = format!("most at row {} column {}, where", lowest / 28, lowest % 28);
    assert!(text.contains(&expected), "{expected}: {text}");
    let shown = number_after(&text, "∂L/∂z is ");
    assert!((shown + f64::from(dz[lowest])).abs() <= 0.005 * shown.abs(), "{shown}, {}", dz[lowest]);
}

#[test]
fn ink_where_it_is_wished_for_lowers_the_loss() {
    for n in [0, 2, 4] {
        let digit = digit::shades(&digits().inputs.select(&[n])).unwrap();
        let class = (digits().labels[n] + 1) % 10;
        let text = alt(&figure(&format!("digit?class={class}&place=where it is drawn&digit={digit}")));
        let (row, column) = (number_after(&text, "most at row ") as usize, number_after(&text, " column ") as usize);
        let model = digit::unpack(&trained().0).unwrap();
        let target = DMatrix::from_fn(1, 10, |_, k| f32::from(k == class));
        let loss = |z: &Tensor4<f32>| cross_entropy_loss(model.infer(z).unwrap().matrix(), &target).unwrap().loss;
        let (before, mut more) = (rounded(n), rounded(n));
        more[(0, 0, row, column)] += 0.05;
        assert!(loss(&more) < loss(&before), "{} then {}", loss(&before), loss(&more));
        let slope = f64::from((loss(&more) - loss(&before)) / 0.05);
        // The loss bends, and the kinks are near: the slope over a step tells the sign and the size.
        let shown = number_after(&text, "∂L/∂z is ");
        assert!((slope + shown).abs() < 0.3 * shown, "{slope} over a step, {shown} in the picture");
    }
}

#[test]
fn a_digit_in_a_corner_is_moved_to_the_centre() {
    let z = rounded(0);
    let corner =
        Tensor4::from_fn([1, 1, 28, 28], |_, _, i, j| if i < 24 && j < 26 { z[(0, 0, i + 4, j + 2)] } else { 0.0 });
    let [there, here] = [&z, &corner].map(|z| figure(&format!("digit?digit={}", digit::shades(z).unwrap())));
    let (there, here) = (alt(&there), alt(&here));
    assert!(here.contains("moved by 4 down and 2 right"), "{here}");
    assert!(!there.contains("moved by"), "{there}");
    for digit in 0..10 {
        let name = format!(" {digit}: ");
        assert_eq!(number_after(&there, &name), number_after(&here, &name));
    }
    // So are the wishes, back where the digit was drawn.
    let row = |text: &str| number_after(text, "most at row ");
    let column = |text: &str| number_after(text, " column ");
    assert_eq!((row(&here), column(&here)), (row(&there) - 4.0, column(&there) - 2.0));
    // MNIST's own digits are centred already.
    let moved = (0..200).filter(|n| {
        let digit = digit::shades(&digits().inputs.select(&[*n])).unwrap();
        alt(&figure(&format!("digit?digit={digit}"))).contains("moved by")
    });
    let moved = moved.count();
    println!("{moved} of 200 moved");
    assert!(moved < 10, "{moved}");
}

#[test]
fn every_drawing_has_a_picture() {
    for ink in ["0", "f", "1"] {
        for width in [240, 350, 639, 640, 720, 1200] {
            let mut figure = figure(&format!("digit?digit={}", ink.repeat(784)));
            figure.set(&format!("width={width}")).unwrap();
            let picture = figure.picture().unwrap();
            assert!(picture.size.0 <= width.max(330), "{} of {width}", picture.size.0);
            assert!(picture.svg().len() < 60_000, "{}", picture.svg().len());
            assert_eq!(picture.alt.contains("Nothing is drawn"), ink == "0");
        }
    }
}

#[test]
fn the_page_gets_the_weights_and_the_place_to_draw() {
    let figure = figure("digit?class=3");
    let html = figure.html().unwrap();
    assert!(html.starts_with("<figure data-live=\"digit?class=3&amp;"));
    let weights = html.split("data-weights=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(weights, handgrad::show::base64(&trained().0));
    let svg = figure.picture().unwrap().svg();
    assert!(svg.contains("<rect data-knob=\"digit\" data-side=\"28\" data-at=\"\" data-label=\"Draw a digit here\""));
}

#[test]
fn errors_say_what_is_missing() {
    let error = |outcome: Result<Live, live::LiveError>| outcome.map(|live| live.query()).unwrap_err().to_string();
    let open = || live::open("digit").unwrap();
    assert!(open().picture().unwrap_err().to_string().starts_with("the weights are missing"));
    assert_eq!(error(open().data("weights", vec![0; 10])), "the weights are 10 bytes: LeNet's must be 61746");
    let long = [&trained().0[..], &[0]].concat();
    assert_eq!(error(open().data("weights", long)), "the weights are 61747 bytes: LeNet's must be 61746");
    let mut nan = trained().0.clone();
    nan[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(error(open().data("weights", nan)), "the unit of some weights is NaN: it must be finite");
    assert_eq!(error(open().data("images", vec![])), "there are no data \"images\" here: the figure takes \"weights\"");
    let other = error(live::open("descent").unwrap().data("weights", vec![1, 2]));
    assert_eq!(other, "this figure takes no data: it was given 2 bytes named \"weights\"");
    let mlp: Sequential<f32> = mlp(Start::He, 1);
    assert!(digit::pack(&mlp).unwrap_err().to_string().contains("must have the same parameters"));
    let images: Tensor4<f32> = Tensor4::zeros([1, 1, 8, 8]);
    assert!(digit::shades(&images).unwrap_err().to_string().ends_with("they must be (N, 1, 28, 28)"));
}
