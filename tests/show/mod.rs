//! The figures: well-formed SVG, small enough, drawn for any data at all.

mod charts;
mod graph;
mod maps;
pub mod picture;
mod steps;

use handgrad::optim::surface::Surface;
use handgrad::prelude::*;
use handgrad::show::{self, Figure};
use proptest::prelude::*;
use std::fs;

// ---- structure ----

/// The names of all elements, if the text is well-formed XML and no attribute holds what is no number.
fn elements(xml: &str) -> Result<Vec<String>, String> {
    let document = roxmltree::Document::parse(xml).map_err(|error| format!("{error} in {xml}"))?;
    let mut all = Vec::new();
    for element in document.descendants().filter(|node| node.is_element()) {
        for attribute in element.attributes().filter(|attribute| !["href", "alt", "src"].contains(&attribute.name())) {
            if attribute.value().contains("NaN") || attribute.value().contains("inf") {
                // The one word with "inf" in it says that a walk goes on for ever.
                if attribute.value() != "indefinite" {
                    return Err(format!("attribute {} is {:?}", attribute.name(), attribute.value()));
                }
            }
        }
        all.push(element.tag_name().name().to_string());
    }
    Ok(all)
}

fn count(figure: &Figure, name: &str) -> usize {
    let elements = elements(&figure.svg()).unwrap_or_else(|error| panic!("{error} in\n{}", figure.svg()));
    elements.iter().filter(|element| *element == name).count()
}

#[test]
fn base64_of_the_standard() {
    // RFC 4648, section 10.
    let vectors =
        [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")];
    for (bytes, text) in vectors {
        assert_eq!(show::base64(bytes.as_bytes()), text);
    }
    assert_eq!(show::base64(&[0xfb, 0xff, 0xbf]), "+/+/");
}

#[test]
fn a_figure_is_one_image_with_an_alt_text() {
    let figure = show::curve("a < b & \"c\" > 'd'", &[1.0, 2.0]).labels("<x>", "&y").figure();
    assert!(figure.alt.contains("a < b & \"c\" > 'd'"), "{}", figure.alt);
    let html = figure.html();
    assert!(
        html.starts_with(
            "<img alt=\"Line plot, &amp;y against &lt;x&gt;. a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;:"
        )
    );
    assert_eq!(elements(&html.replace("\">", "\"/>")).unwrap(), ["img"]);
    assert_eq!(count(&figure, "title"), 1);
    let said = figure.alt("said\u{7}\u{0}\n").svg();
    assert!(said.contains("<title>said   </title>"), "{said}");
    let svg = show::curve("a\u{1}b", &[1.0, 2.0]).labels("c\u{2}\nd", "\t").figure().svg();
    assert!(!svg.chars().any(|c| c.is_control() && c != '\n') && svg.contains(">a b<"), "{svg}");
}

#[test]
fn a_curve_has_a_line_and_its_marks() {
    let figure = show::curve("loss", &[3.0, 2.0, 1.0]).figure();
    assert_eq!((count(&figure, "circle"), count(&figure, "image")), (3, 0));
    assert!(figure.svg().contains("loss</text>"));
    // A second curve is dashed and has marks of another form.
    let two = show::curve("loss", &[3.0, 2.0, 1.0]).and("other", &[1.0, 2.0, 3.0]).figure();
    assert!(two.svg().contains("stroke-dasharray"));
    assert_eq!((count(&two, "circle"), count(&two, "polygon")), (3 + 1, 3 + 1)); // and one each in the legend
}

#[test]
fn axes_are_labelled_in_words_a_reader_knows() {
    let svg = |chart: show::Chart| chart.figure().svg();
    let steps = svg(show::xy("", &[0.0, 30_000.0], &[1e-6, 1e-2]).log_y());
    for label in ["10k<", "20k<", "10⁻⁵<", "10⁻⁴<", "10⁻³<"] {
        assert!(
            steps.contains(&format!(">{label}/text>")) || steps.contains(&format!(">\n{label}")),
            "{label}\n{steps}"
        );
    }
    let epochs = svg(show::accuracy("", &[0.971, 0.982, 0.9876]));
    assert!(epochs.contains(">97.4 %<") && epochs.contains(">2<") && !epochs.contains(">1.5<"), "{epochs}");
    assert!(svg(show::curve("", &[-1.0, 1.0])).contains(">−1<"));
}

#[test]
fn a_level_is_a_dashed_line_if_the_axis_reaches_it() {
    let lines = |chart: show::Chart| chart.figure().svg().matches("#6E7781").count();
    let chart = show::curve("loss", &[1.0, 0.5]);
    assert_eq!(lines(chart.clone()), 0);
    assert_eq!(lines(chart.clone().level("ln 2", 0.693)), 2); // and one in the legend
    assert_eq!(lines(chart.clone().log_y().level("zero has no logarithm", 0.0)), 1);
    assert_eq!(lines(chart.y_range(0.0, 1.0).level("outside", 7.0)), 1);
}

#[test]
fn a_band_lies_between_its_edges() {
    let chart = show::curve("median", &[2.0, 1.0, 0.5]).band("all seeds", &[1.0, 0.5, 0.1], &[4.0, 2.0, 0.9]).log_y();
    let figure = chart.figure();
    assert_eq!(count(&figure, "polygon"), 1);
    assert_eq!(
        figure.alt,
        "Line plot. median: 3 points, 2 to 0.5. all seeds: a band, from 1 to 4 at first and from 0.1 to 0.9 at last."
    );
    // Its three lower corners and three upper ones, each pair at the x of a point of the curve, the lower one lower.
    let svg = figure.svg();
    let corners = |element: &str| -> Vec<(i32, i32)> {
        let line = svg
            .lines()
            .rfind(|line| line.contains(element) && line.contains("points=\"") && line.contains("#0072B2"))
            .unwrap();
        let points = line.split_once("points=\"").unwrap().1.split('"').next().unwrap();
        let number = |n: &str| n.parse().unwrap();
        points.split(' ').map(|p| p.split_once(',').map(|(x, y)| (number(x), number(y))).unwrap()).collect()
    };
    let (band, curve) = (corners("<polygon"), corners("<polyline"));
    assert_eq!(band.len(), 6);
    for k in 0..3 {
        let (low, middle, high) = (band[k], curve[k], band[5 - k]);
        assert!(low.0 == middle.0 && high.0 == middle.0, "{band:?} {curve:?}");
        assert!(low.1 > middle.1 && middle.1 > high.1, "{band:?} {curve:?}");
    }
    // What has no place on the axis is left out and counted.
    let half = show::curve("median", &[2.0, 1.0]).band("all", &[1.0, 0.0], &[4.0, f64::NAN]).log_y().figure();
    assert!(half.svg().contains("not drawn: 1 not finite, 1 beyond the axis"), "{}", half.svg());
    // The axis reaches as far as the band does.
    assert!(show::curve("", &[1.0, 1.0]).band("", &[-50.0, -50.0], &[50.0, 50.0]).figure().svg().contains(">−40<"));
}

#[test]
fn more_points_than_a_screen_has_keep_their_extremes() {
    let mut losses = vec![1.0; 10_000];
    (losses[4321], losses[8765]) = (9.0, -9.0);
    let figure = show::curve("spikes", &losses).y_range(-10.0, 10.0).figure();
    let svg = figure.svg();
    let line = svg.lines().find(|line| line.contains("points=\"") && line.contains("#0072B2")).unwrap();
    let heights: Vec<i32> = line
        .split_once("points=\"")
        .unwrap()
        .1
        .split(' ')
        .map(|p| p.split([',', '"']).nth(1).unwrap().parse().unwrap())
        .collect();
    assert!(heights.len() <= 200);
    let level = heights[0];
    assert!(heights.iter().any(|h| *h < level) && heights.iter().any(|h| *h > level));
}

#[test]
fn a_heat_map_has_its_numbers_while_they_are_few() {
    let small = show::heat("W", &dmatrix![1.0, -2.5; 0.125, 1e-9]).figure();
    for number in [">1<", ">−2.5<", ">0.125<", ">10⁻⁹<"] {
        assert!(small.svg().contains(number), "{number}\n{}", small.svg());
    }
    assert_eq!(count(&small, "image"), 2); // the cells and the scale
    let large = show::heat("W", &DMatrix::<f32>::zeros(13, 13)).figure();
    assert!(count(&large, "text") < 13 * 13);
}

#[test]
fn an_error_map_tells_exact_from_small() -> Result<(), ShapeError> {
    let expected = dmatrix![1.0, 2.0; 3.0, 4.0];
    let exact = show::error_map("dw", &expected, &expected)?.figure();
    assert_eq!(exact.alt, "dw: errors of a 2 × 2 matrix. 4 of 4 entries exact.");
    let got = dmatrix![1.0, 2.0 + 1e-9; f64::NAN, 4.0];
    let wrong = show::error_map("dw", &got, &expected)?.figure();
    assert_eq!(
        wrong.alt,
        "dw: errors of a 2 × 2 matrix. 2 of 4 entries exact, the largest error 10⁻⁹ at (0, 1), 1 not finite."
    );
    assert!(wrong.svg().contains(">exact<") && wrong.svg().contains(">not finite<"));
    let error = show::error_map("dw", &expected, &dmatrix![1.0, 2.0]).unwrap_err();
    assert_eq!(error.to_string(), "error_map: got is (2, 2) but expected is (1, 2): the two must have the same shape");
    // Both infinite and equal is exact; apart, it is not finite.
    let infinite = dmatrix![f64::INFINITY, f64::INFINITY];
    let alt = show::error_map("dz", &infinite, &dmatrix![f64::INFINITY, 0.0])?.figure().alt;
    assert_eq!(alt, "dz: errors of a 1 × 2 matrix. 1 of 2 entries exact, 1 not finite.");
    Ok(())
}

#[test]
fn a_ratio_is_a_bar_that_stays_in_the_picture() {
    let figure =
        |ratio| show::ratios("ours / theirs", "theirs").group("work", [("one", 0.5), ("other", ratio)]).figure();
    let width = |ratio: f64| {
        let svg = figure(ratio).svg();
        let bars = svg.lines().filter(|line| line.contains("#0072B2") || line.contains("#D55E00"));
        let width = |bar: &str| bar.split_once("width=\"")?.1.split('"').next()?.parse::<f64>().ok();
        bars.filter_map(width).collect::<Vec<f64>>()
    };
    let bars = width(1.0);
    assert!((bars[1] / bars[0] - 2.0).abs() < 0.02, "{bars:?}"); // in whole half pixels
    assert_eq!(width(2.0), width(70.0));
    assert_eq!(width(f64::NAN).len(), 1);
    assert!(figure(70.0).svg().contains(">70.00<") && figure(1.1).svg().contains("#D55E00"));
    assert!(!figure(1.0).svg().contains("#D55E00"));
}

#[test]
fn photographs_have_three_maps_each() {
    let red = Tensor4::from_fn([2, 3, 4, 5], |_, c, _, _| if c == 0 { 1.0 } else { 0.0 });
    let figure = show::photographs("two", &red).unwrap().figure();
    assert!(figure.alt.contains("2 photographs of 4 × 5 from a tensor (2, 3, 4, 5)"), "{}", figure.alt);
    assert_ne!(figure.svg(), show::photographs("two", &red.map(|x| 0.5 * x)).unwrap().figure().svg());
    let error = show::photographs("maps", &red.swap_axes()).unwrap_err().to_string();
    assert_eq!(error, "photographs: the tensor is (3, 2, 4, 5): it must be (N, 3, H, W)");
}

#[test]
fn images_say_what_was_predicted() {
    let tensor = Tensor4::from_fn([3, 1, 4, 4], |n, _, i, j| (n + i * j) as f32);
    let figure = show::images("digits", &tensor).predictions(&[1, 2, 3], &[1, 7, 3]).figure();
    assert_eq!(figure.alt, "digits: 3 maps of 4 × 4 from a tensor (3, 1, 4, 4). Captions: 1; 2, not 7; 3.");
    assert!(figure.svg().contains(">2, not 7<") && count(&figure, "image") == 1);
    let many = show::images("many", &Tensor4::<f32>::zeros([7, 30, 2, 2])).figure();
    assert!(many.svg().contains("the first 100 of 210"));
    let note = |count| show::images("", &Tensor4::<f32>::zeros([count, 1, 2, 2])).figure().svg();
    assert!(note(101).contains("the first 100 of 101") && !note(100).contains("the first"));
}

// ---- files and sizes ----

#[test]
fn a_figure_is_saved_whole_and_its_directory_made() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("deep/er/loss.svg");
    let chart = show::curve("loss", &[1.0, 0.5]);
    chart.save(&file).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), chart.figure().svg());
    chart.save(&file).unwrap(); // once more over itself
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "no part is left behind");

    let blocked = file.join("below a file.svg");
    let error = chart.save(&blocked).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: ", blocked.display())), "{error}");
    let error = chart.save("").unwrap_err().to_string();
    assert!(error.contains("found a name that no file can have"), "{error}");
}

#[test]
fn figures_are_small() {
    let losses: Vec<f32> = (0..2814).map(|k| 2.3 / (1.0 + (k * 7919 % 100) as f32)).collect();
    let digits = Tensor4::from_fn([30, 1, 28, 28], |n, _, i, j| ((n * i + j * j) % 17 / 12) as f32);
    let figures = [
        ("training", show::training("LeNet-5", &losses, &[0.97, 0.98, 0.99]), 14_000),
        ("curve", show::curve("loss", &losses).log_y().smooth(50).figure(), 12_000),
        ("band", show::curve("a", &losses).band("b", &losses, &losses).figure(), 12_000),
        ("three curves", show::curve("a", &losses).and("b", &losses).and("c", &losses).figure(), 16_000),
        ("histogram", show::histogram("weights", &losses).figure(), 12_000),
        ("heat map", show::heat("W", &DMatrix::from_fn(12, 12, |i, j| (i * j) as f64 - 9.5)).figure(), 24_000),
        ("large heat map", show::heat("W", &DMatrix::from_fn(200, 100, |i, j| (i + j) as f64)).figure(), 12_000),
        ("images", show::images("digits", &digits).figure(), 24_000),
        ("landscape", walked(Surface::Rosenbrock, 200).figure(), 40_000),
    ];
    for (name, figure, budget) in figures {
        let size = figure.html().len();
        assert!(size <= budget, "{name} is {size} bytes in a notebook, more than {budget}");
    }
}

#[test]
fn several_figures_are_one() {
    let (a, b) = (show::curve("a", &[1.0, 2.0]).size(300, 200), show::heat("b", &dmatrix![1.0]));
    let row = show::row([a.figure(), b.figure()]);
    assert_eq!(row.size, (300 + b.figure().size.0, 200.max(b.figure().size.1)));
    assert_eq!(count(&row, "g"), 2);
    assert_eq!(row.alt, format!("{} {}", a.figure().alt, b.figure().alt));
    let column = show::column([row.clone(), b.figure()]);
    assert_eq!(column.size, (row.size.0, row.size.1 + b.figure().size.1));
    assert!(elements(&column.svg()).is_ok());
    assert!(elements(&show::row(Vec::<Figure>::new()).svg()).is_ok());
}

// ---- any data at all ----

/// Every kind of figure of these numbers is well-formed, and no number of it is NaN.
fn all_kinds(values: &[f64]) -> Result<(), String> {
    let (rows, columns) = (values.len().min(3), values.len() / values.len().clamp(1, 3));
    let matrix = DMatrix::from_iterator(rows, columns, values.iter().copied().take(rows * columns));
    let shifted = matrix.map(|v| v + 1e-3);
    let tensor = Tensor4::from_matrix(matrix.clone(), [1, 1, columns]).map_err(|e| e.to_string())?;
    let names: Vec<usize> = (0..values.len()).collect();
    let reversed: Vec<f64> = values.iter().rev().copied().collect();
    let charts = [
        show::curve("", values),
        show::curve("a", values).and("b", &reversed).smooth(3),
        show::accuracy("share", values),
        show::curve("c", values).band("band", values, &reversed),
        show::xy("xy", values, &reversed),
        show::xy("xy", values, &reversed).points(),
        show::bars("bars", &names, values),
        show::histogram("histogram", values),
    ];
    for chart in charts {
        for chart in [chart.clone(), chart.clone().log_y(), chart.clone().log_x().log_y().level("level", 0.0)] {
            elements(&chart.clone().figure().svg())?;
            elements(&chart.y_range(values.first().copied().unwrap_or(0.0), 1.0).size(0, 0).figure().svg())?;
        }
    }
    elements(&show::training("t", values, values).svg())?;
    elements(&show::heat("", &matrix).figure().svg())?;
    elements(&show::error_map("", &matrix, &shifted).map_err(|e| e.to_string())?.figure().svg())?;
    elements(&show::images("", &tensor).figure().svg())?;
    elements(&show::ratios("", "").group("g", names.iter().zip(values.iter().copied())).figure().svg())?;
    elements(&show::images("", &tensor.swap_axes()).captions(&reversed).columns(2).figure().svg())?;
    Ok(())
}

#[test]
fn degenerate_data_are_drawn() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let cases: [&[f64]; 14] = [
        &[],
        &[1.0],
        &[0.0],
        &[nan],
        &[0.0; 7],
        &[-3.5; 300],
        &[1.0, nan, 2.0, inf, -inf, 3.0],
        &[f64::MAX, f64::MIN],
        &[f64::MIN_POSITIVE, 0.0],
        &[5e-324, 1e-323],
        &[1.0, 1.0 + f64::EPSILON],
        &[1e300, -1e300],
        &[1e-300, 1e299, 1.0],
        &[1e15, 1e15 + 1.0, 1e15 + 2.0],
    ];
    for case in cases {
        all_kinds(case).unwrap_or_else(|error| panic!("{case:?}: {error}"));
    }
}

#[test]
fn what_is_not_drawn_is_counted() {
    let svg = show::curve("loss", &[1.0, f64::NAN, 0.0, f64::INFINITY]).log_y().figure().svg();
    assert!(svg.contains("not drawn: 2 not finite, 1 beyond the axis"), "{svg}");
    assert!(show::curve::<f32>("loss", &[]).figure().svg().contains("nothing to draw"));
}

#[test]
fn a_figure_shows_any_scalar() {
    let dual = [Dual::constant(1.0), Dual::constant(2.0)];
    let plain = show::curve("loss", &[1.0, 2.0]).figure();
    assert_eq!(show::curve("loss", &dual).figure(), plain);
    assert_eq!(show::curve("loss", &[half::bf16::from_f32(1.0), half::bf16::from_f32(2.0)]).figure(), plain);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))] // of 44 figures each
    #[test]
    fn any_numbers_are_drawn(values in prop::collection::vec(any::<f64>(), 0..40)) {
        prop_assert_eq!(all_kinds(&values), Ok(()));
    }
}

// ---- landscapes ----

/// A surface with the paths of two optimizers.
fn walked(surface: Surface, steps: usize) -> show::Landscape {
    let path = |optimizer: &mut dyn Optimizer<f64>| surface.descend(optimizer, [-1.5, 1.5], steps).unwrap();
    show::landscape(surface.name(), (-2.0, 2.0), (-1.0, 2.0), |x, y| surface.value([x, y]))
        .path("SGD", &path(&mut Sgd::new(0.001)))
        .path("Adam", &path(&mut Adam::new(0.1)))
}

/// What stands between two pieces of text, as often as they occur.
fn between<'a>(text: &'a str, from: &'a str, to: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(from).skip(1).filter_map(move |rest| rest.split_once(to).map(|(inside, _)| inside))
}

/// The points of an outline, absolute.
fn outlines(d: &str) -> Vec<Vec<(f64, f64)>> {
    let line = |text: &str| {
        let numbers = text.replace('l', " ").replace('-', " -");
        let numbers: Vec<f64> = numbers.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let steps = numbers.as_chunks::<2>().0.iter();
        let sum = |at: &mut (f64, f64), [x, y]: &[f64; 2]| {
            *at = (at.0 + x, at.1 + y);
            Some(*at)
        };
        steps.scan((0.0, 0.0), sum).collect()
    };
    d.split('M').skip(1).map(line).collect()
}

/// Around a bowl's minimum the lines are circles, and each has one of the heights that they are said to have.
#[test]
fn lines_of_equal_height_are_where_the_height_is() {
    let svg = show::landscape("", (-4.0, 4.0), (-3.0, 3.0), |x, y| (x * x + y * y).sqrt()).figure().svg();
    let d = between(&svg, "<path d=\"", "\"").next().unwrap();
    let mut rings = 0;
    for line in outlines(d) {
        let radius = |&(x, y): &(f64, f64)| (x / 880.0 * 8.0 - 4.0_f64).hypot(3.0 - y / 660.0 * 6.0);
        let mean = line.iter().map(radius).sum::<f64>() / line.len() as f64;
        let digit = if mean < 0.995 { 0.01 } else { 0.1 }; // a level has two digits
        let level = (mean / digit).round() * digit;
        for point in &line {
            assert!((radius(point) - level).abs() < 0.012, "{} on the line at {level}", radius(point));
        }
        // Points are left out only where the line is nearly straight.
        for pair in line.windows(2) {
            let middle = ((pair[0].0 + pair[1].0) / 2.0, (pair[0].1 + pair[1].1) / 2.0);
            assert!((radius(&middle) - level).abs() < 0.024, "{} between points at {level}", radius(&middle));
        }
        rings += usize::from(line.first() == line.last());
    }
    assert!(rings >= 6, "{rings}"); // those of less than 3
}

/// An open line is drawn from one of its ends to the other: here, from the left border to the right one.
#[test]
fn a_line_of_equal_height_is_in_one_piece() {
    let svg = show::landscape("", (-1.0, 1.0), (-1.0, 1.0), |x, y| y + 0.1 * x * x).figure().svg();
    let lines = outlines(between(&svg, "<path d=\"", "\"").next().unwrap());
    assert_eq!(lines.len(), 10);
    for line in lines {
        let mut ends = [line[0].0, line[line.len() - 1].0];
        ends.sort_by(f64::total_cmp);
        assert_eq!(ends, [0.0, 880.0]);
    }
}

/// Two peaks that touch at a corner are one island at a height below the mean of the four places there, and two above it.
#[test]
fn a_saddle_joins_what_is_higher_than_its_mean() {
    for peaks in [[(50.0, 38.0), (51.0, 39.0)], [(50.0, 39.0), (51.0, 38.0)]] {
        // The function is evaluated at whole numbers.
        let f = |x: f64, y: f64| match x.round() {
            left if left < 30.0 => 3.0,
            right if right >= 70.0 => 6.0,
            middle if peaks.contains(&(middle, y.round())) => 9.0,
            _ => 0.0,
        };
        let svg = show::landscape("", (0.0, 100.0), (0.0, 76.0), f).figure().svg();
        let lines = outlines(between(&svg, "<path d=\"", "\"").next().unwrap());
        let around = lines.iter().filter(|line| line.iter().all(|at| (420.0..470.0).contains(&at.0)));
        assert_eq!(around.count(), 1 + 1 + 2, "at the heights 0, 3 and 6: {lines:?}");
    }
}

#[test]
fn paths_begin_and_end_where_the_optimizer_did() {
    let path = [[-2.0, -1.0], [0.0, 0.5], [1.0, 2.0]];
    let map = |path: &[[f64; 2]]| {
        show::landscape("plane", (-2.0, 2.0), (-1.0, 2.0), |x, y| x + y)
            .path("p", path)
            .path("still", &path[..1])
            .figure()
    };
    let svg = map(&path).svg();
    let trail = between(&svg, "<path d=\"", "\"").nth(1).map(outlines).unwrap();
    assert_eq!(trail, [[(0.0, 660.0), (440.0, 330.0), (660.0, 0.0)]]);
    assert!(svg.contains("<circle cx=\"0\" cy=\"660\""));
    assert!(svg.contains("translate(660 0)"));
    assert!(svg.contains("translate(-20 -20)\"><polygon fill=\"#D55E00\" points=\"20,12 28,26 12,26\"/>"), "{svg}");
    let walks: Vec<Vec<&str>> = between(&svg, "values=\"", "\"").map(|walk| walk.split(';').collect()).collect();
    assert_eq!(walks[0][..3], ["0 660", "440 330", "660 0"]);
    assert!(walks[0][3..].iter().all(|at| *at == "660 0") && walks[1].iter().all(|at| *at == "0 660"));
    assert_eq!(walks[0].len(), walks[1].len()); // one clock
    assert_eq!(
        map(&path).alt,
        "plane: map of a function, from −3 to 4. p: 2 steps, (−2, −1) to (1, 2). still: (−2, −1)."
    );
    assert!(map(&[path[0], path[1], [f64::NAN, 0.0], path[2]]).alt.contains("p: 1 step, (−2, −1) to (0, 0.5)"));
}

#[test]
fn a_walk_of_many_steps_keeps_its_ends() {
    let svg = walked(Surface::Rosenbrock, 1000).figure().svg();
    let starts: Vec<_> = between(&svg, "<circle cx=\"", "\" r=\"10\"").map(|at| at.replace("\" cy=\"", " ")).collect();
    let ends: Vec<_> = between(&svg, "stroke-width=\"2\" transform=\"translate(", ")").collect();
    for (k, walk) in between(&svg, "values=\"", "\"").enumerate() {
        let walk: Vec<_> = walk.split(';').collect();
        assert!(walk.len() < 150, "{}", walk.len());
        assert_eq!((walk[0], walk[walk.len() - 1]), (starts[k].as_str(), ends[k]));
    }
}

#[test]
fn any_landscape_is_drawn() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let functions: [fn(f64, f64) -> f64; 7] = [
        |_, _| 1.0,
        |_, _| f64::NAN,
        |x, _| if x > 0.0 { f64::INFINITY } else { x },
        |x, y| 1.0 / (x * y),
        |x, y| (x + y).ln(),
        |x, _| x * 1e307,
        |x, y| (9.0 * x).sin() * (9.0 * y).cos(),
    ];
    let paths: [&[[f64; 2]]; 6] =
        [&[], &[[0.0, 0.0]], &[[nan, 0.0]], &[[1e300, -1e300], [0.5, inf]], &[[9.0; 2]; 3], &[[0.0; 2]; 999]];
    for f in functions {
        for (x, y) in [
            ((-1.0, 1.0), (-1.0, 1.0)),
            ((1.0, 1.0), (nan, 2.0)),
            ((-1e308, 1e308), (0.0, 1e-300)),
            ((2.0, -2.0), (0.0, inf)),
        ] {
            let map = |path: &&[[f64; 2]]| show::landscape("a < b", x, y, f).path("p & q", path);
            for figure in paths.iter().map(|path| map(path).figure()) {
                assert_eq!(count(&figure, "svg"), 2);
            }
        }
    }
    assert_eq!(walked(Surface::Saddle, 40).figure(), walked(Surface::Saddle, 40).figure());
}
