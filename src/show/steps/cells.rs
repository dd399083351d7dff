//! Grids of cells, from which every step is drawn.

use crate::numbers::Traced;
use crate::show::canvas;
use crate::show::figure::escape;
use crate::text::number;
use nalgebra::DMatrix;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Lengths are in half pixels, as in all figures.
pub(super) const HEIGHT: i32 = 60;
/// Above a grid: its name.
pub(super) const TITLE: i32 = 44;
const NARROWEST: i32 = 60;
const FONT: f64 = canvas::MIDDLE;

/// The role of a cell in this step. No two looks differ by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Look {
    Plain,
    /// Takes part, as an input: filled.
    Read,
    /// Takes part, as a weight: filled.
    Weight,
    /// What this step computes: filled and bold.
    Result,
    /// Padding: hatched.
    Padding,
    /// A zero inserted between two numbers: dotted.
    Inserted,
    /// Cropped at the end: hatched and crossed out.
    Cropped,
    /// The maximum that the layer takes: filled, with a ring around it.
    Winner,
    /// Equal to the maximum, but later: filled, with a dashed ring around it.
    Tied,
}

impl Look {
    fn fill(self) -> Option<&'static str> {
        match self {
            Look::Plain => None,
            Look::Read | Look::Winner | Look::Tied => Some("#cfe4f3"),
            Look::Weight => Some("#fbdcc6"),
            Look::Result => Some("#c3ead9"),
            Look::Padding | Look::Cropped => Some("url(#hatch)"),
            Look::Inserted => Some("url(#dots)"),
        }
    }

    fn faint(self) -> bool {
        matches!(self, Look::Padding | Look::Inserted | Look::Cropped)
    }
}

/// The colour and the dashes of a frame around cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Frame {
    Read,
    Weight,
    Result,
}

impl Frame {
    fn stroke(self) -> &'static str {
        match self {
            Frame::Read => "stroke=\"#0072b2\" stroke-width=\"6\"",
            Frame::Weight => "stroke=\"#d55e00\" stroke-width=\"6\" stroke-dasharray=\"14 6\"",
            Frame::Result => "class=\"result\" stroke=\"#007a58\" stroke-width=\"8\"",
        }
    }
}

/// A number, its symbol, and its role in this step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub number: String,
    pub symbol: String,
    pub look: Look,
}

impl Cell {
    pub fn empty() -> Self {
        Cell { number: String::new(), symbol: String::new(), look: Look::Plain }
    }

    /// The value of an entry, and its formula.
    pub fn of(entry: Traced, look: Look) -> Self {
        Cell { number: number(entry.value()), symbol: entry.to_string(), look }
    }

    pub fn text(&self, symbols: bool) -> &str {
        if symbols { &self.symbol } else { &self.number }
    }
}

/// A matrix drawn as boxes, with its name above it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    pub title: String,
    pub cells: DMatrix<Cell>,
    pub frames: Vec<Framed>,
}

/// Cells with a frame around them: the first of them, and how many rows and columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Framed {
    frame: Frame,
    at: (usize, usize),
    size: (usize, usize),
}

impl Grid {
    pub fn new(title: impl Into<String>, cells: DMatrix<Cell>) -> Self {
        Grid { title: title.into(), cells, frames: Vec::new() }
    }

    pub fn of(title: impl Into<String>, entries: &DMatrix<Traced>) -> Self {
        Grid::new(title, entries.map(|entry| Cell::of(entry, Look::Plain)))
    }

    /// A grid of empty cells.
    pub fn empty(title: impl Into<String>, (rows, columns): (usize, usize)) -> Self {
        Grid::new(title, DMatrix::from_element(rows, columns, Cell::empty()))
    }

    /// The same grid padded with `cell`: p1 rows above and below, p2 columns left and right.
    pub fn padded(self, (p1, p2): (usize, usize), cell: &Cell) -> Self {
        let (rows, columns) = self.cells.shape();
        let cells = DMatrix::from_fn(rows + 2 * p1, columns + 2 * p2, |i, j| {
            let inside = i.checked_sub(p1).zip(j.checked_sub(p2));
            inside.and_then(|at| self.cells.get(at)).unwrap_or(cell).clone()
        });
        Grid { cells, ..self }
    }

    pub fn framed(mut self, frame: Frame, at: (usize, usize), size: (usize, usize)) -> Self {
        self.frames.push(Framed { frame, at, size });
        self
    }

    /// Puts a cell at its place, and returns the grid with this cell lit.
    pub fn fill(&mut self, at: (usize, usize), cell: Cell) -> Grid {
        self.cells[at] = cell;
        let mut now = self.clone().framed(Frame::Result, at, (1, 1));
        now.cells[at].look = Look::Result;
        now
    }

    /// The width that fits the widest text.
    pub fn cell_width(&self, symbols: bool) -> i32 {
        let widest = self.cells.iter().map(|cell| room(cell.text(symbols))).fold(0.0, f64::max);
        (widest as i32 + 20).max(NARROWEST)
    }

    /// Width and height, including the name.
    pub fn size(&self, cell_width: i32) -> (i32, i32) {
        let (rows, columns) = self.cells.shape();
        let title = canvas::fine(canvas::width(&self.title, FONT)) + 8;
        ((columns as i32 * cell_width).max(title), rows as i32 * HEIGHT + TITLE)
    }
}

/// The stacking order of elements, from bottom to top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    Fill,
    Text,
    Line,
    Mark,
}

/// The patterns that the fills use.
pub(super) const PATTERNS: &str = concat!(
    "<defs><pattern id=\"hatch\" width=\"12\" height=\"12\" patternUnits=\"userSpaceOnUse\">",
    "<path d=\"M-3 3l6 -6M0 12l12 -12M9 15l6 -6\" stroke=\"#c8cfd6\" stroke-width=\"2\"/></pattern>",
    "<pattern id=\"dots\" width=\"10\" height=\"10\" patternUnits=\"userSpaceOnUse\">",
    "<circle cx=\"5\" cy=\"5\" r=\"1.6\" fill=\"#aab4be\"/></pattern></defs>",
);

/// The elements of one step.
#[derive(Default)]
pub(super) struct Sheet {
    pub elements: Vec<(Depth, String)>,
}

impl Sheet {
    fn push(&mut self, depth: Depth, element: String) {
        self.elements.push((depth, element));
    }

    /// A line of text centred on (x, y), with further attributes `look`.
    pub fn text(&mut self, at: (i32, i32), text: &str, look: &str) {
        if !text.is_empty() {
            self.lines(at, 0, [text], look);
        }
    }

    /// Several lines of text, `apart` from each other.
    pub fn lines<'a>(&mut self, (x, y): (i32, i32), apart: i32, lines: impl IntoIterator<Item = &'a str>, look: &str) {
        let mut body = String::new();
        for (k, line) in lines.into_iter().map(escape).enumerate() {
            match k {
                0 => body += &line,
                _ => push(&mut body, format_args!("<tspan x=\"{x}\" dy=\"{apart}\">{line}</tspan>")),
            }
        }
        self.push(Depth::Text, format!("<text x=\"{x}\" y=\"{}\" fill=\"{MUTED}\"{look}>{body}</text>", y + 8));
    }

    /// A grid whose first cell has its upper left corner here; its name stands above.
    pub fn grid(&mut self, grid: &Grid, (x, y): (i32, i32), width: i32, symbols: bool) {
        let (rows, columns) = grid.cells.shape();
        let (right, bottom) = (columns as i32 * width, rows as i32 * HEIGHT);
        self.text((x + right / 2, y - 22), &grid.title, "");
        let corner = |(i, j): (usize, usize)| (x + j as i32 * width, y + i as i32 * HEIGHT);

        let mut lines = String::new();
        (0..=rows).for_each(|i| push(&mut lines, format_args!("M{x} {}h{right}", y + i as i32 * HEIGHT)));
        (0..=columns).for_each(|j| push(&mut lines, format_args!("M{} {y}v{bottom}", x + j as i32 * width)));
        self.push(Depth::Line, format!("<path d=\"{lines}\" fill=\"none\" stroke=\"#8c959f\" stroke-width=\"2\"/>"));

        self.fills(grid, corner, width);
        for i in 0..rows {
            self.row(grid, i, corner, width, symbols);
        }
        for &Framed { frame, at, size: (h, w) } in &grid.frames {
            let ((x, y), stroke) = (corner(at), frame.stroke());
            let size = (w as i32 * width, h as i32 * HEIGHT);
            self.push(
                Depth::Mark,
                format!(
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"4\" fill=\"none\" {stroke}/>",
                    size.0, size.1
                ),
            );
        }
    }

    /// Draws all cells of one look as one element, and neighbours in a row as one piece of it.
    fn fills(&mut self, grid: &Grid, corner: impl Fn((usize, usize)) -> (i32, i32), width: i32) {
        let mut paths: BTreeMap<Look, String> = BTreeMap::new();
        let (mut rings, mut crosses) = (String::new(), String::new());
        let looks = grid.cells.map(|cell| cell.look);
        for (i, j) in places(looks.shape()) {
            let (look, (x, y)) = (looks[(i, j)], corner((i, j)));
            if look.fill().is_some() && (j == 0 || looks[(i, j - 1)] != look) {
                let length = (j..looks.ncols()).take_while(|&j| looks[(i, j)] == look).count() as i32 * width;
                push(paths.entry(look).or_default(), format_args!("M{x} {y}h{length}v{HEIGHT}h-{length}z"));
            }
            let (cx, cy, rx) = (x + width / 2, y + HEIGHT / 2, width / 2 - 5);
            let dashes = if look == Look::Tied { " stroke-dasharray=\"7 7\"" } else { "" };
            match look {
                Look::Winner | Look::Tied => {
                    push(&mut rings, format_args!("<ellipse cx=\"{cx}\" cy=\"{cy}\" rx=\"{rx}\" ry=\"25\"{dashes}/>"))
                }
                Look::Cropped => push(&mut crosses, format_args!("M{x} {}l{width} -{HEIGHT}", y + HEIGHT)),
                _ => {}
            }
        }
        for (look, path) in paths {
            let fill = look.fill().unwrap_or("none");
            self.push(Depth::Fill, format!("<path d=\"{path}\" fill=\"{fill}\"/>"));
        }
        if !rings.is_empty() {
            self.push(Depth::Mark, format!("<g fill=\"none\" stroke=\"#b34700\" stroke-width=\"4\">{rings}</g>"));
        }
        if !crosses.is_empty() {
            self.push(Depth::Mark, format!("<path d=\"{crosses}\" stroke=\"#8c959f\" stroke-width=\"2\"/>"));
        }
    }

    /// The texts of a row, one element for each look, with a place for each letter.
    fn row(&mut self, grid: &Grid, i: usize, corner: impl Fn((usize, usize)) -> (i32, i32), width: i32, symbols: bool) {
        for (ink, wanted) in [("", false), (" fill=\"#57606a\"", true)] {
            let (mut places, mut letters) = (String::new(), String::new());
            for j in (0..grid.cells.ncols()).filter(|&j| grid.cells[(i, j)].look.faint() == wanted) {
                let cell = &grid.cells[(i, j)];
                if cell.look != Look::Result {
                    spread(cell.text(symbols), corner((i, j)).0 + width / 2, &mut places, &mut letters);
                }
            }
            self.letters(&places, &letters, corner((i, 0)).1, ink);
        }
        for j in (0..grid.cells.ncols()).filter(|&j| grid.cells[(i, j)].look == Look::Result) {
            let (mut places, mut letters) = (String::new(), String::new());
            spread(grid.cells[(i, j)].text(symbols), corner((i, j)).0 + width / 2, &mut places, &mut letters);
            self.letters(&places, &letters, corner((i, j)).1, " font-weight=\"bold\"");
        }
    }

    fn letters(&mut self, places: &str, letters: &str, y: i32, look: &str) {
        if !letters.is_empty() {
            let (places, y) = (places.trim_end(), y + HEIGHT / 2 + 9);
            self.push(Depth::Text, format!("<text x=\"{places}\" y=\"{y}\"{look}>{}</text>", escape(letters)));
        }
    }
}

const MUTED: &str = "#57606a";

/// All places of a matrix, row by row.
pub(super) fn places((rows, columns): (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
}

/// Appends to a string, which cannot fail.
fn push(text: &mut String, arguments: std::fmt::Arguments) {
    canvas::sure(text.write_fmt(arguments));
}

/// The width in which the letters of a text are set, in half pixels, with room for wide fonts.
fn room(text: &str) -> f64 {
    1.08 * f64::from(canvas::FINE) * canvas::width(text, FONT)
}

/// The places of a text's letters around `centre`.
fn spread(text: &str, centre: i32, places: &mut String, letters: &mut String) {
    let mut x = f64::from(centre) - room(text) / 2.0;
    for letter in text.chars() {
        let width = room(letter.encode_utf8(&mut [0; 4]));
        push(places, format_args!("{:.0} ", x + width / 2.0));
        letters.push(letter);
        x += width;
    }
}
