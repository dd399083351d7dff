//! Matrices side by side, number by number: each knows which others it was computed from.

use crate::show::canvas::{FINE, LARGE, SMALL, width};
use crate::show::{Figure, escape};
use crate::text::{number, significant};
use nalgebra::DMatrix;

/// The usual width of a cell, in pixels, and the smallest one that spares a row a second line; then the same on a phone.
/// A single grid that is wider than the picture has narrower ones.
const WIDTHS: [(f64, f64); 2] = [(50.0, 36.0), (42.0, 32.0)];
const HEIGHT: f64 = 32.0;
/// Rooms that are narrower than this are a phone's.
const PHONE: f64 = 500.0;
/// What a number in a cell is written in, and the smallest that it shrinks to.
const FONTS: (f64, f64) = (13.0, 9.0);
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

/// How a number of a grid is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Look {
    #[default]
    Plain,
    /// It was added around or between other numbers: dashed.
    Added,
    /// It is dropped: dashed and crossed out.
    Dropped,
    /// The maximum of a window: with a ring.
    Winner,
    /// As large as the maximum, but later: with a dashed ring.
    Tied,
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
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    pub value: f64,
    /// Its name. Cells of one name show the same number at several places of the picture.
    pub id: String,
    /// The cells that it was computed from.
    pub from: Vec<String>,
    /// What the page says about it when it is pointed at.
    pub note: String,
    pub look: Look,
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
    /// How wide its cells are, if they may be as wide as `cell`.
    fn cell(&self, room: f64, cell: f64) -> f64 {
        cell.min((room - 2.0 * MARGIN) / self.cells.ncols().max(1) as f64)
    }

    fn size(&self, room: f64, cell: f64) -> (f64, f64) {
        let (rows, columns) = self.cells.shape();
        let cells = (columns as f64 * self.cell(room, cell), rows as f64 * HEIGHT);
        (cells.0.max(1.12 * width(&self.name, SMALL + 1.0)), NAME + cells.1)
    }
}

/// One of the things side by side.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Grid(Grid),
    Sign(&'static str),
}

impl Item {
    fn size(&self, room: f64, cell: f64) -> (f64, f64) {
        match self {
            Item::Grid(grid) => grid.size(room, cell),
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

    /// A line of words, broken evenly where it is too long, but not within an equation; bold if it is a heading.
    pub fn words(&mut self, words: &str, bold: bool) {
        let room = self.room - 2.0 * MARGIN;
        let parts = unbroken(words);
        let lines = |room: f64| lines(&parts, room / if bold { 1.25 } else { 1.12 });
        let needed = lines(room).len();
        // As narrow as the same number of lines allows.
        let narrowest = (1..=20).map(|k| room * f64::from(k) / 20.0).find(|&room| lines(room).len() == needed);
        let look = if bold { " font-weight=\"bold\"" } else { " fill=\"#57606a\"" };
        for line in lines(narrowest.unwrap_or(room)) {
            self.text((MARGIN, self.y + LINE / 2.0), &line, &format!("text-anchor=\"start\" font-size=\"28\"{look}"));
            self.y += LINE;
        }
        self.y += 4.0;
    }

    /// Grids and signs side by side, on further lines where there is no room.
    pub fn row(&mut self, items: Vec<Item>) {
        let (usual, least) = WIDTHS[usize::from(self.room < PHONE)];
        let whole = |cell: f64| items.iter().map(|item| item.size(self.room, cell).0 + GAP).sum::<f64>() - GAP;
        let fits = |cell: &f64| whole(*cell) <= self.room - 2.0 * MARGIN;
        let cell = (least as u32..=usual as u32).rev().map(f64::from).find(fits).unwrap_or(usual);
        // A sign stays with the grid behind it.
        let mut lines: Vec<(f64, Vec<Item>)> = vec![(MARGIN, Vec::new())];
        let mut items = items.into_iter();
        while let Some(item) = items.next() {
            let mut together = vec![item];
            if matches!(together[0], Item::Sign(_)) {
                together.extend(items.next());
            }
            let needed: f64 = together.iter().map(|item| item.size(self.room, cell).0 + GAP).sum();
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
            let height = line.iter().map(|item| item.size(self.room, cell).1).fold(0.0, f64::max);
            let mut x = MARGIN;
            for item in line {
                let (w, h) = item.size(self.room, cell);
                match item {
                    Item::Sign(sign) => {
                        let at = (x + w / 2.0, self.y + NAME + (height - NAME) / 2.0);
                        self.text(at, sign, "font-size=\"30\" fill=\"#57606a\"");
                    }
                    Item::Grid(grid) => self.grid(&grid, (x, self.y + (height - h) / 2.0), cell),
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

    fn grid(&mut self, grid: &Grid, (x, y): (f64, f64), cell: f64) {
        let cell = grid.cell(self.room, cell);
        let middle = x + grid.cells.ncols() as f64 * cell / 2.0;
        let middle = middle.max(x + 1.12 * width(&grid.name, SMALL + 1.0) / 2.0);
        self.body += "<g font-size=\"26\" stroke=\"#8c959f\" stroke-width=\"2\">";
        self.text((middle, y + 11.0), &grid.name, "fill=\"#57606a\" stroke=\"none\"");
        for i in 0..grid.cells.nrows() {
            for j in 0..grid.cells.ncols() {
                self.cell(grid, (i, j), (x + j as f64 * cell, y + NAME + i as f64 * HEIGHT), cell);
            }
        }
        self.body += "</g>";
    }

    fn cell(&mut self, grid: &Grid, (i, j): (usize, usize), (x, y): (f64, f64), wide: f64) {
        let cell = &grid.cells[(i, j)];
        let added = matches!(cell.look, Look::Added | Look::Dropped);
        let (fill, ink) = if added { ("none", " fill=\"#57606a\"") } else { (grid.role.fill(), "") };
        let dashes = if added { " stroke-dasharray=\"4 4\"" } else { "" };
        let knob = grid.knob.map_or(String::new(), |(knob, first)| {
            let place = first + i * grid.cells.ncols() + j;
            let name = escape(&grid.name);
            format!(" data-knob=\"{knob}\" data-at=\"{place}\" data-label=\"{name} row {i} column {j}\"")
        });
        self.body += &format!(
            "<g data-cell=\"{}\" data-from=\"{}\" data-note=\"{}\">\
             <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"{dashes}{knob}/>",
            escape(&cell.id),
            escape(&cell.from.join(" ")),
            escape(&cell.note),
            half(x),
            half(y),
            half(wide),
            half(HEIGHT),
        );
        let (text, font) = fitted(cell.value, wide - 4.0);
        let (cx, cy) = (x + wide / 2.0, y + HEIGHT / 2.0);
        let font = if font < FONTS.0 { format!(" font-size=\"{}\"", half(font)) } else { String::new() };
        self.text((cx, cy), &text, &format!("stroke=\"none\"{ink}{font}"));
        self.body += &match cell.look {
            Look::Plain | Look::Added => String::new(),
            Look::Dropped => {
                format!("<path d=\"M{} {}l{} {}\"/>", half(x), half(y + HEIGHT), half(wide), half(-HEIGHT))
            }
            ring => format!(
                "<ellipse cx=\"{}\" cy=\"{}\" rx=\"{}\" ry=\"{}\" fill=\"none\" stroke=\"#b34700\" stroke-width=\"4\"{}/>",
                half(cx),
                half(cy),
                half(wide / 2.0 - 3.0),
                half(HEIGHT / 2.0 - 3.0),
                if ring == Look::Tied { " stroke-dasharray=\"7 7\"" } else { "" }
            ),
        };
        self.body += "</g>\n";
    }

    /// A text that is vertically centred on y.
    fn text(&mut self, (x, y): (f64, f64), text: &str, look: &str) {
        self.body += &format!(
            "<text x=\"{}\" y=\"{}\"{}{look}>{}</text>",
            half(x),
            half(y) + 9,
            if look.is_empty() || look.starts_with(' ') { "" } else { " " },
            escape(text)
        );
    }
}

/// A number as it fits into a cell, and the size of its letters: with fewer digits, then smaller.
fn fitted(value: f64, room: f64) -> (String, f64) {
    let (usual, smallest) = FONTS;
    let (text, short) = (number(value), significant(value, 2));
    if width(&text, usual) <= room {
        return (text, usual);
    }
    let font = (usual * room / width(&short, usual)).clamp(smallest, usual);
    (short, font)
}

/// The words, where a line may be broken between any two: an equation or a sum is one word.
fn unbroken(words: &str) -> Vec<String> {
    let joins = |word: &str| matches!(word, "=" | "+" | "·" | "⋆" | "/" | "Σ" | "≈");
    let mut parts: Vec<String> = Vec::new();
    let mut joined = false;
    for word in words.split(' ') {
        match parts.last_mut() {
            Some(part) if joined || joins(word) => *part += &format!(" {word}"),
            _ => parts.push(word.into()),
        }
        joined = joins(word);
    }
    parts
}

/// The words in lines of this width.
fn lines(parts: &[String], room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {part}"), 14.0) <= room => *line += &format!(" {part}"),
            _ => lines.push(part.clone()),
        }
    }
    lines
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
