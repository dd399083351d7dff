//! Figures read back: the SVG parsed, its PNG images decoded, every place in pixels.

use handgrad::show::Figure;
use roxmltree::{Document, Node};

/// A place in pixels, from the upper left corner of the picture.
pub type At = (f64, f64);

#[derive(Clone, Debug)]
pub struct Text {
    pub at: At,
    pub words: String,
    pub anchor: String,
    pub fill: String,
    pub bold: bool,
    pub upward: bool,
    /// The place of each letter, where each has its own.
    pub letters: Vec<f64>,
}

/// A line of at least two points: colour and dashes are those of its stroke.
#[derive(Clone, Debug)]
pub struct Line {
    pub points: Vec<At>,
    pub colour: String,
    pub dashes: String,
    pub faint: bool,
}

/// A rectangle, polygon or circle: the corners, or the centre alone.
#[derive(Clone, Debug)]
pub struct Shape {
    pub kind: String,
    pub corners: Vec<At>,
    pub fill: String,
    pub stroke: String,
    pub faint: bool,
}

#[derive(Clone, Debug)]
pub struct Image {
    pub at: At,
    pub size: At,
    /// Row by row.
    pub rows: Vec<Vec<[u8; 3]>>,
}

/// All that a figure shows.
#[derive(Debug, Default)]
pub struct Picture {
    pub texts: Vec<Text>,
    pub lines: Vec<Line>,
    pub shapes: Vec<Shape>,
    pub images: Vec<Image>,
}

/// Scale and shift from an element's own units to those of the document.
#[derive(Clone, Copy)]
struct Frame(f64, f64, f64);

impl Frame {
    fn pixels(self, (x, y): At) -> At {
        ((self.0 * x + self.1) / 2.0, (self.0 * y + self.2) / 2.0)
    }

    fn moved(self, (x, y): At) -> Self {
        Frame(self.0, self.1 + self.0 * x, self.2 + self.0 * y)
    }
}

impl Picture {
    pub fn of(figure: &Figure) -> Self {
        let svg = figure.svg();
        let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{error} in\n{svg}"));
        let mut picture = Picture::default();
        let root = document.root_element();
        let (w, h) = (figure.size.0, figure.size.1);
        assert_eq!((root.attribute("width"), root.attribute("height")), (Some(&*w.to_string()), Some(&*h.to_string())));
        assert_eq!(root.attribute("viewBox"), Some(&*format!("0 0 {} {}", 2 * w, 2 * h)));
        for child in root.children().filter(Node::is_element) {
            picture.read(child, Frame(1.0, 0.0, 0.0));
        }
        picture
    }

    fn read(&mut self, node: Node, frame: Frame) {
        let number = |name: &str| node.attribute(name).map_or(0.0, |n| n.parse::<f64>().unwrap());
        let text = |name: &str| node.attribute(name).unwrap_or("").to_string();
        let faint = ["opacity", "fill-opacity", "stroke-opacity"].iter().any(|name| node.has_attribute(*name));
        let (fill, stroke) = (text("fill").to_lowercase(), text("stroke").to_lowercase());
        let points = || numbers(&text("points")).chunks(2).map(|p| frame.pixels((p[0], p[1]))).collect::<Vec<_>>();
        let line = |points: Vec<At>| Line { points, colour: stroke.clone(), dashes: text("stroke-dasharray"), faint };
        let kind = node.tag_name().name().to_string();
        let shape =
            |corners: Vec<At>| Shape { kind: kind.clone(), corners, fill: fill.clone(), stroke: stroke.clone(), faint };
        match kind.as_str() {
            "svg" | "g" => {
                let mut frame = frame.moved((number("x"), number("y")));
                for change in text("transform").split(')').map(str::trim).filter(|change| !change.is_empty()) {
                    let (name, arguments) = change.split_once('(').unwrap();
                    match (name, &numbers(arguments)[..]) {
                        ("translate", &[x, y]) => frame = frame.moved((x, y)),
                        ("scale", &[by]) => frame.0 *= by,
                        _ => panic!("{change}"),
                    }
                }
                node.children().filter(Node::is_element).for_each(|child| self.read(child, frame));
            }
            "text" => {
                let letters: Vec<f64> = numbers(&text("x")).iter().map(|&x| frame.pixels((x, 0.0)).0).collect();
                let words: Vec<&str> = node.descendants().filter_map(|n| n.text().filter(|_| n.is_text())).collect();
                let upward = text("transform").starts_with("rotate(270");
                let (anchor, bold) = (text("text-anchor"), node.attribute("font-weight") == Some("bold"));
                let at = (letters[0], frame.pixels((0.0, number("y"))).1);
                self.texts.push(Text { at, words: words.join(" "), anchor, fill, bold, upward, letters });
            }
            "line" => {
                let end = |k: &str| frame.pixels((number(&format!("x{k}")), number(&format!("y{k}"))));
                self.lines.push(line(vec![end("1"), end("2")]));
            }
            "polyline" => self.lines.push(line(points())),
            "path" => {
                for outline in outlines(&text("d")) {
                    let points: Vec<At> = outline.into_iter().map(|at| frame.pixels(at)).collect();
                    match fill.as_str() {
                        "" | "none" => self.lines.push(line(points)),
                        _ => self.shapes.push(shape(points)),
                    }
                }
            }
            "polygon" => self.shapes.push(shape(points())),
            "rect" => {
                let (x, y, w, h) = (number("x"), number("y"), number("width"), number("height"));
                self.shapes.push(shape([(x, y), (x + w, y + h)].map(|at| frame.pixels(at)).to_vec()));
            }
            "circle" | "ellipse" => self.shapes.push(shape(vec![frame.pixels((number("cx"), number("cy")))])),
            "image" => {
                let source = text("href");
                let png = decode(source.strip_prefix("data:image/png;base64,").unwrap());
                let size = frame.pixels((number("width"), number("height")));
                let origin = frame.pixels((0.0, 0.0));
                let at = frame.pixels((number("x"), number("y")));
                let size = (size.0 - origin.0, size.1 - origin.1);
                self.images.push(Image { at, size, rows: pixels(&png) });
            }
            "title" | "style" | "defs" | "animateTransform" => {}
            other => panic!("<{other}> is not known"),
        }
    }

    /// The one text with these words.
    pub fn text(&self, words: &str) -> &Text {
        let all: Vec<&Text> = self.texts.iter().filter(|text| text.words == words).collect();
        assert_eq!(all.len(), 1, "{words} among {:?}", self.texts.iter().map(|text| &text.words).collect::<Vec<_>>());
        all[0]
    }

    /// The rectangles filled with this colour.
    pub fn boxes(&self, fill: &str) -> Vec<[At; 2]> {
        let boxes = self.shapes.iter().filter(|shape| shape.kind == "rect" && shape.fill == fill);
        boxes.map(|shape| [shape.corners[0], shape.corners[1]]).collect()
    }

    /// The lines in this colour.
    pub fn lines_in(&self, colour: &str) -> Vec<&Line> {
        self.lines.iter().filter(|line| line.colour == colour).collect()
    }
}

/// The numbers in a list that commas or spaces divide.
fn numbers(list: &str) -> Vec<f64> {
    list.split([',', ' ']).filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect()
}

/// The outlines of a path, absolute: of the commands M, l, h, v and z.
fn outlines(d: &str) -> Vec<Vec<At>> {
    let mut all: Vec<Vec<At>> = Vec::new();
    for command in split_before(d, |c| c.is_ascii_alphabetic()) {
        let (name, rest) = command.split_at(1);
        let parts = split_before(rest, |c| c == '-' || c == ' ');
        let arguments: Vec<f64> =
            parts.iter().map(|n| n.trim()).filter(|n| !n.is_empty()).map(|n| n.parse().unwrap()).collect();
        if name == "M" {
            all.push(vec![(arguments[0], arguments[1])]);
            continue;
        }
        let outline = all.last_mut().unwrap();
        let steps: Vec<At> = match name {
            "l" => arguments.chunks(2).map(|p| (p[0], p[1])).collect(),
            "h" => vec![(arguments[0], 0.0)],
            "v" => vec![(0.0, arguments[0])],
            "z" => vec![],
            _ => panic!("{command}"),
        };
        for (dx, dy) in steps {
            let (x, y) = outline[outline.len() - 1];
            outline.push((x + dx, y + dy));
        }
    }
    all
}

/// Pieces of a text that begin with such a character.
fn split_before(text: &str, begins: fn(char) -> bool) -> Vec<&str> {
    let mut cuts: Vec<usize> = text.char_indices().filter(|(_, c)| begins(*c)).map(|(at, _)| at).collect();
    cuts.insert(0, 0);
    cuts.push(text.len());
    cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).filter(|piece| !piece.is_empty()).collect()
}

/// RFC 4648, by hand: what `show::base64` writes.
fn decode(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let text = text.trim_end_matches('=').as_bytes();
    let bytes = text.chunks(4).flat_map(|four| {
        let bits = four.iter().enumerate().fold(0_u32, |bits, (k, &c)| bits | u32::from(digit(c)) << (18 - 6 * k));
        bits.to_be_bytes()[1..four.len()].to_vec()
    });
    bytes.collect()
}

fn pixels(file: &[u8]) -> Vec<Vec<[u8; 3]>> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    let pixels = bytes.as_chunks::<3>().0;
    pixels.chunks(info.width as usize).map(<[_]>::to_vec).collect()
}

/// A number as the pictures write it: `−1.5`, `20k`, `3·10⁻⁵`, `97 %`.
pub fn read_number(text: &str) -> f64 {
    let text = text.replace('−', "-");
    if let Some(share) = text.strip_suffix(" %") {
        return read_number(share) / 100.0;
    }
    for (suffix, factor) in [("k", 1e3), ("M", 1e6)] {
        if let Some(number) = text.strip_suffix(suffix) {
            return read_number(number) * factor;
        }
    }
    let raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    let lower = |c: char| {
        if c == '⁻' { Some('-') } else { raised.chars().position(|r| r == c).map(|k| (b'0' + k as u8) as char) }
    };
    let exponent: String = text.chars().filter_map(lower).collect();
    let plain: String = text.chars().filter(|c| lower(*c).is_none()).collect();
    if exponent.is_empty() {
        return plain.parse().unwrap_or_else(|_| panic!("{text:?} is no number"));
    }
    let mantissa = match plain.strip_suffix("10").unwrap().trim_end_matches('·') {
        "" => 1.0,
        "-" => -1.0,
        mantissa => mantissa.parse().unwrap(),
    };
    mantissa * 10_f64.powi(exponent.parse().unwrap())
}

pub fn near((x, y): At, (u, v): At, pixels: f64) -> bool {
    (x - u).abs() <= pixels && (y - v).abs() <= pixels
}
