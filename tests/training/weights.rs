//! Safetensors files: what PyTorch wrote is read, what we write PyTorch reads, and what is wrong is named.

use super::message;
use super::models::random;
use handgrad::model::weights::Stored;
use handgrad::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

/// The network of `reference/weights.py`, all zero.
fn network<T: Float>() -> Sequential<T> {
    Sequential::new()
        .with(Conv2d::of(Tensor4::zeros([2, 3, 3, 2]), Slide::by(2, 1).padding(1, 0).round_down()))
        .with(Prelu::new(3))
        .with(MaxPool2d::new((1, 2), Slide::by(1, 2)))
        .with(Conv2d::of(Tensor4::zeros([3, 4, 2, 2]), Slide::default()))
        .with(Relu::new())
        .with(Flatten::new())
        .with(Dense::of(DMatrix::zeros(8, 5)))
        .with(Prelu::new(1))
        .with(Dense::of(DMatrix::zeros(5, 3)))
}

fn numbers(cases: &Value, name: &str) -> Vec<f64> {
    cases[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// The largest error of the model's outputs, relative to the largest of PyTorch's.
fn error<T: Stored>(file: &str) -> f64 {
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(reference("weights.json")).unwrap()).unwrap();
    let inputs = Tensor4::from_row_major([4, 2, 6, 5], &numbers(&cases, "inputs")).unwrap().map(lit::<T>);
    let mut model = network::<T>();
    model.load(reference(file)).unwrap();
    let y = model.infer(&inputs).unwrap().to_row_major();
    let expected = numbers(&cases, "logits");
    assert_eq!(y.len(), expected.len());
    let scale = expected.iter().fold(0.0f64, |max, y| max.max(y.abs()));
    y.iter().zip(&expected).fold(0.0f64, |max, (y, e)| max.max((y.to_f64().unwrap() - e).abs())) / scale
}

#[test]
fn weights_that_pytorch_wrote_give_pytorchs_outputs() {
    // Four layers of sums of at most 12 terms, each rounded once or twice: some ten roundings of each type's epsilon.
    assert!(error::<f64>("weights_f64.safetensors") < 10.0 * f64::EPSILON);
    assert!(error::<f32>("weights_f32.safetensors") < 10.0 * f64::from(f32::EPSILON));
}

#[test]
fn what_we_write_is_what_pytorch_wrote() {
    let directory = tempfile::tempdir().unwrap();
    let (file, again) = (reference("weights_f64.safetensors"), directory.path().join("again.safetensors"));
    let mut model = network::<f64>();
    model.load(&file).unwrap();
    model.save(&again).unwrap();
    let [theirs, ours] = [&file, &again].map(|file| std::fs::read(file).unwrap());
    let theirs = safetensors::SafeTensors::deserialize(&theirs).unwrap();
    let ours = safetensors::SafeTensors::deserialize(&ours).unwrap();
    assert_eq!(theirs.len(), ours.len());
    for (name, tensor) in theirs.tensors() {
        assert_eq!(ours.tensor(&name).unwrap(), tensor, "{name}"); // type, shape and every byte
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
}

/// Writes a LeNet and prints what it makes of two images, for `reference/weights.py` to do the same.
#[test]
#[ignore = "its output is compared with PyTorch's by hand"]
fn a_lenet_for_pytorch() {
    let model = lenet::<f32>(Start::He, 20261123);
    model.save("lenet.safetensors").unwrap();
    let images = Tensor4::from_fn([2, 1, 28, 28], |n, _, i, j| ((7 * i + 3 * j + 11 * n) % 17) as f32 / 16.0);
    for y in model.infer(&images).unwrap().matrix().row_iter() {
        println!("{}", y.iter().map(|y| format!("{y:.6}")).collect::<Vec<_>>().join(" "));
    }
}

#[test]
fn saving_and_loading_changes_no_bit() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("lenet.safetensors");
    let saved = lenet::<f32>(Start::He, 1);
    lenet::<f32>(Start::He, 2).save(&file).unwrap(); // and an older file is replaced
    saved.save(&file).unwrap();
    let mut loaded = lenet::<f32>(Start::He, 3);
    loaded.load(&file).unwrap();
    for (p, q) in saved.parameters().iter().zip(loaded.parameters()) {
        assert_eq!(p.values, q.values, "{}", p.name);
    }
}

/// Loads `file` into a model, which must refuse it without a change, and returns why.
fn refused<T: Stored>(mut model: Sequential<T>, file: &Path) -> String {
    let z = random([1, 2, 6, 5], 1);
    let before = model.infer(&z).unwrap();
    let error = message(model.load(file));
    assert!(error.starts_with(&file.display().to_string()), "{error}");
    assert_eq!(model.infer(&z).unwrap(), before);
    error[file.display().to_string().len()..].to_string()
}

#[test]
fn a_wrong_file_is_named_with_what_is_wrong_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let start = |c: usize| Sequential::new().with(Conv2d::of(random([2, c, 3, 3], 1), Slide::default()));
    let dense = || Dense::of(init::he(&mut init::rng(1), [36, 2]));
    start(3).with(dense()).save(path("good")).unwrap();
    let good = std::fs::read(path("good")).unwrap();

    assert!(refused::<f64>(start(3), &path("none")).starts_with(": expected a safetensors file, found No such file"));
    assert_eq!(
        refused::<f64>(start(3), &path("good")),
        ": expected only the tensors of the model, found more: 1.bias, 1.weight"
    );
    assert_eq!(
        refused::<f64>(start(3).with(dense()).with(Prelu::new(2)), &path("good")),
        ": expected a tensor 2.weight of F64 [2], found no tensor with this name"
    );
    assert_eq!(
        refused::<f64>(start(3).with(Relu::new()).with(dense()), &path("good")),
        ": expected a tensor 2.weight of F64 [2, 36], found no tensor with this name: 1.bias, 1.weight"
    );
    start(4).save(path("four")).unwrap();
    assert_eq!(
        refused::<f64>(start(3), &path("four")),
        ": expected a tensor 0.weight of F64 [3, 2, 3, 3], found F64 [4, 2, 3, 3]"
    );
    let single = Sequential::<f32>::new().with(Conv2d::of(random([2, 3, 3, 3], 1), Slide::default()));
    single.save(path("single")).unwrap();
    assert_eq!(
        refused::<f64>(start(3), &path("single")),
        ": expected a tensor 0.weight of F64 [3, 2, 3, 3], found F32 [3, 2, 3, 3]"
    );

    for (name, bytes) in [
        ("empty", &[][..]),
        ("cut", &good[..good.len() - 1]),
        ("short", &good[..20]),
        ("text", b"PK\x03\x04 no weights at all"),
    ] {
        std::fs::write(path(name), bytes).unwrap();
        let error = refused::<f64>(start(3), &path(name));
        assert!(
            error.contains(": expected a whole safetensors file, found") && error.contains(&bytes.len().to_string()),
            "{error}"
        );
    }
    std::fs::write(path("long"), [&good[..], b"more"].concat()).unwrap();
    assert!(refused::<f64>(start(3), &path("long")).contains("a whole safetensors file"));
    // A header that promises the world allocates nothing.
    std::fs::write(path("promise"), [&u64::MAX.to_le_bytes()[..], b"{}"].concat()).unwrap();
    assert!(refused::<f64>(start(3), &path("promise")).contains("a whole safetensors file"));
}

/// A device that never ends would fill the memory, and a pipe into which nobody writes would wait for ever.
#[test]
#[cfg(unix)]
fn what_is_no_regular_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (file, found) in [(Path::new("/dev/zero"), "a device"), (&pipe, "a pipe"), (folder.path(), "a directory")] {
        let error = refused::<f32>(network(), file);
        assert!(error.ends_with(&format!("expected a safetensors file, found {found}")), "{error}");
    }
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("twice");
    let tensor = |name: &str, shape: &str, from: usize, to: usize| {
        format!(r#""{name}":{{"dtype":"F64","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let (weight, bias) = (tensor("0.weight", "[1,2]", 0, 16), tensor("0.bias", "[1]", 16, 24));
    let notes = r#""__metadata__":{"a":"1","a":"2"}"#;
    let load = |header: String| {
        let numbers: Vec<u8> = [1.0_f64, 2.0, 3.0].into_iter().flat_map(f64::to_le_bytes).collect();
        let length = (header.len() as u64).to_le_bytes();
        std::fs::write(&file, [&length[..], header.as_bytes(), &numbers].concat()).unwrap();
        message(Sequential::<f64>::new().with(Dense::of(DMatrix::zeros(2, 1))).load(&file))
    };
    assert_eq!(load(format!("{{{weight},{bias}}}")), "");
    for header in [format!("{{{bias},{weight},{bias}}}"), format!("{{{weight},{weight},{bias}}}")] {
        assert!(load(header).contains(": expected a safetensors file in which no name appears twice, found 0."));
    }
    assert!(load(format!("{{{notes},{weight},{bias}}}")).contains("no name appears twice, found a twice"));
}

#[test]
fn a_save_that_fails_leaves_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let model = lenet::<f32>(Start::He, 1);
    let missing = directory.path().join("no such directory").join("lenet.safetensors");
    assert!(message(model.save(&missing)).starts_with(&missing.display().to_string()));
    // A directory cannot be replaced by a file: the rename fails, after the file beside it was written.
    let taken = directory.path().join("taken");
    std::fs::create_dir_all(taken.join("by a directory")).unwrap();
    assert!(message(model.save(&taken)).contains("expected a place where a file can be written"));
    assert!(taken.join("by a directory").is_dir());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
}
