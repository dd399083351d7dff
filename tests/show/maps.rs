//! Matrices, images, landscapes, ratios: every cell and every pixel is found again.

use super::picture::{At, Picture, near, read_number};
use handgrad::prelude::*;
use handgrad::show::Figure;

type Rgb = [u8; 3];
const WHITE: Rgb = [0xff; 3];
const LIGHT: Rgb = [0xf7, 0xfb, 0xff];
const DARK: Rgb = [0x08, 0x30, 0x6b];
const BLUE: Rgb = DARK;
const ORANGE: Rgb = [0x7f, 0x27, 0x04];
const EXACT: Rgb = [0xcf, 0xe3, 0xf5];
const NOT_FINITE: Rgb = [0x8b, 0x00, 0x8b];

fn light(colour: Rgb) -> i32 {
    colour.iter().map(|&c| i32::from(c)).sum()
}

/// A matrix with the number of its column in the last digit and that of its row in front.
fn numbered(rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::from_fn(rows, columns, |i, j| (100 * i + j) as f64)
}

/// The cells and the scale of a heat map.
fn cells(picture: &Picture) -> (&super::picture::Image, &super::picture::Image) {
    assert_eq!(picture.images.len(), 2);
    (&picture.images[0], &picture.images[1])
}

#[test]
fn a_cell_of_a_heat_map_is_in_its_row_and_column() {
    let matrix = numbered(3, 5);
    let picture = Picture::of(&show::heat("W", &matrix).figure());
    let (image, scale) = cells(&picture);
    assert_eq!((image.rows.len(), image.rows[0].len()), (3, 5));
    let cell = |i: usize, j: usize| {
        (image.at.0 + image.size.0 * (j as f64 + 0.5) / 5.0, image.at.1 + image.size.1 * (i as f64 + 0.5) / 3.0)
    };
    for (i, j) in (0..3).flat_map(|i| (0..5).map(move |j| (i, j))) {
        // Colours go from light to dark with the numbers.
        for (k, l) in (0..3).flat_map(|k| (0..5).map(move |l| (k, l))) {
            let darker = matrix[(i, j)] - matrix[(k, l)] > 1.0;
            assert!(!darker || light(image.rows[i][j]) < light(image.rows[k][l]), "({i}, {j}) and ({k}, {l})");
        }
        let words = matrix[(i, j)].to_string();
        let written =
            picture.texts.iter().any(|t| t.words == words && near(t.at, cell(i, j), 1.0) && t.anchor != "end");
        assert!(written, "{words} must be at {:?}", cell(i, j));
        let dark = light(image.rows[i][j]) < 380;
        let ink = picture.texts.iter().find(|t| t.words == words && near(t.at, cell(i, j), 1.0)).unwrap();
        assert_eq!(ink.fill == "#ffffff", dark, "{words} on {:?}", image.rows[i][j]);
    }
    assert_eq!((image.rows[0][0], image.rows[2][4]), (LIGHT, DARK));
    // Columns are counted above, rows at the left.
    let above: Vec<_> = picture.texts.iter().filter(|t| t.at.1 < image.at.1 && !t.bold).collect();
    assert_eq!(above.iter().map(|t| t.words.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3", "4"]);
    assert!(above.iter().enumerate().all(|(j, t)| (t.at.0 - cell(0, j).0).abs() <= 1.0));
    let left: Vec<_> = picture.texts.iter().filter(|t| t.anchor == "end").collect();
    assert_eq!(left.iter().map(|t| t.words.as_str()).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert!(left.iter().enumerate().all(|(i, t)| t.at.0 < image.at.0 && (t.at.1 - cell(i, 0).1).abs() <= 1.0));
    assert_scale(&picture, scale, &[204.0, 102.0, 0.0], (DARK, LIGHT));
    assert_eq!(picture.text("W").at, (20.0, 23.0));
}

/// Beside the scale stand these numbers from its top to its bottom, and it goes from one colour to the other.
fn assert_scale(picture: &Picture, scale: &super::picture::Image, numbers: &[f64], (top, bottom): (Rgb, Rgb)) {
    let beside = picture.texts.iter().filter(|t| t.anchor == "start" && (t.at.0 - (scale.at.0 + 18.0)).abs() < 1.0);
    let beside = beside.filter(|t| t.at.1 > scale.at.1 && t.at.1 < scale.at.1 + scale.size.1);
    let found: Vec<(f64, f64)> = beside.map(|t| (t.at.1, read_number(&t.words))).collect();
    assert_eq!(found.len(), numbers.len(), "{found:?}");
    for (k, ((y, number), expected)) in found.iter().zip(numbers).enumerate() {
        assert!((number - expected).abs() <= 0.006 * expected.abs(), "{number} is not {expected}");
        let share = k as f64 / (numbers.len() - 1) as f64;
        assert!((y - scale.at.1 - 5.0 - share * (scale.size.1 - 10.0)).abs() <= 1.0, "{expected} at {y}");
    }
    assert_eq!((scale.rows[0][0], scale.rows[scale.rows.len() - 1][0]), (top, bottom));
}

#[test]
fn both_signs_are_blue_and_orange_around_white() {
    let picture = Picture::of(&show::heat("", &dmatrix![-4.0, 0.0; 2.0, 4.0; f64::NAN, -2.0]).figure());
    let (image, scale) = cells(&picture);
    assert_eq!([image.rows[0][0], image.rows[1][1], image.rows[2][0]], [BLUE, ORANGE, NOT_FINITE]);
    assert_middle(image.rows[0][1]);
    let [half_orange, half_blue] = [image.rows[1][0], image.rows[2][1]];
    assert!(half_orange[0] > half_orange[2] + 40 && half_blue[2] > half_blue[0] + 40, "{half_orange:?} {half_blue:?}");
    // With one sign larger, zero is still white.
    assert_scale(&picture, scale, &[4.0, 0.0, -4.0], (ORANGE, BLUE));
    let lopsided = Picture::of(&show::heat("", &dmatrix![-1.0, 0.0, 8.0]).figure());
    assert_middle(lopsided.images[0].rows[0][1]);
    assert_eq!(lopsided.images[0].rows[0][2], ORANGE);
    assert_scale(&lopsided, &lopsided.images[1], &[8.0, 0.0, -8.0], (ORANGE, BLUE));
    let lopsided = Picture::of(&show::heat("", &dmatrix![-8.0, 0.0, 1.0]).figure());
    assert_middle(lopsided.images[0].rows[0][1]);
    assert_scale(&lopsided, &lopsided.images[1], &[8.0, 0.0, -8.0], (ORANGE, BLUE));
    picture.text("not finite");
}

#[test]
fn numbers_are_light_on_dark_colours() {
    let picture = Picture::of(&show::heat("", &dmatrix![10.0, 11.0, 12.0, 13.0, 14.0]).figure());
    let image = &picture.images[0];
    let inks = [10, 11, 12, 13, 14].map(|number| {
        let in_a_cell = |text: &&super::picture::Text| text.words == number.to_string() && text.anchor != "start";
        picture.texts.iter().find(in_a_cell).unwrap().fill == "#ffffff"
    });
    assert_eq!(inks, [false, false, false, true, true], "on {:?}", image.rows[0]);
}

/// The middle colour, within two levels of 256: there is no level just there.
fn assert_middle(colour: Rgb) {
    assert!(colour.iter().zip([0xf7; 3]).all(|(a, b)| a.abs_diff(b) <= 2), "{colour:?}");
}

#[test]
fn a_large_matrix_has_a_pixel_for_each_entry_or_for_every_other() {
    let picture = Picture::of(&show::heat("", &numbered(20, 41)).figure());
    let (image, _) = cells(&picture);
    assert_eq!((image.rows.len(), image.rows[0].len()), (20, 41));
    assert!(light(image.rows[0][40]) > light(image.rows[19][0]) && image.rows[19][40] == DARK);
    let labelled = |picture: &Picture, wanted: fn(&super::picture::Text, At) -> bool| -> Vec<(f64, At)> {
        let corner = picture.images[0].at;
        let texts = picture.texts.iter().filter(|t| !t.bold && wanted(t, corner));
        texts.map(|t| (read_number(&t.words), t.at)).collect()
    };
    let (above, left) =
        (|t: &super::picture::Text, c: At| t.at.1 < c.1, |t: &super::picture::Text, _: At| t.anchor == "end");
    for (j, at) in labelled(&picture, above) {
        assert!((at.0 - image.at.0 - image.size.0 * (j + 0.5) / 41.0).abs() <= 1.0, "column {j}");
    }
    let rows = labelled(&picture, left);
    assert!(
        rows.len() > 5 && rows.iter().all(|(i, at)| (at.1 - image.at.1 - image.size.1 * (i + 0.5) / 20.0).abs() <= 1.0)
    );

    let tall = Picture::of(&show::heat("", &numbered(1200, 4)).figure());
    assert_eq!((tall.images[0].rows.len(), tall.images[0].rows[0].len()), (400, 2));
    tall.text("Drawn: every third row and column.");
    // The last pixel shows entry (1197, 3), nearly the largest.
    assert!(light(tall.images[0].rows[399][1]) < light(DARK) + 12, "{:?}", tall.images[0].rows[399][1]);
    let image = &tall.images[0];
    let last = labelled(&tall, left).pop().unwrap();
    assert!(
        last.0 > 900.0 && (last.1.1 - image.at.1 - image.size.1 * (last.0 / 3.0 + 0.5) / 400.0).abs() <= 1.0,
        "{last:?}"
    );
}

#[test]
fn an_error_map_has_each_error_in_its_cell() -> Result<(), ShapeError> {
    let expected = dmatrix![5.0, 0.0, 2.0; 0.0, 7.0, 1.0];
    let mut got = expected.clone();
    (got[(0, 1)], got[(1, 0)], got[(1, 2)]) = (1e-4, -1e-2, f64::NAN);
    let picture = Picture::of(&show::error_map("dw", &got, &expected)?.figure());
    let (image, scale) = cells(&picture);
    let [yellow, red] = [[0xff, 0xf3, 0xb0], [0x5c, 0x0d, 0x0d]];
    assert_eq!(image.rows[0], [EXACT, yellow, EXACT]);
    assert_eq!(image.rows[1], [red, EXACT, NOT_FINITE]);
    assert_scale(&picture, scale, &[1e-2, 1e-4], (red, yellow));
    for (words, i, j) in [("10⁻⁴", 0, 1), ("0.01", 1, 0), ("NaN", 1, 2)] {
        let cell =
            (image.at.0 + image.size.0 * (j as f64 + 0.5) / 3.0, image.at.1 + image.size.1 * (i as f64 + 0.5) / 2.0);
        assert!(picture.texts.iter().any(|t| t.words == words && near(t.at, cell, 1.0)), "{words}");
    }
    // The names of the two special colours stand beside them.
    for (name, fill) in [("exact", "#cfe3f5"), ("not finite", "#8b008b")] {
        let (at, key) = (picture.text(name).at, picture.boxes(fill));
        assert!(key.len() == 1 && near(key[0][0], (at.0 - 18.0, at.1 - 6.0), 1.0), "{name}: {key:?}");
    }
    picture.text("3 of 6 entries exact, the largest error 0.01 at (1, 0), 1 not finite");
    // The scale goes over whole powers of ten.
    let between = Picture::of(&show::error_map("", &dmatrix![5e-2, 2e-4], &dmatrix![0.0, 0.0])?.figure());
    assert_scale(&between, &between.images[1], &[0.1, 1e-4], (red, yellow));
    Ok(())
}

#[test]
fn a_map_fits_a_width() -> Result<(), ShapeError> {
    let expected: DMatrix<f64> = DMatrix::zeros(5, 5);
    let got = DMatrix::from_fn(5, 5, |i, j| if i < 4 { 0.0 } else { 1.0 + j as f64 });
    let map = show::error_map("dw", &got, &expected)?;
    let (free, narrow, tight) = (map.figure(), map.clone().within(350).figure(), map.within(300).figure());
    assert!(free.size.0 > 350 && narrow.size.0 <= 350 && tight.size.0 <= 300);
    // Cells of 40 pixels hold their numbers, cells of 30 do not; the line below the map is broken.
    let [free, narrow, tight] = [free, narrow, tight].map(|figure| Picture::of(&figure));
    let numbers = |picture: &Picture| picture.texts.iter().filter(|t| t.words == "5").count();
    assert_eq!([&free, &narrow, &tight].map(numbers), [1, 1, 0]);
    free.text("20 of 25 entries exact, the largest error 5 at (4, 4)");
    assert!(tight.text("20 of 25 entries exact,").at.1 < tight.text("the largest error 5 at (4, 4)").at.1);
    Ok(())
}

/// No text leaves its picture: a title, a note or a caption, with the letters of DejaVu Sans, which are wide.
#[test]
fn titles_and_notes_have_room() -> Result<(), ShapeError> {
    let title = "your dalpha of the second layer: how far it is off";
    let figures = [
        show::error_map("your y, how far off", &dmatrix![1.0], &dmatrix![2.0])?.figure(),
        show::error_map("e", &dmatrix![1.0; f64::NAN; 2.0], &dmatrix![3.25; 1.0; 2.0])?.figure(),
        show::heat(title, &dmatrix![1.0; 2.0]).figure(),
        show::images(title, &Tensor4::from_fn([1, 1, 3, 3], |_, _, i, j| i as f64 - j as f64)).figure(),
        show::images("", &Tensor4::from_fn([2, 1, 3, 3], |n, _, i, j| [i as f64 - j as f64, f64::NAN][n])).figure(),
    ];
    for figure in &figures {
        for text in Picture::of(figure).texts.iter().filter(|t| t.anchor == "start") {
            let letter = if text.bold { 8.2 } else { 5.6 };
            let end = text.at.0 + letter * text.words.chars().count() as f64;
            assert!(end <= f64::from(figure.size.0), "{:?} ends at {end} of {}", text.words, figure.size.0);
        }
    }
    assert!(figures[0].alt.ends_with("0 of 1 entry exact, the largest error 1 at (0, 0)."), "{}", figures[0].alt);
    assert!(figures[3].alt.contains(": 1 map of 3 × 3 from"), "{}", figures[3].alt);
    Ok(())
}

/// A picture's place on the sheet, found by its frame: upper left corner and size.
fn frames(picture: &Picture) -> Vec<(At, At)> {
    let frames = picture.lines_in("#e7ebf0");
    frames.iter().map(|f| (f.points[0], (f.points[2].0 - f.points[0].0, f.points[2].1 - f.points[0].1))).collect()
}

/// The pixel of the sheet that shows pixel (i, j) of a map with this frame.
fn pixel(picture: &Picture, frame: (At, At), (h, w): (usize, usize), (i, j): (usize, usize)) -> Rgb {
    let image = &picture.images[0];
    let scale = (image.rows[0].len() as f64 / image.size.0, image.rows.len() as f64 / image.size.1);
    let x = frame.0.0 + frame.1.0 * (j as f64 + 0.5) / w as f64 - image.at.0;
    let y = frame.0.1 + frame.1.1 * (i as f64 + 0.5) / h as f64 - image.at.1;
    image.rows[(y * scale.1) as usize][(x * scale.0) as usize]
}

#[test]
fn every_pixel_of_a_grey_image_is_in_its_row_and_column() {
    let (h, w) = (3, 5);
    let tensor = Tensor4::from_fn([2, 3, h, w], |n, c, i, j| (n * 45 + c * 15 + i * 5 + j) as f64);
    let picture = Picture::of(&show::images("six", &tensor).figure());
    let all = frames(&picture);
    assert_eq!(all.len(), 6);
    for (m, &frame) in all.iter().enumerate() {
        let (n, c) = (m / 3, m % 3);
        // A row of maps for each sample, a column for each channel.
        let (first, right) = (all[0].0, all[1].0.0 - all[0].0.0);
        let down = all[3].0.1 - all[0].0.1;
        assert!(right > frame.1.0 && down > frame.1.1);
        assert!(near(frame.0, (first.0 + c as f64 * right, first.1 + n as f64 * down), 0.6), "map ({n}, {c})");
        assert!((frame.1.0 / frame.1.1 - w as f64 / h as f64).abs() < 0.03, "{frame:?}");
        for (i, j) in (0..h).flat_map(|i| (0..w).map(move |j| (i, j))) {
            let grey = 255.0 * (1.0 - tensor[(n, c, i, j)] / 89.0);
            let found = pixel(&picture, frame, (h, w), (i, j));
            assert!(
                found.iter().all(|&v| (f64::from(v) - grey).abs() <= 1.0),
                "({n}, {c}, {i}, {j}): {found:?}, {grey}"
            );
        }
    }
    // Zero is white also where no number is 0.
    let positive =
        Picture::of(&show::images("", &Tensor4::from_fn([1, 1, 1, 2], |_, _, _, j| [50.0, 100.0][j])).figure());
    let frame = frames(&positive)[0];
    let [half, whole] = [0, 1].map(|j| pixel(&positive, frame, (1, 2), (0, j))[0]);
    assert!(half.abs_diff(128) <= 1 && whole == 0, "{half} {whole}");
    // Between the maps is paper.
    let image = &picture.images[0];
    assert_eq!(image.rows[0][w], WHITE);
}

#[test]
fn images_of_one_range_can_be_compared() {
    let grey = |ink: f64| {
        let image = Tensor4::from_fn([1, 1, 4, 4], |_, _, i, j| if (i, j) == (1, 2) { ink } else { 0.0 });
        let images = show::images("an image", &image).range(0.0, 1.0).fit(200);
        let picture = Picture::of(&images.figure());
        assert!(picture.images[0].size.0 <= 160.0, "{:?}", picture.images[0].size);
        (picture.images[0].rows[1][2], picture.images[0].rows[0][0])
    };
    // Without a range, the largest number of each would be black, and nothing but zeros grey.
    assert_eq!(grey(1.0), ([0; 3], WHITE));
    assert_eq!(grey(0.0), (WHITE, WHITE));
    let (half, _) = grey(0.5);
    assert!((120..=136).contains(&half[0]), "{half:?}");
}

#[test]
fn images_of_both_signs_share_one_scale() {
    let kernels = Tensor4::from_fn([1, 2, 2, 3], |_, d, i, j| (i * 3 + j) as f64 * if d == 0 { 1.0 } else { -0.5 });
    let picture = Picture::of(&show::images("k", &kernels).figure());
    let all = frames(&picture);
    assert_eq!(pixel(&picture, all[0], (2, 3), (1, 2)), ORANGE);
    assert_middle(pixel(&picture, all[0], (2, 3), (0, 0)));
    let blue = pixel(&picture, all[1], (2, 3), (1, 2));
    assert!(blue[2] > blue[0] + 40 && blue != BLUE, "{blue:?}"); // half as far from 0
    picture.text("blue −5, white 0, orange 5");
    // All below zero: the largest is black.
    let below = Picture::of(&show::images("", &kernels.map(|k| -k.abs() - 1.0)).figure());
    assert_eq!(pixel(&below, frames(&below)[0], (2, 3), (0, 0)), [0; 3]);
}

#[test]
fn captions_are_below_their_maps_and_wrong_ones_in_another_colour() {
    let tensor = Tensor4::from_fn([5, 1, 4, 6], |n, _, i, j| (n + i * j) as f32);
    let figure = show::images("digits", &tensor).predictions(&[1, 2, 3, 4, 5], &[1, 7, 3, 4, 0]).columns(3).figure();
    let picture = Picture::of(&figure);
    let all = frames(&picture);
    assert_eq!(all.len(), 5);
    for (m, words) in ["1", "2, not 7", "3", "4", "5, not 0"].into_iter().enumerate() {
        let (text, (corner, size)) = (picture.text(words), all[m]);
        assert!(near(text.at, (corner.0 + size.0 / 2.0, corner.1 + size.1 + 11.0), 1.0), "{text:?}");
        assert_eq!((text.bold, text.fill == "#d55e00"), (words.contains("not"), words.contains("not")));
    }
    assert!(all[3].0.1 > all[0].0.1 && all[3].0.0 == all[0].0.0 && all[2].0.1 == all[0].0.1, "three in a row");
}

#[test]
fn every_pixel_of_a_photograph_has_its_three_colours() -> Result<(), ShapeError> {
    let (h, w) = (3, 5);
    let value = |n: usize, c: usize, i: usize, j: usize| (n * 45 + c * 15 + i * 5 + j) as f64 / 89.0;
    let picture = Picture::of(&show::photographs("two", &Tensor4::from_fn([2, 3, h, w], value))?.figure());
    let all = frames(&picture);
    assert_eq!(all.len(), 2);
    for (n, &frame) in all.iter().enumerate() {
        assert!((frame.1.0 / frame.1.1 - w as f64 / h as f64).abs() < 0.03, "{frame:?}");
        for (i, j) in (0..h).flat_map(|i| (0..w).map(move |j| (i, j))) {
            let expected = [0, 1, 2].map(|c| (255.0 * value(n, c, i, j)).round() as u8);
            assert_eq!(pixel(&picture, frame, (h, w), (i, j)), expected, "({n}, {i}, {j})");
        }
    }
    Ok(())
}

#[test]
fn a_ratio_is_beside_its_name_and_measured_from_the_line_at_one() {
    let figure = show::ratios("ours / theirs", "theirs")
        .group("networks", [("small", 0.4), ("large", 1.1)])
        .group("layers", [("dense", 1.75)])
        .figure();
    let picture = Picture::of(&figure);
    let one = picture.lines_in("#6e7781")[0].points[0].0;
    assert!((picture.text("theirs").at.0 - one).abs() <= 1.0);
    let mut last = 0.0;
    for (group, name, ratio, fill) in [
        ("networks", "small", 0.4, "#0072b2"),
        ("networks", "large", 1.1, "#d55e00"),
        ("layers", "dense", 1.75, "#d55e00"),
    ] {
        let (name, number) = (picture.text(name), picture.text(&format!("{ratio:.2}")));
        let bars = picture.boxes(fill);
        let [a, b] = *bars.iter().find(|[a, b]| a.1 < name.at.1 && name.at.1 < b.1).expect("a bar beside its name");
        assert!(((b.0 - a.0) / (one - a.0) - ratio).abs() < 0.01, "{ratio}: {a:?} {b:?}");
        assert!(name.anchor == "end" && name.at.0 < a.0 && name.at.1 > last);
        assert!(near(number.at, (b.0 + 8.0, name.at.1), 1.0) && number.anchor == "start");
        let heading = picture.text(group);
        assert!(
            heading.bold && heading.at.1 < name.at.1 && (last == 0.0 || group == "networks" || heading.at.1 > last)
        );
        last = name.at.1;
    }
}

// ---- landscapes ----

/// The map's corner and size, by its frame.
fn map(picture: &Picture) -> (At, At) {
    let frame = picture.lines_in("#c4ccd4")[0];
    (frame.points[0], (frame.points[2].0 - frame.points[0].0, frame.points[2].1 - frame.points[0].1))
}

/// A bowl with its bottom at (−1, 2), twice as steep along y, over −3 … 2 and −1 … 3.
fn bowl() -> show::Landscape {
    show::landscape("bowl", (-3.0, 2.0), (-1.0, 3.0), |x, y| (x + 1.0).powi(2) + 2.0 * (y - 2.0).powi(2))
}

#[test]
fn a_map_fills_the_size_that_is_set() {
    for (width, height) in [(720, 400), (350, 300), (240, 160)] {
        let walked = bowl().path("p", &[[-3.0, -1.0], [2.0, 3.0]]).size(width, height);
        for (landscape, beside) in [(walked.clone(), 110.0), (walked.without_scale(), 20.0)] {
            let figure = landscape.still().figure();
            assert_eq!(figure.size, (width, height));
            let picture = Picture::of(&figure);
            let (corner, size) = map(&picture);
            assert_eq!(corner.0 + size.0 + beside, f64::from(width));
            assert!(
                (corner.1 + size.1 + 40.0 - f64::from(height)).abs() <= 1.0 && size.1 > 50.0,
                "{corner:?} {size:?}"
            );
            assert_eq!(picture.images.len(), if beside > 100.0 { 2 } else { 1 });
            // The path runs from corner to corner.
            let trail = picture.lines_in("#0072b2").into_iter().find(|line| line.points.len() == 2 && !line.faint);
            let ends = [trail.unwrap().points[0], trail.unwrap().points[1]];
            assert!(
                near(ends[0], (corner.0, corner.1 + size.1), 1.0) && near(ends[1], (corner.0 + size.0, corner.1), 1.0)
            );
        }
    }
    assert_eq!(bowl().size(1, 1).figure().size, (240, 160));
}

/// The ground is drawn for the first copy and used by the others, if they have its size.
#[test]
fn copies_of_a_map_do_not_change_each_other() {
    let shared = bowl();
    let draw = |landscape: &show::Landscape, width| landscape.clone().size(width, 300).figure();
    let first = draw(&shared, 400);
    assert_eq!(draw(&shared, 600), draw(&bowl(), 600));
    assert_eq!(draw(&shared, 400), first);
    assert!(first != draw(&bowl(), 410));
    assert_eq!(shared.figure(), bowl().figure());
}

#[test]
fn the_minimum_is_where_the_function_has_it_and_y_grows_upward() {
    let picture = Picture::of(&bowl().figure());
    let (corner, size) = map(&picture);
    let place = |(x, y): At| (corner.0 + size.0 * (x + 3.0) / 5.0, corner.1 + size.1 * (3.0 - y) / 4.0);
    // Every tick is at the place that the map has for it.
    let ticks = |anchor: &str| -> Vec<(f64, At)> {
        let ticks = picture.texts.iter().filter(|t| t.fill == "#57606a" && t.anchor == anchor);
        ticks.map(|t| (read_number(&t.words), t.at)).collect()
    };
    let (across, down) = (ticks(""), ticks("end"));
    assert_eq!(across.iter().map(|t| t.0).collect::<Vec<_>>(), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0]);
    assert!(across.iter().all(|(x, at)| (at.0 - place((*x, 0.0)).0).abs() <= 1.0 && at.1 > corner.1 + size.1));
    assert_eq!(down.iter().map(|t| t.0).collect::<Vec<_>>(), [-1.0, 0.0, 1.0, 2.0, 3.0]);
    assert!(down.iter().all(|(y, at)| (at.1 - place((0.0, *y)).1).abs() <= 1.0 && at.0 < corner.0));
    // The ground is the lighter, the lower the function; the first image is the scale, drawn below all else.
    let ground = picture.images.iter().find(|image| image.size.0 > 100.0).unwrap();
    let at = |(x, y): At| {
        let (px, py) = place((x, y));
        let share = ((px - ground.at.0) / ground.size.0, (py - ground.at.1) / ground.size.1);
        let (rows, columns) = (ground.rows.len(), ground.rows[0].len());
        light(
            ground.rows[((share.1 * rows as f64) as usize).min(rows - 1)]
                [((share.0 * columns as f64) as usize).min(columns - 1)],
        )
    };
    let f = |(x, y): At| (x + 1.0).powi(2) + 2.0 * (y - 2.0).powi(2);
    let places: Vec<At> =
        (0..20).flat_map(|k| (0..16).map(move |l| (f64::from(k) * 0.25 - 2.9, f64::from(l) * 0.25 - 0.9))).collect();
    for a in &places {
        for b in &places {
            assert!(f(*a) + 0.5 > f(*b) || at(*a) >= at(*b), "{a:?} is lower than {b:?}, but darker");
        }
    }
    assert_eq!(at((-1.0, 2.0)), 3 * 255);
    // The scale: the largest value at the top, the lowest at the bottom.
    let scale = picture.images.iter().find(|image| image.size.0 < 20.0).unwrap();
    assert!(light(scale.rows[0][0]) < light(scale.rows[63][0]));
    let beside = picture.texts.iter().filter(|t| t.anchor == "start" && t.at.0 > scale.at.0);
    let values: Vec<f64> = beside.map(|t| read_number(&t.words)).collect();
    assert!(
        values.len() == 6 && values.is_sorted() && values[0] < 0.01 && (values[5] - 27.0).abs() < 0.1,
        "{values:?}"
    );
    let heights: Vec<f64> =
        picture.texts.iter().filter(|t| t.anchor == "start" && t.at.0 > scale.at.0).map(|t| t.at.1).collect();
    assert!(heights.windows(2).all(|y| y[1] < y[0]), "the largest on top: {heights:?}");
}

#[test]
fn a_path_is_drawn_where_it_goes_in_the_colour_of_its_name() {
    let paths = [[[-2.0, 0.0], [0.5, 1.0], [1.5, -0.5]], [[1.0, 2.5], [-1.0, 0.5], [-2.5, 2.0]]];
    let figure = bowl().path("first", &paths[0]).path("second", &paths[1]).figure();
    let picture = Picture::of(&figure);
    let (corner, size) = map(&picture);
    let place = |[x, y]: [f64; 2]| (corner.0 + size.0 * (x + 3.0) / 5.0, corner.1 + size.1 * (3.0 - y) / 4.0);
    for (path, (name, colour, dashes)) in paths.iter().zip([("first", "#0072b2", ""), ("second", "#d55e00", "14 7")]) {
        let lines = picture.lines_in(colour);
        let trail = lines.iter().find(|line| line.points.len() == 3).expect("a line of three points");
        assert!(trail.points.iter().zip(path).all(|(got, p)| near(*got, place(*p), 1.0)), "{name}: {trail:?}");
        assert_eq!(trail.dashes, dashes);
        let at = picture.text(name).at;
        let key = lines.iter().find(|line| near(line.points[0], (at.0 - 36.0, at.1), 1.0)).expect("a key");
        assert_eq!(key.dashes, dashes);
        // A ring at the start, a mark of the series at the end, in the legend and on the walk.
        let rings = picture.shapes.iter().filter(|s| s.kind == "circle" && s.fill.is_empty());
        assert!(rings.map(|s| s.corners[0]).any(|at| near(at, place(path[0]), 1.0)), "{name} begins in a ring");
        let marks: Vec<At> = picture.shapes.iter().filter(|s| s.fill == colour).map(|s| centre(&s.corners)).collect();
        assert!(marks.iter().filter(|m| near(**m, place(path[2]), 3.0)).count() == 2, "{name}: {marks:?}");
        assert!(marks.iter().any(|m| near(*m, (at.0 - 22.0, at.1), 3.0)), "{name}: {marks:?}");
    }
}

fn centre(corners: &[At]) -> At {
    let n = corners.len() as f64;
    (corners.iter().map(|c| c.0).sum::<f64>() / n, corners.iter().map(|c| c.1).sum::<f64>() / n)
}

// ---- several figures ----

#[test]
fn figures_in_rows_and_columns_keep_their_order() {
    let one = |name: &str, w: u32, h: u32| show::curve(name, &[1.0, 2.0]).size(w, h).figure();
    let title = |figure: &Figure, name: &str| Picture::of(figure).text(name).at;
    let row = show::row([one("a", 300, 200), one("b", 260, 180), one("c", 240, 160)]);
    assert_eq!(row.size, (800, 200));
    assert_eq!(["a", "b", "c"].map(|name| title(&row, name)), [(20.0, 23.0), (320.0, 23.0), (580.0, 23.0)]);
    let column = show::column([one("a", 300, 200), one("b", 260, 180), one("c", 240, 160)]);
    assert_eq!(column.size, (300, 540));
    assert_eq!(["a", "b", "c"].map(|name| title(&column, name)), [(20.0, 23.0), (20.0, 223.0), (20.0, 403.0)]);
}

#[test]
fn a_map_with_many_rows_fits_on_a_screen() {
    for (rows, columns) in [(60, 2), (2, 60), (60, 60)] {
        let (width, height) = show::heat("", &DMatrix::<f64>::zeros(rows, columns)).figure().size;
        assert!(width < 700 && height < 450, "{rows} × {columns}: {width} × {height}");
    }
}
