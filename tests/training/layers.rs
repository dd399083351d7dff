//! Every layer of the crate, by the same tests: its gradients in both of its backwards, added up over several of them,
//! and its memory.

use super::message;
use super::models::random;
use handgrad::prelude::*;
use std::fs;
use std::path::Path;

/// A layer and the shape of a batch for it.
struct Case<T> {
    layer: Box<dyn Layer<T>>,
    shape: [usize; 4],
}

fn case<T: Float>(layer: impl Layer<T> + 'static, shape: [usize; 4]) -> Case<T> {
    Case { layer: Box::new(layer), shape }
}

/// All of them. Five samples each, so that they can be parted.
fn layers<T: Float>() -> Vec<Case<T>> {
    let rng = &mut init::rng(1);
    let mut bias = |d: usize| init::normal::<T, _>(rng, [d, 1], 1.0).column(0).into_owned();
    let (three, four, five, two) = (bias(3), bias(4), bias(5), bias(2));
    let rng = &mut init::rng(2);
    let inner = Sequential::new()
        .with(Flatten::new())
        .with(Conv2d::of(init::he(rng, [12, 3, 1, 1]), Slide::default()))
        .with(Sequential::new().with(Tanh::new()).with(Dense::of(init::he(rng, [3, 2]))));
    let dense = |d, m, rng: &mut _, b| Dense::with_bias(init::he(rng, [d, m]), b).unwrap();
    let conv = |shape, rng: &mut _, b, slide| Conv2d::with_bias(init::he(rng, shape), b, slide).unwrap();
    vec![
        case(dense(12, 5, rng, five), [5, 3, 2, 2]),
        case(dense(4, 4, rng, four), [5, 4, 1, 1]),
        case(conv([2, 3, 3, 2], rng, three, Slide::by(2, 1).padding(1, 0)), [5, 2, 5, 4]),
        case(conv([2, 2, 3, 3], rng, two, Slide::default().padding(1, 1)), [5, 2, 4, 3]),
        case(MaxPool2d::new((2, 3), Slide::by(1, 2).round_down()), [5, 2, 4, 4]),
        case(AvgPool2d::new((3, 3), Slide::by(1, 1).padding(1, 1)), [5, 2, 4, 3]),
        case(GlobalMaxPool::new(), [5, 3, 2, 4]),
        case(GlobalAvgPool::new(), [5, 3, 2, 4]),
        case(BatchNorm::new(3), [5, 3, 2, 2]),
        case(BatchNorm::new(4), [5, 4, 1, 1]),
        case(Flatten::new(), [5, 3, 2, 4]),
        case(Relu::new(), [5, 3, 2, 2]),
        case(LeakyRelu::new(lit(0.1)), [5, 3, 2, 2]),
        case(Prelu::new(3), [5, 3, 2, 2]),
        case(Prelu::new(1), [5, 3, 2, 2]),
        case(Elu::new(lit(0.7)), [5, 3, 2, 2]),
        case(Selu::new(), [5, 3, 2, 2]),
        case(Sigmoid::new(), [5, 3, 2, 2]),
        case(Tanh::new(), [5, 3, 2, 2]),
        case(Softmax::new(), [5, 4, 1, 1]),
        case(inner, [5, 3, 2, 2]),
    ]
}

/// What every test begins with: a case with its number, its name, a batch and the shape of the layer's output.
fn each(mut test: impl FnMut(usize, &str, &mut dyn Layer<f64>, Tensor4<f64>, [usize; 4])) {
    for (number, Case { mut layer, shape }) in layers::<f64>().into_iter().enumerate() {
        let (name, z) = (layer.description(), random(shape, number as u64));
        let out = layer.infer(&z).unwrap().shape();
        test(number, &name, &mut *layer, z, out);
    }
}

fn gradients(layer: &dyn Layer<f64>) -> Vec<Vec<f64>> {
    layer.parameters().iter().map(|p| p.gradient.to_vec()).collect()
}

/// The dual twin of layer `number`, with the values `v` in the place of those of its parameter `i`.
fn dual(number: usize, i: usize, v: &[Dual<f64>]) -> Box<dyn Layer<Dual<f64>>> {
    let mut layer = layers::<Dual<f64>>().swap_remove(number).layer;
    layer.parameters_mut()[i].values.copy_from_slice(v);
    layer
}

/// That every number of `found` is that of `expected`, up to a few roundings of the largest.
fn close(name: &str, found: &[Vec<f64>], expected: &[Vec<f64>]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.len(), expected.len(), "{name}");
        let scale = expected.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        let apart = found.iter().zip(expected).fold(0.0f64, |most, (a, b)| most.max((a - b).abs()));
        assert!(apart <= 1e-14 * scale, "{name}: {apart:e} of {scale:e}");
    }
}

#[test]
fn the_list_is_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/model");
    let mut written = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        for line in fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            // `impl<T: Float> Layer<T> for Dense<T> {`, and `Relu, relu_forward, …` where a macro writes that line.
            let by_hand = line.split_once("Layer<T> for ").map(|(_, name)| name);
            let by_macro = line.contains("_forward, ").then(|| line.trim());
            let name = by_hand.or(by_macro).unwrap_or_default();
            let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            written.extend(name.starts_with(char::is_uppercase).then(|| name.to_string()));
        }
    }
    let mut listed: Vec<String> =
        layers::<f64>().iter().map(|c| c.layer.description().split(' ').next().unwrap().to_string()).collect();
    for names in [&mut written, &mut listed] {
        names.sort();
        names.dedup();
    }
    assert_eq!(listed, written);
    assert!(listed.len() >= 16, "{listed:?}");
}

#[test]
fn infer_is_forward_without_a_memory() {
    each(|_, name, layer, z, _| {
        let mut memory = Memory::new();
        let y = layer.infer(&z).unwrap();
        assert_eq!(layer.forward(z, &mut memory).unwrap(), y, "{name}");
        assert!(!memory.is_empty(), "{name}");
    });
}

#[test]
fn every_gradient_is_that_of_the_dual_forward_in_both_backwards() {
    each(|number, name, layer, z, out| {
        let next_dz: Tensor4<f64> = random(out, 100);
        let mut memory = Memory::new();
        layer.forward(z.clone(), &mut memory).unwrap();
        let dz = layer.backward(&next_dz, &mut memory).unwrap();
        assert!(memory.is_empty(), "{name}");
        let forward = |z: &Tensor4<Dual<f64>>| layers::<Dual<f64>>()[number].layer.infer(z);
        let mut proof = Proof::new(name, &next_dz).input("dz", &z, &dz, forward).unwrap();

        let full = gradients(layer);
        layer.clear_gradients();
        layer.forward(z.clone(), &mut memory).unwrap();
        layer.backward_parameters(&next_dz, &mut memory).unwrap();
        assert!(memory.is_empty(), "{name}");
        assert_eq!(gradients(layer), full, "{name}: the training's own path");

        for (i, (p, gradient)) in layer.parameters().iter().zip(full).enumerate() {
            let (values, gradient) = (DVector::from_column_slice(p.values), DVector::from_vec(gradient));
            let forward = |v: &DVector<Dual<f64>>| dual(number, i, v.as_slice()).infer(&lift(&z));
            proof = proof.parameter(&p.name, &values, &gradient, forward).unwrap();
        }
        assert!(proof.passed(), "{proof}");
        assert_eq!(proof.checks().len(), 1 + layer.parameters().len());
    });
}

/// A forward and a backward, the whole one or that of a training, and the gradients that there are then.
fn run(layer: &mut dyn Layer<f64>, z: &Tensor4<f64>, next_dz: &Tensor4<f64>, whole: bool) -> Vec<Vec<f64>> {
    let mut memory = Memory::new();
    layer.forward(z.clone(), &mut memory).unwrap();
    match whole {
        true => drop(layer.backward(next_dz, &mut memory).unwrap()),
        false => layer.backward_parameters(next_dz, &mut memory).unwrap(),
    }
    gradients(layer)
}

#[test]
fn gradients_are_added_until_they_are_cleared() {
    each(|number, name, layer, z, out| {
        let other = random(z.shape(), 200);
        let (first, second) = (random(out, 300), random(out, 301));
        let mut fresh = layers::<f64>().swap_remove(number).layer;
        let of_second = run(&mut *fresh, &other, &second, true);
        for whole in [true, false] {
            let none = vec![Vec::<f64>::new(); layer.parameters().len()];
            assert_eq!(gradients(layer), none, "{name}");
            let of_first = run(layer, &z, &first, whole);
            layer.clear_gradients();
            assert_eq!(gradients(layer), none, "{name}");
            assert_eq!(run(layer, &other, &second, whole), of_second, "{name}: nothing of the first is left");
            let sum: Vec<Vec<f64>> =
                of_second.iter().zip(&of_first).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect();
            assert_eq!(run(layer, &z, &first, whole), sum, "{name}");
            layer.clear_gradients();
            run(layer, &z, &first, whole);
            let twice: Vec<Vec<f64>> = of_first.iter().map(|g| g.iter().map(|g| 2.0 * g).collect()).collect();
            assert_eq!(run(layer, &z, &first, whole), twice, "{name}");
            layer.clear_gradients();
        }
    });
}

fn sum<T: Float>(a: Tensor4<T>, b: Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
    let [_, c, h, w] = a.shape();
    Tensor4::from_matrix(a.into_matrix() + b.into_matrix(), [c, h, w])
}

#[test]
fn weights_used_twice_have_the_gradient_of_both_uses() {
    each(|number, name, layer, z, out| {
        // y = f(z) + f(x)
        let (x, next_dz): (Tensor4<f64>, Tensor4<f64>) = (random(z.shape(), 400), random(out, 401));
        let twin = || layers::<Dual<f64>>().swap_remove(number).layer;
        let mut memory = Memory::new();
        layer.forward(z.clone(), &mut memory).unwrap();
        layer.forward(x.clone(), &mut memory).unwrap();
        let dx = layer.backward(&next_dz, &mut memory).unwrap();
        let dz = layer.backward(&next_dz, &mut memory).unwrap();
        assert!(memory.is_empty(), "{name}");
        let mut proof = Proof::new(name, &next_dz)
            .input("dz", &z, &dz, |z| sum(twin().infer(z)?, twin().infer(&lift(&x))?))
            .and_then(|proof| proof.input("dx", &x, &dx, |x| sum(twin().infer(&lift(&z))?, twin().infer(x)?)))
            .unwrap();
        for (i, p) in layer.parameters().iter().enumerate() {
            let [values, gradient] = [p.values, p.gradient].map(DVector::from_column_slice);
            let forward = |v: &DVector<Dual<f64>>| {
                let layer = dual(number, i, v.as_slice());
                sum(layer.infer(&lift(&z))?, layer.infer(&lift(&x))?)
            };
            proof = proof.parameter(&p.name, &values, &gradient, forward).unwrap();
        }
        assert!(proof.passed(), "{proof}");
    });
}

#[test]
fn a_layer_above_itself_has_the_gradient_of_both_uses() {
    let mut found = Vec::new();
    each(|number, name, layer, z, out| {
        if out != z.shape() {
            return;
        }
        // y = f(f(z))
        let next_dz: Tensor4<f64> = random(out, 401);
        let mut memory = Memory::new();
        let middle = layer.forward(z.clone(), &mut memory).unwrap();
        layer.forward(middle, &mut memory).unwrap();
        let middle = layer.backward(&next_dz, &mut memory).unwrap();
        let dz = layer.backward(&middle, &mut memory).unwrap();
        let forward = |z: &Tensor4<Dual<f64>>| {
            let twin = layers::<Dual<f64>>().swap_remove(number).layer;
            twin.infer(&twin.infer(z)?)
        };
        let mut proof = Proof::new(name, &next_dz).input("dz", &z, &dz, forward).unwrap();
        for (i, p) in layer.parameters().iter().enumerate() {
            let [values, gradient] = [p.values, p.gradient].map(DVector::from_column_slice);
            let forward = |v: &DVector<Dual<f64>>| {
                let layer = dual(number, i, v.as_slice());
                layer.infer(&layer.infer(&lift(&z))?)
            };
            proof = proof.parameter(&p.name, &values, &gradient, forward).unwrap();
        }
        assert!(proof.passed(), "{proof}");
        found.extend((!layer.parameters().is_empty()).then(|| name.to_string()));
    });
    assert!(found.len() >= 4, "{found:?}");
}

/// N is that of the whole batch: the `next_dz` of a part of n samples is n·∂L/∂y, n/N of what it is without the others.
#[test]
fn the_gradients_of_the_parts_of_a_batch_add_up_to_that_of_the_batch() {
    each(|_, name, layer, z, out| {
        let next_dz: Tensor4<f64> = random(out, 500);
        let whole = run(layer, &z, &next_dz, false);
        layer.clear_gradients();
        for (first, count) in [(0, 2), (2, 3)] {
            let share = count as f64 / 5.0;
            run(layer, &z.samples(first, count), &next_dz.samples(first, count).map(|d| d * share), false);
        }
        close(name, &gradients(layer), &whole);
    });
}

#[test]
fn a_backward_finds_only_what_a_forward_of_its_own_kind_has_left() {
    each(|_, name, layer, z, out| {
        let kind = name.split(' ').next().unwrap();
        let next_dz: Tensor4<f64> = random(out, 600);
        for whole in [true, false] {
            let mut memory = Memory::new();
            let backward = |layer: &mut dyn Layer<f64>, memory: &mut Memory<f64>| match whole {
                true => message(layer.backward(&next_dz, memory)),
                false => message(layer.backward_parameters(&next_dz, memory)),
            };
            assert_eq!(
                backward(layer, &mut memory),
                format!(
                    "{kind}: backward without a forward: forward must come first: backward needs what it remembers"
                )
            );
            layer.forward(z.clone(), &mut memory).unwrap();
            memory.push("Other", z.clone());
            assert_eq!(
                backward(layer, &mut memory),
                format!(
                    "{kind}: backward, but the last forward belonged to Other: \
                     backwards must come in the reverse order of the forwards"
                )
            );
            assert_eq!(memory.pop("Other").unwrap(), z, "{name}: it is still there");
            assert_eq!(backward(layer, &mut memory), "");
            assert!(memory.is_empty());
        }
    });
}
