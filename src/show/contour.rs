//! Lines of equal height, by marching squares.

use nalgebra::DMatrix;
use std::collections::BTreeMap;

/// An edge of the grid: the row and column of its upper or left end, and whether it goes down.
type Edge = (usize, usize, bool);

/// For each edge, the edges that a line crosses next.
type Links = BTreeMap<Edge, Vec<Edge>>;

/// The lines along which `values`, linear between neighbours, are `level`: points (column, row) of the matrix.
///
/// An open line ends at the border of the matrix or at an entry that is not finite. All others are closed.
///
/// Source: Lorensen, Cline, *Marching cubes* (1987), in two dimensions.
pub(super) fn contours(values: &DMatrix<f64>, level: f64) -> Vec<Vec<(f64, f64)>> {
    let mut links = links(values, level);
    let mut lines = Vec::new();
    // First the open lines, from one of their ends; the rest are rings.
    while let Some(start) = links.iter().find(|(_, to)| to.len() == 1).or_else(|| links.iter().next()) {
        let start = *start.0;
        lines.push(follow(&mut links, start).into_iter().map(|edge| crossing(values, level, edge)).collect());
    }
    lines
}

fn links(values: &DMatrix<f64>, level: f64) -> Links {
    let mut links = Links::new();
    let (rows, columns) = values.shape();
    for (i, j) in (1..rows).flat_map(|i| (1..columns).map(move |j| (i - 1, j - 1))) {
        let corners = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)].map(|at| values[at]);
        if !corners.iter().all(|corner| corner.is_finite()) {
            continue;
        }
        let above = corners.map(|corner| corner > level);
        let [top, right, bottom, left] = [(i, j, false), (i, j + 1, true), (i + 1, j, false), (i, j, true)];
        let edges = [top, right, bottom, left];
        let crossed: Vec<Edge> = (0..4).filter(|&k| above[k] != above[(k + 1) % 4]).map(|k| edges[k]).collect();
        let pairs = match crossed[..] {
            [a, b] => vec![(a, b)],
            [] => vec![],
            // A saddle: the mean of the corners decides which two are connected.
            _ if (corners.iter().sum::<f64>() / 4.0 > level) == above[0] => vec![(top, right), (bottom, left)],
            _ => vec![(top, left), (right, bottom)],
        };
        for (a, b) in pairs {
            links.entry(a).or_default().push(b);
            links.entry(b).or_default().push(a);
        }
    }
    links
}

/// The edges from `start` on, whose links are removed.
fn follow(links: &mut Links, start: Edge) -> Vec<Edge> {
    let (mut line, mut at) = (vec![start], start);
    while let Some(to) = links.get_mut(&at).and_then(Vec::pop) {
        if let Some(back) = links.get_mut(&to) {
            back.retain(|edge| *edge != at);
        }
        line.push(to);
        at = to;
    }
    links.retain(|_, to| !to.is_empty());
    line
}

fn crossing(values: &DMatrix<f64>, level: f64, (i, j, down): Edge) -> (f64, f64) {
    let from = values[(i, j)];
    let to = values[if down { (i + 1, j) } else { (i, j + 1) }];
    let share = (level - from) / (to - from);
    if down { (j as f64, i as f64 + share) } else { (j as f64 + share, i as f64) }
}
