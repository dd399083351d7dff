//! The drawing area of all pictures, in pixels, and their common look.

use super::backend::Svg;
use super::base64::base64;
use crate::text::{number, significant};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::FontFamily;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Units per pixel: plotters draws in whole units, and with two of them per pixel, curves are smooth.
pub(crate) const FINE: u32 = 2;

pub(super) const INK: RGBColor = RGBColor(0x24, 0x29, 0x2f);
pub(super) const MUTED: RGBColor = RGBColor(0x57, 0x60, 0x6a);
pub(super) const GRID: RGBColor = RGBColor(0xe7, 0xeb, 0xf0);

/// The text on a cell or an image of a light colour, which is as light in the dark.
pub(super) const ON_LIGHT: RGBColor = RGBColor(0x1f, 0x23, 0x28);

/// The style of the same picture on a dark page. An image follows the `color-scheme` of the element that shows it.
pub(crate) const DARK: &str = concat!(
    ".card{fill:#1c2229;stroke:#333b44}",
    "text:not([fill]),[fill=\"#24292F\"]{fill:#dfe4ea}[stroke=\"#24292F\"]{stroke:#dfe4ea}",
    "[fill=\"#57606A\"],text[fill=\"#57606a\"]{fill:#9aa5b0}[stroke=\"#57606A\"]{stroke:#9aa5b0}",
    "[stroke=\"#E7EBF0\"]{stroke:#2c343c}[stroke=\"#C4CCD4\"],[stroke=\"#8c959f\"]{stroke:#525d68}",
    "[fill=\"#0072B2\"],[fill=\"#0072b2\"]{fill:#3f9fdc}[stroke=\"#0072B2\"],[stroke=\"#0072b2\"]{stroke:#3f9fdc}",
    "[stroke=\"#007a58\"]{stroke:#2fb98c}[stroke=\"#c8cfd6\"]{stroke:#38424c}",
    "[fill=\"#F6F8FA\"]{fill:#262e37}[fill=\"#cfe4f3\"]{fill:#1d4763}[fill=\"#fbdcc6\"]{fill:#6a3d1e}[fill=\"#c3ead9\"]{fill:#1c5743}"
);

/// Colours that readers with any colour vision can tell apart, each with its dashes.
///
/// Source: Okabe, Ito, *Color universal design* (2008).
pub(super) const SERIES: [(RGBColor, &str); 6] = [
    (RGBColor(0x00, 0x72, 0xb2), ""),
    (RGBColor(0xd5, 0x5e, 0x00), "14 7"),
    (RGBColor(0x00, 0x9e, 0x73), "4 6"),
    (RGBColor(0xcc, 0x79, 0xa7), "18 6 4 6"),
    (RGBColor(0xe6, 0x9f, 0x00), "9 5"),
    (RGBColor(0x56, 0xb4, 0xe9), "18 5 4 5 4 5"),
];
/// The colour and dashes of lines that are not data: levels to compare with.
pub(super) const LEVEL: (RGBColor, &str) = (RGBColor(0x6e, 0x77, 0x81), "6 6");

/// The width of data lines, in units of the drawing area; only lines of this width are dashed.
pub(super) const LINE: u32 = 4;

pub(crate) const SMALL: f64 = 12.0;
pub(crate) const MIDDLE: f64 = 13.0;
pub(crate) const LARGE: f64 = 15.0;

pub(super) type Area<'a> = DrawingArea<Svg<'a>, Shift>;

/// Which part of a text lies at its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Left,
    Centre,
    Right,
}

/// An area to draw on, in pixels.
pub(super) struct Canvas<'a> {
    pub area: Area<'a>,
    under: String,
}

/// The elements that `paint` draws on an area of this size.
pub(super) fn draw((width, height): (u32, u32), paint: impl FnOnce(&mut Canvas)) -> String {
    let mut svg = String::new();
    let backend = Svg(SVGBackend::with_string(&mut svg, (width * FINE, height * FINE)));
    let mut canvas = Canvas { area: backend.into_drawing_area(), under: String::new() };
    paint(&mut canvas);
    let under = std::mem::take(&mut canvas.under);
    drop(canvas);
    under + &compact(&svg)
}

impl Canvas<'_> {
    /// A text, vertically centred on y.
    pub fn text(&self, (x, y): (f64, f64), text: &str, look: &TextStyle, anchor: Anchor) {
        let h = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Centre => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let look = look.pos(Pos::new(h, VPos::Center));
        sure(self.area.draw(&Text::new(text, (fine(x), fine(y)), look)));
    }

    pub fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) {
        let points: Vec<_> = points.iter().map(|&(x, y)| (fine(x), fine(y))).collect();
        sure(self.area.draw(&PathElement::new(points, colour.stroke_width(fine(width) as u32))));
    }

    pub fn rectangle(&self, (x, y): (f64, f64), (w, h): (f64, f64), colour: RGBColor) {
        sure(self.area.draw(&Rectangle::new([(fine(x), fine(y)), (fine(x + w), fine(y + h))], colour.filled())));
    }

    /// An outline, one pixel wide.
    pub fn frame(&self, (x, y): (f64, f64), (w, h): (f64, f64), colour: RGBColor) {
        let corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        self.line(&corners, colour, 1.0);
    }

    /// The mark of series k, in units of the drawing area. Each series has its own form as well as its own colour.
    pub fn marker(&self, k: usize, (x, y): (i32, i32)) {
        let style = SERIES[k % SERIES.len()].0.filled();
        let corners: &[(i32, i32)] = match k % SERIES.len() {
            0 => return sure(self.area.draw(&Circle::new((x, y), 6, style))),
            1 => &[(0, -8), (8, 6), (-8, 6)],
            2 => &[(-6, -6), (6, -6), (6, 6), (-6, 6)],
            3 => &[(0, -8), (8, 0), (0, 8), (-8, 0)],
            4 => &[(0, 8), (8, -6), (-8, -6)],
            _ => &[
                (-8, -3),
                (-3, -3),
                (-3, -8),
                (3, -8),
                (3, -3),
                (8, -3),
                (8, 3),
                (3, 3),
                (3, 8),
                (-3, 8),
                (-3, 3),
                (-8, 3),
            ],
        };
        let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
        sure(self.area.draw(&Polygon::new(corners, style)));
    }

    /// A PNG picture below everything else, with sharp pixels.
    pub fn image(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), png: &[u8]) {
        let place = [("x", x), ("y", y), ("width", w), ("height", h)];
        let place: String = place.iter().map(|(name, v)| format!(" {name}=\"{}\"", fine(*v))).collect();
        let source = base64(png);
        self.under += &format!(
            "<image{place} preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" \
             href=\"data:image/png;base64,{source}\"/>\n"
        );
    }
}

/// Drawing into a string cannot fail, whatever the types say.
pub(super) fn sure<T, E>(outcome: Result<T, E>) {
    let _ = outcome;
}

/// Pixels in the units of the drawing area.
pub(super) fn fine(pixels: f64) -> i32 {
    (pixels * f64::from(FINE)).round() as i32
}

pub(super) fn font(size: f64, colour: RGBColor) -> TextStyle<'static> {
    styled(size, colour, FontStyle::Normal)
}

pub(super) fn bold(size: f64, colour: RGBColor) -> TextStyle<'static> {
    styled(size, colour, FontStyle::Bold)
}

fn styled(size: f64, colour: RGBColor, style: FontStyle) -> TextStyle<'static> {
    // plotters writes a font-size of 1/1.24 of what it is given.
    let size = size * f64::from(FINE) * 1.24;
    FontDesc::new(FontFamily::SansSerif, size, style).color(&colour)
}

/// The approximate width of a text in pixels, from the average widths of sans-serif letters.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let ems: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | 'f' | 't' | 'r' | '(' | ')' => 0.31,
            'm' | 'w' | 'M' | 'W' | '—' => 0.86,
            '⁰' | '¹' | '²' | '³' | '⁴' | '⁵' | '⁶' | '⁷' | '⁸' | '⁹' | '⁻' | '₀'..='₉' => 0.38,
            '\u{302}' => 0.0, // a hat on the letter before it
            c if c.is_uppercase() => 0.68,
            _ => 0.57,
        })
        .sum();
    ems * size
}

/// A number as it fits into this room, and the size of its letters, between two: with fewer digits, then smaller.
pub(crate) fn fitted(value: f64, room: f64, (usual, smallest): (f64, f64)) -> (String, f64) {
    let (text, short) = (number(value), significant(value, 2));
    if width(&text, usual) <= room {
        return (text, usual);
    }
    let font = (usual * room / width(&short, usual)).clamp(smallest, usual);
    (short, font)
}

/// How wide a text may become in the widest of the usual fonts, in pixels.
pub(super) fn room(text: &str, size: f64) -> f64 {
    1.15 * width(text, size)
}

/// The elements of a figure, moved right and down.
pub(super) fn group((x, y): (u32, u32), body: &str) -> String {
    format!("<g transform=\"translate({} {})\">\n{body}</g>\n", x * FINE, y * FINE)
}

/// The SVG that plotters writes, without defaults (opacity 1, stroke none) and the font that the document sets once,
/// and with the dashes of each colour, which plotters' SVG backend does not support.
fn compact(svg: &str) -> String {
    let inside = svg.split_once(">\n").map_or("", |(_, inside)| inside);
    let inside = inside.strip_suffix("</svg>\n").unwrap_or(inside);
    let inside: String = inside.chars().filter(|c| *c != '\n').map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut text = inside
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" font-family=\"sans-serif\"", "")
        .replace(" font-size=\"24\"", "")
        .replace(" text-anchor=\"middle\"", "")
        .replace(" \"/>", "\"/>")
        .replace("><", ">\n<");
    text.push('\n');
    for (colour, dashes) in SERIES.iter().chain([&LEVEL]).filter(|(_, dashes)| !dashes.is_empty()) {
        let stroke = format!("stroke=\"#{:02X}{:02X}{:02X}\" stroke-width=\"{LINE}\"", colour.0, colour.1, colour.2);
        text = text.replace(&stroke, &format!("{stroke} stroke-dasharray=\"{dashes}\""));
    }
    text
}
