//! Every layer, activation and loss against the numbers of PyTorch, stored in `reference/pytorch.json`.
//!
//! `reference/make.py` computes that file and says how PyTorch's conventions become ours; nothing here needs Python.
//! A case names an operation; the [lesson](handgrad::check::lesson) of that operation answers it.

use handgrad::check::lesson::{Lesson, Setting, Visitor, answers};
use handgrad::check::values::{Named, Value as Array};
use handgrad::check::{Array as _, lessons};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many cases there are of each operation at least: one that is lost turns the test red.
const FEWEST: usize = 3;

/// Relative to the largest entry of the expected array. An entry here is a sum of at most a few hundred rounded terms,
/// or a function of the C library, good to an ulp or two: both stay within ten times
/// `f64`'s epsilon, which is 2.2e-16.
const TOLERANCE: f64 = 2e-15;

/// The names that values have in the lessons.
const NAMES: [&str; 8] = ["z", "w", "k", "b", "alpha", "next_dz", "y_predict", "y_true"];

struct Reference {
    cases: Vec<Value>,
    answered: BTreeMap<&'static str, usize>,
    failures: Vec<String>,
}

#[test]
fn every_case_agrees_with_pytorch() {
    let file: Value = serde_json::from_str(include_str!("reference/pytorch.json")).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    let mut reference = Reference { cases, answered: BTreeMap::new(), failures: vec![] };
    lessons::visit(&mut reference);
    let Reference { cases, answered, failures } = reference;
    assert!(failures.is_empty(), "{} of the arrays differ:\n{}", failures.len(), failures.join("\n"));
    assert!(answered.len() >= 16 && answered.values().all(|&count| count >= FEWEST), "{answered:?}");
    assert_eq!(answered.values().sum::<usize>(), cases.len(), "a case is of no lesson");
    assert!(cases.len() >= 104, "{}", cases.len());
}

impl Visitor for Reference {
    fn visit<L: Lesson>(&mut self) {
        let Some(operation) = L::TORCH else { return };
        let own: Vec<Value> = self.cases.iter().filter(|case| case["op"] == operation).cloned().collect();
        self.answered.insert(operation, own.len());
        for case in own {
            let (name, inputs) = (case["name"].as_str().unwrap(), arrays(&case["inputs"]));
            let tolerance = if case["exact"].as_bool().unwrap() { 0.0 } else { TOLERANCE };
            let x = NAMES.iter().filter_map(|&name| Some((name, inputs.get(name)?.clone())));
            let x = x.fold(Named::default(), |all, (name, value)| all.with(name, value));
            let setting = L::Setting::of_reference(&x, &|name| numbers(&case["settings"][name])).unwrap();
            let got = answers::<L, f64>(&setting, &x);
            let got = got.unwrap_or_else(|error| panic!("{name}: handgrad refuses it: {error}"));
            let expected = arrays(&case["outputs"]);
            assert!(got.iter().count() == expected.len(), "{name}: the file holds {:?}", expected.keys());
            let wrong = got.iter().filter_map(|(of, got)| compare(of, got, &expected[of], tolerance));
            self.failures.extend(wrong.map(|failure| format!("{name}: {failure}")));
        }
    }
}

/// What is wrong with an array.
fn compare(name: &str, got: &Array<f64>, expected: &Array<f64>, tolerance: f64) -> Option<String> {
    if got.shape() != expected.shape() {
        return Some(format!("{name} has the shape {:?}, not {:?}", got.shape(), expected.shape()));
    }
    let bound = tolerance * expected.elements().iter().fold(0.0, |max: f64, x| max.max(x.abs()));
    let close = |(got, expected): (&f64, &f64)| (got - expected).abs() <= bound; // false for NaN
    let at = got.elements().iter().zip(expected.elements()).position(|pair| !close(pair))?;
    let (index, got, expected) = (got.index_of(at), got.elements()[at], expected.elements()[at]);
    Some(format!("{name}{index:?} is {got:e}, not {expected:e}; at most {bound:e} apart is allowed"))
}

/// A setting as numbers: a truth is 1.
fn numbers(setting: &Value) -> Option<Vec<f64>> {
    match setting {
        Value::Number(x) => Some(vec![x.as_f64()?]),
        Value::Bool(is) => Some(vec![f64::from(*is)]),
        Value::Array(all) => all.iter().map(Value::as_f64).collect(),
        _ => None,
    }
}

fn arrays(object: &Value) -> BTreeMap<String, Array<f64>> {
    let numbers =
        |value: &Value| -> Vec<f64> { value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
    let array = |value: &Value| {
        let shape: Vec<usize> = numbers(&value["shape"]).into_iter().map(|n| n as usize).collect();
        Array::from_row_major(&shape, &numbers(&value["values"])).unwrap()
    };
    object.as_object().unwrap().iter().map(|(name, value)| (name.clone(), array(value))).collect()
}
