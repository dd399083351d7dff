use super::Plan;
use crate::data::Dataset;
use crate::kernels::memory::{copy_rows, copy_samples};
use crate::{Float, Tensor4, init};
use nalgebra::DMatrix;
use rand::seq::SliceRandom;

/// How many numbers are gathered at a time: 32 MiB of f32.
const GATHERED: usize = 1 << 23;

/// The order of this many samples in the epoch with this number, counted from 0.
pub(crate) fn order(samples: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut rng = init::rng(seed);
    rng.set_stream(epoch as u64 + 1); // stream 0 drew the weights
    let mut order: Vec<usize> = (0..samples).collect();
    order.shuffle(&mut rng);
    order
}

/// The batches of one epoch.
///
/// The sample index runs fastest in a tensor, so the pixels of one sample lie far apart, and a batch picked sample by
/// sample would miss the cache at every one of them. So many batches are gathered at once: one pixel of all samples is
/// one run of memory, which stays in cache while the samples are picked from it. Each batch is then copied out in runs.
pub(super) struct Batches<'a, T> {
    data: &'a Dataset<T>,
    order: Vec<usize>,
    batch: usize,
    /// Inputs and targets of the samples order[first …].
    gathered: (Tensor4<T>, DMatrix<T>),
    first: usize,
}

impl<'a, T: Float> Batches<'a, T> {
    /// The batches of the epoch with this number, counted from 0.
    pub fn new(data: &'a Dataset<T>, plan: Plan, epoch: usize) -> Self {
        let order = order(data.len(), plan.seed, epoch);
        Batches { data, order, batch: plan.batch.min(data.len()), gathered: data.batch(&[]), first: 0 }
    }

    /// Inputs and targets of a step, counted from 0.
    pub fn get(&mut self, step: usize) -> (Tensor4<T>, DMatrix<T>) {
        let from = step * self.batch;
        let count = self.batch.min(self.order.len() - from);
        if from < self.first || from + count > self.first + self.gathered.1.nrows() {
            let features = self.data.inputs.matrix().ncols();
            let batches = (GATHERED / (features * self.batch).max(1)).max(1);
            let to = (from + batches * self.batch).min(self.order.len());
            self.gathered = self.data.batch(&self.order[from..to]);
            self.first = from;
        }
        let (inputs, targets) = &self.gathered;
        let first = from - self.first;
        let samples = first..first + count;
        (copy_samples(inputs, samples.clone()), copy_rows(targets, samples))
    }
}
