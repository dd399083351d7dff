//! The first weights of a net.

use super::{can_be_drawn, number_after, words};
use handgrad::live::{self, LiveError};

#[test]
fn he_keeps_the_size_of_the_numbers() -> Result<(), LiveError> {
    let size = |query: &str| -> Result<[f64; 4], LiveError> {
        let text = words(query)?;
        let (outputs, gradients) = text.split_once("Their gradients: ").unwrap_or((&text, ""));
        let (first, last) = (number_after(outputs, "outputs: "), number_after(outputs, "first layer, "));
        let (nearest, deepest) = (number_after(gradients, ""), number_after(gradients, "last layer, "));
        Ok([first, last, nearest, deepest])
    };
    let he = (2.0_f64 / 64.0).sqrt();
    let [first, last, nearest, deepest] = size(&format!("start?layers=10&units=64&sigma={he}"))?;
    assert!((0.2..5.0).contains(&(last / first)), "{first} {last}");
    // The last layer has ten outputs in place of 64.
    assert!((0.05..5.0).contains(&(deepest / nearest)), "{nearest} {deepest}");
    // A quarter of He's: the numbers shrink by about that factor from layer to layer, nine times.
    let [first, last, ..] = size(&format!("start?layers=10&units=64&sigma={}", he / 4.0))?;
    let factor = last / first * 4.0_f64.powi(9);
    assert!((0.2..5.0).contains(&factor), "{factor}");
    Ok(())
}

#[test]
fn a_net_with_small_weights_knows_nothing() -> Result<(), LiveError> {
    let text = words("start?sigma=0.001")?;
    assert!(text.contains("The loss is 2.3026, about ln 10 = 2.3026: the net knows nothing."), "{text}");
    assert!(words("start?sigma=1")?.contains("above ln 10"));
    Ok(())
}

/// The loss after so many steps.
fn trained(query: &str, steps: usize) -> Result<f64, LiveError> {
    let mut figure = live::open(query)?;
    for _ in 0..steps {
        figure.advance()?;
    }
    let text = figure.picture()?.alt;
    assert!(text.contains(&format!("after {steps} steps")), "{text}");
    Ok(number_after(&text, "The loss is "))
}

#[test]
fn small_weights_stay_on_the_plateau() -> Result<(), LiveError> {
    let he = (2.0_f64 / 32.0).sqrt();
    assert!(trained(&format!("start?layers=3&units=32&sigma={he}"), 150)? < 0.5);
    assert!(trained("start?layers=3&units=32&sigma=0.02", 150)? > 2.2);
    Ok(())
}

/// The law of chapter 06 for three layers: half the size, twice the time.
#[test]
fn half_the_weights_stay_twice_as_long() -> Result<(), LiveError> {
    let left = |sigma: f64, steps: usize| -> Result<f64, LiveError> {
        let mut figure = live::open(&format!("start?layers=3&units=32&sigma={sigma}"))?;
        for _ in 0..steps {
            figure.advance()?;
        }
        Ok(number_after(&figure.picture()?.alt, "left the plateau (a loss below 2) after "))
    };
    let (large, small) = (left(0.04, 200)?, left(0.02, 400)?);
    assert!((small / large / 2.0 - 1.0).abs() < 0.25, "{large} {small}");
    Ok(())
}

#[test]
fn another_start_is_another_training() -> Result<(), LiveError> {
    let mut figure = live::open("start?layers=2&units=16")?;
    assert_eq!(figure.picture()?.alt, words("start?layers=2&units=16")?);
    figure.advance()?;
    figure.set("width=350")?;
    assert!(figure.picture()?.alt.contains("after 1 step."));
    figure.set("sigma=0.3")?;
    assert!(figure.picture()?.alt.contains("before training"));
    Ok(())
}

#[test]
fn a_training_says_that_it_is_done() -> Result<(), LiveError> {
    let mut figure = live::open("start?layers=2&units=16")?;
    while figure.advance()? {}
    let text = figure.picture()?.alt;
    assert!(text.contains("2000 steps: done"), "{text}");
    Ok(())
}

#[test]
fn extremes_can_be_drawn() -> Result<(), LiveError> {
    for f in ["ReLU", "tanh", "sigmoid"] {
        for sigma in ["0.001", "1"] {
            can_be_drawn(&format!("start?f={f}&sigma={sigma}&layers=10&units=100"))?;
            can_be_drawn(&format!("start?f={f}&sigma={sigma}&layers=2&units=16"))?;
        }
    }
    // Large weights: the numbers may grow beyond all bounds, which ends the training.
    let mut figure = live::open("start?sigma=1&layers=10&units=100")?;
    for _ in 0..5 {
        figure.advance()?;
    }
    assert!(figure.picture()?.alt.contains("The loss is") || figure.picture()?.alt.contains("beyond all bounds"));
    Ok(())
}
