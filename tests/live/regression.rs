//! A line fitted to data, and the limit of the learning rate.

use super::{fits, is_written, number_after, said};
use handgrad::prelude::*;

/// The data of chapter 05, x without its mean if it is centred, and the eigenvalues of x̃ᵀ·x̃ / N, the largest first.
fn data(centred: bool) -> (DMatrix<f64>, DMatrix<f64>, [f64; 2]) {
    let (mut x, y) = synthetic::linear(&dmatrix![2.0], &dvector![1.0], 20, 0).unwrap();
    if centred {
        let mean = x.mean();
        x.add_scalar_mut(-mean);
    }
    let ones = x.clone().insert_column(1, 1.0);
    let eigenvalues = (ones.transpose() * &ones / 20.0).symmetric_eigenvalues();
    (x, y, [eigenvalues.max(), eigenvalues.min()])
}

#[test]
fn the_limit_is_two_over_the_largest_eigenvalue() {
    for (centred, inputs) in [(false, "as they are"), (true, "minus their mean")] {
        let (_, _, [high, low]) = data(centred);
        for (share, says) in [(0.98, "It converges: "), (1.02, "It diverges: ")] {
            let text = said(&format!("regression?inputs={inputs}&steps=300&rate={}", share * 2.0 / high));
            assert!(text.contains(says), "{text}");
            assert!(is_written(number_after(&text, "the limit 2/λ = "), 2.0 / high), "{text}");
            assert!(is_written(number_after(&text, "largest curvature is λ = "), high), "{text}");
            assert!(is_written(number_after(&text, ", the smallest "), low), "{text}");
            assert!(is_written(number_after(&text, "the condition number, is "), high / low), "{text}");
            let (first, last) = (number_after(&text, "The loss is "), number_after(&text, "at the start and "));
            assert_eq!(last > first, share > 1.0, "{text}");
        }
    }
    // Centring makes the valley rounder: that is what the choice is for.
    let ratio = |centred| data(centred).2[0] / data(centred).2[1];
    assert!(ratio(false) > 100.0 && ratio(true) < 10.0);
}

#[test]
fn the_run_has_the_predicted_rate() {
    for (centred, inputs, rate) in
        [(false, "as they are", 0.04), (false, "as they are", 0.06), (true, "minus their mean", 0.2)]
    {
        let (_, _, curvatures) = data(centred);
        let slowest = curvatures.map(|curvature| (1.0 - rate * curvature).abs()).into_iter().fold(0.0, f64::max);
        let text = said(&format!("regression?inputs={inputs}&steps=200&rate={rate}"));
        let predicted = number_after(&text, "the loss by ρ² = ");
        let measured = number_after(&text, "Measured: each step multiplies the loss by ");
        assert!(is_written(predicted, slowest * slowest), "{text}");
        assert!((measured / predicted - 1.0).abs() < 0.005, "{text}");
    }
}

#[test]
fn the_line_is_trained_by_the_layer() {
    let (x, y, _) = data(false);
    let (mut w, mut b) = (dmatrix![1.0], dvector![-1.0]);
    for _ in 0..50 {
        let dy = mean_squared_loss(&fc_forward(&x, &w, &b).unwrap(), &y).unwrap().dy;
        let g = fc_backward(&dy, &w, &x).unwrap();
        w -= g.dw * 0.03;
        b -= g.db * 0.03;
    }
    let text = said("regression?rate=0.03&steps=50&start=1,-1");
    assert!(is_written(number_after(&text, "At the end w is "), w[0]), "{text}");
    assert!(is_written(number_after(&text, " and b is "), b[0]), "{text}");
}

#[test]
fn nothing_fails_at_the_ends_of_the_knobs() {
    for rate in [0.001, 0.5, 3.0] {
        for steps in [1, 7, 400] {
            for start in ["0,-2", "4,16", "2,1"] {
                let text = said(&format!("regression?rate={rate}&steps={steps}&start={start}"));
                assert!(text.contains("Measured: ") && !text.contains("NaN"), "{text}");
            }
        }
    }
    fits("regression");
    fits("regression?rate=3&steps=400");
}
