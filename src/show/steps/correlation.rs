//! A kernel that slides over a map: the scene of a convolution and of two of its gradients.

use super::cells::{Cell, Frame, Grid, Look};
use super::formula::{Formula, symbol};
use super::scene::{Scene, Slot};
use crate::numbers::Traced;
use crate::text::number;
use nalgebra::DMatrix;

/// A place of a map.
pub(super) type At = (usize, usize);

/// A map after the run, and the look of each cell before it takes part.
pub(super) struct Map {
    title: String,
    entries: DMatrix<Traced>,
    symbols: DMatrix<Option<u32>>,
    looks: DMatrix<Look>,
}

impl Map {
    /// An entry that is no symbol is an added zero: padding in the outer (p1, p2) rows and columns, inserted elsewhere.
    pub fn new(title: impl Into<String>, entries: DMatrix<Traced>, (p1, p2): (usize, usize)) -> Self {
        let (rows, columns) = entries.shape();
        let symbols = entries.map(symbol);
        let looks = DMatrix::from_fn(rows, columns, |i, j| match symbols[(i, j)] {
            Some(_) => Look::Plain,
            None if i < p1 || i + p1 >= rows || j < p2 || j + p2 >= columns => Look::Padding,
            None => Look::Inserted,
        });
        Map { title: title.into(), entries, symbols, looks }
    }

    pub fn grid(&self) -> Grid {
        let mut grid = Grid::of(&self.title, &self.entries);
        grid.cells.zip_apply(&self.looks, |cell, look| cell.look = look);
        grid
    }
}

/// Sums of products: a window of each map with the kernel that slides over it.
pub(super) struct Correlation {
    /// The maps and their kernels; all products of all pairs are summed.
    pub pairs: Vec<(Map, Map)>,
    pub strides: (usize, usize),
    /// What to draw between the products and the result.
    pub sum: Vec<Slot>,
}

impl Correlation {
    /// A step for each formula, which fills its place in `result`.
    pub fn walk(&self, mut result: Grid, formulas: impl IntoIterator<Item = (At, Formula)>) -> Vec<Scene> {
        let step = |(at, formula): (At, Formula)| {
            let now = result.fill(at, formula.cell(Look::Plain));
            let rows = self.pairs.iter().map(|pair| self.meet(pair, at, &formula).map(Slot::Grid)).collect();
            Scene::new(self.table(rows, now), self.place(), at, &formula)
        };
        formulas.into_iter().map(step).collect()
    }

    /// The maps, the kernels and the result, before or after the walk.
    pub fn at_rest(&self, result: Grid, name: &str, caption: String) -> Scene {
        let pairs = self.pairs.iter().map(|(image, kernel)| [image.grid(), kernel.grid()]).collect();
        self.before(pairs, result, name, caption)
    }

    /// Other maps and kernels in their places.
    pub fn before(&self, pairs: Vec<[Grid; 2]>, result: Grid, name: &str, caption: String) -> Scene {
        let row = |[image, kernel]: [Grid; 2]| [Slot::Grid(image), Slot::Grid(kernel), Slot::Nothing];
        let slots = self.table(pairs.into_iter().map(row).collect(), result);
        Scene { name: name.into(), caption: vec![caption], slots, result: None }
    }

    /// Map, kernel and products of every pair, and the result beside the middle pair.
    fn table(&self, rows: Vec<[Slot; 3]>, result: Grid) -> Vec<Vec<Slot>> {
        let sign = |sign: &str| Slot::Sign(sign.into());
        let row = |(k, [image, kernel, products]): (usize, [Slot; 3])| {
            let mut row = vec![image, sign("⊙"), kernel, sign("="), products];
            match k == self.place().0 {
                true => row.extend(self.sum.iter().cloned().chain([Slot::Grid(result.clone())])),
                false => row.extend(self.sum.iter().map(|_| Slot::Nothing).chain([Slot::Nothing])),
            }
            row
        };
        rows.into_iter().enumerate().map(row).collect()
    }

    /// Row and column of the result's slot.
    fn place(&self) -> (usize, usize) {
        (self.pairs.len().saturating_sub(1) / 2, 5 + self.sum.len())
    }

    /// A map with its window, the kernel, and the products that occur in the formula.
    fn meet(&self, (image, kernel): &(Map, Map), at: At, formula: &Formula) -> [Grid; 3] {
        let ((top, left), size) = ((at.0 * self.strides.0, at.1 * self.strides.1), kernel.entries.shape());
        let (mut under, mut taps) = (image.grid(), kernel.grid());
        let products = DMatrix::from_fn(size.0, size.1, |u, v| {
            let place = (top + u, left + v);
            let (Some(&a), Some(&b)) = (image.symbols.get(place), kernel.symbols.get((u, v))) else {
                return Cell::empty();
            };
            match a.zip(b).and_then(|(a, b)| formula.product(a, b)) {
                Some(product) => {
                    let symbol = format!("{}{}", image.entries[place], kernel.entries[(u, v)]);
                    (under.cells[place].look, taps.cells[(u, v)].look) = (Look::Read, Look::Weight);
                    Cell { number: number(product), symbol, look: Look::Plain }
                }
                None => {
                    Cell { number: "0".into(), symbol: "0".into(), look: image.looks[place].max(kernel.looks[(u, v)]) }
                }
            }
        });
        if top + size.0 <= under.cells.nrows() && left + size.1 <= under.cells.ncols() {
            under = under.framed(Frame::Read, (top, left), size);
        }
        [under, taps.framed(Frame::Weight, (0, 0), size), Grid::new("products", products)]
    }
}
