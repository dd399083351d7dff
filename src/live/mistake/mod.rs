//! A backward with a mistake: what the check says of it, and what a training does with it.
//!
//! The layers and their mistakes are those of the [catalogue](crate::check::mistakes), and the check is that of the
//! [exercises](crate::check::exercise): it runs the backward on its cases, beside the right one and every known mistake. The
//! training is a small one, with the right backward and with the wrong one from the same start.

mod learned;
mod subjects;
mod training;

use self::subjects::Subject;
use self::training::{Run, SAMPLES, Training};
use super::board::Board;
use super::{Knob, LiveError, Scene, Settings};
use crate::check::exercise::Verdict;
use crate::show::{self, Chart, Figure};
use crate::text::number;
use std::cell::OnceCell;

/// [The figure](self).
pub struct PickAMistake {
    subjects: Vec<Subject>,
    /// What belongs to the present choice, computed when it is needed.
    chosen: OnceCell<Result<Chosen, LiveError>>,
}

/// The choice of a layer without a mistake.
const NONE: &str = "none";
/// How many steps are made at once, and how many there are in all.
const FIRST: usize = 60;
const LAST: usize = 400;
/// From this width on, the map and the curves lie side by side.
const WIDE: u32 = 620;

/// A chosen backward.
struct Chosen {
    verdict: Verdict,
    training: Training,
}

impl PickAMistake {
    /// The figure at its first choice.
    #[must_use]
    pub fn new() -> Self {
        PickAMistake { subjects: subjects::all(), chosen: OnceCell::new() }
    }

    /// The layer, and the number of its mistake.
    fn subject(&self, settings: &Settings) -> Result<(&Subject, Option<usize>), LiveError> {
        let subject = self.subjects.get(settings.chosen("layer"));
        let subject = subject.ok_or_else(|| LiveError::new("there is no layer with a catalogue of mistakes"))?;
        Ok((subject, settings.chosen("mistake").checked_sub(1)))
    }

    fn choose(&self, settings: &Settings) -> Result<Chosen, LiveError> {
        let (subject, mistake) = self.subject(settings)?;
        let verdict = (subject.judge)(mistake);
        let verdict = verdict.ok_or_else(|| LiveError::new(format!("{} cannot be judged", subject.function)))?;
        let mut training = (subject.train)(mistake)?;
        (0..FIRST).for_each(|_| training.step());
        Ok(Chosen { verdict, training })
    }

    fn options(subject: Option<&Subject>) -> Vec<&'static str> {
        [NONE].into_iter().chain(subject.into_iter().flat_map(|subject| subject.mistakes.iter().copied())).collect()
    }
}

impl Default for PickAMistake {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene for PickAMistake {
    fn knobs(&self) -> Vec<Knob> {
        vec![
            Knob::choice("layer", "layer", self.subjects.iter().map(Subject::name), 0),
            Knob::choice("mistake", "mistake", Self::options(self.subjects.first()), 0),
        ]
    }

    fn changed(&mut self, settings: &mut Settings, knob: &str) -> Result<(), LiveError> {
        if knob == "layer" {
            settings.offer("mistake", Self::options(self.subjects.get(settings.chosen("layer"))));
        }
        if knob != "width" {
            self.chosen = OnceCell::new();
        }
        Ok(())
    }

    fn moves(&self) -> Option<&'static str> {
        Some("Train on")
    }

    fn advance(&mut self, settings: &Settings) -> Result<bool, LiveError> {
        self.chosen.get_or_init(|| self.choose(settings));
        let Some(Ok(Chosen { training, .. })) = self.chosen.get_mut() else { return Ok(false) };
        if training.right.losses.len() < LAST {
            training.step();
        }
        Ok(training.right.losses.len() < LAST)
    }

    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError> {
        let (subject, mistake) = self.subject(settings)?;
        let chosen = self.chosen.get_or_init(|| self.choose(settings)).as_ref().map_err(Clone::clone)?;
        let title = match mistake.and_then(|at| subject.mistakes.get(at)) {
            Some(mistake) => format!("A mistake in {}: {mistake}", subject.function),
            None => format!("{} without a mistake", subject.function),
        };
        Ok(chosen.figure(&title, settings.width()))
    }
}

impl Chosen {
    fn figure(&self, title: &str, width: u32) -> Figure {
        let says = self.verdict.paragraphs();
        let outcome = self.outcome();
        let mut above = Board::new(width);
        above.words(title, true);
        above.words("The check runs it on its cases and says:", false);
        says.iter().enumerate().for_each(|(k, paragraph)| above.words(paragraph, k == 0));

        let side = if width < WIDE { width } else { width / 2 };
        let map = self.verdict.errors("").map(|map| map.within(side).figure());
        let pictures = match map {
            Some(map) if width < WIDE => show::column([map, self.curves((width, 260)).figure()]),
            Some(map) => {
                let size = (width.saturating_sub(map.size.0), map.size.1.max(270));
                show::row([map, self.curves(size).figure()])
            }
            None => self.curves((width, 270)).into(),
        };

        let mut below = Board::new(width);
        below.words(&outcome, false);
        let alt = format!("{title}. The check: {} {} {outcome}", says.join(" "), pictures.alt);
        show::column([above.figure(String::new()), pictures, below.figure(String::new())]).alt(alt)
    }

    /// The losses of both trainings.
    fn curves(&self, (width, height): (u32, u32)) -> Chart {
        let Training { right, wrong, .. } = &self.training;
        let start = right.losses.first().copied().filter(|start| *start > 0.0).unwrap_or(1.0);
        let least = right.losses.iter().chain(wrong.iter().flat_map(|wrong| &wrong.losses));
        let least = least.copied().fold(start, f64::min).max(1e-8 * start);
        let chart = show::curve("right backward", &right.losses);
        let chart = match wrong {
            Some(wrong) => chart.and("with the mistake", &wrong.losses),
            None => chart,
        };
        let chart = chart.title("loss of a small training").labels("step", "loss");
        chart.log_y().y_range(0.7 * least, 10.0 * start).size(width, height)
    }

    /// What the trainings have come to, in words.
    fn outcome(&self) -> String {
        let Training { right, wrong, rate, network, .. } = &self.training;
        let last = |run: &Run| run.losses.last().copied().unwrap_or(f64::NAN);
        let (start, now, steps) = (right.losses.first().copied().unwrap_or(f64::NAN), last(right), right.losses.len());
        let told = format!(
            "{network} from {SAMPLES} samples, learning rate {}: in {steps} steps the loss goes from {} to {}",
            number(*rate),
            number(start),
            number(now),
        );
        let Some(wrong) = wrong else { return format!("{told}.") };
        let far = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-9 * start;
        let same = wrong.stopped.is_none() && !right.losses.iter().zip(&wrong.losses).any(far);
        let end = last(wrong);
        let with = match &wrong.stopped {
            Some(why) if wrong.losses.len() <= 1 => format!("no step is possible: {why}."),
            Some(why) => format!("it ends after {} steps: {why}.", wrong.losses.len()),
            None if same => "it is the same: this training does not show it.".into(),
            None if end >= start => format!("it rises to {}.", number(end)),
            None if end < now => format!("it goes to {}, even lower: a loss that falls proves nothing.", number(end)),
            None if end < start / 10.0 => {
                format!("it goes to {}. It falls, too: without the other curve, who would notice?", number(end))
            }
            None => format!("it goes to {}.", number(end)),
        };
        format!("{told}. With the mistake {with}")
    }
}
