//! What the reader is shown about their function.

use super::answer::{self, Part};
use super::features::{Feature, Where, locate};
use super::suspects::{Evidence, Suspicion};
use super::trial::{Mark, Problem, Trial, wrong_entries};
use crate::check::diagnosis::{Diagnosis, index_of, shape_sentence, significant, told_apart};
use crate::show::{self, Figure, Heat};
use crate::text::{counted, wrapped};
use nalgebra::DMatrix;
use std::fmt;

/// Paragraphs are wrapped at this many characters.
const WIDTH: usize = 88;
/// A case with more numbers than this is described by its shapes alone.
const NUMBERS_SHOWN: usize = 120;

/// The verdict on a reader's function. Its text begins with `✓` or `✗`; a notebook also shows the map of the errors.
#[derive(Clone, Debug)]
pub struct Verdict {
    function: &'static str,
    cases: usize,
    entries: usize,
    outcome: Outcome,
}

#[derive(Clone, Debug)]
enum Outcome {
    Passed,
    Failed(Box<Failure>),
    /// The exercise itself is wrong, and why.
    NoExercise(String),
}

/// How a function fails.
#[derive(Clone, Debug)]
struct Failure {
    wrong_cases: usize,
    /// The simplest wrong case, and what happened in it.
    case: Problem,
    trouble: Trouble,
    /// Which arrays are wrong and where, among the answered cases, and what to ask.
    places: Vec<Place>,
    right_arrays: Vec<&'static str>,
    /// The cases without an answer, if there are any.
    silence: Option<Where>,
    /// What happened in the first of these, if it is not the simplest wrong case.
    why_silent: Option<Trouble>,
    suspicions: Vec<Suspicion>,
    by_track: Vec<Suspicion>,
}

/// Arrays that are wrong in the same cases.
#[derive(Clone, Debug)]
struct Place {
    arrays: Vec<&'static str>,
    wrong: Vec<bool>,
    place: Where,
    question: Option<&'static str>,
}

#[derive(Clone, Debug)]
enum Trouble {
    Panicked(String),
    Refused(String),
    Shape { got: Part, right: Part },
    Entry { got: Part, right: Part, wrong: Vec<bool>, diagnosis: Diagnosis },
}

impl Verdict {
    pub(super) fn passing(function: &'static str, cases: usize, entries: usize) -> Self {
        Verdict { function, cases, entries, outcome: Outcome::Passed }
    }

    pub(super) fn of_no_exercise(function: &'static str, why: &str) -> Self {
        Verdict { function, cases: 0, entries: 0, outcome: Outcome::NoExercise(why.into()) }
    }

    pub(super) fn failing(
        function: &'static str,
        cases: &[Problem],
        trial: Trial,
        questions: &[(&'static str, Feature, &'static str)],
        (suspicions, by_track): (Vec<Suspicion>, Vec<Suspicion>),
    ) -> Self {
        let wrong: Vec<usize> = (0..cases.len()).filter(|&at| !trial.is_right(at)).collect();
        let simplest = wrong.first().copied().unwrap_or(0);
        let right = (0..trial.names.len()).filter(|part| !trial.wrong_parts().contains(part));
        let absent = trial.absent();
        let features: Vec<&[Feature]> = cases.iter().map(|case| case.features.as_slice()).collect();
        let failure = Failure {
            wrong_cases: wrong.len(),
            trouble: trouble(&trial, simplest),
            places: places(&features, &trial, questions),
            right_arrays: right.map(|part| trial.names[part]).collect(),
            silence: absent.contains(&true).then(|| locate(&features, &absent)),
            why_silent: absent
                .iter()
                .position(|&absent| absent)
                .filter(|&at| at != simplest)
                .map(|at| trouble(&trial, at)),
            case: cases[simplest].clone(),
            suspicions,
            by_track,
        };
        Verdict { function, cases: cases.len(), entries: trial.entries(), outcome: Outcome::Failed(Box::new(failure)) }
    }

    fn failure(&self) -> Option<&Failure> {
        if let Outcome::Failed(failure) = &self.outcome { Some(failure) } else { None }
    }

    /// Whether all entries of all cases are right.
    #[must_use]
    pub fn passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed)
    }

    /// The function that the reader's function replaces.
    #[must_use]
    pub fn function(&self) -> &'static str {
        self.function
    }

    /// How many cases it was tried on.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.cases
    }

    /// How many numbers it must get right.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// How many cases it gets wrong.
    #[must_use]
    pub fn wrong_cases(&self) -> usize {
        self.failure().map_or(0, |failure| failure.wrong_cases)
    }

    /// The likeliest mistakes, at most one for each array that is wrong.
    #[must_use]
    pub fn suspicions(&self) -> &[Suspicion] {
        self.failure().map_or(&[], |failure| &failure.suspicions)
    }

    /// What would be suspected if only the tracks of the mistakes were known, not their numbers: in which cases they
    /// are wrong, and in which pattern.
    #[must_use]
    pub fn suspicions_by_track(&self) -> &[Suspicion] {
        self.failure().map_or(&[], |failure| &failure.by_track)
    }

    /// The errors in the simplest wrong case, in the map with the first wrong entry; `None` if there are no numbers to
    /// compare.
    ///
    /// ```
    /// use handgrad::check::exercise;
    /// use handgrad::prelude::*;
    /// let verdict = exercise::conv_forward(|z, k, b, slide| conv_forward(z, &k.rotate_180(), b, slide));
    /// let figure = verdict.error_map().unwrap();
    /// assert!(figure.alt.starts_with("your y, how far off: errors of a 3 × 3 matrix."), "{}", figure.alt);
    /// ```
    #[must_use]
    pub fn error_map(&self) -> Option<Figure> {
        Some(self.errors("your ")?.figure())
    }

    /// The same map before it is drawn. Its title says whose numbers they are.
    pub(crate) fn errors(&self, whose: &str) -> Option<Heat> {
        let Trouble::Entry { got, right, wrong, .. } = &self.failure()?.trouble else { return None };
        let index = index_of(&right.shape, first(wrong));
        let title = format!("{whose}{}, how far off", title_at(right, &index));
        show::error_map(&title, &map_at(got, &index)?, &map_at(right, &index)?).ok()
    }

    /// What a notebook shows: the text and the map of the errors.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.html());
        println!("EVCXR_BEGIN_CONTENT text/plain\n{self}\nEVCXR_END_CONTENT");
    }

    fn html(&self) -> String {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let mut html: String = self.paragraphs().iter().map(|text| format!("<p>{}</p>\n", escape(text))).collect();
        if let Some(table) = self.table() {
            html += &format!("<pre>{}</pre>\n", escape(&table));
        }
        if let Some(figure) = self.error_map() {
            html += &figure.html();
        }
        html
    }

    /// What it says, without the arrays of the simplest wrong case.
    pub(crate) fn paragraphs(&self) -> Vec<String> {
        let failure = match &self.outcome {
            Outcome::Passed => {
                let (entries, cases) = (self.entries, counted(self.cases, "case"));
                return vec![format!("✓ {}: all {entries} entries are right, in {cases}.", self.function)];
            }
            Outcome::NoExercise(why) => {
                return vec![format!("✗ {} cannot be judged, because the exercise is wrong: {why}.", self.function)];
            }
            Outcome::Failed(failure) => failure,
        };
        let count = match failure.wrong_cases {
            1 if self.cases == 1 => "the one case".into(),
            2 if self.cases == 2 => "both cases".into(),
            wrong if wrong == self.cases => format!("all {} cases", self.cases),
            wrong => format!("{wrong} of {} cases", self.cases),
        };
        let mut paragraphs = vec![
            format!("✗ {} is wrong in {count}.", self.function),
            format!("The simplest of them: {}. {}", failure.case.setting, failure.trouble),
        ];
        if let (Trouble::Entry { diagnosis, .. }, false) = (&failure.trouble, failure.is_known()) {
            match diagnosis {
                Diagnosis::Scattered { .. } | Diagnosis::OneEntry => {}
                telling => paragraphs[1] += &format!(" {telling}"),
            }
        }
        paragraphs.extend(failure.whereabouts());
        paragraphs.extend(failure.suspicions.iter().map(|suspicion| failure.accusation(suspicion)));
        paragraphs
    }

    /// The arrays of the simplest wrong case, if they are small.
    fn table(&self) -> Option<String> {
        let failure = self.failure()?;
        let mut blocks: Vec<Block> = failure.case.inputs.iter().flat_map(blocks).collect();
        if let Trouble::Entry { got, right, wrong, .. } = &failure.trouble {
            let index = index_of(&right.shape, first(wrong));
            for (whose, part) in [("your", got), ("right", right)] {
                blocks
                    .extend(map_at(part, &index).map(|map| block(format!("{whose} {}", title_at(part, &index)), &map)));
            }
        }
        let numbers: usize = blocks.iter().map(|block| block.numbers).sum();
        (0 < numbers && numbers <= NUMBERS_SHOWN).then(|| beside(&blocks))
    }
}

impl Failure {
    /// Which arrays are wrong, and under which conditions.
    fn whereabouts(&self) -> Option<String> {
        let everywhere = self.places.iter().all(|place| place.place == Where::Everywhere);
        let mut sentences: Vec<String> = self.silence.iter().map(Where::without_answer).collect();
        sentences.extend(self.why_silent.iter().map(ToString::to_string));
        if !everywhere || !self.right_arrays.is_empty() {
            sentences.extend(self.places.iter().map(|place| match place.question {
                // A known mistake needs no question.
                Some(question) if self.suspicions.is_empty() => {
                    format!("{} {}: {question}", are(&place.arrays), place.place)
                }
                _ => format!("{} {}.", are(&place.arrays), place.place),
            }));
        }
        if !self.places.is_empty() && !self.right_arrays.is_empty() {
            sentences.push(format!("{} right in every case.", are(&self.right_arrays)));
        }
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }

    fn is_known(&self) -> bool {
        self.suspicions.iter().any(|suspicion| suspicion.by == Evidence::Numbers)
    }

    fn accusation(&self, suspicion: &Suspicion) -> String {
        let Suspicion { name, sentence, arrays, by } = suspicion;
        let wrong: usize = self.places.iter().map(|place| place.arrays.len()).sum();
        let whose = if arrays.len() < wrong { format!(" in {}", listed(arrays)) } else { String::new() };
        match by {
            Evidence::Numbers => {
                format!("The mistake{whose}: {name}. {sentence} Your numbers are those of this mistake.")
            }
            Evidence::ScaledNumbers(factor) => format!(
                "One mistake{whose}: {name}. {sentence} Your numbers are those of this mistake, {factor}: there must be a \
                 second one."
            ),
            Evidence::Track => format!(
                "The likeliest mistake{whose}: {name}. {sentence} Your errors are in the same places and look \
                 alike, but the numbers differ."
            ),
        }
    }
}

/// "dz is", "dk and db are".
fn are(names: &[&str]) -> String {
    format!("{} {}", listed(names), if names.len() == 1 { "is" } else { "are" })
}

fn listed(names: &[&str]) -> String {
    names.join(" and ")
}

fn trouble(trial: &Trial, at: usize) -> Trouble {
    let found = match &trial.got[at] {
        answer::Outcome::Panicked(message) => return Trouble::Panicked(message.clone()),
        answer::Outcome::Refused(error) => return Trouble::Refused(error.clone()),
        answer::Outcome::Answered(parts) => parts,
    };
    let wrong = trial.marks.iter().position(|marks| marks[at] != Mark::Right).unwrap_or(0);
    let (got, right) = (found[wrong].clone(), trial.right[at][wrong].clone());
    match &trial.marks[wrong][at] {
        Mark::Wrong(diagnosis) => Trouble::Entry {
            wrong: wrong_entries(&got, &right, trial.least[at]),
            got,
            right,
            diagnosis: diagnosis.clone(),
        },
        _ => Trouble::Shape { got, right },
    }
}

/// Where each wrong array is wrong, among the answered cases. Arrays described by the same features are grouped.
fn places(features: &[&[Feature]], trial: &Trial, questions: &[(&'static str, Feature, &'static str)]) -> Vec<Place> {
    let absent = trial.absent();
    let answered = |all: &[bool]| -> Vec<bool> {
        all.iter().zip(&absent).filter(|(_, absent)| !**absent).map(|(&wrong, _)| wrong).collect()
    };
    let features: Vec<&[Feature]> =
        features.iter().zip(&absent).filter(|(_, absent)| !**absent).map(|(&features, _)| features).collect();
    let mut places: Vec<Place> = Vec::new();
    for part in trial.wrong_parts() {
        let wrong = answered(&trial.wrong(part));
        let place = locate(&features, &wrong);
        let asked = questions.iter().find(|asked| asked.0 == trial.names[part] && Some(asked.1) == place.feature());
        let question = asked.map(|asked| asked.2);
        match places.iter_mut().find(|known| known.place.is_told_as(&place)) {
            Some(known) => {
                known.arrays.push(trial.names[part]);
                known.wrong.iter_mut().zip(wrong).for_each(|(either, wrong)| *either |= wrong);
                known.place = locate(&features, &known.wrong);
                known.question = known.question.or(question);
            }
            None => places.push(Place { arrays: vec![trial.names[part]], wrong, place, question }),
        }
    }
    places
}

/// What happened in the simplest wrong case.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Panicked(message) => {
                write!(f, "There your function panicked: \"{message}\".")?;
                match message.contains("dimensions mismatch") {
                    true => f.write_str(" The shapes of two of its matrices do not fit."),
                    false => Ok(()),
                }
            }
            Trouble::Refused(error) => write!(f, "There your function returned an error: \"{error}\"."),
            Trouble::Shape { got, right } => {
                write!(f, "There {} {}", right.name, shape_sentence(&got.shape, &right.shape))
            }
            Trouble::Entry { got, right, wrong, .. } => {
                let at = first(wrong);
                let (g, r) = told_apart(got.values[at], right.values[at]);
                write!(f, "There {} is {g}, but must be {r}", entry(right, at))?;
                let (count, entries) = (wrong.iter().filter(|&&wrong| wrong).count(), right.values.len());
                match count {
                    _ if entries == 1 => write!(f, "."),
                    1 => write!(f, "; it is the only wrong one of {entries} entries."),
                    2 if count == entries => write!(f, "; both entries are wrong."),
                    _ if count == entries => write!(f, "; all {entries} entries are wrong."),
                    _ => write!(f, "; {count} of {entries} entries are wrong."),
                }
            }
        }
    }
}

fn first(wrong: &[bool]) -> usize {
    wrong.iter().position(|&wrong| wrong).unwrap_or(0)
}

/// "dz[0, 0, 1, 2]", or "loss", which has no index.
fn entry(part: &Part, offset: usize) -> String {
    let index: Vec<String> = index_of(&part.shape, offset).iter().map(usize::to_string).collect();
    if index.is_empty() { part.name.into() } else { format!("{}[{}]", part.name, index.join(", ")) }
}

/// "dz" if there is one map, else "dz[0, 1]".
fn title_at(part: &Part, index: &[usize]) -> String {
    match (index, &part.shape[..]) {
        ([n, c, ..], [samples, channels, _, _]) if samples * channels > 1 => format!("{}[{n}, {c}]", part.name),
        _ => part.name.into(),
    }
}

/// The matrix that contains an entry: its map, for a tensor; one row, for a vector. A single number is in none.
fn map_at(part: &Part, index: &[usize]) -> Option<DMatrix<f64>> {
    let (rows, columns, before) = match (&part.shape[..], index) {
        (&[len], _) => (1, len, 0),
        (&[rows, columns], _) => (rows, columns, 0),
        (&[_, channels, rows, columns], &[n, c, ..]) => (rows, columns, (n * channels + c) * rows * columns),
        _ => return None,
    };
    Some(DMatrix::from_row_slice(rows, columns, part.values.get(before..before + rows * columns)?))
}

/// A matrix as text: its title above its rows.
struct Block {
    lines: Vec<String>,
    width: usize,
    numbers: usize,
}

/// All matrices of an array.
fn blocks(part: &Part) -> Vec<Block> {
    let maps: Vec<Vec<usize>> = match part.shape[..] {
        [samples, channels, _, _] => (0..samples).flat_map(|n| (0..channels).map(move |c| vec![n, c, 0, 0])).collect(),
        _ => vec![vec![0; part.shape.len()]],
    };
    maps.iter().filter_map(|index| Some(block(title_at(part, index), &map_at(part, index)?))).collect()
}

fn block(title: String, matrix: &DMatrix<f64>) -> Block {
    let cells: Vec<Vec<String>> =
        matrix.row_iter().map(|row| row.iter().map(|&x| significant(x)).collect::<Vec<_>>()).collect();
    let cell = cells.iter().flatten().map(|cell| cell.chars().count()).max().unwrap_or(0);
    let row = |row: &Vec<String>| row.iter().map(|x| format!("{x:>cell$}")).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = [title].into_iter().chain(cells.iter().map(row)).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    Block { lines, width, numbers: matrix.len() }
}

/// Blocks side by side, in as many rows as the width requires.
fn beside(blocks: &[Block]) -> String {
    const GAP: usize = 4;
    let mut rows: Vec<(usize, Vec<&Block>)> = Vec::new();
    for block in blocks {
        match rows.last_mut() {
            Some((used, row)) if *used + GAP + block.width <= WIDTH => {
                *used += GAP + block.width;
                row.push(block);
            }
            _ => rows.push((block.width, vec![block])),
        }
    }
    let mut lines = Vec::new();
    for (_, row) in rows {
        for at in 0..row.iter().map(|block| block.lines.len()).max().unwrap_or(0) {
            let text: Vec<String> = row
                .iter()
                .map(|block| format!("{:<w$}", block.lines.get(at).map_or("", String::as_str), w = block.width))
                .collect();
            lines.push(text.join(&" ".repeat(GAP)).trim_end().to_string());
        }
        lines.push(String::new());
    }
    lines.pop();
    lines.join("\n")
}

/// The paragraphs, then the arrays of the simplest wrong case.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paragraphs: Vec<String> = self.paragraphs().iter().map(|text| wrapped(text, WIDTH)).collect();
        write!(f, "{}", paragraphs.join("\n"))?;
        match self.table() {
            Some(table) => write!(f, "\n\n{table}"),
            None => Ok(()),
        }
    }
}
