//! Which numbers of a picture a number was computed from, as the layer's own run on traced numbers recorded it.

use crate::numbers::Traced;
use crate::show::steps::formula::{Formula, Symbols, symbol};
use std::collections::HashMap;

/// The inputs of a run: their symbols, and the cells that show them.
pub(super) struct Inputs {
    symbols: Symbols,
    cells: HashMap<u32, String>,
}

impl Inputs {
    /// These lists of inputs; a list's name and a number's place in it make the name of its cell, `z:3`.
    pub fn new(lists: &[(&str, &[Traced])]) -> Self {
        let cell = |name: &str, k: usize, entry: &Traced| Some((symbol(*entry)?, format!("{name}:{k}")));
        let cells = lists.iter().flat_map(|(name, list)| {
            list.iter().enumerate().filter_map(move |(k, entry)| cell(name, k, entry)).collect::<Vec<_>>()
        });
        Inputs { symbols: Symbols::among(lists.iter().flat_map(|(_, list)| *list)), cells: cells.collect() }
    }

    /// The cells that a number was computed from, and its formula in symbols and in numbers.
    pub fn of(&self, name: &str, entry: Traced) -> (Vec<String>, String) {
        let formula = Formula::new(name, entry, &self.symbols);
        let mut cells: Vec<String> = formula.symbols().filter_map(|symbol| self.cells.get(&symbol).cloned()).collect();
        cells.sort();
        cells.dedup();
        (cells, formula.caption().join(", "))
    }
}
