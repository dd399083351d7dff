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
    // All digits of f64 that cancel, and the digits of 10.0000000000000000.
    assert_eq!(number_after(&words("step?h=1e-16")?, "relative error 1. Dual number 13, relative error 0. "), 18.0);
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
