//! Logits and their softmax.

use super::{can_be_drawn, words};
use handgrad::live::{self, LiveError};
use handgrad::prelude::{cross_entropy_loss, dmatrix};

/// The sentence that begins with these words.
fn sentence(text: &str, begin: &str) -> String {
    let rest = text.split_once(begin).map_or("", |(_, rest)| rest);
    rest.split(". ").next().unwrap_or(rest).into()
}

#[test]
fn the_numbers_are_those_of_the_chapter() -> Result<(), LiveError> {
    let text = words("softmax?y=0,0.6931471805599453,1.6094379124341003")?;
    assert_eq!(sentence(&text, "Probabilities "), "0.125, 0.25, 0.625");
    assert_eq!(
        sentence(&text, "by hand "),
        "0.125, −0.75, 0.625, by dual numbers 0.125, −0.75, 0.625, by differences 0.125, −0.75, 0.625"
    );
    let sixty_fourths = "0.109, −0.0312, −0.0781; −0.0312, 0.187, −0.156; −0.0781, −0.156, 0.234";
    assert_eq!(sentence(&text, "row by row: ").replace("0.188", "0.187").replace("0.0313", "0.0312"), sixty_fourths);
    let loss = cross_entropy_loss(&dmatrix![0.0, 0.7, 1.6], &dmatrix![0.0, 1.0, 0.0])?.loss;
    assert!(words("softmax")?.contains(&format!("the loss is −ln p₁ = {loss:.3}.")));
    Ok(())
}

#[test]
fn a_shift_changes_nothing() -> Result<(), LiveError> {
    let (plain, shifted) = (words("softmax?shift=0")?, words("softmax?shift=-3.7")?);
    assert_ne!(sentence(&plain, "Logits "), sentence(&shifted, "Logits "));
    for part in ["Probabilities ", "right: ", "row by row: "] {
        assert!(!sentence(&plain, part).is_empty());
        assert_eq!(sentence(&plain, part), sentence(&shifted, part));
    }
    Ok(())
}

/// The classes that are offered are those that exist, and the chosen one is the last of them where it was beyond.
#[test]
fn the_right_class_is_one_of_the_classes() -> Result<(), LiveError> {
    let mut figure = live::open("softmax?classes=4&right=3")?;
    assert!(figure.picture()?.alt.contains("Class 3 is right"));
    for (classes, right) in [(3, 2), (2, 1), (4, 1)] {
        figure.set(&format!("classes={classes}"))?;
        assert!(figure.picture()?.alt.contains(&format!("Class {right} is right")), "{classes} classes");
        let offered: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
        let refused = figure.set("right=4").map_or_else(|error| error.to_string(), |()| String::new());
        assert!(refused.ends_with(&format!("must be one of {}", offered.join(", "))), "{refused}");
    }
    Ok(())
}

#[test]
fn every_logit_is_typed_and_dragged() -> Result<(), LiveError> {
    // From end to end of the axis, which shows the logits with the shift.
    let shifted = live::open("softmax?shift=-2")?.picture()?.svg();
    assert!(shifted.contains("data-drag=\"y\" data-at=\"0\" data-y=\"-4 8\""));
    let svg = live::open("softmax?classes=4")?.picture()?.svg();
    for j in 0..4 {
        assert!(svg.contains(&format!("data-knob=\"y\" data-at=\"{j}\"")));
        assert!(svg.contains(&format!("data-drag=\"y\" data-at=\"{j}\" data-y=\"-6 6\"")));
    }
    Ok(())
}

#[test]
fn extremes_can_be_drawn() -> Result<(), LiveError> {
    for (classes, y) in [(2, "0,0"), (3, "1e6,-1e6,0"), (3, "-1e6,-1e6,-1e6"), (4, "40,0,0,-800")] {
        can_be_drawn(&format!("softmax?right=0&classes={classes}&y={y}&shift=4"))?;
        can_be_drawn(&format!("softmax?classes={classes}&right=1&y={y}&shift=-4"))?;
    }
    Ok(())
}
