//! Matrices side by side, number by number: each knows which others it was computed from.

use crate::show::canvas::{FINE, LARGE, SMALL, width};
use crate::show::{Figure, escape};
use crate::text::number;
use nalgebra::DMatrix;

/// Width and height of a cell, in pixels.
const CELL: (f64, f64) = (50.0, 32.0);
/// Between what stands side by side.
const GAP: f64 = 14.0;
const MARGIN: f64 = 16.0;
/// The height of a grid's name above it.
const NAME: f64 = 24.0;
/// The height of a line of words.
const LINE: f64 = 21.0;

/// What a grid's numbers are, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    Input,
    Weight,
    Result,
    /// Something on the way.
    Between,
}

impl Role {
    fn fill(self) -> &'static str {
        match self {
            Role::Input => "#cfe4f3",
            Role::Weight => "#fbdcc6",
            Role::Result => "#c3ead9",
            Role::Between => "none",
        }
    }
}

/// A number of a grid.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub value: f64,
    /// Its name among all cells of the picture; empty if it is padding.
    pub id: String,
    /// The cells that it was computed from.
    pub from: Vec<String>,
    /// What the page says about it when it is pointed at.
    pub note: String,
}

impl Cell {
    /// A zero that was added around or between other numbers.
    pub fn padding() -> Self {
        Cell { value: 0.0, id: String::new(), from: Vec::new(), note: "a zero that was added".into() }
    }
}

/// A matrix with its name.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub name: String,
    pub role: Role,
    pub cells: DMatrix<Cell>,
    /// The knob that its numbers are typed into, and the place of the first of them in the knob's list.
    pub knob: Option<(&'static str, usize)>,
}

impl Grid {
    fn size(&self) -> (f64, f64) {
        let (rows, columns) = self.cells.shape();
        let cells = (columns as f64 * CELL.0, rows as f64 * CELL.1);
        (cells.0.max(width(&self.name, SMALL + 1.0)), NAME + cells.1)
    }
}

/// One of the things side by side.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Grid(Grid),
    Sign(&'static str),
}

impl Item {
    fn size(&self) -> (f64, f64) {
        match self {
            Item::Grid(grid) => grid.size(),
            Item::Sign(sign) => (width(sign, LARGE), 0.0),
        }
    }
}

/// A picture of grids, from top to bottom.
pub(super) struct Board {
    room: f64,
    /// The y at which the next row begins.
    y: f64,
    body: String,
}

impl Board {
    /// An empty picture of this width.
    pub fn new(width: u32) -> Self {
        Board { room: f64::from(width), y: MARGIN, body: String::new() }
    }

    /// A line of words, broken where it is too long; bold if it is a heading.
    pub fn words(&mut self, words: &str, bold: bool) {
        let mut lines = vec![String::new()];
        let stretch = if bold { 1.24 } else { 1.12 };
        for word in words.split(' ') {
            let last = lines.len() - 1;
            if !lines[last].is_empty()
                && stretch * width(&format!("{} {word}", lines[last]), 14.0) > self.room - 2.0 * MARGIN
            {
                lines.push(word.into());
            } else {
                let gap = if lines[last].is_empty() { "" } else { " " };
                lines[last] += &format!("{gap}{word}");
            }
        }
        for line in lines {
            let look = if bold { " font-weight=\"bold\"" } else { " fill=\"#57606a\"" };
            self.text((MARGIN, self.y + LINE / 2.0), &line, &format!("text-anchor=\"start\" font-size=\"28\"{look}"));
            self.y += LINE;
        }
        self.y += 4.0;
    }

    /// Grids and signs side by side, on further lines where there is no room.
    pub fn row(&mut self, items: Vec<Item>) {
        // A sign stays with the grid behind it.
        let mut lines: Vec<(f64, Vec<Item>)> = vec![(MARGIN, Vec::new())];
        let mut items = items.into_iter();
        while let Some(item) = items.next() {
            let mut together = vec![item];
            if matches!(together[0], Item::Sign(_)) {
                together.extend(items.next());
            }
            let needed: f64 = together.iter().map(|item| item.size().0 + GAP).sum();
            let last = lines.len() - 1;
            if !lines[last].1.is_empty() && lines[last].0 + needed > self.room {
                lines.push((MARGIN, Vec::new()));
            }
            if let Some((x, line)) = lines.last_mut() {
                *x += needed;
                line.extend(together);
            }
        }
        for (_, line) in lines {
            let height = line.iter().map(|item| item.size().1).fold(0.0, f64::max);
            let mut x = MARGIN;
            for item in line {
                let (w, h) = item.size();
                match item {
                    Item::Sign(sign) => {
                        let at = (x + w / 2.0, self.y + NAME + (height - NAME) / 2.0);
                        self.text(at, sign, "font-size=\"30\" fill=\"#57606a\"");
                    }
                    Item::Grid(grid) => self.grid(&grid, (x, self.y + (height - h) / 2.0)),
                }
                x += w + GAP;
            }
            self.y += height + 12.0;
        }
    }

    /// The finished picture.
    pub fn figure(self, alt: String) -> Figure {
        Figure::of((self.room as u32, (self.y + 6.0) as u32), alt, self.body)
    }

    fn grid(&mut self, grid: &Grid, (x, y): (f64, f64)) {
        let middle = x + grid.cells.ncols() as f64 * CELL.0 / 2.0;
        let middle = middle.max(x + width(&grid.name, SMALL + 1.0) / 2.0);
        self.text((middle, y + 11.0), &grid.name, "font-size=\"26\" fill=\"#57606a\"");
        for i in 0..grid.cells.nrows() {
            for j in 0..grid.cells.ncols() {
                let at = (x + j as f64 * CELL.0, y + NAME + i as f64 * CELL.1);
                self.cell(grid, (i, j), at);
            }
        }
    }

    fn cell(&mut self, grid: &Grid, (i, j): (usize, usize), (x, y): (f64, f64)) {
        let cell = &grid.cells[(i, j)];
        let added = cell.id.is_empty();
        let (fill, ink) = if added { ("none", " fill=\"#57606a\"") } else { (grid.role.fill(), "") };
        let dashes = if added { " stroke-dasharray=\"4 4\"" } else { "" };
        let knob = grid.knob.map_or(String::new(), |(knob, first)| {
            let place = first + i * grid.cells.ncols() + j;
            format!(
                " data-knob=\"{knob}\" data-at=\"{place}\" data-label=\"{} row {i} column {j}\"",
                escape(&grid.name)
            )
        });
        self.body += &format!(
            "<g data-cell=\"{}\" data-from=\"{}\" data-note=\"{}\">\
             <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\" stroke=\"#8c959f\" \
             stroke-width=\"2\"{dashes}{knob}/>",
            escape(&cell.id),
            escape(&cell.from.join(" ")),
            escape(&cell.note),
            half(x),
            half(y),
            half(CELL.0),
            half(CELL.1),
        );
        self.text((x + CELL.0 / 2.0, y + CELL.1 / 2.0), &number(cell.value), &format!("font-size=\"26\"{ink}"));
        self.body += "</g>\n";
    }

    /// A text that is vertically centred on y.
    fn text(&mut self, (x, y): (f64, f64), text: &str, look: &str) {
        self.body += &format!("<text x=\"{}\" y=\"{}\" {look}>{}</text>", half(x), half(y) + 9, escape(text));
    }
}

/// A ring that is dragged over an area (left, top, width, height, in pixels) on which x and y have these ranges: the
/// first value is at the left, and at the bottom.
pub(super) fn handle(
    knob: &str,
    [px, py]: [f64; 2],
    [left, top, width, height]: [f64; 4],
    x: (f64, f64),
    y: (f64, f64),
) -> String {
    let share = |value: f64, (from, to): (f64, f64)| (value - from) / (to - from);
    let (cx, cy) = (left + width * share(px, x), top + height * (1.0 - share(py, y)));
    format!(
        "<g data-drag=\"{knob}\" data-x=\"{} {}\" data-y=\"{} {}\">\
         <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"transparent\"/>\
         <circle cx=\"{}\" cy=\"{}\" r=\"18\" fill=\"#fff\" fill-opacity=\".35\" stroke=\"#24292f\" stroke-width=\"4\"/></g>\n",
        x.0,
        x.1,
        y.0,
        y.1,
        half(left),
        half(top),
        half(width),
        half(height),
        half(cx),
        half(cy)
    )
}

/// Pixels in half pixels.
fn half(pixels: f64) -> i32 {
    (pixels * f64::from(FINE)).round() as i32
}
