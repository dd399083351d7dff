//! How wide the bounds of sums and of softmax become.

use super::save;
use handgrad::numbers::interval::Format;
use handgrad::prelude::*;
use num_traits::Float as _;
use rand::RngExt;
use std::path::Path;

/// Term by term, or the halves first.
fn sum<T: Float>(terms: &[T], by_halves: bool) -> T {
    match terms {
        [] => T::zero(),
        [term] => *term,
        _ if by_halves => {
            let (left, right) = terms.split_at(terms.len() / 2);
            sum(left, true) + sum(right, true)
        }
        _ => terms.iter().fold(T::zero(), |sum, &term| sum + term),
    }
}

/// The width of the bounds, relative to the value.
fn relative_width<T: Format>(x: Interval<T>) -> f64 {
    (x.width() / x.value()).to_f64().unwrap_or(f64::NAN)
}

/// How wide the bounds become: of sums, by the number of terms and their order; of softmax, by the size of the logits,
/// with and without the shift. Terms and logits are exact in the format, so the bounds show only the rounding of the
/// operations.
pub fn draw(output: &Path) -> anyhow::Result<()> {
    let depths: Vec<f64> = (2..=16).map(|k| f64::from(1 << k)).collect();
    let mut rng = init::rng(1);
    let terms: Vec<f64> = (0..1 << 16).map(|_| rng.random()).collect();
    fn sums<T: Format>(terms: &[f64], by_halves: bool) -> Vec<f64> {
        let terms: Vec<Interval<T>> = terms.iter().map(|&term| Interval::exact(lit(term))).collect();
        (2..=16).map(|k| relative_width(sum(&terms[..1 << k], by_halves))).collect()
    }
    // 2, 3, 4, 6, 8, 12, …: numbers of few digits.
    let logits: Vec<f64> = (1..=9).flat_map(|k| [1 << k, 3 << (k - 1)]).map(f64::from).collect();
    /// The probability of the largest of the logits (t, t/2, 0).
    fn largest<T: Format>(logits: &[f64], shifted: bool) -> Vec<f64> {
        let probability = |&t: &f64| {
            let z = dmatrix![t, t / 2.0, 0.0].map(lit::<Interval<T>>);
            let naive = || z[0].exp() / sum(z.map(|z| z.exp()).as_slice(), false);
            relative_width(if shifted { softmax_forward(&z)[0] } else { naive() })
        };
        logits.iter().map(probability).collect()
    }
    let chart = |title: &str, x: &[f64], [bf16, f16, f32, f64]: [Vec<f64>; 4]| {
        let chart = show::xy("bf16", x, &bf16).and("f16", &f16).and("f32", &f32).and("f64", &f64);
        chart.title(title).log_x().log_y().y_range(1e-17, 1e3).size(420, 330)
    };
    let of_sums = |title, by_halves| {
        let widths = [sums::<Bf16>, sums::<F16>, sums::<f32>, sums::<f64>].map(|sums| sums(&terms, by_halves));
        chart(title, &depths, widths).labels("terms", "width / value")
    };
    let of_softmax = |title, shifted| {
        let widths =
            [largest::<Bf16>, largest::<F16>, largest::<f32>, largest::<f64>].map(|largest| largest(&logits, shifted));
        chart(title, &logits, widths).labels("largest logit", "width / value")
    };
    let figure = show::column([
        show::row([of_sums("Sum, term after term", false), of_sums("Sum, the halves first", true)]),
        show::row([
            of_softmax("Softmax, as its equation reads", false),
            of_softmax("Softmax, shifted by the largest", true),
        ]),
    ]);
    save(&figure, output, "rounding")
}
