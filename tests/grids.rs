//! All that `certify` proves, and that its grids reach what they promise to.

use handgrad::Slide;
use handgrad::check::certificate::{self, Case, Certificate, Precision};
use handgrad::check::grids::{self, ConvShape, conv_shapes, pooling_shapes};
use nalgebra::dmatrix;
use std::collections::BTreeSet;

#[test]
fn every_function_is_proved() {
    let certificate = Certificate::of(&grids::all(), || {});
    assert!(certificate.passed(), "{certificate}");
    assert!(certificate.cases >= 300);
    assert!(certificate.total().error <= 1e-12);
    let infinite = certificate.rows.iter().filter(|row| row.infinite > 0).map(|row| row.function.as_str());
    let infinite: BTreeSet<&str> = infinite.collect();
    assert!(infinite.len() == 12 && infinite.contains("conv_backward") && infinite.contains("max_pooling_forward"));

    let text = certificate.to_string();
    assert!(text.lines().all(|line| line.chars().count() <= 120), "the table fits a terminal\n{text}");
    let markdown = certificate.to_markdown();
    assert_eq!(values(&markdown.lines().collect::<Vec<_>>(), |line| line.matches('|').count()).len(), 1, "{markdown}");
    let functions = certificate::functions().len();
    assert!(functions >= 40);
    assert_eq!(markdown.lines().count(), functions + 3);
}

#[test]
fn a_failed_case_turns_row_and_total_red() {
    let mut cases = grids::all();
    cases.retain(|case| case.name.starts_with("fc_backward: z (1, "));
    cases.push(Case::new("a wrong case".into(), |findings| {
        findings.values("fc_forward", &dmatrix![1.0, 2.0], &dmatrix![1.0, 2.5], &[1.0, 2.5], false);
        findings.values("matmul", &dmatrix![1.0], &dmatrix![1.0, 1.0], &[1.0, 1.0], false);
        let (inf, nan) = (f64::INFINITY, f64::NAN);
        let specials = dmatrix![inf, -inf, nan, 1.0];
        findings.infinite("relu_forward", &specials, &specials, Precision::F64);
        for wrong in [dmatrix![inf, inf, nan, 1.0], dmatrix![inf, -inf, 0.0, 1.0], dmatrix![inf, -inf, nan, nan]] {
            findings.infinite("tanh_forward", &wrong, &specials, Precision::F32);
        }
        handgrad::layers::insert_zeros(&handgrad::Tensor4::<f64>::zeros([1, 1, 1, 1]), (0, 1)).map(|_| ())
    }));
    let certificate = Certificate::of(&cases, || {});
    let row = |name| certificate.rows.iter().find(|row| row.function == name).unwrap();
    assert!(!certificate.passed() && !certificate.total().passed());
    assert_eq!(row("fc_forward").failures, ["a wrong case: [0, 1] is 2, but must be 2.5"]);
    assert_eq!(row("matmul").failures, ["a wrong case: the shape is [1, 1], but must be [1, 2]"]);
    assert!((row("relu_forward").infinite, row("relu_forward").failures.len()) == (4, 0));
    let wrong = ["[0, 1] is inf, but must be -inf", "[0, 2] is 0, but must be NaN", "[0, 3] is NaN, but must be 1"];
    assert_eq!(row("tanh_forward").failures, wrong.map(|failure| format!("a wrong case: in f32: {failure}")));
    assert!(row("insert_zeros").failures[0].contains("the strides are (0, 1)"));
    assert!(row("fc_backward").passed());
    assert!(!row("conv_forward").passed(), "a function that no case looked at is not proved");
}

/// All values that `of` takes on the shapes.
fn values<S, V: Ord>(shapes: &[S], of: impl Fn(&S) -> V) -> BTreeSet<V> {
    shapes.iter().map(of).collect()
}

fn remainder(shape: &ConvShape) -> (usize, usize) {
    let (Slide { strides, padding, .. }, [_, _, h, w]) = (shape.slide, shape.z);
    ((h + 2 * padding.0 - shape.kernel.0) % strides.0, (w + 2 * padding.1 - shape.kernel.1) % strides.1)
}

#[test]
fn the_grid_of_convolutions_is_complete() {
    let shapes = conv_shapes();
    assert!(shapes.len() >= 200, "{}", shapes.len());
    assert_eq!(values(&shapes, |s| (s.kernel, s.slide.strides)).len(), 25 * 9, "every kernel with every stride");
    let rows = values(&shapes, |s| (s.kernel.0, s.slide.strides.0, s.slide.padding.0, remainder(s).0));
    let columns = values(&shapes, |s| (s.kernel.1, s.slide.strides.1, s.slide.padding.1, remainder(s).1));
    assert_eq!(
        (rows.len(), columns.len()),
        (120, 120),
        "every side, stride, padding 0–3 and remainder with each other"
    );
    assert_eq!(values(&shapes, |s| s.slide.padding).len(), 16, "every padding 0–3 × 0–3");
    assert_eq!(values(&shapes, |s| s.z[0]), BTreeSet::from([1, 2, 3, 4]), "N");
    assert_eq!(values(&shapes, |s| (s.z[1], s.depth)).len(), 16, "every C with every D");
    let by_three: Vec<ConvShape> = shapes.iter().copied().filter(|s| s.slide.strides == (3, 3)).collect();
    assert_eq!(values(&by_three, remainder).len(), 9, "strides that tile and that leave one or two rows or columns");
    assert!(shapes.iter().any(|s| !s.slide.round_down) && shapes.iter().any(|s| s.slide.round_down));
    assert!(shapes.iter().any(|s| s.z[2..] == [1, 1] && s.kernel == (5, 5)), "1×1 images");
    assert!(shapes.iter().any(|s| s.slide.strides.0 > s.kernel.0 && s.slide.strides.1 > s.kernel.1), "gaps");
    assert!(shapes.iter().any(|s| s.z[2] != s.z[3]), "rectangular images");
}

#[test]
fn the_grid_of_poolings_is_complete() {
    let shapes = pooling_shapes();
    assert!(shapes.len() >= 100, "{}", shapes.len());
    assert_eq!(values(&shapes, |s| (s.window, s.slide.strides)).len(), 16 * 7, "every window with every stride");
    let compared = values(&shapes, |s| (s.window.0.cmp(&s.slide.strides.0), s.window.1.cmp(&s.slide.strides.1)));
    assert_eq!(compared.len(), 9, "overlap, tiling and gaps, each with each");
    assert_eq!(values(&shapes, |s| s.z[0]), BTreeSet::from([1, 2, 3, 4]), "N");
    assert_eq!(values(&shapes, |s| s.z[1]), BTreeSet::from([1, 2, 3, 4]), "C");
    assert!(shapes.iter().any(|s| s.slide.padding == (3, 3)) && shapes.iter().any(|s| s.slide.padding == (0, 0)));
    assert!(shapes.iter().any(|s| s.slide.round_down) && shapes.iter().any(|s| s.z[2..] == [1, 1]));
}

#[test]
fn the_certificate_does_not_depend_on_the_threads() {
    let small = || grids::all().into_iter().step_by(7).collect::<Vec<_>>();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Certificate::of(&small(), || {}))
    };
    assert_eq!(with(1), with(2));
}
