//! LeNet in training, step by step: its loss, its test accuracy, and its first kernels as they form.
//!
//! The steps are those of [`Training::fit`] with the same plan. The images are given to the figure as bytes, which [`pack`]
//! makes. Between two steps, a copy of the network is tested on a few of the test images, so that no step takes long.

use super::board::Board;
use super::{Knob, LiveError, Scene, Settings};
use crate::Tensor4;
use crate::data::Dataset;
use crate::losses::cross_entropy_loss;
use crate::model::{self, Layer, Sequential, Start};
use crate::optim::{Adam, Optimizer, Sgd};
use crate::show::{self, Figure};
use crate::text::number;
use crate::train::{Plan, TrainError, Training, evaluate, order};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use std::io::{Read, Write};

/// Rows and columns.
const SIDE: usize = 28;
const CLASSES: usize = 10;
/// How many test images are tried after each step. The first ones are shown.
const TRIED: usize = 10;
/// The training ends after so many epochs.
const EPOCHS: usize = 10;
/// The same as chapter 14's.
const SEED: u64 = 1;
/// From this width on, panels are side by side.
const WIDE: u32 = 640;

const RULES: [&str; 3] = ["SGD", "SGD with momentum 0.9", "Adam"];
const STARTS: [&str; 2] = ["He", "standard deviation 0.01"];

/// [The figure](self).
#[derive(Default)]
pub struct Lenet {
    images: Option<Images>,
    run: Option<Run>,
    /// The training before this one, if it made a step: its curves stay, to compare with.
    before: Option<Run>,
}

/// What is trained with, and tested with in parts.
struct Images {
    train: Dataset<f32>,
    test: Vec<Dataset<f32>>,
}

/// Images of digits as the figure's data `images`: those to train with and those to test with, in 16 shades, zipped.
///
/// # Errors
/// If they are not images (N, 1, 28, 28) of ten classes, or there are none.
pub fn pack(train: &Dataset<f32>, test: &Dataset<f32>) -> Result<Vec<u8>, LiveError> {
    let mut bytes = Vec::new();
    for data in [train, test] {
        let shape @ [samples, ..] = data.inputs.shape();
        if shape[1..] != [1, SIDE, SIDE] || data.classes != CLASSES || samples == 0 {
            let found = format!("the images are {shape:?} of {} classes", data.classes);
            return Err(LiveError::new(format!("{found}: they must be (N, 1, {SIDE}, {SIDE}) of {CLASSES}")));
        }
        bytes.extend((samples as u32).to_le_bytes());
        bytes.extend(data.labels.iter().map(|label| *label as u8));
        bytes.extend(data.inputs.to_row_major().iter().map(|ink| (ink * 15.0).round() as u8));
    }
    let mut zipped = ZlibEncoder::new(Vec::new(), Compression::best());
    let zipped = zipped.write_all(&bytes).and_then(|()| zipped.finish());
    zipped.map_err(|error| LiveError::new(error.to_string()))
}

/// What [`pack`] made bytes of: the images to train with and those to test with.
///
/// # Errors
/// If these bytes are not what it makes.
pub fn unpack(bytes: &[u8]) -> Result<[Dataset<f32>; 2], LiveError> {
    let mut all = Vec::new();
    ZlibDecoder::new(bytes)
        .read_to_end(&mut all)
        .map_err(|error| LiveError::new(format!("the images cannot be unzipped: {error}")))?;
    let short = || LiveError::new(format!("the images end too early, after {} bytes", all.len()));
    let mut rest = &all[..];
    let mut next = || {
        let (samples, after) = rest.split_first_chunk().ok_or_else(short)?;
        let samples = u32::from_le_bytes(*samples) as usize;
        let (labels, after) = after.split_at_checked(samples).ok_or_else(short)?;
        let (shades, after) = after.split_at_checked(samples * SIDE * SIDE).ok_or_else(short)?;
        rest = after;
        let pixels: Vec<f32> = shades.iter().map(|shade| f32::from(*shade) / 15.0).collect();
        let images = Tensor4::from_row_major([samples, 1, SIDE, SIDE], &pixels)?;
        let data = Dataset::new(images, labels.iter().map(|label| usize::from(*label)).collect(), CLASSES)?;
        if data.is_empty() { Err(LiveError::new("there are no images: there must be some")) } else { Ok(data) }
    };
    Ok([next()?, next()?])
}

impl Scene for Lenet {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::log_slider("rate", "learning rate", 0.01, (0.0001, 1.0)),
            Knob::choice("batch", "batch", [4, 8, 16], 1),
            Knob::choice("rule", "rule", RULES, 1),
            Knob::choice("start", "weights start by", STARTS, 0),
        ]
    }

    fn load(&mut self, name: &str, bytes: &[u8]) -> Result<(), LiveError> {
        if name != "images" {
            return Err(LiveError::new(format!("there are no data {name:?} here: the figure takes \"images\"")));
        }
        let [train, mut left] = unpack(bytes)?;
        let mut test = Vec::new();
        while !left.is_empty() {
            let (part, others) = left.split(TRIED);
            test.push(part);
            left = others;
        }
        self.images = Some(Images { train, test });
        Ok(())
    }

    fn changed(&mut self, settings: &mut Settings, knob: &str) -> Result<(), LiveError> {
        // Another rate is used from the next step on; all else makes it another training.
        let failed = self.run.as_ref().is_some_and(|run| run.failure.is_some());
        if knob != "width" && (knob != "rate" || failed) {
            let run = self.images.as_ref().map(|images| Run::new(images, settings)).transpose()?;
            let last = std::mem::replace(&mut self.run, run);
            self.before = last.filter(|last| last.made() > 0).or(self.before.take());
        }
        Ok(())
    }

    fn moves(&self) -> Option<&'static str> {
        Some("Train")
    }

    fn advance(&mut self, settings: &Settings) -> Result<bool, LiveError> {
        match (&self.images, &mut self.run) {
            (Some(images), Some(run)) => run.advance(images, settings.number("rate")),
            _ => Err(missing()),
        }
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        match (&self.images, &self.run) {
            (Some(images), Some(run)) => run.figure(self.before.as_ref(), images, settings),
            _ => Err(missing()),
        }
    }
}

fn missing() -> LiveError {
    LiveError::new("the images are missing: give the figure some, .data(\"images\", live::lenet::pack(&train, &test)?)")
}

/// A training on its way.
struct Run {
    training: Training<f32>,
    plan: Plan,
    /// The epoch whose order this is.
    epoch: usize,
    order: Vec<usize>,
    /// A copy of the network after some step, how many parts of the test set it has been tried on, and how many images
    /// of them it got right.
    tested: Sequential<f32>,
    after: usize,
    parts: usize,
    right: f64,
    /// The test accuracy after some steps.
    steps: Vec<f64>,
    accuracies: Vec<f64>,
    /// Its answers to the first test images then.
    answers: Vec<usize>,
    /// The first kernels before training.
    kernels: Tensor4<f32>,
    /// Why it cannot go on.
    failure: Option<String>,
}

impl Run {
    fn new(images: &Images, settings: &Settings) -> Result<Self, LiveError> {
        let start = [Start::He, Start::Normal(0.01)][settings.chosen("start") % 2];
        let network = || model::lenet::<f32>(start, SEED);
        let rate = settings.number("rate") as f32;
        let optimizer: Box<dyn Optimizer<f32>> = match settings.chosen("rule") {
            0 => Box::new(Sgd::new(rate)),
            1 => Box::new(Sgd::new(rate).momentum(0.9)),
            _ => Box::new(Adam::new(rate)),
        };
        let plan = Plan { batch: settings.count("batch").max(1), seed: SEED };
        let tested = network();
        Ok(Run {
            kernels: kernels(&tested)?,
            answers: answers(&tested, images)?.0,
            training: Training::new(network(), optimizer, cross_entropy_loss, plan),
            plan,
            epoch: 0,
            order: order(images.train.len(), SEED, 0),
            tested,
            after: 0,
            parts: 0,
            right: 0.0,
            steps: Vec::new(),
            accuracies: Vec::new(),
            failure: None,
        })
    }

    /// A step of the training, and a part of a test.
    fn advance(&mut self, images: &Images, rate: f64) -> Result<bool, LiveError> {
        let in_epoch = self.order.len().div_ceil(self.plan.batch);
        let made = self.made();
        if self.failure.is_some() || made >= EPOCHS * in_epoch {
            return Ok(false);
        }
        if made / in_epoch != self.epoch {
            self.epoch = made / in_epoch;
            self.order = order(self.order.len(), SEED, self.epoch);
        }
        self.training.optimizer.set_learning_rate(rate as f32);
        let from = made % in_epoch * self.plan.batch;
        let to = self.order.len().min(from + self.plan.batch);
        let (z, y_true) = images.train.batch(&self.order[from..to]);
        match self.training.step(z, &y_true) {
            Ok(_) => {}
            Err(failure @ TrainError::NotFinite { .. }) => {
                self.failure = Some(failure.to_string());
                return Ok(false);
            }
            Err(error) => return Err(LiveError::new(error.to_string())),
        }
        self.test(images)?;
        Ok(self.failure.is_none() && self.made() < EPOCHS * in_epoch)
    }

    /// Tries the copy on the next part of the test set; after the last part, the next copy is made.
    fn test(&mut self, images: &Images) -> Result<(), LiveError> {
        if let Some(part) = images.test.get(self.parts) {
            let found = evaluate(&self.tested, part, cross_entropy_loss);
            let found = found.map_err(|error| LiveError::new(error.to_string()))?;
            self.right += found.accuracy * part.len() as f64;
            self.parts += 1;
        }
        if self.parts == images.test.len() {
            self.steps.push(self.after as f64);
            self.accuracies.push(self.right / images.tests() as f64);
            let (answers, alike) = answers(&self.tested, images)?;
            self.answers = answers;
            if alike {
                self.failure = Some(
                    "digits of different classes get exactly the same logits. The ReLUs of some layer are 0 for all of \
                     them, and so is their gradient: such units rarely come back. Was the learning rate too large? \
                     Another rate starts a new training."
                        .into(),
                );
            }
            self.tested.copy_parameters(&self.training.model, |parameter| parameter)?;
            (self.after, self.parts, self.right) = (self.made(), 0, 0.0);
        }
        Ok(())
    }

    /// How many steps have been made.
    fn made(&self) -> usize {
        self.training.history().losses.len()
    }

    fn figure(&self, before: Option<&Run>, images: &Images, settings: &Settings) -> Result<Figure, LiveError> {
        let width = settings.width();
        let wide = width >= WIDE;
        let losses = &self.training.history().losses;
        let mut head = Board::new(width);
        let [first, second] = self.words(images);
        head.words(&first, true);
        head.words(&second, false);

        let share = |percent: u32| if wide { width * percent / 100 } else { width };
        let guess = ("knows nothing: ln 10", 10_f64.ln());
        let height = if wide { 260 } else { 210 };
        let window = (losses.len() / 20).clamp(1, 40);
        let mut loss = show::curve("loss of a batch", losses);
        let mut accuracy = show::xy("of the test images", &self.steps, &self.accuracies);
        if let Some(before) = before {
            loss = loss.and("the training before", &before.training.history().losses);
            accuracy = accuracy.and_xy("the training before", &before.steps, &before.accuracies);
        }
        let loss = loss.level(guess.0, guess.1).title("Loss").labels("step", "").smooth(window);
        let loss = loss.size(share(52), height);
        let accuracy = accuracy.level("90 %", 0.9);
        let accuracy = accuracy.percent().y_range(0.0, 1.0).labels("step", "").title("Right answers");
        let accuracy = accuracy.size(width - share(52) + if wide { 0 } else { share(52) }, height);

        let now = kernels(&self.training.model)?;
        let both = self.kernels.as_slice().iter().chain(now.as_slice());
        let most = f64::from(both.fold(f32::MIN_POSITIVE, |most, weight| most.max(weight.abs())));
        let six = |title: &str, kernels: &Tensor4<f32>| {
            show::images(title, kernels).columns(6).range(-most, most).fit(share(50)).figure()
        };
        let kernels = [six("Its six kernels at first", &self.kernels), six("Its six kernels now", &now)];

        let part = &images.test[0];
        let mark = |(answer, label): (&usize, &usize)| format!("{} {answer}", if answer == label { "✓" } else { "✗" });
        let digits = show::images("Test digits, and its answers", &part.inputs).columns(if wide { TRIED } else { 5 });
        let digits = digits.captions(self.answers.iter().zip(&part.labels).map(mark)).range(0.0, 1.0).fit(width);

        let join = |parts: [Figure; 2]| if wide { show::row(parts) } else { show::column(parts) };
        let charts = join([loss.figure(), accuracy.figure()]);
        let all = [head.figure(String::new()), charts, join(kernels), digits.figure()];
        Ok(show::column(all).alt(format!("LeNet in training. {first} {second}")))
    }

    /// How far it is, and what it is trained with.
    fn words(&self, images: &Images) -> [String; 2] {
        let losses = &self.training.history().losses;
        let last = &losses[losses.len().saturating_sub(20)..];
        let mean = number(last.iter().sum::<f64>() / last.len() as f64);
        let (samples, batch) = (images.train.len(), self.plan.batch);
        let in_epoch = samples.div_ceil(batch);
        let first = match (&self.failure, self.made()) {
            (Some(_), made) => format!("The training failed after step {made}."),
            (None, 0) => "Not trained yet: press Train.".into(),
            (None, made) if made == EPOCHS * in_epoch => format!("Done after {made} steps: loss {mean}."),
            (None, made) => format!("Step {made}: loss {mean}."),
        };
        let tested = match (self.steps.last(), self.accuracies.last()) {
            (Some(step), Some(share)) => format!(" After step {step}: {:.1} % right.", 100.0 * share),
            _ => String::new(),
        };
        let epoch = (self.made() / in_epoch + 1).min(EPOCHS);
        let mut second = format!("Epoch {epoch} of {EPOCHS}: {samples} training digits in batches of {batch}.");
        if let Some(failure) = &self.failure {
            second = format!("It stopped: {failure} {second}");
        } else if !last.is_empty() {
            second += &format!(" The loss is the mean of the last {} batches.", last.len());
        }
        if !self.steps.is_empty() {
            second += &format!(" It is tested on {} other digits.", images.tests());
        }
        [first + &tested, second]
    }
}

impl Images {
    /// How many test images there are.
    fn tests(&self) -> usize {
        self.test.iter().map(Dataset::len).sum()
    }
}

/// The kernels of the first layer.
fn kernels(model: &Sequential<f32>) -> Result<Tensor4<f32>, LiveError> {
    let first = model.parameters().into_iter().next().map(|kernels| kernels.to_row_major()).unwrap_or_default();
    Ok(Tensor4::from_row_major([6, 1, 5, 5], &first)?)
}

/// The answers to the first test images, and whether images of different classes get the same logits.
fn answers(model: &Sequential<f32>, images: &Images) -> Result<(Vec<usize>, bool), LiveError> {
    let some = &images.test[0];
    let logits = model.infer(&some.inputs)?.into_matrix();
    let differ = some.labels.iter().any(|label| *label != some.labels[0]);
    let alike = differ && logits.row_iter().all(|row| row == logits.row(0));
    Ok((logits.row_iter().map(|row| row.transpose().argmax().0).collect(), alike))
}
