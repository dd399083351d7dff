//! The optimizers: by hand, against PyTorch, what they remember, and what their derivations promise.

use half::{bf16, f16};
use handgrad::numbers::Dual;
use handgrad::optim::State;
use handgrad::optim::surface::Surface;
use handgrad::prelude::*;
use proptest::prelude::{prop_assert_eq, proptest};
use serde_json::Value;
use twofloat::TwoFloat;

type Boxed<T> = Box<dyn Optimizer<T>>;

/// One of each kind, every option in use.
fn every_kind<T: Float>() -> Vec<(&'static str, Boxed<T>)> {
    let rate = lit(0.0625);
    vec![
        ("Sgd", Box::new(Sgd::new(rate).weight_decay(0.25).learning_rate_decay(0.5))),
        ("Sgd, momentum", Box::new(Sgd::new(rate).momentum(0.75).weight_decay(0.25).learning_rate_decay(0.5))),
        ("Sgd, Nesterov", Box::new(Sgd::new(rate).nesterov(0.75).weight_decay(0.25).learning_rate_decay(0.5))),
        ("AdaGrad", Box::new(AdaGrad::new(rate).initial_sum(0.5).epsilon(1e-3))),
        ("RmsProp", Box::new(RmsProp::new(rate).alpha(0.75).epsilon(1e-3))),
        ("Adadelta", Box::new(Adadelta::new(rate).rho(0.75).epsilon(1e-3))),
        ("Adam", Box::new(Adam::new(rate).betas(0.5, 0.75).epsilon(1e-3).weight_decay(0.25))),
        ("AdamW", Box::new(AdamW::new(rate).betas(0.5, 0.75).epsilon(1e-3).weight_decay(0.25))),
    ]
}

/// One step of several parameters, each with its gradient.
fn step<T: Float>(
    optimizer: &mut dyn Optimizer<T>,
    parameters: &mut [Vec<T>],
    gradients: &[Vec<T>],
) -> Result<(), ShapeError> {
    let mut parameters: Vec<&mut [T]> = parameters.iter_mut().map(Vec::as_mut_slice).collect();
    let gradients: Vec<&[T]> = gradients.iter().map(Vec::as_slice).collect();
    optimizer.step(&mut parameters, &gradients)
}

/// Where one number goes in so many steps, if `gradient(t, w)` is its gradient at w before step t = 0, 1, ….
fn walk<T: Float>(
    optimizer: &mut dyn Optimizer<T>,
    start: T,
    steps: usize,
    gradient: impl Fn(usize, T) -> T,
) -> Vec<T> {
    let mut w = [start];
    let step = |t| {
        let g = gradient(t, w[0]);
        optimizer.step(&mut [&mut w], &[&[g]]).unwrap();
        w[0]
    };
    (0..steps).map(step).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (&x, &y)) in found.iter().zip(expected).enumerate() {
        assert!((x - y).abs() <= tolerance * y.abs(), "{what}: element {i} is {x}, expected {y}");
    }
}

// By hand.

/// Two steps from w = 1, with the gradients 2 and 4; all numbers but those with a root in them are exact.
#[test]
fn sgd_by_hand() {
    let two_steps = |mut sgd: Sgd<f64>| walk(&mut sgd, 1.0, 2, |t, _| [2.0, 4.0][t]);
    assert_eq!(two_steps(Sgd::new(0.5)), [1.0 - 0.5 * 2.0, 0.0 - 0.5 * 4.0]);
    // v = 2, then 0.5·2 + 4 = 5.
    assert_eq!(two_steps(Sgd::new(0.5).momentum(0.5)), [1.0 - 0.5 * 2.0, 0.0 - 0.5 * 5.0]);
    // The same v; the directions 2 + 0.5·2 and 4 + 0.5·5.
    assert_eq!(two_steps(Sgd::new(0.5).nesterov(0.5)), [1.0 - 0.5 * 3.0, -0.5 - 0.5 * 6.5]);
    // g = 2 + 0.5·1, then 4 + 0.5·(−0.25).
    assert_eq!(two_steps(Sgd::new(0.5).weight_decay(0.5)), [1.0 - 0.5 * 2.5, -0.25 - 0.5 * 3.875]);
    // The same, in a velocity: 2.5, then 0.5·2.5 + 3.875.
    let sgd = Sgd::new(0.5).momentum(0.5).weight_decay(0.5);
    assert_eq!(two_steps(sgd), [1.0 - 0.5 * 2.5, -0.25 - 0.5 * 5.125]);
    // Learning rates 0.5, then 0.5/(1 + 1).
    assert_eq!(two_steps(Sgd::new(0.5).learning_rate_decay(1.0)), [1.0 - 0.5 * 2.0, 0.0 - 0.25 * 4.0]);
    // The one chosen last holds.
    assert_eq!(two_steps(Sgd::new(0.5).nesterov(0.9).momentum(0.5)), two_steps(Sgd::new(0.5).momentum(0.5)));
}

#[test]
fn adagrad_by_hand() {
    // √s = 3, then √(9 + 16).
    let found = walk(&mut AdaGrad::new(0.5).epsilon(1.0), 1.0, 2, |t, _| [3.0, 4.0][t]);
    assert_eq!(found, [1.0 - 0.5 * 3.0 / 4.0, 0.625 - 0.5 * 4.0 / 6.0]);
    // √s = √(16 + 9).
    let found = walk(&mut AdaGrad::new(0.5).epsilon(3.0).initial_sum(16.0), 1.0, 1, |_, _| 3.0);
    assert_eq!(found, [1.0 - 0.5 * 3.0 / 8.0]);
}

#[test]
fn rmsprop_by_hand() {
    // v = 16/4, then 3/4·4 + 4/4.
    let found = walk(&mut RmsProp::new(0.5).alpha(0.75).epsilon(2.0), 1.0, 2, |t, _| [4.0, 2.0][t]);
    assert_eq!(found, [1.0 - 0.5 * 4.0 / 4.0, 0.5 - 0.5 * 2.0 / 4.0]);
}

#[test]
fn adadelta_by_hand() {
    // v = 64/4, Δ = 8·√9/√25 = 4.8, u = 4.8²/4; then v = 3/4·16 + 16/4, Δ = 4·√(5.76 + 9)/√25.
    let found = walk(&mut Adadelta::new(0.5).rho(0.75).epsilon(9.0), 1.0, 2, |t, _| [8.0, 4.0][t]);
    let first = 1.0 - 0.5 * 4.8;
    assert_close(&found, &[first, first - 0.5 * 4.0 * 14.76f64.sqrt() / 5.0], 1e-15, "a few roundings");
}

#[test]
fn adam_by_hand() {
    // m = 4/2, m̂ = 2/(1/2); v = 16/4, v̂ = 4/(1/4).
    // m = 2/2 + 2/2, m̂ = 2/(3/4); v = 3/4·4 + 4/4, v̂ = 4/(7/16).
    let directions = [4.0 / (4.0 + 1.0), (8.0 / 3.0) / ((64.0 / 7.0f64).sqrt() + 1.0)];
    let mut adam = Adam::new(0.5).betas(0.5, 0.75).epsilon(1.0);
    let found = walk(&mut adam, 1.0, 2, |t, _| [4.0, 2.0][t]);
    let expected = [1.0 - 0.5 * directions[0], 1.0 - 0.5 * directions[0] - 0.5 * directions[1]];
    assert_close(&found, &expected, 1e-15, "Adam: a few roundings");

    // Weight decay adds 0.25·1 to the gradient before all of this.
    let mut adam = Adam::new(0.5).betas(0.5, 0.75).epsilon(1.0).weight_decay(0.25);
    assert_eq!(walk(&mut adam, 1.0, 1, |_, _| 3.75), [1.0 - 0.5 * directions[0]]);

    // AdamW's takes 0.5·0.25 = 1/8 of the weight instead.
    let mut adamw = AdamW::new(0.5).betas(0.5, 0.75).epsilon(1.0).weight_decay(0.25);
    let found = walk(&mut adamw, 1.0, 2, |t, _| [4.0, 2.0][t]);
    let first = 0.875 - 0.5 * directions[0];
    assert_close(&found, &[first, 0.875 * first - 0.5 * directions[1]], 1e-15, "AdamW: a few roundings");
}

#[test]
fn schedules_by_hand() {
    use schedule::{constant, cosine, step};
    assert_eq!([constant(0), constant(1000)], [1.0, 1.0]);
    assert_eq!([0, 2, 3, 5, 6].map(|t| step(t, 3, 0.5)), [1.0, 1.0, 0.5, 0.5, 0.25]);
    assert_eq!(step(7, 0, 0.5), 1.0);
    assert_eq!([0, 1, 2, 3, 4, 12, 13].map(|t| cosine(t, 4, 12)), [0.25, 0.5, 0.75, 1.0, 1.0, 0.0, 0.0]);
    let quarter = 0.5 * (1.0 + 0.5f64.sqrt()); // cos(π/4) = √½
    assert_close(&[6, 8, 10].map(|t| cosine(t, 4, 12)), &[quarter, 0.5, 1.0 - quarter], 1e-15, "an ulp of a cosine");
    assert_eq!([0, 1, 2].map(|t| cosine(t, 0, 2)), [1.0, 0.5 * (1.0 + (std::f64::consts::PI / 2.0).cos()), 0.0]);
    assert_eq!([0, 1, 2, 3].map(|t| cosine(t, 2, 1)), [0.5, 1.0, 0.0, 0.0]); // the warm-up is longer than all
}

// Against PyTorch.

/// tests/reference/optim.py wrote the numbers, with torch 2.15.0 in float64.
///
/// The tolerance: a step is a handful of roundings of 1.1e-16, 30 of them add up, and some parameters lie close to 0,
/// where the same absolute error is a larger relative one.
#[test]
fn every_optimizer_agrees_with_pytorch() {
    const TOLERANCE: f64 = 1e-12;
    let file: Value = serde_json::from_str(include_str!("reference/optim.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 28);

    let sequence: Vec<Vec<Vec<f64>>> = file["given"]["gradients"].as_array().unwrap().iter().map(lists).collect();
    let (a, b) = (lists(&file["quadratic"]["a"]), numbers(&file["quadratic"]["b"]));
    let quadratic = |parameters: &[Vec<f64>]| {
        let theta = parameters.concat();
        let dot = |row: &Vec<f64>| row.iter().zip(&theta).map(|(a, x)| a * x).sum::<f64>();
        let mut gradient = a.iter().zip(&b).map(|(row, b)| dot(row) - b);
        parameters.iter().map(|p| gradient.by_ref().take(p.len()).collect()).collect::<Vec<Vec<f64>>>()
    };

    for case in cases {
        let mut compared = 0;
        for problem in ["given", "quadratic"] {
            let (mut optimizer, factor) = from_case(case);
            let learning_rate = optimizer.learning_rate();
            let mut parameters = lists(&file[problem]["start"]);
            for (t, given) in sequence.iter().enumerate() {
                let gradients = if problem == "given" { given.clone() } else { quadratic(&parameters) };
                optimizer.set_learning_rate(learning_rate * factor(t as u64));
                step(optimizer.as_mut(), &mut parameters, &gradients).unwrap();
                if let Some(expected) = case[problem].get((t + 1).to_string()) {
                    let name = format!("{} {} on {problem}, step {}", case["optimizer"], case["settings"], t + 1);
                    assert_close(&parameters.concat(), &lists(expected).concat(), TOLERANCE, &name);
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 12, "steps of both problems");
    }
}

/// The optimizer of a case, and its schedule.
fn from_case(case: &Value) -> (Boxed<f64>, Box<dyn Fn(u64) -> f64>) {
    let settings = case["settings"].as_object().unwrap();
    let rate = case["learning_rate"].as_f64().unwrap();
    let optimizer: Boxed<f64> = match case["optimizer"].as_str().unwrap() {
        "Sgd" => Box::new(options(Sgd::new(rate), settings, |sgd, name, value| match name {
            "momentum" => Some(sgd.momentum(value[0])),
            "nesterov" => Some(sgd.nesterov(value[0])),
            "weight_decay" => Some(sgd.weight_decay(value[0])),
            "learning_rate_decay" => Some(sgd.learning_rate_decay(value[0])),
            _ => None,
        })),
        "AdaGrad" => Box::new(options(AdaGrad::new(rate), settings, |adagrad, name, value| match name {
            "initial_sum" => Some(adagrad.initial_sum(value[0])),
            "epsilon" => Some(adagrad.epsilon(value[0])),
            _ => None,
        })),
        "RmsProp" => Box::new(options(RmsProp::new(rate), settings, |rmsprop, name, value| match name {
            "alpha" => Some(rmsprop.alpha(value[0])),
            "epsilon" => Some(rmsprop.epsilon(value[0])),
            _ => None,
        })),
        "Adadelta" => Box::new(options(Adadelta::new(rate), settings, |adadelta, name, value| match name {
            "rho" => Some(adadelta.rho(value[0])),
            "epsilon" => Some(adadelta.epsilon(value[0])),
            _ => None,
        })),
        "Adam" => Box::new(options(Adam::new(rate), settings, |adam, name, value| match name {
            "betas" => Some(adam.betas(value[0], value[1])),
            "epsilon" => Some(adam.epsilon(value[0])),
            "weight_decay" => Some(adam.weight_decay(value[0])),
            _ => None,
        })),
        "AdamW" => Box::new(options(AdamW::new(rate), settings, |adamw, name, value| match name {
            "betas" => Some(adamw.betas(value[0], value[1])),
            "epsilon" => Some(adamw.epsilon(value[0])),
            "weight_decay" => Some(adamw.weight_decay(value[0])),
            _ => None,
        })),
        other => panic!("no optimizer {other}"),
    };
    let pair = |name: &str| settings.get(name).map(numbers);
    let factor: Box<dyn Fn(u64) -> f64> = match (pair("step"), pair("cosine")) {
        (Some(step), _) => Box::new(move |t| schedule::step(t, step[0] as u64, step[1])),
        (_, Some(cosine)) => Box::new(move |t| schedule::cosine(t, cosine[0] as u64, cosine[1] as u64)),
        _ => Box::new(schedule::constant),
    };
    (optimizer, factor)
}

/// `optimizer` with its settings; those of the schedule are not its own.
fn options<O: Clone>(
    optimizer: O,
    settings: &serde_json::Map<String, Value>,
    set: impl Fn(O, &str, &[f64]) -> Option<O>,
) -> O {
    settings.iter().filter(|(name, _)| !["step", "cosine"].contains(&name.as_str())).fold(
        optimizer,
        |optimizer, (name, value)| {
            let value = value.as_f64().map_or_else(|| numbers(value), |x| vec![x]);
            set(optimizer, name, &value).unwrap_or_else(|| panic!("no option {name}"))
        },
    )
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn lists(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

// What they remember.

/// A gradient of parameter i, element j at step t, without a pattern.
fn wild(t: usize, i: usize, j: usize) -> f64 {
    (1.7 * t as f64 + 3.1 * i as f64 + 0.9 * j as f64 + 1.0).sin() * (1.0 + t as f64 % 3.0)
}

const LENGTHS: [usize; 4] = [3, 1, 0, 7];

fn wild_parameters<T: Float>() -> Vec<Vec<T>> {
    LENGTHS.iter().enumerate().map(|(i, &len)| (0..len).map(|j| lit(wild(99, i, j))).collect()).collect()
}

fn wild_gradients<T: Float>(t: usize) -> Vec<Vec<T>> {
    LENGTHS.iter().enumerate().map(|(i, &len)| (0..len).map(|j| lit(wild(t, i, j))).collect()).collect()
}

/// What an optimizer makes of 12 wild steps; `between` is called after the fifth.
fn wild_walk<T: Float>(optimizer: Boxed<T>, between: impl Fn(Boxed<T>) -> Boxed<T>) -> Vec<T> {
    let (mut optimizer, mut parameters) = (Some(optimizer), wild_parameters());
    for t in 0..12 {
        if t == 5 {
            optimizer = optimizer.map(&between);
        }
        step(optimizer.as_deref_mut().unwrap(), &mut parameters, &wild_gradients(t)).unwrap();
    }
    parameters.concat()
}

#[test]
fn a_restored_optimizer_goes_on_bit_for_bit() {
    for (kind, (name, optimizer)) in every_kind::<f64>().into_iter().enumerate() {
        let straight = wild_walk(optimizer, |same| same);
        let fresh = || every_kind::<f64>().swap_remove(kind).1;
        let restored = wild_walk(fresh(), |old| {
            let mut new = fresh();
            assert_eq!(old.state().steps, 5, "{name}");
            new.restore(old.state()).unwrap();
            assert_eq!(new.state(), old.state(), "{name}");
            new
        });
        assert_eq!(straight, restored, "{name}");
        // It would notice: an optimizer that has forgotten goes elsewhere.
        assert_ne!(straight, wild_walk(fresh(), |_| fresh()), "{name}");
    }
}

#[test]
fn the_state_lists_the_memories_parameter_by_parameter() {
    let kinds = [0, 1, 1, 1, 1, 2, 2, 2];
    for ((name, mut optimizer), kinds) in every_kind::<f64>().into_iter().zip(kinds) {
        assert_eq!(optimizer.state(), State { steps: 0, memories: vec![] }, "{name}");
        step(optimizer.as_mut(), &mut wild_parameters(), &wild_gradients(0)).unwrap();
        let lengths: Vec<usize> = optimizer.state().memories.iter().map(Vec::len).collect();
        let expected: Vec<usize> = LENGTHS.iter().flat_map(|&len| vec![len; kinds]).collect();
        assert_eq!((optimizer.state().steps, lengths), (1, expected), "{name}");
    }
    let mut adam = Adam::new(1.0).betas(0.5, 0.75);
    step(&mut adam, &mut [vec![0.0, 0.0], vec![0.0]], &[vec![2.0, 4.0], vec![6.0]]).unwrap();
    assert_eq!(adam.state().memories, [vec![1.0, 2.0], vec![1.0, 4.0], vec![3.0], vec![9.0]]); // m₀, v₀, m₁, v₁
}

/// All methods of the trait, called one after the other, and the parameter after each step.
fn used(mut optimizer: impl Optimizer<f64>) -> (Vec<f64>, State<f64>, f64) {
    let mut w = vec![1.0, 2.0];
    let mut seen = Vec::new();
    for rate in [0.5, 0.25] {
        optimizer.set_learning_rate(rate);
        optimizer.step(&mut [&mut w], &[&[0.5, -1.0]]).unwrap();
        seen.extend(&w);
    }
    optimizer.restore(State { steps: 7, ..optimizer.state() }).unwrap();
    (seen, optimizer.state(), optimizer.learning_rate())
}

#[test]
fn a_box_does_what_the_optimizer_in_it_does() {
    let adam = || Adam::new(1.0).betas(0.5, 0.75);
    assert_eq!(used(Box::new(adam())), used(adam()));
    assert_ne!(used(adam()).0, [1.0, 2.0, 1.0, 2.0]);
    assert_eq!(used(adam()).1.steps, 7);
}

#[test]
fn the_learning_rate_can_be_read_and_set() {
    for (name, mut optimizer) in every_kind::<f64>() {
        assert_eq!(optimizer.learning_rate(), 0.0625, "{name}");
        optimizer.set_learning_rate(0.0);
        assert_eq!(optimizer.learning_rate(), 0.0, "{name}");
        let mut parameters = wild_parameters();
        step(optimizer.as_mut(), &mut parameters, &wild_gradients(0)).unwrap();
        assert_eq!(parameters, wild_parameters::<f64>(), "{name} moves at learning rate 0");
    }
}

proptest! {
    /// Every number is on its own: how numbers are cut into parameters, and where the vector instructions of `f32` end,
    /// changes no bit.
    #[test]
    fn every_number_is_on_its_own(lengths in proptest::collection::vec(0..40usize, 1..5), seed in 0..1000usize) {
        let total: usize = lengths.iter().sum();
        let all: Vec<f32> = (0..total).map(|j| wild(seed, 7, j) as f32).collect();
        for (kind, (name, mut together)) in every_kind::<f32>().into_iter().enumerate() {
            let mut rest = all.iter().copied();
            let mut parameters: Vec<Vec<f32>> = lengths.iter().map(|&len| rest.by_ref().take(len).collect()).collect();
            for t in 0..3 {
                let mut rest = (0..total).map(|j| wild(seed + t, 8, j) as f32);
                let gradients: Vec<_> = lengths.iter().map(|&len| rest.by_ref().take(len).collect()).collect();
                step(together.as_mut(), &mut parameters, &gradients).unwrap();
            }
            for (j, (&start, &found)) in all.iter().zip(&parameters.concat()).enumerate() {
                let mut alone = every_kind::<f32>().swap_remove(kind).1;
                let expected = walk(alone.as_mut(), start, 3, |t, _| wild(seed + t, 8, j) as f32)[2];
                prop_assert_eq!(found, expected, "{}, element {}", name, j);
            }
        }
    }
}

// Errors.

/// The message of one more step after one with parameters of the lengths 2 and 3, which must change nothing.
fn refused(optimizer: &mut dyn Optimizer<f64>, parameters: &[usize], gradients: &[usize]) -> String {
    step(optimizer, &mut [vec![1.0; 2], vec![1.0; 3]], &[vec![1.0; 2], vec![1.0; 3]]).unwrap();
    let before = optimizer.state();
    let ones = |lengths: &[usize]| -> Vec<Vec<f64>> { lengths.iter().map(|&len| vec![1.0; len]).collect() };
    let mut moved = ones(parameters);
    let error = step(optimizer, &mut moved, &ones(gradients)).unwrap_err();
    assert_eq!((moved, optimizer.state()), (ones(parameters), before));
    error.to_string()
}

#[test]
fn errors_name_what_was_found_and_expected() {
    let same = "the parameters must stay the same, in number, order and length, from step to step";
    assert_eq!(
        refused(&mut Sgd::new(0.1), &[2, 3], &[2]),
        "Sgd::step: the number of parameters is 2 but that of gradients is 1: every parameter must have one gradient"
    );
    assert_eq!(
        refused(&mut AdaGrad::new(0.1), &[2, 3], &[2, 4]),
        "AdaGrad::step: parameter 1 has 3 elements but its gradient has 4: a gradient must be as long as its parameter"
    );
    assert_eq!(
        refused(&mut Sgd::new(0.1), &[2, 3], &[2, 3, 4]),
        "Sgd::step: the number of parameters is 2 but that of gradients is 3: every parameter must have one gradient"
    );
    assert_eq!(
        refused(&mut Sgd::new(0.1), &[2, 3], &[1, 3]),
        "Sgd::step: parameter 0 has 2 elements but its gradient has 1: a gradient must be as long as its parameter"
    );
    assert_eq!(
        refused(&mut RmsProp::new(0.1), &[2], &[2]),
        format!("RmsProp::step: the number of parameters is 1 but was 2 in earlier steps: {same}")
    );
    assert_eq!(
        refused(&mut Adadelta::new(0.1), &[2, 3, 4], &[2, 3, 4]),
        format!("Adadelta::step: the number of parameters is 3 but was 2 in earlier steps: {same}")
    );
    assert_eq!(
        refused(&mut Adam::new(0.1), &[2, 4], &[2, 4]),
        format!("Adam::step: parameter 1 has 4 elements but had 3 in earlier steps: {same}")
    );
    assert_eq!(
        refused(&mut Adam::new(0.1), &[2, 2], &[2, 2]),
        format!("Adam::step: parameter 1 has 2 elements but had 3 in earlier steps: {same}")
    );
    assert_eq!(
        refused(&mut AdamW::new(0.1), &[3, 2], &[3, 2]),
        format!("AdamW::step: parameter 0 has 3 elements but had 2 in earlier steps: {same}")
    );
}

#[test]
fn a_foreign_state_is_refused() {
    let memories = |count: usize| State { steps: 1, memories: vec![vec![0.5]; count] };
    let mut adam = Adam::new(0.1);
    assert_eq!(
        adam.restore(memories(3)).unwrap_err().to_string(),
        "Adam::restore: the number of memories is 3: this optimizer keeps 2 of each parameter"
    );
    assert_eq!(adam.state(), State { steps: 0, memories: vec![] });
    assert_eq!(
        Sgd::new(0.1).restore(memories(1)).unwrap_err().to_string(),
        "Sgd::restore: the number of memories is 1: this optimizer keeps 0 of each parameter"
    );
    // A state without memories, as plain descent leaves it, is no state of a rule with momentum.
    let mut sgd = Sgd::new(0.1).momentum(0.9);
    sgd.restore(memories(0)).unwrap();
    assert_eq!(
        step(&mut sgd, &mut [vec![1.0]], &[vec![1.0]]).unwrap_err().to_string(),
        "Sgd::step: the number of parameters is 1 but was 0 in earlier steps: \
         the parameters must stay the same, in number, order and length, from step to step"
    );
}

// Other scalars.

/// The same steps as in `f64`, to a few times the precision of `T`, relative to the parameters' size of up to 3.
fn agrees_with_f64<T: Float + Into<f64>>(tolerance: f64) {
    for ((name, optimizer), (_, reference)) in every_kind::<T>().into_iter().zip(every_kind::<f64>()) {
        let (found, expected) = (wild_walk(optimizer, |same| same), wild_walk(reference, |same| same));
        for (x, y) in found.into_iter().zip(expected) {
            let x: f64 = x.into();
            assert!((x - y).abs() <= tolerance, "{name}: {x}, in f64 {y}");
        }
    }
}

#[test]
fn every_scalar_walks_the_same_way() {
    agrees_with_f64::<f32>(12.0 * 2.4e-7); // 12 steps of an ulp or two, of numbers below 4
    agrees_with_f64::<bf16>(12.0 * 0.016);
    agrees_with_f64::<f16>(12.0 * 0.002);
    agrees_with_f64::<TwoFloat>(12.0 * 4.4e-16); // it is f64 that errs here
}

/// With PyTorch's defaults too: 0.999 is 1 in `bf16`, and 1 − 0.999 still has to be 0.001.
#[test]
fn adam_works_in_bf16() {
    let rate = bf16::from_f64(0.0625);
    let path = walk(&mut Adam::new(rate), bf16::from_f64(4.0), 100, |_, w| w);
    assert!(path[0].to_f64() < 3.95 && path[99].to_f64().abs() < 0.5, "{path:?}");
}

/// On dual numbers a whole training is differentiated by its learning rate.
#[test]
fn a_dual_learning_rate_tells_how_the_training_depends_on_it() {
    for (kind, (name, mut optimizer)) in every_kind::<Dual<f64>>().into_iter().enumerate() {
        let plain = |rate: f64| {
            let mut optimizer = every_kind::<f64>().swap_remove(kind).1;
            optimizer.set_learning_rate(rate);
            walk(optimizer.as_mut(), 1.5, 12, |t, w| w.sinh() - wild(t, 0, 0))[11]
        };
        optimizer.set_learning_rate(Dual::variable(0.0625));
        let gradient = |t, w: Dual<f64>| num_traits::Float::sinh(w) - lit(wild(t, 0, 0));
        let w = walk(optimizer.as_mut(), lit(1.5), 12, gradient)[11];
        assert_eq!(w.re, plain(0.0625), "{name}");
        let h = 1e-5; // rounding costs about 1e-16/h, the third derivative about h²
        let difference = (plain(0.0625 + h) - plain(0.0625 - h)) / (2.0 * h);
        assert_close(&[w.eps], &[difference], 1e-8, name);
    }
    // w after n steps is (1 − η·h)ⁿ: with η·h = 1/2 and n = 4 its derivative is −n·h·(1/2)³, exactly.
    let w = walk(&mut Sgd::new(Dual::variable(0.25)), lit(1.0), 4, |_, w| w * lit(2.0))[3];
    assert_eq!((w.re, w.eps), (0.0625, -4.0 * 2.0 * 0.125));
}

// What the derivations promise.

/// On L = h·w²/2, plain descent multiplies w by 1 − η·h at every step.
#[test]
fn sgd_converges_at_the_predicted_rate() {
    // Of the curvatures 1 … 100 the best η is 2/(1 + 100): both ends shrink by 99/101.
    let rate = 2.0 / 101.0;
    for h in [1.0, 100.0] {
        let path = walk(&mut Sgd::new(rate), 1.0, 100, |_, w| h * w);
        let expected = (1.0f64 - rate * h).powi(100);
        assert_close(&path[99..], &[expected], 1e-12, "100 steps with an ulp of a number around 1 − η·h each");
        assert_close(&[expected.abs()], &[(99.0f64 / 101.0).powi(100)], 1e-12, "both ends");
    }
    // One step more than η = 2/h diverges.
    assert!(walk(&mut Sgd::new(0.0201), 1.0f64, 100, |_, w| 100.0 * w)[99].abs() > 2.0);
}

/// The best heavy ball has √η = 2/(√h₁ + √hₙ) and √μ = (√κ − 1)/(√κ + 1): of the curvatures 1 … 100 everything shrinks
/// like t·(9/11)ᵗ, as z² − (1 + μ − η·h)·z + μ has roots of the size √μ for all of them.
#[test]
fn the_heavy_ball_converges_at_the_predicted_rate() {
    let (rate, momentum) = (4.0 / 121.0, (9.0f64 / 11.0).powi(2));
    for h in [1.0, 3.0, 50.0, 100.0] {
        let path = walk(&mut Sgd::new(rate).momentum(momentum), 1.0f64, 101, |_, w| h * w);
        // Over 100 steps, not counting the factor t; plain descent's best is (99/101)^100 = 0.14.
        let size = (path[99].powi(2) + path[100].powi(2)).sqrt();
        let predicted = (9.0f64 / 11.0).powi(100);
        assert!(
            size > 0.1 * predicted && size < 10.0 * 100.0 * predicted,
            "h = {h}: {size:e}, predicted {predicted:e}"
        );
    }
}

/// Eliminating v: wₜ₊₁ = (1 + μ − η·h)·wₜ − μ·wₜ₋₁ for the heavy ball, (1 + μ)·(1 − η·h)·wₜ − μ·(1 − η·h)·wₜ₋₁ for
/// Nesterov's.
#[test]
fn nesterov_differs_from_the_heavy_ball_as_derived() {
    let (rate, mu, h) = (0.05, 0.9, 3.0);
    let recurrence = |a: f64, b: f64, first: f64| {
        let mut path = vec![1.0, first];
        (1..30).for_each(|t| path.push(a * path[t] + b * path[t - 1]));
        path[1..].to_vec()
    };
    let shrink = 1.0 - rate * h;
    let ball = walk(&mut Sgd::new(rate).momentum(mu), 1.0, 30, |_, w| h * w);
    let nesterov = walk(&mut Sgd::new(rate).nesterov(mu), 1.0, 30, |_, w| h * w);
    // The numbers cross 0 on their way, so a few ulps of 1 are larger than an ulp of theirs.
    assert_close(&ball, &recurrence(1.0 + mu - rate * h, -mu, shrink), 1e-12, "heavy ball");
    let first = 1.0 - rate * (1.0 + mu) * h;
    assert_close(&nesterov, &recurrence((1.0 + mu) * shrink, -mu * shrink, first), 1e-12, "Nesterov");
    // Both swing, with complex roots whose product, their size squared, is μ for the ball and the smaller μ·(1 − η·h)
    // for Nesterov's: by this factor wₜ₋₁·wₜ₊₁ − wₜ² falls at every step.
    for (path, product) in [(ball, mu), (nesterov, mu * shrink)] {
        let swing: Vec<f64> = path.windows(3).map(|w| w[0] * w[2] - w[1] * w[1]).collect();
        let expected: Vec<f64> = swing.iter().map(|s| s * product).collect();
        assert!(swing[0] < 0.0);
        assert_close(&swing[1..], &expected[..27], 1e-12, "a difference of numbers of its own size");
    }
}

/// Step 4 of the derivation: the parameters of the rewritten rule are Nesterov's look-ahead points.
#[test]
fn nesterovs_parameters_are_the_look_ahead_points() {
    let (rate, mu) = (0.1, 0.8);
    let gradient = |w: f64| w.sinh() + 0.3 * w.cos();
    let (mut theta, mut v) = (1.5, 0.0);
    let look_ahead = |_| {
        v = mu * v + gradient(theta - rate * mu * v);
        theta -= rate * v;
        theta - rate * mu * v
    };
    let expected: Vec<f64> = (0..20).map(look_ahead).collect();
    let found = walk(&mut Sgd::new(rate).nesterov(mu), 1.5, 20, |_, w| gradient(w));
    assert_close(&found, &expected, 1e-13, "20 steps of a few roundings");
}

/// In a steady slope the velocity grows up to g/(1 − μ).
#[test]
fn momentum_lengthens_steady_steps() {
    for mut sgd in [Sgd::new(1.0).momentum(0.75), Sgd::new(1.0).nesterov(0.75)] {
        let path = walk(&mut sgd, 0.0, 200, |_, _| 1.0);
        assert_eq!(path[198] - path[199], 4.0);
    }
}

/// What divides by √v forgets the scale of the gradients; by a power of two even every rounding is the same.
#[test]
fn the_scale_of_the_gradients_cancels() {
    let kinds = || -> [Boxed<f64>; 4] {
        [
            Box::new(AdaGrad::new(0.1).epsilon(0.0)),
            Box::new(RmsProp::new(0.1).epsilon(0.0)),
            Box::new(Adam::new(0.1).epsilon(0.0)),
            Box::new(AdamW::new(0.1).epsilon(0.0)),
        ]
    };
    for (mut one, mut other) in kinds().into_iter().zip(kinds()) {
        let path = walk(one.as_mut(), 1.0, 20, |t, _| wild(t, 0, 0));
        assert_eq!(path, walk(other.as_mut(), 1.0, 20, |t, _| wild(t, 0, 0) * 2f64.powi(40)));
        assert!(path.windows(2).all(|w| w[0] != w[1]));
    }
}

#[test]
fn adagrads_steps_fall_like_one_over_the_root() {
    let path = walk(&mut AdaGrad::new(0.5).epsilon(0.0), 0.0, 100, |_, _| 3.0);
    let expected: Vec<f64> = (2..=100).map(|t| 0.5 / f64::from(t).sqrt()).collect();
    let steps: Vec<f64> = path.windows(2).map(|w| w[0] - w[1]).collect();
    assert_close(&steps, &expected, 1e-12, "differences of numbers up to 10");
}

/// The first step is η/√(1 − α) long, and steady steps become η.
#[test]
fn rmsprops_steps_start_long() {
    let path = walk(&mut RmsProp::new(0.5).epsilon(0.0), 0.0, 5000, |_, _| 3.0);
    assert_close(&[-path[0]], &[5.0], 1e-13, "1 − 0.99 is good to 1e-14");
    assert_close(&[path[4998] - path[4999]], &[0.5], 1e-12, "a difference of numbers around 2500");
}

/// Without ε the steps have the unit of the parameters: in other units, the same way. ε only starts it, so the start is
/// made here by a state.
#[test]
fn adadeltas_steps_have_the_unit_of_the_parameters() {
    let in_units_of = |c: f64| {
        let mut adadelta = Adadelta::new(1.0).epsilon(0.0);
        adadelta.restore(State { steps: 1, memories: vec![vec![2.0 / (c * c)], vec![0.01 * c * c]] }).unwrap();
        walk(&mut adadelta, c, 20, |t, _| wild(t, 0, 0) / c).into_iter().map(|w| w / c).collect::<Vec<f64>>()
    };
    assert_eq!(in_units_of(1.0), in_units_of(1024.0));

    let first = walk(&mut Adadelta::new(1.0), 0.0, 1, |_, _| -1e6)[0];
    assert_close(&[first], &[(1e-6f64 / 0.1).sqrt()], 1e-12, "√(ε/(1 − ρ)), but for ε beside 1e11");
}

#[test]
fn adams_first_step_has_the_length_of_the_learning_rate() {
    for exponent in [-140, -9, 0, 3, 140] {
        for sign in [1.0, -1.0] {
            let g = sign * 1.7 * 10f64.powi(exponent);
            let found = walk(&mut Adam::new(0.01).epsilon(0.0), 0.0, 1, |_, _| g);
            assert_close(&found, &[-sign * 0.01], 1e-15, "a few roundings");
        }
    }
    // A steady gradient: all steps have it, as both means are right from the first on.
    let path = walk(&mut Adam::new(0.5).epsilon(0.0), 0.0, 1000, |_, _| 3.0);
    let steps: Vec<f64> = path.windows(2).map(|w| w[0] - w[1]).collect();
    assert_close(&steps, &[0.5; 999], 1e-12, "differences of numbers up to 500");
}

#[test]
fn decoupled_weight_decay_is_exact_and_the_penalty_is_not() {
    for (rate, lambda) in [(0.5, 0.25), (1e-3, 0.01), (0.1, 3.0)] {
        let path = walk(&mut AdamW::new(rate).weight_decay(lambda), 7.0, 50, |_, _| 0.0);
        let mut expected = 7.0;
        for w in path {
            expected *= 1.0 - rate * lambda;
            assert_eq!(w, expected);
        }
        // The L2 penalty takes η, whatever λ is.
        let penalized = walk(&mut Adam::new(rate).weight_decay(lambda).epsilon(0.0), 7.0, 1, |_, _| 0.0);
        assert_close(&penalized, &[7.0 - rate], 1e-15, "a few roundings");
    }
    // In plain descent the two are one thing.
    let path = walk(&mut Sgd::new(0.5).weight_decay(0.25), 7.0, 50, |_, _| 0.0);
    assert_close(&path[49..], &[7.0 * 0.875f64.powi(50)], 1e-14, "50 steps of a few roundings");
}

/// Every rule finds the minimum of (w − 3)²/2 + cosh(w)/10, where w − 3 + sinh(w)/10 = 0.
#[test]
fn every_rule_goes_downhill() {
    let gradient = |_, w: f64| w - 3.0 + w.sinh() / 10.0;
    let rules: [Boxed<f64>; 8] = [
        Box::new(Sgd::new(0.1)),
        Box::new(Sgd::new(0.1).momentum(0.9)),
        Box::new(Sgd::new(0.1).nesterov(0.9)),
        Box::new(AdaGrad::new(1.0)),
        Box::new(RmsProp::new(0.001)),
        Box::new(Adadelta::new(1.0)),
        Box::new(Adam::new(0.01)),
        Box::new(AdamW::new(0.01).weight_decay(0.0)),
    ];
    for (i, mut rule) in rules.into_iter().enumerate() {
        let path = walk(rule.as_mut(), -1.0, 10_000, gradient);
        assert!(gradient(0, path[9_999]).abs() < 0.01, "rule {i} is at {}", path[9_999]);
    }
}

// ---- surfaces ----

#[test]
fn the_gradients_of_the_surfaces_are_exact() {
    for surface in Surface::ALL {
        for (i, j) in (-8..=8).flat_map(|i| (-8..=8).map(move |j| (i, j))) {
            let (x, y) = (f64::from(i) / 4.0, f64::from(j) / 4.0); // numbers that nothing rounds
            let (x_moves, y_moves) = (
                [Dual::variable(x), Dual::constant(y)], //
                [Dual::constant(x), Dual::variable(y)],
            );
            let expected = [surface.value(x_moves).eps, surface.value(y_moves).eps];
            assert_eq!(surface.gradient([x, y]), expected, "{surface:?} at ({x}, {y})");
        }
    }
}

#[test]
fn the_surfaces_are_flat_where_they_say() {
    let flat = [[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [0.0, 0.0]];
    for (surface, at) in Surface::ALL.into_iter().zip(flat) {
        assert_eq!((surface.value(at), surface.gradient(at).map(f64::abs)), (0.0, [0.0, 0.0]), "{surface:?}");
    }
    assert_eq!(Surface::Rosenbrock.value([-1.0, 1.0]), 4.0);
    assert_eq!(Surface::ALL.map(Surface::name), ["Bowl", "Valley", "Rosenbrock's valley", "Saddle"]);
    assert_eq!(Surface::Saddle.value([1.0, 3.0]), -4.0);
}

/// Along y, each step multiplies by 1 − 25·η: what is beyond η = 2/25 grows.
#[test]
fn the_valley_is_left_by_too_large_steps() -> Result<(), ShapeError> {
    let height = |learning_rate: f64| -> Result<f64, ShapeError> {
        let path = Surface::Valley.descend(&mut Sgd::new(learning_rate), [-4.0, 1.0], 50)?;
        assert_eq!(path.len(), 51);
        let expected = (1.0 - 25.0 * learning_rate).powi(50);
        assert!((path[50][1] - expected).abs() <= 1e-12 * expected.abs(), "{} for {expected}", path[50][1]);
        Ok(path[50][1].abs())
    };
    assert!(height(0.079)? < 0.3 && height(0.081)? > 3.0);
    let mut sgd = Sgd::new(0.1).momentum(0.5);
    sgd.step(&mut [&mut [0.0; 3]], &[&[1.0; 3]])?;
    assert!(Surface::Bowl.descend(&mut sgd, [1.0, 1.0], 1).is_err());
    Ok(())
}

// The ends of the coefficients and of the types.

#[test]
fn a_mean_that_keeps_nothing_is_its_last_number() {
    // g = 1, then 10⁻⁴: without a memory v = g², and every step has the length η. In f32, 1 + (10⁻⁸ − 1) is 0.
    let steps = |mut optimizer: Boxed<f32>| {
        let path = walk(&mut *optimizer, 0.0, 2, |t, _| [1.0, 1e-4][t]);
        [path[0], path[1] - path[0]]
    };
    let close = |[first, second]: [f32; 2], name: &str| {
        assert!((first + 1.0).abs() < 1e-6 && (second + 1.0).abs() < 1e-6, "{name}: steps of {first} and {second}");
    };
    close(steps(Box::new(RmsProp::new(1.0).alpha(0.0).epsilon(0.0))), "RmsProp");
    close(steps(Box::new(Adam::new(1.0).betas(0.0, 0.0).epsilon(0.0))), "Adam");
    close(steps(Box::new(AdamW::new(1.0).betas(0.0, 0.0).epsilon(0.0).weight_decay(0.0))), "AdamW");
    // Adadelta's second step: g·√(Δ² + ε)/√(g² + ε) with Δ the first, 0.5·√1.5⁻¹; its v forgets the first g.
    let mut adadelta = Adadelta::new(1f32).rho(0.0).epsilon(1e-12);
    walk(&mut adadelta, 0.0, 2, |t, _| [1.0, 1e-4][t]);
    assert!((adadelta.state().memories[0][0] / 1e-8 - 1.0).abs() < 1e-6, "{:?}", adadelta.state());
    // And so does a mean that keeps a little.
    let mut rmsprop = RmsProp::new(1f32).alpha(1e-6);
    walk(&mut rmsprop, 0.0, 3, |t, _| [1.0, 1e-4, 1e-4][t]);
    assert!((rmsprop.state().memories[0][0] / 1e-8 - 1.0).abs() < 2e-4, "{:?}", rmsprop.state());
}

#[test]
fn a_gradient_of_0_moves_nothing_in_any_type() {
    fn test<T: Float>() {
        let rate: T = lit(0.0625);
        let defaults: [(&str, Boxed<T>); 7] = [
            ("Sgd", Box::new(Sgd::new(rate).momentum(0.9))),
            ("AdaGrad", Box::new(AdaGrad::new(rate))),
            ("RmsProp", Box::new(RmsProp::new(rate))),
            ("Adadelta", Box::new(Adadelta::new(rate).epsilon(1e-8))),
            ("Adam", Box::new(Adam::new(rate))),
            ("Adam, a long memory", Box::new(Adam::new(rate).betas(0.9, 0.999_999))),
            ("AdamW", Box::new(AdamW::new(rate).weight_decay(0.0))),
        ];
        for (name, mut optimizer) in defaults {
            assert_eq!(walk(&mut *optimizer, T::one(), 3, |_, _| T::zero()), [T::one(); 3], "{name}");
        }
    }
    test::<f16>();
    test::<bf16>();
    test::<f32>();
    test::<f64>();
    test::<handgrad::numbers::F16>();
}

#[test]
fn the_last_step_that_can_be_counted_is_a_step() {
    for (name, mut optimizer) in every_kind::<f64>() {
        let mut w = [1.0];
        optimizer.step(&mut [&mut w], &[&[0.5]]).unwrap();
        let last = 1 << 53;
        assert!(optimizer.restore(State { steps: u64::MAX, ..optimizer.state() }).is_err(), "{name}");
        optimizer.restore(State { steps: last, ..optimizer.state() }).unwrap();
        optimizer.step(&mut [&mut w], &[&[0.5]]).unwrap();
        assert!(w[0].is_finite() && optimizer.state().steps == last + 1, "{name}: {w:?}");
    }
}
