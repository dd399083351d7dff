//! Weights as safetensors files, which PyTorch also reads and writes.
//!
//! Names, shapes and the order of the numbers are those of PyTorch's `nn.Sequential` with the same layers: `0.weight`,
//! (D, C, k1, k2) or (out, in), the last index fastest. So
//! `torch_model.load_state_dict(load_file("lenet.safetensors"))` reads what [`Sequential::save`] writes, and
//! [`Sequential::load`] reads what PyTorch's `save_file` writes.
//!
//! A file is written whole or not at all, as [`files`] describes, and a model is loaded whole or not at all.

use super::{Buffer, Layer, Parameter, Sequential};
use crate::data::DataError;
use crate::{Float, files};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::marker::PhantomData;
use std::path::Path;

/// A number type that a safetensors file can hold.
pub trait Stored: Float {
    /// What the file calls it.
    const DTYPE: Dtype;
    /// The little-endian bytes of the numbers, one after another.
    fn to_bytes(numbers: impl Iterator<Item = Self>) -> Vec<u8>;
    /// The numbers with these little-endian bytes; leftover bytes are ignored.
    fn from_bytes(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! stored {
    ($type:ty, $dtype:ident) => {
        impl Stored for $type {
            const DTYPE: Dtype = Dtype::$dtype;
            fn to_bytes(numbers: impl Iterator<Item = Self>) -> Vec<u8> {
                numbers.flat_map(<$type>::to_le_bytes).collect()
            }
            fn from_bytes(bytes: &[u8]) -> Vec<Self> {
                bytes.as_chunks().0.iter().map(|&bytes| <$type>::from_le_bytes(bytes)).collect()
            }
        }
    };
}

stored!(f32, F32);
stored!(f64, F64);

impl<T: Stored> Sequential<T> {
    /// Writes all parameters and buffers to a safetensors file.
    ///
    /// # Errors
    /// If the file cannot be written. An existing file is then left as it was.
    pub fn save(&self, file: impl AsRef<Path>) -> Result<(), DataError> {
        write(file.as_ref(), self.tensors("").collect(), None)
    }

    /// Reads all parameters and buffers from a safetensors file.
    ///
    /// # Errors
    /// If the file is not a safetensors file, has a name twice, or does not hold exactly the model's parameters and
    /// buffers, with its shapes and its number type. The model is then unchanged.
    pub fn load(&mut self, file: impl AsRef<Path>) -> Result<(), DataError> {
        let bytes = read(file.as_ref())?;
        let mut tensors = Tensors::parse(file.as_ref(), &bytes)?;
        let (parameters, buffers) = (tensors.take_parameters(self, "")?, tensors.take_buffers(self, "")?);
        tensors.finish()?;
        self.set_parameters(parameters);
        self.set_buffers(buffers);
        Ok(())
    }

    /// All parameters and buffers, with `prefix` before their names.
    pub(crate) fn tensors(&self, prefix: &str) -> impl Iterator<Item = Tensor> {
        let parameters = self.parameters().into_iter().map(move |p| Tensor::of(&format!("{prefix}{}", p.name), &p));
        let buffers = self.buffers().into_iter().map(move |b| Tensor::vector(&format!("{prefix}{}", b.name), b.values));
        parameters.chain(buffers)
    }

    /// Replaces the buffers' values; each new vector is as long as the one it replaces.
    pub(crate) fn set_buffers(&mut self, values: Vec<Vec<T>>) {
        for (buffer, values) in self.buffers_mut().into_iter().zip(values) {
            buffer.copy_from_slice(&values);
        }
    }

    /// Replaces the parameters' values; each new vector is as long as the one it replaces.
    pub(crate) fn set_parameters(&mut self, values: Vec<Vec<T>>) {
        for (parameter, values) in self.parameters_mut().into_iter().zip(values) {
            parameter.values.copy_from_slice(&values);
        }
    }
}

/// A tensor ready to be written to a file.
pub(crate) struct Tensor {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensor {
    /// A parameter under this name, in PyTorch's order.
    pub fn of<T: Stored>(name: &str, p: &Parameter<'_, T>) -> Self {
        let bytes = T::to_bytes(p.row_major().map(|at| p.values[at]));
        Tensor { name: name.into(), dtype: T::DTYPE, shape: p.shape.clone(), bytes }
    }

    /// Numbers in a row.
    pub fn vector<T: Stored>(name: &str, numbers: &[T]) -> Self {
        let bytes = T::to_bytes(numbers.iter().copied());
        Tensor { name: name.into(), dtype: T::DTYPE, shape: vec![numbers.len()], bytes }
    }

    /// Numbers in a row, read as rows of `columns`.
    pub fn rows<T: Stored>(name: &str, numbers: &[T], columns: usize) -> Self {
        let shape = vec![numbers.len() / columns, columns];
        Tensor { name: name.into(), dtype: T::DTYPE, shape, bytes: T::to_bytes(numbers.iter().copied()) }
    }
}

/// Writes the tensors and an optional note, all or nothing.
pub(crate) fn write(file: &Path, tensors: Vec<Tensor>, note: Option<(&str, String)>) -> Result<(), DataError> {
    let failed = |error: safetensors::SafeTensorError| {
        DataError::new(file, "tensors that a safetensors file can hold", error.to_string())
    };
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|t| TensorView::new(t.dtype, t.shape.clone(), &t.bytes).map(|view| (t.name.as_str(), view)))
        .collect();
    let note = note.map(|(key, text)| HashMap::from([(key.to_string(), text)]));
    let bytes = views.and_then(|views| safetensors::serialize(views, note)).map_err(failed)?;
    files::write(file, &bytes)
}

/// The bytes of a file. Only a regular file is read: a device may never end, and a pipe never begin.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, DataError> {
    let foreign = |found: String| DataError::new(file, "a safetensors file", found);
    let unreadable = |error: std::io::Error| foreign(error.to_string());
    let found = fs::metadata(file).map_err(unreadable)?;
    if !found.is_file() {
        return Err(foreign(files::kind(&found).into()));
    }
    fs::read(file).map_err(unreadable)
}

/// The tensors of a file, taken out one by one.
pub(crate) struct Tensors<'a> {
    file: &'a Path,
    left: HashMap<String, TensorView<'a>>,
    /// The file's notes by key.
    notes: HashMap<String, String>,
}

impl<'a> Tensors<'a> {
    pub fn parse(file: &'a Path, bytes: &'a [u8]) -> Result<Self, DataError> {
        let foreign = |error: safetensors::SafeTensorError| {
            DataError::new(file, "a whole safetensors file", format!("{} bytes that are not one: {error}", bytes.len()))
        };
        let (length, metadata) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        // The header is a map of maps after the 8 bytes of its length. A map would keep only one of several equal
        // names.
        serde_json::from_slice::<Unique<Unique<IgnoredAny>>>(&bytes[8..8 + length]).map_err(|error| {
            DataError::new(file, "a safetensors file in which no name appears twice", error.to_string())
        })?;
        let left = SafeTensors::deserialize(bytes).map_err(foreign)?.tensors().into_iter().collect();
        Ok(Tensors { file, left, notes: metadata.metadata().clone().unwrap_or_default() })
    }

    pub fn note(&self, key: &str) -> Option<&str> {
        self.notes.get(key).map(String::as_str)
    }

    /// The values of all parameters of a model, in the model's own storage order, from tensors named `prefix` plus the
    /// parameter's name.
    pub fn take_parameters<T: Stored>(
        &mut self,
        model: &Sequential<T>,
        prefix: &str,
    ) -> Result<Vec<Vec<T>>, DataError> {
        let take = |p: Parameter<'_, T>| {
            let numbers =
                self.take::<T>(&format!("{prefix}{}", p.name), |shape| shape == p.shape, &format!("{:?}", p.shape))?;
            let mut values = vec![T::zero(); numbers.len()];
            for (offset, x) in p.row_major().zip(numbers) {
                values[offset] = x;
            }
            Ok(values)
        };
        model.parameters().into_iter().map(take).collect()
    }

    /// The values of all buffers of a model, in order, from tensors named `prefix` plus the buffer's name.
    pub fn take_buffers<T: Stored>(&mut self, model: &Sequential<T>, prefix: &str) -> Result<Vec<Vec<T>>, DataError> {
        let take = |b: Buffer<'_, T>| {
            let shape = [b.values.len()];
            self.take(&format!("{prefix}{}", b.name), |found| found == shape, &format!("{shape:?}"))
        };
        model.buffers().into_iter().map(take).collect()
    }

    /// The numbers of a tensor whose shape satisfies `right`, which `wanted` puts in words; the last index runs
    /// fastest.
    pub fn take<T: Stored>(
        &mut self,
        name: &str,
        right: impl Fn(&[usize]) -> bool,
        wanted: &str,
    ) -> Result<Vec<T>, DataError> {
        let expected = format!("a tensor {name} of {:?} {wanted}", T::DTYPE);
        let Some(tensor) = self.left.remove(name) else {
            return Err(self.error(expected, format!("no tensor with this name{}", self.names())));
        };
        if tensor.dtype() != T::DTYPE || !right(tensor.shape()) {
            return Err(self.error(expected, format!("{:?} {:?}", tensor.dtype(), tensor.shape())));
        }
        Ok(T::from_bytes(tensor.data()))
    }

    /// `Ok` if every tensor has been taken.
    pub fn finish(&self) -> Result<(), DataError> {
        if self.left.is_empty() {
            return Ok(());
        }
        Err(self.error("only the tensors of the model".into(), format!("more{}", self.names())))
    }

    pub fn error(&self, expected: String, found: String) -> DataError {
        DataError::new(self.file, expected, found)
    }

    /// The names of what is left, in order.
    fn names(&self) -> String {
        let mut names: Vec<_> = self.left.keys().map(String::as_str).collect();
        names.sort_unstable();
        if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
    }
}

/// A JSON object of `V`s in which no name appears twice.
struct Unique<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Unique<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Unique(PhantomData))
    }
}

impl<'de, V: Deserialize<'de>> Visitor<'de> for Unique<V> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self, M::Error> {
        let mut names = HashSet::new();
        while let Some((name, _)) = map.next_entry::<String, V>()? {
            if names.contains(&name) {
                return Err(M::Error::custom(format!("{name} twice")));
            }
            names.insert(name);
        }
        Ok(self)
    }
}
