//! Every mistake is rejected and named; so are mistakes made by another hand; what is right passes.

use super::variants;
use handgrad::check::exercise::{self, Evidence, Suspicion};
use handgrad::prelude::*;
use std::collections::HashSet;

fn names(suspicions: &[Suspicion]) -> Vec<&str> {
    suspicions.iter().map(|suspicion| suspicion.name).collect()
}

#[test]
fn every_mistake_is_rejected_and_named() {
    let catalogue = exercise::catalogue();
    let (mut rejected, mut named, mut by_track) = (0, 0, 0);
    for mistake in &catalogue {
        let verdict = &mistake.verdict;
        rejected += usize::from(!verdict.passed());
        let [suspicion] = verdict.suspicions() else {
            panic!("{}: {}\n{verdict}", mistake.function, mistake.name);
        };
        assert_eq!(suspicion.by, Evidence::Numbers, "{}: {}\n{verdict}", mistake.function, mistake.name);
        named += usize::from(suspicion.name == mistake.name);
        by_track += usize::from(names(verdict.suspicions_by_track()) == [mistake.name]);
    }
    let all = catalogue.len();
    println!("the catalogue: {rejected} of {all} rejected, {named} named by numbers, {by_track} by their track alone");
    assert!(all >= 40);
    assert_eq!((rejected, named), (all, all));
}

#[test]
fn mistakes_by_another_hand_are_rejected_and_named() {
    let (mut rejected, mut by_numbers, mut by_track, mut by_track_alone) = (0, 0, 0, 0);
    let all = variants::all();
    for (function, name, verdict) in &all {
        rejected += usize::from(!verdict.passed());
        let found = variants::named(verdict, name);
        let alone = names(verdict.suspicions_by_track()).first() == Some(name);
        by_numbers += usize::from(found == Some(Evidence::Numbers));
        by_track += usize::from(found == Some(Evidence::Track));
        by_track_alone += usize::from(alone);
        let track = if alone { "" } else { "; not by its track" };
        match found {
            Some(by) => println!("{function}: {name}: {by:?}{track}"),
            None => println!("{function}: {name}: NOT NAMED, but {:?}{track}", names(verdict.suspicions())),
        }
    }
    let (all, named) = (all.len(), by_numbers + by_track);
    println!(
        "by another hand: {rejected} of {all} rejected, {named} named ({by_numbers} by numbers, {by_track} by track); \
         {by_track_alone} would be named by their track alone"
    );
    assert!(all >= 40);
    assert_eq!(rejected, all);
    assert!(10 * named >= 9 * all, "{named} of {all}");
}

#[test]
fn the_names_are_unique_and_the_sentences_are_sentences() {
    let mut seen = HashSet::new();
    for mistake in exercise::catalogue() {
        assert!(seen.insert((mistake.function, mistake.name)), "{}: {}", mistake.function, mistake.name);
        let sentence = mistake.sentence;
        assert!(sentence.ends_with(['.', '?']) && sentence.len() > 20, "{sentence}");
        assert!(!mistake.name.ends_with('.'), "{}", mistake.name);
    }
}

#[test]
fn what_is_right_passes() {
    let verdicts = [
        exercise::fc_forward(fc_forward),
        exercise::fc_backward(fc_backward),
        exercise::flatten_forward(flatten_forward),
        exercise::flatten_backward(flatten_backward),
        exercise::single_channel_conv(single_channel_conv),
        exercise::conv_forward(conv_forward),
        exercise::conv_forward(conv_forward_naive),
        variants::forward_loops_without_a_slip(),
        exercise::conv_backward(conv_backward),
        exercise::conv_backward(conv_backward_naive),
        variants::loops_without_a_slip(),
        exercise::insert_zeros(insert_zeros),
        exercise::remove_padding(remove_padding),
        exercise::max_pooling_forward(max_pooling_forward),
        exercise::max_pooling_backward(max_pooling_backward),
        exercise::avg_pooling_forward(avg_pooling_forward),
        exercise::avg_pooling_backward(avg_pooling_backward),
        exercise::global_max_pooling_forward(global_max_pooling_forward),
        exercise::global_max_pooling_backward(global_max_pooling_backward),
        exercise::global_avg_pooling_forward(global_avg_pooling_forward),
        exercise::global_avg_pooling_backward(global_avg_pooling_backward),
        exercise::relu_forward(relu_forward),
        exercise::relu_backward(relu_backward),
        exercise::leaky_relu_forward(leaky_relu_forward),
        exercise::leaky_relu_backward(leaky_relu_backward),
        exercise::prelu_forward(prelu_forward),
        exercise::prelu_backward(prelu_backward),
        exercise::elu_forward(elu_forward),
        exercise::elu_backward(elu_backward),
        exercise::selu_forward(selu_forward),
        exercise::selu_backward(selu_backward),
        exercise::sigmoid_forward(sigmoid_forward),
        exercise::sigmoid_backward(sigmoid_backward),
        exercise::tanh_forward(tanh_forward),
        exercise::tanh_backward(tanh_backward),
        exercise::softmax_forward(softmax_forward),
        exercise::softmax_backward(softmax_backward),
        exercise::mean_squared_loss(mean_squared_loss),
        exercise::cross_entropy_loss(cross_entropy_loss),
    ];
    for verdict in verdicts {
        assert!(verdict.passed(), "{verdict}");
        assert!(verdict.cases() > 5 && verdict.entries() > verdict.cases(), "{verdict}");
        assert!(verdict.suspicions().is_empty() && verdict.error_map().is_none());
    }
}

/// The formulas of a textbook lose digits where a class is nearly certain. They are right answers all the same.
#[test]
fn textbook_forms_pass() {
    let verdicts = [
        exercise::softmax_backward(|next_dz, p| {
            let mean = DVector::from_fn(p.nrows(), |n, _| p.row(n).dot(&next_dz.row(n)));
            Ok(DMatrix::from_fn(p.nrows(), p.ncols(), |n, i| p[(n, i)] * (next_dz[(n, i)] - mean[n])))
        }),
        exercise::cross_entropy_loss(|y, target| {
            let (mut loss, mut dy) = (0.0, DMatrix::zeros(y.nrows(), y.ncols()));
            for n in 0..y.nrows() {
                let shifted = y.row(n).add_scalar(-y.row(n).max());
                let log_total = shifted.map(f64::exp).sum().ln();
                for j in 0..y.ncols() {
                    let log_p = shifted[j] - log_total;
                    loss -= target[(n, j)] * log_p / y.nrows() as f64;
                    dy[(n, j)] = log_p.exp() - target[(n, j)];
                }
            }
            Ok(Loss { loss, dy })
        }),
    ];
    for verdict in verdicts {
        assert!(verdict.passed(), "{verdict}");
    }
}

/// The rules as a reader may write them; the crate's optimizers are what they are compared with.
#[test]
fn right_rules_pass() {
    let verdicts = [
        exercise::sgd(|w, g, r| w - r.rate * (g + r.weight_decay * w)),
        exercise::momentum(|w, g, v, r| {
            let v = r.momentum * v + g;
            (w - r.rate * v, v)
        }),
        // In units of the step, which is the same while the rate does not change.
        exercise::momentum(|w, g, v, r| {
            let v = r.momentum * v - r.rate * g;
            (w + v, v)
        }),
        exercise::nesterov(|w, g, v, r| {
            let v = r.momentum * v + g;
            (w - r.rate * (g + r.momentum * v), v)
        }),
        exercise::adagrad(|w, g, s, r| (w - r.rate * g / ((s + g * g).sqrt() + r.epsilon), s + g * g)),
        exercise::rmsprop(|w, g, v, r| {
            let v = r.alpha * v + (1.0 - r.alpha) * g * g;
            (w - r.rate * g / (v.sqrt() + r.epsilon), v)
        }),
        exercise::adadelta(|w, g, [v, u], _, r| {
            let v = r.rho * v + (1.0 - r.rho) * g * g;
            let delta = g * (u + r.epsilon).sqrt() / (v + r.epsilon).sqrt();
            (w - r.rate * delta, [v, r.rho * u + (1.0 - r.rho) * delta * delta])
        }),
        exercise::adam(|w, g, memories, t, r| adam(0.0, w, g, memories, t, r)),
        exercise::adamw(|w, g, memories, t, r| adam(r.weight_decay, w, g, memories, t, r)),
    ];
    for verdict in verdicts {
        assert!(verdict.passed(), "{verdict}");
    }
}

fn adam(
    decay: f64,
    w: f64,
    g: f64,
    [m, v]: [f64; 2],
    t: i32,
    r: handgrad::check::signatures::Coefficients,
) -> (f64, [f64; 2]) {
    let (m, v) = (r.beta1 * m + (1.0 - r.beta1) * g, r.beta2 * v + (1.0 - r.beta2) * g * g);
    let (m_hat, v_hat) = (m / (1.0 - r.beta1.powi(t)), v / (1.0 - r.beta2.powi(t)));
    (w - r.rate * (m_hat / (v_hat.sqrt() + r.epsilon) + decay * w), [m, v])
}
