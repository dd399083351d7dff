//! Pictures with two axes: curves, points, bars.

use super::axis::{Axis, Length, Scale};
use super::backend::Svg;
use super::canvas::{self, Anchor, Canvas, INK, LARGE, LEVEL, MIDDLE, MUTED, SERIES, SMALL, bold, fine, font, sure};
use super::figure::{Figure, row, sentence, shown};
use crate::Float;
use crate::text::{counted, number};
use plotters::prelude::*;

type Plane<'a, 'b> = ChartContext<'a, Svg<'b>, Cartesian2d<Scale, Scale>>;

/// A curve of more points is drawn by the lowest and the highest point of each of half as many buckets.
const POINTS: usize = 200;
/// What lies under words that say that there is nothing to draw.
const GROUND: RGBColor = RGBColor(0xf6, 0xf8, 0xfa);
/// Up to this many points, each is marked.
const MARKED: usize = 25;

/// Curves, points or bars between two axes.
///
/// Made by [`curve`], [`accuracy`], [`xy`], [`bars`] or [`histogram`].
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    title: Option<String>,
    series: Vec<Series>,
    bands: Vec<Band>,
    levels: Vec<(String, f64)>,
    names: Vec<String>,
    x: Axis,
    y: Axis,
    /// What the x axis holds besides the data.
    span: Vec<f64>,
    size: (u32, u32),
    alt: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
    mark: Mark,
    /// How many neighbours the curve is averaged over.
    smooth: usize,
}

/// The area between two edges, over the x of series `of`.
#[derive(Clone, Debug, PartialEq)]
struct Band {
    name: String,
    of: usize,
    /// The lower and the upper edge.
    edges: [Vec<(f64, f64)>; 2],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mark {
    Line,
    Points,
    /// With half its width.
    Bar(f64),
}

shown!(Chart);

/// A curve through a sequence of numbers, the first at x = 0: the loss before step 0, before step 1, …
///
/// ```
/// # use handgrad::show;
/// let (plain, momentum) = ([2.3, 1.9, 1.6, 1.4], [2.3, 1.5, 0.9, 0.4]);
/// show::curve("plain", &plain).and("momentum 0.9", &momentum).labels("step", "loss").figure();
/// ```
pub fn curve<T: Float>(name: &str, values: &[T]) -> Chart {
    Chart::new(Series::new(name, in_order(0, values), Mark::Line))
}

/// A curve of fractions, in percent: the accuracy after each epoch, the first at x = 1.
pub fn accuracy<T: Float>(name: &str, values: &[T]) -> Chart {
    Chart::new(Series::new(name, in_order(1, values), Mark::Line)).percent().labels("epoch", "accuracy")
}

/// A curve through the points (x, y). If one slice is longer, its rest is left out.
///
/// ```
/// # use handgrad::show;
/// let (h, error) = ([1e-2, 1e-4, 1e-6], [1e-2, 1e-4, 1e-6]);
/// show::xy("forward difference", &h, &error).log_x().log_y().labels("step size h", "error").figure();
/// ```
pub fn xy<T: Float>(name: &str, x: &[T], y: &[T]) -> Chart {
    Chart::new(Series::new(name, pairs(x, y), Mark::Line))
}

/// A bar for each name.
pub fn bars<T: Float>(title: &str, names: &[impl ToString], values: &[T]) -> Chart {
    let mut chart = Chart::new(Series::new(title, in_order(1, values), Mark::Bar(0.36)));
    chart.names = names.iter().map(ToString::to_string).collect();
    chart.series[0].points.truncate(chart.names.len());
    chart
}

/// How many of the values lie in each of several equally wide bins. The last bin includes the largest value.
pub fn histogram<T: Float>(title: &str, values: &[T]) -> Chart {
    let (finite, others): (Vec<f64>, Vec<f64>) = values.iter().map(|&v| float(v)).partition(|v| v.abs() < 1e300);
    let (low, high) = finite.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let bins = if low < high { ((finite.len() as f64).sqrt() as usize).clamp(5, 40) } else { 1 };
    let (low, width) = if low < high { (low, (high - low) / bins as f64) } else { (low - 0.5, 1.0) };
    let mut counts = vec![0; bins];
    for value in finite {
        counts[(((value - low) / width) as usize).min(bins - 1)] += 1;
    }
    let middle = |bin: usize| low + (bin as f64 + 0.5) * width;
    let mut points: Vec<_> = counts.iter().enumerate().map(|(bin, &count)| (middle(bin), f64::from(count))).collect();
    points.retain(|(x, _)| x.is_finite());
    // Values that are not finite are kept as points, so that the figure counts them.
    points.extend(others.iter().map(|_| (f64::NAN, f64::NAN)));
    Chart::new(Series::new(title, points, Mark::Bar(width / 2.0))).labels("value", "count")
}

/// A training run at a glance: the loss of each step on a logarithmic axis, raw and smoothed, and beside it the accuracy
/// after each epoch.
pub fn training<T: Float, U: Float>(title: &str, losses: &[T], accuracies: &[U]) -> Figure {
    let loss = curve(title, losses).title(format!("{title}: loss of each step"));
    let loss = loss.log_y().labels("step", "loss").smooth(losses.len() / 40).size(540, 340);
    let last = accuracies.last().map_or(String::new(), |&last| format!(": {:.2} %", 100.0 * float(last)));
    let accuracy = accuracy("accuracy", accuracies).title(format!("accuracy on the test set{last}")).size(340, 340);
    row([loss, accuracy])
}

impl Series {
    fn new(name: &str, points: Vec<(f64, f64)>, mark: Mark) -> Self {
        Series { name: name.into(), points, mark, smooth: 1 }
    }
}

impl Chart {
    fn new(first: Series) -> Self {
        Chart {
            title: None,
            series: vec![first],
            bands: Vec::new(),
            levels: Vec::new(),
            names: Vec::new(),
            x: Axis::default(),
            y: Axis::default(),
            span: Vec::new(),
            size: (680, 340),
            alt: None,
        }
    }

    /// Adds a curve over the x of the last one.
    pub fn and<T: Float>(mut self, name: &str, y: &[T]) -> Self {
        let x: Vec<f64> = self.series.last().map_or(Vec::new(), |last| last.points.iter().map(|p| p.0).collect());
        let first_free = x.last().map_or(0.0, |last| last + 1.0);
        let x = x.into_iter().chain((0..).map(|k| first_free + f64::from(k)));
        let points = x.zip(y.iter().map(|&y| float(y))).collect();
        let mark = self.series.last().map_or(Mark::Line, |last| last.mark);
        self.series.push(Series::new(name, points, mark));
        self
    }

    /// Adds a curve through its own points (x, y).
    pub fn and_xy<T: Float>(mut self, name: &str, x: &[T], y: &[T]) -> Self {
        self.series.push(Series::new(name, pairs(x, y), Mark::Line));
        self
    }

    /// Draws the last curve as separate points.
    pub fn points(mut self) -> Self {
        if let Some(last) = self.series.last_mut() {
            last.mark = Mark::Points;
        }
        self
    }

    /// Fills the area between two edges over the x of the last curve, in its colour: the range of many runs.
    ///
    /// ```
    /// # use handgrad::show;
    /// let (low, median, high) = ([1.9, 1.1, 0.7], [2.0, 1.3, 0.9], [2.2, 1.6, 1.0]);
    /// show::curve("median of 20 seeds", &median).band("lowest to highest", &low, &high).labels("epoch", "loss").figure();
    /// ```
    pub fn band<T: Float>(mut self, name: &str, low: &[T], high: &[T]) -> Self {
        if let Some(last) = self.series.last() {
            let edge = |values: &[T]| last.points.iter().zip(values).map(|(p, &v)| (p.0, float(v))).collect();
            let edges = [edge(low), edge(high)];
            self.bands.push(Band { name: name.into(), of: self.series.len() - 1, edges });
        }
        self
    }

    /// Adds a horizontal line to compare with.
    pub fn level(mut self, name: &str, y: f64) -> Self {
        self.levels.push((name.into(), y));
        self
    }

    /// Draws every curve as the mean of `window` neighbours, with the curve itself faint behind it.
    pub fn smooth(mut self, window: usize) -> Self {
        for series in &mut self.series {
            series.smooth = window.max(1);
        }
        self
    }

    /// Sets the title; the default is the name of the only curve.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Names the two axes.
    pub fn labels(mut self, x: &str, y: &str) -> Self {
        (self.x.label, self.y.label) = (x.into(), y.into());
        self
    }

    /// Makes the x axis logarithmic.
    pub fn log_x(mut self) -> Self {
        self.x.log = true;
        self
    }

    /// Makes the y axis logarithmic.
    pub fn log_y(mut self) -> Self {
        self.y.log = true;
        self
    }

    /// Labels the y axis in percent: 1 is 100 %.
    pub fn percent(mut self) -> Self {
        self.y.percent = true;
        self
    }

    /// Makes the x axis reach from `from` to `to`, and farther where the data do: for a run that has only begun.
    pub fn x_span(mut self, from: f64, to: f64) -> Self {
        self.span = vec![from, to];
        self
    }

    /// Sets the range of the y axis. A curve is cut where it leaves the range, a bar at its edge; points outside are left
    /// out, and counted below the picture.
    pub fn y_range(mut self, from: f64, to: f64) -> Self {
        self.y.range = Some((from, to));
        self
    }

    /// Sets width and height in pixels, at least 240 × 160.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = (width.max(240), height.max(160));
        self
    }

    /// The finished picture.
    pub fn figure(&self) -> Figure {
        let alt = self.alt.clone().unwrap_or_else(|| self.describe());
        Figure { size: self.size, alt, body: canvas::draw(self.size, |canvas| self.paint(canvas)) }
    }

    fn describe(&self) -> String {
        let kind = match self.series.first().map(|first| first.mark) {
            Some(Mark::Bar(_)) => "Bar chart",
            Some(Mark::Points) => "Scatter plot",
            _ => "Line plot",
        };
        let axes = match (self.x.label.as_str(), self.y.label.as_str()) {
            ("", "") => String::new(),
            (x, y) => {
                format!(", {} against {}", if y.is_empty() { "y" } else { y }, if x.is_empty() { "x" } else { x })
            }
        };
        let mut text = format!("{kind}{axes}.");
        if let Some(title) = &self.title {
            text = format!("{} {text}", sentence(title));
        }
        for series in &self.series {
            let count = series.points.len();
            let unit = if matches!(series.mark, Mark::Bar(_)) { "bar" } else { "point" };
            let ends = match (series.points.first(), series.points.last()) {
                (Some(first), Some(last)) => format!(", {} to {}", number(first.1), number(last.1)),
                _ => String::new(),
            };
            text += &format!(" {}: {}{ends}.", series.name, counted(count, unit));
        }
        for Band { name, edges: [low, high], .. } in &self.bands {
            let between = |k: usize| match (low.get(k), high.get(k)) {
                (Some(low), Some(high)) => format!("{} to {}", number(low.1), number(high.1)),
                _ => "nothing".into(),
            };
            let last = low.len().min(high.len()).saturating_sub(1);
            text += &format!(" {name}: a band, from {} at first and from {} at last.", between(0), between(last));
        }
        for (name, y) in &self.levels {
            text += &format!(" {name}: a line at {}.", number(*y));
        }
        text
    }

    /// The title, or the name of the only curve.
    fn heading(&self) -> Option<&str> {
        let only = (self.series.len() == 1 && self.bands.is_empty()).then(|| self.series[0].name.as_str());
        self.title.as_deref().or(only).filter(|title| !title.is_empty())
    }

    /// The names in the legend, each with its key; none if there is one curve, which the heading names.
    fn legend(&self) -> Vec<(&str, Key)> {
        let several = self.series.len() > 1 || !self.bands.is_empty();
        let named = self.series.iter().enumerate().filter(|_| several);
        let key = |k, series: &Series| match series.mark {
            Mark::Line => Key::Line(k, series.points.len() <= MARKED && series.smooth == 1),
            _ => Key::Mark(k),
        };
        let named = named.map(|(k, series)| (series.name.as_str(), key(k, series)));
        let bands = self.bands.iter().map(|band| (band.name.as_str(), Key::Band(band.of)));
        named.chain(bands).chain(self.levels.iter().map(|(name, _)| (name.as_str(), Key::Level))).collect()
    }

    fn paint(&self, canvas: &mut Canvas) {
        let drawn: Vec<Vec<(f64, f64)>> = self.outlines().map(|points| self.placed(points)).collect();
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        let note = lines(&self.note(&drawn), width - 40.0);

        // Above the picture: heading and legend, a row each or more.
        let mut top = 14.0;
        if let Some(heading) = self.heading() {
            canvas.text((20.0, top + 9.0), heading, &bold(LARGE, INK), Anchor::Left);
            top += 26.0;
        }
        top = self.paint_legend(canvas, top, width);

        // The ticks decide how much room there is for the curves.
        let (x, y) = self.scales(&drawn, (width - 90.0, height - top - 60.0));
        let tick_width = y.ticks.iter().map(|(_, label)| canvas::width(label, SMALL)).fold(0.0, f64::max);
        let left = 16.0 + tick_width + if self.y.label.is_empty() { 0.0 } else { 22.0 };
        let bottom = 26.0 + if self.x.label.is_empty() { 0.0 } else { 20.0 };
        let foot = 10.0 + 18.0 * note.len() as f64;
        for (k, line) in note.iter().enumerate() {
            let y = height - 14.0 - 18.0 * (note.len() - 1 - k) as f64;
            canvas.text((20.0, y), line, &font(SMALL, MUTED), Anchor::Left);
        }
        let mut builder = ChartBuilder::on(&canvas.area);
        builder
            .margin_top(fine(top + 4.0))
            .margin_right(fine(22.0))
            .margin_bottom(fine(foot))
            .margin_left(fine(12.0))
            .set_label_area_size(LabelAreaPosition::Left, fine(left))
            .set_label_area_size(LabelAreaPosition::Bottom, fine(bottom));
        if let Ok(mut plane) = builder.build_cartesian_2d(x.clone(), y.clone()) {
            self.paint_mesh(&mut plane);
            for (band, edges) in self.bands.iter().zip(drawn[self.series.len()..].as_chunks().0) {
                paint_band(&mut plane, band.of, edges, &y);
            }
            for (k, series) in self.series.iter().enumerate() {
                paint_series(canvas, &mut plane, k, series, &drawn[k], &y);
            }
            let levels = self.levels.iter().map(|(_, level)| self.y.place(*level));
            for level in levels.filter(|level| (y.range.0..=y.range.1).contains(level)) {
                let ends = vec![(x.range.0, level), (x.range.1, level)];
                sure(plane.draw_series([PathElement::new(ends, dashed(LEVEL.0))]));
            }
        }
        if !drawn.iter().flatten().any(|(x, y)| x.is_finite() && y.is_finite()) {
            paint_emptiness(canvas, (width / 2.0, height / 2.0));
        }
    }

    /// The points of every curve, then both edges of every band.
    fn outlines(&self) -> impl Iterator<Item = &Vec<(f64, f64)>> {
        self.series.iter().map(|series| &series.points).chain(self.bands.iter().flat_map(|band| &band.edges))
    }

    /// Both axes, for a plane of about this many pixels.
    fn scales(&self, drawn: &[Vec<(f64, f64)>], (width, height): (f64, f64)) -> (Scale, Scale) {
        let finite = || drawn.iter().flatten().filter(|(x, y)| x.is_finite() && y.is_finite());
        let bars = self.series.iter().find_map(|s| if let Mark::Bar(half) = s.mark { Some(half) } else { None });
        let reach = if self.names.is_empty() { bars.unwrap_or(0.0) } else { 0.5 };
        let points = self.series.iter().any(|s| s.mark == Mark::Points);
        let span = self.span.iter().map(|x| self.x.place(*x));
        let xs = finite().flat_map(|(x, _)| [x - reach, x + reach]).chain(span);
        let mut x = self.x.scale(xs, Length::Across(width), if points { 0.03 } else { 0.0 });
        if !self.names.is_empty() {
            x.ticks = (1..).map(f64::from).zip(self.names.iter().cloned()).collect();
        }
        let levels = self.levels.iter().map(|(_, y)| self.y.place(*y));
        let ground = bars.filter(|_| !self.y.log).map(|_| 0.0);
        let ys = finite().map(|(_, y)| *y).chain(levels).chain(ground);
        (x, self.y.scale(ys, Length::Down(height), 0.05))
    }

    /// The points as they are drawn; NaN for those that cannot be.
    fn placed(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        points.iter().map(|&(x, y)| (self.x.place(x), self.y.place(y))).collect()
    }

    /// How many points the picture leaves out.
    fn note(&self, drawn: &[Vec<(f64, f64)>]) -> String {
        let (mut not_finite, mut not_positive, mut outside) = (0, 0, 0);
        for ((x, y), (px, py)) in self.outlines().flatten().zip(drawn.iter().flatten()) {
            match (x.is_finite() && y.is_finite(), px.is_finite() && py.is_finite()) {
                (false, _) => not_finite += 1,
                (true, false) => not_positive += 1,
                _ => {}
            }
        }
        let of_points = self.series.iter().zip(drawn).filter(|(series, _)| series.mark == Mark::Points);
        for (_, points) in of_points {
            outside += points.iter().filter(|(x, y)| x.is_finite() && y.is_finite() && !self.y.holds(*y)).count();
        }
        let reasons = [
            (not_finite, "not finite"),
            (not_positive, "beyond the axis (zero or less, on a log axis)"),
            (outside, "outside the range of the axis"),
        ];
        let reasons = reasons.iter().filter(|(count, _)| *count > 0);
        let reasons: Vec<String> = reasons.map(|(count, why)| format!("{count} {why}")).collect();
        if reasons.is_empty() { String::new() } else { format!("not drawn: {}", reasons.join(", ")) }
    }

    /// The legend in rows below `top`; returns where they end.
    fn paint_legend(&self, canvas: &Canvas, mut top: f64, width: f64) -> f64 {
        let legend = self.legend();
        let mut x = 20.0;
        for (name, key) in &legend {
            let entry = 36.0 + canvas::width(name, MIDDLE) + 18.0;
            if x > 20.0 && x + entry > width {
                (x, top) = (20.0, top + 20.0);
            }
            let y = top + 8.0;
            let (from, to) = ((fine(x), fine(y)), (fine(x + 28.0), fine(y)));
            let middle = (fine(x + 14.0), fine(y));
            match key {
                Key::Line(k, marked) => {
                    sure(canvas.area.draw(&PathElement::new(vec![from, to], dashed(SERIES[k % SERIES.len()].0))));
                    if *marked {
                        canvas.marker(*k, middle);
                    }
                }
                Key::Mark(k) => canvas.marker(*k, middle),
                Key::Band(k) => {
                    let corners = [(from.0, from.1 - fine(5.0)), (to.0, to.1 + fine(5.0))];
                    sure(canvas.area.draw(&Rectangle::new(corners, shade(*k))));
                }
                Key::Level => sure(canvas.area.draw(&PathElement::new(vec![from, to], dashed(LEVEL.0)))),
            }
            canvas.text((x + 36.0, y), name, &font(MIDDLE, INK), Anchor::Left);
            x += entry;
        }
        if legend.is_empty() { top } else { top + 22.0 }
    }

    fn paint_mesh(&self, plane: &mut Plane) {
        let mut mesh = plane.configure_mesh();
        mesh.max_light_lines(0)
            .bold_line_style(canvas::GRID.stroke_width(canvas::FINE))
            .axis_style(RGBColor(0xc4, 0xcc, 0xd4).stroke_width(canvas::FINE))
            .set_all_tick_mark_size(fine(4.0))
            .label_style(font(SMALL, MUTED))
            .axis_desc_style(font(MIDDLE, INK));
        if !self.names.is_empty() || self.series.iter().any(|s| matches!(s.mark, Mark::Bar(_))) {
            mesh.disable_x_mesh();
        }
        if !self.x.label.is_empty() {
            mesh.x_desc(self.x.label.as_str());
        }
        if !self.y.label.is_empty() {
            mesh.y_desc(self.y.label.as_str());
        }
        sure(mesh.draw());
    }
}

/// The key in front of a name in the legend.
enum Key {
    /// Series k, and whether its points are marked.
    Line(usize, bool),
    Mark(usize),
    Band(usize),
    Level,
}

fn paint_series(canvas: &Canvas, plane: &mut Plane, k: usize, series: &Series, points: &[(f64, f64)], y: &Scale) {
    let colour = SERIES[k % SERIES.len()].0;
    let (low, high) = y.range;
    let inside = |p: &(f64, f64)| p.0.is_finite() && (low..=high).contains(&p.1);
    match series.mark {
        Mark::Bar(half) => {
            let ground = if low <= 0.0 && high >= 0.0 { 0.0 } else { low };
            let bars = points.iter().copied().filter(|p| p.0.is_finite() && p.1.is_finite());
            let gap = if half < 0.36 { 0.04 * half } else { 0.0 };
            let bar = |(x, y): (f64, f64)| [(x - half + gap, ground), (x + half - gap, y.clamp(low, high))];
            sure(plane.draw_series(bars.map(|p| Rectangle::new(bar(p), colour.filled()))));
        }
        Mark::Points => {
            let every = points.len().div_ceil(2 * POINTS).max(1);
            points
                .iter()
                .copied()
                .filter(inside)
                .step_by(every)
                .for_each(|p| canvas.marker(k, plane.backend_coord(&p)));
        }
        Mark::Line => {
            let smooth = series.smooth > 1;
            for stretch in stretches(points) {
                let style = if smooth { colour.mix(0.3).stroke_width(2) } else { dashed(colour) };
                if stretch.len() == 1 || (!smooth && points.len() <= MARKED) {
                    stretch.iter().filter(|p| inside(p)).for_each(|p| canvas.marker(k, plane.backend_coord(p)));
                }
                for piece in cut(&stretch, y.range) {
                    sure(plane.draw_series(LineSeries::new(piece, style)));
                }
            }
            let mean = if smooth { stretches(&means(points, series.smooth)) } else { vec![] };
            for piece in mean.iter().flat_map(|stretch| cut(stretch, y.range)) {
                sure(plane.draw_series(LineSeries::new(piece, dashed(colour))));
            }
        }
    }
}

/// Says that there is nothing to draw, on a ground of its own: a level may run there.
fn paint_emptiness(canvas: &Canvas, (x, y): (f64, f64)) {
    let (words, high) = ("nothing to draw", 24.0);
    let wide = canvas::room(words, MIDDLE) + 12.0;
    canvas.rectangle((x - wide / 2.0, y - high / 2.0), (wide, high), GROUND);
    canvas.text((x, y), words, &font(MIDDLE, MUTED), Anchor::Centre);
}

/// The words of a note in lines of this many pixels, in small letters; none if there are none.
fn lines(words: &str, wide: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut() {
            Some(line) if canvas::room(&format!("{line} {word}"), SMALL) <= wide => *line += &format!(" {word}"),
            _ => lines.push(word.into()),
        }
    }
    lines
}

/// The colour of series k, faint enough for a curve on top of it.
fn shade(k: usize) -> ShapeStyle {
    SERIES[k % SERIES.len()].0.mix(0.2).filled()
}

/// The area between a lower and an upper edge, in the colour of series k.
fn paint_band(plane: &mut Plane, k: usize, [low, high]: &[Vec<(f64, f64)>; 2], y: &Scale) {
    let of_each_bucket = |edge: &[(f64, f64)], pick: fn(f64, f64) -> f64| -> Vec<(f64, f64)> {
        let buckets = edge.chunks(edge.len().div_ceil(POINTS / 2).max(1)).enumerate();
        let last = buckets.len().saturating_sub(1);
        let points = buckets.filter_map(|(k, bucket)| {
            let middle = if k == 0 {
                0
            } else if k == last {
                bucket.len() - 1
            } else {
                bucket.len() / 2
            };
            let outer = bucket.iter().map(|p| p.1).filter(|v| v.is_finite()).reduce(pick)?;
            Some((bucket[middle].0, outer.clamp(y.range.0, y.range.1)))
        });
        points.filter(|p| p.0.is_finite()).collect()
    };
    let (low, high) = (of_each_bucket(low, f64::min), of_each_bucket(high, f64::max));
    let outline: Vec<_> = low.into_iter().chain(high.into_iter().rev()).collect();
    sure(plane.draw_series([Polygon::new(outline, shade(k))]));
}

/// The line of a data series; `canvas` adds the dashes of its colour.
fn dashed(colour: RGBColor) -> ShapeStyle {
    colour.stroke_width(canvas::LINE)
}

/// At most [`POINTS`] points: the lowest and the highest of each bucket of neighbours. A bucket without a finite point
/// ends a stretch.
fn stretches(points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let per_bucket = if points.len() <= POINTS { 1 } else { points.len().div_ceil(POINTS / 2) };
    let mut all = vec![Vec::new()];
    for bucket in points.chunks(per_bucket) {
        let finite = || bucket.iter().copied().enumerate().filter(|(_, p)| p.0.is_finite() && p.1.is_finite());
        let lowest = finite().min_by(|a, b| a.1.1.total_cmp(&b.1.1));
        let highest = finite().max_by(|a, b| a.1.1.total_cmp(&b.1.1));
        if let (Some(low), Some(high), Some(stretch)) = (lowest, highest, all.last_mut()) {
            let (first, second) = if low.0 <= high.0 { (low, high) } else { (high, low) };
            stretch.push(first.1);
            if second.0 != first.0 {
                stretch.push(second.1);
            }
        } else {
            all.push(Vec::new());
        }
    }
    all.retain(|stretch| !stretch.is_empty());
    all
}

/// The pieces of a curve with y from `low` to `high`, cut where the curve crosses these.
fn cut(curve: &[(f64, f64)], (low, high): (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in curve.windows(2) {
        let &[from, to] = pair else { continue };
        // The share of the way at which the line reaches a height.
        let share = |height: f64| ((height - from.1) / (to.1 - from.1)).clamp(0.0, 1.0);
        let (enters, leaves) = match from.1 == to.1 {
            true => (0.0, 1.0),
            false => (share(low).min(share(high)), share(low).max(share(high))),
        };
        let at = |share: f64| match share {
            0.0 => from,
            1.0 => to,
            _ => (from.0 + share * (to.0 - from.0), (from.1 + share * (to.1 - from.1)).clamp(low, high)),
        };
        let is_outside = from.1.max(to.1) < low || from.1.min(to.1) > high;
        match pieces.last_mut() {
            _ if is_outside => {}
            Some(piece) if enters == 0.0 && piece.last() == Some(&from) => piece.push(at(leaves)),
            _ => pieces.push(vec![at(enters), at(leaves)]),
        }
    }
    pieces
}

/// Half of [`POINTS`] means of `window` neighbours each, over the finite ones.
fn means(points: &[(f64, f64)], window: usize) -> Vec<(f64, f64)> {
    let every = points.len().div_ceil(POINTS / 2).max(1);
    let mean = |k: usize| {
        let (from, to) = (k.saturating_sub(window / 2), points.len().min(k + window / 2 + 1));
        let near: Vec<f64> = points[from..to].iter().map(|p| p.1).filter(|y| y.is_finite()).collect();
        (points[k].0, near.iter().sum::<f64>() / near.len() as f64)
    };
    let last = points.len().checked_sub(1).filter(|last| last % every != 0);
    (0..points.len()).step_by(every).chain(last).map(mean).collect()
}

/// The values at `first`, `first` + 1, …
fn in_order<T: Float>(first: usize, values: &[T]) -> Vec<(f64, f64)> {
    values.iter().zip(first..).map(|(&v, k)| (k as f64, float(v))).collect()
}

fn pairs<T: Float>(x: &[T], y: &[T]) -> Vec<(f64, f64)> {
    x.iter().zip(y).map(|(&x, &y)| (float(x), float(y))).collect()
}

/// A number as it is drawn.
pub(super) fn float<T: Float>(value: T) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}
