//! Flatten.

use super::{integers, reals};
use handgrad::prelude::*;

#[test]
fn by_hand() {
    let z = Tensor4::from_fn([2, 2, 2, 3], |n, c, i, j| (1000 * n + 100 * c + 10 * i + j) as f64);
    let flat = flatten_forward(&z);
    let row = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0, 100.0, 101.0, 102.0, 110.0, 111.0, 112.0];
    assert_eq!(flat, DMatrix::from_fn(2, 12, |n, q| 1000.0 * n as f64 + row[q]));
}

#[test]
fn backward_is_the_way_back() {
    for shape in [[1, 1, 1, 1], [3, 2, 4, 5], [2, 7, 1, 1]] {
        let z = reals(1, shape);
        assert_eq!(flatten_backward(&flatten_forward(&z), &z).unwrap(), z);
    }
}

#[test]
fn every_entry_is_what_the_forward_itself_says() {
    let (z, next_dz) = (integers(1, [2, 3, 2, 2]), integers(2, [2, 12, 1, 1]).into_matrix());
    let dz = flatten_backward(&next_dz, &z).unwrap();
    let report = Proof::new("flatten_backward", &next_dz).exact();
    let report = report.input("dz", &z, &dz, |z| Ok(flatten_forward(z))).unwrap();
    assert!(report.passed(), "{report}");
}
