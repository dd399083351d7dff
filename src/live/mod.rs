//! Live figures: pictures whose numbers a reader changes.
//!
//! A [`Live`] figure is a [`Scene`] at a [`Settings`] of its knobs: sliders, choices, numbers in the picture, points to
//! drag. It draws one SVG picture for each setting. A notebook stores the picture at the first setting, so it is an
//! output like any other. A page of the book runs this same code, compiled to WebAssembly, and draws it again whenever
//! the reader changes something; the page's script computes nothing.
//!
//! ```
//! use handgrad::prelude::*;
//! let mut figure = live::open("convolution?stride=2&padding=1")?;
//! let before = figure.picture()?;
//! figure.set("K=1,0,0,-1")?;
//! assert!(figure.picture()?.svg() != before.svg());
//! assert!(figure.query().starts_with("convolution?size=4&window=2&stride=2&padding=1&"));
//! # Ok::<(), live::LiveError>(())
//! ```
//!
//! | file | figure |
//! |---|---|
//! | [`convolution`] | a convolution and its backward, number by number |
//! | [`fully_connected`] | a fully connected layer and its backward, number by number |
//! | [`pooling`] | max and average pooling: where each δ goes |
//! | [`descent`] | an optimizer on a surface: rate, momentum and start |

mod board;
pub mod convolution;
mod derivation;
pub mod descent;
pub mod fully_connected;
mod gradients;
mod knobs;
pub mod pooling;
#[cfg(feature = "live")]
pub mod wasm;

pub use knobs::{Knob, LiveError, Settings};

use crate::show::{Figure, escape};

/// What a live figure shows, and what can be changed in it.
pub trait Scene {
    /// Its knobs, each at its first value, in the order in which the page shows them.
    fn knobs(&self) -> Vec<Knob>;

    /// Called after each change of a knob, for what depends on it: the sizes of matrices, a training that starts anew.
    ///
    /// # Errors
    /// If these settings do not go together. Then the change is undone.
    fn changed(&mut self, _settings: &mut Settings, _knob: &str) -> Result<(), LiveError> {
        Ok(())
    }

    /// The label of the button that starts and stops it, if it moves by itself: "Train".
    fn moves(&self) -> Option<&'static str> {
        None
    }

    /// Moves on by itself, if it does: one step of a training. False at its end.
    ///
    /// # Errors
    /// If the step fails.
    fn advance(&mut self, _settings: &Settings) -> Result<bool, LiveError> {
        Ok(false)
    }

    /// The picture at these settings, at most [`Settings::width`] pixels wide. Its alt text says what it shows now.
    ///
    /// # Errors
    /// If it cannot be drawn.
    fn draw(&self, settings: &Settings) -> Result<Figure, LiveError>;
}

/// Makes a figure at its first settings.
type Make = fn() -> Box<dyn Scene>;

/// All figures, by the names that open them.
const SCENES: &[(&str, Make)] = &[
    ("convolution", || Box::new(convolution::Convolution)),
    ("fully_connected", || Box::new(fully_connected::FullyConnected)),
    ("pooling", || Box::new(pooling::Pooling)),
    ("descent", || Box::new(descent::Descent)), //
];

/// A figure at its present settings. Made by [`open`].
#[must_use]
pub struct Live {
    name: &'static str,
    settings: Settings,
    scene: Box<dyn Scene>,
}

/// The figure of this name, `descent`, with other settings than its first behind a question mark:
/// `descent?rate=0.05&surface=Saddle`.
///
/// # Errors
/// If no figure has this name, or a setting does not fit.
pub fn open(query: &str) -> Result<Live, LiveError> {
    let (name, settings) = query.split_once('?').unwrap_or((query, ""));
    let Some((name, scene)) = SCENES.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = SCENES.iter().map(|(known, _)| *known).collect();
        return Err(LiveError::new(format!("there is no live figure {name:?}: there are {}", known.join(", "))));
    };
    let scene = scene();
    let mut live = Live { name, settings: Settings::new(scene.knobs()), scene };
    for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
        live.set(setting)?;
    }
    Ok(live)
}

impl Live {
    /// Changes a setting, written `rate=0.05`.
    ///
    /// # Errors
    /// If there is no such knob, or the value does not fit. Then nothing has changed.
    pub fn set(&mut self, setting: &str) -> Result<(), LiveError> {
        let before = self.settings.clone();
        let outcome = self.settings.set(setting).and_then(|knob| self.scene.changed(&mut self.settings, &knob));
        if outcome.is_err() {
            self.settings = before;
        }
        outcome
    }

    /// Moves on by itself, if it does. False at its end.
    ///
    /// # Errors
    /// If the step fails.
    pub fn advance(&mut self) -> Result<bool, LiveError> {
        self.scene.advance(&self.settings)
    }

    /// The picture at the present settings.
    ///
    /// # Errors
    /// If it cannot be drawn.
    pub fn picture(&self) -> Result<Figure, LiveError> {
        self.scene.draw(&self.settings)
    }

    /// What opens the figure at its present settings.
    #[must_use]
    pub fn query(&self) -> String {
        format!("{}?{}", self.name, self.settings.query())
    }

    /// The knobs as HTML.
    #[must_use]
    pub fn controls(&self) -> String {
        let mut html = self.settings.html();
        if let Some(label) = self.scene.moves() {
            html += &format!("<button type=\"button\" data-do=\"play\">▶ {}</button>", escape(label));
            html += "<button type=\"button\" data-do=\"step\">One step</button>";
        }
        html + "<button type=\"button\" data-do=\"reset\">Reset</button>\
                <button type=\"button\" data-do=\"link\">Copy a link to this</button>"
    }

    /// The still picture as HTML, which a page of the book brings to life.
    ///
    /// # Errors
    /// If it cannot be drawn.
    pub fn html(&self) -> Result<String, LiveError> {
        Ok(format!("<figure data-live=\"{}\">{}</figure>", escape(&self.query()), self.picture()?.html()))
    }

    /// Shows the still picture in a notebook.
    pub fn evcxr_display(&self) {
        let (html, alt) = match (self.html(), self.picture()) {
            (Ok(html), Ok(picture)) => (html, picture.alt),
            (Err(error), _) | (_, Err(error)) => (format!("<p>{}</p>", escape(&error.to_string())), error.to_string()),
        };
        println!("EVCXR_BEGIN_CONTENT text/html\n{html}\nEVCXR_END_CONTENT");
        println!("EVCXR_BEGIN_CONTENT text/plain\n{alt}\nEVCXR_END_CONTENT");
    }
}
