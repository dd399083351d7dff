//! `Training::save` and `resume`: stopped anywhere and taken up again, a training gives the same bits.

use super::fit::{bits, digits, line, linear};
use super::message;
use handgrad::optim::State;
use handgrad::prelude::*;
use handgrad::train::{End, Event, Plan, Training, silently};
use std::ops::ControlFlow;
use std::path::Path;

/// Everything that must be the same, whenever a training was interrupted: all but the seconds.
fn state(training: &Training<f32>) -> [Vec<u64>; 4] {
    let history = training.history();
    let weights = bits(&training.model).into_iter().map(u64::from).collect();
    let losses = history.losses.iter().map(|loss| loss.to_bits()).collect();
    let epochs = history.epochs.iter().flat_map(|e| [e.loss, e.test_loss, e.accuracy].map(f64::to_bits)).collect();
    let memories = training.optimizer.state().memories.concat().iter().map(|x| u64::from(x.to_bits())).collect();
    [weights, losses, epochs, memories]
}

fn lenet_with(optimizer: impl Optimizer<f32> + 'static) -> Training<f32> {
    Training::new(lenet(Start::He, 3), optimizer, cross_entropy_loss, Plan { batch: 16, seed: 3 })
}

/// Trains until this many steps are made.
fn until(training: &mut Training<f32>, data: &Dataset<f32>, steps: usize) {
    let mut left = steps - training.history().losses.len();
    let end = training.fit(data, data, usize::MAX, |event| {
        left -= usize::from(matches!(event, Event::Step(_)));
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(end, Ok(End::Stopped));
}

#[test]
fn resumed_anywhere_it_goes_on_bit_for_bit() {
    let data = digits::<f32>(40); // 3 steps an epoch, the last of 8
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run");
    let mut straight = lenet_with(Adam::new(1e-3));
    straight.fit(&data, &data, 2, silently).unwrap();
    // After a step in the middle, after the last step but before the evaluation, after the epoch, in the second epoch.
    for steps in [1, 3, 4, 5] {
        let mut first = lenet_with(Adam::new(1e-3));
        until(&mut first, &data, steps);
        first.save(&file).unwrap();
        // Another start, to show that all of it comes from the file.
        let plan = Plan { batch: 16, seed: 3 };
        let mut second = Training::new(lenet(Start::He, 99), Adam::new(1e-3), cross_entropy_loss, plan);
        second.resume(&file).unwrap();
        assert_eq!(state(&second), state(&first));
        second.fit(&data, &data, 2, silently).unwrap();
        assert!(state(&second) == state(&straight), "interrupted after {steps} steps");
    }
    let mut whole = lenet_with(Adam::new(1e-3));
    whole.fit(&data, &data, 1, silently).unwrap();
    whole.save(&file).unwrap();
    whole = lenet_with(Adam::new(1e-3));
    whole.resume(&file).unwrap();
    assert_eq!(whole.history().epochs.len(), 1);
    whole.fit(&data, &data, 2, silently).unwrap();
    assert!(state(&whole) == state(&straight), "interrupted after an epoch");
}

type New<T> = fn() -> Box<dyn Optimizer<T>>;

/// One of each kind.
fn optimizers<T: Float>() -> [New<T>; 8] {
    [
        || Box::new(Sgd::new(lit(0.01)).learning_rate_decay(0.1)),
        || Box::new(Sgd::new(lit(0.01)).momentum(0.9)),
        || Box::new(Sgd::new(lit(0.01)).nesterov(0.9)),
        || Box::new(AdaGrad::new(lit(0.01))),
        || Box::new(RmsProp::new(lit(0.001))),
        || Box::new(Adadelta::new(lit(1.0))),
        || Box::new(Adam::new(lit(0.001))),
        || Box::new(AdamW::new(lit(0.001))),
    ]
}

#[test]
fn every_optimizer_can_be_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run");
    let data = digits::<f32>(32);
    for optimizer in optimizers() {
        let mut straight = lenet_with(optimizer());
        until(&mut straight, &data, 3);
        let mut training = lenet_with(optimizer());
        until(&mut training, &data, 1);
        training.save(&file).unwrap();
        training = lenet_with(optimizer());
        training.resume(&file).unwrap();
        until(&mut training, &data, 3);
        assert!(state(&training) == state(&straight));
    }
}

#[test]
fn seconds_and_an_untouched_training_survive() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run");
    linear::<f64>(0.1, 4).save(&file).unwrap();
    let mut fresh = linear::<f64>(0.1, 4);
    fresh.resume(&file).unwrap();
    assert!(fresh.history().losses.is_empty());
    fresh.fit(&line(), &line(), 1, silently).unwrap();
    fresh.fit(&line(), &line(), 2, |_| ControlFlow::Break(())).unwrap();
    fresh.save(&file).unwrap();
    let mut resumed = linear::<f64>(0.1, 4);
    resumed.resume(&file).unwrap();
    assert_eq!(resumed.history(), fresh.history());
    assert!(resumed.history().seconds > 0.0);
    assert!(message(resumed.fit(&line().first(8), &line(), 3, silently)).contains("this training began with 10"));
}

/// Resumes from `file`, which must be refused without a change, and returns why.
fn refused(mut training: Training<f64>, file: &Path) -> String {
    let before = training.model.parameters()[0].values.to_vec();
    let error = message(training.resume(file));
    assert!(error.starts_with(&file.display().to_string()), "{error}");
    assert_eq!(training.model.parameters()[0].values, before);
    assert!(training.history().losses.is_empty() && training.optimizer.state().memories.is_empty());
    error[file.display().to_string().len()..].to_string()
}

/// The bytes of a checkpoint whose note says something else.
fn with_note(bytes: &[u8], key: &str, was: &str, is: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
    let (was, is) = (format!(r#"\"{key}\":{was}"#), format!(r#"\"{key}\":{is}"#));
    assert_eq!(header.matches(&was).count(), 1, "{was} in {header}");
    let header = header.replace(&was, &is);
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes[8 + length..]].concat()
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (file, other) = (directory.path().join("run"), directory.path().join("other"));
    let model = |m: usize| Sequential::new().with(Dense::of(init::he(&mut init::rng(1), [2, m])));
    let plan = Plan { batch: 4, seed: 1 };
    let adam = |m, plan| Training::<f64>::new(model(m), Adam::new(0.1), cross_entropy_loss, plan);
    let mut training = adam(2, plan);
    training.fit(&line(), &line(), 1, silently).unwrap();
    training.save(&file).unwrap();

    assert_eq!(
        refused(adam(2, Plan { batch: 5, ..plan }), &file),
        ": expected a training with the batch 5, found the batch 4"
    );
    assert_eq!(
        refused(adam(2, Plan { seed: 2, ..plan }), &file),
        ": expected a training with the seed 2, found the seed 1"
    );
    assert_eq!(
        refused(adam(3, plan), &file),
        ": expected a training with the layers Dense 2 → 3, found the layers Dense 2 → 2"
    );
    let error = refused(linear(0.1, 4), &file);
    assert_eq!(error, ": expected a training with the optimizer Sgd, found the optimizer Adam");
    let mut named = adam(2, plan);
    named.about = "another".into();
    assert_eq!(refused(named, &file), r#": expected a training about "another", found one about """#);

    training.model.save(&other).unwrap();
    assert!(refused(adam(2, plan), &other).contains("expected a checkpoint of a training"));
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&other, &bytes[..bytes.len() - 8]).unwrap();
    assert!(refused(adam(2, plan), &other).contains("expected a whole safetensors file"));
    assert!(
        message(model(2).load(&file)).contains("expected a tensor 0.weight"),
        "a checkpoint is not a file of weights"
    );
    // What is remembered by one optimizer means something else to another, though it be as much.
    let with = |optimizer: Box<dyn Optimizer<f64>>| Training::new(model(2), optimizer, cross_entropy_loss, plan);
    let optimizers = optimizers();
    for (i, theirs) in optimizers.iter().enumerate() {
        let mut training = with(theirs());
        training.fit(&line(), &line(), 1, silently).unwrap();
        training.save(&other).unwrap();
        for (j, ours) in optimizers.iter().enumerate() {
            if i == j {
                with(ours()).resume(&other).unwrap();
            } else {
                assert!(refused(with(ours()), &other).contains("expected a training with the optimizer "), "{i} {j}");
            }
        }
    }
    // So do the same numbers in other layers.
    let squashed = Training::<f64>::new(model(2).with(Tanh::new()), Adam::new(0.1), cross_entropy_loss, plan);
    assert_eq!(
        refused(squashed, &file),
        ": expected a training with the layers Dense 2 → 2, Tanh, found the layers Dense 2 → 2"
    );
    // Steps that were never taken: Adam divides by 1 − βᵗ.
    for count in ["0", "2", "4", "9007199254740993", "18446744073709551615"] {
        std::fs::write(&other, with_note(&bytes, "steps", "3", count)).unwrap();
        let error = refused(adam(2, plan), &other);
        assert!(error.contains("an optimizer that has taken the 3 steps of its training, found one that has taken "));
    }
    for count in ["18446744073709551615", "9223372036854775808", "6"] {
        std::fs::write(&other, with_note(&bytes, "memories", "4", count)).unwrap();
        refused(adam(2, plan), &other);
    }
    for count in ["18446744073709551615", "9223372036854775808", "0"] {
        std::fs::write(&other, with_note(&bytes, "samples", "10", count)).unwrap();
        refused(adam(2, plan), &other);
    }
    let mut used = Adam::new(0.1);
    used.step(&mut [&mut [1.0]], &[&[1.0]]).unwrap();
    let used = Training::<f64>::new(model(2), used, cross_entropy_loss, plan);
    assert!(message(used.save(&other)).contains("the 0 steps of its training, found one that has taken 1"));
    let state = State { steps: u64::MAX, memories: vec![] };
    assert!(message(Adam::<f64>::new(0.1).restore(state)).contains("the number of steps is 18446744073709551615"));

    // A history that fits no place of the training: three steps an epoch cannot have become one.
    let samples = br#"\"samples\":"#;
    let at = bytes.windows(samples.len()).position(|window| window == samples).unwrap() + samples.len();
    let mut forged = bytes.clone();
    forged[at..at + 2].copy_from_slice(b"90"); // in place of 10
    std::fs::write(&other, &forged).unwrap();
    assert!(refused(adam(2, plan), &other).contains("1 epochs of 23 steps and a part of the next, found 3 steps"));
}
