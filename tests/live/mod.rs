//! The live figures: what they say is what the crate computes.

mod descent;
mod regression;
mod spirals;

use crate::show::picture::read_number;
use handgrad::live::{self, Live};
use handgrad::show::Figure;

/// A figure's words.
fn words(query: &str) -> String {
    live::open(query).unwrap().picture().unwrap().alt
}

/// The number behind these words, written as the crate writes numbers: −1.2·10⁻⁷.
fn number_after(text: &str, before: &str) -> f64 {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text:?} does not contain {before:?}"));
    let end = rest.find(|c: char| c.is_whitespace() || c == ',' || c == ')' || c == ':').unwrap_or(rest.len());
    read_number(rest[..end].trim_end_matches('.'))
}

/// Whether a number that is written with three digits is this one.
fn is_written(written: f64, value: f64) -> bool {
    (written - value).abs() <= 0.0051 * value.abs()
}

/// The figure fits each width, and its ring, if it has one, lies in it.
fn fits(query: &str) {
    for width in [350, 720, 850] {
        let mut figure: Live = live::open(query).unwrap();
        figure.set(&format!("width={width}")).unwrap();
        let picture: Figure = figure.picture().unwrap();
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
