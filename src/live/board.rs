//! Matrices side by side, number by number: each knows which others it was computed from.

use super::lines::{LETTERS, LINE, lines};
use crate::show::canvas::{FINE, LARGE, SMALL, fitted, width};
use crate::show::{Figure, escape};
use nalgebra::DMatrix;
use std::fmt::Write;

/// Writes into the elements of the picture, which cannot fail.
macro_rules! add {
    ($board:ident, $($text:tt)*) => {{
        let _ = write!($board.body, $($text)*);
    }};
}

/// The usual width of a cell, in pixels, and the smallest one that spares a row a second line; then the same on a phone.
/// A single grid that is wider than the picture has narrower ones.
const WIDTHS: [(f64, f64); 2] = [(50.0, 36.0), (42.0, 32.0)];
const HEIGHT: f64 = 28.0;
/// Rooms that are narrower than this are a phone's.
const PHONE: f64 = 500.0;
/// What a number in a cell is written in, and the smallest that it shrinks to.
const FONTS: (f64, f64) = (13.0, 9.0);
/// Between what stands side by side.
const GAP: f64 = 14.0;
const MARGIN: f64 = 16.0;
/// The height of a grid's name above it.
const NAME: f64 = 22.0;
/// What frames a number that can be typed.
pub(super) const FRAME: &str = "stroke=\"#57606A\" stroke-width=\"4\"";

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
    /// Nothing is computed from it: hatched.
    Unused,
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
    /// What is said about it, if it is the cell that was asked about.
    pub note: Option<String>,
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

/// One of the things side by side.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Grid(Grid),
    /// It stands before a grid.
    Sign(&'static str),
}

/// A grid and the sign before it, if there is one.
struct Group {
    sign: Option<&'static str>,
    grid: Grid,
}

impl Group {
    /// The width of the sign, with the gap behind it.
    fn lead(&self) -> f64 {
        self.sign.map_or(0.0, |sign| width(sign, LARGE) + GAP)
    }

    /// How wide the cells are in this room, if they may be as wide as `cell`.
    fn cell(&self, room: f64, cell: f64) -> f64 {
        cell.min((room - self.lead()) / self.grid.cells.ncols().max(1) as f64)
    }

    fn width(&self, room: f64, cell: f64) -> f64 {
        let cells = self.grid.cells.ncols() as f64 * self.cell(room, cell);
        self.lead() + cells.max(self.grid.name_width())
    }

    fn height(&self) -> f64 {
        NAME + self.grid.cells.nrows() as f64 * HEIGHT
    }
}

impl Grid {
    fn name_width(&self) -> f64 {
        1.12 * width(&self.name, SMALL + 1.0)
    }
}

/// A picture of grids, from top to bottom.
pub(super) struct Board {
    width: u32,
    /// The width between the margins.
    room: f64,
    /// The y at which the next row begins.
    y: f64,
    body: String,
    /// What is said about the cell that was asked about.
    pub note: Option<String>,
}

impl Board {
    /// An empty picture of this width.
    pub fn new(width: u32) -> Self {
        Board { width, room: f64::from(width) - 2.0 * MARGIN, y: MARGIN, body: String::new(), note: None }
    }

    /// A line of words, broken evenly where it is too long, but not within an equation; bold if it is a heading.
    pub fn words(&mut self, words: &str, bold: bool) {
        let look = if bold { "font-weight=\"bold\"" } else { "fill=\"#57606a\"" };
        let look = format!("text-anchor=\"start\" font-size=\"{}\" {look}", half(LETTERS));
        for line in lines(words, self.room, bold) {
            self.text((MARGIN, self.y + LINE / 2.0), &line, &look);
            self.y += LINE;
        }
        self.y += 4.0;
    }

    /// Grids and signs side by side, on further lines where there is no room.
    pub fn row(&mut self, items: Vec<Item>) {
        let (mut groups, mut sign): (Vec<Group>, _) = (Vec::new(), None);
        for item in items {
            match item {
                Item::Sign(before) => sign = Some(before),
                Item::Grid(grid) => groups.push(Group { sign: sign.take(), grid }),
            }
        }
        let (usual, least) = WIDTHS[usize::from(f64::from(self.width) < PHONE)];
        let room = self.room;
        let whole = |cell: f64| groups.iter().map(|group| group.width(room, cell) + GAP).sum::<f64>() - GAP;
        let cell =
            (least as u32..=usual as u32).rev().map(f64::from).find(|cell| whole(*cell) <= room).unwrap_or(usual);
        let mut lines: Vec<(f64, Vec<Group>)> = Vec::new();
        for group in groups {
            let needed = group.width(room, cell);
            match lines.last_mut() {
                Some((used, line)) if *used + GAP + needed <= room => {
                    *used += GAP + needed;
                    line.push(group);
                }
                _ => lines.push((needed, vec![group])),
            }
        }
        for (_, line) in lines {
            let height = line.iter().map(Group::height).fold(0.0, f64::max);
            let mut x = MARGIN;
            for group in line {
                if let Some(sign) = group.sign {
                    let at = (x + width(sign, LARGE) / 2.0, self.y + NAME + (height - NAME) / 2.0);
                    self.text(at, sign, "font-size=\"30\" fill=\"#57606a\"");
                }
                let place = (x + group.lead(), self.y + (height - group.height()) / 2.0);
                self.grid(&group.grid, place, group.cell(room, cell));
                x += group.width(room, cell) + GAP;
            }
            self.y += height + 12.0;
        }
    }

    /// The finished picture.
    pub fn figure(self, alt: String) -> Figure {
        Figure::of((self.width, (self.y + 6.0) as u32), alt, self.body)
    }

    fn grid(&mut self, grid: &Grid, (x, y): (f64, f64), cell: f64) {
        let middle = x + (grid.cells.ncols() as f64 * cell).max(grid.name_width()) / 2.0;
        self.body += "<g font-size=\"26\" stroke=\"#8c959f\" stroke-width=\"2\">";
        self.text((middle, y + 10.0), &grid.name, "fill=\"#57606a\" stroke=\"none\"");
        for i in 0..grid.cells.nrows() {
            for j in 0..grid.cells.ncols() {
                self.cell(grid, (i, j), (x + j as f64 * cell, y + NAME + i as f64 * HEIGHT), cell);
            }
        }
        self.body += "</g>";
    }

    fn cell(&mut self, grid: &Grid, (i, j): (usize, usize), (x, y): (f64, f64), wide: f64) {
        let cell = &grid.cells[(i, j)];
        if self.note.is_none() {
            self.note.clone_from(&cell.note);
        }
        let (fill, ink, dashes) = match cell.look {
            Look::Added | Look::Dropped => ("none", " fill=\"#57606a\"", " stroke-dasharray=\"4 4\""),
            Look::Unused => ("#F6F8FA", "", ""),
            _ => (grid.role.fill(), "", ""),
        };
        let (left, top, across, down) = (half(x), half(y), half(wide), half(HEIGHT));
        add!(self, "<g data-cell=\"{}\" data-from=\"{}\">", escape(&cell.id), escape(&cell.from.join(" ")));
        add!(self, "<rect x=\"{left}\" y=\"{top}\" width=\"{across}\" height=\"{down}\" fill=\"{fill}\"{dashes}");
        if let Some((knob, first)) = grid.knob {
            let (place, name) = (first + i * grid.cells.ncols() + j, escape(&grid.name));
            add!(self, " {FRAME} data-knob=\"{knob}\" data-at=\"{place}\" data-label=\"{name} row {i} column {j}\"");
        }
        self.body += "/>";
        let (text, font) = fitted(cell.value, wide - 4.0, FONTS);
        let (cx, cy) = (x + wide / 2.0, y + HEIGHT / 2.0);
        let font = if font < FONTS.0 { format!(" font-size=\"{}\"", half(font)) } else { String::new() };
        self.text((cx, cy), &text, &format!("stroke=\"none\"{ink}{font}"));
        match cell.look {
            Look::Plain | Look::Added => {}
            Look::Dropped => add!(self, "<path d=\"M{left} {}l{across} {}\"/>", top + down, -down),
            Look::Unused => {
                let strokes =
                    (1..=3).map(|k| format!("M{} {}l{} {}", left + across * k / 4, top + down, across / 4, -down));
                add!(self, "<path d=\"{}\" stroke=\"#c8cfd6\"/>", strokes.collect::<String>());
            }
            ring @ (Look::Winner | Look::Tied) => add!(
                self,
                "<ellipse cx=\"{}\" cy=\"{}\" rx=\"{}\" ry=\"{}\" fill=\"none\" stroke=\"#b34700\" stroke-width=\"4\"{}/>",
                half(cx),
                half(cy),
                half(wide / 2.0 - 3.0),
                half(HEIGHT / 2.0 - 3.0),
                if ring == Look::Tied { " stroke-dasharray=\"7 7\"" } else { "" }
            ),
        }
        self.body += "</g>\n";
    }

    /// A text that is vertically centred on y.
    fn text(&mut self, (x, y): (f64, f64), text: &str, look: &str) {
        add!(self, "<text x=\"{}\" y=\"{}\" {look}>{}</text>", half(x), half(y) + 9, escape(text));
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
