//! Predicted and measured rates of optimizers on surfaces.

use super::{fits, is_written, number_after, said};
use handgrad::live;
use handgrad::optim::surface::Surface;
use handgrad::prelude::*;

/// The larger size of the two roots of r² − τ·r + q, as chapter 16 has it.
fn radius(trace: f64, q: f64) -> f64 {
    let square = trace * trace / 4.0 - q;
    if square < 0.0 { q.sqrt() } else { trace.abs() / 2.0 + square.sqrt() }
}

/// ρ of the two rules at a curvature, by the formulas of chapter 16.
fn of_rule(rule: &str, rate: f64, mu: f64, curvature: f64) -> f64 {
    let x = rate * curvature;
    match rule {
        "SGD" => radius(1.0 + mu - x, mu),
        _ => radius((1.0 + mu) * (1.0 - x), mu * (1.0 - x)),
    }
}

#[test]
fn the_predicted_factor_is_that_of_the_derivation_and_the_run_has_it() {
    for (rule, rate, mu) in [
        ("SGD", 0.05, 0.0),
        ("SGD", 0.01, 0.0),
        ("SGD", 0.09, 0.0),
        ("SGD", 0.1, 0.4),
        ("SGD", 0.05, 0.9),
        ("SGD", 0.17, 0.9),
        ("Nesterov", 0.05, 0.5),
        ("Nesterov", 0.02, 0.9),
        ("Nesterov", 0.06, 0.8),
    ] {
        for (surface, curvatures) in [("Bowl", [1.0, 1.0]), ("Valley", [1.0, 25.0])] {
            let text = said(&format!("descent?surface={surface}&rule={rule}&rate={rate}&momentum={mu}&steps=300"));
            let rho = curvatures.map(|curvature| of_rule(rule, rate, mu, curvature)).into_iter().fold(0.0, f64::max);
            let predicted = number_after(&text, "the loss by ρ² = ");
            assert!(
                is_written(predicted, rho * rho),
                "{rule} {rate} {mu} on {surface}: {predicted}, not {}",
                rho * rho
            );
            assert!(is_written(number_after(&text, "the error by ρ = "), rho), "{text}");
            let measured = number_after(&text, "Measured: each step multiplies the loss by ");
            assert!(
                (measured / predicted - 1.0).abs() < 0.03,
                "{rule} {rate} {mu} on {surface}: {measured} {predicted}"
            );
        }
    }
}

#[test]
fn the_limit_separates_runs_that_converge_from_those_that_diverge() {
    for (rule, mu) in [("SGD", 0.0), ("SGD", 0.5), ("Nesterov", 0.5)] {
        let limit = match rule {
            "SGD" => 2.0 * (1.0 + mu) / 25.0,
            _ => 2.0 * (1.0 + mu) / (1.0 + 2.0 * mu) / 25.0,
        };
        for (share, says) in [(0.97, "It converges: "), (1.03, "It diverges: ")] {
            let query = format!("descent?rule={rule}&momentum={mu}&steps=200&rate={}", share * limit);
            let text = said(&query);
            assert!(text.contains(says), "{query}: {text}");
            let (_, formula) =
                text.split_once("is below the limit ").or(text.split_once("is above the limit ")).unwrap();
            assert!(is_written(number_after(formula, " = "), limit), "{query}: {text}");
            let (first, last) = (number_after(&text, "The loss is "), number_after(&text, "at the start and "));
            assert_eq!(last > first, share > 1.0, "{query}: {text}");
        }
    }
    assert!(said("descent?rate=0.08").contains("It neither converges nor diverges: η = 0.08 is the limit"));
}

#[test]
fn the_path_is_the_optimizers() {
    let path = Surface::Rosenbrock.descend(&mut Adam::new(0.02), [2.0, -1.0], 70).unwrap();
    let text = said("descent?surface=Rosenbrock&rule=Adam&rate=0.02&start=2,-1&steps=70");
    let end = number_after(&text, "at the start and ");
    assert!(is_written(end, Surface::Rosenbrock.value(path[70])), "{text}");
    assert!(text.contains("70 steps, (2, −1) to ") && text.contains("No prediction: this rule"), "{text}");
    let text = said("descent?surface=Rosenbrock&rate=0.0001");
    assert!(text.contains("No prediction: the curvatures change from place to place."), "{text}");
}

/// The task of chapter 16: what momentum has to beat.
#[test]
fn the_best_rate_without_momentum_is_the_one_of_the_run_with_it() {
    let text = said("descent?surface=Valley");
    let best = number_after(&text, "Best rate without momentum: 2/(25 + 1) = ");
    assert!(is_written(best, 2.0 / 26.0), "{text}");
    let (_, sentence) = text.split_once("Best rate").unwrap();
    let factor = number_after(sentence, "It multiplies the loss by ");
    assert!(is_written(factor, (24.0_f64 / 26.0).powi(2)), "{text}");
    for rate in [best / 1.05, best, best * 1.02] {
        let predicted = number_after(&said(&format!("descent?rate={rate}")), "the loss by ρ² = ");
        assert!(predicted >= factor, "{rate}: {predicted}");
    }
    // There is something left to find: the best pair.
    let pair = number_after(&said("descent?rate=0.111&momentum=0.44"), "the loss by ρ² = ");
    assert!(pair < 0.7 * factor, "{pair}");
}

/// A choice that needs another rate or another start gets it, and all others keep what the reader set.
#[test]
fn a_rate_and_a_start_go_with_the_surface_and_the_rule() {
    let mut figure = live::open("descent?rate=0.05&start=1,1").unwrap();
    for (setting, rate, start) in [
        ("surface=Bowl", "0.05", "1,1"),
        ("surface=Rosenbrock", "0.001", "-1.5,2"),
        ("rule=Nesterov", "0.001", "-1.5,2"),
        ("rule=Adam", "0.3", "-1.5,2"),
        ("rate=0.2", "0.2", "-1.5,2"),
        ("rule=RMSProp", "0.2", "-1.5,2"),
        ("rule=Adadelta", "1", "-1.5,2"),
        ("surface=Valley", "1", "-4,1.5"),
        ("rule=SGD", "0.0769", "-4,1.5"),
    ] {
        figure.set(setting).unwrap();
        let query = figure.query();
        assert!(query.contains(&format!("&rate={rate}&")) && query.ends_with(&format!("&start={start}")), "{query}");
        assert_eq!(live::open(&query).unwrap().query(), query);
    }
    // The first run on Rosenbrock's valley is long enough to go along its floor.
    let text = said("descent?surface=Rosenbrock");
    assert!(number_after(&text, "at the start and ") < 0.6 * number_after(&text, "The loss is "), "{text}");
    assert!(said("descent?surface=Rosenbrock&rate=0.05").contains("of 300 steps, then the numbers overflow"));
}

/// From a start on the ridge, the part that grows is 0 and stays so.
#[test]
fn a_saddle_is_left_unless_the_start_is_on_the_ridge() {
    let by = "Measured: each step multiplies the distance by ";
    let [beside, on] = ["0.01", "0"].map(|y| said(&format!("descent?surface=Saddle&rate=0.1&steps=200&start=-4,{y}")));
    let predicted = number_after(&beside, "Predicted: each step multiplies the distance by ρ = ");
    assert_eq!((predicted, number_after(&beside, by), number_after(&on, by)), (1.1, 1.1, 0.9));
}

#[test]
fn the_ring_lies_at_the_start() {
    let ring = |x: f64| {
        let svg = live::open(&format!("descent?start={x},0")).unwrap().picture().unwrap().svg();
        let (_, drag) = svg.split_once("data-drag=\"start\"").unwrap();
        let after = |name: &str| {
            let (_, rest) = drag.split_once(&format!(" {name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.parse::<f64>().unwrap()
        };
        (after("cx") - after("x")) / after("width")
    };
    assert!((ring(-5.0) - 0.0).abs() < 0.002 && (ring(0.0) - 0.5).abs() < 0.002 && (ring(5.0) - 1.0).abs() < 0.002);
}

/// What a figure keeps from one picture to the next does not show.
#[test]
fn a_later_picture_is_the_first_one_of_a_new_figure() {
    let mut figure = live::open("descent").unwrap();
    let mut width = 720;
    for setting in ["rate=0.02", "surface=Bowl", "width=350", "surface=Valley", "width=720", "start=1,1"] {
        figure.set(setting).unwrap();
        if let Some(pixels) = setting.strip_prefix("width=") {
            width = pixels.parse().unwrap();
        }
        let mut new = live::open(&figure.query()).unwrap();
        new.set(&format!("width={width}")).unwrap();
        assert_eq!(figure.picture().unwrap(), new.picture().unwrap(), "{setting}");
    }
}

#[test]
fn nothing_fails_at_the_ends_of_the_knobs() {
    let rules = ["SGD", "Nesterov", "AdaGrad", "RMSProp", "Adadelta", "Adam"];
    for (surface, rule) in Surface::ALL.iter().flat_map(|surface| rules.iter().map(move |rule| (surface, rule))) {
        for (rate, momentum, steps, start) in [
            ("0.0001", "0", "1", "0,0"),
            ("2", "0.99", "300", "5,3"),
            ("2", "0", "300", "-5,-3"),
            ("1", "0", "9", "0,0"),
        ] {
            let query = format!(
                "descent?surface={surface:?}&rule={rule}&rate={rate}&momentum={momentum}&steps={steps}&start={start}"
            );
            let text = said(&query);
            assert!(text.contains("Measured: ") && !text.contains("NaN"), "{query}: {text}");
        }
    }
}

#[test]
fn it_fits_and_says_what_it_does_not_know() {
    fits("descent");
    fits("descent?rule=Nesterov&rate=0.2&momentum=0.99&steps=300");
    let error = live::open("descent?surface=Hill").err().unwrap().to_string();
    assert_eq!(error, "surface is \"Hill\": it must be one of Bowl, Valley, Rosenbrock, Saddle");
}
