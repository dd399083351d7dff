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
//! | [`descent`] | an optimizer on a surface: rate, momentum and start |
//! | [`digit`] | a drawn digit, LeNet's answer, and what would make it another one |
//! | [`fully_connected`] | a fully connected layer and its backward, number by number |
//! | [`kink`] | the slope of an activation, by its backward and by a difference that sees both sides |
//! | [`lenet`] | LeNet in training |
//! | [`mistake`] | a backward with a mistake: what the check says of it, and what a training does with it |
//! | [`pooling`] | max and average pooling: where each δ goes |
//! | [`regression`] | a line fitted to data: the learning rate, and its limit |
//! | [`softmax`] | logits, probabilities, their Jacobian, and the gradient of the loss |
//! | [`spirals`] | a net that tells spirals apart: its hidden units |
//! | [`start`] | the first weights of a deep net: how large its numbers are, layer by layer |
//! | [`step`] | the step of a difference quotient, and the digits that it leaves |

mod board;
pub mod convolution;
mod derivation;
pub mod descent;
pub mod digit;
pub mod fully_connected;
mod gradients;
pub mod kink;
mod knobs;
pub mod lenet;
mod lines;
pub mod mistake;
pub mod pooling;
mod rates;
pub mod regression;
mod run;
mod sheet;
pub mod softmax;
pub mod spirals;
pub mod start;
pub mod step;
#[cfg(feature = "live")]
pub mod wasm;

pub use knobs::{Knob, LiveError, Settings};

use crate::show::{Figure, base64, escape};

/// What a live figure shows, and what can be changed in it.
pub trait Scene {
    /// Its knobs, each at its first value, in the order in which the page shows them.
    fn knobs(&self) -> Vec<Knob>;

    /// Takes data that no knob holds, such as trained weights or images. [`changed`](Self::changed) follows, with the
    /// name of the data.
    ///
    /// # Errors
    /// If it takes none of this name, or these bytes are not what it takes.
    fn load(&mut self, name: &str, bytes: &[u8]) -> Result<(), LiveError> {
        Err(LiveError::new(format!("this figure takes no data: it was given {} bytes named {name:?}", bytes.len())))
    }

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

    /// What is said about a cell of the picture, by the cell's name, if there is more to say than the picture holds: how
    /// its number was computed. A page asks when the reader points at the cell.
    ///
    /// # Errors
    /// If it cannot be computed.
    fn note(&self, _settings: &Settings, _cell: &str) -> Result<Option<String>, LiveError> {
        Ok(None)
    }
}

/// Makes a figure at its first settings.
type Make = fn() -> Box<dyn Scene>;

/// All figures, by the names that open them. Each has a function of its own in the WebAssembly module, so that a page can
/// be given a module with its own figures alone.
macro_rules! scenes {
    ($($name:ident: $scene:expr;)*) => {
        const SCENES: &[(&str, Make)] = &[$((stringify!($name), || Box::new($scene))),*];

        #[cfg(feature = "live")]
        mod exported {
            use super::*;
            $(
                #[allow(unsafe_code)] // for the attribute alone, which names the function for the page
                #[unsafe(export_name = concat!("open_", stringify!($name)))]
                extern "C" fn $name() -> i32 {
                    wasm::open(stringify!($name), || Box::new($scene))
                }
            )*
        }
    };
}

scenes! {
    convolution: convolution::Convolution::default();
    descent: descent::Descent::default();
    digit: digit::Digit::default();
    fully_connected: fully_connected::FullyConnected;
    kink: kink::Kink;
    lenet: lenet::Lenet::default();
    mistake: mistake::PickAMistake::new();
    pooling: pooling::Pooling;
    regression: regression::Regression::default();
    softmax: softmax::Softmax;
    spirals: spirals::Spirals::default();
    start: start::Start::default();
    step: step::Step;
}

/// The names of all figures.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCENES.iter().map(|(name, _)| *name)
}

/// A figure at its present settings. Made by [`open`].
#[must_use]
pub struct Live {
    name: &'static str,
    #[cfg(feature = "live")]
    make: Make,
    settings: Settings,
    scene: Box<dyn Scene>,
    /// What it was given, by name.
    data: Vec<(String, Vec<u8>)>,
}

/// The figure of this name, `descent`, with other settings than its first behind a question mark:
/// `descent?rate=0.05&surface=Saddle`.
///
/// # Errors
/// If no figure has this name, or a setting does not fit.
pub fn open(query: &str) -> Result<Live, LiveError> {
    let (name, settings) = query.split_once('?').unwrap_or((query, ""));
    let Some((name, make)) = SCENES.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = names().collect();
        return Err(LiveError::new(format!("there is no live figure {name:?}: there are {}", known.join(", "))));
    };
    Live::new(name, *make, settings)
}

impl Live {
    /// The figure at these settings, written `rate=0.05&surface=Saddle`.
    fn new(name: &'static str, make: Make, settings: &str) -> Result<Self, LiveError> {
        let scene = make();
        let mut live = Live {
            name,
            #[cfg(feature = "live")]
            make,
            settings: Settings::new(scene.knobs()),
            scene,
            data: Vec::new(),
        };
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            live.set(setting)?;
        }
        Ok(live)
    }

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

    /// The same figure with data that it needs and that no knob holds: trained weights, images. The page gets them too.
    ///
    /// # Errors
    /// If the figure takes no data of this name, or these bytes are not what it takes.
    pub fn data(mut self, name: &str, bytes: Vec<u8>) -> Result<Self, LiveError> {
        self.load(name, bytes)?;
        Ok(self)
    }

    /// Gives the figure its data.
    fn load(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), LiveError> {
        self.scene.load(name, &bytes)?;
        self.scene.changed(&mut self.settings, name)?;
        self.data.push((name.into(), bytes));
        Ok(())
    }

    /// Begins anew at these settings, with the same data.
    #[cfg(feature = "live")]
    fn reopen(&mut self, settings: &str) -> Result<(), LiveError> {
        let mut fresh = Live::new(self.name, self.make, settings)?;
        self.data.iter().try_for_each(|(name, bytes)| fresh.load(name, bytes.clone()))?;
        *self = fresh;
        Ok(())
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

    /// What is said about a cell of the picture, its `data-cell`, if there is more to say than its `data-note` holds.
    ///
    /// ```
    /// use handgrad::prelude::*;
    /// let figure = live::open("fully_connected?N=1&l=2&m=1&z=2,3&W=5,7&b=1")?;
    /// assert_eq!(figure.note("y:0")?.as_deref(), Some("y = z₀·w₀ + z₁·w₁ + b, y = 2·5 + 3·7 + 1 = 32"));
    /// # Ok::<(), live::LiveError>(())
    /// ```
    ///
    /// # Errors
    /// If it cannot be computed.
    pub fn note(&self, cell: &str) -> Result<Option<String>, LiveError> {
        self.scene.note(&self.settings, cell)
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
                <button type=\"button\" data-do=\"link\">Copy a link to these settings</button>"
    }

    /// The still picture as HTML, which a page of the book brings to life. Data are attributes in base64: `data-weights`.
    ///
    /// # Errors
    /// If it cannot be drawn.
    pub fn html(&self) -> Result<String, LiveError> {
        let data = self.data.iter().map(|(name, bytes)| format!(" data-{}=\"{}\"", escape(name), base64(bytes)));
        let (query, data) = (escape(&self.query()), data.collect::<String>());
        Ok(format!("<figure data-live=\"{query}\"{data}>{}</figure>", self.picture()?.html()))
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
