//! `handgrad plots`: redraw everything under plots/.

mod rounding;

use super::{print, say, train};
use anyhow::{Context, ensure};
use clap::{Args, FromArgMatches};
use handgrad::files;
use handgrad::prelude::*;
use handgrad::show::Figure;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Flags of `plots`.
#[derive(Args)]
pub struct Arguments {
    /// Draw only this plot and those drawn with it; may be repeated
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List the plots, and draw none
    #[arg(long, conflicts_with = "only")]
    list: bool,
    /// Where to write them
    #[arg(long, default_value = "plots", value_name = "DIRECTORY")]
    output: PathBuf,
}

/// Plots that are drawn together.
struct Work {
    names: &'static [&'static str],
    about: &'static str,
    draw: fn(&Path) -> anyhow::Result<()>,
}

const ALL: [Work; 8] = [
    Work { names: &["step_size"], about: "the error of finite differences, and of dual numbers", draw: step_size },
    Work {
        names: &["speed"],
        about: "handgrad's time relative to PyTorch's, as measured by benches/pytorch/compare.py",
        draw: speed,
    },
    Work {
        names: &["rounding"],
        about: "bounds on the rounding error of a sum and a softmax, in bf16, f16, f32 and f64",
        draw: rounding::draw,
    },
    Work { names: &["activations"], about: "the activations and their derivatives", draw: activations },
    Work {
        names: &["conv"],
        about: "the course's experiment: a convolution learns to output 1 everywhere",
        draw: |output| train(output, &["--experiment", "conv"]),
    },
    Work {
        names: &["conv_max_pooling"],
        about: "the same, with a max pooling after it",
        draw: |output| train(output, &["--experiment", "conv-max-pooling"]),
    },
    Work {
        names: &["sharpness"],
        about: "gradient descent whose curvature rises to 2 / learning rate and stays there (takes half a minute)",
        draw: |output| train(output, &["--sharpness"]),
    },
    Work {
        names: &["lenet_mnist", "lenet_kernels", "lenet_mistakes"],
        about: "LeNet on MNIST: loss and accuracy, its kernels, the digits it gets wrong (takes a minute)",
        draw: lenet_mnist,
    },
];

/// Runs the command.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if arguments.list {
        let line = |work: &Work| format!("{:<44} {}", work.names.join(", "), work.about);
        print(ALL.iter().map(line).collect::<Vec<_>>().join("\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let known = |name: &String| ALL.iter().any(|work| work.names.contains(&name.as_str()));
    if let Some(name) = arguments.only.iter().find(|name| !known(name)) {
        let names: Vec<&str> = ALL.iter().flat_map(|work| work.names).copied().collect();
        anyhow::bail!("there is no plot {name}; the plots are {}", names.join(", "));
    }
    let wanted = |work: &&Work| {
        arguments.only.is_empty() || arguments.only.iter().any(|name| work.names.contains(&name.as_str()))
    };
    for name in ALL.iter().filter(wanted).flat_map(|work| work.names) {
        files::probe_with_folders(file(&arguments.output, name))?;
    }
    for work in ALL.iter().filter(wanted) {
        say(format!("{}: {}", work.names.join(", "), work.about));
        (work.draw)(&arguments.output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn file(output: &Path, name: &str) -> PathBuf {
    output.join(format!("{name}.svg"))
}

fn save(figure: &Figure, output: &Path, name: &str) -> anyhow::Result<()> {
    let file = file(output, name);
    figure.save(&file)?;
    say(format!("the plot is in {}", file.display()));
    Ok(())
}

/// The arguments of `handgrad train` with these flags: the same code draws its plots.
fn arguments(output: &Path, flags: &[&str]) -> anyhow::Result<train::Arguments> {
    let output = output.to_str().with_context(|| format!("{} is not valid UTF-8", output.display()))?;
    let command = train::Arguments::augment_args(clap::Command::new("train"));
    let matches = command.try_get_matches_from(["train", "--output", output].iter().chain(flags))?;
    Ok(train::Arguments::from_arg_matches(&matches)?)
}

fn train(output: &Path, flags: &[&str]) -> anyhow::Result<()> {
    let code = train::run(arguments(output, flags)?)?;
    ensure!(code == ExitCode::SUCCESS, "train {} did not finish", flags.join(" "));
    Ok(())
}

/// LeNet, trained with `train`'s default flags; then what it has learned.
fn lenet_mnist(output: &Path) -> anyhow::Result<()> {
    let before = first_kernels(&lenet(Start::He, 1))?;
    let (code, model) = train::train::<f32>(&arguments(output, &["--seed", "1"])?)?;
    ensure!(code == ExitCode::SUCCESS, "the training did not finish");

    let kernels = |title: &str, kernels: &Tensor4<f32>| show::images(title, kernels).figure();
    let figure = show::column([
        kernels("LeNet's first kernels as they start (He)", &before),
        kernels("and as they are after training", &first_kernels(&model)?),
    ]);
    save(&figure, output, "lenet_kernels")?;

    let test = mnist::load::<f32>(mnist::shipped()?)?.test;
    let predicted: Vec<usize> = predict(&model, &test)?;
    let wrong: Vec<usize> = (0..test.len()).filter(|&n| predicted[n] != test.labels[n]).collect();
    let shown = &wrong[..wrong.len().min(40)];
    let of = |all: &[usize]| shown.iter().map(|&n| all[n]).collect::<Vec<usize>>();
    let title = match wrong.len() - shown.len() {
        0 => format!("All {} test digits that LeNet gets wrong", wrong.len()),
        _ => format!("{} of the {} test digits that LeNet gets wrong", shown.len(), wrong.len()),
    };
    let figure = show::images(&title, &test.inputs.select(shown)).predictions(&of(&predicted), &of(&test.labels));
    save(&figure.figure(), output, "lenet_mistakes")
}

/// The kernels (C, D, k1, k2) of the first layer.
fn first_kernels(model: &Sequential<f32>) -> anyhow::Result<Tensor4<f32>> {
    let parameters = model.parameters();
    let kernels = parameters.first().context("the model has no parameters")?;
    Ok(Tensor4::from_matrix(DMatrix::from_column_slice(1, kernels.values.len(), kernels.values), [6, 5, 5])?)
}

/// The class with the largest output, for every sample.
fn predict(model: &Sequential<f32>, data: &Dataset<f32>) -> anyhow::Result<Vec<usize>> {
    let mut predicted = Vec::new();
    let all: Vec<usize> = (0..data.len()).collect();
    for samples in all.chunks(1000) {
        let y = model.infer(&data.inputs.select(samples))?.into_matrix();
        predicted.extend(y.row_iter().map(|y| y.transpose().imax()));
    }
    Ok(predicted)
}

/// A function that is not too simple, for any number type.
fn f<T: Float>(x: T) -> T {
    (x * x).sin() * x.exp()
}

/// Its derivative, by hand: (2x·cos x² + sin x²)·eˣ.
fn df(x: f64) -> f64 {
    (2.0 * x * (x * x).cos() + (x * x).sin()) * x.exp()
}

/// The error of forward and central differences for every step size, in f32 and f64, and that of dual numbers, which
/// have no step size: the root mean square of the relative errors at a hundred points.
fn step_size(output: &Path) -> anyhow::Result<()> {
    let places: Vec<f64> = (0..100).map(|k| 0.5 + f64::from(k) / 256.0).collect(); // exact in f32
    let mean = |derivative: &dyn Fn(f64) -> f64| {
        let squares = places.iter().map(|&x| (derivative(x) / df(x) - 1.0).powi(2));
        (squares.sum::<f64>() / places.len() as f64).sqrt()
    };
    // Forward and central differences.
    fn quotients<T: Float>(x: f64, h: f64) -> [f64; 2] {
        let (x, h): (T, T) = (lit(x), lit(h));
        let forward = (f(x + h) - f(x)) / h;
        let central = (f(x + h) - f(x - h)) / (h + h);
        [forward, central].map(|d| d.to_f64().unwrap_or(f64::NAN))
    }
    let steps: Vec<f64> = (0..=56).map(|k| 10_f64.powf(-f64::from(k) / 4.0)).collect();
    let errors = |quotients: fn(f64, f64) -> [f64; 2], kind: usize| -> Vec<f64> {
        steps.iter().map(|&h| mean(&|x| quotients(x, h)[kind])).collect()
    };
    let dual = mean(&|x| f(Dual::variable(x)).eps);
    let figure = show::xy("forward, f32", &steps, &errors(quotients::<f32>, 0))
        .and("central, f32", &errors(quotients::<f32>, 1))
        .and("forward, f64", &errors(quotients::<f64>, 0))
        .and("central, f64", &errors(quotients::<f64>, 1))
        .level("dual number, f64", dual)
        .title("How far a derivative is off: finite differences and the dual number")
        .labels("step size h", "relative error")
        .log_x()
        .log_y()
        .y_range(1e-17, 10.0)
        .size(720, 420);
    save(&figure.figure(), output, "step_size")
}

/// Six activations, each with its derivative.
fn activations(output: &Path) -> anyhow::Result<()> {
    let x: Vec<f64> = (-40..=40).map(|k| f64::from(k) / 10.0).collect();
    let z = DMatrix::from_column_slice(x.len(), 1, &x);
    let one = DMatrix::from_element(x.len(), 1, 1.0);
    let chart = |name: &str, y: &DMatrix<f64>, dz: &DMatrix<f64>| {
        let chart = show::xy("f(x)", &x, y.as_slice()).and("f′(x)", dz.as_slice());
        chart.title(name).size(300, 240).figure()
    };
    let figure = show::column([
        show::row([
            chart("ReLU", &relu_forward(&z), &relu_backward(&one, &z)?),
            chart("Leaky ReLU, α = 0.1", &leaky_relu_forward(&z, 0.1), &leaky_relu_backward(&one, &z, 0.1)?),
            chart("ELU, α = 1", &elu_forward(&z, 1.0), &elu_backward(&one, &z, 1.0)?),
        ]),
        show::row([
            chart("SELU", &selu_forward(&z), &selu_backward(&one, &z)?),
            chart("sigmoid", &sigmoid_forward(&z), &sigmoid_backward(&one, &z)?),
            chart("tanh", &tanh_forward(&z), &tanh_backward(&one, &z)?),
        ]),
    ]);
    save(&figure, output, "activations")
}

/// The ratios of benches/pytorch/speed.json: those of `f32`, which PyTorch is built for, in two columns.
fn speed(output: &Path) -> anyhow::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pytorch/speed.json");
    let text = fs::read_to_string(&file)
        .with_context(|| format!("{}: no measurements yet; run benches/pytorch/compare.py", file.display()))?;
    let measured: Value = serde_json::from_str(&text).with_context(|| format!("{}: not JSON", file.display()))?;
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_string();
    let mut groups: Vec<(String, Vec<(String, f64)>)> = Vec::new();
    for row in measured["rows"].as_object().into_iter().flat_map(|rows| rows.values()) {
        if text(row, "scalar") != "f32" || text(row, "group") == "Memory" {
            continue;
        }
        let name = [text(row, "name"), text(row, "pass")].join(" ").trim_end().to_string();
        let bar = (name, row["ratio"].as_f64().unwrap_or(f64::NAN));
        match groups.last_mut() {
            Some((group, bars)) if *group == text(row, "group") => bars.push(bar),
            _ => groups.push((text(row, "group"), vec![bar])),
        }
    }
    // Two columns of about the same length.
    let all: usize = groups.iter().map(|(_, bars)| bars.len() + 2).sum();
    let mut above = 0;
    let (left, right): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(_, bars)| {
        above += bars.len() + 2;
        2 * above <= all + bars.len()
    });
    let column = |title: &str, groups: Vec<(String, Vec<(String, f64)>)>| {
        groups.into_iter().fold(show::ratios(title, "PyTorch"), |chart, (name, bars)| chart.group(&name, bars))
    };
    let machine = &measured["machine"];
    let about = format!("{}, {} threads", text(machine, "cpu"), machine["threads"]);
    let figure = show::row([column("handgrad's time / PyTorch's", left), column(&about, right)]);
    save(&figure, output, "speed")
}
