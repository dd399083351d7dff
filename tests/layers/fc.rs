//! The fully connected layer.

use super::{matrix, relative_error, vector};
use handgrad::prelude::*;

#[test]
fn by_hand() {
    let (z, w, b) =
        (dmatrix![1.0, 2.0; 3.0, -1.0], dmatrix![2.0, 0.0, 1.0; -1.0, 3.0, 5.0], dvector![10.0, 20.0, 30.0]);
    assert_eq!(fc_forward(&z, &w, &b).unwrap(), dmatrix![10.0, 26.0, 41.0; 17.0, 17.0, 28.0]);

    let next_dz = dmatrix![1.0, 0.0, -2.0; 0.0, 4.0, 2.0];
    let g = fc_backward(&next_dz, &w, &z).unwrap();
    assert_eq!(g.dz, dmatrix![0.0, -11.0; 2.0, 22.0]); // next_dz·Wᵀ
    assert_eq!(g.dw, dmatrix![1.0, 12.0, 4.0; 2.0, -4.0, -6.0] / 2.0); // zᵀ·next_dz / N
    assert_eq!(g.db, dvector![1.0, 4.0, 0.0] / 2.0);
}

#[test]
fn every_entry_is_what_the_forward_itself_says() {
    for (samples, inputs, outputs) in [(1, 1, 1), (1, 7, 3), (5, 1, 4), (3, 6, 1), (7, 5, 9)] {
        let (z, w) = (matrix(1, samples, inputs), matrix(2, inputs, outputs));
        let (b, next_dz) = (vector(3, outputs), matrix(4, samples, outputs));
        let g = fc_backward(&next_dz, &w, &z).unwrap();
        let report = Proof::new("fc_backward", &next_dz)
            .parameter("dw", &w, &g.dw, |w| fc_forward(&lift(&z), w, &lift(&b)))
            .and_then(|proof| proof.parameter("db", &b, &g.db, |b| fc_forward(&lift(&z), &lift(&w), b)))
            .and_then(|proof| proof.input("dz", &z, &g.dz, |z| fc_forward(z, &lift(&w), &lift(&b))))
            .unwrap();
        assert!(report.passed(), "{report}");
    }
}

#[test]
fn a_batch_is_its_samples() {
    let (z, w, b, next_dz) = (matrix(1, 6, 5), matrix(2, 5, 4), vector(3, 4), matrix(4, 6, 4));
    let (y, g) = (fc_forward(&z, &w, &b).unwrap(), fc_backward(&next_dz, &w, &z).unwrap());
    let (mut dw, mut db) = (DMatrix::zeros(5, 4), DVector::zeros(4));
    for n in 0..6 {
        let (z, next_dz) = (z.rows(n, 1).into_owned(), next_dz.rows(n, 1).into_owned());
        let one = fc_backward(&next_dz, &w, &z).unwrap();
        // A sum of five products in another order: a few units of the last place.
        assert!(
            relative_error(fc_forward(&z, &w, &b).unwrap().as_slice(), y.rows(n, 1).clone_owned().as_slice()) < 1e-14
        );
        assert!(relative_error(one.dz.as_slice(), g.dz.rows(n, 1).clone_owned().as_slice()) < 1e-14);
        dw += one.dw / 6.0;
        db += one.db / 6.0;
    }
    assert!(relative_error(g.dw.as_slice(), dw.as_slice()) < 1e-14);
    assert!(relative_error(g.db.as_slice(), db.as_slice()) < 1e-14);
}

#[test]
fn an_empty_batch_has_no_mean() {
    let g = fc_backward(&DMatrix::<f64>::zeros(0, 2), &DMatrix::zeros(3, 2), &DMatrix::zeros(0, 3)).unwrap();
    assert_eq!(g.dz.shape(), (0, 3));
    assert!(g.dw.iter().chain(g.db.iter()).all(|x| x.is_nan()));
}

#[test]
fn a_bias_gradient_of_many_samples_keeps_its_digits() {
    fn db<T: Float>(samples: usize, delta: T) -> T {
        let (next_dz, one) = (DMatrix::from_element(samples, 1, delta), dmatrix![T::one()]);
        fc_backward(&next_dz, &one, &next_dz).unwrap().db[0]
    }
    let one = half::bf16::ONE;
    assert_eq!((db(1000, one), db(2048, one)), (one, one)); // in 8 digits, 256 is followed by 258
    let x = 1.23456_f32;
    assert!((db(100_003, x) / x - 1.0).abs() <= 2.0 * f32::EPSILON, "{}", db(100_003, x));
    // More samples than an f16 can count.
    let mean = db(70_000, half::f16::ONE).to_f64();
    assert!((mean - 1.0).abs() <= 2f64.powi(-10), "{mean}");
    // Small integers are added up without rounding, in any order.
    let z = DMatrix::from_fn(4096, 3, |n, j| ((7 * n + 3 * j) % 11) as f64 - 5.0);
    let sums: Vec<f64> =
        (0..3).map(|j| (0..4096).map(|n| ((7 * n + 3 * j) % 11) as f64 - 5.0).sum::<f64>() / 4096.0).collect();
    assert_eq!(fc_backward(&z, &DMatrix::zeros(3, 3), &z).unwrap().db, DVector::from_vec(sums));
}
