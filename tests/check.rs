//! The proofs themselves: right gradients pass, and each kind of wrong gradient is refused with the right sentence.

use handgrad::check::{Diagnosis, Failure, Proof, lift};
use handgrad::prelude::*;

/// A convolution with everything in it: two samples, three to two maps, strides, padding.
struct Conv {
    z: Tensor4<f64>,
    k: Tensor4<f64>,
    b: DVector<f64>,
    next_dz: Tensor4<f64>,
    slide: Slide,
}

fn small(seed: usize) -> impl FnMut(usize, usize, usize, usize) -> f64 {
    move |n, c, i, j| ((seed + 7 * n + 5 * c + 3 * i * i + 11 * j + n * i * j) % 17) as f64 - 8.0
}

fn conv() -> Conv {
    let slide = Slide::by(1, 1).padding(1, 1);
    Conv {
        z: Tensor4::from_fn([2, 3, 5, 5], small(1)),
        k: Tensor4::from_fn([3, 2, 3, 3], small(2)),
        b: dvector![1.0, -2.0],
        next_dz: Tensor4::from_fn([2, 2, 5, 5], small(3)),
        slide,
    }
}

impl Conv {
    fn right(&self) -> ConvGradients<f64> {
        conv_backward(&self.next_dz, &self.k, &self.z, self.slide).unwrap()
    }

    fn dk(&self, dk: &Tensor4<f64>) -> Proof {
        let forward = |k: &_| conv_forward(&lift(&self.z), k, &lift(&self.b), self.slide);
        Proof::new("conv_backward", &self.next_dz).exact().parameter("dk", &self.k, dk, forward).unwrap()
    }

    fn dz(&self, dz: &Tensor4<f64>) -> Proof {
        let forward = |z: &_| conv_forward(z, &lift(&self.k), &lift(&self.b), self.slide);
        Proof::new("conv_backward", &self.next_dz).exact().input("dz", &self.z, dz, forward).unwrap()
    }

    fn db(&self, db: &DVector<f64>) -> Proof {
        let forward = |b: &_| conv_forward(&lift(&self.z), &lift(&self.k), b, self.slide);
        Proof::new("conv_backward", &self.next_dz).exact().parameter("db", &self.b, db, forward).unwrap()
    }
}

fn diagnosis(proof: &Proof) -> Diagnosis {
    assert!(!proof.passed(), "{proof}");
    match proof.checks()[0].failure.clone() {
        Some(Failure::Entry { diagnosis, .. } | Failure::Shape(diagnosis)) => diagnosis,
        other => panic!("{other:?}"),
    }
}

#[test]
fn right_gradients_are_proved() {
    let (c, g) = (conv(), conv().right());
    for (proof, entries) in [(c.dk(&g.dk), 54), (c.db(&g.db), 2), (c.dz(&g.dz), 150)] {
        assert!(proof.passed(), "{proof}");
        let check = &proof.checks()[0];
        assert_eq!((check.entries, check.exact, check.dual, check.adjoint), (entries, entries, 0.0, 0.0));
        assert!(check.differences > 0.0 && check.differences < 1e-8, "{proof}");
    }
}

#[test]
fn the_report_is_a_table_with_a_verdict() {
    let (z, w, b) = (dmatrix![1.0, 2.0; 3.0, 4.0], dmatrix![5.0; 7.0], dvector![1.0]);
    let next_dz = dmatrix![1.0; -3.0];
    let g = fc_backward(&next_dz, &w, &z).unwrap();
    let report = Proof::new("fc_backward", &next_dz)
        .parameter("dw", &w, &g.dw, |w| fc_forward(&lift(&z), w, &lift(&b)))
        .and_then(|proof| proof.input("dz", &z, &g.dz, |z| fc_forward(z, &lift(&w), &lift(&b))))
        .unwrap();
    let lines: Vec<String> = report.to_string().lines().map(String::from).collect();
    assert_eq!(lines[0], "fc_backward");
    assert_eq!(lines[1], "  gradient   entries  exact  by dual numbers  by differences  adjoint gap  ");
    assert!(lines[2].starts_with("  dw (2, 1)        2      2                0"), "{report}");
    assert!(lines[3].starts_with("  dz (2, 2)        4      4                0"), "{report}");
    assert_eq!(lines[4], "✓ Proved: every entry is what the forward itself says.");
}

#[test]
fn nothing_proved_is_not_a_pass() {
    let proof = Proof::new("fc_backward", &dmatrix![1.0]);
    assert!(!proof.passed());
    assert_eq!(proof.to_string().lines().last(), Some("✗ Nothing was compared yet."));
}

/// Where δ is 0 every gradient is 0, and a wrong forward would pass.
#[test]
fn a_next_dz_of_zeros_or_of_no_samples_proves_nothing() {
    let (w, b) = (dmatrix![5.0; 7.0], dvector![1.0]);
    let prove = |z: DMatrix<f64>| {
        let next_dz = DMatrix::zeros(z.nrows(), 1);
        let g = fc_backward(&next_dz, &w, &z).unwrap();
        Proof::new("fc_backward", &next_dz).input("dz", &z, &g.dz, |z| fc_forward(z, &lift(&w), &lift(&b))).unwrap()
    };
    let last = |proof: &Proof| proof.to_string().lines().last().map(String::from).unwrap();
    let zeros = prove(dmatrix![1.0, 2.0; 3.0, 4.0]);
    assert!(!zeros.passed());
    assert_eq!(last(&zeros), "✗ Nothing was compared: next_dz is 0 everywhere, and so is every gradient.");
    let none = prove(DMatrix::zeros(0, 2));
    assert!(!none.passed());
    assert_eq!(last(&none), "✗ Nothing was compared: next_dz has no entries.");
}

#[test]
fn a_failure_names_index_got_and_expected() {
    let (c, mut g) = (conv(), conv().right());
    let right = g.dz[(1, 2, 3, 0)];
    g.dz[(1, 2, 3, 0)] += 0.5;
    let proof = c.dz(&g.dz);
    let expected = format!(
        "dz[1, 2, 3, 0] is {}, but the forward's dual numbers say {right}. It is the only wrong entry.",
        right + 0.5
    );
    assert!(one_line(&proof).contains(&expected), "{proof}\nshould say\n{expected}");
    assert!(proof.to_string().ends_with("✗ Not proved: dz is wrong."), "{proof}");
    // The first of several is the first row by row, not as they lie in memory.
    g.dz[(0, 1, 4, 4)] += 1.0;
    assert!(matches!(&c.dz(&g.dz).checks()[0].failure,
        Some(Failure::Entry { index, wrong: 2, .. }) if index == &[0, 1, 4, 4]));
}

#[test]
fn one_bit_is_refused_where_exactness_is_asked_for() {
    let (c, mut g) = (conv(), conv().right());
    g.dk[(0, 0, 1, 1)] *= 1.0 + f64::EPSILON;
    assert_eq!(diagnosis(&c.dk(&g.dk)), Diagnosis::Rounding);
}

/// What a proof says, without the breaks of its lines.
fn one_line(proof: &Proof) -> String {
    proof.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_factor_is_found_and_explained() {
    let (c, g) = (conv(), conv().right());
    let says = |proof: Proof, sentence: &str| assert!(one_line(&proof).contains(sentence), "{proof}");
    says(c.dk(&g.dk.map(|x| x / 2.0)), "Every entry is 0.5 times what it should be: was it divided by N = 2 twice?");
    says(c.db(&(&g.db / 2.0)), "was it divided by N = 2 twice?");
    says(c.dk(&g.dk.map(|x| x * 2.0)), "was the division by N = 2 forgotten?");
    says(c.dz(&g.dz.map(|x| x / 2.0)), "an input's gradient is each sample's own; was it divided by N = 2?");
    says(c.dz(&g.dz.map(|x| x * 2.0)), "look for a 2 or a ½ that stands on one side only.");
    says(c.dz(&g.dz.map(|x| x * 0.3)), "Every entry is 0.3 times what it should be.");
    assert_eq!(diagnosis(&c.dz(&g.dz.map(|x| -x))), Diagnosis::SignFlipped);
    assert_eq!(diagnosis(&c.dz(&g.dz.map(|_| 0.0))), Diagnosis::AllZero);
    assert_eq!(diagnosis(&c.dz(&g.dz.map(|x| x / 0.0))), Diagnosis::NotFinite);
}

#[test]
fn a_shape_is_refused_before_any_number() {
    let (c, g) = (conv(), conv().right());
    let centre = Tensor4::from_fn([3, 2, 1, 1], |i, j, _, _| g.dk[(i, j, 1, 1)]);
    let proof = c.dk(&centre);
    assert!(!proof.passed());
    assert!(
        proof.to_string().contains("  dk has the shape (3, 2, 1, 1), but must have the shape (3, 2, 3, 3).\n"),
        "{proof}"
    );

    let (z, w) = (dmatrix![1.0, 2.0], dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]);
    let next_dz = dmatrix![1.0, 1.0, 2.0];
    let wrong = fc_backward(&next_dz, &w, &z).unwrap().dw.transpose();
    let proof = Proof::new("fc_backward", &next_dz)
        .parameter("dw", &w, &wrong, |w| fc_forward(&lift(&z), w, &DVector::zeros(3)))
        .unwrap();
    let sentence = "dw has the shape (3, 2), but must have the shape (2, 3). Is it transposed?";
    assert!(proof.to_string().contains(sentence), "{proof}");
}

#[test]
fn a_kernel_gradient_from_the_unpadded_input_is_recognised() {
    let (c, g) = (conv(), conv().right());
    let spread = Tensor4::from_fn([3, 2, 3, 3], |i, j, _, _| g.dk[(i, j, 1, 1)]);
    assert_eq!(diagnosis(&c.dk(&spread)), Diagnosis::EveryTapEqual { centre: true });
    let spread = Tensor4::from_fn([3, 2, 3, 3], |i, j, _, _| g.dk[(i, j, 0, 0)]);
    assert_eq!(diagnosis(&c.dk(&spread)), Diagnosis::EveryTapEqual { centre: false });
}

#[test]
fn rotations_transpositions_and_mirrors_are_recognised() {
    let (c, g) = (conv(), conv().right());
    assert_eq!(diagnosis(&c.dk(&g.dk.rotate_180())), Diagnosis::Rotated);
    let from = |f: fn([usize; 4]) -> [usize; 4], dz: &Tensor4<f64>| {
        Tensor4::from_fn(dz.shape(), |n, ch, i, j| {
            let [n, ch, i, j] = f([n, ch, i, j]);
            dz[(n, ch, i, j)]
        })
    };
    assert_eq!(diagnosis(&c.dz(&from(|[n, c, i, j]| [n, c, j, i], &g.dz))), Diagnosis::Transposed { axes: (2, 3) });
    assert_eq!(diagnosis(&c.dz(&from(|[n, c, i, j]| [1 - n, c, i, j], &g.dz))), Diagnosis::Mirrored { axis: 0 });
    assert_eq!(diagnosis(&c.dz(&from(|[n, c, i, j]| [n, c, i, 4 - j], &g.dz))), Diagnosis::Mirrored { axis: 3 });
    assert_eq!(diagnosis(&c.dz(&from(|[n, c, i, j]| [n, (c + 1) % 3, i, j], &g.dz))), Diagnosis::Reordered);
    let shifted =
        Tensor4::from_fn(g.dz.shape(), |n, c, i, j| if i > 0 && j > 1 { g.dz[(n, c, i - 1, j - 2)] } else { 0.0 });
    assert_eq!(diagnosis(&c.dz(&shifted)), Diagnosis::Shifted { rows: 1, columns: 2 });
}

#[test]
fn places_are_recognised() {
    let (c, g) = (conv(), conv().right());
    let spoil = |at: fn(usize, usize, usize, usize) -> bool| {
        let dz = Tensor4::from_fn(g.dz.shape(), |n, ch, i, j| {
            g.dz[(n, ch, i, j)] + if at(n, ch, i, j) { (1 + n + 2 * ch + i * i + 3 * j) as f64 } else { 0.0 }
        });
        diagnosis(&c.dz(&dz))
    };
    assert_eq!(spoil(|_, _, i, j| i % 4 == 0 || j % 4 == 0), Diagnosis::Borders { width: 1 });
    assert_eq!(spoil(|_, _, i, j| i != 2 || j != 2), Diagnosis::Borders { width: 2 });
    assert_eq!(spoil(|n, _, _, _| n == 1), Diagnosis::OneIndex { axis: 0, index: 1 });
    assert_eq!(spoil(|_, _, i, _| i == 4), Diagnosis::OneIndex { axis: 2, index: 4 });
    assert_eq!(spoil(|n, c, i, j| (n + c + i * j) % 3 == 0), Diagnosis::Scattered { wrong: 50, entries: 150 });
    assert_eq!(spoil(|_, _, _, _| true), Diagnosis::Scattered { wrong: 150, entries: 150 });
}

#[test]
fn every_diagnosis_is_a_sentence() {
    use Diagnosis::*;
    use handgrad::check::diagnosis::Role::*;
    let all = [
        Shape { got: vec![1], wanted: vec![2] },
        NotFinite,
        Rounding,
        AllZero,
        SignFlipped,
        Factor { factor: 0.25, samples: 4, role: Parameter },
        Factor { factor: 1.0e-7, samples: 4, role: Input },
        EveryTapEqual { centre: true },
        EveryTapEqual { centre: false },
        Transposed { axes: (0, 1) },
        Rotated,
        Mirrored { axis: 2 },
        Shifted { rows: 1, columns: -1 },
        Reordered,
        OneEntry,
        OneIndex { axis: 1, index: 0 },
        Borders { width: 1 },
        Borders { width: 2 },
        Scattered { wrong: 1, entries: 1 },
        Scattered { wrong: 1, entries: 2 },
        Scattered { wrong: 2, entries: 2 },
    ];
    for diagnosis in all {
        let sentence = diagnosis.to_string();
        assert!(sentence.starts_with(char::is_uppercase) && sentence.ends_with(['.', '?']), "{sentence}");
    }
}

#[test]
fn a_kink_is_told_from_a_mistake() {
    // |x| just beside its kink: the dual numbers see the slope, the differences see both sides.
    let at = dvector![1e-7, 3.0];
    let proof = Proof::new("abs", &dvector![1.0, 1.0])
        .input("dx", &at, &dvector![1.0, 1.0], |x| Ok(x.map(num_traits::Float::abs)))
        .unwrap();
    assert_eq!(proof.checks()[0].failure, Some(Failure::Differences));
    assert!(one_line(&proof).contains("within 1e-5 of a kink"), "{proof}");
    assert!(proof.to_string().ends_with("✗ Not proved: the checks of dx disagree."), "{proof}");
}

#[test]
fn a_forward_that_changes_is_seen_by_the_adjoint_identity() {
    let runs = std::cell::Cell::new(0);
    let proof = Proof::new("fickle", &dvector![1.0])
        .input("dx", &dvector![2.0], &dvector![3.0], |x: &DVector<handgrad::numbers::Dual<f64>>| {
            runs.set(runs.get() + 1);
            Ok(x.map(|x| x * lit(if runs.get() > 3 { 4.0 } else { 3.0 })))
        })
        .unwrap();
    assert_eq!(proof.checks()[0].failure, Some(Failure::Adjoint));
}

#[test]
fn an_output_of_another_shape_is_an_error() {
    let error = Proof::new("fc_backward", &dmatrix![1.0, 2.0])
        .input("dz", &dmatrix![1.0], &dmatrix![1.0], |z| Ok(z.clone()))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "Proof: the forward's output is [1, 1] but next_dz is [1, 2]: the two must have the same shape"
    );
}
