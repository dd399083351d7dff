//! LeNet in training: the steps of the training loop, and the images as bytes.

use super::digit::digits;
use handgrad::live::{Live, lenet as scene};
use handgrad::prelude::*;
use handgrad::train::{Event, Plan, Training, evaluate};
use std::ops::ControlFlow;

/// 120 images to train with and 50 to test with.
fn few() -> Vec<u8> {
    let (train, test) = digits().first(170).split(120);
    scene::pack(&train, &test).unwrap()
}

fn figure(query: &str) -> Live {
    live::open(query).unwrap().data("images", few()).unwrap()
}

fn alt(figure: &Live) -> String {
    figure.picture().unwrap().alt
}

#[test]
fn its_steps_are_those_of_the_training_loop() {
    let [train, test] = scene::unpack(&few()).unwrap();
    let mut live = figure("lenet?rate=0.05&batch=16&rule=SGD with momentum 0.9");
    let plan = Plan { batch: 16, seed: 1 };
    let mut training =
        Training::new(lenet::<f32>(Start::He, 1), Sgd::new(0.05).momentum(0.9), cross_entropy_loss, plan);
    // 8 steps an epoch, the last one of 8 images.
    let stop = |event| match event {
        Event::Step(made) if (made.epoch, made.step) == (2, 3) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    training.fit(&train, &test, 2, stop).unwrap();
    for _ in 0..11 {
        assert!(live.advance().unwrap());
    }
    let losses = &training.history().losses;
    assert_eq!(losses.len(), 11);
    let mean = losses.iter().sum::<f64>() / 11.0;
    let text = alt(&live);
    let shown = text.split("Step 11: loss ").nth(1).unwrap().split(' ').next().unwrap();
    assert!((shown.trim_end_matches('.').parse::<f64>().unwrap() - mean).abs() < 0.005 * mean, "{mean}: {text}");
    // The same numbers to the last bit give the same kernels: the picture of a training by hand is the same.
    let mut again = figure("lenet?rate=0.05&batch=16&rule=SGD with momentum 0.9");
    (0..11).for_each(|_| assert!(again.advance().unwrap()));
    assert_eq!(live.picture().unwrap(), again.picture().unwrap());
    assert!(
        text.contains(
            "Epoch 2 of 10: 120 training digits in batches of 16. The loss is the mean of the last 11 batches."
        ),
        "{text}"
    );
}

#[test]
fn the_accuracy_is_that_of_a_copy_after_a_known_step() {
    let [train, test] = scene::unpack(&few()).unwrap();
    let plan = Plan { batch: 8, seed: 1 };
    let mut training = Training::new(lenet::<f32>(Start::He, 1), Adam::new(0.001), cross_entropy_loss, plan);
    let mut live = figure("lenet?rate=0.001&batch=8&rule=Adam");
    let mut accuracies = vec![evaluate(&training.model, &test, cross_entropy_loss).unwrap().accuracy];
    for steps in [5, 10] {
        training
            .fit(&train, &test, 1, |event| match event {
                Event::Step(made) if made.step == steps => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
            .unwrap();
        accuracies.push(evaluate(&training.model, &test, cross_entropy_loss).unwrap().accuracy);
    }
    // 50 test images are tried in five steps, 10 at a time.
    for (round, accuracy) in accuracies.iter().enumerate() {
        (0..5).for_each(|_| assert!(live.advance().unwrap()));
        let expected =
            [format!(" After step {}: {:.1} % right.", 5 * round, 100.0 * accuracy), "on 50 other digits.".into()];
        let text = alt(&live);
        assert!(expected.iter().all(|words| text.contains(words)), "{expected:?}: {text}");
    }
}

#[test]
fn it_learns_and_comes_to_an_end() {
    let mut live = figure("lenet?batch=16");
    let mut steps = 1;
    while live.advance().unwrap() {
        steps += 1;
    }
    assert_eq!(steps, 80);
    assert!(!live.advance().unwrap());
    let text = alt(&live);
    assert!(text.contains("Done after 80 steps: ") && text.contains("Epoch 10 of 10"), "{text}");
    let accuracy = text.split(" % right").next().unwrap().split(' ').next_back().unwrap().parse::<f64>().unwrap();
    assert!(accuracy > 50.0, "{text}");
}

#[test]
fn a_rate_that_is_too_large_is_named_and_another_one_starts_anew() {
    let mut live = figure("lenet?rate=1&rule=SGD with momentum 0.9");
    while live.advance().unwrap() {}
    let text = alt(&live);
    assert!(text.contains("The training failed after step "), "{text}");
    assert!(text.contains("It stopped: digits of different classes get exactly the same logits."), "{text}");
    assert!(!live.advance().unwrap());
    live.set("width=350").unwrap();
    assert!(alt(&live).contains("It stopped: digits of different classes"));
    live.set("rate=0.02").unwrap();
    assert!(alt(&live).contains("Not trained yet: press Train."));
    assert!(live.advance().unwrap());
    // While it runs, another rate changes nothing that has been done; another batch does.
    live.set("rate=0.01").unwrap();
    assert!(alt(&live).contains("Step 1: "));
    live.set("batch=4").unwrap();
    assert!(alt(&live).contains("Not trained yet"));
}

#[test]
fn the_curves_of_the_training_before_stay() {
    let mut live = figure("lenet?batch=16");
    let curves = |live: &Live| live.picture().unwrap().svg().matches("the training before").count();
    live.set("rule=Adam").unwrap();
    assert_eq!(curves(&live), 0, "no step was made");
    (0..6).for_each(|_| assert!(live.advance().unwrap()));
    live.set("batch=8").unwrap();
    assert_eq!(curves(&live), 2, "the loss and the accuracy");
    live.set("batch=4").unwrap();
    assert_eq!(curves(&live), 2, "the last one that made steps");
}

#[test]
fn pictures_fit() {
    for width in [240, 350, 640, 720, 1200] {
        let mut live = figure("lenet?start=standard deviation 0.01");
        for _ in 0..4 {
            live.set(&format!("width={width}")).unwrap();
            let picture = live.picture().unwrap();
            assert!(picture.size.0 <= width.max(330), "{} of {width}", picture.size.0);
            assert!(picture.svg().len() < 60_000, "{}", picture.svg().len());
            live.advance().unwrap();
        }
    }
}

#[test]
fn images_keep_sixteen_shades() {
    let (train, test) = digits().first(170).split(120);
    let [few_train, few_test] = scene::unpack(&scene::pack(&train, &test).unwrap()).unwrap();
    for (own, packed) in [(&train, &few_train), (&test, &few_test)] {
        assert_eq!(own.labels, packed.labels);
        let apart = own.inputs.as_slice().iter().zip(packed.inputs.as_slice()).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) <= 0.5001 / 15.0);
    }
    // What a page has to load for 2,000 images.
    let (train, test) = digits().first(2000).split(1500);
    let size = scene::pack(&train, &test).unwrap().len();
    println!("{size} bytes");
    assert!(size < 260_000, "{size}");
}

#[test]
fn errors_say_what_is_missing() {
    let error = |outcome: Result<Live, live::LiveError>| outcome.map(|live| live.query()).unwrap_err().to_string();
    let open = || live::open("lenet").unwrap();
    assert!(open().picture().unwrap_err().to_string().starts_with("the images are missing"));
    assert!(open().advance().unwrap_err().to_string().starts_with("the images are missing"));
    assert!(error(open().data("images", vec![1, 2, 3])).starts_with("the images cannot be unzipped"));
    assert!(error(open().data("weights", vec![])).ends_with("the figure takes \"images\""));
    let (train, none) = digits().first(5).split(5);
    let found = scene::pack(&train, &none).unwrap_err().to_string();
    assert_eq!(found, "the images are [0, 1, 28, 28] of 10 classes: they must be (N, 1, 28, 28) of 10");
}
