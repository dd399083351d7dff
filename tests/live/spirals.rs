//! A net in training: which knobs start it anew, and what it says of itself.

use super::{fits, is_written, number_after};
use crate::show::picture::Picture;
use handgrad::live::{self, Live};
use handgrad::prelude::*;

fn said(figure: &Live) -> String {
    figure.picture().unwrap().alt
}

fn trained(query: &str, steps: usize) -> Live {
    let mut figure = live::open(query).unwrap();
    for _ in 0..steps {
        figure.advance().unwrap();
    }
    figure
}

/// The training of chapter 02, layer by layer.
#[test]
fn its_steps_are_those_of_the_chapter() {
    let data: Dataset<f64> = synthetic::spirals(300, 3, 0.2, 0);
    let (inputs, targets) = data.batch(&(0..300).collect::<Vec<_>>());
    let z = inputs.into_matrix();
    let mut rng = init::rng(1);
    let (mut w1, mut w2): (DMatrix<f64>, DMatrix<f64>) =
        (init::he(&mut rng, [2, 10]), init::normal(&mut rng, [10, 3], 1e-3));
    let (mut b1, mut b2) = (DVector::zeros(10), DVector::zeros(3));
    let mut losses = Vec::new();
    for _ in 0..31 {
        let a = fc_forward(&z, &w1, &b1).unwrap();
        let hidden = relu_forward(&a);
        let Loss { loss, dy } = cross_entropy_loss(&fc_forward(&hidden, &w2, &b2).unwrap(), &targets).unwrap();
        losses.push(loss);
        let second = fc_backward(&dy, &w2, &hidden).unwrap();
        let first = fc_backward(&relu_backward(&second.dz, &a).unwrap(), &w1, &z).unwrap();
        w1 -= first.dw * 0.7;
        b1 -= first.db * 0.7;
        w2 -= second.dw * 0.7;
        b2 -= second.db * 0.7;
    }
    let text = said(&trained("spirals?hidden=10&rate=0.7", 30));
    assert!(is_written(number_after(&text, " Loss "), losses[30]), "{text}: {}", losses[30]);
    assert!(losses[30] < 0.9 * losses[0]);
}

#[test]
fn a_rate_keeps_the_training_and_other_knobs_start_it_anew() {
    let mut figure = trained("spirals?hidden=4", 5);
    assert!(said(&figure).contains("4 hidden units, after 5 steps. "));
    for setting in ["rate=0.5", "width=350"] {
        figure.set(setting).unwrap();
        assert!(said(&figure).contains("after 5 steps. "), "{setting}");
    }
    for setting in ["hidden=5", "noise=0.1", "arms=2", "seed=3"] {
        figure.set(setting).unwrap();
        assert!(said(&figure).contains("before the first step. "), "{setting}");
        assert!(figure.advance().unwrap());
        assert!(said(&figure).contains("after 1 step. "), "{setting}");
    }
    // Two arms: the loss before the first step is ln 2.
    figure.set("arms=2").unwrap();
    assert!(is_written(number_after(&said(&figure), " Loss "), 2f64.ln()));
}

/// The task of chapter 02: 98 % of the points, with as few units as possible. It is at the end of the training.
#[test]
fn six_hidden_units_are_enough_and_fewer_are_not() {
    let accuracy = |hidden: usize| {
        let mut figure = live::open(&format!("spirals?hidden={hidden}")).unwrap();
        while figure.advance().unwrap() {}
        assert!(!figure.advance().unwrap());
        number_after(&said(&figure), "hidden units, 3000 steps: done. ")
    };
    let [five, six] = [5, 6].map(accuracy);
    assert!(five < 98.0 && six >= 98.0, "{five} {six}");
}

/// The axis of the steps starts at the first one, and holds steps that are still to come.
#[test]
fn the_charts_start_at_the_first_step() {
    let picture = Picture::of(&live::open("spirals").unwrap().picture().unwrap());
    for (words, count) in [("0", 2), ("100", 2), ("−1", 0)] {
        assert_eq!(picture.texts.iter().filter(|text| text.words == words).count(), count, "{words}");
    }
}

/// What a reader should see: with few units the border cannot bend enough.
#[test]
fn few_units_get_fewer_points_right() {
    let accuracy = |hidden: usize| {
        let text = said(&trained(&format!("spirals?hidden={hidden}"), 500));
        let right: usize = (0..3).map(|class| number_after(&text, &format!("Class {class}: ")) as usize).sum();
        let share = number_after(&text, "after 500 steps. ");
        assert!(is_written(share, 100.0 * right as f64 / 300.0), "{text}");
        share
    };
    let [two, many] = [2, 40].map(accuracy);
    assert!(two < 70.0 && many > 85.0, "{two} {many}");
}

#[test]
fn a_training_that_overflows_says_so_and_ends() {
    let mut figure = live::open("spirals?rate=10&hidden=64&noise=0.6").unwrap();
    for _ in 0..200 {
        if !figure.advance().unwrap() {
            assert!(said(&figure).contains("The loss is not finite"));
            break;
        }
    }
    assert!(!said(&figure).contains("NaN %"));
}

/// The colour of a place is that of the class that the net answers there: a trained net's classes are those of the points.
#[test]
fn the_plane_has_the_colours_of_the_classes() {
    let data: Dataset<f64> = synthetic::spirals(300, 2, 0.1, 0);
    let picture = Picture::of(&trained("spirals?hidden=30&arms=2&noise=0.1", 800).picture().unwrap());
    let rows = &picture.images[0].rows;
    let pixel = |share: f64| (share * rows.len() as f64) as usize;
    let has_colour = |n: usize| {
        let (x, y) = (data.inputs[(n, 0, 0, 0)], data.inputs[(n, 1, 0, 0)]);
        let [red, _, blue] = rows[pixel((1.1 - y) / 2.2)][pixel((x + 1.1) / 2.2)];
        (blue < red) == (data.labels[n] == 1) // blue, and orange
    };
    let right = (0..300).filter(|n| has_colour(*n)).count();
    assert!(right > 280, "{right} of 300");
}

/// The line of each hidden unit is drawn, as long as there are few.
#[test]
fn each_hidden_unit_has_its_line() {
    for (hidden, drawn) in [(1, 1), (16, 16), (17, 0)] {
        let picture = Picture::of(&live::open(&format!("spirals?hidden={hidden}")).unwrap().picture().unwrap());
        let dashed = picture.lines.iter().filter(|line| line.dashes == "8 6" && line.points.len() == 2);
        assert_eq!(dashed.count(), drawn);
    }
}

#[test]
fn it_fits() {
    for query in ["spirals", "spirals?hidden=64&noise=0.6", "spirals?hidden=1&noise=0&arms=2"] {
        fits(query);
    }
    let error = live::open("spirals?hidden=0").err().unwrap().to_string();
    assert_eq!(error, "hidden is \"0\": it must be a number from 1 to 64");
}
