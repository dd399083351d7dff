//! Curves, points, bars: the data are found again in the picture.

use super::picture::{At, Line, Picture, near, read_number};
use handgrad::show::{self, Chart, Figure};

const TICKS: &str = "#57606a";
const AXES: &str = "#c4ccd4";
const GRID: &str = "#e7ebf0";
const LEVEL: &str = "#6e7781";
/// The colour and the dashes of each series.
const SERIES: [(&str, &str); 6] = [
    ("#0072b2", ""),
    ("#d55e00", "14 7"),
    ("#009e73", "4 6"),
    ("#cc79a7", "18 6 4 6"),
    ("#e69f00", "9 5"),
    ("#56b4e9", "18 5 4 5 4 5"),
];

/// A scale found from its ticks: a value is at `from` + `by`·value, or ·log₁₀ of it.
#[derive(Clone, Debug)]
struct Scale {
    log: bool,
    from: f64,
    by: f64,
    /// Values and places of the ticks, in order.
    ticks: Vec<(f64, f64)>,
}

impl Scale {
    /// The scale on which every tick is at its place: within a pixel, or this panics.
    fn of(mut ticks: Vec<(f64, f64)>, log: bool) -> Self {
        ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let on = |value: f64| if log { value.log10() } else { value };
        let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
        let by = (last.1 - first.1) / (on(last.0) - on(first.0));
        let scale = Scale { log, from: first.1 - by * on(first.0), by, ticks };
        for &(value, place) in &scale.ticks {
            assert!((scale.place(value) - place).abs() <= 1.0, "{value} is at {place}: {scale:?}");
        }
        scale
    }

    fn on(&self, value: f64) -> f64 {
        if self.log { value.log10() } else { value }
    }

    fn place(&self, value: f64) -> f64 {
        self.from + self.by * self.on(value)
    }
}

/// A chart read back.
struct Read {
    picture: Picture,
    x: Scale,
    y: Scale,
    /// The corner where the axes meet, and the opposite one.
    plane: [At; 2],
}

impl Read {
    fn of(figure: &Figure, log: (bool, bool)) -> Self {
        Read::panel(figure, log, (0.0, f64::INFINITY))
    }

    /// The chart between these two x.
    fn panel(figure: &Figure, (log_x, log_y): (bool, bool), (from, to): (f64, f64)) -> Self {
        let mut picture = Picture::of(figure);
        picture.texts.retain(|text| (from..to).contains(&text.at.0));
        picture.lines.retain(|line| (from..to).contains(&line.points[0].0));
        picture.shapes.retain(|shape| (from..to).contains(&shape.corners[0].0));
        let axes = picture.lines_in(AXES);
        let long = |line: &&&Line| {
            (line.points[0].0 - line.points[1].0).abs() + (line.points[0].1 - line.points[1].1).abs() > 20.0
        };
        let ends: Vec<At> = axes.iter().filter(long).flat_map(|line| line.points.clone()).collect();
        let (left, right) = ends.iter().fold((f64::INFINITY, 0.0_f64), |(l, r), p| (l.min(p.0), r.max(p.0)));
        let (top, bottom) = ends.iter().fold((f64::INFINITY, 0.0_f64), |(t, b), p| (t.min(p.1), b.max(p.1)));
        let marks: Vec<At> = axes
            .iter()
            .filter(|line| !long(line))
            .map(|line| line.points[0])
            .chain(axes.iter().filter(|line| !long(line)).map(|line| line.points[1]))
            .collect();
        let labels: Vec<_> = picture.texts.iter().filter(|text| text.fill == TICKS).collect();
        let across = labels.iter().filter(|t| t.anchor != "end" && t.anchor != "start" && t.at.1 > bottom);
        let down = labels.iter().filter(|t| t.anchor == "end" && t.at.0 < left);
        let value = |words: &str| read_number(words);
        let across: Vec<(String, f64)> = across.map(|t| (t.words.clone(), t.at.0)).collect();
        let down: Vec<(String, f64)> = down.map(|t| (t.words.clone(), t.at.1)).collect();
        // Every label has its mark on the axis, and every mark its label.
        let on_x: Vec<f64> = marks.iter().filter(|m| m.1 > bottom + 1.0).map(|m| m.0).collect();
        let on_y: Vec<f64> = marks.iter().filter(|m| m.0 < left - 1.0).map(|m| m.1).collect();
        assert_eq!((across.len(), down.len()), (on_x.len(), on_y.len()), "marks and labels");
        assert!(across.iter().all(|(_, x)| on_x.iter().any(|m| (m - x).abs() <= 1.0)), "{across:?} {on_x:?}");
        assert!(down.iter().all(|(_, y)| on_y.iter().any(|m| (m - y).abs() <= 1.0)), "{down:?} {on_y:?}");
        // Every y tick has its line across.
        let grid = picture.lines_in(GRID);
        for (words, y) in &down {
            assert!(grid.iter().any(|line| line.points.iter().all(|p| (p.1 - y).abs() <= 1.0)), "no line at {words}");
        }
        let parsed = |labels: &[(String, f64)]| -> Vec<(f64, f64)> {
            labels
                .iter()
                .enumerate()
                .map(|(k, (words, at))| {
                    // The names of bars are no numbers: they are counted.
                    (if words.starts_with('#') { (k + 1) as f64 } else { value(words) }, *at)
                })
                .collect()
        };
        let (x, y) = (Scale::of(parsed(&across), log_x), Scale::of(parsed(&down), log_y));
        assert!(x.by > 0.0 && y.by < 0.0, "x grows to the right and y upward: {x:?} {y:?}");
        Read { picture, x, y, plane: [(left, bottom), (right, top)] }
    }

    fn at(&self, (x, y): At) -> At {
        (self.x.place(x), self.y.place(y))
    }

    /// The lines of series k behind the legend, in the plane.
    fn curves(&self, k: usize) -> Vec<&Line> {
        let lines = self.picture.lines_in(SERIES[k].0).into_iter();
        lines.filter(|line| line.points.iter().all(|p| self.contains(*p))).collect()
    }

    fn contains(&self, (x, y): At) -> bool {
        let [(left, bottom), (right, top)] = self.plane;
        (left - 1.0..=right + 1.0).contains(&x) && (top - 1.0..=bottom + 1.0).contains(&y)
    }

    /// Series k is one line through just these points, in their order.
    fn assert_curve(&self, k: usize, points: &[At]) {
        let curves: Vec<_> = self.curves(k).into_iter().filter(|line| !line.faint).collect();
        assert_eq!(curves.len(), 1, "{curves:?}");
        assert_eq!(curves[0].dashes, SERIES[k].1);
        assert_eq!(curves[0].points.len(), points.len(), "{curves:?}");
        for (got, &point) in curves[0].points.iter().zip(points) {
            assert!(near(*got, self.at(point), 1.2), "{got:?} must be at {:?}, {point:?}", self.at(point));
        }
    }

    /// No tick is lost: they are evenly spaced to the ends of the plane; on a logarithmic axis, so are the powers of ten.
    fn assert_ticks_reach_the_ends(&self) {
        let [(left, bottom), (right, top)] = self.plane;
        for (scale, ends) in [(&self.x, (left, right)), (&self.y, (bottom, top))] {
            let mut ticks: Vec<f64> = scale.ticks.iter().map(|t| scale.on(t.0)).collect();
            if scale.log && ticks.iter().any(|t| (t - t.round()).abs() < 1e-9) {
                ticks.retain(|t| (t - t.round()).abs() < 1e-9);
            }
            let whole = scale.log && ticks.len() < 2;
            let gap = if whole { 1.0 } else { ticks[1] - ticks[0] };
            assert!(ticks.windows(2).all(|t| (t[1] - t[0] - gap).abs() < 1e-6 * gap.abs()), "{scale:?}");
            let (low, high) = ((ends.0 - scale.from) / scale.by, (ends.1 - scale.from) / scale.by);
            let slack = 2.0 / scale.by.abs();
            assert!(
                ticks[0] - gap < low + slack && ticks[ticks.len() - 1] + gap > high - slack,
                "{scale:?} {low} {high}"
            );
        }
    }
}

/// Seven points that no reflection, shift or exchange of axes leaves in place.
const X: [f64; 7] = [1.0, 2.0, 5.0, 7.0, 20.0, 33.0, 90.0];
const Y: [f64; 7] = [3.0, 0.5, 0.02, 8.0, 40.0, 0.7, 1.0];

#[test]
fn the_points_of_a_curve_are_at_their_places_on_every_axis() {
    let points: Vec<At> = X.into_iter().zip(Y).collect();
    let chart = || show::xy("a", &X, &Y);
    type Kind = (fn(Chart) -> Chart, (bool, bool));
    let kinds: [Kind; 4] = [
        (|chart| chart, (false, false)),
        (Chart::log_y, (false, true)),
        (Chart::log_x, (true, false)),
        (|chart| chart.log_x().log_y(), (true, true)),
    ];
    for (kind, log) in kinds {
        for size in [(680, 340), (300, 240), (240, 500)] {
            let read = Read::of(&kind(chart()).size(size.0, size.1).figure(), log);
            read.assert_curve(0, &points);
            read.assert_ticks_reach_the_ends();
            // Each point has its mark.
            let marks: Vec<At> =
                read.picture.shapes.iter().filter(|s| s.kind == "circle").map(|s| s.corners[0]).collect();
            assert_eq!(marks.len(), 7);
            assert!(marks.iter().zip(&points).all(|(mark, p)| near(*mark, read.at(*p), 1.2)));
        }
    }
    let negative = Read::of(&show::xy("", &[-3.0, 4.0, 1.0], &[5.0, -2.0, 0.25]).figure(), (false, false));
    negative.assert_curve(0, &[(-3.0, 5.0), (4.0, -2.0), (1.0, 0.25)]);
    // A curve counts from 0.
    let counted = Read::of(&show::curve("", &[4.0, 9.0, 2.0]).figure(), (false, false));
    counted.assert_curve(0, &[(0.0, 4.0), (1.0, 9.0), (2.0, 2.0)]);
}

#[test]
fn both_axes_have_their_names_where_they_belong() {
    let figure = show::xy("a", &X, &Y).labels("the name of x", "the name of y").title("the title").figure();
    let read = Read::of(&figure, (false, false));
    let ([(left, bottom), (right, top)], text) = (read.plane, |words| read.picture.text(words));
    let (x, y, title) = (text("the name of x"), text("the name of y"), text("the title"));
    assert!(!x.upward && (x.at.0 - (left + right) / 2.0).abs() <= 2.0 && x.at.1 > bottom + 16.0, "{x:?}");
    assert!(y.upward && y.at.0 < left && (y.at.1 - (top + bottom) / 2.0).abs() <= 2.0, "{y:?}");
    assert!(title.bold && title.anchor == "start" && near(title.at, (20.0, 23.0), 0.0), "{title:?}");
    assert!(figure.alt.starts_with("the title. Line plot, the name of y against the name of x. a: 7 points, 3 to 1."));
    let asked = show::xy("a", &X, &Y).title("How far?").figure().alt;
    assert!(asked.starts_with("How far? Line plot."), "{asked}");
    assert!(show::curve("a", &[2.0]).figure().alt.ends_with(" a: 1 point, 2 to 2."));
}

#[test]
fn ticks_are_written_in_their_units() {
    let labels = |chart: Chart, log: (bool, bool)| {
        let read = Read::of(&chart.figure(), log);
        read.assert_ticks_reach_the_ends();
        [read.x.ticks, read.y.ticks].map(|ticks| ticks.into_iter().map(|t| t.0).collect::<Vec<f64>>())
    };
    let linear = (false, false);
    assert_eq!(
        labels(show::xy("", &[0.0, 30_000.0], &[1e-6, 1e-2]).log_y(), (false, true)),
        [vec![0.0, 5e3, 1e4, 1.5e4, 2e4, 2.5e4, 3e4], vec![1e-6, 1e-5, 1e-4, 1e-3, 1e-2]]
    );
    // Millions from a million on.
    let million = Picture::of(&show::xy("", &[0.0, 1e6], &[0.5, 1.5]).figure());
    assert!(million.texts.iter().any(|text| text.words == "1.0M"), "{:?}", million.texts);
    // Where two round numbers do not fit at first, closer ones are found.
    let [_, low] = labels(show::curve("", &[0.3, 0.6]).y_range(0.11, 0.89).size(240, 160), linear);
    assert!(low.len() >= 2 && low.iter().all(|y| (y * 10.0 - (y * 10.0).round()).abs() < 1e-9), "{low:?}");
    let percent = labels(show::accuracy("", &[0.971, 0.982, 0.9876]), linear);
    assert_eq!(percent[0], [1.0, 2.0, 3.0]); // there is no epoch and a half
    assert!(percent[1].iter().all(|y| (0.97..0.99).contains(y)), "{percent:?}");
    for far in [3e-7, 4e-12, 2e7, 5e11] {
        let [_, y] = labels(show::xy("", &[1.0, 2.0], &[far, 3.0 * far]), linear);
        assert!(y.iter().all(|y| (-0.01 * far..=3.2 * far).contains(y)), "{y:?}");
    }
}

/// The labels of neighbouring ticks do not touch, whatever the range.
#[test]
fn no_two_ticks_touch() {
    let width = |words: &str| -> f64 {
        words
            .chars()
            .map(|c| {
                if "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".contains(c) {
                    4.5
                } else if ".· ".contains(c) {
                    3.7
                } else {
                    6.8
                }
            })
            .sum()
    };
    for low in [-8.3, -5.0, -2.6, -0.4, 0.0, 1.7, 4.9] {
        for decades in [0.05, 0.2, 0.4, 0.8, 1.0, 1.3, 1.8, 2.6, 3.5, 5.0, 9.0, 17.0, 40.0] {
            let ends = [low, low + decades].map(|e| 10_f64.powf(e));
            for size in [(240, 160), (420, 330), (680, 340), (1200, 900)] {
                let charts = [show::xy("", &ends, &ends), show::xy("", &ends, &ends).log_x().log_y()];
                for (chart, log) in charts.into_iter().zip([(false, false), (true, true)]) {
                    let picture = Picture::of(&chart.size(size.0, size.1).figure());
                    let labels = || picture.texts.iter().filter(|text| text.fill == TICKS);
                    let mut across: Vec<_> = labels().filter(|t| t.anchor != "end").collect();
                    across.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
                    assert!(across.len() >= 2, "{ends:?} {log:?}");
                    for pair in across.windows(2) {
                        let gap = pair[1].at.0 - pair[0].at.0 - (width(&pair[0].words) + width(&pair[1].words)) / 2.0;
                        assert!(gap > 2.0, "{} and {}: {gap} for {ends:?}, {size:?}", pair[0].words, pair[1].words);
                    }
                    let mut down: Vec<_> = labels().filter(|t| t.anchor == "end").collect();
                    down.sort_by(|a, b| a.at.1.total_cmp(&b.at.1));
                    for pair in down.windows(2) {
                        assert!(pair[1].at.1 - pair[0].at.1 >= 13.0, "{} and {}", pair[0].words, pair[1].words);
                    }
                }
            }
        }
    }
}

#[test]
fn every_series_has_its_colour_its_dashes_and_its_name() {
    let y = |k: usize| [1.0 + k as f64, 2.0 * k as f64, 3.0 - k as f64, 0.5];
    let chart = (1..6).fold(show::curve("series 0", &y(0)), |chart, k| chart.and(&format!("series {k}"), &y(k)));
    let chart = chart.and_xy("on its own x", &[2.0, 3.5], &[1.25, -1.5]);
    let figure = chart.figure();
    let read = Read::of(&figure, (false, false));
    for (k, &series) in SERIES.iter().enumerate().take(6).skip(1) {
        let points: Vec<At> = y(k).into_iter().enumerate().map(|(n, y)| (n as f64, y)).collect();
        read.assert_curve(k, &points);
        assert_key(&read, &format!("series {k}"), series);
    }
    // The seventh has the first one's colour again.
    let curves = read.curves(0);
    assert_eq!(curves.len(), 2);
    assert!(near(curves[1].points[1], read.at((3.5, -1.5)), 1.2) && curves[1].points.len() == 2);
    for words in ["series 0", "on its own x"] {
        assert_key(&read, words, SERIES[0]);
    }
    // Each series has marks of another form, at its points and in the legend.
    let corners = |k: usize| -> Vec<usize> {
        let marks = read.picture.shapes.iter().filter(|shape| shape.fill == SERIES[k].0);
        marks.map(|mark| mark.corners.len()).collect()
    };
    let forms: Vec<usize> = (0..6).map(|k| corners(k)[0]).collect();
    assert_eq!(forms, [1, 3, 4, 4, 3, 12]);
    assert!((1..6).all(|k| corners(k) == [forms[k]; 5]), "{:?}", corners(1));
    let other_x = show::xy("p", &[3.0, 5.0], &[1.0, 2.0]).and("q", &[7.0, 4.0]).figure();
    Read::of(&other_x, (false, false)).assert_curve(1, &[(3.0, 7.0), (5.0, 4.0)]);
}

/// Before this name stands a line with this colour and these dashes, above the plane.
fn assert_key(read: &Read, words: &str, (colour, dashes): (&str, &str)) {
    let name = read.picture.text(words);
    assert!(name.anchor == "start" && name.at.1 < read.plane[1].1, "{name:?}");
    let key = [(name.at.0 - 36.0, name.at.1), (name.at.0 - 8.0, name.at.1)];
    let is_key = |line: &&&Line| {
        line.points.len() == 2 && near(line.points[0], key[0], 1.0) && near(line.points[1], key[1], 1.0)
    };
    let lines = read.picture.lines_in(colour);
    let found: Vec<_> = lines.iter().filter(is_key).collect();
    assert_eq!(found.len(), 1, "{words}: {lines:?}");
    assert_eq!(found[0].dashes, dashes, "{words}");
}

#[test]
fn levels_and_bands_are_at_their_heights() {
    let (middle, low, high) = ([4.0, 2.0, 1.0], [1.0, 0.5, 0.25], [9.0, 3.0, 2.0]);
    let chart = show::curve("median", &middle).and("other", &[5.0, 5.5, 6.0]);
    let chart =
        chart.band("of the other", &low, &high).level("a level", 2.5).level("beyond", 70.0).level("none", f64::NAN);
    for (chart, log) in [(chart.clone(), (false, false)), (chart.log_y(), (false, true))] {
        let read = Read::of(&chart.y_range(0.1, 10.0).figure(), log);
        let band: Vec<_> = read.picture.shapes.iter().filter(|s| s.kind == "polygon" && s.faint).collect();
        assert_eq!((band.len(), band[0].fill.as_str(), band[0].corners.len()), (1, SERIES[1].0, 6));
        for k in 0..3 {
            let (below, above) = (band[0].corners[k], band[0].corners[5 - k]);
            let x = k as f64;
            assert!(near(below, read.at((x, low[k])), 1.2) && near(above, read.at((x, high[k])), 1.2), "{band:?}");
        }
        let levels = read.picture.lines_in(LEVEL);
        let drawn: Vec<_> = levels.iter().filter(|line| line.points.iter().all(|p| read.contains(*p))).collect();
        assert_eq!(drawn.len(), 1, "{levels:?}");
        let [(left, _), (right, _)] = read.plane;
        let y = read.y.place(2.5);
        assert!(near(drawn[0].points[0], (left, y), 1.2) && near(drawn[0].points[1], (right, y), 1.2), "{drawn:?}");
        assert_key(&read, "a level", (LEVEL, "6 6"));
        let name = read.picture.text("of the other").at;
        let key = read.picture.boxes(SERIES[1].0);
        assert!(
            key.iter()
                .any(|[a, b]| near(*a, (name.0 - 36.0, name.1 - 5.0), 1.0)
                    && near(*b, (name.0 - 8.0, name.1 + 5.0), 1.0))
        );
    }
}

#[test]
fn the_band_of_a_long_curve_holds_every_value() {
    let (mut low, mut high) = (vec![-1.0; 1000], vec![1.0; 1000]);
    (low[333], high[777]) = (-5.0, 7.0);
    let read = Read::of(&show::curve("", &[0.0; 1000]).band("range", &low, &high).figure(), (false, false));
    let band = read.picture.shapes.iter().find(|shape| shape.kind == "polygon" && shape.faint).unwrap();
    let ends = |of: fn(&At) -> f64| {
        band.corners.iter().map(of).fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)))
    };
    assert!(near(ends(|p| p.0), (read.x.place(0.0), read.x.place(999.0)), 1.2), "{band:?}");
    assert!(near(ends(|p| p.1), (read.y.place(7.0), read.y.place(-5.0)), 1.2), "{band:?}");
}

#[test]
fn a_longer_curve_counts_on() {
    let figure = show::curve("a", &[1.0, 2.0]).and("b", &[3.0, 5.0, 4.0, 6.0]).figure();
    Read::of(&figure, (false, false)).assert_curve(1, &[(0.0, 3.0), (1.0, 5.0), (2.0, 4.0), (3.0, 6.0)]);
}

#[test]
fn an_axis_begins_at_0_if_the_data_begin_near_it() {
    let bottom = |low: f64| {
        let read = Read::of(&show::xy("", &[1.0, 2.0], &[low, 10.0]).figure(), (false, false));
        (read.plane[0].1 - read.y.from) / read.y.by
    };
    assert!(bottom(1.0).abs() < 0.1 && bottom(3.0) > 2.4, "{} {}", bottom(1.0), bottom(3.0));
}

#[test]
fn a_curve_is_cut_where_it_leaves_the_range_and_has_a_gap_where_nothing_is() {
    let values = [0.5, 9.0, 0.25, f64::NAN, 0.75, -9.0, 1.0];
    let read = Read::of(&show::curve("", &values).y_range(0.0, 1.0).figure(), (false, false));
    let curves = read.curves(0);
    let expected: [[At; 2]; 4] = [
        [(0.0, 0.5), (0.5 / 8.5, 1.0)],
        [(1.0 + 8.0 / 8.75, 1.0), (2.0, 0.25)],
        [(4.0, 0.75), (4.0 + 0.75 / 9.75, 0.0)],
        [(5.9, 0.0), (6.0, 1.0)],
    ];
    assert_eq!(curves.len(), 4);
    for (curve, expected) in curves.iter().zip(expected) {
        assert_eq!(curve.points.len(), 2);
        assert!(curve.points.iter().zip(expected).all(|(got, p)| near(*got, read.at(p), 1.2)), "{curve:?}");
    }
    let marks = read.picture.shapes.iter().filter(|shape| shape.kind == "circle").map(|shape| shape.corners[0]);
    let expected = [(0.0, 0.5), (2.0, 0.25), (4.0, 0.75), (6.0, 1.0)];
    assert!(marks.clone().count() == 4 && marks.zip(&expected).all(|(mark, p)| near(mark, read.at(*p), 1.2)));
    read.picture.text("not drawn: 1 not finite");
    // One piece while the curve stays inside, and nothing of a curve that is never there.
    let pieces =
        |values: &[f64]| Read::of(&show::curve("", values).y_range(0.0, 1.0).figure(), (false, false)).curves(0).len();
    assert_eq!([pieces(&[0.0, 1.0, 0.5, 0.5]), pieces(&[2.0, 3.0, 2.0]), pieces(&[2.0, -1.0])], [1, 0, 1]);
}

/// A run that has only begun has the axis of the whole run, and one that goes on has more.
#[test]
fn an_axis_reaches_as_far_as_it_was_told_and_farther_where_the_data_do() {
    let ticks = |values: &[f64]| {
        let picture = Picture::of(&show::curve("", values).x_span(0.0, 40.0).figure());
        ["−1", "40", "50"].map(|words| picture.texts.iter().any(|text| text.words == words))
    };
    assert_eq!(ticks(&[0.25]), [false, true, false]);
    assert_eq!(ticks(&[0.25; 52]), [false, true, true]);
}

/// Whatever the width, no line of the note leaves the picture.
#[test]
fn a_note_is_broken_where_it_is_too_long() {
    let whole = "not drawn: 1 not finite, 2 beyond the axis (zero or less, on a log axis)";
    for (width, lines) in [(240, 3), (338, 2), (680, 1)] {
        let figure = show::curve("", &[1.0, f64::NAN, 0.0, -1.0]).log_y().size(width, 230).figure();
        let note: Vec<_> =
            Picture::of(&figure).texts.into_iter().filter(|text| text.at.0 == 20.0 && !text.bold).collect();
        assert_eq!(note.iter().map(|text| text.words.as_str()).collect::<Vec<_>>().join(" "), whole);
        assert_eq!(note.len(), lines, "{note:?}");
        for (line, text) in note.iter().enumerate() {
            let (most, above) = (f64::from(width - 40) / 5.5, 18.0 * (lines - 1 - line) as f64);
            assert!((text.words.chars().count() as f64) < most && text.at.1 == 216.0 - above, "{text:?}");
        }
    }
}

#[test]
fn points_outside_the_range_are_counted() {
    let chart = show::curve("", &[0.5, 9.0, 0.25, -3.0]).points().y_range(0.0, 1.0);
    let read = Read::of(&chart.figure(), (false, false));
    assert_eq!(read.picture.shapes.iter().filter(|s| s.fill == SERIES[0].0).count(), 2);
    read.picture.text("not drawn: 2 outside the range of the axis");
    // A range from high to low is none.
    let all = Read::of(&show::curve("", &[0.5, 9.0]).points().y_range(1.0, 0.0).figure(), (false, false));
    assert!(all.picture.texts.iter().all(|text| !text.words.starts_with("not drawn")));
}

#[test]
fn maps_of_one_range_have_the_same_colours() {
    let text = |map: &show::Heat| Picture::of(&map.figure()).texts.iter().map(|t| t.words.clone()).collect::<Vec<_>>();
    let map = show::heat("", &nalgebra::dmatrix![0.0, 0.25]).range(0.0, 4.0);
    assert!(text(&map).contains(&"4".to_string()), "{:?}", text(&map));
    let errors = show::error_map("", &nalgebra::dmatrix![0.0, 0.01], &nalgebra::dmatrix![0.0, 0.0]).unwrap();
    assert!(text(&errors.range(1e-8, 1.0)).contains(&"10⁻⁸".to_string()));
}

#[test]
fn points_are_marks_without_a_line() {
    let read = Read::of(&show::xy("a", &X, &Y).points().figure(), (false, false));
    assert!(read.curves(0).is_empty());
    let marks: Vec<At> = read.picture.shapes.iter().filter(|s| s.fill == SERIES[0].0).map(|s| s.corners[0]).collect();
    assert_eq!(marks.len(), 7);
    assert!(marks.iter().zip(X.into_iter().zip(Y)).all(|(mark, p)| near(*mark, read.at(p), 1.2)));
}

#[test]
fn a_smoothed_curve_is_the_mean_of_its_neighbours() {
    let values: Vec<f64> = (0..40).map(|k| f64::from(k * k % 7)).collect();
    let read = Read::of(&show::curve("", &values).smooth(4).figure(), (false, false));
    let mean = |k: usize| {
        let near = &values[k.saturating_sub(2)..40.min(k + 3)]; // two on each side, as far as there are
        (k as f64, near.iter().sum::<f64>() / near.len() as f64)
    };
    read.assert_curve(0, &(0..40).map(mean).collect::<Vec<_>>());
    let faint: Vec<_> = read.curves(0).into_iter().filter(|line| line.faint).collect();
    assert_eq!(faint.len(), 1);
    let points = || values.iter().enumerate().map(|(k, &y)| (k as f64, y));
    assert!(faint[0].points.iter().zip(points()).all(|(got, p)| near(*got, read.at(p), 1.2)));
}

#[test]
fn a_long_curve_reaches_from_its_first_point_to_its_last_through_its_extremes() {
    let mut values = vec![1.0; 10_007];
    (values[0], values[4321], values[8765], values[10_006]) = (3.0, 9.0, -9.0, -4.0);
    let read = Read::of(&show::curve("", &values).figure(), (false, false));
    let curve = read.curves(0)[0];
    for k in [0, 4321, 8765, 10_006] {
        let at = read.at((k as f64, values[k]));
        assert!(curve.points.iter().any(|p| near(*p, at, 1.2)), "point {k}");
    }
    assert!(curve.points.windows(2).all(|p| p[0].0 <= p[1].0) && curve.points.len() <= 200);
    // In a stretch that falls, the highest point comes first.
    let falling: Vec<f64> = (0..1000).map(|k| -f64::from(k)).collect();
    let read = Read::of(&show::curve("", &falling).figure(), (false, false));
    assert!(read.curves(0)[0].points.windows(2).all(|p| p[0].0 <= p[1].0 && p[0].1 <= p[1].1));
    // The last point has a mean of its own, also where only every other point has one.
    let smooth = Read::of(&show::curve("", &values[..150]).smooth(9).figure(), (false, false));
    let line = smooth.curves(0).into_iter().find(|line| !line.faint).unwrap();
    assert!((line.points[line.points.len() - 1].0 - smooth.x.place(149.0)).abs() <= 1.2);
}

#[test]
fn a_bar_is_as_high_as_its_number_above_its_name() {
    for values in [[0.5_f64, 2.0, 1.25], [-1.0, 2.0, -0.25]] {
        let figure = show::bars("t", &["#one", "#two", "#three"], &values).labels("", "share").figure();
        let read = Read::of(&figure, (false, false));
        let names: Vec<&str> =
            read.picture.texts.iter().filter(|t| t.words.starts_with('#')).map(|t| &*t.words).collect();
        assert_eq!(names, ["#one", "#two", "#three"]);
        let bars = read.picture.boxes(SERIES[0].0);
        assert_eq!(bars.len(), 3);
        for (k, [a, b]) in bars.into_iter().enumerate() {
            let middle = read.picture.text(names[k]).at.0;
            assert!(((a.0 + b.0) / 2.0 - middle).abs() <= 1.0, "bar {k}");
            let (low, high) = (a.1.max(b.1), a.1.min(b.1));
            let ends = (read.y.place(values[k].min(0.0)), read.y.place(values[k].max(0.0)));
            assert!((low - ends.0).abs() <= 1.2 && (high - ends.1).abs() <= 1.2, "bar {k}: {low} {high} {ends:?}");
        }
    }
    assert!(show::bars("t", &["a"], &[2.0]).figure().alt.ends_with(" t: 1 bar, 2 to 2."));
}

#[test]
fn a_histogram_counts_every_value_the_largest_too() {
    let values: Vec<f64> = (0..100).map(|k| f64::from(k * 37 % 101) * 0.1 - 3.0).chain([9.0; 7]).collect();
    let (low, high) = (-3.0, 9.0);
    let read = Read::of(&show::histogram("t", &values).figure(), (false, false));
    assert!((read.plane[0].0 - read.x.place(low)).abs() <= 1.5 && (read.plane[1].0 - read.x.place(high)).abs() <= 1.5);
    let bars = read.picture.boxes(SERIES[0].0);
    let bins = bars.len();
    assert_eq!(bins, 10); // √107
    let mut counts = vec![0.0; bins];
    for value in &values {
        counts[(((value - low) / (high - low) * bins as f64).floor() as usize).min(bins - 1)] += 1.0;
    }
    assert!(counts[bins - 1] >= 7.0 && counts.iter().sum::<f64>() == 107.0);
    for (k, [a, b]) in bars.iter().enumerate() {
        let edge = |k: usize| read.x.place(low + (high - low) * k as f64 / bins as f64);
        assert!((a.0 - edge(k)).abs() <= 2.5 && (b.0 - edge(k + 1)).abs() <= 2.5, "bin {k}");
        assert!((a.1.min(b.1) - read.y.place(counts[k])).abs() <= 1.2, "bin {k} holds {}", counts[k]);
        assert!((a.1.max(b.1) - read.y.place(0.0)).abs() <= 1.2);
    }
    read.picture.text("value");
    read.picture.text("count");
    Picture::of(&show::histogram("t", &[1.0, f64::NAN, 2.0]).figure()).text("not drawn: 1 not finite");
}

#[test]
fn a_training_shows_losses_left_and_accuracies_right() {
    let losses: Vec<f64> = (0..30).map(|k| 2.0 * 0.8_f64.powi(k)).collect();
    let accuracies = [0.91, 0.95, 0.9712];
    let figure = show::training("net", &losses, &accuracies);
    assert_eq!(figure.size, (540 + 340, 340));
    let loss = Read::panel(&figure, (false, true), (0.0, 540.0));
    loss.assert_curve(0, &losses.iter().enumerate().map(|(k, &y)| (k as f64, y)).collect::<Vec<_>>());
    assert!(loss.picture.text("loss").upward);
    loss.picture.text("net: loss of each step");
    loss.picture.text("step");
    let right = Read::panel(&figure, (false, false), (540.0, 880.0));
    right.assert_curve(0, &[(1.0, 0.91), (2.0, 0.95), (3.0, 0.9712)]);
    right.picture.text("accuracy on the test set: 97.12 %");
    assert!(right.picture.text("accuracy").upward);
    right.picture.text("epoch");
}
