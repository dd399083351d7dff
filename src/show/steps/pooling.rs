//! Pooling, window by window: the maximum or the mean, and where the gradient goes.

use super::cells::{Cell, Frame, Grid, Look, places};
use super::formula::{Formula, Symbols, symbol};
use super::scene::{Scene, Slot};
use super::walk::Steps;
use super::words::{described, readable, title};
use crate::layers;
use crate::numbers::{Session, Traced};
use crate::text::number;
use crate::{ShapeError, Slide, Tensor4};
use nalgebra::DMatrix;

/// [`max_pooling_forward`](layers::max_pooling_forward), a step for every window: its numbers, the maximum (a ring), and
/// later numbers equal to it (dashed rings).
///
/// # Errors
/// Those of [`max_pooling_forward`](layers::max_pooling_forward), and if a map has more than 16 rows or columns.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 2, 4], &[1.0, 5.0, 2.0, 0.0, 5.0, 4.0, -1.0, 7.0])?;
/// let steps = show::steps::max_pooling_forward(&z, (2, 2), Slide::by(2, 2))?;
/// let tie = ["y₀ = max(z₀₀, z₀₁, z₁₀, z₁₁) = z₀₁", "y₀ = max(1, 5, 5, 4) = 5", "5 occurs twice: the first one is taken."];
/// assert_eq!(steps.captions()[0], tie);
/// # Ok::<(), ShapeError>(())
/// ```
pub fn max_pooling_forward(z: &Tensor4<f64>, pooling: (usize, usize), slide: Slide) -> Result<Steps, ShapeError> {
    forward(Kind::Max, "steps::max_pooling_forward", z, pooling, slide)
}

/// [`max_pooling_backward`](layers::max_pooling_backward), a step for every window: its δ goes to the pixel that was the
/// maximum.
///
/// # Errors
/// Those of [`max_pooling_backward`](layers::max_pooling_backward), and if a map has more than 16 rows or
/// columns.
pub fn max_pooling_backward(
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Steps, ShapeError> {
    backward(Kind::Max, "steps::max_pooling_backward", next_dz, z, pooling, slide)
}

/// [`max_pooling_forward`] for [`max_pooling_zero_padded_forward`](layers::max_pooling_zero_padded_forward).
///
/// # Errors
/// As there.
pub fn max_pooling_zero_padded_forward(
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Steps, ShapeError> {
    forward(Kind::MaxOverZeros, "steps::max_pooling_zero_padded_forward", z, pooling, slide)
}

/// [`max_pooling_backward`] for [`max_pooling_zero_padded_backward`](layers::max_pooling_zero_padded_backward): what
/// goes to a zero of the padding is lost.
///
/// # Errors
/// As there.
pub fn max_pooling_zero_padded_backward(
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Steps, ShapeError> {
    backward(Kind::MaxOverZeros, "steps::max_pooling_zero_padded_backward", next_dz, z, pooling, slide)
}

/// [`avg_pooling_forward`](layers::avg_pooling_forward), a step for every window: its numbers, and their mean.
///
/// # Errors
/// Those of [`avg_pooling_forward`](layers::avg_pooling_forward), and if a map has more than 16 rows or columns.
///
/// ```
/// use handgrad::prelude::*;
/// let z = Tensor4::from_row_major([1, 1, 1, 3], &[1.0, 5.0, 2.0])?;
/// let steps = show::steps::avg_pooling_forward(&z, (1, 2), Slide::by(1, 1))?;
/// assert_eq!(steps.captions()[1], ["y₁ = (z₁ + z₂)/2", "y₁ = (5 + 2)/2 = 3.5"]);
/// # Ok::<(), ShapeError>(())
/// ```
pub fn avg_pooling_forward(z: &Tensor4<f64>, pooling: (usize, usize), slide: Slide) -> Result<Steps, ShapeError> {
    forward(Kind::Mean, "steps::avg_pooling_forward", z, pooling, slide)
}

/// [`avg_pooling_backward`](layers::avg_pooling_backward), a step for every window: its δ, in equal shares to all its
/// places.
///
/// # Errors
/// Those of [`avg_pooling_backward`](layers::avg_pooling_backward), and if a map has more than 16 rows or
/// columns.
pub fn avg_pooling_backward(
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Steps, ShapeError> {
    backward(Kind::Mean, "steps::avg_pooling_backward", next_dz, z, pooling, slide)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Max,
    MaxOverZeros,
    Mean,
}

type Maps = Tensor4<Traced>;

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Max => "Max pooling",
            Kind::MaxOverZeros => "Max pooling over zeros",
            Kind::Mean => "Average pooling",
        }
    }

    /// The number that pads z.
    fn padding(self) -> &'static str {
        if self == Kind::Max { "−∞" } else { "0" }
    }

    fn forward(self, z: &Maps, pooling: (usize, usize), slide: Slide) -> Result<Maps, ShapeError> {
        match self {
            Kind::Max => layers::max_pooling_forward(z, pooling, slide),
            Kind::MaxOverZeros => layers::max_pooling_zero_padded_forward(z, pooling, slide),
            Kind::Mean => layers::avg_pooling_forward(z, pooling, slide),
        }
    }

    fn backward(self, delta: &Maps, z: &Maps, pooling: (usize, usize), slide: Slide) -> Result<Maps, ShapeError> {
        match self {
            Kind::Max => layers::max_pooling_backward(delta, z, pooling, slide),
            Kind::MaxOverZeros => layers::max_pooling_zero_padded_backward(delta, z, pooling, slide),
            Kind::Mean => layers::avg_pooling_backward(delta, z, pooling, slide),
        }
    }
}

fn forward(
    kind: Kind,
    function: &'static str,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Steps, ShapeError> {
    let session = Session::new();
    let z = session.tensor("z", z);
    let run = Run::new(kind, function, z, pooling, slide)?;
    let [samples, channels, rows, columns] = run.y.shape();
    let sign = match kind {
        Kind::Mean => format!("Σ / {} →", pooling.0 * pooling.1),
        _ => "max →".into(),
    };
    let mut steps = Vec::new();
    for (n, c) in places((samples, channels)) {
        let mut y = Grid::empty(title("y", run.y.shape(), ["n", "c"], (n, c)), (rows, columns));
        for (i, j) in places((rows, columns)) {
            let formula = Formula::at("y", &run.y, (n, c, i, j), &run.symbols);
            let mut window = run.window((n, c, i, j));
            let maximum = window.mark(&formula.name);
            let now = y.fill((i, j), formula.cell(Look::Plain));
            let slots = vec![vec![Slot::Grid(window.grid), Slot::Sign(sign.clone()), Slot::Grid(now)]];
            let mut step = Scene::new(slots, (0, 2), (i, j), &formula);
            if kind != Kind::Mean {
                step.caption = maximum;
            }
            steps.push(step);
        }
    }
    Ok(Steps::new(format!("{}, forward{}", kind.name(), run.described()), steps))
}

fn backward(
    kind: Kind,
    function: &'static str,
    next_dz: &Tensor4<f64>,
    z: &Tensor4<f64>,
    pooling: (usize, usize),
    slide: Slide,
) -> Result<Steps, ShapeError> {
    let session = Session::new();
    let (z, delta) = (session.tensor("z", z), session.tensor("δ", next_dz));
    let dz = kind.backward(&delta, &z, pooling, slide)?;
    let run = Run::new(kind, function, z, pooling, slide)?;
    let [samples, channels, rows, columns] = delta.shape();
    let mut steps = Vec::new();
    for (n, c) in places((samples, channels)) {
        let scatter = Scatter::new(&run, &delta, &dz, (n, c));
        steps.extend(places((rows, columns)).map(|at| scatter.step(at)));
    }
    Ok(Steps::new(format!("{}, backward{}", kind.name(), run.described()), steps))
}

/// A pooling after its run on symbols.
struct Run {
    kind: Kind,
    pooling: (usize, usize),
    slide: Slide,
    z: Maps,
    y: Maps,
    /// The mean of each window: its formula contains every pixel of the window.
    means: Maps,
    symbols: Symbols,
}

impl Run {
    fn new(
        kind: Kind,
        function: &'static str,
        z: Maps,
        pooling: (usize, usize),
        slide: Slide,
    ) -> Result<Self, ShapeError> {
        let y = kind.forward(&z, pooling, slide)?;
        let means = layers::avg_pooling_forward(&z, pooling, slide)?;
        readable(function, z.pad(slide.padding)?)?;
        let symbols = Symbols::among(z.as_slice());
        Ok(Run { kind, pooling, slide, z, y, means, symbols })
    }

    fn described(&self) -> String {
        let (k1, k2) = self.pooling;
        format!(", windows of {k1} × {k2}{}", described(self.slide))
    }

    /// The padded map.
    fn map(&self, (n, c): (usize, usize)) -> Grid {
        let padding = self.slide.padding;
        let name = match padding {
            (0, 0) => "z".into(),
            _ => format!("z padded with {}", self.kind.padding()),
        };
        let map = Grid::of(title(&name, self.z.shape(), ["n", "c"], (n, c)), &self.z.map_at(n, c));
        let text = self.kind.padding().to_owned();
        map.padded(padding, &Cell { number: text.clone(), symbol: text, look: Look::Padding })
    }

    /// The upper left corner of a window on the padded map.
    fn corner(&self, (i, j): (usize, usize)) -> (usize, usize) {
        (i * self.slide.strides.0, j * self.slide.strides.1)
    }

    /// The numbers under a window.
    fn window(&self, (n, c, i, j): (usize, usize, usize, usize)) -> Window {
        let (corner, (p1, p2), [_, _, height, width]) = (self.corner((i, j)), self.slide.padding, self.z.shape());
        let (mean, y) = (Formula::new("", self.means[(n, c, i, j)], &self.symbols), self.y[(n, c, i, j)]);
        let mut grid = self.map((n, c)).framed(Frame::Read, corner, self.pooling);
        let mut cells: Vec<((usize, usize), f64)> = Vec::new();
        let mut winner = None;
        for at in places(self.pooling).map(|(u, v)| (corner.0 + u, corner.1 + v)) {
            let pixel = at.0.checked_sub(p1).zip(at.1.checked_sub(p2)).filter(|&(r, q)| r < height && q < width);
            let pixel = pixel.map(|(r, q)| self.z[(n, c, r, q)]);
            let name = pixel.and_then(symbol);
            if name.is_some_and(|name| mean.has(name)) {
                grid.cells[at].look = Look::Read;
            } else if self.kind != Kind::MaxOverZeros {
                continue; // in the padding, which adds nothing and is never the maximum
            }
            if winner.is_none() && name == symbol(y) {
                winner = Some(cells.len());
            }
            cells.push((at, pixel.map_or(0.0, Traced::value)));
        }
        Window { grid, cells, winner }
    }
}

/// The numbers under a window, and the one that the layer takes.
struct Window {
    grid: Grid,
    /// Places on the padded map and values, row by row.
    cells: Vec<((usize, usize), f64)>,
    winner: Option<usize>,
}

impl Window {
    /// Draws rings around the maximum and the numbers equal to it; returns the caption.
    fn mark(&mut self, name: &str) -> Vec<String> {
        let Some(winner) = self.winner else { return Vec::new() };
        let best = self.cells[winner].1;
        for (k, &(at, value)) in self.cells.iter().enumerate() {
            match k == winner {
                true => self.grid.cells[at].look = Look::Winner,
                false if value == best => self.grid.cells[at].look = Look::Tied,
                false => {}
            }
        }
        let text = |symbols: bool| -> Vec<&str> {
            self.cells.iter().map(|&(at, _)| self.grid.cells[at].text(symbols)).collect()
        };
        let line = |symbols: bool| {
            let all = text(symbols);
            format!("{name} = max({}) = {}", all.join(", "), all[winner])
        };
        let ties = self.cells.iter().filter(|(_, value)| *value == best).count();
        let times = if ties == 2 { "twice".into() } else { format!("{ties} times") };
        let tie = (ties > 1).then(|| format!("{} occurs {times}: the first one is taken.", number(best)));
        [line(true), line(false)].into_iter().chain(tie).collect()
    }
}

/// Where the δ of each window goes, on one map.
struct Scatter<'a> {
    run: &'a Run,
    map: (usize, usize),
    delta: DMatrix<Traced>,
    dz: DMatrix<Formula>,
    titles: [String; 2],
}

impl<'a> Scatter<'a> {
    fn new(run: &'a Run, delta: &Maps, dz: &Maps, map: (usize, usize)) -> Self {
        let symbols = Symbols::among(delta.as_slice());
        let [_, _, height, width] = dz.shape();
        let formula = |r, q| Formula::at("dz", dz, (map.0, map.1, r, q), &symbols);
        Scatter {
            run,
            map,
            delta: delta.map_at(map.0, map.1),
            dz: DMatrix::from_fn(height, width, formula),
            titles: [("δ", delta.shape()), ("dz", dz.shape())].map(|(name, shape)| title(name, shape, ["n", "c"], map)),
        }
    }

    /// The step that hands out this window's δ, after those before it.
    fn step(&self, (i, j): (usize, usize)) -> Scene {
        let now = symbol(self.delta[(i, j)]);
        let before = |&place: &(usize, usize)| place <= (i, j);
        let done: Vec<_> = places(self.delta.shape()).filter(before).map(|at| symbol(self.delta[at])).collect();
        let so_far = self.dz.map(|formula| formula.only(|s| done.contains(&Some(s))));
        let reached = |at: &(usize, usize)| now.is_some_and(|now| so_far[*at].has(now));
        let reached: Vec<_> = places(so_far.shape()).filter(reached).collect();

        let mut delta = Grid::of(&self.titles[0], &self.delta).framed(Frame::Read, (i, j), (1, 1));
        delta.cells[(i, j)].look = Look::Read;
        let dz = self.filled(&so_far, &reached, (i, j));
        let name = self.delta[(i, j)].to_string();
        let (slots, caption) = match (self.run.kind, reached.first()) {
            (Kind::Mean, first) => {
                let area = self.run.pooling.0 * self.run.pooling.1;
                let slots = vec![Slot::Grid(delta), Slot::Sign(format!("/ {area} →")), Slot::Grid(dz)];
                let share = first.map(|&at| so_far[at].only(|s| Some(s) == now).named("share"));
                (slots, shares(share, area, reached.len()))
            }
            (_, first) => {
                let mut window = self.run.window((self.map.0, self.map.1, i, j));
                window.mark(&name);
                let arrow = || Slot::Sign("→".into());
                let slots = vec![Slot::Grid(delta), arrow(), Slot::Grid(window.grid), arrow(), Slot::Grid(dz)];
                let lost = || vec![format!("{name} goes to a zero of the padding and is lost.")];
                (slots, first.map_or_else(lost, |&at| so_far[at].caption()))
            }
        };
        Scene { name, caption, slots: vec![slots], result: Some(((0, 0), (i, j))) }
    }

    /// dz so far, with the entries of this step lit.
    fn filled(&self, so_far: &DMatrix<Formula>, reached: &[(usize, usize)], window: (usize, usize)) -> Grid {
        let mut dz = Grid::new(&self.titles[1], so_far.map(|formula| formula.cell(Look::Plain)));
        reached.iter().for_each(|&at| dz.cells[at].look = Look::Result);
        let (p1, p2) = self.run.slide.padding;
        let dz = dz.padded((p1, p2), &Cell { look: Look::Cropped, ..Cell::empty() });
        match (self.run.kind, reached.first()) {
            (Kind::Mean, _) => dz.framed(Frame::Result, self.run.corner(window), self.run.pooling),
            (_, Some(&(r, q))) => dz.framed(Frame::Result, (r + p1, q + p2), (1, 1)),
            (_, None) => dz,
        }
    }
}

/// The caption of a δ that all places of a window share.
fn shares(share: Option<Formula>, area: usize, inside: usize) -> Vec<String> {
    let lost =
        (inside < area).then(|| format!("{} of {area} shares fall into the padding and are cropped.", area - inside));
    share.iter().flat_map(Formula::caption).chain(lost).collect()
}
