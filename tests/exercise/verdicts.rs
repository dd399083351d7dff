//! What a verdict says.

use handgrad::check::exercise::{self, Evidence, Verdict};
use handgrad::prelude::*;

fn says(verdict: &Verdict, sentence: &str) {
    assert!(!verdict.passed());
    // Lines are wrapped, and spaces in formulas do not break.
    let text = verdict.to_string().replace(['\n', '\u{a0}'], " ");
    assert!(text.contains(sentence), "{verdict}\nshould say\n{sentence}");
}

#[test]
fn a_pass_counts_the_entries() {
    let verdict = exercise::fc_forward(fc_forward);
    assert_eq!(
        verdict.to_string(),
        format!("✓ fc_forward: all {} entries are right, in {} cases.", verdict.entries(), verdict.cases())
    );
    assert_eq!(verdict.wrong_cases(), 0);
}

/// The whole text, once: headline, simplest case, first wrong entry, where, the mistake, and the arrays.
#[test]
fn a_failure_reads_from_the_simplest_case_to_the_mistake() {
    let verdict = exercise::fc_backward(|next_dz, w, z| {
        let right = fc_backward(next_dz, w, z)?;
        Ok(FcGradients { dw: right.dw.transpose(), ..right })
    });
    let text = verdict.to_string().replace('\u{a0}', " ");
    let expected = "\
✗ fc_backward is wrong in 18 of 21 cases.
The simplest of them: z (1, 2), W (2, 2). There dw[0, 1] is 16, but must be 4; 2 of 4
entries are wrong.
dw is wrong in 18 of 21 cases. db and dz are right in every case.
The mistake: dw is transposed. dw has the shape of W, (l, m): it is zᵀ·next_dz (step 3),
not next_dzᵀ·z. Your numbers are those of this mistake.

z        W        next_dz    your dw    right dw
-2  4    -3  1     4 -2      -8 16      -8  4
          4  3                4 -8      16 -8";
    assert_eq!(text, expected);
}

#[test]
fn the_grid_says_where_it_is_wrong() {
    // Not in the catalogue: only strides spoil it, and the checker asks about them.
    let verdict = exercise::conv_backward(|next_dz, k, z, slide| {
        let mut g = conv_backward(next_dz, k, z, slide)?;
        g.dz[(0, 0, 1, 1)] += if slide.strides == (1, 1) { 0.0 } else { 1.0 };
        Ok(g)
    });
    assert!(verdict.suspicions().is_empty());
    says(&verdict, "There dz[0, 0, 1, 1] is 5, but must be 4; it is the only wrong one of 25 entries.");
    says(&verdict, "dz is right in all 27 cases with stride 1, wrong in all 36 cases with a larger stride: were zeros");
    says(&verdict, "dk and db are right in every case.");

    let verdict = exercise::conv_forward(|z, k, b, slide| {
        let y = conv_forward(z, k, b, slide)?;
        Ok(if slide.padding != (0, 0) && z.shape()[0] > 1 { y.map(|y| y + 1.0) } else { y })
    });
    says(&verdict, "y is wrong in all 4 cases with N > 1 and padding, and right in all others.");
}

#[test]
fn a_pattern_is_told_where_no_mistake_is_known() {
    let verdict = exercise::fc_backward(|next_dz, w, z| {
        let right = fc_backward(next_dz, w, z)?;
        Ok(FcGradients { dz: -right.dz, ..right })
    });
    says(&verdict, "Every entry has the right size and the wrong sign.");
}

#[test]
fn a_second_mistake_on_top_of_a_known_one_is_seen() {
    let verdict = exercise::fc_backward(|next_dz, w, z| {
        let right = fc_backward(next_dz, w, z)?;
        Ok(FcGradients { dw: right.dw.transpose() * z.nrows() as f64, ..right })
    });
    assert_eq!(verdict.suspicions()[0].by, Evidence::ScaledNumbers("times N"));
    says(&verdict, "One mistake: dw is transposed.");
    says(&verdict, "Your numbers are those of this mistake, times N: there must be a second one.");
}

#[test]
fn each_array_has_its_own_mistake() {
    let verdict = exercise::conv_backward(|next_dz, k, z, slide| {
        let right = conv_backward(next_dz, k, z, slide)?;
        let n = z.shape()[0] as f64;
        Ok(ConvGradients { dk: right.dk.rotate_180(), dz: right.dz.map(|x| x / n), ..right })
    });
    says(&verdict, "The mistake in dk: dK is rotated.");
    says(&verdict, "The mistake in dz: dz is divided by N.");
    says(&verdict, "db is right in every case.");
}

#[test]
fn a_mistake_with_other_numbers_is_named_by_its_track() {
    // The first sample alone; the catalogue knows the last one.
    let verdict = exercise::conv_backward(|next_dz, k, z, slide| {
        let right = conv_backward(next_dz, k, z, slide)?;
        let one = conv_backward(&next_dz.samples(0, 1), k, &z.samples(0, 1), slide)?;
        let n = z.shape()[0] as f64;
        Ok(ConvGradients { dk: one.dk.map(|x| x / n), db: one.db / n, ..right })
    });
    assert_eq!(verdict.suspicions()[0].by, Evidence::Track);
    says(&verdict, "The likeliest mistake in dk: dK and db see only the last sample.");
    says(&verdict, "but the numbers differ.");
}

#[test]
fn what_is_wrong_in_no_particular_way_is_given_no_name() {
    let verdict = exercise::sigmoid_backward(|next_dz, z| Ok(next_dz.component_mul(&z.map(|z| z * z))));
    assert!(!verdict.passed() && verdict.suspicions().is_empty(), "{verdict}");
}

#[test]
fn a_panic_is_caught_and_told() {
    let verdict = exercise::fc_forward(|_, _, _| unimplemented!("write me"));
    says(&verdict, "There your function panicked: \"not implemented: write me\".");
    says(&verdict, "It gives no answer in any case.");

    let verdict = exercise::fc_backward(|next_dz, w, z| {
        let right = fc_backward(next_dz, w, z)?;
        Ok(FcGradients { dw: z * next_dz, ..right })
    });
    says(&verdict, "dimensions mismatch");
    says(&verdict, "The shapes of two of its matrices do not fit.");

    let verdict = exercise::conv_backward(|next_dz, k, z, slide| {
        let image = [0.0; 5];
        assert!(image[z.shape()[2] * slide.padding.0] == 0.0);
        conv_backward(next_dz, k, z, slide)
    });
    says(&verdict, "There your function panicked: \"index out of bounds: the len is 5 but the index is 5\".");
    says(&verdict, "It gives no answer in all 29 cases with padding.");
    assert!(verdict.error_map().is_none());
}

#[test]
fn an_error_is_told() {
    let verdict = exercise::fc_forward(|z, w, b| fc_forward(z, &w.transpose(), b));
    says(&verdict, "It gives no answer in all 12 cases with sides that differ.");
    let verdict = exercise::fc_forward(|z, _, b| fc_forward(z, z, b));
    says(&verdict, "There your function returned an error: \"fc_forward: z is (1, 2) but W is (1, 2)");
}

#[test]
fn a_wrong_shape_is_told() {
    let verdict = exercise::fc_forward(|z, w, b| Ok(fc_forward(z, w, b)?.transpose()));
    says(&verdict, "There y has the shape (2, 1), but must have the shape (1, 2). Is it transposed?");
    assert!(verdict.error_map().is_none());
}

#[test]
fn not_a_number_is_wrong() {
    let verdict = exercise::relu_forward(|z| z.map(|_| f64::NAN));
    says(&verdict, "There y[0, 0] is NaN, but must be 0; all 4 entries are wrong.");
    says(&verdict, "not finite numbers");
    assert!(verdict.error_map().unwrap().alt.contains("not finite"));
}

#[test]
fn a_nan_that_becomes_0_is_a_mistake() {
    let verdict = exercise::relu_forward(|z| z.map(|z| z.max(0.0)));
    assert!(!verdict.passed(), "{verdict}");
    says(&verdict, "A NaN must stay one");
    let verdict = exercise::relu_forward(|z| z.map(|z| if z < 0.0 { 0.0 } else { z }));
    assert!(verdict.passed(), "{verdict}");
}

#[test]
fn a_slope_that_the_rounded_output_has_lost_is_a_mistake() {
    let verdict = exercise::sigmoid_backward(|next_dz, z| {
        let y = sigmoid_forward(z);
        Ok(next_dz.component_mul(&y.map(|y| y - y * y)))
    });
    says(&verdict, "y·(1 − y) is the slope on paper.");
    let verdict =
        exercise::tanh_backward(|next_dz, z| Ok(next_dz.zip_map(z, |delta, z| delta * (1.0 - z.tanh().powi(2)))));
    assert!(!verdict.passed(), "{verdict}");
    let verdict = exercise::tanh_backward(|next_dz, z| Ok(next_dz.zip_map(z, |delta, z| delta / z.cosh().powi(2))));
    assert!(verdict.passed(), "{verdict}");
}

#[test]
fn rounding_is_no_mistake() {
    // Another order of summation, and 1/N as a factor.
    let verdict = exercise::fc_backward(|next_dz, w, z| {
        let share = 1.0 / z.nrows() as f64;
        let dw = DMatrix::from_fn(w.nrows(), w.ncols(), |i, j| {
            (0..z.nrows()).rev().map(|n| z[(n, i)] * share * next_dz[(n, j)]).sum()
        });
        Ok(FcGradients { dw, ..fc_backward(next_dz, w, z)? })
    });
    assert!(verdict.passed(), "{verdict}");
}

/// An exercise of a chapter: `y = a·x + b` with dx = a·δ, and da, the mean of δ·x.
#[test]
fn an_exercise_of_a_chapter_is_judged_by_its_own_mistakes() {
    type Case = (DVector<f64>, f64);
    let line = || {
        exercise::of("line_backward", |(x, a): &Case| (x * *a, x.sum() / x.len() as f64))
            .input("dx")
            .parameter("da")
            .samples(4)
            .case("four samples, a = 3", (dvector![1.0, -2.0, 4.0, 0.5], 3.0))
            .mistake("a stands for x", "The gradient of a contains x.", |(x, a)| (x * *a, a / x.len() as f64))
    };
    let right = line().judge(|(x, a)| (x * *a, x.mean()));
    assert_eq!(right.to_string(), "✓ line_backward: all 5 entries are right, in 1 case.");
    says(&line().judge(|(x, a)| (x * *a, a / 4.0)), "The mistake: a stands for x. The gradient of a contains x.");
    says(&line().judge(|(x, a)| (x * *a, x.mean() / 4.0)), "N = 4");
    says(&line().judge(|(x, a)| (x * -*a, x.mean())), "sign");
    says(&line().judge(|(_, _)| -> (f64, f64) { panic!("no idea") }), "There your function panicked: \"no idea\".");
    says(&line().judge(|(x, a)| (DVector::<f64>::zeros(3), x.mean() * a)), "dx");
    says(&line().judge(|(x, _)| (x * f64::NAN, x.mean())), "dx");
    let refused =
        |_: &Case| Err::<(f64, f64), _>(fc_forward(&dmatrix![1.0], &dmatrix![1.0; 2.0], &dvector![0.0]).unwrap_err());
    says(&line().judge(refused), "There your function returned an error");
    says(&line().judge(|(x, a)| x * *a), "1 value returned: it must return 2 values");
    // A panic in a later case is told, too.
    let later = line().case("no samples", (DVector::zeros(0), 1.0));
    let sometimes = |(x, a): &Case| {
        assert!(!x.is_empty(), "no samples");
        (x * -*a, x.mean())
    };
    says(&later.judge(sometimes), "It gives no answer in 1 case. There your function panicked: \"no samples\".");
}

/// The right answer may be infinite or NaN: those who have it are right, and all others are told where they are not.
#[test]
fn an_infinite_answer_is_right_where_it_must_be() {
    let inverse = || {
        exercise::of("inverse", |x: &Vec<f64>| x.iter().map(|x| 1.0 / x).collect::<Vec<f64>>())
            .output("y")
            .case("zeros and numbers", vec![0.0, -0.0, 1.0, 4.0, f64::NAN])
            .case("a zero alone", vec![0.0])
            .mistake("the sign of 0 is lost", "1/−0 is −∞.", |x| {
                x.iter().map(|x| (1.0 / x) * if *x == 0.0 { x.signum() } else { 1.0 }).collect::<Vec<f64>>()
            })
    };
    let with = |change: fn(f64) -> f64| inverse().judge(|x| x.iter().map(|&x| change(x)).collect::<Vec<f64>>());
    let right = with(|x| x.recip());
    assert_eq!(right.to_string(), "✓ inverse: all 6 entries are right, in 2 cases.");
    says(&with(|x| (1.0 / x).abs()), "The mistake: the sign of 0 is lost.");
    says(&with(|x| (1.0 / x).min(f64::MAX)), "There y[0] is 1.79769e308, but must be inf");
    says(
        &with(|x| if x == 4.0 { 0.5 } else { 1.0 / x }),
        "There y[3] is 0.5, but must be 0.25; it is the only wrong one",
    );
    says(&with(|x| if x == 4.0 { f64::INFINITY } else { 1.0 / x }), "It has entries that are not finite numbers");
    let finite = with(|x| if x == 4.0 { 0.5 } else { 1.0 / x }).to_string();
    assert!(!finite.contains("not finite"), "{finite}");
}

#[test]
fn an_exercise_that_is_wrong_itself_passes_nobody() {
    let double = |x: &f64| 2.0 * x;
    let two_values = || exercise::of("double", double).output("y").output("dy");
    let cases: [(exercise::Task<f64>, &str); 3] = [
        (
            two_values().case("x = 1", 1.0),
            "its own right answer fails: double: 1 value returned: it must return 2 values.",
        ),
        (exercise::of("double", double), "it has no case."),
        (
            exercise::of("double", |x: &f64| if *x > 1.0 { panic!("too large") } else { 2.0 * x })
                .case("x = 1", 1.0)
                .case("x = 2", 2.0),
            "its own right answer fails: too large.",
        ),
    ];
    for (task, why) in cases {
        let verdict = task.judge(double);
        assert!(!verdict.passed() && verdict.error_map().is_none(), "{verdict}");
        says(&verdict, &format!("✗ double cannot be judged, because the exercise is wrong: {why}"));
    }
}
