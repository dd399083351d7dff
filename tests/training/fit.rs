//! `train`: the loop, its order, its observers, and what it refuses.

use super::message;
use handgrad::data::mnist::shipped;
use handgrad::prelude::*;
use handgrad::train::experiments::ones;
use handgrad::train::{End, Epoch, Event, Plan, Step, TrainError, Training, evaluate, silently};
use rand::seq::SliceRandom;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// The first images of MNIST's test set.
pub fn digits<T: Float>(n: usize) -> Dataset<T> {
    let file = |name: &str| shipped().unwrap().join(name);
    mnist::load_pair(file("t10k-images-idx3-ubyte.gz"), file("t10k-labels-idx1-ubyte.gz")).unwrap().first(n)
}

/// The bits of all weights, in order.
pub fn bits(model: &Sequential<f32>) -> Vec<u32> {
    model.parameters().iter().flat_map(|p| p.values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()).collect()
}

#[test]
fn lenet_learns_fifty_images_by_heart() {
    let data = digits::<f32>(50);
    let plan = Plan { batch: 10, seed: 1 };
    let mut training = Training::new(lenet(Start::He, 1), Adam::new(2e-3), cross_entropy_loss, plan);
    assert_eq!(training.fit(&data, &data, 20, silently).unwrap(), End::Finished);
    assert_eq!(training.history().epochs[19].accuracy, 1.0);
    assert!(training.history().epochs[19].test_loss < 0.05);
}

#[test]
fn a_small_start_knows_nothing() {
    // All ten classes are equally likely before a network has learned: the loss is −ln(1/10).
    for network in [lenet::<f64>, mlp, seed_cnn] {
        let start = evaluate(&network(Start::Normal(1e-3), 1), &digits(100), cross_entropy_loss).unwrap();
        assert!((start.loss - 10f64.ln()).abs() < 1e-4, "{}", start.loss);
    }
}

#[test]
fn a_seed_gives_the_same_bits_on_any_number_of_threads() {
    let data = digits::<f32>(256);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let plan = Plan { batch: 64, seed: 7 }; // 64·784·25·6 products in the first layer alone: well worth threads
        let mut training = Training::new(lenet(Start::He, 7), Adam::new(1e-3), cross_entropy_loss, plan);
        pool.install(|| training.fit(&data, &data, 2, silently)).unwrap();
        let losses: Vec<u64> = training.history().losses.iter().map(|loss| loss.to_bits()).collect();
        let tests: Vec<u64> = training.history().epochs.iter().map(|epoch| epoch.test_loss.to_bits()).collect();
        (bits(&training.model), losses, tests)
    };
    let one = run(1);
    assert_eq!(one.1.len(), 8);
    assert!(run(1) == one, "two runs with one thread");
    assert!(run(2) == one, "two threads");
    assert!(run(3) == one, "three threads");
}

/// A layer that changes nothing and writes down the first number of every sample that it is trained on.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Vec<f32>>>>);

impl Layer<f32> for Recorder {
    fn description(&self) -> String {
        "Recorder".into()
    }
    fn infer(&self, z: &Tensor4<f32>) -> Result<Tensor4<f32>, ShapeError> {
        Ok(z.clone())
    }
    fn forward(&mut self, z: Tensor4<f32>, _: &mut Memory<f32>) -> Result<Tensor4<f32>, ShapeError> {
        self.0.lock().unwrap().push(z.matrix().column(0).iter().copied().collect());
        Ok(z)
    }
    fn backward(&mut self, next_dz: &Tensor4<f32>, _: &mut Memory<f32>) -> Result<Tensor4<f32>, Error> {
        Ok(next_dz.clone())
    }
}

/// n samples, of which number n is [n, 0, …]; its label is n modulo the number of features.
fn counted(n: usize, features: usize) -> Dataset<f32> {
    let inputs = DMatrix::from_fn(n, features, |n, j| if j == 0 { n as f32 } else { 0.0 });
    let labels = (0..n).map(|n| n % features.min(200)).collect();
    Dataset::new(Tensor4::from_vectors(inputs), labels, features).unwrap()
}

/// Mean loss 0 if every sample came with its own label, and NaN if not.
fn own_label(y: &DMatrix<f32>, y_true: &DMatrix<f32>) -> Result<Loss<f32>, ShapeError> {
    let features = y.ncols().min(200);
    let right = y.row_iter().zip(y_true.row_iter()).all(|(y, y_true)| y_true[y[0] as usize % features] == 1.0);
    Ok(Loss { loss: if right { 0.0 } else { f32::NAN }, dy: y * 0.0 })
}

/// The samples of every step.
fn order(data: &Dataset<f32>, plan: Plan, epochs: usize) -> Vec<Vec<f32>> {
    let recorder = Recorder::default();
    let model = Sequential::new().with(recorder.clone());
    let mut training = Training::new(model, Sgd::new(0.1), own_label, plan);
    training.fit(data, &data.first(1), epochs, silently).unwrap();
    recorder.0.lock().unwrap().clone()
}

#[test]
fn an_epoch_sees_every_sample_once_in_an_order_of_its_own() {
    let data = counted(10, 3);
    let plan = Plan { batch: 4, seed: 1 };
    let steps = order(&data, plan, 2);
    assert_eq!(steps.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2, 4, 4, 2]);
    let (first, second) = (steps[..3].concat(), steps[3..].concat());
    for epoch in [&first, &second] {
        let mut sorted = epoch.clone();
        sorted.sort_by(f32::total_cmp);
        assert_eq!(sorted, (0..10).map(|n| n as f32).collect::<Vec<_>>());
    }
    assert_ne!(first, second);
    assert_eq!(order(&data, plan, 2), steps);
    assert_ne!(order(&data, Plan { seed: 2, ..plan }, 2), steps);
    assert_eq!(
        order(&data, Plan { batch: 5, ..plan }, 2).concat(),
        steps.concat(),
        "the batch does not change the order"
    );
}

#[test]
fn every_sample_comes_to_every_place_equally_often() {
    let (n, epochs) = (5, 2000);
    let all = order(&counted(n, 2), Plan { batch: n, seed: 1 }, epochs);
    let mut counts = [[0; 5]; 5];
    for epoch in &all {
        epoch.iter().enumerate().for_each(|(place, sample)| counts[place][*sample as usize] += 1);
    }
    // 400 are expected of each, with a standard deviation of 18.
    assert!(counts.as_flattened().iter().all(|count| (310..=490).contains(count)), "{counts:?}");
}

/// The promise of the same bits from the same seed, written down: epoch e takes stream e + 1 of the seed, and stream 0,
/// from which weights are drawn, is no epoch's.
#[test]
fn the_order_comes_from_a_stream_of_its_own() {
    let (n, seed) = (20, 3);
    let shuffled = |stream: u64| {
        let mut rng = init::rng(seed);
        rng.set_stream(stream);
        let mut order: Vec<f32> = (0..n).map(|sample| sample as f32).collect();
        order.shuffle(&mut rng);
        order
    };
    let epochs = order(&counted(n, 2), Plan { batch: n, seed }, 50);
    for (epoch, order) in epochs.iter().enumerate() {
        assert_eq!(order, &shuffled(epoch as u64 + 1), "epoch {epoch}");
        assert_ne!(order, &shuffled(0), "epoch {epoch} shares the stream of the weights");
    }
}

#[test]
fn a_test_loss_that_is_no_number_is_an_error() {
    let mut training = linear::<f64>(0.5, 10);
    let nowhere = Dataset::new(Tensor4::from_vectors(dmatrix![f64::NAN, 0.0]), vec![0], 2).unwrap();
    let error = message(training.fit(&line(), &nowhere, 1, silently));
    assert_eq!(error, "the test loss after epoch 1 is NaN: is the learning rate of 0.5 too large?");
    assert_eq!((training.history().losses.len(), training.history().epochs.len()), (1, 0));
}

#[test]
fn a_batch_larger_than_the_set_is_the_set() {
    let data = counted(3, 2);
    for batch in [3, 4, usize::MAX] {
        assert_eq!(order(&data, Plan { batch, seed: 1 }, 2).iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
    }
}

#[test]
fn samples_that_are_gathered_in_several_goes_keep_their_order_and_labels() {
    // 2500 samples of 8192 numbers are gathered about a thousand at a time.
    let data = counted(2500, 8192);
    let steps = order(&data, Plan { batch: 7, seed: 1 }, 1);
    let narrow = order(&counted(2500, 2), Plan { batch: 7, seed: 1 }, 1);
    assert_eq!(steps, narrow);
}

#[test]
fn a_batch_may_be_larger_than_what_is_gathered_at_once() {
    // 1050 samples of 8192 numbers are more than 8 million.
    let plan = Plan { batch: 1050, seed: 1 };
    assert_eq!(order(&counted(1100, 8192), plan, 1), order(&counted(1100, 2), plan, 1));
}

/// Ten samples that a line can tell apart.
pub fn line<T: Float>() -> Dataset<T> {
    let inputs = DMatrix::from_fn(10, 2, |n, j| lit(((3 * n + j) % 10) as f64 / 10.0));
    Dataset::new(Tensor4::from_vectors(inputs), (0..10).map(|n| usize::from((3 * n) % 10 < 5)).collect(), 2).unwrap()
}

pub fn linear<T: Float>(learning_rate: f64, batch: usize) -> Training<T> {
    let model = Sequential::new().with(Dense::of(init::he(&mut init::rng(1), [2, 2])));
    Training::new(model, Sgd::new(lit(learning_rate)), cross_entropy_loss, Plan { batch, seed: 1 })
}

#[test]
fn the_history_is_what_the_observer_was_told() {
    let mut training = linear::<f64>(0.5, 4);
    let mut events = Vec::new();
    let end = training.fit(&line(), &line().first(4), 2, |event| {
        events.push(event);
        ControlFlow::Continue(())
    });
    assert_eq!(end, Ok(End::Finished));
    let steps: Vec<Step> = events.iter().filter_map(|e| if let Event::Step(s) = e { Some(*s) } else { None }).collect();
    let epochs: Vec<Epoch> =
        events.iter().filter_map(|e| if let Event::Epoch(e) = e { Some(*e) } else { None }).collect();
    let history = training.history();
    assert_eq!(
        steps.iter().map(|s| (s.epoch, s.step, s.steps, s.samples)).collect::<Vec<_>>(),
        [(1, 1, 3, 4), (1, 2, 3, 4), (1, 3, 3, 2), (2, 1, 3, 4), (2, 2, 3, 4), (2, 3, 3, 2),]
    );
    assert_eq!(steps.iter().map(|s| s.loss).collect::<Vec<_>>(), history.losses);
    assert_eq!(epochs, history.epochs);
    assert!(matches!(events[3], Event::Epoch(_)) && matches!(events[7], Event::Epoch(_)));
    // The mean over samples: the last step, of two, counts half.
    let mean = (4.0 * history.losses[0] + 4.0 * history.losses[1] + 2.0 * history.losses[2]) / 10.0;
    assert!((epochs[0].loss - mean).abs() < 1e-15);
    let now = evaluate(&training.model, &line().first(4), cross_entropy_loss).unwrap();
    assert_eq!((epochs[1].test_loss, epochs[1].accuracy), (now.loss, now.accuracy));
    assert_eq!(training.fit(&line(), &line(), 2, silently), Ok(End::Finished), "two epochs are done");
    assert_eq!(training.history().losses.len(), 6);
    assert!(epochs[0].to_string().starts_with("epoch 1: loss 0."), "{}", epochs[0]);
}

#[test]
fn what_the_caller_left_in_the_gradients_is_not_trained_on() {
    let mut straight = linear::<f64>(0.5, 4);
    straight.fit(&line(), &line(), 1, silently).unwrap();
    let mut training = linear::<f64>(0.5, 4);
    let mut memory = Memory::new();
    let y = training.model.forward(line().inputs, &mut memory).unwrap();
    training.model.backward_parameters(&y, &mut memory).unwrap();
    training.fit(&line(), &line(), 1, silently).unwrap();
    assert_eq!(training.history().losses, straight.history().losses);
}

#[test]
fn an_observer_stops_after_any_step_and_the_next_fit_goes_on() {
    let mut straight = linear::<f32>(0.5, 4);
    straight.fit(&line(), &line(), 3, silently).unwrap();
    let mut training = linear::<f32>(0.5, 4);
    let mut calls = 0;
    loop {
        let end = training.fit(&line(), &line(), 3, |_| {
            calls += 1;
            ControlFlow::Break(())
        });
        if end.unwrap() == End::Finished {
            break;
        }
    }
    assert_eq!(calls, 9 + 3);
    assert_eq!(training.history().losses, straight.history().losses);
    assert_eq!(bits(&training.model), bits(&straight.model));
}

#[test]
fn evaluation_counts_and_averages_over_every_sample() {
    // y = z: of logits (0, x) class 1 wins if x > 0, and class 0 if x = 0, as the first of equals.
    let n = 2345;
    let inputs = DMatrix::from_fn(n, 2, |n, j| if j == 1 { (n % 3) as f64 } else { 0.0 });
    let data = Dataset::new(Tensor4::from_vectors(inputs), vec![1; n], 2).unwrap();
    let model = Sequential::new().with(Dense::of(DMatrix::identity(2, 2)));
    let found = evaluate(&model, &data, cross_entropy_loss).unwrap();
    assert_eq!(found.accuracy, (n - n.div_ceil(3)) as f64 / n as f64);
    let loss = |x: f64| (1.0 + (-x).exp()).ln();
    let expected = (0..n).map(|n| loss((n % 3) as f64)).sum::<f64>() / n as f64;
    assert!((found.loss / expected - 1.0).abs() < 1e-13, "{} {expected}", found.loss); // 2345 terms, each rounded

    let nan = Sequential::new().with(Dense::of(DMatrix::from_element(2, 2, f64::NAN)));
    assert_eq!(evaluate(&nan, &data, cross_entropy_loss).unwrap().accuracy, 0.0);
}

#[test]
fn what_cannot_be_trained_on_is_named() {
    let fit = |training: &mut Training<f64>, train: &Dataset<f64>, test: &Dataset<f64>| {
        message(training.fit(train, test, 1, silently))
    };
    let (data, empty) = (line(), line().first(0));
    assert_eq!(fit(&mut linear(0.1, 4), &empty, &data), "the training set has no samples");
    assert_eq!(fit(&mut linear(0.1, 4), &data, &empty), "the test set has no samples");
    assert_eq!(message(evaluate(&linear(0.1, 4).model, &empty, cross_entropy_loss)), "the set has no samples");
    assert_eq!(fit(&mut linear(0.1, 0), &data, &data), "the batch is 0: a step needs at least one sample");
    let wrong = Dataset { labels: vec![0, 1, 0, 1, 0, 1, 0, 2, 0, 1], ..line() };
    assert_eq!(fit(&mut linear(0.1, 4), &wrong, &data), "label 7 of the training set is 2, but there are 2 classes");
    assert_eq!(fit(&mut linear(0.1, 4), &data, &wrong), "label 7 of the test set is 2, but there are 2 classes");
    let unequal = Dataset { labels: vec![0, 1], ..line() };
    assert_eq!(fit(&mut linear(0.1, 4), &unequal, &data), "the training set has 10 inputs but 2 labels");
    let three = Dataset { classes: 3, ..line() };
    assert!(
        fit(&mut linear(0.1, 4), &three, &three)
            .starts_with("cross_entropy_loss: y_predict is (4, 2) but y_true is (4, 3)")
    );
    let mut begun = linear(0.1, 4);
    begun.fit(&data, &data, 1, silently).unwrap();
    let error = fit(&mut begun, &data.first(9), &data);
    assert_eq!(
        error,
        "the training set has 9 samples, but this training began with 10: it can only continue with the same set"
    );
}

#[test]
fn a_loss_that_is_no_number_stops_before_the_step() {
    // After one step both matrices are of the size 1e200, and their product is infinite.
    let rng = &mut init::rng(1);
    let layers = [init::he(rng, [2, 2]), init::he(rng, [2, 2])].map(Dense::<f64>::of);
    let model = layers.into_iter().fold(Sequential::new(), Sequential::with);
    let mut training = Training::new(model, Sgd::new(1e200), cross_entropy_loss, Plan { batch: 4, seed: 1 });
    let mut steps = 0;
    let error = training.fit(&line(), &line(), 5, |_| {
        steps += 1;
        ControlFlow::Continue(())
    });
    let Err(TrainError::NotFinite { step, loss, learning_rate }) = error else { panic!("{error:?}") };
    assert!(!loss.is_finite() && learning_rate == 1e200);
    assert_eq!((step, training.history().losses.len()), (steps + 1, steps), "{error:?}");
    let text = message(error);
    assert!(text.starts_with(&format!("the loss before step {step} is ")), "{text}");
    assert!(text.ends_with("is the learning rate of 1e200 too large?"), "{text}");
}

#[test]
fn a_schedule_sets_the_learning_rate_of_every_step() {
    // One sample, one weight, L = y: each step moves the weight by the learning rate times z = 1.
    fn output(y: &DMatrix<f64>, _: &DMatrix<f64>) -> Result<Loss<f64>, ShapeError> {
        Ok(Loss { loss: y[0], dy: DMatrix::from_element(1, 1, 1.0) })
    }
    let data = Dataset::new(Tensor4::from_vectors(dmatrix![1.0]), vec![0], 1).unwrap();
    let model = Sequential::new().with(Dense::of(dmatrix![0.0]));
    let mut training = Training::new(model, Sgd::new(2.0), output, Plan { batch: 1, seed: 1 })
        .schedule(|t| [1.0, 0.5, 0.25][t as usize]);
    training.fit(&data, &data, 2, silently).unwrap();
    training.fit(&data, &data, 3, silently).unwrap(); // its steps are counted on
    assert_eq!(training.model.parameters()[0].values, [-(2.0 + 1.0 + 0.5)]);
}

#[test]
fn the_courses_convolution_learns_to_answer_one() {
    let plain = ones(false, 0.001, 100, 1).unwrap();
    assert!(plain.reached);
    // Four maps of 26 × 26 outputs near 0: half of 2704 squared errors of 1 a sample.
    assert!((plain.losses[0] - 1352.0).abs() < 1.0, "{}", plain.losses[0]);
    // b alone has the curvature 26² = 676: an error of 1 shrinks by 1 − 0.676 a step, to 10⁻⁸ in 16 or 17.
    assert!((15..=20).contains(&(plain.losses.len() - 1)), "{} steps", plain.losses.len() - 1);
    assert!(plain.losses.windows(2).all(|pair| pair[1] < pair[0]));

    let pooled = ones(true, 0.001, 2000, 1).unwrap();
    assert!(pooled.reached && pooled.losses.len() > 100);
    assert!((pooled.losses[0] - 338.0).abs() < 5.0, "{}", pooled.losses[0]); // 13 × 13 of them
    // A rate with which it diverges: the losses before are kept, and the reason is told.
    let diverged = ones(false, 1e10, 1000, 1).unwrap();
    assert!(!diverged.reached && (1..1000).contains(&diverged.losses.len()));
    assert!(diverged.losses.iter().all(|loss| loss.is_finite()));
    let Some(TrainError::NotFinite { step, loss, .. }) = diverged.failed else { panic!("{:?}", diverged.failed) };
    assert!(step == diverged.losses.len() + 1 && !loss.is_finite());
    assert_eq!(plain.failed, None);

    let short = ones(true, 0.001, 10, 1).unwrap();
    assert!(!short.reached);
    assert_eq!(short.losses, pooled.losses[..11]);
}
