//! The same bits, however many threads.

use super::{matrix, reals, vector};
use handgrad::prelude::*;

/// What `run` returns on one thread and on two (and three, for parts that do not divide evenly).
fn on_any_number_of_threads<R: PartialEq + std::fmt::Debug + Send>(what: &str, run: impl Fn() -> R + Sync) {
    let with = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&run);
    let one = with(1);
    for threads in [2, 3] {
        assert!(with(threads) == one, "{what}: {threads} threads give other bits than one");
    }
}

#[test]
fn convolutions() {
    let slide = Slide::by(1, 1).padding(2, 2);
    let (z, k, b) = (reals(1, [16, 6, 28, 28]), reals(2, [6, 16, 5, 5]), vector(3, 16));
    let next_dz = reals(4, [16, 16, 28, 28]);
    on_any_number_of_threads("f64 forward", || conv_forward(&z, &k, &b, slide).unwrap());
    on_any_number_of_threads("f64 backward", || conv_backward(&next_dz, &k, &z, slide).unwrap());

    let [z, k, next_dz] = [&z, &k, &next_dz].map(|t| t.map(|x| x as f32));
    let b = b.map(|x| x as f32);
    on_any_number_of_threads("f32 forward", || conv_forward(&z, &k, &b, slide).unwrap());
    on_any_number_of_threads("f32 backward", || conv_backward(&next_dz, &k, &z, slide).unwrap());
}

#[test]
fn products() {
    let (z, w, b, next_dz) = (matrix(1, 250, 300), matrix(2, 300, 170), vector(3, 170), matrix(4, 250, 170));
    on_any_number_of_threads("forward", || fc_forward(&z, &w, &b).unwrap());
    on_any_number_of_threads("backward", || fc_backward(&next_dz, &w, &z).unwrap());
}

#[test]
fn poolings() {
    let (z, slide) = (reals(1, [40, 4, 30, 30]), Slide::by(1, 2).padding(1, 1).round_down());
    let next_dz = reals(2, max_pooling_forward(&z, (3, 3), slide).unwrap().shape());
    on_any_number_of_threads("max", || max_pooling_forward(&z, (3, 3), slide).unwrap());
    on_any_number_of_threads("max backward", || max_pooling_backward(&next_dz, &z, (3, 3), slide).unwrap());
    on_any_number_of_threads("mean", || avg_pooling_forward(&z, (3, 3), slide).unwrap());
    on_any_number_of_threads("mean backward", || avg_pooling_backward(&next_dz, &z, (3, 3), slide).unwrap());
}
