//! MNIST: 60,000 + 10,000 images of handwritten digits, 28 × 28 pixels.
//!
//! Its four files come with the project, in notebooks/data/mnist, with their terms of use. Data sets in the same form,
//! such as Fashion-MNIST, can be read from a directory of your own.

use super::{DataError, Dataset, idx, pixels};
use crate::Float;
use std::path::{Path, PathBuf};

/// Rows and columns of an image.
const SIDE: usize = 28;
/// The digits 0 … 9.
const CLASSES: usize = 10;

/// The training set and the test set.
#[derive(Clone, Debug, PartialEq)]
pub struct Mnist<T> {
    /// 60,000 images in the original.
    pub train: Dataset<T>,
    /// 10,000 images in the original, by other writers.
    pub test: Dataset<T>,
}

/// Reads both sets from a directory; pixels run from 0, paper, to 1, ink.
///
/// The four files may be raw or gzip, with or without `.gz` at the end of the name, and with a hyphen or a dot before
/// `idx`.
///
/// # Errors
/// If a file is missing or is not what it should be, or the numbers of images and labels differ.
///
/// ```no_run
/// use handgrad::data::mnist;
/// let digits = mnist::load::<f32>(mnist::shipped()?)?;
/// assert_eq!(digits.test.inputs.shape(), [10_000, 1, 28, 28]);
/// assert_eq!(digits.test.labels[..5], [7, 2, 1, 0, 4]);
/// # Ok::<(), handgrad::data::DataError>(())
/// ```
pub fn load<T: Float>(directory: impl AsRef<Path>) -> Result<Mnist<T>, DataError> {
    let directory = directory.as_ref();
    if !directory.is_dir() {
        let found = if directory.exists() { "a file" } else { "nothing" };
        return Err(DataError::new(directory, "a directory with the four files of MNIST", found));
    }
    let set = |name: &str| {
        let images = find(directory, &format!("{name}-images"), "idx3-ubyte")?;
        let labels = find(directory, &format!("{name}-labels"), "idx1-ubyte")?;
        load_pair(images, labels)
    };
    let (train, test) = rayon::join(|| set("train"), || set("t10k"));
    Ok(Mnist { train: train?, test: test? })
}

/// Reads one set from a file of images and a file of labels.
///
/// # Errors
/// If a file is not what it should be, or the numbers of images and labels differ.
pub fn load_pair<T: Float>(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<Dataset<T>, DataError> {
    let (images, labels) = (images.as_ref(), labels.as_ref());
    let digits: Vec<usize> = idx::read_labels(labels)?.bytes.into_iter().map(usize::from).collect();
    if let Some((n, label)) = digits.iter().enumerate().find(|(_, label)| **label >= CLASSES) {
        return Err(DataError::new(labels, "labels from 0 to 9", format!("{label} as label {n}")));
    }
    // The labels give the number of images before any image is read.
    let reader = idx::Reader::<3>::open(images)?;
    let expected = [digits.len(), SIDE, SIDE];
    if reader.shape != expected {
        let expected = format!("{} images, as {} has labels", idx::times(&expected), labels.display());
        return Err(DataError::new(images, expected, idx::times(&reader.shape)));
    }
    let inputs = pixels(&reader.read()?.bytes, digits.len(), [1, SIDE, SIDE]);
    Ok(Dataset { inputs, labels: digits, classes: CLASSES })
}

/// The directory with the files that come with the project.
///
/// # Errors
/// If it is missing, because the program runs without the project's source.
pub fn shipped() -> Result<PathBuf, DataError> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks/data/mnist");
    if directory.is_dir() {
        return Ok(directory);
    }
    Err(DataError::new(directory, "the MNIST files that come with handgrad's source", "nothing"))
}

/// The file under one of its usual names.
fn find(directory: &Path, name: &str, kind: &str) -> Result<PathBuf, DataError> {
    let names = [format!("{name}-{kind}"), format!("{name}.{kind}")];
    let found = names.iter().flat_map(|name| [directory.join(name), directory.join(format!("{name}.gz"))]);
    found.into_iter().find(|file| file.is_file()).ok_or_else(|| {
        let expected = format!("{} or {}, raw or with .gz appended", names[0], names[1]);
        DataError::new(directory, expected, "no file with either name")
    })
}
