//! `handgrad train`: train a network on MNIST, with progress, accuracy and a plot; or run one of the course's two
//! experiments.

use super::say;
use anyhow::{Context, bail};
use clap::ValueEnum;
use handgrad::data::mnist;
use handgrad::files;
use handgrad::model::weights::Stored;
use handgrad::prelude::*;
use handgrad::show;
use handgrad::train::experiments::{descent, ones};
use handgrad::train::{End, Event, History, Plan, Step, TrainError, Training};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Flags of `train`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The network to train
    #[arg(long, value_enum, default_value_t = Network::Lenet)]
    model: Network,
    /// A named set of settings, instead of the individual flags
    #[arg(long, value_enum, conflicts_with_all = ["epochs", "batch", "optimizer", "schedule", "learning_rate"])]
    recipe: Option<Recipe>,
    /// Passes through the training set
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = at_least_one)]
    epochs: usize,
    /// Images per step
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = at_least_one)]
    batch: usize,
    /// The optimizer
    #[arg(long, value_enum, default_value_t = Rule::Adam)]
    optimizer: Rule,
    /// How the learning rate changes
    #[arg(long, value_enum, default_value_t = Schedule::Cosine)]
    schedule: Schedule,
    /// The initial learning rate [default: one that suits the optimizer]
    #[arg(long, value_name = "RATE", value_parser = positive, allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// The seed of all random numbers: the same seed gives the same bits
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads, at most four per core [default: one per core]; the result is the same, bit for bit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// The type of every number
    #[arg(long, value_enum, default_value_t = Scalar::F32)]
    scalar: Scalar,
    /// A directory with the four files of MNIST or of a data set like it [default: the MNIST in this project]
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// Where to write the plot
    #[arg(long, default_value = "plots", value_name = "DIRECTORY")]
    output: PathBuf,
    /// Save the weights to a safetensors file, which PyTorch can read
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Save the whole state of the training to this file, after every epoch and on Ctrl-C
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Resume the training whose --checkpoint this is; the other flags must be the same
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// Instead, train a convolution to output 1 everywhere, as the NumPy course does; takes --seed, --output,
    /// --threads, and --learning-rate (default 0.001)
    #[arg(long, value_enum, conflicts_with_all = OF_A_TRAINING, conflicts_with = "data")]
    experiment: Option<Experiment>,
    /// Instead, run gradient descent on 500 images and measure the loss's curvature every tenth step; takes --seed,
    /// --data, --output, --threads, and --learning-rate (default 0.1)
    #[arg(long, conflicts_with_all = OF_A_TRAINING, conflicts_with = "experiment")]
    sharpness: bool,
}

/// The flags that do not apply when no network is trained.
const OF_A_TRAINING: [&str; 10] =
    ["model", "recipe", "epochs", "batch", "optimizer", "schedule", "scalar", "save", "checkpoint", "resume"];

#[derive(Clone, Copy, ValueEnum)]
enum Network {
    /// LeNet-5 with ReLU and max pooling
    Lenet,
    /// 784-256-256-10 with ReLU
    Mlp,
    /// The NumPy course's network: one 3×3 kernel, max pooling, 64-10
    SeedCnn,
}

#[derive(Clone, Copy, ValueEnum)]
enum Recipe {
    /// 99 % with LeNet in about ten seconds on two cores: four epochs of Adam, from 0.003 on a half cosine
    Fast,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rule {
    Sgd,
    /// SGD with a momentum of 0.9
    Momentum,
    /// SGD with Nesterov's momentum of 0.9
    Nesterov,
    Adagrad,
    Rmsprop,
    Adadelta,
    Adam,
    Adamw,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Schedule {
    /// Constant
    Constant,
    /// Falls along half a cosine, to 0 at the end of the last epoch
    Cosine,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scalar {
    F32,
    F64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Experiment {
    /// The convolution alone
    Conv,
    /// With a max pooling after it
    ConvMaxPooling,
}

/// A choice is printed as it is typed.
fn typed(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().into()).unwrap_or_default()
}

fn positive(text: &str) -> Result<f64, String> {
    let rate = text.parse().map_err(|_| "it is not a number".to_string())?;
    if rate > 0.0 && rate < f64::INFINITY { Ok(rate) } else { Err("it must be positive and finite".into()) }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let count = text.parse().map_err(|_| "it is not a whole number".to_string())?;
    if count > 0 { Ok(count) } else { Err("it must be at least 1".into()) }
}

impl Network {
    fn build<T: Float>(self, seed: u64) -> Sequential<T> {
        match self {
            Network::Lenet => lenet(Start::He, seed),
            Network::Mlp => mlp(Start::He, seed),
            Network::SeedCnn => seed_cnn(Start::He, seed),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Network::Lenet => "LeNet",
            Network::Mlp => "MLP",
            Network::SeedCnn => "The course's CNN",
        }
    }
}

impl Rule {
    fn usual_rate(self) -> f64 {
        match self {
            Rule::Sgd => 0.1,
            Rule::Momentum | Rule::Nesterov => 0.02,
            Rule::Adagrad => 0.01,
            Rule::Rmsprop => 0.001,
            Rule::Adam | Rule::Adamw => 0.002,
            Rule::Adadelta => 1.0,
        }
    }

    fn build<T: Float>(self, rate: f64) -> Box<dyn Optimizer<T>> {
        let rate = lit(rate);
        match self {
            Rule::Sgd => Box::new(Sgd::new(rate)),
            Rule::Momentum => Box::new(Sgd::new(rate).momentum(0.9)),
            Rule::Nesterov => Box::new(Sgd::new(rate).nesterov(0.9)),
            Rule::Adagrad => Box::new(AdaGrad::new(rate)),
            Rule::Rmsprop => Box::new(RmsProp::new(rate)),
            Rule::Adadelta => Box::new(Adadelta::new(rate)),
            Rule::Adam => Box::new(Adam::new(rate)),
            Rule::Adamw => Box::new(AdamW::new(rate)),
        }
    }
}

/// Threads per core: more than one does not help, and a few more do no harm.
const MOST_THREADS: usize = 4;

/// Runs the command.
pub fn run(mut arguments: Arguments) -> anyhow::Result<ExitCode> {
    if let Some(Recipe::Fast) = arguments.recipe {
        (arguments.epochs, arguments.batch, arguments.learning_rate) = (4, 64, Some(0.003));
        (arguments.optimizer, arguments.schedule) = (Rule::Adam, Schedule::Cosine);
    }
    if let Some(threads) = arguments.threads {
        // Idle threads look for work in all others before they sleep: hundreds per core would do little else.
        let most = MOST_THREADS * std::thread::available_parallelism().map_or(1, usize::from);
        rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads).min(most)).build_global()?;
    }
    if arguments.sharpness {
        return run_sharpness(&arguments);
    }
    match (arguments.experiment, arguments.scalar) {
        (Some(experiment), _) => run_experiment(experiment, &arguments),
        (None, Scalar::F32) => train::<f32>(&arguments).map(|(code, _)| code),
        (None, Scalar::F64) => train::<f64>(&arguments).map(|(code, _)| code),
    }
}

/// Trains, stores the results, and returns the model.
pub(super) fn train<T: Stored>(arguments: &Arguments) -> anyhow::Result<(ExitCode, Sequential<T>)> {
    let Arguments { model, optimizer, batch, seed, epochs, .. } = *arguments;
    let rate = arguments.learning_rate.unwrap_or(optimizer.usual_rate());
    let rounded: T = lit(rate);
    if rounded == T::zero() || rounded.is_infinite() {
        bail!("--learning-rate {rate:?} is {rounded:?} in {}: use a rate that it can hold", typed(&arguments.scalar));
    }
    let plot = plot_file(arguments, &format!("{}_mnist", typed(&model)));
    probe_destinations(arguments, &plot)?;
    let network = model.build(seed);
    let rates = match arguments.schedule {
        Schedule::Constant => format!("{rate}"),
        Schedule::Cosine => format!("{rate} to 0 over {epochs} epochs"),
    };
    let about = format!("{} in {}, {} with {rates}", typed(&model), typed(&arguments.scalar), typed(&optimizer));
    let (threads, parameters) = (rayon::current_num_threads(), network.parameter_count());
    say(format!("{about}: {parameters} parameters, batch {batch}, seed {seed}, threads {threads}"));

    let directory = arguments.data.clone().map_or_else(mnist::shipped, Ok)?;
    let start = Instant::now();
    let data = mnist::load::<T>(&directory)?;
    let (n, seconds) = (data.train.len(), start.elapsed().as_secs_f64());
    say(format!("{n} training images and {} test images, read in {seconds:.1} s", data.test.len()));

    let mut training = Training::new(network, optimizer.build(rate), cross_entropy_loss, Plan { batch, seed });
    training.about = about;
    if arguments.schedule == Schedule::Cosine {
        let total = (n.div_ceil(batch) as u64).saturating_mul(epochs as u64);
        training = training.schedule(move |t| schedule::cosine(t, 0, total));
    }
    if let Some(file) = &arguments.resume {
        training.resume(file)?;
        say(format!("going on from {}, after {} steps", file.display(), training.history().losses.len()));
    }

    let stop = stop_on_ctrl_c()?;
    let mut progress = Progress::new(training.history(), n, batch, epochs)?;
    let (mut outcome, mut stored) = (Ok(End::Finished), None);
    // One epoch at a time, with a checkpoint after each.
    for epoch in training.history().epochs.len() + 1..=epochs {
        outcome = training.fit(&data.train, &data.test, epoch, |event| {
            progress.show(event);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if outcome.is_ok()
            && let Some(file) = &arguments.checkpoint
        {
            // The training goes on, and the next epoch tries again: the weights are still in memory.
            let written = training.save(file);
            if let Err(error) = &written {
                progress.bar.suspend(|| eprintln!("warning: no checkpoint of this epoch: {error}"));
            }
            stored = Some(written);
        }
        if outcome != Ok(End::Finished) {
            break;
        }
    }
    progress.bar.finish_and_clear();
    let code = finish(&training, outcome, stored, arguments, &plot)?;
    Ok((code, training.model))
}

/// Checks, before any work is done, that everything to be written can be.
fn probe_destinations(arguments: &Arguments, plot: &Path) -> anyhow::Result<()> {
    let mut taken: Vec<(&str, PathBuf)> = Vec::new();
    for (name, file) in [("--save", &arguments.save), ("--checkpoint", &arguments.checkpoint)] {
        if let Some(file) = file {
            taken.push((name, files::probe(file).context(name)?));
        }
    }
    taken.push(("the plot", files::probe_with_folders(plot).context("the plot")?));
    // A checkpoint may overwrite the one that it resumes from; nothing else may.
    let resumed = arguments.resume.as_ref().and_then(|file| file.canonicalize().ok());
    for (i, (name, file)) in taken.iter().enumerate() {
        if let Some((other, _)) = taken[..i].iter().find(|(_, other)| other == file) {
            bail!("{other} and {name} are the same file, {}: one would overwrite the other", file.display());
        }
        if *name != "--checkpoint" && resumed.as_ref() == Some(file) {
            bail!("{name} would overwrite the checkpoint of --resume, {}", file.display());
        }
    }
    Ok(())
}

/// Stores the results and says how the training ended: first the weights, then the plot, then all errors.
fn finish<T: Stored>(
    training: &Training<T>,
    outcome: Result<End, TrainError>,
    mut stored: Option<Result<(), DataError>>,
    arguments: &Arguments,
    plot: &Path,
) -> anyhow::Result<ExitCode> {
    let history = training.history();
    let interrupted = outcome == Ok(End::Stopped);
    let mut problems: Vec<String> = Vec::new();
    match &outcome {
        Err(error) => problems.push(error.to_string()),
        Ok(End::Stopped) => say(format!("interrupted after step {}", history.losses.len())),
        Ok(End::Finished) => {}
    }
    if let Some(file) = &arguments.checkpoint {
        if outcome.is_ok() && stored.is_none() {
            stored = Some(training.save(file)); // all epochs were done before
        }
        let so_far = if outcome.is_ok() { "so far".into() } else { format!("of {} epochs", history.epochs.len()) };
        match stored {
            Some(Ok(())) => {
                say(format!("the training {so_far} is in {}: resume it with --resume", file.display()));
            }
            Some(Err(error)) => problems.push(format!("--checkpoint: {error}")),
            None => {}
        }
    }
    if let (Ok(_), Some(file)) = (&outcome, &arguments.save) {
        match training.model.save(file) {
            Ok(()) => say(format!("the weights are in {}", file.display())),
            Err(error) => problems.push(format!("--save: {error}")),
        }
    }
    if !history.losses.is_empty() {
        let accuracies: Vec<f64> = history.epochs.iter().map(|epoch| epoch.accuracy).collect();
        let title = format!("{} on MNIST", arguments.model.title());
        problems.extend(save(&show::training(&title, &history.losses, &accuracies), plot).err().map(|e| e.to_string()));
    }
    if !problems.is_empty() {
        bail!(problems.join("; "));
    }
    if let Some(last) = history.epochs.last() {
        let seconds: f64 = history.epochs.iter().map(|epoch| epoch.seconds).sum();
        let (epochs, each) = (history.epochs.len(), seconds / history.epochs.len() as f64);
        let accuracy = 100.0 * last.accuracy;
        say(format!("test accuracy {accuracy:.2} %; epochs: {epochs}, {each:.1} s each"));
    }
    Ok(if interrupted { ExitCode::from(130) } else { ExitCode::SUCCESS })
}

/// Where the plot of this name goes.
fn plot_file(arguments: &Arguments, name: &str) -> PathBuf {
    arguments.output.join(format!("{}.svg", name.replace('-', "_")))
}

fn save(figure: &show::Figure, file: &Path) -> anyhow::Result<()> {
    figure.save(file).map_err(|error| anyhow::anyhow!("the plot: {error}"))?;
    say(format!("the plot is in {}", file.display()));
    Ok(())
}

/// True after the first Ctrl-C; a second one ends the program at once.
fn stop_on_ctrl_c() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    Ok(stop)
}

/// A bar in a terminal, or a line now and then if there is no terminal.
struct Progress {
    bar: ProgressBar,
    epochs: usize,
    /// The running mean of the losses.
    loss: Option<f64>,
    start: Instant,
    images: usize,
}

/// Steps between two lines, if there is no bar.
const STEPS_A_LINE: usize = 200;

impl Progress {
    fn new(history: &History, n: usize, batch: usize, epochs: usize) -> anyhow::Result<Self> {
        let steps = n.div_ceil(batch);
        let (whole, part) = (history.losses.len() / steps, history.losses.len() % steps);
        let style = ProgressStyle::with_template("{bar:32} {msg}  {rate}  {eta} left")?;
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            write!(text, "{:.0} images/s", state.per_sec()).unwrap_or(()) // what cannot be drawn is left out
        };
        let bar =
            ProgressBar::new((n as u64).saturating_mul(epochs as u64)).with_position((whole * n + part * batch) as u64);
        bar.set_style(style.with_key("rate", rate));
        bar.reset_eta();
        Ok(Progress { bar, epochs, loss: None, start: Instant::now(), images: 0 })
    }

    fn show(&mut self, event: Event) {
        match event {
            Event::Step(step) => {
                let loss = self.loss.map_or(step.loss, |mean| mean + 0.05 * (step.loss - mean));
                self.loss = Some(loss);
                self.images += step.samples;
                self.bar.inc(step.samples as u64);
                self.bar.set_message(format!("epoch {}/{}  loss {loss:.4}", step.epoch, self.epochs));
                if self.bar.is_hidden() && step.step % STEPS_A_LINE == 0 {
                    let rate = self.images as f64 / self.start.elapsed().as_secs_f64();
                    let Step { epoch, step, steps, .. } = step;
                    say(format!("epoch {epoch}, step {step}/{steps}: loss {loss:.4}, {rate:.0} images/s"));
                }
            }
            Event::Epoch(epoch) => self.bar.suspend(|| say(epoch)),
        }
    }
}

/// More steps than either experiment needs; the course allows as many.
const MOST_STEPS: usize = 10_000;

fn run_experiment(experiment: Experiment, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let pooled = matches!(experiment, Experiment::ConvMaxPooling);
    let rate = arguments.learning_rate.unwrap_or(0.001);
    let plot = plot_file(arguments, &typed(&experiment));
    probe_destinations(arguments, &plot)?;
    let run = ones(pooled, rate, MOST_STEPS, arguments.seed)?;
    for (step, loss) in run.losses.iter().enumerate().step_by(10) {
        say(format!("step {step}: loss {loss:.3e}"));
    }
    if let (None, Some(last)) = (&run.failed, run.losses.last()) {
        let steps = run.losses.len() - 1;
        let verdict = if run.reached { "every output is 1" } else { "not every output is 1" };
        say(format!("{verdict} after {steps} steps with a learning rate of {rate}: loss {last:.3e}"));
    }
    let title = if pooled { "convolution and max pooling to ones" } else { "convolution to ones" };
    let made: Vec<f64> = (0..run.losses.len()).map(|step| step as f64).collect();
    let figure = show::xy("loss", &made, &run.losses).log_y().labels("steps made", "loss").title(title).figure();
    keep(&figure, &plot, run.failed)?;
    Ok(if run.reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Saves the plot of a run, even of one that failed; then the run's error comes first.
fn keep(figure: &show::Figure, plot: &Path, failed: Option<TrainError>) -> anyhow::Result<()> {
    match (failed, save(figure, plot)) {
        (Some(error), Err(other)) => bail!("{error}; {other}"),
        (Some(error), Ok(())) => Err(error.into()),
        (None, saved) => saved,
    }
}

/// The number of images, the number of steps, and the steps from one measurement of the curvature to the next.
const DESCENT: (usize, usize, usize) = (500, 600, 10);

fn run_sharpness(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let rate = arguments.learning_rate.unwrap_or(0.1);
    let plot = plot_file(arguments, "sharpness");
    probe_destinations(arguments, &plot)?;
    let directory = arguments.data.clone().map_or_else(mnist::shipped, Ok)?;
    let (images, steps, every) = DESCENT;
    let data = mnist::load::<f64>(&directory)?.train;
    let some: Vec<usize> = (0..images.min(data.len())).collect();
    let (inputs, targets) = data.batch(&some);
    let stable = 2.0 / rate;
    say(format!("{} images at once, {steps} steps of {rate}: stable below a sharpness of {stable:.1}", some.len()));
    let run = descent(&inputs, &targets, rate, steps, every, arguments.seed, |step, loss, sharpness| {
        say(format!("step {step}: loss {loss:.4}, sharpness {sharpness:.2}"));
    })?;
    let made: Vec<f64> = (0..run.losses.len()).map(|step| step as f64).collect();
    let loss = show::xy("loss", &made, &run.losses).log_y().labels("steps made", "loss").title("the loss");
    let sharpness = show::xy("sharpness", &run.steps, &run.sharpness)
        .level("2 / learning rate", stable)
        .labels("steps made", "largest eigenvalue")
        .title("the curvature");
    keep(&show::row([loss.figure(), sharpness.figure()]), &plot, run.failed)?;
    Ok(ExitCode::SUCCESS)
}
