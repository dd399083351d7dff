//! The live figures: how they are opened and set, that every knob does something, and what each says in words, against
//! the crate called directly.

mod derivations;
mod descent;
mod digit;
mod kink;
mod lenet;
mod mistake;
mod regression;
mod softmax;
mod spirals;
mod start;
mod step;

use crate::show::picture::read_number;
use handgrad::live::{self, Live};
use handgrad::show::Figure;

/// The figures that need no data; those that do have the same tests in their own files.
fn complete() -> impl Iterator<Item = &'static str> {
    live::names().filter(|name| !["digit", "lenet"].contains(name))
}

#[test]
fn a_query_opens_a_figure_as_it_was() {
    for name in complete() {
        let first = live::open(name).unwrap();
        let again = live::open(&first.query()).unwrap();
        assert_eq!(first.query(), again.query());
        assert_eq!(first.picture().unwrap(), again.picture().unwrap(), "{name}");
    }
    let mut figure = live::open("descent?rate=0.3&start=1,-2").unwrap();
    assert!(figure.query().contains("rate=0.3&") && figure.query().contains("start=1,-2"));
    figure.set("rate=0.01").unwrap();
    assert_eq!(live::open(&figure.query()).unwrap().picture().unwrap(), figure.picture().unwrap());
}

#[test]
fn every_knob_changes_the_picture() {
    for name in complete() {
        let query = live::open(in_use(name)).unwrap().query();
        let settings: Vec<(&str, &str)> =
            query.split_once('?').unwrap().1.split('&').map(|setting| setting.split_once('=').unwrap()).collect();
        let before = after_some_steps(live::open(in_use(name)).unwrap()).unwrap();
        for (knob, value) in settings {
            let others = others(name, knob, value);
            let drawn = |value: &String| {
                let mut figure = live::open(in_use(name)).unwrap();
                figure.set(&format!("{knob}={value}")).ok()?;
                after_some_steps(figure)
            };
            let changed = others.iter().filter_map(drawn).any(|picture| picture != before);
            assert!(changed, "{name}: {knob} is {value}, and none of {others:?} changes the picture");
        }
    }
}

/// The picture of a figure, some steps later if it moves by itself.
fn after_some_steps(mut figure: Live) -> Option<Figure> {
    for _ in 0..3 {
        figure.advance().ok()?;
    }
    figure.picture().ok()
}

/// A figure with all its knobs in use.
fn in_use(name: &str) -> &str {
    match name {
        "kink" => "kink?f=leaky ReLU", // a ReLU has no α
        _ => name,
    }
}

/// Other values of a knob: the other words, another first number, a stroke of the pen.
fn others(name: &str, knob: &str, value: &str) -> Vec<String> {
    let refusal = live::open(name).unwrap().set(&format!("{knob}=?")).unwrap_err().to_string();
    if let Some((_, words)) = refusal.split_once("must be one of ") {
        return words.split(", ").filter(|word| *word != value).map(str::to_owned).collect();
    }
    if refusal.contains("hexadecimal") {
        return vec![value.replacen('0', "f", 200)];
    }
    let (first, rest) =
        value.split_once(',').map_or((value, String::new()), |(first, rest)| (first, format!(",{rest}")));
    let first: f64 = first.parse().unwrap();
    [first + 1.0, first - 1.0, first * 1.5, first * 0.5, first + 0.05, first - 0.05]
        .iter()
        .map(|other| format!("{other}{rest}"))
        .collect()
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut figure = live::open("convolution?size=3").unwrap();
    let before = figure.query();
    for (setting, why) in [
        ("size=9", "size is \"9\": it must be one of 3, 4, 5, 6"),
        ("sizes=4", "there is no knob \"sizes\": there are size, window"),
        ("size", "\"size\" is no setting: it must read name=value"),
        ("K=1,2", "K has 2 numbers: it must have 4"),
        ("b=nan", "b is \"nan\": it must be a number from -1000000 to 1000000"),
    ] {
        let said = figure.set(setting).unwrap_err().to_string();
        assert!(said.contains(why), "{setting}: {said}");
        assert_eq!(figure.query(), before);
    }
    let unknown = refusal("comvolution");
    assert!(unknown.starts_with("there is no live figure \"comvolution\": there are convolution, "), "{unknown}");
    assert!(refusal("descent?rate=-1").contains("rate is \"-1\": it must be a number from 0.0001 to 2"));
}

fn refusal(query: &str) -> String {
    live::open(query).map(|figure: Live| figure.query()).unwrap_err().to_string()
}

#[test]
fn every_picture_fits_its_width_and_says_what_it_shows() {
    for name in complete() {
        for width in [350, 720, 1000] {
            let mut figure = live::open(name).unwrap();
            figure.set(&format!("width={width}")).unwrap();
            let picture = figure.picture().unwrap();
            assert!(picture.size.0 <= width, "{name} is {} pixels wide in {width}", picture.size.0);
            assert!(picture.alt.len() > 40, "{name}: {}", picture.alt);
            let svg = picture.svg();
            assert!(roxmltree::Document::parse(&svg).is_ok(), "{name}");
            assert!(svg.len() < 80_000, "{name} has {} bytes", svg.len());
        }
    }
}

/// What a figure says in words.
fn words(query: &str) -> Result<String, live::LiveError> {
    Ok(live::open(query)?.picture()?.alt)
}

/// The number behind these words, written as the crate writes numbers: −1.2·10⁻⁷.
fn number_after(text: &str, before: &str) -> f64 {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text:?} does not contain {before:?}"));
    let end = rest.find(|c: char| c.is_whitespace() || c == ',' || c == ')' || c == ':').unwrap_or(rest.len());
    read_number(rest[..end].trim_end_matches('.'))
}

/// The figure can be drawn at these settings, for a phone and for a page, and no place in it is undefined.
fn can_be_drawn(query: &str) -> Result<(), live::LiveError> {
    let mut figure = live::open(query)?;
    for width in [350, 720] {
        figure.set(&format!("width={width}"))?;
        let picture = figure.picture()?;
        let svg = picture.svg();
        assert_eq!(picture.size.0, width);
        assert!(svg.len() < 60_000, "{query}: {} bytes", svg.len());
        assert!(!svg.contains("=\"NaN") && !svg.contains("inf\""), "{query}");
    }
    Ok(())
}

/// A figure's words, of a query that opens one.
fn said(query: &str) -> String {
    words(query).unwrap()
}

/// Whether a number that is written with three digits is this one.
fn is_written(written: f64, value: f64) -> bool {
    (written - value).abs() <= 0.0051 * value.abs()
}

/// The figure fits each width, and its ring, if it has one, lies in it.
fn fits(query: &str) {
    for width in [350, 720, 850] {
        let mut figure = live::open(query).unwrap();
        figure.set(&format!("width={width}")).unwrap();
        let picture = figure.picture().unwrap();
        assert_eq!(picture.size.0, width, "{query}");
        assert!(picture.svg().len() < 60_000, "{query} at {width}: {} bytes", picture.svg().len());
        let svg = picture.svg();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let length = |node: &roxmltree::Node, name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap() / 2.0;
        for area in document.descendants().filter(|node| node.has_attribute("data-drag")) {
            let rect = area.children().find(|child| child.has_tag_name("rect")).unwrap();
            assert!(length(&rect, "x") + length(&rect, "width") <= f64::from(width));
            assert!(length(&rect, "y") + length(&rect, "height") <= f64::from(picture.size.1));
        }
    }
}
