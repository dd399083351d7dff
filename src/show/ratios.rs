//! Ratios as bars: one measurement divided by another, task by task.

use super::canvas::{self, Anchor, Canvas, INK, LARGE, LEVEL, MIDDLE, SERIES, SMALL, bold, font};
use super::figure::{Figure, shown};

/// From one bar to the next, in pixels.
const LINE: f64 = 19.0;
/// The length of the longest bar, in pixels; a ratio of 2 is never drawn longer.
const LENGTH: f64 = 220.0;

/// Named ratios in groups, a horizontal bar for each, and a line at 1. Made by [`ratios`].
#[must_use]
#[derive(Clone, Debug, PartialEq)]
pub struct Ratios {
    title: String,
    unit: String,
    groups: Vec<(String, Vec<(String, f64)>)>,
    alt: Option<String>,
}

shown!(Ratios);

/// Bars of ratios; [`Ratios::group`] adds them, and `unit` names the line at 1. Ratios up to 1 are blue, larger ones
/// orange. A ratio above 2 is drawn as 2, with its number beside it.
///
/// ```
/// # use handgrad::show;
/// let figure = show::ratios("our time / theirs", "theirs").group("networks", [("small", 0.4), ("large", 1.1)]).figure();
/// assert_eq!(figure.alt, "our time / theirs, as bars. networks: small 0.40, large 1.10.");
/// ```
pub fn ratios(title: &str, unit: &str) -> Ratios {
    Ratios { title: title.into(), unit: unit.into(), groups: Vec::new(), alt: None }
}

impl Ratios {
    /// Adds a group of named ratios below the others.
    pub fn group<N: ToString>(mut self, name: &str, ratios: impl IntoIterator<Item = (N, f64)>) -> Self {
        let ratios = ratios.into_iter().map(|(name, ratio)| (name.to_string(), ratio));
        self.groups.push((name.into(), ratios.collect()));
        self
    }

    /// The finished picture.
    pub fn figure(&self) -> Figure {
        let names = self.groups.iter().flat_map(|(_, ratios)| ratios).map(|(name, _)| canvas::room(name, SMALL));
        let left = 36.0 + names.fold(138.0, f64::max);
        let lines: usize = self.groups.iter().map(|(_, ratios)| ratios.len()).sum();
        let height = 64.0 + LINE * lines as f64 + 1.7 * LINE * self.groups.len() as f64 + 12.0;
        let size = ((left + LENGTH + 76.0) as u32, height as u32);
        let alt = self.alt.clone().unwrap_or_else(|| self.describe());
        Figure { size, alt, body: canvas::draw(size, |canvas| self.paint(canvas, left, height)) }
    }

    fn describe(&self) -> String {
        let group = |(name, ratios): &(String, Vec<(String, f64)>)| {
            let ratios: Vec<String> =
                ratios.iter().map(|(name, ratio)| format!("{name} {}", two_digits(*ratio))).collect();
            format!(" {name}: {}.", ratios.join(", "))
        };
        let groups: String = self.groups.iter().map(group).collect();
        format!("{}, as bars.{groups}", self.title)
    }

    fn paint(&self, canvas: &Canvas, left: f64, height: f64) {
        let largest = self.groups.iter().flat_map(|(_, ratios)| ratios).map(|(_, ratio)| *ratio);
        let scale = LENGTH / largest.filter(|r| r.is_finite()).fold(1.25, f64::max).min(2.0);
        canvas.text((20.0, 23.0), &self.title, &bold(LARGE, INK), Anchor::Left);
        canvas.text((left + scale, 46.0), &self.unit, &font(SMALL, LEVEL.0), Anchor::Centre);
        let mut y = 58.0;
        for (name, ratios) in &self.groups {
            y += 1.7 * LINE;
            canvas.text((20.0, y - 0.6 * LINE), name, &bold(MIDDLE, INK), Anchor::Left);
            for (name, ratio) in ratios {
                let middle = y + LINE / 2.0;
                canvas.text((left - 10.0, middle), name, &font(SMALL, INK), Anchor::Right);
                let length = (ratio * scale).clamp(0.0, LENGTH);
                if length > 0.0 {
                    let colour = SERIES[usize::from(*ratio > 1.0)].0;
                    canvas.rectangle((left, y + 3.0), (length, LINE - 6.0), colour);
                }
                canvas.text(
                    (left + length.max(0.0) + 8.0, middle),
                    &two_digits(*ratio),
                    &font(SMALL, INK),
                    Anchor::Left,
                );
                y += LINE;
            }
        }
        canvas.line(&[(left + scale, 56.0), (left + scale, height - 12.0)], LEVEL.0, 1.0);
    }
}

/// Two decimals: no measurement of time has more.
fn two_digits(ratio: f64) -> String {
    format!("{ratio:.2}").replace('-', "−")
}
