//! What the figures of derivations share: numbers that are typed, numbers that a layer computes from them, and each
//! gradient by hand, on dual numbers and by differences.
//!
//! A layer runs on traced numbers, so a cell knows its formula and the cells that it was computed from. Where numbers are
//! padded, the zeros get symbols of their own ([`Derivation::with_zeros`]): what is computed from those knows the zeros, too.

use super::Settings;
use super::board::{Cell, Grid, Item, Look, Role};
use super::gradients::{Layer, Loss, difference, dual};
use crate::numbers::traced::Index;
use crate::numbers::{Session, Traced};
use crate::show::steps::formula::{Formula, Symbols};
use crate::text::{counted, number, significant};
use crate::{ShapeError, Tensor4};
use nalgebra::DMatrix;
use std::collections::HashMap;

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
pub(super) struct Derivation<L> {
    layer: L,
    inputs: Vec<Input>,
    values: Vec<Tensor4<f64>>,
    /// The book in which the formulas are written.
    session: Session,
    entries: Vec<Maps>,
    symbols: Symbols,
    /// The cell of each symbol, and what is said about it if it is a zero that was added.
    cells: HashMap<u32, (String, Option<String>)>,
}

/// A gradient by hand, and in two other ways.
pub(super) struct Gradient {
    symbol: &'static str,
    by_hand: Maps,
    others: [Tensor4<f64>; 2],
}

/// The other ways' numbers are shown in steps of 1/ROUND.
const ROUND: f64 = 1e6;

/// The names of the two other ways.
const WAYS: [&str; 2] = ["dual numbers", "differences"];

impl<L: Layer> Derivation<L> {
    /// The inputs as they are typed.
    pub fn new(layer: L, inputs: &[Input], settings: &Settings) -> Result<Self, ShapeError> {
        let session = Session::new();
        let typed = |input: &Input| {
            let rows: Vec<f64> = settings.numbers(input.knob).transpose().iter().copied().collect();
            Tensor4::from_row_major(input.shape, &rows)
        };
        let values = inputs.iter().map(typed).collect::<Result<Vec<_>, _>>()?;
        let entries: Vec<Maps> =
            inputs.iter().zip(&values).map(|(input, values)| session.tensor(input.symbol, values)).collect();
        let symbols = Symbols::among(entries.iter().flat_map(Tensor4::as_slice));
        let cells = inputs.iter().zip(&entries).flat_map(|(input, entries)| {
            let cell = |(k, entry): (usize, Traced)| Some((entry.symbol()?, (format!("{}:{k}", input.knob), None)));
            entries.to_row_major().into_iter().enumerate().filter_map(cell).collect::<Vec<_>>()
        });
        let cells = cells.collect();
        Ok(Derivation { layer, inputs: inputs.to_vec(), values, session, entries, symbols, cells })
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

    /// The grids of an input, which are typed into.
    pub fn typed(&self, input: usize) -> Vec<Item> {
        let Input { knob, role, .. } = self.inputs[input];
        let mut items = self.copies(knob, &self.entries[input], role);
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
            let (note, look) = match zero {
                Some(why) => (why.clone(), Look::Added),
                None => {
                    let symbol = self.symbols.name(symbol).unwrap_or_default();
                    (format!("{symbol} = {}", significant(entry.value(), 12)), Look::Plain)
                }
            };
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
        let [_, channels, rows, columns] = whole.shape();
        let (height, width) = (rows - 2 * padding.0, columns - 2 * padding.1);
        let (names, all) = (Index::new(&[1, channels, height, width]), Index::new(&whole.shape()));
        grids(name, whole.shape(), Role::Between, |at, k| {
            let (_, c, i, j) = at;
            let inside = i.checked_sub(padding.0).zip(j.checked_sub(padding.1));
            let inside = inside.filter(|&(i, j)| i < height && j < width);
            let mut cell = self.result(name, (at, k), whole, seen);
            match inside {
                Some((i, j)) => {
                    cell.id = format!("{symbol}:{}", (c * height + i) * width + j);
                    let (kept, _) = names.write(symbol, &[0, c, i, j]);
                    let (own, _) = all.write(name, &[0, c, at.2, at.3]);
                    cell.note = format!("{own} is kept: it is {kept} = {}", significant(cell.value, 12));
                    cell.from.clear(); // the cell of the same name has them
                }
                None => {
                    cell.look = Look::Dropped;
                    cell.note = format!("{} belongs to the padding and is dropped", cell.note);
                }
            }
            cell
        })
    }

    fn result(&self, symbol: &str, (at, k): (Place, usize), maps: &Maps, seen: &Maps) -> Cell {
        let formula = Formula::at(symbol, maps, at, &self.symbols);
        let ids = seen[at].symbols().into_iter().filter_map(|symbol| Some(self.cells.get(&symbol)?.0.clone()));
        Cell {
            value: maps[at].value(),
            id: format!("{symbol}:{k}"),
            from: ids.collect(),
            note: formula.caption().join(", "),
            look: Look::Plain,
        }
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
            note: format!("L = {}: dual numbers and differences look at it", significant(value, 12)),
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
        Ok(Gradient { symbol, by_hand, others: others.map(|other| other.map(|x| factor * x)) })
    }

    /// A gradient in three ways, side by side; cells of one name light up together. `seen` is the one by hand, computed from zeros that are symbols.
    pub fn beside(&self, gradient: &Gradient, seen: &Maps) -> Vec<Item> {
        let Gradient { symbol, by_hand, others } = gradient;
        let shape = by_hand.shape();
        let mut row = grids(&format!("{symbol} by hand"), shape, Role::Result, |at, k| {
            let mut cell = self.result(symbol, (at, k), by_hand, seen);
            for (way, values) in WAYS.iter().zip(others) {
                cell.note += &format!(", by {way} {}", significant(values[at], 12));
            }
            cell
        });
        for (way, values) in WAYS.iter().zip(others) {
            row.push(Item::Sign("≈"));
            let names = Index::new(&shape);
            let first = row.len();
            row.extend(grids("", shape, Role::Between, |at, k| {
                let (name, _) = names.write(symbol, &[at.0, at.1, at.2, at.3]);
                let note = format!("{name} by {way}: {}", significant(values[at], 12));
                // Without the rounding error of a difference quotient, which the note shows.
                let value = (values[at] * ROUND).round() / ROUND;
                Cell { value, id: format!("{symbol}:{k}"), note, ..Cell::default() }
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

/// How well the ways agree, in words.
pub(super) fn agreement(gradients: &[&Gradient]) -> String {
    let furthest = |way: usize| {
        let pairs = gradients.iter().flat_map(|gradient| {
            gradient.by_hand.as_slice().iter().zip(gradient.others[way].as_slice()) // of one layout
        });
        pairs.map(|(hand, other)| (hand.value() - other).abs()).fold(0.0, f64::max)
    };
    let entries = gradients.iter().map(|gradient| gradient.by_hand.as_slice().len()).sum();
    format!(
        "{} by hand: at most {} from dual numbers, and {} from differences.",
        counted(entries, "gradient"),
        number(furthest(0)),
        number(furthest(1))
    )
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
