//! What the figures of derivations share: numbers that are typed, numbers that a layer computes from them, and each
//! gradient by hand, on dual numbers and by differences.
//!
//! A layer runs on traced numbers, so a cell knows its formula and the cells that it was computed from. Where numbers are
//! padded, the zeros get symbols of their own ([`Derivation::with_zeros`]): what is computed from those knows the zeros, too.

use super::board::{Cell, Grid, Item, Look, Role};
use super::gradients::{Layer, Loss, difference, dual};
use super::{Knob, Settings};
use crate::numbers::traced::Index;
use crate::numbers::{Session, Traced};
use crate::show::steps::formula::{Formula, Symbols};
use crate::text::{number, significant};
use crate::{ShapeError, Tensor4};
use nalgebra::DMatrix;
use std::collections::{HashMap, HashSet};
use std::iter;

type Maps = Tensor4<Traced>;

/// An input of a layer.
#[derive(Clone, Copy)]
pub(super) struct Input {
    /// The knob that its numbers are typed into, which is the name above them.
    pub knob: &'static str,
    /// How an entry is written: w, and its indices.
    pub symbol: &'static str,
    pub shape: [usize; 4],
    pub role: Role,
}

/// A layer at given inputs, the last of which is δ.
pub(super) struct Derivation<'a, L> {
    layer: L,
    /// The name of the cell that is asked about.
    asked: Option<&'a str>,
    inputs: Vec<Input>,
    values: Vec<Tensor4<f64>>,
    /// How many of the inputs are typed: all, or all but δ.
    editable: usize,
    /// The book in which the formulas are written.
    session: Session,
    entries: Vec<Maps>,
    symbols: Symbols,
    /// The cell of each symbol, and what is said about it if it is a zero that was added.
    cells: HashMap<u32, (String, Option<String>)>,
    /// The symbols that no output was computed from.
    unused: HashSet<u32>,
}

/// A gradient by hand, and in two other ways.
pub(super) struct Gradient {
    /// Of which input.
    input: usize,
    symbol: &'static str,
    by_hand: Maps,
    others: [Tensor4<f64>; 2],
}

/// The other ways' numbers are shown in steps of 1/ROUND.
const ROUND: f64 = 1e6;

/// The knob of δ: as it is typed, or 1 at one output and 0 elsewhere.
const ONE: &str = "one";

/// The names of the two other ways.
const WAYS: [&str; 2] = ["dual numbers", "differences"];

impl<'a, L: Layer> Derivation<'a, L> {
    /// The inputs as they are typed, but for δ if it is 1 at one output and 0 elsewhere.
    pub fn new(layer: L, inputs: &[Input], settings: &Settings, asked: Option<&'a str>) -> Result<Self, ShapeError> {
        let session = Session::new();
        let typed =
            |input: &Input| Tensor4::from_row_major(input.shape, settings.numbers(input.knob).transpose().as_slice());
        let mut values = inputs.iter().map(typed).collect::<Result<Vec<_>, _>>()?;
        let one = settings.chosen(ONE).checked_sub(1); // the first choice is δ as it is typed
        if let (Some(one), Some(delta)) = (one, values.last_mut()) {
            places(delta.shape()).enumerate().for_each(|(k, at)| delta[at] = if k == one { 1.0 } else { 0.0 });
        }
        let entries: Vec<Maps> =
            inputs.iter().zip(&values).map(|(input, values)| session.tensor(input.symbol, values)).collect();
        let symbols = Symbols::among(entries.iter().flat_map(Tensor4::as_slice));
        let cells = inputs.iter().zip(&entries).flat_map(|(input, entries)| {
            let cell = |(k, entry): (usize, Traced)| Some((entry.symbol()?, (format!("{}:{k}", input.knob), None)));
            entries.to_row_major().into_iter().enumerate().filter_map(cell).collect::<Vec<_>>()
        });
        let (cells, unused) = (cells.collect(), HashSet::new());
        let editable = inputs.len() - usize::from(one.is_some());
        let inputs = inputs.to_vec();
        Ok(Derivation { layer, asked, inputs, values, editable, session, entries, symbols, cells, unused })
    }

    /// What is said about a cell, if it is the one that is asked about.
    fn note(&self, id: &str, words: impl FnOnce() -> String) -> Option<String> {
        (self.asked == Some(id)).then(words)
    }

    /// Marks what is in the first input and in none of these outputs; says whether there is something.
    pub fn mark_unused(&mut self, outputs: &Maps) -> bool {
        let used: HashSet<u32> = outputs.as_slice().iter().flat_map(|output| output.symbols()).collect();
        let all = self.entries[0].as_slice().iter().filter_map(|entry| entry.symbol());
        self.unused = all.filter(|symbol| !used.contains(symbol)).collect();
        !self.unused.is_empty()
    }

    /// An input as symbols.
    pub fn input(&self, input: usize) -> &Maps {
        &self.entries[input]
    }

    /// How the symbols that a number was computed from are written, but for added zeros.
    pub fn symbols_in(&self, entry: Traced) -> Vec<(u32, &str)> {
        entry.symbols().into_iter().filter_map(|symbol| Some((symbol, self.symbols.name(symbol)?))).collect()
    }

    /// The same numbers, where each zero that was added is a symbol of its own.
    pub fn with_zeros(&mut self, list: &str, maps: &Maps, why: &str) -> Maps {
        let mut all = maps.clone();
        for (k, entry) in places(maps.shape()).enumerate() {
            if maps[entry].symbol().is_some() {
                continue;
            }
            let zero = self.session.symbol("0", 0.0);
            if let Some(symbol) = zero.symbol() {
                self.cells.insert(symbol, (format!("{list}:{k}"), Some(why.into())));
            }
            all[entry] = zero;
        }
        all
    }

    /// The grids of an input, which are typed into where it can be.
    pub fn typed(&self, input: usize) -> Vec<Item> {
        let Input { knob, role, .. } = self.inputs[input];
        let mut items = self.copies(knob, &self.entries[input], role);
        if input >= self.editable {
            return items;
        }
        let mut first = 0;
        for item in &mut items {
            if let Item::Grid(grid) = item {
                grid.knob = Some((knob, first));
                first += grid.cells.len();
            }
        }
        items
    }

    /// The grids of numbers that are copies of inputs, or zeros that were added.
    pub fn copies(&self, name: &str, maps: &Maps, role: Role) -> Vec<Item> {
        grids(name, maps.shape(), role, |at, _| {
            let entry = maps[at];
            let known = entry.symbol().and_then(|symbol| Some((symbol, self.cells.get(&symbol)?)));
            let Some((symbol, (id, zero))) = known else { return Cell { value: entry.value(), ..Cell::default() } };
            let look = match zero {
                Some(_) => Look::Added,
                None if self.unused.contains(&symbol) => Look::Unused,
                None => Look::Plain,
            };
            let note = self.note(id, || match (zero, self.symbols.name(symbol).unwrap_or_default()) {
                (Some(why), _) => why.clone(),
                (None, name) if look == Look::Unused => {
                    format!("{name} = {}: no window covers it, and its gradient is 0", number(entry.value()))
                }
                (None, name) => format!("{name} = {}", significant(entry.value(), 12)),
            });
            Cell { value: entry.value(), id: id.clone(), from: Vec::new(), note, look }
        })
    }

    /// The grids of numbers that were computed. `seen` is the same, computed from zeros that are symbols.
    pub fn computed(&self, symbol: &str, maps: &Maps, seen: &Maps, role: Role) -> Vec<Item> {
        grids(symbol, maps.shape(), role, |at, k| self.result(symbol, (at, k), maps, seen))
    }

    /// The grids of a gradient whose border belongs to the padding and is dropped; what is left is called `symbol`.
    pub fn uncropped(
        &self,
        name: &str,
        (whole, seen): (&Maps, &Maps),
        symbol: &str,
        padding: (usize, usize),
    ) -> Vec<Item> {
        let [_, _, rows, columns] = whole.shape();
        let (height, width) = (rows - 2 * padding.0, columns - 2 * padding.1);
        grids(name, whole.shape(), Role::Between, |at, k| {
            let (_, c, i, j) = at;
            let inside = i.checked_sub(padding.0).zip(j.checked_sub(padding.1));
            let mut cell = match inside.filter(|&(i, j)| i < height && j < width) {
                // The cell of the same name has the note and the links.
                Some((i, j)) => Cell { id: format!("{symbol}:{}", (c * height + i) * width + j), ..Cell::default() },
                None => {
                    let mut cell = self.result(name, (at, k), whole, seen);
                    cell.note = cell.note.map(|note| format!("{note}; it belongs to the padding and is dropped"));
                    Cell { look: Look::Dropped, ..cell }
                }
            };
            cell.value = whole[at].value();
            cell
        })
    }

    fn result(&self, symbol: &str, (at, k): (Place, usize), maps: &Maps, seen: &Maps) -> Cell {
        let ids = seen[at].symbols().into_iter().filter_map(|symbol| Some(self.cells.get(&symbol)?.0.clone()));
        let (from, id) = (ids.collect(), format!("{symbol}:{k}"));
        let note = self.note(&id, || {
            let formula = Formula::at(symbol, maps, at, &self.symbols);
            formula.caption().join(", ") + &self.by_map(symbol, &formula)
        });
        Cell { value: maps[at].value(), id, from, note, look: Look::Plain }
    }

    /// What each map adds to a sum of y or dz over several maps.
    fn by_map(&self, symbol: &str, formula: &Formula) -> String {
        let (maps, name) = match symbol {
            "y" => (&self.entries[0], "channel"),
            "dz" => (&self.entries[self.inputs.len() - 1], "output map"),
            _ => return String::new(),
        };
        let count = maps.shape()[1];
        let symbols =
            |entries: &[Traced]| -> HashSet<u32> { entries.iter().filter_map(|entry| entry.symbol()).collect() };
        let weights = symbols(self.entries[1].as_slice());
        let part = |c: usize| {
            let own = symbols(maps.map_at(0, c).as_slice());
            let value = formula.only(|symbol| own.contains(&symbol) || weights.contains(&symbol)).value;
            format!("{name} {c} adds {}", number(value))
        };
        if count > 1 { format!("; {}", (0..count).map(part).collect::<Vec<_>>().join(", ")) } else { String::new() }
    }

    /// L, from the cells of y and δ.
    pub fn loss(&self) -> Result<Item, ShapeError> {
        let (value, last) = (self.layer.at(&self.values)?, self.inputs.len() - 1);
        let entries = self.values[last].as_slice().len();
        let from = ["y", self.inputs[last].knob].map(|list| (0..entries).map(move |k| format!("{list}:{k}")));
        let cell = Cell {
            value,
            id: "L".into(),
            from: from.into_iter().flatten().collect(),
            note: self.note("L", || format!("L = {}", significant(value, 12))),
            look: Look::Plain,
        };
        let cells = DMatrix::from_element(1, 1, cell);
        Ok(Item::Grid(Grid { name: "L".into(), role: Role::Between, cells, knob: None }))
    }

    /// The gradient of an input in all ways; those by dual numbers and by differences are multiplied by `factor`.
    pub fn gradient(
        &self,
        input: usize,
        symbol: &'static str,
        by_hand: Maps,
        factor: f64,
    ) -> Result<Gradient, ShapeError> {
        let others = [dual(&self.layer, &self.values, input)?, difference(&self.layer, &self.values, input)?];
        Ok(Gradient { input, symbol, by_hand, others: others.map(|other| other.map(|x| factor * x)) })
    }

    /// The grids of a gradient by hand; its note says what the other ways give. `seen` is the same, computed from zeros
    /// that are symbols.
    pub fn by_hand(&self, name: &str, gradient: &Gradient, seen: &Maps) -> Vec<Item> {
        let Gradient { input, symbol, by_hand, others } = gradient;
        grids(name, by_hand.shape(), Role::Result, |at, k| {
            let mut cell = self.result(symbol, (at, k), by_hand, seen);
            if self.entries[*input][at].symbol().is_some_and(|symbol| self.unused.contains(&symbol)) {
                cell.look = Look::Unused;
            }
            if let Some(note) = &mut cell.note {
                let ways = WAYS.iter().zip(others);
                let ways = ways.map(|(way, values)| format!("by {way} {}", significant(values[at], 12)));
                *note += &format!("; {}", ways.collect::<Vec<_>>().join(", "));
            }
            cell
        })
    }

    /// A gradient by hand and, if the checks are shown, in the other ways beside it; cells of one name light up together.
    pub fn beside(&self, gradient: &Gradient, seen: &Maps, checks: bool) -> Vec<Item> {
        let Gradient { symbol, by_hand, others, .. } = gradient;
        if !checks {
            return self.by_hand(symbol, gradient, seen);
        }
        let mut row = self.by_hand(&format!("{symbol} by hand"), gradient, seen);
        for (way, values) in WAYS.iter().zip(others) {
            row.push(Item::Sign("≈"));
            let first = row.len();
            row.extend(grids("", by_hand.shape(), Role::Between, |at, k| {
                // Without the rounding error of a difference quotient, which the note shows.
                let value = (values[at] * ROUND).round() / ROUND;
                Cell { value, id: format!("{symbol}:{k}"), ..Cell::default() }
            }));
            for item in &mut row[first..] {
                if let Item::Grid(grid) = item {
                    grid.name = (*way).into();
                }
            }
        }
        row
    }
}

impl Gradient {
    pub fn by_hand(&self) -> &Maps {
        &self.by_hand
    }

    /// The names of the entries whose difference quotient is another number, beyond rounding.
    pub fn apart(&self) -> Vec<String> {
        let far = |at: &Place| {
            let (hand, other) = (self.by_hand[*at].value(), self.others[1][*at]);
            (hand - other).abs() > 1e-4 * hand.abs().max(other.abs()).max(1.0)
        };
        let names = Index::new(&self.by_hand.shape());
        let name = |(n, c, i, j)| names.write(self.symbol, &[n, c, i, j]).0;
        places(self.by_hand.shape()).filter(far).map(name).collect()
    }
}

/// How far apart the ways are, in words.
pub(super) fn agreement(gradients: &[&Gradient]) -> String {
    let furthest = |way: usize| {
        let pairs = gradients.iter().flat_map(|gradient| {
            gradient.by_hand.as_slice().iter().zip(gradient.others[way].as_slice()) // of one layout
        });
        number(pairs.map(|(hand, other)| (hand.value() - other).abs()).fold(0.0, f64::max))
    };
    let entries: usize = gradients.iter().map(|gradient| gradient.by_hand.as_slice().len()).sum();
    let agree = gradients.iter().all(|gradient| gradient.apart().is_empty());
    format!(
        "{}{entries} entries by hand: the largest difference from dual numbers is {}, and from finite differences {}.",
        if agree { "The three gradients agree. " } else { "" },
        furthest(0),
        furthest(1)
    )
}

/// The knob that makes δ 1 at one of the outputs y of this shape and 0 elsewhere: what is left of the gradients is that
/// output's influence.
pub(super) fn one(shape: [usize; 4]) -> Knob {
    Knob::choice(ONE, "δ", ones(shape), 0)
}

/// Offers other outputs to it.
pub(super) fn offer_one(settings: &mut Settings, shape: [usize; 4]) {
    settings.offer(ONE, ones(shape));
}

fn ones(shape: [usize; 4]) -> impl Iterator<Item = String> {
    let names = Index::new(&shape);
    let outputs = places(shape).map(move |(n, d, i, j)| format!("1 at {}", names.write("y", &[n, d, i, j]).0));
    iter::once("as typed".into()).chain(outputs)
}

/// The knob that shows the other ways beside each gradient.
pub(super) fn checks() -> Knob {
    Knob::choice("checks", "dual numbers and differences", ["in one line", "entry by entry"], 0)
}

/// Whether it does.
pub(super) fn shows_checks(settings: &Settings) -> bool {
    settings.chosen("checks") == 1
}

/// A tensor's numbers in words.
pub(super) fn spoken(name: &str, maps: &Maps) -> String {
    let values: Vec<String> = maps.to_row_major().iter().map(|entry| number(entry.value())).collect();
    format!("{name}: {}.", values.join(" "))
}

/// The entry of a tensor.
type Place = (usize, usize, usize, usize);

/// All entries, row by row.
fn places([samples, channels, height, width]: [usize; 4]) -> impl Iterator<Item = Place> {
    (0..samples * channels * height * width)
        .map(move |k| (k / (channels * height * width), k / (height * width) % channels, k / width % height, k % width))
}

/// A grid for each map of a tensor; `cell` makes the cell of each entry and its number, counted row by row.
pub(super) fn grids(name: &str, shape: [usize; 4], role: Role, cell: impl Fn(Place, usize) -> Cell) -> Vec<Item> {
    let [samples, channels, height, width] = shape;
    let index = Index::new(&[samples, channels]);
    // The indices belong to the letter, not to the words behind it.
    let (letter, words) = name.split_at(name.find(' ').unwrap_or(name.len()));
    let grid = |m: usize| {
        let (n, c) = (m / channels, m % channels);
        let cells = DMatrix::from_fn(height, width, |i, j| cell((n, c, i, j), (m * height + i) * width + j));
        let name = format!("{}{words}", index.write(letter, &[n, c]).0);
        Item::Grid(Grid { name, role, cells, knob: None })
    };
    (0..samples * channels).map(grid).collect()
}

/// Steps or sizes down and to the right, as the words of a choice: 2, or 1×2.
pub(super) fn words(pairs: &[(usize, usize)]) -> impl Iterator<Item = String> {
    pairs.iter().map(|(down, right)| if down == right { down.to_string() } else { format!("{down}×{right}") })
}
