//! Every layer, activation and loss against the numbers of PyTorch, stored in `reference/pytorch.json`.
//!
//! `reference/make.py` computes that file and says how PyTorch's conventions become ours; nothing here needs Python.

use handgrad::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many cases there are of each kind. A case that is lost, or that nobody expects, turns the test red.
const CASES: [(&str, usize); 16] = [
    ("adaptive_avg_pool2d", 3),
    ("adaptive_max_pool2d", 4),
    ("avg_pool2d", 10),
    ("conv2d", 28),
    ("cross_entropy", 7),
    ("elu", 6),
    ("leaky_relu", 3),
    ("linear", 6),
    ("max_pool2d", 12),
    ("mse", 4),
    ("prelu", 4),
    ("relu", 3),
    ("selu", 3),
    ("sigmoid", 3),
    ("softmax", 5),
    ("tanh", 3),
];

/// Relative to the largest entry of the expected array. An entry here is a sum of at most a few hundred rounded terms,
/// or a function of the C library, good to an ulp or two: both stay within ten times
/// `f64`'s epsilon, which is 2.2e-16.
const TOLERANCE: f64 = 2e-15;

/// An array, its last index fastest.
#[derive(Clone, Debug, PartialEq)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

type Arrays = BTreeMap<String, Array>;

#[test]
fn every_case_agrees_with_pytorch() {
    let file: Value = serde_json::from_str(include_str!("reference/pytorch.json")).unwrap();
    let mut counts = BTreeMap::new();
    let mut failures = Vec::new();
    for case in file["cases"].as_array().unwrap() {
        let (name, op) = (case["name"].as_str().unwrap(), case["op"].as_str().unwrap());
        let tolerance = if case["exact"].as_bool().unwrap() { 0.0 } else { TOLERANCE };
        let got = run(op, &case["settings"], &arrays(&case["inputs"]))
            .unwrap_or_else(|error| panic!("{name}: handgrad refuses it: {error}"));
        failures
            .extend(compare(&got, &arrays(&case["outputs"]), tolerance).map(|failure| format!("{name}: {failure}")));
        *counts.entry(op).or_insert(0) += 1;
    }
    assert!(failures.is_empty(), "{} of the arrays differ:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(counts, BTreeMap::from(CASES), "cases of each kind");
    assert!(counts.values().sum::<usize>() >= 60);
}

/// All that handgrad answers to a case.
fn run(op: &str, settings: &Value, inputs: &Arrays) -> Result<Arrays, ShapeError> {
    let slide = || {
        let (strides, padding) = (pair(&settings["stride"]), pair(&settings["padding"]));
        let slide = Slide::by(strides.0, strides.1).padding(padding.0, padding.1);
        if settings["round_down"].as_bool().unwrap() { slide.round_down() } else { slide }
    };
    let window = || pair(&settings["window"]);
    let matrix = |name: &str| inputs[name].matrix();
    let vector = |name: &str| DVector::from_vec(inputs[name].values.clone());
    let tensor = |name: &str| inputs[name].tensor();

    Ok(match op {
        "linear" => {
            let (z, w) = (matrix("z"), matrix("w"));
            let g = fc_backward(&matrix("next_dz"), &w, &z)?;
            named([
                ("y", fc_forward(&z, &w, &vector("b"))?.into()),
                ("dz", g.dz.into()),
                ("dw", g.dw.into()),
                ("db", g.db.into()),
            ])
        }
        "conv2d" => {
            let (z, k) = (tensor("z"), tensor("k"));
            let g = conv_backward(&tensor("next_dz"), &k, &z, slide())?;
            named([
                ("y", conv_forward(&z, &k, &vector("b"), slide())?.into()),
                ("dz", g.dz.into()),
                ("dk", g.dk.into()),
                ("db", g.db.into()),
            ])
        }
        "max_pool2d" => forward_and_backward(
            max_pooling_forward(&tensor("z"), window(), slide())?,
            max_pooling_backward(&tensor("next_dz"), &tensor("z"), window(), slide())?,
        ),
        "avg_pool2d" => forward_and_backward(
            avg_pooling_forward(&tensor("z"), window(), slide())?,
            avg_pooling_backward(&tensor("next_dz"), &tensor("z"), window(), slide())?,
        ),
        "adaptive_max_pool2d" => forward_and_backward(
            global_max_pooling_forward(&tensor("z"))?,
            global_max_pooling_backward(&matrix("next_dz"), &tensor("z"))?,
        ),
        "adaptive_avg_pool2d" => forward_and_backward(
            global_avg_pooling_forward(&tensor("z"))?,
            global_avg_pooling_backward(&matrix("next_dz"), &tensor("z"))?,
        ),
        "prelu" => {
            let (z, alpha) = (tensor("z"), vector("alpha"));
            let g = prelu_backward(&tensor("next_dz"), &z, &alpha)?;
            named([("y", prelu_forward(&z, &alpha)?.into()), ("dz", g.dz.into()), ("dalpha", g.dalpha.into())])
        }
        "cross_entropy" => loss(cross_entropy_loss(&matrix("y_predict"), &matrix("y_true"))?),
        "mse" => loss(mean_squared_loss(&matrix("y_predict"), &matrix("y_true"))?),
        _ => {
            let (z, next_dz) = (matrix("z"), matrix("next_dz"));
            let alpha = || settings["alpha"].as_f64().unwrap();
            let (y, dz) = match op {
                "relu" => (relu_forward(&z), relu_backward(&next_dz, &z)?),
                "leaky_relu" => (leaky_relu_forward(&z, alpha()), leaky_relu_backward(&next_dz, &z, alpha())?),
                "elu" => (elu_forward(&z, alpha()), elu_backward(&next_dz, &z, alpha())?),
                "selu" => (selu_forward(&z), selu_backward(&next_dz, &z)?),
                "sigmoid" => (sigmoid_forward(&z), sigmoid_backward(&next_dz, &z)?),
                "tanh" => (tanh_forward(&z), tanh_backward(&next_dz, &z)?),
                "softmax" => {
                    let p = softmax_forward(&z);
                    let dz = softmax_backward(&next_dz, &p)?;
                    (p, dz)
                }
                unknown => panic!("no handgrad function is named for the operation {unknown:?}"),
            };
            forward_and_backward(y, dz)
        }
    })
}

fn named<const K: usize>(arrays: [(&str, Array); K]) -> Arrays {
    arrays.into_iter().map(|(name, array)| (name.to_string(), array)).collect()
}

fn forward_and_backward(y: impl Into<Array>, dz: impl Into<Array>) -> Arrays {
    named([("y", y.into()), ("dz", dz.into())])
}

fn loss(Loss { loss, dy }: Loss<f64>) -> Arrays {
    named([("loss", Array { shape: vec![], values: vec![loss] }), ("dy", dy.into())])
}

/// What is wrong, an array a line.
fn compare(got: &Arrays, expected: &Arrays, tolerance: f64) -> impl Iterator<Item = String> {
    assert!(got.keys().eq(expected.keys()), "we answer {:?}, the file holds {:?}", got.keys(), expected.keys());
    got.iter().zip(expected).filter_map(move |((name, got), (_, expected))| {
        if got.shape != expected.shape {
            return Some(format!("{name} has the shape {:?}, not {:?}", got.shape, expected.shape));
        }
        let bound = tolerance * expected.values.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
        let close = |(got, expected): (&f64, &f64)| (got - expected).abs() <= bound; // false for NaN
        let at = got.values.iter().zip(&expected.values).position(|pair| !close(pair))?;
        let (got, expected) = (got.values[at], expected.values[at]);
        Some(format!("{name}, value {at} (row-major): {got:e}, not {expected:e}; at most {bound:e} apart is allowed"))
    })
}

fn arrays(object: &Value) -> Arrays {
    let array = |value: &Value| Array {
        shape: value["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect(),
        values: value["values"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect(),
    };
    object.as_object().unwrap().iter().map(|(name, value)| (name.clone(), array(value))).collect()
}

fn pair(value: &Value) -> (usize, usize) {
    (value[0].as_u64().unwrap() as usize, value[1].as_u64().unwrap() as usize)
}

impl Array {
    fn matrix(&self) -> DMatrix<f64> {
        let [rows, columns] = self.shape[..] else { panic!("{:?} is not the shape of a matrix", self.shape) };
        DMatrix::from_row_slice(rows, columns, &self.values)
    }

    fn tensor(&self) -> Tensor4<f64> {
        let [n, c, h, w] = self.shape[..] else { panic!("{:?} is not the shape of a tensor", self.shape) };
        Tensor4::from_row_major([n, c, h, w], &self.values).unwrap()
    }
}

impl From<DMatrix<f64>> for Array {
    fn from(m: DMatrix<f64>) -> Self {
        Array { shape: vec![m.nrows(), m.ncols()], values: m.transpose().as_slice().to_vec() }
    }
}

impl From<DVector<f64>> for Array {
    fn from(v: DVector<f64>) -> Self {
        Array { shape: vec![v.len()], values: v.as_slice().to_vec() }
    }
}

impl From<Tensor4<f64>> for Array {
    fn from(t: Tensor4<f64>) -> Self {
        Array { shape: t.shape().to_vec(), values: t.to_row_major() }
    }
}
