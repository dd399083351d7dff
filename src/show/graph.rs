//! Computation graphs: which number is computed from which, and the gradients that flow back.

use super::canvas::{self, Anchor, Canvas, INK, LARGE, MIDDLE, MUTED, SERIES, SMALL, bold, font};
use super::figure::{Figure, shown};
use plotters::style::RGBColor;

/// The height of a node, in pixels; values are above it, gradients below.
const NODE: f64 = 34.0;
/// From the middle of one row to that of the next.
const ROW: f64 = 92.0;
/// Between two columns, where the arrows are.
const GAP: f64 = 64.0;
const MARGIN: f64 = 20.0;
const TITLE: f64 = 34.0;

const FORWARD: RGBColor = SERIES[0].0;
const BACKWARD: RGBColor = SERIES[1].0;

/// A computation graph: nodes, arrows from what each is computed from, values, and gradients. Made by [`graph`].
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    title: String,
    nodes: Vec<Node>,
    alt: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Node {
    name: String,
    from: Vec<usize>,
    value: String,
    gradient: String,
}

shown!(Graph);

/// A computation graph, read from left to right. [`Graph::node`] adds a node. Its value is above it, in blue: values
/// are computed from left to right. Its gradient is below it, in orange: gradients are computed from right to left.
///
/// ```
/// use handgrad::show;
/// let figure = show::graph("one weight")
///     .node("y = w·x", ["w", "x"])
///     .node("L = y²", ["y = w·x"])
///     .value("w", 3)
///     .gradient("w", 12)
///     .figure();
/// assert_eq!(figure.alt, "Computation graph, one weight. w: value 3, gradient 12. x. y = w·x, from w and x. L = y², from y = w·x.");
/// ```
pub fn graph(title: &str) -> Graph {
    Graph { title: title.into(), nodes: Vec::new(), alt: None }
}

impl Graph {
    /// Adds a node that is computed from others. Those that are not there yet are added before it, as inputs. An arrow that
    /// would close a circle is left out.
    pub fn node<'a>(mut self, name: &str, from: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sources = Vec::new();
        for source in from {
            // An arrow starts at a node that was there before, so there is no cycle.
            if source != name {
                sources.push(self.place(source));
            }
        }
        let at = self.place(name);
        if self.nodes[..at].iter().all(|node| !node.from.contains(&at)) {
            self.nodes[at].from = sources.into_iter().filter(|&source| source < at).collect();
        }
        self
    }

    /// Writes a value above a node, which is added if it is not there yet.
    pub fn value(mut self, name: &str, value: impl ToString) -> Self {
        let at = self.place(name);
        self.nodes[at].value = value.to_string();
        self
    }

    /// Writes a gradient below a node, which is added if it is not there yet.
    pub fn gradient(mut self, name: &str, gradient: impl ToString) -> Self {
        let at = self.place(name);
        self.nodes[at].gradient = gradient.to_string();
        self
    }

    /// The number of the node with this name, which is added if it is not there.
    fn place(&mut self, name: &str) -> usize {
        self.nodes.iter().position(|node| node.name == name).unwrap_or_else(|| {
            let (value, gradient) = (String::new(), String::new());
            self.nodes.push(Node { name: name.into(), from: Vec::new(), value, gradient });
            self.nodes.len() - 1
        })
    }

    /// The finished picture.
    pub fn figure(&self) -> Figure {
        let places = Places::of(&self.nodes);
        let legend: Vec<f64> = self.legend().iter().map(|(text, ..)| canvas::room(text, SMALL)).collect();
        let below = legend.iter().sum::<f64>() + 40.0 * legend.len().saturating_sub(1) as f64;
        let width = places.width.max(canvas::room(&self.title, LARGE)).max(below) + 2.0 * MARGIN;
        let height = TITLE + places.height + if legend.is_empty() { 0.0 } else { 2.0 * MARGIN };
        let size = (width as u32, height as u32);
        let alt = self.alt.clone().unwrap_or_else(|| self.describe());
        Figure { size, alt, body: canvas::draw(size, |canvas| self.paint(canvas, &places, size)) }
    }

    /// What the blue and the orange numbers are, if there are any.
    fn legend(&self) -> Vec<(&'static str, RGBColor, Anchor)> {
        let mut legend = vec![];
        if self.nodes.iter().any(|node| !node.value.is_empty()) {
            legend.push(("value, computed from left to right", FORWARD, Anchor::Left));
        }
        if self.nodes.iter().any(|node| !node.gradient.is_empty()) {
            legend.push(("gradient, computed from right to left", BACKWARD, Anchor::Right));
        }
        legend
    }

    fn describe(&self) -> String {
        let node = |node: &Node| {
            let from: Vec<&str> = node.from.iter().map(|&source| self.nodes[source].name.as_str()).collect();
            let from = if from.is_empty() { String::new() } else { format!(", from {}", from.join(" and ")) };
            let said = [("value", &node.value), ("gradient", &node.gradient)];
            let said = said.iter().filter(|(_, text)| !text.is_empty()).map(|(what, text)| format!("{what} {text}"));
            let said = said.collect::<Vec<_>>().join(", ");
            let said = if said.is_empty() { said } else { format!(": {said}") };
            format!(" {}{from}{said}.", node.name)
        };
        format!("Computation graph, {}.{}", self.title, self.nodes.iter().map(node).collect::<String>())
    }

    fn paint(&self, canvas: &Canvas, places: &Places, (width, height): (u32, u32)) {
        canvas.text((MARGIN, 24.0), &self.title, &bold(LARGE, INK), Anchor::Left);
        for (to, node) in self.nodes.iter().enumerate() {
            for &from in &node.from {
                let begin = places.middle(from, 1.0);
                let end = places.middle(to, -1.0);
                arrow(canvas, begin, (end.0 - 3.0, end.1));
            }
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let ((x, y), w) = (places.middle(at, -1.0), places.widths[at]);
            let (corner, size) = ((x, y - NODE / 2.0), (w, NODE));
            canvas.rectangle(corner, size, RGBColor(0xf6, 0xf8, 0xfa));
            canvas.frame(corner, size, MUTED);
            canvas.text((x + w / 2.0, y), &node.name, &font(MIDDLE, INK), Anchor::Centre);
            canvas.text((x + w / 2.0, corner.1 - 11.0), &node.value, &bold(MIDDLE, FORWARD), Anchor::Centre);
            canvas.text((x + w / 2.0, corner.1 + NODE + 12.0), &node.gradient, &bold(MIDDLE, BACKWARD), Anchor::Centre);
        }
        for (text, colour, anchor) in self.legend() {
            let x = if matches!(anchor, Anchor::Left) { MARGIN } else { f64::from(width) - MARGIN };
            canvas.text((x, f64::from(height) - 14.0), text, &font(SMALL, colour), anchor);
        }
    }
}

/// A line with a head at its end.
fn arrow(canvas: &Canvas, (x0, y0): (f64, f64), (x1, y1): (f64, f64)) {
    canvas.line(&[(x0, y0), (x1, y1)], MUTED, 1.0);
    let length = (x1 - x0).hypot(y1 - y0).max(1.0);
    let (along, across) = ((x1 - x0) / length, (y1 - y0) / length);
    let wing = |side: f64| (x1 - 8.0 * along - 4.0 * side * across, y1 - 8.0 * across + 4.0 * side * along);
    canvas.line(&[wing(1.0), (x1, y1), wing(-1.0)], MUTED, 1.0);
}

/// Where the nodes are: each in the column after the last node that it is computed from.
struct Places {
    /// The left edge of a node.
    lefts: Vec<f64>,
    widths: Vec<f64>,
    /// The height of a node's middle.
    heights: Vec<f64>,
    width: f64,
    height: f64,
}

impl Places {
    fn of(nodes: &[Node]) -> Self {
        let mut columns = vec![0; nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            columns[at] = node.from.iter().map(|&from| columns[from] + 1).max().unwrap_or(0);
        }
        // An input is placed just before the first node that uses it: arrows are short and cross no node.
        for at in 0..nodes.len() {
            let taken = (0..nodes.len()).filter(|&to| nodes[to].from.contains(&at)).map(|to| columns[to]).min();
            if let (true, Some(first)) = (nodes[at].from.is_empty(), taken) {
                columns[at] = first - 1;
            }
        }
        let widest = |text: &str| canvas::room(text, MIDDLE);
        let width_of =
            |node: &Node| (widest(&node.name) + 20.0).max(widest(&node.value)).max(widest(&node.gradient)).max(44.0);
        let widths: Vec<f64> = nodes.iter().map(width_of).collect();
        let count = columns.iter().max().map_or(0, |last| last + 1);
        let members = |column: usize| (0..nodes.len()).filter(|&at| columns[at] == column).collect::<Vec<_>>();
        let most = (0..count).map(|column| members(column).len()).max().unwrap_or(0);
        let height = most as f64 * ROW;
        let (mut lefts, mut heights) = (vec![0.0; nodes.len()], vec![0.0; nodes.len()]);
        let mut x = MARGIN;
        for column in 0..count {
            let members = members(column);
            let wide = members.iter().map(|&at| widths[at]).fold(0.0, f64::max);
            let step = height / members.len() as f64;
            for (row, &at) in members.iter().enumerate() {
                lefts[at] = x + (wide - widths[at]) / 2.0;
                heights[at] = TITLE + MARGIN / 2.0 + (row as f64 + 0.5) * step;
            }
            x += wide + GAP;
        }
        Places { lefts, widths, heights, width: (x - GAP - MARGIN).max(0.0), height }
    }

    /// The middle of a node's left (−1) or right (1) edge.
    fn middle(&self, at: usize, side: f64) -> (f64, f64) {
        (self.lefts[at] + if side > 0.0 { self.widths[at] } else { 0.0 }, self.heights[at])
    }
}
