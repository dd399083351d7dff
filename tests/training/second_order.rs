//! Hessians by dual numbers through the backward: against the second derivatives of the forward, differences of the
//! gradient, and their own symmetry.

use handgrad::numbers::Dual;
use handgrad::prelude::*;
use handgrad::train::experiments::descent;
use handgrad::train::{Hessian, Search, TrainError};
use nalgebra::SymmetricEigen;
use rand::RngExt;

type Batch = (Tensor4<f64>, DMatrix<f64>);

/// A convolution, a pooling and two activations that are not polynomials: 27 parameters.
fn tiny<T: Float>() -> Sequential<T> {
    let rng = &mut init::rng(1);
    Sequential::new()
        .with(Conv2d::of(init::he(rng, [1, 2, 2, 2]), Slide::default()))
        .with(Sigmoid::new())
        .with(AvgPool2d::square(2))
        .with(Flatten::new())
        .with(Dense::of(init::he(rng, [2, 3])))
        .with(Tanh::new())
        .with(Dense::of(init::he(rng, [3, 2])))
}

fn tiny_batch() -> Batch {
    let rng = &mut init::rng(2);
    (init::normal(rng, [3, 1, 3, 3], 1.0), dmatrix![1.0, 0.0; 0.0, 1.0; 0.0, 1.0])
}

/// Seven noisy digits for a LeNet.
fn digits() -> Batch {
    let rng = &mut init::rng(3);
    let inputs = init::normal(rng, [7, 1, 28, 28], 1.0);
    (inputs, DMatrix::from_fn(7, 10, |n, j| f64::from(u8::from((3 * n) % 10 == j))))
}

fn direction(seed: u64, count: usize) -> Vec<f64> {
    let mut rng = init::rng(seed);
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// max |a − b| / max |b|.
fn relative_error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    apart / b.iter().map(|b| b.abs()).fold(0.0, f64::max)
}

/// The whole Hessian, column by column.
fn full(hessian: &mut Hessian<f64>, count: usize) -> DMatrix<f64> {
    let unit = |at: usize| (0..count).map(|k| f64::from(u8::from(k == at))).collect::<Vec<f64>>();
    let columns: Vec<f64> = (0..count).flat_map(|at| hessian.times(&unit(at)).unwrap()).collect();
    DMatrix::from_column_slice(count, count, &columns)
}

// (c) against dual numbers of dual numbers through the forward alone

#[test]
fn the_hessian_is_the_second_derivative_of_the_forward() -> Result<(), Error> {
    let (z, target) = tiny_batch();
    for (loss, twice) in [
        (cross_entropy_loss as fn(&_, &_) -> _, cross_entropy_loss as fn(&_, &_) -> _),
        (mean_squared_loss, mean_squared_loss),
    ] {
        let mut hessian = Hessian::new(tiny::<Dual<f64>>(), &z, &target, loss);
        let count = tiny::<f64>().parameter_count();
        let by_backward = full(&mut hessian, count);
        let mut by_forward = DMatrix::zeros(count, count);
        for (i, j) in (0..count).flat_map(|i| (0..count).map(move |j| (i, j))) {
            let mut model = tiny::<Dual<Dual<f64>>>();
            let parameters = model.parameters_mut().into_iter().flat_map(|p| p.values);
            for (at, w) in parameters.enumerate() {
                w.re.eps = f64::from(u8::from(at == i));
                w.eps.re = f64::from(u8::from(at == j));
            }
            let constant = |x: f64| Dual::constant(Dual::constant(x));
            let y = model.infer(&z.map(constant))?;
            by_forward[(i, j)] = twice(y.matrix(), &target.map(constant))?.loss.eps.eps;
        }
        // Some thousand operations, each rounded to 1e-16.
        let error = relative_error(by_backward.as_slice(), by_forward.as_slice());
        assert!(error < 1e-12, "{error:e}");
        assert_eq!(by_backward.shape(), (27, 27));
    }
    Ok(())
}

// (d) against central differences of the gradient

#[test]
fn products_are_central_differences_of_the_gradient() -> Result<(), Error> {
    let (z, target) = digits();
    let mut model = lenet::<f64>(Start::He, 1);
    let v = direction(4, model.parameter_count());
    let mut hessian = Hessian::new(lenet::<Dual<f64>>(Start::He, 1), &z, &target, cross_entropy_loss);
    let along = hessian.along(&v)?;

    let mut gradient = |h: f64| -> Result<Vec<f64>, Error> {
        let start = lenet::<f64>(Start::He, 1);
        model.copy_parameters(&start, |w| w)?;
        model.clear_gradients();
        let values = model.parameters_mut().into_iter().flat_map(|p| p.values);
        values.zip(&v).for_each(|(w, v)| *w += h * v);
        let mut memory = Memory::new();
        let y = model.forward(z.clone(), &mut memory)?;
        let Loss { dy, .. } = cross_entropy_loss(y.matrix(), &target)?;
        model.backward(&Tensor4::from_vectors(dy), &mut memory)?;
        Ok(model.parameters().iter().flat_map(|p| p.gradient.to_vec()).collect())
    };
    // The gradient itself comes from other code, the fast products of f64.
    assert!(relative_error(&along.gradient, &gradient(0.0)?) < 1e-12);
    // A step too small to cross a kink: its own error is h² = 1e-14, that of the gradients' rounding 1e-16/h.
    let h = 1e-7;
    let (above, below) = (gradient(h)?, gradient(-h)?);
    let differences: Vec<f64> = above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * h)).collect();
    let error = relative_error(&along.product, &differences);
    assert!(error < 1e-6, "{error:e}");
    assert!(length(&along.product) > 1.0);
    Ok(())
}

// (e) properties

#[test]
fn a_hessian_is_symmetric_and_linear_and_its_pass_knows_the_slope() -> Result<(), Error> {
    let (z, target) = digits();
    let mut hessian = Hessian::new(lenet::<Dual<f64>>(Start::He, 1), &z, &target, cross_entropy_loss);
    let count = lenet::<f64>(Start::He, 1).parameter_count();
    let (u, v) = (direction(5, count), direction(6, count));
    let (hu, hv) = (hessian.times(&u)?, hessian.times(&v)?);
    // Sums of 61,706 products each, rounded to 1e-16 of the lengths of what is multiplied.
    let size = length(&u) * length(&hv);
    assert!((dot(&u, &hv) - dot(&hu, &v)).abs() < 1e-12 * size, "{} and {}", dot(&u, &hv), dot(&hu, &v));
    assert!(dot(&u, &hv).abs() > 1e-6 * size);
    let mixed: Vec<f64> = u.iter().zip(&v).map(|(u, v)| 2.0 * u - 3.0 * v).collect();
    let expected: Vec<f64> = hu.iter().zip(&hv).map(|(u, v)| 2.0 * u - 3.0 * v).collect();
    let along = hessian.along(&mixed)?;
    assert!(relative_error(&along.product, &expected) < 1e-12);
    let slope = dot(&along.gradient, &mixed);
    assert!((along.slope - slope).abs() < 1e-12 * length(&along.gradient) * length(&mixed));
    Ok(())
}

#[test]
fn the_largest_eigenvalue_is_that_of_the_whole_matrix() -> Result<(), Box<dyn std::error::Error>> {
    let (z, target) = tiny_batch();
    let mut hessian = Hessian::new(tiny::<Dual<f64>>(), &z, &target, cross_entropy_loss);
    let whole = full(&mut hessian, 27);
    let eigen = SymmetricEigen::new((&whole + whole.transpose()) / 2.0);
    let largest = eigen.eigenvalues.max();
    let found = hessian.largest_eigenvalue(Search { tolerance: 1e-10, ..Search::default() }, None)?;
    assert!((found.value - largest).abs() <= found.residual + 1e-12 && found.residual <= 1e-10 * largest);
    assert!((length(&found.vector) - 1.0).abs() < 1e-12);
    let product = hessian.times(&found.vector)?;
    let scaled: Vec<f64> = found.vector.iter().map(|x| x * found.value).collect();
    let residual: Vec<f64> = product.iter().zip(&scaled).map(|(a, b)| a - b).collect();
    assert!((length(&residual) - found.residual).abs() < 1e-10, "{} and {}", length(&residual), found.residual);
    // However early the search ends, it knows how good its answer is.
    for tolerance in [0.5, 0.2, 0.1, 0.03, 0.01, 1e-3, 1e-4] {
        let found = hessian.largest_eigenvalue(Search { tolerance, ..Search::default() }, None)?;
        let product = hessian.times(&found.vector)?;
        let residual: Vec<f64> = product.iter().zip(&found.vector).map(|(hx, x)| hx - found.value * x).collect();
        assert!(
            (length(&residual) - found.residual).abs() < 1e-10 * largest,
            "{} {}",
            length(&residual),
            found.residual
        );
        assert!(found.residual <= tolerance * found.value, "{tolerance}: {} of {}", found.residual, found.value);
    }
    // A good start spares work, and the seed changes none of the digits asked for.
    let again = hessian.largest_eigenvalue(Search { tolerance: 1e-6, ..Search::default() }, Some(&found.vector))?;
    assert_eq!(again.products, 1);
    let other = hessian.largest_eigenvalue(Search { tolerance: 1e-10, seed: 9, ..Search::default() }, None)?;
    assert!((other.value - largest).abs() <= 1e-9 * largest);
    Ok(())
}

/// The largest, also where the most negative one is larger in size, which power iteration would answer.
#[test]
fn a_negative_eigenvalue_is_not_mistaken_for_the_largest() -> Result<(), Box<dyn std::error::Error>> {
    // L = ½·(σ(w·x) − 1)² far on the left of σ is curved downward in w.
    fn net<T: Float>() -> Sequential<T> {
        Sequential::new().with(Dense::of(DMatrix::from_element(2, 1, lit(-1.0)))).with(Sigmoid::new())
    }
    let z = Tensor4::from_vectors(dmatrix![1.0, 0.5]);
    let mut hessian = Hessian::new(net::<Dual<f64>>(), &z, &dmatrix![1.0], mean_squared_loss);
    let whole = full(&mut hessian, 3);
    let eigenvalues = whole.symmetric_eigenvalues();
    assert!(eigenvalues.min() < -0.01 && eigenvalues.max().abs() < 1e-15, "{eigenvalues}");
    let found = hessian.largest_eigenvalue(Search::default(), None)?;
    assert!(found.value.abs() < 1e-15, "{found:?}");
    Ok(())
}

/// Power iteration, as the textbook has it, needs more products for the same digits.
#[test]
fn lanczos_spares_products() -> Result<(), Box<dyn std::error::Error>> {
    let (z, target) = tiny_batch();
    let mut hessian = Hessian::new(tiny::<Dual<f64>>(), &z, &target, cross_entropy_loss);
    let search = Search { tolerance: 1e-6, ..Search::default() };
    let found = hessian.largest_eigenvalue(search, None)?;
    let (mut x, mut products) = (direction(7, 27), 0);
    let value = loop {
        let scale = length(&x);
        x.iter_mut().for_each(|x| *x /= scale);
        let next = hessian.times(&x)?;
        products += 1;
        let value = dot(&x, &next);
        let rest: Vec<f64> = next.iter().zip(&x).map(|(h, x)| h - value * x).collect();
        x = next;
        if length(&rest) <= 1e-6 * value {
            break value;
        }
    };
    assert!((found.value - value).abs() < 1e-9 * value, "{} and {value}", found.value);
    println!("{} products by Lanczos' method, {products} by power iteration", found.products);
    assert!(found.products < products);
    Ok(())
}

/// The Hessian of a linear layer under the mean squared error is the same wherever its weights are, even at NaN.
#[test]
fn without_a_finite_loss_there_is_no_eigenvalue() {
    let largest = |w: f64, z: f64| {
        let model = Sequential::new().with(Dense::of(DMatrix::from_element(2, 1, Dual::constant(w))));
        let z = Tensor4::from_vectors(dmatrix![3.0, z]);
        let mut hessian = Hessian::new(model, &z, &dmatrix![1.0], mean_squared_loss);
        hessian.largest_eigenvalue(Search::default(), None).map(|top| top.value).map_err(|error| error.to_string())
    };
    assert!((largest(0.5, 4.0).unwrap() - 26.0).abs() < 1e-12);
    for (w, loss) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (1e200, "inf")] {
        assert_eq!(largest(w, 4.0).unwrap_err(), format!("there is no Hessian here: the loss is {loss}"));
    }
    // Finite losses: 0.5 with the gradient −10²⁰⁰, and 5·10²⁷⁹ with one of 10³⁴⁰.
    let error = |found: &str| Err(format!("there is no Hessian here: {found} not finite"));
    assert_eq!(largest(0.0, 1e200), error("a product with it is"));
    assert_eq!(largest(1e-60, 1e200), error("the gradient is"));
}

#[test]
fn a_descent_that_diverges_says_so_and_keeps_what_was_before() -> Result<(), Error> {
    let images: Tensor4<f64> = init::normal(&mut init::rng(3), [8, 1, 28, 28], 1.0);
    let targets = DMatrix::from_fn(8, 10, |n, j| f64::from(u8::from(n == j)));
    let mut looks = 0;
    let seen = descent(&images, &targets, 1e6, 600, 1, 1, |_, loss, sharpness| {
        looks += 1;
        assert!(loss.is_finite() && sharpness.is_finite());
    })?;
    assert!(seen.losses.len() < 600 && seen.losses.iter().all(|loss| loss.is_finite()));
    match seen.failed {
        Some(TrainError::NotFinite { step, .. }) => assert_eq!(step, seen.losses.len() + 1),
        other => assert!(other.is_some()),
    }
    assert_eq!((seen.steps.len(), seen.sharpness.len()), (looks, looks));
    Ok(())
}

#[test]
fn it_moves_with_the_weights_and_refuses_what_does_not_fit() -> Result<(), Error> {
    let (z, target) = tiny_batch();
    let mut hessian = Hessian::new(tiny::<Dual<f64>>(), &z, &target, cross_entropy_loss);
    let v = direction(8, 27);
    let before = hessian.along(&v)?;
    let mut moved = tiny::<f64>();
    moved.parameters_mut().into_iter().flat_map(|p| p.values).for_each(|w| *w *= 2.0);
    hessian.move_to(&moved)?;
    let after = hessian.along(&v)?;
    assert!(after.loss != before.loss && after.product != before.product);
    let y = moved.infer(&z)?;
    assert!((after.loss - cross_entropy_loss(y.matrix(), &target)?.loss).abs() < 1e-14);

    assert_eq!(
        hessian.times(&v[1..]).unwrap_err().to_string(),
        "Hessian::along: v is 26 but the vector of all parameters is 27: the two must have the same shape"
    );
    assert_eq!(
        hessian.move_to(&seed_cnn(Start::He, 1)).unwrap_err().to_string(),
        "Sequential::copy_parameters: parameter 0 is 0.weight [2, 1, 2, 2] here but 0.weight [1, 1, 3, 3] there: \
         both networks must have the same parameters"
    );
    let shorter = Sequential::<f64>::new().with(Conv2d::of(Tensor4::zeros([1, 2, 2, 2]), Slide::default()));
    let error = hessian.move_to(&shorter).unwrap_err();
    assert_eq!(error.found, "parameter 2 is 4.weight [3, 2] here but none there");
    Ok(())
}

#[test]
fn a_descent_is_looked_at_without_being_touched() -> Result<(), Error> {
    let rng = &mut init::rng(3);
    let images: Tensor4<f64> = init::normal(rng, [8, 1, 28, 28], 1.0);
    let targets = DMatrix::from_fn(8, 10, |n, j| f64::from(u8::from(n == j)));
    let mut looks = Vec::new();
    let seen = descent(&images, &targets, 0.01, 20, 5, 1, |step, loss, sharpness| looks.push((step, loss, sharpness)))?;
    assert_eq!((seen.losses.len(), seen.steps.as_slice()), (21, [0.0, 5.0, 10.0, 15.0, 20.0].as_slice()));
    for (at, &(step, loss, sharpness)) in looks.iter().enumerate() {
        assert_eq!((loss, sharpness), (seen.losses[step], seen.sharpness[at]));
        assert!(sharpness > 0.0);
    }
    assert!(seen.losses[20] < 0.9 * seen.losses[0], "{:?}", seen.losses);
    let once = descent(&images, &targets, 0.01, 20, 100, 1, |_, _, _| ())?;
    assert_eq!(once.losses, seen.losses);

    // The last look is at the weights after 20 steps.
    fn network<T: Float>() -> Sequential<T> {
        let rng = &mut init::rng(1);
        let layers = [[784, 32], [32, 32], [32, 10]].map(|shape| Dense::of(init::he(rng, shape)));
        let [first, second, third] = layers;
        Sequential::new().with(first).with(Relu::new()).with(second).with(Relu::new()).with(third)
    }
    let (mut model, mut memory, mut sgd) = (network::<f64>(), Memory::new(), Sgd::new(0.01));
    for loss in &seen.losses[..20] {
        let y = model.forward(images.clone(), &mut memory)?;
        let made = mean_squared_loss(y.matrix(), &targets)?;
        assert_eq!(made.loss, *loss);
        model.backward_parameters(&Tensor4::from_vectors(made.dy), &mut memory)?;
        model.step(&mut sgd)?;
    }
    let mut hessian = Hessian::new(network::<Dual<f64>>(), &images, &targets, mean_squared_loss);
    hessian.move_to(&model)?;
    let top = hessian.largest_eigenvalue(Search { tolerance: 1e-6, ..Search::default() }, None).unwrap().value;
    assert!((seen.sharpness[4] / top - 1.0).abs() < 2e-3, "{:?}, {top}", seen.sharpness);
    Ok(())
}
