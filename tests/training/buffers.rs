//! What a layer keeps but does not learn: saved with the parameters, and never stepped.

use super::fit::line;
use super::message;
use handgrad::prelude::*;
use handgrad::train::{Plan, Training, silently};
use std::ops::ControlFlow;

/// Subtracts a running mean of each of its features, of which a tenth is that of the last batch. Its derivative is 1, as
/// the mean of the batches before is a constant.
struct Centre<T> {
    mean: DVector<T>,
}

impl<T: Float> Centre<T> {
    fn new(features: usize) -> Self {
        Centre { mean: DVector::zeros(features) }
    }
}

impl<T: Float> Layer<T> for Centre<T> {
    fn description(&self) -> String {
        "Centre".into()
    }
    fn infer(&self, z: &Tensor4<T>) -> Result<Tensor4<T>, ShapeError> {
        let [_, c, h, w] = z.shape();
        Tensor4::from_matrix(
            DMatrix::from_fn(z.shape()[0], c * h * w, |n, j| z.matrix()[(n, j)] - self.mean[j]),
            [c, h, w],
        )
    }
    fn forward(&mut self, z: Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, ShapeError> {
        let y = self.infer(&z)?;
        let n = lit(z.shape()[0] as f64);
        for (mean, column) in self.mean.iter_mut().zip(z.matrix().column_iter()) {
            *mean = *mean + lit::<T>(0.1) * (column.iter().fold(T::zero(), |sum, &z| sum + z) / n - *mean);
        }
        memory.push_shape("Centre", z.shape());
        Ok(y)
    }
    fn backward(&mut self, next_dz: &Tensor4<T>, memory: &mut Memory<T>) -> Result<Tensor4<T>, Error> {
        memory.pop_shape("Centre")?;
        Ok(next_dz.clone())
    }
    fn buffers(&self) -> Vec<Buffer<'_, T>> {
        vec![Buffer { name: "running_mean".into(), values: self.mean.as_slice() }]
    }
    fn buffers_mut(&mut self) -> Vec<&mut [T]> {
        vec![self.mean.as_mut_slice()]
    }
}

fn network<T: Float>(seed: u64) -> Sequential<T> {
    let inner = Sequential::new().with(Centre::new(2)).with(Relu::new());
    Sequential::new().with(Dense::of(init::he(&mut init::rng(seed), [2, 2]))).with(inner)
}

fn training(seed: u64) -> Training<f64> {
    Training::new(network(seed), Adam::new(0.1), cross_entropy_loss, Plan { batch: 4, seed: 1 })
}

/// The names and numbers of everything that a file holds.
fn all<T: Float>(model: &Sequential<T>) -> Vec<(String, Vec<T>)> {
    let parameters = model.parameters().into_iter().map(|p| (p.name.clone(), p.values.to_vec())).collect::<Vec<_>>();
    parameters.into_iter().chain(model.buffers().into_iter().map(|b| (b.name, b.values.to_vec()))).collect()
}

#[test]
fn training_changes_a_buffer_and_use_does_not() {
    let mut training = training(1);
    training.fit(&line(), &line(), 1, silently).unwrap();
    let kept = all(&training.model);
    assert_eq!(
        kept.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["0.weight", "0.bias", "1.0.running_mean"]
    );
    assert!(kept[2].1.iter().all(|&mean| mean != 0.0));
    assert_eq!(training.model.parameter_count(), 6, "a buffer is not learned");
    training.model.infer(&line().inputs).unwrap();
    assert_eq!(all(&training.model), kept);
}

#[test]
fn a_buffer_is_saved_loaded_and_copied_with_the_parameters() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("network");
    let mut trained = training(1);
    trained.fit(&line(), &line(), 1, silently).unwrap();
    trained.model.save(&file).unwrap();
    let mut loaded = network::<f64>(2);
    loaded.load(&file).unwrap();
    assert_eq!(all(&loaded), all(&trained.model));
    let mut copied = network::<f64>(3);
    copied.copy_parameters(&loaded, |x| x).unwrap();
    assert_eq!(all(&copied), all(&loaded));

    let mut wider =
        Sequential::new().with(Dense::of(DMatrix::zeros(2, 2))).with(Sequential::new().with(Centre::new(3)));
    let before = all(&wider);
    assert!(message(wider.load(&file)).contains("expected a tensor 1.0.running_mean of F64 [3], found F64 [2]"));
    let error = message(wider.copy_parameters(&loaded, |x| x));
    assert!(error.contains("parameter 2 is 1.0.running_mean [3] here but 1.0.running_mean [2] there"), "{error}");
    assert_eq!(all(&wider), before);
}

#[test]
fn a_training_with_buffers_goes_on_bit_for_bit() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run");
    let mut straight = training(1);
    straight.fit(&line(), &line(), 2, silently).unwrap();
    let mut first = training(1);
    first.fit(&line(), &line(), 2, |_| ControlFlow::Break(())).unwrap();
    first.save(&file).unwrap();
    let mut second = training(2);
    second.resume(&file).unwrap();
    second.fit(&line(), &line(), 2, silently).unwrap();
    assert_eq!(all(&second.model), all(&straight.model));
    assert_eq!(second.history().losses, straight.history().losses);
}
