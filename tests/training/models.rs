//! `model`: that layers in a row are the functions they call, and that their gradients are those of the whole.

use super::message;
use handgrad::prelude::*;

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
        .with(Prelu::new(4))
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
    let mut memory = Memory::new();
    let y = model.forward(z.clone(), &mut memory).unwrap();
    let next_dz: Tensor4<f64> = random(y.shape(), 2);
    let dz = model.backward(&next_dz, &mut memory).unwrap();
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

/// A dense layer for each token of a sequence (N, D, 1, T), which is the matrix of its N·T tokens, D numbers each.
struct PerToken<T> {
    w: DMatrix<T>,
    dw: Gradient<T>,
}

impl<T: Float> PerToken<T> {
    fn tokens(z: &Tensor4<T>) -> DMatrix<T> {
        let [n, d, _, t] = z.shape();
        DMatrix::from_column_slice(n * t, d, z.as_slice())
    }

    fn sequences(tokens: DMatrix<T>, n: usize) -> Result<Tensor4<T>, ShapeError> {
        let (t, d) = (tokens.nrows() / n, tokens.ncols());
        Tensor4::from_matrix(DMatrix::from_column_slice(n, t * d, tokens.as_slice()), [d, 1, t])
    }
}

impl<T: Float> Layer<T> for PerToken<T> {
    fn description(&self) -> String {
        "PerToken".into()
    }
    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        let y = fc_forward(&Self::tokens(z), &self.w, &DVector::zeros(self.w.ncols()))?;
        Self::sequences(y, z.shape()[0])
    }
    fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
        let y = self.infer(&z)?;
        memory.push("PerToken", z);
        Ok(y)
    }
    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
        let z = memory.pop("PerToken")?;
        let samples = z.shape()[0];
        let FcGradients { dw, dz, .. } = fc_backward_rows(&Self::tokens(next_dz), &self.w, &Self::tokens(&z), samples)?;
        self.dw.add(dw)?;
        Ok(Self::sequences(dz, samples)?)
    }
    fn parameters(&self) -> Vec<Parameter<'_, T>> {
        let (d, m) = self.w.shape();
        let (name, shape, strides) = ("weight".into(), vec![m, d], vec![d, 1]);
        vec![Parameter { name, shape, strides, values: self.w.as_slice(), gradient: &self.dw }]
    }
    fn parameters_mut(&mut self) -> Vec<ParameterMut<'_, T>> {
        vec![ParameterMut { values: self.w.as_mut_slice(), gradient: &mut self.dw }]
    }
}

/// N is the number of samples, however many rows a layer makes of them.
#[test]
fn layers_over_tokens_samples_and_maps_agree_on_what_flows_between_them() {
    fn sequences<T: Float>() -> Sequential<T> {
        let rng = &mut init::rng(7);
        Sequential::new()
            .with(Conv2d::of(init::he(rng, [2, 4, 9, 3]), Slide::default())) // 4×1×5: five tokens
            .with(PerToken { w: init::he(rng, [4, 3]), dw: Gradient::default() })
            .with(Tanh::new())
            .with(Conv2d::of(init::he(rng, [3, 3, 1, 2]), Slide::default())) // over time
            .with(PerToken { w: init::he(rng, [3, 2]), dw: Gradient::default() })
            .with(Dense::of(init::he(rng, [8, 3])))
    }
    prove("sequences", sequences, sequences);
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
    assert_eq!(model.forward(z, &mut Memory::new()).unwrap().matrix(), &y);
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
    let nested = Sequential::new().with(Relu::new()).with(mlp(Start::He, 1)).with(Prelu::new(2));
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

    // Number, layer, shape of a sample at its output, parameters.
    let rows = |model: Sequential<f32>, shape| -> Vec<String> {
        let cells = |line: &str| {
            line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | ")
        };
        model.summary(shape).unwrap().lines().map(cells).collect()
    };
    let expected = [
        "input | 1×28×28",
        "0 | Flatten | 784",
        "1 | Dense 784 → 256 | 256 | 200960",
        "2 | Relu | 256",
        "3 | Dense 256 → 256 | 256 | 65792",
        "4 | Relu | 256",
        "5 | Dense 256 → 10 | 10 | 2570",
        "all | 269322",
    ];
    assert_eq!(rows(mlp(Start::He, 1), [1, 28, 28]), expected);
    let expected = [
        "input | 1×28×28",
        "0 | Conv2d 1 → 1, 3×3 | 1×26×26 | 10",
        "1 | Relu | 1×26×26",
        "2 | MaxPool2d 2×2 | 1×13×13",
        "3 | Flatten | 169",
        "4 | Dense 169 → 64 | 64 | 10880",
        "5 | Relu | 64",
        "6 | Dense 64 → 10 | 10 | 650",
        "all | 11540",
    ];
    assert_eq!(rows(seed_cnn(Start::He, 1), [1, 28, 28]), expected);
    let expected = [
        "input | 3×32×32",
        "0 | Conv2d 3 → 64, 3×3, padding 1×1 | 64×32×32 | 1792",
        "1 | Relu | 64×32×32",
        "2 | MaxPool2d 2×2 | 64×16×16",
        "3 | Conv2d 64 → 128, 3×3, padding 1×1 | 128×16×16 | 73856",
        "4 | Relu | 128×16×16",
        "5 | MaxPool2d 2×2 | 128×8×8",
        "6 | Conv2d 128 → 256, 3×3, padding 1×1 | 256×8×8 | 295168",
        "7 | Relu | 256×8×8",
        "8 | Conv2d 256 → 256, 3×3, padding 1×1 | 256×8×8 | 590080",
        "9 | Relu | 256×8×8",
        "10 | MaxPool2d 2×2 | 256×4×4",
        "11 | Conv2d 256 → 512, 3×3, padding 1×1 | 512×4×4 | 1180160",
        "12 | Relu | 512×4×4",
        "13 | Conv2d 512 → 512, 3×3, padding 1×1 | 512×4×4 | 2359808",
        "14 | Relu | 512×4×4",
        "15 | MaxPool2d 2×2 | 512×2×2",
        "16 | Conv2d 512 → 512, 3×3, padding 1×1 | 512×2×2 | 2359808",
        "17 | Relu | 512×2×2",
        "18 | Conv2d 512 → 512, 3×3, padding 1×1 | 512×2×2 | 2359808",
        "19 | Relu | 512×2×2",
        "20 | MaxPool2d 2×2 | 512",
        "21 | Flatten | 512",
        "22 | Dense 512 → 512 | 512 | 262656",
        "23 | Relu | 512",
        "24 | Dense 512 → 512 | 512 | 262656",
        "25 | Relu | 512",
        "26 | Dense 512 → 10 | 10 | 5130",
        "all | 9750922",
    ];
    assert_eq!(rows(vgg11(Start::He, 1), [3, 32, 32]), expected);
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
fn a_layer_says_how_its_windows_slide() {
    let conv = |slide| Conv2d::of(Tensor4::<f64>::zeros([1, 2, 3, 4]), slide).description();
    assert_eq!(conv(Slide::default()), "Conv2d 1 → 2, 3×4");
    assert_eq!(conv(Slide::by(2, 3).padding(0, 1)), "Conv2d 1 → 2, 3×4, stride 2×3, padding 0×1");
    let rounded = Slide::by(1, 2).padding(1, 0).round_down();
    assert_eq!(conv(rounded), "Conv2d 1 → 2, 3×4, stride 1×2, padding 1×0, rounding down");
    // The windows of a pooling lie side by side, if nothing else is said.
    let pool = |slide| Layer::<f64>::description(&AvgPool2d::new((2, 3), slide));
    assert_eq!(pool(Slide::by(2, 3)), "AvgPool2d 2×3");
    assert_eq!(pool(Slide::by(3, 2)), "AvgPool2d 2×3, stride 3×2");
    assert_eq!(pool(Slide::default()), "AvgPool2d 2×3, stride 1×1");
    assert_eq!(Prelu::<f64>::new(3).parameters()[0].values, [0.25; 3]);
}

#[test]
fn a_summary_tells_maps_from_vectors() {
    let shape = |maps| {
        let summary = Sequential::<f64>::new().with(Tanh::new()).summary(maps).unwrap();
        summary.lines().nth(1).unwrap().split_whitespace().last().unwrap().to_string()
    };
    assert_eq!([[3, 1, 1], [3, 1, 5], [3, 5, 1], [1, 1, 1]].map(shape), ["3", "3×1×5", "3×5×1", "1"]);
}

#[test]
fn parameters_are_copied_between_networks_of_one_length() {
    let network = |layers| (0..layers).fold(Sequential::new(), |all, _| all.with(Dense::of(dmatrix![2.0])));
    for (ours, theirs) in [(1, 2), (2, 1)] {
        let mut model = network(ours);
        let error = message(model.copy_parameters(&network(theirs), |x: f64| x + 1.0));
        let [here, there] = [ours, theirs].map(|layers| if layers > 1 { "1.weight [1, 1]" } else { "none" });
        assert!(error.contains(&format!("parameter 2 is {here} here but {there} there")), "{error}");
        assert_eq!(model.parameters()[0].values, [2.0], "nothing is changed");
    }
}

#[test]
fn a_parameter_without_numbers_takes_part_in_a_step() {
    let mut model = Sequential::new().with(Dense::of(DMatrix::zeros(0, 2)));
    let mut memory = Memory::new();
    model.forward(Tensor4::zeros([3, 0, 1, 1]), &mut memory).unwrap();
    model.backward(&Tensor4::from_vectors(DMatrix::from_element(3, 2, 1.0)), &mut memory).unwrap();
    model.step(&mut Sgd::new(0.5)).unwrap();
    assert_eq!(model.parameters()[1].values, [-0.5, -0.5]);
}

#[test]
fn a_step_is_the_optimizers() {
    let mut model = Sequential::new().with(Dense::of(dmatrix![1.0, 2.0]));
    let mut memory = Memory::new();
    model.forward(Tensor4::from_vectors(dmatrix![3.0]), &mut memory).unwrap();
    model.backward(&Tensor4::from_vectors(dmatrix![1.0, -1.0]), &mut memory).unwrap();
    model.step(&mut Sgd::new(0.5)).unwrap();
    assert_eq!(model.parameters()[0].values, [1.0 - 0.5 * 3.0, 2.0 + 0.5 * 3.0]);
    assert_eq!(model.parameters()[1].values, [-0.5, 0.5]);
    assert!(model.parameters().iter().all(|p| p.gradient.is_empty()), "the step clears them");
    let error = message(model.step(&mut Sgd::new(0.5)));
    assert_eq!(error, "Sequential::step: parameter 0 has no gradient: a backward must come before every step");
    let mut gradient = Gradient::default();
    gradient.add(dvector![1.0]).unwrap();
    let error = message(gradient.add(dvector![1.0, 2.0]));
    assert!(error.starts_with("Gradient::add: it has 2 elements but earlier ones have 1"), "{error}");
}

#[test]
fn what_does_not_fit_is_named_with_its_layer() {
    let mut model = lenet::<f32>(Start::He, 1);
    let expected =
        "fc_forward: layer 7 (Dense 400 → 120): z is (2, 576) but W is (400, 120): z's columns must equal W's rows";
    assert_eq!(message(model.infer(&Tensor4::zeros([2, 1, 32, 32]))), expected);
    let mut memory = Memory::new();
    assert_eq!(message(model.forward(Tensor4::zeros([2, 1, 32, 32]), &mut memory)), expected);
    assert!(memory.is_empty(), "of a forward that failed nothing is remembered");
    let error = message(model.summary([3, 28, 28]));
    assert!(
        error.starts_with("conv_forward: layer 0 (Conv2d 1 → 6, 5×5, padding 2×2): z is (1, 3, 28, 28)"),
        "{error}"
    );

    let error = message(model.backward(&Tensor4::zeros([2, 10, 1, 1]), &mut memory));
    assert!(error.starts_with("Sequential: backward without a forward"), "{error}");
    model.forward(Tensor4::zeros([2, 1, 28, 28]), &mut memory).unwrap();
    let error = message(model.backward(&Tensor4::zeros([3, 10, 1, 1]), &mut memory));
    assert!(error.contains("layer 11") && error.contains("(3, 10)") && error.contains("(2, 10)"), "{error}");
    assert!(memory.is_empty(), "nor of one whose backward failed");

    assert_eq!(
        message(Dense::with_bias(DMatrix::<f64>::zeros(2, 3), DVector::zeros(2))),
        "Dense::with_bias: b is 2 but a row of W is 3: the two must have the same shape"
    );
    assert!(
        message(Conv2d::with_bias(Tensor4::<f64>::zeros([2, 3, 1, 1]), DVector::zeros(2), Slide::default()))
            .starts_with("Conv2d::with_bias")
    );
}

#[test]
fn an_empty_row_is_the_identity() {
    let mut model = Sequential::<f64>::default();
    let z = random([2, 1, 2, 3], 1);
    assert_eq!(model.infer(&z).unwrap(), z);
    let mut memory = Memory::new();
    for _ in 0..2 {
        assert_eq!(model.forward(z.clone(), &mut memory).unwrap(), z);
    }
    assert_eq!(model.backward(&z, &mut memory).unwrap(), z);
    model.backward_parameters(&z, &mut memory).unwrap();
    assert!(memory.is_empty());
}
