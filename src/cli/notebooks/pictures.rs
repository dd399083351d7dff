//! Whether a cell still draws the pictures that were stored.
//!
//! On one processor a picture is the same to the last digit. On another, sums are cut into other pieces, and what a
//! training draws may differ by a little: words as in [`same_word`], coordinates by [`HALF_PIXELS`], colours by [`SHADES`].
//! The map of a rounding error is not compared, nor are the pixels of an image.

use super::document::joined;
use super::judge::same_word;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// How far a coordinate may be off: four pixels. A picture is drawn in half pixels.
const HALF_PIXELS: f64 = 8.0;
/// How far each of red, green and blue may be off, of 255.
const SHADES: i64 = 32;
/// Where a picture begins in a cell's HTML.
const SVG: &str = "data:image/svg+xml;base64,";

/// The first difference between the pictures of two cells' outputs.
pub fn difference(stored: &[Value], now: &[Value]) -> Option<String> {
    let (stored, now) = (pictures(stored), pictures(now));
    if stored.len() != now.len() {
        return Some(format!("it stored {} pictures, and now draws {}", stored.len(), now.len()));
    }
    (1..).zip(stored.iter().zip(&now)).find_map(|(number, (stored, now))| {
        let (old, new) = (pieces(stored), pieces(now));
        let is_map_of_errors = stored.contains("errors of a");
        if old == new || is_map_of_errors && old.len() == new.len() {
            return None;
        }
        let (old, new) = match old.iter().zip(&new).find(|(old, new)| !same(old, new)) {
            Some((old, new)) => (old.text(), new.text()),
            None if old.len() == new.len() => return None,
            None => ("a picture of another size", "something else"),
        };
        Some(format!("picture {number}: it stored \"{old}\", and now draws \"{new}\""))
    })
}

/// The SVG documents in some outputs.
fn pictures(outputs: &[Value]) -> Vec<String> {
    let html = outputs.iter().map(|output| joined(&output["data"]["text/html"]));
    let payloads = html.flat_map(|html| html.split(SVG).skip(1).map(str::to_owned).collect::<Vec<_>>());
    let decoded = payloads.map(|rest| {
        let payload = rest.split(['"', '\'', ')']).next().unwrap_or_default();
        BASE64_STANDARD.decode(payload).map_or_else(|_| payload.to_owned(), |svg| String::from_utf8_lossy(&svg).into())
    });
    decoded.collect()
}

/// A piece of an SVG document.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    /// A word that the reader sees.
    Word(&'a str),
    /// A name or a number within a tag.
    Markup(&'a str),
}

impl Piece<'_> {
    fn text(&self) -> &str {
        match self {
            Piece::Word(text) | Piece::Markup(text) => text,
        }
    }
}

/// The pieces of an SVG document, in order.
fn pieces(svg: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for part in svg.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or((part, ""));
        pieces.extend(tag.split([' ', '"', ',', '\n']).filter(|piece| !piece.is_empty()).map(Piece::Markup));
        pieces.extend(words.split_whitespace().map(Piece::Word));
    }
    pieces
}

fn same(a: &Piece, b: &Piece) -> bool {
    match (a, b) {
        (Piece::Word(a), Piece::Word(b)) => same_word(a, b),
        (Piece::Markup(a), Piece::Markup(b)) => {
            let coordinates = a.parse::<f64>().ok().zip(b.parse::<f64>().ok());
            let colours = colour(a).zip(colour(b));
            a == b
                || coordinates.is_some_and(|(a, b)| (a - b).abs() <= HALF_PIXELS)
                || colours.is_some_and(|(a, b)| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= SHADES))
                || a.starts_with("data:image/png") && b.starts_with("data:image/png")
        }
        _ => false,
    }
}

/// Red, green and blue of `#rrggbb`.
fn colour(text: &str) -> Option<[i64; 3]> {
    let number = i64::from_str_radix(text.strip_prefix('#').filter(|digits| digits.len() == 6)?, 16).ok()?;
    Some([number >> 16, number >> 8 & 255, number & 255])
}

#[cfg(test)]
mod tests {
    use super::*;
    use handgrad::prelude::*;
    use serde_json::json;

    fn shown(figure: &show::Figure) -> [Value; 1] {
        [json!({"output_type": "execute_result", "data": {"text/html": figure.html()}})]
    }

    #[test]
    fn a_picture_may_differ_by_the_last_digits_of_its_numbers_and_nothing_else() {
        let curve = |name: &str, values: &[f64]| show::curve(name, values).figure();
        let stored = shown(&curve("loss", &[2.0, 1.0, 0.5]));
        let now = |figure: &show::Figure| difference(&stored, &shown(figure));
        assert_eq!(now(&curve("loss", &[2.0, 1.0, 0.5])), None);
        assert_eq!(now(&curve("loss", &[2.0, 1.0003, 0.5])), None);
        let moved = now(&curve("loss", &[2.0, 1.2, 0.5])).unwrap();
        assert!(moved.starts_with("picture 1: it stored \""), "{moved}");
        for other in [curve("lost", &[2.0, 1.0, 0.5]), curve("loss", &[2.0, 1.0]), curve("loss", &[2.0, 0.5, 1.0])] {
            assert!(now(&other).is_some());
        }
        assert!(difference(&stored, &[]).is_some_and(|text| text.contains("1 pictures, and now draws 0")));
    }

    #[test]
    fn of_a_map_of_rounding_errors_the_size_alone_is_compared() {
        let map = |error: f64| show::error_map("dw", &dmatrix![1.0, 2.0 + error], &dmatrix![1.0, 2.0]).unwrap();
        assert_eq!(difference(&shown(&map(1e-15).figure()), &shown(&map(5e-16).figure())), None);
        let larger = show::error_map("dw", &dmatrix![1.0, 2.0; 3.0, 4.0], &dmatrix![1.0, 2.0; 3.0, 4.0]).unwrap();
        assert!(difference(&shown(&map(1e-15).figure()), &shown(&larger.figure())).is_some());
    }
}
