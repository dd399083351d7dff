//! handgrad's side of the comparison with PyTorch.
//!
//! `compare.py` beside this file drives it: for a line of JSON on standard input, with a row of `rows.json` and a
//! number of repetitions, it prints a line with the seconds of each repetition. Without `--serve`, every row runs once:
//! `cargo bench --bench pytorch`.

use handgrad::losses::Loss;
use handgrad::prelude::*;
use handgrad::train::{Plan, Training, silently};
use serde_json::{Value, json};
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Answer<T> = Result<T, Box<dyn Error>>;

/// One repetition of a row's work: how long it took.
type Work = Box<dyn FnMut() -> Answer<Duration>>;

fn main() -> Answer<()> {
    if std::env::args().any(|argument| argument == "--serve") { serve() } else { smoke() }
}

/// Answers requests until standard input ends. A row's data is made once and kept until another row comes.
fn serve() -> Answer<()> {
    println!("{}", json!({ "handgrad": env!("CARGO_PKG_VERSION") }));
    let mut current: Option<(Value, Work)> = None;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let row = &request["row"];
        if current.as_ref().is_none_or(|(known, _)| known != row) {
            drop(current.take());
            current = Some((row.clone(), prepare(&Row(row.clone()))?));
        }
        let Some((_, work)) = &mut current else { continue };
        let repetitions = request["repetitions"].as_u64().unwrap_or(1);
        let seconds = (0..repetitions).map(|_| Ok(work()?.as_secs_f64())).collect::<Answer<Vec<f64>>>()?;
        println!("{}", json!({ "handgrad": seconds }));
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Every row once.
fn smoke() -> Answer<()> {
    let rows: Value = serde_json::from_str(include_str!("rows.json"))?;
    for row in rows.as_array().into_iter().flatten() {
        let several = |key: &str| row[key].as_array().cloned().unwrap_or_else(|| vec![Value::Null]);
        for (pass, scalar) in several("passes").iter().flat_map(|p| several("scalars").into_iter().map(move |s| (p, s)))
        {
            let mut row = row.clone();
            (row["pass"], row["scalar"]) = (pass.clone(), scalar.clone());
            let seconds = prepare(&Row(row.clone()))?()?.as_secs_f64();
            let words =
                ["group", "name", "pass", "scalar"].map(|key| row[key].as_str().unwrap_or_default().to_string());
            println!("{:>9.3} ms  {}", 1e3 * seconds, words.join(" ").trim_end());
        }
    }
    Ok(())
}

/// A row, as JSON has it.
struct Row(Value);

impl Row {
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn number(&self, key: &str) -> usize {
        self.0[key].as_u64().unwrap_or_default() as usize
    }

    fn backward(&self) -> bool {
        self.text("pass") == "backward"
    }

    /// The shape of z: a tensor's, or that of a matrix (N, d) as (N, d, 1, 1).
    fn shape(&self) -> [usize; 4] {
        let sizes = self.0["z"].as_array().into_iter().flatten().filter_map(Value::as_u64);
        let mut shape = [1; 4];
        shape.iter_mut().zip(sizes).for_each(|(axis, size)| *axis = size as usize);
        shape
    }

    fn z<T: Float>(&self) -> Tensor4<T> {
        init::normal(&mut init::rng(1), self.shape(), 1.0)
    }
}

fn timed<R>(mut work: impl FnMut() -> R + 'static) -> Work {
    Box::new(move || {
        let start = Instant::now();
        drop(black_box(work()));
        Ok(start.elapsed())
    })
}

fn prepare(row: &Row) -> Answer<Work> {
    match row.text("scalar") {
        "f64" => prepare_in::<f64>(row),
        _ => prepare_in::<f32>(row),
    }
}

fn prepare_in<T: Float>(row: &Row) -> Answer<Work> {
    match row.text("kind") {
        "gemm" => Ok(gemm::<T>(row.number("size"))),
        "conv" => conv::<T>(row),
        "copy" => Ok(copy::<T>(row)),
        "activation" => activation::<T>(row),
        "pooling" => pooling::<T>(row),
        "loss" => loss::<T>(row),
        "optimizer" => optimizer::<T>(row),
        "epoch" => epoch(row),
        "step" => step::<T>(row),
        "inference" => Ok(inference::<T>(row)),
        kind => Err(format!("there is no work of the kind {kind:?}").into()),
    }
}

fn gemm<T: Float>(size: usize) -> Work {
    let [a, b]: [DMatrix<T>; 2] = [1, 2].map(|seed| init::normal(&mut init::rng(seed), [size, size], 1.0));
    timed(move || matmul(&a, &b))
}

fn conv<T: Float>(row: &Row) -> Answer<Work> {
    let (z, depth, size, padding) = (row.z::<T>(), row.number("depth"), row.number("kernel"), row.number("padding"));
    let k: Tensor4<T> = init::he(&mut init::rng(2), [z.shape()[1], depth, size, size]);
    let (b, slide) = (DVector::zeros(depth), Slide::default().padding(padding, padding));
    let next_dz = conv_forward(&z, &k, &b, slide)?;
    Ok(match row.backward() {
        false => timed(move || conv_forward(&z, &k, &b, slide)),
        true => timed(move || conv_backward(&next_dz, &k, &z, slide)),
    })
}

/// Reads z and writes as many bytes: the least that an elementwise function costs.
fn copy<T: Float>(row: &Row) -> Work {
    let z = row.z::<T>().into_matrix();
    let mut old = z.clone();
    match row.text("into") {
        "old" => timed(move || old.copy_from(&z)),
        _ => timed(move || z.clone()),
    }
}

fn activation<T: Float>(row: &Row) -> Answer<Work> {
    let z = row.z::<T>().into_matrix();
    let next_dz = z.clone();
    Ok(match (row.text("function"), row.backward()) {
        ("relu", false) => timed(move || relu_forward(&z)),
        ("relu", true) => timed(move || relu_backward(&next_dz, &z)),
        ("sigmoid", false) => timed(move || sigmoid_forward(&z)),
        ("sigmoid", true) => timed(move || sigmoid_backward(&next_dz, &z)),
        ("tanh", false) => timed(move || tanh_forward(&z)),
        ("tanh", true) => timed(move || tanh_backward(&next_dz, &z)),
        (function, _) => return Err(format!("there is no activation {function:?}").into()),
    })
}

fn pooling<T: Float>(row: &Row) -> Answer<Work> {
    let (z, size, by, padding) = (row.z::<T>(), row.number("window"), row.number("stride"), row.number("padding"));
    let (window, slide) = ((size, size), Slide::by(by, by).padding(padding, padding).round_down());
    let next_dz = avg_pooling_forward(&z, window, slide)?;
    Ok(match (row.text("function"), row.backward()) {
        ("max", false) => timed(move || max_pooling_forward(&z, window, slide)),
        ("max", true) => timed(move || max_pooling_backward(&next_dz, &z, window, slide)),
        ("mean", false) => timed(move || avg_pooling_forward(&z, window, slide)),
        ("mean", true) => timed(move || avg_pooling_backward(&next_dz, &z, window, slide)),
        (function, _) => return Err(format!("there is no pooling {function:?}").into()),
    })
}

fn one_hot<T: Float>(n: usize, d: usize) -> DMatrix<T> {
    DMatrix::from_fn(n, d, |n, j| if j == n % d { T::one() } else { T::zero() })
}

fn loss<T: Float>(row: &Row) -> Answer<Work> {
    let y = row.z::<T>().into_matrix();
    let targets = one_hot(y.nrows(), y.ncols());
    Ok(match row.text("function") {
        "cross_entropy" => timed(move || cross_entropy_loss(&y, &targets)),
        "mean_squared" => timed(move || mean_squared_loss(&y, &targets)),
        function => return Err(format!("there is no loss {function:?}").into()),
    })
}

fn optimizer<T: Float>(row: &Row) -> Answer<Work> {
    let [mut w, g]: [DMatrix<T>; 2] =
        [1, 2].map(|seed| init::normal(&mut init::rng(seed), [row.number("size"), 1], 1.0));
    let mut optimizer: Box<dyn Optimizer<T>> = match row.text("function") {
        "sgd" => Box::new(Sgd::new(lit(1e-3)).momentum(0.9)),
        "adam" => Box::new(Adam::new(lit(1e-3))),
        function => return Err(format!("there is no optimizer {function:?}").into()),
    };
    Ok(timed(move || optimizer.step(&mut [w.as_mut_slice()], &[g.as_slice()])))
}

/// An epoch through the first images of MNIST, as [`Training::fit`] takes it: batches picked in a shuffled order,
/// forward, loss, backward, step. The network starts afresh each time.
fn epoch(row: &Row) -> Answer<Work> {
    let data = mnist::load::<f32>(mnist::shipped()?)?;
    let (train, test) = (data.train.first(row.number("images")), data.test.first(1));
    let plan = Plan { batch: row.number("batch"), seed: 1 };
    let build = match row.text("model") {
        "lenet" => lenet::<f32>,
        _ => mlp::<f32>,
    };
    Ok(Box::new(move || {
        let sgd = Sgd::new(0.01).momentum(0.9);
        let mut training = Training::new(build(Start::He, 1), sgd, cross_entropy_loss, plan);
        training.fit(&train, &test, 1, silently)?;
        Ok(Duration::from_secs_f64(training.history().epochs[0].seconds))
    }))
}

/// One step of a network on one batch: forward, loss, backward, SGD with momentum.
fn step<T: Float>(row: &Row) -> Answer<Work> {
    let (mut model, z) = (vgg11::<T>(Start::He, 1), row.z::<T>());
    let (targets, mut sgd) = (one_hot(z.shape()[0], 10), Sgd::new(lit(1e-3)).momentum(0.9));
    let mut memory = Memory::new();
    Ok(timed(move || {
        let y = model.forward(z.clone(), &mut memory)?;
        let Loss { loss, dy } = cross_entropy_loss(y.matrix(), &targets)?;
        model.backward(&Tensor4::from_vectors(dy), &mut memory)?;
        model.step(&mut sgd)?;
        Ok::<T, handgrad::Error>(loss)
    }))
}

fn inference<T: Float>(row: &Row) -> Work {
    let (model, z) = (lenet::<T>(Start::He, 1), row.z::<T>());
    timed(move || model.infer(&z))
}
