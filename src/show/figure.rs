//! A finished picture: an SVG and its alt text.

use super::canvas;
use crate::files;
use std::path::Path;
use std::{fs, io};

/// An SVG picture with an alt text.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// What the picture shows, in words.
    pub alt: String,
    /// The elements, drawn in half pixels.
    pub(super) body: String,
}

impl Figure {
    /// The SVG document.
    pub fn svg(&self) -> String {
        let ((w, h), alt) = (self.size, escape(&self.alt));
        let (w2, h2) = (w * canvas::FINE, h * canvas::FINE);
        let card = format!(
            "<rect x=\"1\" y=\"1\" width=\"{}\" height=\"{}\" rx=\"12\" fill=\"#fff\" stroke=\"#d0d7de\" \
             stroke-width=\"2\"/>",
            w2 - 2,
            h2 - 2
        );
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w2} {h2}\" \
             role=\"img\" font-family=\"system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif\" \
             font-size=\"24\" text-anchor=\"middle\" stroke-linejoin=\"round\">\n<title>{alt}</title>\n{card}\n{}</svg>\n",
            self.body
        )
    }

    /// The picture as an HTML image, which is shown even in a notebook that nobody has trusted.
    pub fn html(&self) -> String {
        let (alt, source) = (escape(&self.alt), base64(self.svg().as_bytes()));
        format!("<img alt=\"{alt}\" width=\"{}\" src=\"data:image/svg+xml;base64,{source}\">", self.size.0)
    }

    /// Writes the SVG document, whole or not at all; directories that are not there are made.
    ///
    /// # Errors
    /// If the file cannot be written; the error names it.
    pub fn save(&self, file: impl AsRef<Path>) -> io::Result<()> {
        let file = file.as_ref();
        fs::create_dir_all(file.parent().unwrap_or(Path::new("")))
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
        files::write(file, self.svg().as_bytes()).map_err(io::Error::other)
    }

    /// Shows the picture in a notebook: an image, and its alt text where there are no images.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.html());
        println!("EVCXR_BEGIN_CONTENT text/plain\n{}\nEVCXR_END_CONTENT", self.alt);
    }

    /// The same picture with other words for it.
    pub fn alt(self, alt: impl Into<String>) -> Self {
        Figure { alt: alt.into(), ..self }
    }
}

/// Figures side by side.
pub fn row<F: Into<Figure>>(figures: impl IntoIterator<Item = F>) -> Figure {
    join(figures.into_iter().map(Into::into).collect(), |(w, _), figure| (w, 0, w + figure.0, figure.1))
}

/// Figures one below the other.
pub fn column<F: Into<Figure>>(figures: impl IntoIterator<Item = F>) -> Figure {
    join(figures.into_iter().map(Into::into).collect(), |(_, h), figure| (0, h, figure.0, h + figure.1))
}

/// Puts each figure at the place (x, y) that `place` finds for its size behind the others, up to their new ends.
fn join(figures: Vec<Figure>, place: impl Fn((u32, u32), (u32, u32)) -> (u32, u32, u32, u32)) -> Figure {
    let (mut end, mut size, mut body, mut alt) = ((0, 0), (1, 1), String::new(), Vec::new());
    for figure in figures {
        let (x, y, right, bottom) = place(end, figure.size);
        body += &canvas::group((x, y), &figure.body);
        end = (right, bottom);
        size = (size.0.max(right), size.1.max(bottom));
        alt.push(figure.alt);
    }
    Figure { size, alt: alt.join(" "), body }
}

/// `text` with the five characters that mean something in XML written as entities.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            // XML has no place for these, not even as entities.
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Base64 with padding, RFC 4648 §4.
///
/// ```
/// assert_eq!(handgrad::show::base64(b"foobar"), "Zm9vYmFy");
/// ```
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for k in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * k) & 63) as usize];
            text.push(if k <= three.len() { digit.into() } else { '=' });
        }
    }
    text
}

/// What every kind of picture has: `figure`, `save`, `alt` and its display in a notebook.
macro_rules! shown {
    ($kind:ty) => {
        impl $kind {
            /// Other words for what the picture shows, in place of those made from the data.
            pub fn alt(mut self, alt: impl Into<String>) -> Self {
                self.alt = Some(alt.into());
                self
            }

            /// Writes the picture as an SVG file, whole or not at all; directories that are not there are made.
            ///
            /// # Errors
            /// If the file cannot be written; the error names it.
            pub fn save(&self, file: impl AsRef<std::path::Path>) -> std::io::Result<()> {
                self.figure().save(file)
            }

            /// Shows the picture in a notebook.
            pub fn evcxr_display(&self) {
                self.figure().evcxr_display();
            }
        }

        impl From<$kind> for crate::show::Figure {
            fn from(picture: $kind) -> Self {
                picture.figure()
            }
        }
    };
}
pub(super) use shown;
