//! Learning-rate schedules: the factor on the learning rate at step t, counted from 0.
//!
//! ```
//! use handgrad::optim::{Optimizer, Sgd, schedule};
//! let mut sgd = Sgd::<f32>::new(0.1);
//! for t in 0..1000 {
//!     sgd.set_learning_rate(0.1 * schedule::cosine(t, 100, 1000) as f32);
//! }
//! ```

use std::f64::consts::PI;

/// 1, always.
#[must_use]
pub fn constant(_t: u64) -> f64 {
    1.0
}

/// `factor` after every `every` steps: factor^⌊t/every⌋; 1 where `every` is 0.
///
/// ```
/// use handgrad::optim::schedule::step;
/// assert_eq!([step(9, 10, 0.5), step(10, 10, 0.5), step(29, 10, 0.5)], [1.0, 0.5, 0.25]);
/// ```
#[must_use]
pub fn step(t: u64, every: u64, factor: f64) -> f64 {
    factor.powf(t.checked_div(every).unwrap_or(0) as f64)
}

/// Rises linearly over the first `warmup` steps, then falls along half a cosine, to 0 at step `total`.
///
/// Before `warmup` it is (t + 1)/warmup, so that no step is wasted on a rate of 0; from there on ½·(1 + cos(π·x)) with
/// x = (t − warmup)/(total − warmup). (Loshchilov, Hutter, *SGDR* (2017), one period without restart; the warm-up is
/// Goyal et al., *Accurate, large minibatch SGD* (2017).)
///
/// ```
/// use handgrad::optim::schedule::cosine;
/// assert_eq!([cosine(0, 4, 12), cosine(3, 4, 12), cosine(4, 4, 12)], [0.25, 1.0, 1.0]);
/// assert!((cosine(8, 4, 12) - 0.5).abs() < 1e-15); // half-way: cos(π/2), of which π/2 is a rounded one
/// assert_eq!(cosine(12, 4, 12), 0.0);
/// ```
#[must_use]
pub fn cosine(t: u64, warmup: u64, total: u64) -> f64 {
    if t < warmup {
        return (t + 1) as f64 / warmup as f64;
    }
    if t >= total {
        return 0.0;
    }
    let x = (t - warmup) as f64 / (total - warmup) as f64;
    0.5 * (1.0 + (PI * x).cos())
}
