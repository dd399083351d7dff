//! The picture of a step: grids and signs in rows and columns, and a caption.

use super::cells::{Grid, HEIGHT, Sheet, TITLE};
use super::formula::Formula;
use crate::show::canvas;

/// What one place of the table holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Slot {
    Nothing,
    Sign(String),
    Grid(Grid),
}

/// A cell of a grid: row and column of the slot, row and column in the grid.
pub(super) type Spot = ((usize, usize), (usize, usize));

/// One step of a walk, as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scene {
    /// The number it computes, or what it does, in a word or two.
    pub name: String,
    /// The caption, line by line.
    pub caption: Vec<String>,
    /// Rows of slots, all equally long.
    pub slots: Vec<Vec<Slot>>,
    /// The cell that it computes.
    pub result: Option<Spot>,
}

impl Scene {
    /// The step that computes a number by its formula.
    pub fn new(slots: Vec<Vec<Slot>>, slot: (usize, usize), at: (usize, usize), formula: &Formula) -> Self {
        Scene { name: formula.name.clone(), caption: formula.caption(), slots, result: Some((slot, at)) }
    }
}

/// The places of all slots, the same for every step, in half pixels.
pub(super) struct Layout {
    pub size: (i32, i32),
    /// Where the captions begin.
    pub foot: i32,
    /// Left end, width and width of a cell, of every column.
    columns: Vec<(i32, i32, i32)>,
    /// Upper end and height of every row.
    rows: Vec<(i32, i32)>,
    symbols: bool,
}

pub(super) const MARGIN: i32 = 32;
const GAP: i32 = 20;

impl Layout {
    /// Room for the grids of every step, from `top` on.
    pub fn new(steps: &[Scene], symbols: bool, top: i32) -> Self {
        let (mut widths, mut heights): (Vec<(i32, i32)>, Vec<i32>) = (Vec::new(), Vec::new());
        let slots = || {
            let rows = steps.iter().flat_map(|step| step.slots.iter().enumerate());
            rows.flat_map(|(i, row)| row.iter().enumerate().map(move |(j, slot)| (i, j, slot)))
        };
        for (i, j, slot) in slots() {
            widths.resize(widths.len().max(j + 1), (0, 0));
            heights.resize(heights.len().max(i + 1), 0);
            if let Slot::Grid(grid) = slot {
                widths[j].1 = widths[j].1.max(grid.cell_width(symbols));
            }
        }
        for (i, j, slot) in slots() {
            let (width, height) = match slot {
                Slot::Nothing => (0, 0),
                Slot::Sign(sign) => (canvas::fine(canvas::width(sign, canvas::LARGE)), 0),
                Slot::Grid(grid) => grid.size(widths[j].1),
            };
            widths[j].0 = widths[j].0.max(width);
            heights[i] = heights[i].max(height);
        }
        let (mut x, mut y) = (MARGIN, top);
        let columns = widths.into_iter().map(|(width, cell)| ((x, width, cell), x += width + GAP).0).collect();
        let rows = heights.into_iter().map(|height| ((y, height), y += height + GAP).0).collect();
        Layout { size: (x - GAP + MARGIN, y), foot: y, columns, rows, symbols }
    }

    /// The upper left corner of the first cell of a grid that is centred in its slot.
    fn corner(&self, (row, column): (usize, usize), grid: &Grid) -> (i32, i32) {
        let ((x, width, cell), (y, height)) = (self.columns[column], self.rows[row]);
        let (rows, columns) = grid.cells.shape();
        (x + (width - columns as i32 * cell) / 2, y + (height - TITLE - rows as i32 * HEIGHT) / 2 + TITLE)
    }

    /// Draws a step's grids and signs.
    pub fn paint(&self, step: &Scene, sheet: &mut Sheet) {
        for (i, row) in step.slots.iter().enumerate() {
            for (j, slot) in row.iter().enumerate() {
                let ((x, width, cell), (y, height)) = (self.columns[j], self.rows[i]);
                match slot {
                    Slot::Nothing => {}
                    Slot::Sign(sign) => {
                        sheet.text((x + width / 2, y + (height + TITLE) / 2), sign, " font-size=\"30\"");
                    }
                    Slot::Grid(grid) => sheet.grid(grid, self.corner((i, j), grid), cell, self.symbols),
                }
            }
        }
    }
}
