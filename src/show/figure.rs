//! A finished picture: an SVG and its alt text.

use super::base64::base64;
use super::canvas;
use crate::files;
use std::path::Path;
use std::{fs, io};

/// An SVG picture with an alt text.
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// The alt text: what the picture shows, in words.
    pub alt: String,
    /// The elements, drawn in half pixels.
    pub(super) body: String,
}

impl Figure {
    /// A picture of these elements, which are drawn in half pixels.
    pub(crate) fn of(size: (u32, u32), alt: impl Into<String>, body: String) -> Self {
        Figure { size, alt: alt.into(), body }
    }

    /// The same picture with further elements above it, drawn in half pixels.
    pub(crate) fn with(mut self, elements: &str) -> Self {
        self.body += elements;
        self
    }

    /// The SVG document, which follows the reader's choice of light or dark.
    #[must_use]
    pub fn svg(&self) -> String {
        self.document(&format!("<style>@media(prefers-color-scheme:dark){{{}}}</style>\n", canvas::DARK))
    }

    /// The SVG document as part of a page whose style sheet has the dark colours.
    #[doc(hidden)]
    #[must_use]
    pub fn inline_svg(&self) -> String {
        self.document("")
    }

    fn document(&self, style: &str) -> String {
        let ((w, h), alt) = (self.size, escape(&self.alt));
        let (w2, h2) = (w * canvas::FINE, h * canvas::FINE);
        let card = format!(
            "<rect x=\"1\" y=\"1\" width=\"{}\" height=\"{}\" rx=\"12\" class=\"card\" fill=\"#fff\" stroke=\"#d0d7de\" \
             stroke-width=\"2\"/>",
            w2 - 2,
            h2 - 2
        );
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w2} {h2}\" \
             role=\"img\" font-family=\"system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif\" \
             font-size=\"24\" text-anchor=\"middle\" stroke-linejoin=\"round\">\n<title>{alt}</title>\n{style}{card}\n{}</svg>\n",
            self.body
        )
    }

    /// The picture as an HTML image, which even an untrusted notebook displays.
    #[must_use]
    pub fn html(&self) -> String {
        let (alt, source) = (escape(&self.alt), base64(self.svg().as_bytes()));
        format!("<img alt=\"{alt}\" width=\"{}\" src=\"data:image/svg+xml;base64,{source}\">", self.size.0)
    }

    /// Writes the SVG document, whole or not at all. Missing directories are created.
    ///
    /// # Errors
    /// If the file cannot be written; the error names it.
    pub fn save(&self, file: impl AsRef<Path>) -> io::Result<()> {
        let file = file.as_ref();
        fs::create_dir_all(file.parent().unwrap_or(Path::new("")))
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
        files::write(file, self.svg().as_bytes()).map_err(io::Error::other)
    }

    /// Shows the picture in a notebook: an image, or its alt text where images are not supported.
    pub fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.html());
        println!("EVCXR_BEGIN_CONTENT text/plain\n{}\nEVCXR_END_CONTENT", self.alt);
    }

    /// The same picture with another alt text.
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

/// Joins figures: `place` maps the ends so far and a figure's size to its place (x, y) and the new ends.
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

/// A text with a full stop behind it, if it has no mark of its own there.
pub(super) fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?', '!', '…']) { text.into() } else { format!("{text}.") }
}

/// `text` with the five special characters of XML written as entities.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            // XML allows these nowhere, not even as entities.
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The methods that every kind of picture has: `alt`, `save`, and its display in a notebook.
macro_rules! shown {
    ($kind:ty) => {
        impl $kind {
            /// Replaces the alt text made from the data.
            pub fn alt(mut self, alt: impl Into<String>) -> Self {
                self.alt = Some(alt.into());
                self
            }

            /// Writes the picture to an SVG file, whole or not at all. Missing directories are created.
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
