//! The same bits, however many threads.

use handgrad::check::draw::Draw;
use handgrad::check::lesson::{Answer, Lesson, Visitor, answers, inputs};
use handgrad::check::lessons;
use handgrad::prelude::*;

/// Runs the functions on one thread and on two (and three, for parts that do not divide evenly).
struct OnAnyNumberOfThreads {
    pools: [rayon::ThreadPool; 3],
    functions: usize,
}

impl OnAnyNumberOfThreads {
    fn compare<T: Float>(&self, what: &str, run: impl Fn() -> Answer<T> + Sync) {
        let [one, others @ ..] = [0, 1, 2].map(|at: usize| self.pools[at].install(|| run().unwrap()));
        for (number, other) in others.iter().enumerate() {
            assert!(other == &one, "{what}: {} threads give other bits than one", number + 2);
        }
    }
}

impl Visitor for OnAnyNumberOfThreads {
    fn visit<L: Lesson>(&mut self) {
        for (number, setting) in L::large().into_iter().enumerate() {
            let x = inputs::<L>(&setting, &mut Draw::reals(number)).unwrap();
            let x32 = x.each(|x| x as f32);
            let what = format!("{:?} of {setting}", L::FUNCTIONS);
            self.compare(&format!("{what} in f64"), || answers::<L, f64>(&setting, &x));
            self.compare(&format!("{what} in f32"), || answers::<L, f32>(&setting, &x32));
        }
        self.functions += if L::large().is_empty() { 0 } else { L::FUNCTIONS.len() };
    }
}

#[test]
fn every_function_gives_the_same_bits_on_any_number_of_threads() {
    let pools = [1, 2, 3].map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    let mut visitor = OnAnyNumberOfThreads { pools, functions: 0 };
    lessons::visit(&mut visitor);
    assert!(visitor.functions >= 36, "{} functions", visitor.functions);
}
