//! What networks are trained on: MNIST and CIFAR-10 from their own files, and sets made from a seed.
//!
//! A [`Dataset`] is a tensor of inputs and a label for each of them; [`mnist::load`] and [`cifar10::load`] read two,
//! [`clutter::compose`] and the functions of [`synthetic`] make one. A bad file is a [`DataError`], which names the
//! file, what was expected and what was found.

pub mod cifar10;
pub mod clutter;
pub mod idx;
pub mod mnist;
pub mod synthetic;

use crate::kernels::elementwise::select_rows;
use crate::kernels::memory::copy_samples;
use crate::{Error, Float, ShapeError, Tensor4, lit, sizes};
use nalgebra::DMatrix;
use rayon::prelude::*;
use std::fmt;
use std::path::PathBuf;

/// Inputs (N, C, H, W) and the class of each, counted from 0.
///
/// ```
/// use handgrad::prelude::*;
/// use handgrad::data::Dataset;
/// let inputs = Tensor4::from_vectors(dmatrix![0.1, 0.2; 0.3, 0.4; 0.5, 0.6]);
/// let data = Dataset::new(inputs, vec![2, 0, 1], 3)?;
/// let (z, y_true) = data.batch(&[2, 0]);
/// assert_eq!(z.matrix(), &dmatrix![0.5, 0.6; 0.1, 0.2]);
/// assert_eq!(y_true, dmatrix![0.0, 1.0, 0.0; 0.0, 0.0, 1.0]);
/// # Ok::<(), Error>(())
/// ```
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset<T> {
    /// The inputs, (N, C, H, W).
    pub inputs: Tensor4<T>,
    /// The class of each input, N of them.
    pub labels: Vec<usize>,
    /// How many classes there are.
    pub classes: usize,
}

impl<T: Float> Dataset<T> {
    /// `inputs` (N, C, H, W) with a label below `classes` for each.
    ///
    /// # Errors
    /// If there are not N labels, if N·classes targets are larger than any memory ([`Error::Shape`]), or if a label is
    /// not below `classes` ([`Error::Label`]).
    pub fn new(inputs: Tensor4<T>, labels: Vec<usize>, classes: usize) -> Result<Self, Error> {
        if labels.len() != inputs.shape()[0] {
            let found = format!("{} labels but inputs are {:?}", labels.len(), inputs.dims());
            return Err(ShapeError::new("Dataset::new", found, "every input must have one label").into());
        }
        if let Some(sample) = labels.iter().position(|label| *label >= classes) {
            return Err(Error::Label { function: "Dataset::new", sample, label: labels[sample], classes });
        }
        if sizes::product::<T>(&[labels.len(), classes]).is_none() {
            let found = format!("the targets are {:?}", (labels.len(), classes));
            return Err(ShapeError::new("Dataset::new", found, sizes::rule::<T>()).into());
        }
        Ok(Dataset { inputs, labels, classes })
    }

    /// The number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The samples with these indices, in this order: inputs (B, C, H, W) and one-hot targets (B, classes).
    ///
    /// Like a slice, it panics for an index outside the set.
    #[must_use]
    pub fn batch(&self, samples: &[usize]) -> (Tensor4<T>, DMatrix<T>) {
        let labels: Vec<usize> = samples.iter().map(|&n| self.labels[n]).collect();
        let [_, c, h, w] = self.inputs.shape();
        sizes::demand::<T>("Dataset::batch", &[samples.len(), c, h, w]);
        let inputs = Tensor4::from_columns(select_rows(self.inputs.matrix(), samples), [c, h, w]);
        (inputs, one_hot(&labels, self.classes))
    }

    /// The first n samples, or all if there are fewer.
    pub fn first(&self, n: usize) -> Self {
        self.range(0, n.min(self.len()))
    }

    /// The first n samples and the others.
    pub fn split(&self, n: usize) -> (Self, Self) {
        let n = n.min(self.len());
        (self.range(0, n), self.range(n, self.len()))
    }

    fn range(&self, from: usize, to: usize) -> Self {
        let inputs = copy_samples(&self.inputs, from..to);
        Dataset { inputs, labels: self.labels[from..to].to_vec(), classes: self.classes }
    }
}

/// One row per label, with 1 in the label's column and 0 elsewhere: (N, classes).
///
/// # Panics
/// Like a slice, for a label that is not below `classes`; and if N·classes targets are larger than any memory.
#[must_use]
#[inline(never)]
pub fn one_hot<T: Float>(labels: &[usize], classes: usize) -> DMatrix<T> {
    sizes::demand::<T>("one_hot", &[labels.len(), classes]);
    let mut targets = DMatrix::zeros(labels.len(), classes);
    for (n, &label) in labels.iter().enumerate() {
        targets[(n, label)] = T::one();
    }
    targets
}

/// How many samples and pixels are transposed at a time: 4 KiB of bytes in, 16 KiB of f32 out, both in the L1 cache.
const BLOCK: usize = 64;

/// Bytes (N, C, H, W), the last index fastest, as pixels 0 … 1, the sample index fastest.
#[inline(never)]
fn pixels<T: Float>(bytes: &[u8], samples: usize, [c, h, w]: [usize; 3]) -> Tensor4<T> {
    let scaled: [T; 256] = std::array::from_fn(|byte| lit(byte as f64 / 255.0));
    let mut tensor = Tensor4::zeros([samples, c, h, w]);
    if samples == 0 {
        return tensor;
    }
    tensor.as_mut_slice().par_chunks_mut(samples * BLOCK).enumerate().for_each(|(block, columns)| {
        for from in (0..samples).step_by(BLOCK) {
            let to = samples.min(from + BLOCK);
            for (q, column) in columns.chunks_mut(samples).enumerate() {
                let pixel = &bytes[block * BLOCK + q..];
                for n in from..to {
                    column[n] = scaled[usize::from(pixel[n * c * h * w])];
                }
            }
        }
    });
    tensor
}

/// A file that is not what it should be: which file, what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// The file or directory.
    pub file: PathBuf,
    /// What it should hold.
    pub expected: String,
    /// What it holds.
    pub found: String,
}

impl DataError {
    /// All three parts of the message.
    pub fn new(file: impl Into<PathBuf>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        DataError { file: file.into(), expected: expected.into(), found: found.into() }
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.file.display(), self.expected, self.found)
    }
}

impl std::error::Error for DataError {}
