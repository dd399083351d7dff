//! CIFAR-10: 50,000 + 10,000 photographs of ten kinds of objects, 32 × 32 pixels in three colours.
//!
//! It does not come with the project. Unpack its "binary version" into a directory of your own, as `data_batch_1.bin` …
//! `data_batch_5.bin` and `test_batch.bin`. Each of these holds 10,000 records:
//!
//! | bytes | meaning |
//! |---|---|
//! | 0 | the class, 0 … 9 ([`CLASSES`] names them) |
//! | 1 … 1024 | the red map, row by row |
//! | 1025 … 2048 | the green map |
//! | 2049 … 3072 | the blue map |
//!
//! Source: Krizhevsky, *Learning multiple layers of features from tiny images* (2009).

use super::{DataError, Dataset, pixels};
use crate::Float;
use rayon::prelude::*;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The names of the ten classes.
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Maps, rows and columns of an image.
const IMAGE: [usize; 3] = [3, 32, 32];
/// Bytes per record.
const RECORD: usize = 1 + 3 * 32 * 32;
/// Records per file.
const RECORDS: usize = 10_000;

/// The training set and the test set.
#[derive(Clone, Debug, PartialEq)]
pub struct Cifar10<T> {
    /// 50,000 images.
    pub train: Dataset<T>,
    /// 10,000 images.
    pub test: Dataset<T>,
}

/// Reads both sets from a directory; pixels run from 0, dark, to 1.
///
/// # Errors
/// If one of the six files is missing or is not what it should be.
pub fn load<T: Float>(directory: impl AsRef<Path>) -> Result<Cifar10<T>, DataError> {
    let directory = directory.as_ref();
    let bytes = |name: &str| {
        let file = directory.join(name);
        match File::open(&file) {
            Ok(content) => records(&file, content, RECORDS),
            Err(error) => Err(DataError::new(file, "a file of CIFAR-10's binary version", error.to_string())),
        }
    };
    let names: Vec<String> = (1..=5).map(|number| format!("data_batch_{number}.bin")).collect();
    // Collect all results, then report the first error: collecting into a `Result` directly could report any thread's
    // error.
    let train: Vec<Result<Vec<u8>, DataError>> = names.par_iter().map(|name| bytes(name)).collect();
    let train: Vec<Vec<u8>> = train.into_iter().collect::<Result<_, _>>()?;
    Ok(Cifar10 { train: dataset(&train), test: dataset(&[bytes("test_batch.bin")?]) })
}

/// Reads `count` records from `content`, which errors call `file`. If the stream holds more, one extra byte is read.
///
/// # Errors
/// If it cannot be read, holds fewer or more records, or has a record whose class is not below 10.
///
/// ```
/// use handgrad::data::cifar10;
/// let mut file = vec![0; 2 * 3073];
/// (file[0], file[1], file[3073]) = (6, 255, 9); // a frog with one red pixel, and a black truck
/// let data = cifar10::read::<f32>("two.bin", file.as_slice(), 2)?;
/// assert_eq!((data.labels, data.inputs.shape()), (vec![6, 9], [2, 3, 32, 32]));
/// assert_eq!(data.inputs[(0, 0, 0, 0)], 1.0);
/// # Ok::<(), handgrad::data::DataError>(())
/// ```
pub fn read<T: Float>(file: impl AsRef<Path>, content: impl Read, count: usize) -> Result<Dataset<T>, DataError> {
    Ok(dataset(&[records(file.as_ref(), content, count)?]))
}

/// The bytes of this many records, checked.
fn records(file: &Path, content: impl Read, count: usize) -> Result<Vec<u8>, DataError> {
    let promised = count as u128 * RECORD as u128;
    let mut bytes = Vec::new();
    let read = content.take(u64::try_from(promised).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| DataError::new(file, "a file that can be read", error.to_string()))?;
    let len = bytes.len() as u128;
    if len != promised {
        let found = if len > promised { "more than that".to_owned() } else { bytes.len().to_string() };
        return Err(DataError::new(file, format!("{count} records of {RECORD} bytes, {promised} in all"), found));
    }
    match bytes.chunks(RECORD).enumerate().find(|(_, record)| usize::from(record[0]) >= CLASSES.len()) {
        Some((n, record)) => {
            Err(DataError::new(file, "classes from 0 to 9", format!("{} as that of record {n}", record[0])))
        }
        None => Ok(bytes),
    }
}

/// The records of several files, one file after another.
fn dataset<T: Float>(files: &[Vec<u8>]) -> Dataset<T> {
    let (mut labels, mut images) = (Vec::new(), Vec::new());
    for record in files.iter().flat_map(|file| file.chunks(RECORD)) {
        labels.push(record[0].into());
        images.extend_from_slice(&record[1..]);
    }
    Dataset { inputs: pixels(&images, labels.len(), IMAGE), labels, classes: CLASSES.len() }
}
