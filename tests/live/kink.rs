//! The slope of an activation, and a difference that sees both sides of its kink.

use super::{can_be_drawn, number_after, words};
use handgrad::live::LiveError;

/// By hand, by a dual number, by a difference.
fn slopes(query: &str) -> Result<[f64; 3], LiveError> {
    let text = words(query)?;
    let (_, central) = text.split_once("Central difference with h = ").unwrap_or(("", ""));
    let central = number_after(central, ": ");
    Ok([number_after(&text, "by hand "), number_after(&text, "dual number "), central])
}

#[test]
fn a_difference_is_the_mean_of_both_sides() -> Result<(), LiveError> {
    // At the kink: the left slope by hand and by the dual number, the mean by differences, whatever h is.
    for h in [0.001, 0.5, 2.0] {
        assert_eq!(slopes(&format!("kink?z=0&h={h}"))?, [0.0, 0.0, 0.5]);
        assert_eq!(slopes(&format!("kink?f=leaky ReLU&z=0&h={h}"))?, [0.25, 0.25, 0.625]);
    }
    // Beside it: a share of both, and none as soon as the kink is out of reach.
    assert_eq!(slopes("kink?z=0.2&h=0.5")?, [1.0, 1.0, 0.7]);
    assert_eq!(slopes("kink?z=0.2&h=0.1")?, [1.0, 1.0, 1.0]);
    let said = words("kink?z=0.2&h=0.5")?;
    assert!(said.contains("The slope from −0.3 to 0.2 is 0.4, from 0.2 to 0.7 it is 1. "), "{said}");
    assert!(words("kink?z=0")?.contains("the slope is 0 for z < 0 and 1 for z > 0, and the program takes 0."));
    Ok(())
}

/// An ELU with α = 1 has no kink; its difference at 0 is 1 − h/4, to first order.
#[test]
fn a_jump_of_the_curvature_is_seen_as_well() -> Result<(), LiveError> {
    let [by_hand, dual, central] = slopes("kink?f=ELU&alpha=1&z=0&h=0.05")?;
    assert_eq!((by_hand, dual), (1.0, 1.0));
    assert!((central - (1.0 - 0.05 / 4.0)).abs() < 2e-3);
    assert!(words("kink?f=ELU&alpha=1&z=0&h=0.05")?.contains("There is no kink"));
    assert!(words("kink?f=ELU&alpha=0.5&z=0&h=0.05")?.contains("At the kink there is no derivative"));
    Ok(())
}

/// The ring of h never covers that of z, however small h is.
#[test]
fn both_rings_are_seen() -> Result<(), LiveError> {
    for f in ["ReLU", "SELU", "tanh"] {
        for (z, h) in [(0.2, 0.001), (2.0, 0.001), (-2.0, 2.0)] {
            let svg = handgrad::live::open(&format!("kink?f={f}&z={z}&h={h}"))?.picture()?.svg();
            let ring = |knob: &str| {
                let (_, drag) = svg.split_once(&format!("data-drag=\"{knob}\"")).unwrap_or_default();
                let (_, ring) = drag.split_once("<circle ").unwrap_or_default();
                ["cx", "cy"].map(|name| {
                    let (_, rest) = ring.split_once(&format!("{name}=\"")).unwrap_or_default();
                    rest.split('"').next().and_then(|number| number.parse::<f64>().ok()).unwrap_or(f64::NAN)
                })
            };
            let ([x, y], [of_h, over]) = (ring("z"), ring("h"));
            assert!((x - of_h).hypot(y - over) > 2.0 * 15.0 + 4.0, "{f} at {z}, {h}");
        }
    }
    Ok(())
}

#[test]
fn every_setting_can_be_drawn() -> Result<(), LiveError> {
    for f in ["ReLU", "leaky ReLU", "ELU", "SELU", "sigmoid", "tanh"] {
        for (alpha, z, h) in [(0.0, -2.0, 2.0), (2.0, 2.0, 2.0), (2.0, 0.0, 0.001), (0.25, -0.01, 0.01)] {
            can_be_drawn(&format!("kink?f={f}&alpha={alpha}&z={z}&h={h}"))?;
        }
    }
    Ok(())
}
