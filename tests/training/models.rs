//! `model`: that layers in a row are the functions they call, and that their gradients are those of the whole.

use super::message;
use handgrad::prelude::*;
use nalgebra::Scalar;

/// Normal numbers of a seed.
pub fn random<T: Float>(shape: [usize; 4], seed: u64) -> Tensor4<T> {
    init::normal(&mut init::rng(seed), shape, 1.0)
}

/// A network that holds every layer which hands on maps or vectors, with rectangles, strides and padding; for inputs
/// (N, 2, 9, 7).
fn every_layer<T: Float>() -> Sequential<T> {
    let rng = &mut init::rng(5);
    Sequential::new()
        .with(Conv2d::of(init::he(rng, [2, 4, 3, 3]), Slide::by(2, 1).padding(1, 1))) // 4×5×7
        .with(Prelu::of(4))
        .with(MaxPool2d::new((3, 3), Slide::by(2, 2))) // 4×2×3
        .with(Conv2d::of(init::he(rng, [4, 3, 1, 2]), Slide::default())) // 3×2×2
        .with(Elu::new(lit(0.7)))
        .with(AvgPool2d::new((2, 2), Slide::by(1, 1).padding(1, 1))) // 3×3×3
        .with(Selu::new())
        .with(Flatten::new())
        .with(Dense::of(init::he(rng, [27, 5])))
        .with(LeakyRelu::new(lit(0.1)))
        .with(Dense::of(init::he(rng, [5, 6])))
        .with(Tanh::new())
        .with(Dense::of(init::he(rng, [6, 5])))
        .with(Sigmoid::new())
        .with(Dense::of(init::he(rng, [5, 4])))
        .with(Softmax::new())
}

/// A network that ends in a pooling of whole maps; for inputs (N, 2, 9, 7).
fn global<T: Float>(pool: impl Layer<T> + 'static) -> Sequential<T> {
    let rng = &mut init::rng(6);
    Sequential::new()
        .with(Conv2d::of(init::he(rng, [2, 5, 3, 2]), Slide::default()))
        .with(Relu::new())
        .with(pool)
        .with(Dense::of(init::he(rng, [5, 3])))
}

/// Every entry of every gradient of `model` and of its input, against `dual`, the same network on dual numbers.
fn prove(name: &str, model: fn() -> Sequential<f64>, dual: fn() -> Sequential<Dual<f64>>) {
    let mut model = model();
    let z: Tensor4<f64> = random([3, 2, 9, 7], 1);
    let y = model.forward(z.clone()).unwrap();
    let next_dz: Tensor4<f64> = random(y.shape(), 2);
    let dz = model.backward(&next_dz).unwrap();
    let mut proof = Proof::new(name, &next_dz).input("dz", &z, &dz, |z| dual().infer(z)).unwrap();
    for (i, p) in model.parameters().iter().enumerate() {
        let [values, gradient] = [p.values, p.gradient].map(DVector::from_column_slice);
        let forward = |v: &DVector<Dual<f64>>| {
            let mut dual = dual();
            dual.parameters_mut()[i].values.copy_from_slice(v.as_slice());
            dual.infer(&lift(&z))
        };
        proof = proof.parameter(&p.name, &values, &gradient, forward).unwrap();
    }
    assert!(proof.passed(), "{proof}");
    assert_eq!(proof.checks().len(), 1 + model.parameters().len());
}

#[test]
fn every_gradient_of_a_whole_network_is_that_of_its_dual_forward() {
    prove("every layer", every_layer, every_layer);
    prove("global max", || global(GlobalMaxPool::new()), || global(GlobalMaxPool::new()));
    prove("global mean", || global(GlobalAvgPool::new()), || global(GlobalAvgPool::new()));
}

#[test]
fn lenet_is_the_functions_it_calls() {
    let mut model = lenet::<f64>(Start::He, 3);
    let z: Tensor4<f64> = random([2, 1, 28, 28], 1);
    let parameters: Vec<(Vec<usize>, Vec<f64>)> =
        model.parameters().iter().map(|p| (p.shape.clone(), p.values.to_vec())).collect();
    let shapes: Vec<_> = parameters.iter().map(|(shape, _)| shape.as_slice()).collect();
    assert_eq!(shapes[..4], [&[6, 1, 5, 5][..], &[6], &[16, 6, 5, 5], &[16]]);
    assert_eq!(shapes[4..], [&[120, 400][..], &[120], &[84, 120], &[84], &[10, 84], &[10]]);
    let kernel = |i: usize, [c, d]: [usize; 2]| {
        Tensor4::from_matrix(DMatrix::from_column_slice(c, d * 25, &parameters[i].1), [d, 5, 5]).unwrap()
    };
    let matrix = |i: usize, l: usize, m: usize| DMatrix::from_column_slice(l, m, &parameters[i].1);
    let bias = |i: usize| DVector::from_column_slice(&parameters[i].1);
    let relu = |z: Tensor4<f64>| {
        let [_, c, h, w] = z.shape();
        Tensor4::from_matrix(relu_forward(z.matrix()), [c, h, w]).unwrap()
    };

    let half = Slide::by(2, 2);
    let y = relu(conv_forward(&z, &kernel(0, [1, 6]), &bias(1), Slide::default().padding(2, 2)).unwrap());
    let y = max_pooling_forward(&y, (2, 2), half).unwrap();
    let y = relu(conv_forward(&y, &kernel(2, [6, 16]), &bias(3), Slide::default()).unwrap());
    let y = flatten_forward(&max_pooling_forward(&y, (2, 2), half).unwrap());
    let y = relu_forward(&fc_forward(&y, &matrix(4, 400, 120), &bias(5)).unwrap());
    let y = relu_forward(&fc_forward(&y, &matrix(6, 120, 84), &bias(7)).unwrap());
    let y = fc_forward(&y, &matrix(8, 84, 10), &bias(9)).unwrap();
    assert_eq!(model.infer(&z).unwrap().matrix(), &y);
    assert_eq!(model.forward(z).unwrap().matrix(), &y);
}

#[test]
fn parameters_are_named_shaped_and_ordered_as_in_pytorch() {
    let names = |model: &Sequential<f32>| model.parameters().iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let expected = [
        "0.weight",
        "0.bias",
        "3.weight",
        "3.bias",
        "7.weight",
        "7.bias",
        "9.weight",
        "9.bias",
        "11.weight",
        "11.bias",
    ];
    assert_eq!(names(&lenet(Start::He, 1)), expected);
    let nested = Sequential::new().with(Relu::new()).with(mlp(Start::He, 1)).with(Prelu::of(2));
    assert_eq!(names(&nested)[..2], ["1.1.weight", "1.1.bias"]);
    assert_eq!(names(&nested).last().unwrap(), "2.weight");

    // Element (d, c, u, v) of PyTorch's kernel is element (c, d, u, v) of K; (o, i) of its matrix is (i, o) of W.
    let value = |a, b, c, d| (1000 * a + 100 * b + 10 * c + d) as f64;
    let layer = Conv2d::of(Tensor4::from_fn([2, 3, 4, 5], value), Slide::default());
    let expected = Tensor4::from_fn([3, 2, 4, 5], |d, c, u, v| value(c, d, u, v));
    assert_eq!(layer.parameters()[0].shape, [3, 2, 4, 5]);
    assert_eq!(layer.parameters()[0].to_row_major(), expected.to_row_major());
    let layer = Dense::of(dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0]);
    assert_eq!(layer.parameters()[0].shape, [3, 2]);
    assert_eq!(layer.parameters()[0].to_row_major(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
}

#[test]
fn networks_have_the_sizes_of_their_papers() {
    let counts = [lenet::<f32>, mlp, seed_cnn, vgg11].map(|network| network(Start::He, 1).parameter_count());
    assert_eq!(counts, [61_706, 269_322, 11_540, 9_750_922]);
    let summary = lenet::<f32>(Start::He, 1).summary([1, 28, 28]).unwrap();
    let expected = [
        "    input                           1×28×28",
        " 0  Conv2d 1 → 6, 5×5, padding 2×2  6×28×28     156",
        " 1  Relu                            6×28×28",
        " 2  MaxPool2d 2×2                   6×14×14",
        " 3  Conv2d 6 → 16, 5×5              16×10×10   2416",
        " 4  Relu                            16×10×10",
        " 5  MaxPool2d 2×2                   16×5×5",
        " 6  Flatten                         400",
        " 7  Dense 400 → 120                 120       48120",
        " 8  Relu                            120",
        " 9  Dense 120 → 84                  84        10164",
        "10  Relu                            84",
        "11  Dense 84 → 10                   10          850",
        "    all                                       61706",
    ];
    assert_eq!(summary.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_seed_gives_the_same_network_in_every_scalar() {
    let (single, double) = (lenet::<f32>(Start::He, 4), lenet::<f64>(Start::He, 4));
    for (p, q) in single.parameters().iter().zip(double.parameters()) {
        assert!(p.values.iter().zip(q.values).all(|(&p, &q)| p == q as f32), "{}", p.name);
    }
    let other = lenet::<f32>(Start::He, 5);
    assert_ne!(single.parameters()[0].values, other.parameters()[0].values);
}

#[test]
fn infer_is_forward_without_a_memory() {
    let z: Tensor4<f64> = random([3, 2, 9, 7], 1);
    let mut model = every_layer::<f64>();
    assert_eq!(model.infer(&z).unwrap(), model.forward(z).unwrap());
    let next_dz = random([3, 4, 1, 1], 2);
    let dz = model.backward(&next_dz).unwrap();
    model.infer(&random([1, 2, 9, 7], 3)).unwrap(); // changes nothing
    assert_eq!(model.backward(&next_dz).unwrap(), dz);
}

#[test]
fn gradients_are_stored_not_added_up() {
    let z: Tensor4<f64> = random([3, 2, 9, 7], 1);
    let gradients =
        |model: &Sequential<f64>| model.parameters().iter().map(|p| p.gradient.to_vec()).collect::<Vec<_>>();
    let mut model = every_layer::<f64>();
    assert!(gradients(&model).concat().iter().all(|&g| g == 0.0));
    model.forward(z).unwrap();
    model.backward(&random([3, 4, 1, 1], 2)).unwrap();
    let once = gradients(&model);
    model.backward(&random([3, 4, 1, 1], 2)).unwrap();
    assert_eq!(gradients(&model), once);
}

#[test]
fn a_step_is_the_optimizers() {
    let mut model = Sequential::new().with(Dense::of(dmatrix![1.0, 2.0]));
    model.forward(Tensor4::from_vectors(dmatrix![3.0])).unwrap();
    model.backward(&Tensor4::from_vectors(dmatrix![1.0, -1.0])).unwrap();
    model.step(&mut Sgd::new(0.5)).unwrap();
    assert_eq!(model.parameters()[0].values, [1.0 - 0.5 * 3.0, 2.0 + 0.5 * 3.0]);
    assert_eq!(model.parameters()[1].values, [-0.5, 0.5]);
}

#[test]
fn what_does_not_fit_is_named_with_its_layer() {
    let mut model = lenet::<f32>(Start::He, 1);
    let expected =
        "fc_forward: layer 7 (Dense 400 → 120): z is (2, 576) but W is (400, 120): z's columns must equal W's rows";
    assert_eq!(message(model.infer(&Tensor4::zeros([2, 1, 32, 32]))), expected);
    assert_eq!(message(model.forward(Tensor4::zeros([2, 1, 32, 32]))), expected);
    let error = message(model.summary([3, 28, 28]));
    assert!(
        error.starts_with("conv_forward: layer 0 (Conv2d 1 → 6, 5×5, padding 2×2): z is (1, 3, 28, 28)"),
        "{error}"
    );

    let mut fresh = lenet::<f32>(Start::He, 1);
    let error = message(fresh.backward(&Tensor4::zeros([2, 10, 1, 1])));
    assert!(error.starts_with("Dense: layer 11 (Dense 84 → 10): backward without a forward"), "{error}");
    fresh.forward(Tensor4::zeros([2, 1, 28, 28])).unwrap();
    let error = message(fresh.backward(&Tensor4::zeros([3, 10, 1, 1])));
    assert!(error.contains("layer 11") && error.contains("(3, 10)") && error.contains("(2, 10)"), "{error}");

    assert_eq!(
        message(Dense::new(DMatrix::<f64>::zeros(2, 3), DVector::zeros(2))),
        "Dense::new: b is 2 but a row of W is 3: the two must have the same shape"
    );
    assert!(
        message(Conv2d::new(Tensor4::<f64>::zeros([2, 3, 1, 1]), DVector::zeros(2), Slide::default()))
            .starts_with("Conv2d::new")
    );
}

#[test]
fn every_layer_refuses_a_backward_without_a_forward() {
    fn refuses<T: Float + Scalar>(mut layer: impl Layer<T>) {
        let error = message(layer.backward(&Tensor4::zeros([1, 1, 1, 1])));
        let kind = layer.description();
        assert!(
            error.starts_with(kind.split(' ').next().unwrap()) && error.contains("without a forward"),
            "{kind}: {error}"
        );
    }
    refuses::<f64>(Dense::of(DMatrix::zeros(1, 1)));
    refuses::<f64>(Conv2d::of(Tensor4::zeros([1, 1, 1, 1]), Slide::default()));
    refuses::<f64>(MaxPool2d::square(1));
    refuses::<f64>(AvgPool2d::square(1));
    refuses::<f64>(GlobalMaxPool::new());
    refuses::<f64>(GlobalAvgPool::new());
    refuses::<f64>(Flatten::new());
    refuses::<f64>(Relu::new());
    refuses::<f64>(LeakyRelu::new(0.1));
    refuses::<f64>(Prelu::of(1));
    refuses::<f64>(Elu::new(1.0));
    refuses::<f64>(Selu::new());
    refuses::<f64>(Sigmoid::new());
    refuses::<f64>(Tanh::new());
    refuses::<f64>(Softmax::new());
}

#[test]
fn an_empty_row_is_the_identity() {
    let mut model = Sequential::<f64>::default();
    let z = random([2, 1, 2, 3], 1);
    assert_eq!(model.infer(&z).unwrap(), z);
    assert_eq!(model.forward(z.clone()).unwrap(), z);
    assert_eq!(model.backward(&z).unwrap(), z);
}
