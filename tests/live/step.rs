//! The step of a difference quotient.

use super::{can_be_drawn, number_after, words};
use handgrad::live::LiveError;

#[test]
fn quotients_are_those_of_the_function() -> Result<(), LiveError> {
    for h in [1e-2, 1e-5, 1e-10, 1e-14] {
        let f = |x: f64| x * x * x + x;
        let text = words(&format!("step?h={h}"))?;
        let forward = (f(2.0 + h) - f(2.0)) / h;
        let central = (f(2.0 + h) - f(2.0 - h)) / (h + h);
        assert!((number_after(&text, "Forward difference ") - forward).abs() < 1e-14 * forward, "{text}");
        assert!((number_after(&text, "Central difference ") - central).abs() < 1e-14 * central, "{text}");
        assert_eq!(number_after(&text, "Dual number "), 13.0);
    }
    Ok(())
}

#[test]
fn an_error_falls_and_rises_again() -> Result<(), LiveError> {
    let errors = |h: f64| -> Result<[f64; 2], LiveError> {
        let text = words(&format!("step?f=F(x) at 1.5&h={h}"))?;
        let (forward, central) = text.split_once("Central").unwrap_or((&text, ""));
        Ok([forward, central].map(|text| number_after(text, "relative error ")))
    };
    let ([large, _], [_, best]) = (errors(1e-1)?, errors(1e-5)?);
    let ([good, _], [small, _]) = (errors(1e-8)?, errors(1e-14)?);
    assert!(large > 0.05 && good < 1e-7 && small > 1e-4);
    assert!(best < 1e-9);
    Ok(())
}

/// A step that x + h cannot hold gives the slope 0.
#[test]
fn a_step_below_the_spacing_of_the_numbers_loses_all() -> Result<(), LiveError> {
    assert_eq!(number_after(&words("step?h=1e-16")?, "Forward difference "), 0.0);
    assert_eq!(number_after(&words("step?format=f32&h=1e-9")?, "Forward difference "), 0.0);
    let said = words("step?h=1e-16")?;
    assert!(said.contains("All 16 digits of f(x + h) and f(x) are the same and cancel: none is left."), "{said}");
    Ok(())
}

/// Digit by digit: f(2 + h) = 10 + 13h + 6h² + h³.
#[test]
fn digits_are_counted_and_those_that_cancel_are_not_left() -> Result<(), LiveError> {
    for (h, cancelled, left) in [(1e-3, 3, "13 digits"), (1e-7, 7, "9 digits"), (1e-14, 14, "2 digits")] {
        let said = words(&format!("step?h={h}"))?;
        let sentence = format!("The first {cancelled} of 16 digits of f(x + h) and f(x) are the same and cancel.");
        assert!(said.contains(&format!("{sentence} What is left: {left}.")), "{said}");
    }
    let said = words("step?format=f32&h=1e-3")?;
    assert!(said.contains("The first 3 of 8 digits"), "{said}");
    // 13.006…, 13.0000009… and 13.
    let said = words("step?h=1e-3")?;
    assert!(said.contains("Right digits of 16: forward 4, central 8, dual number 16."), "{said}");
    Ok(())
}

/// Each dot lies on its curve: the step is one of the curve's.
#[test]
fn the_dots_lie_on_the_curves() -> Result<(), LiveError> {
    for h in ["1e-10", "3.33e-13", "2.5e-4"] {
        let svg = handgrad::live::open(&format!("step?h={h}"))?.picture()?.svg();
        for colour in ["#0072b2", "#d55e00"] {
            let dot =
                svg.lines().find(|line| line.starts_with("<circle") && line.contains(&format!("fill=\"{colour}\"")));
            let at = |name: &str| {
                let (_, rest) = dot.and_then(|dot| dot.split_once(&format!("{name}=\""))).unwrap_or_default();
                rest.split('"').next().unwrap_or_default()
            };
            let point = format!("{} {}L", at("cx"), at("cy"));
            assert!(
                svg.lines().any(|line| line.contains(&format!("stroke=\"{colour}\"")) && line.contains(&point)),
                "{h}"
            );
        }
    }
    Ok(())
}

#[test]
fn every_setting_can_be_drawn() -> Result<(), LiveError> {
    for f in ["x³ + x at 2", "sin x² at 2", "F(x) at 1.5", "(2x − 3)² at 3"] {
        for format in ["f64", "f32"] {
            for h in ["1e-16", "1e-9", "1"] {
                can_be_drawn(&format!("step?f={f}&format={format}&h={h}"))?;
            }
        }
    }
    Ok(())
}

#[test]
fn a_step_is_written_with_a_power_of_ten() -> Result<(), LiveError> {
    let query = handgrad::live::open("step?h=2e-12")?.query();
    assert!(query.ends_with("&h=2e-12"), "{query}");
    assert_eq!(words(&query)?, words("step?h=2e-12")?);
    Ok(())
}
