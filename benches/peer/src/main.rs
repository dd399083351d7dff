//! burn's side of the comparison: its CPU backend Flex, which is written in Rust as handgrad is, and uses the same
//! matrix product.
//!
//! `benches/pytorch/compare.py --peer` talks to it as to the other sides. It knows the convolutions in f32 and the
//! epochs of LeNet; any other row is answered by `{}`.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d, Relu};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use handgrad::data::mnist;
use serde_json::{Value, json};
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

/// One repetition of a row's work: how long it took.
type Work = Box<dyn FnMut() -> Duration>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{}", json!({ "burn": "0.22.1, Flex" }));
    let mut current: Option<(Value, Option<Work>)> = None;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let row = &request["row"];
        if current.as_ref().is_none_or(|(known, _)| known != row) {
            drop(current.take());
            current = Some((row.clone(), prepare(row)?));
        }
        let repetitions = request["repetitions"].as_u64().unwrap_or(1);
        match &mut current {
            Some((_, Some(work))) => {
                let seconds: Vec<f64> = (0..repetitions).map(|_| work().as_secs_f64()).collect();
                println!("{}", json!({ "": seconds }));
            }
            _ => println!("{{}}"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn prepare(row: &Value) -> Result<Option<Work>, Box<dyn Error>> {
    match (row["kind"].as_str(), row["scalar"].as_str(), row["model"].as_str()) {
        (Some("conv"), Some("f32"), _) => Ok(Some(conv(row))),
        (Some("epoch"), _, Some("lenet")) => Ok(Some(epoch(number(&row["batch"]), number(&row["images"]))?)),
        _ => Ok(None),
    }
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap_or_default() as usize
}

/// A convolution; going backward with a gradient of ones, from a graph that is made anew each time outside of the
/// measured time, as burn does not keep one.
fn conv(row: &Value) -> Work {
    let [depth, size, padding] = ["depth", "kernel", "padding"].map(|key| number(&row[key]));
    let shape: [usize; 4] = std::array::from_fn(|axis| number(&row["z"][axis]));
    let backward = row["pass"] == "backward";
    let device = if backward { Device::flex().autodiff() } else { Device::flex() };
    let normal = |shape: [usize; 4]| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    let (z, k, b) = (normal(shape), normal([depth, shape[1], size, size]), Tensor::<1>::zeros([depth], &device));
    let options = ConvOptions::new([1, 1], [padding, padding], [1, 1], 1);
    if !backward {
        return Box::new(move || {
            let start = Instant::now();
            drop(black_box(conv2d(z.clone(), k.clone(), Some(b.clone()), options.clone())));
            start.elapsed()
        });
    }
    let (z, k, b) = (z.require_grad(), k.require_grad(), b.require_grad());
    Box::new(move || {
        let y = conv2d(z.clone(), k.clone(), Some(b.clone()), options.clone());
        let start = Instant::now();
        drop(black_box(y.backward()));
        start.elapsed()
    })
}

#[derive(Module, Debug)]
struct Lenet {
    convolutions: [Conv2d; 2],
    dense: [Linear; 3],
    pool: MaxPool2d,
    relu: Relu,
}

impl Lenet {
    fn new(device: &Device) -> Self {
        let conv = |channels, padding| {
            let config = Conv2dConfig::new(channels, [5, 5]);
            config.with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding)).init(device)
        };
        Lenet {
            convolutions: [conv([1, 6], 2), conv([6, 16], 0)],
            dense: [(400, 120), (120, 84), (84, 10)].map(|(from, to)| LinearConfig::new(from, to).init(device)),
            pool: MaxPool2dConfig::new([2, 2]).init(),
            relu: Relu::new(),
        }
    }

    fn forward(&self, mut z: Tensor<4>) -> Tensor<2> {
        for convolution in &self.convolutions {
            z = self.pool.forward(self.relu.forward(convolution.forward(z)));
        }
        let z = self.relu.forward(self.dense[0].forward(z.flatten::<2>(1, 3)));
        self.dense[2].forward(self.relu.forward(self.dense[1].forward(z)))
    }
}

/// An epoch through the first images of MNIST, all in memory: batches picked by an index, forward, loss, backward, SGD
/// with momentum; the loss of each step is read.
fn epoch(batch: usize, count: usize) -> Result<Work, Box<dyn Error>> {
    let device = Device::flex().autodiff();
    let data = mnist::load::<f32>(mnist::shipped()?)?.train.first(count);
    let images = Tensor::<4>::from_data(TensorData::new(data.inputs.to_row_major(), [count, 1, 28, 28]), &device);
    let labels: Vec<i64> = data.labels.iter().map(|&label| label as i64).collect();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), &device);
    // All images, each once, those next to each other far apart: 7919 is a prime that does not divide the count.
    let order: Vec<i64> = (0..count as i64).map(|n| n * 7919 % count as i64).collect();
    let loss = CrossEntropyLossConfig::new().init(&device);
    Ok(Box::new(move || {
        let mut model = Lenet::new(&device);
        let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
        let mut sgd = SgdConfig::new().with_momentum(Some(momentum)).init();
        let start = Instant::now();
        for picked in order.chunks(batch) {
            let picked = Tensor::<1, Int>::from_data(TensorData::new(picked.to_vec(), [picked.len()]), &device);
            let (z, labels) = (images.clone().select(0, picked.clone()), labels.clone().select(0, picked));
            let loss = loss.forward(model.forward(z), labels);
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = sgd.step(0.01, model, gradients);
            black_box(loss.into_scalar::<f32>());
        }
        start.elapsed()
    }))
}
