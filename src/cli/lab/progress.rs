//! What the set-up prints: a line per step with its seconds, and regular updates while it runs.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often a step reports that it is still running, if no line can be overwritten.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// One running step.
pub struct Progress {
    bar: Option<ProgressBar>,
    begin: Instant,
    last: Mutex<Instant>,
}

impl Progress {
    pub fn begin(title: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {wide_msg}");
            let bar = ProgressBar::new_spinner().with_prefix(title.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            if let Ok(style) = style { bar.with_style(style) } else { bar }
        });
        if bar.is_none() {
            eprintln!("  {title} …");
        }
        Self { bar, begin: Instant::now(), last: Mutex::new(Instant::now()) }
    }

    /// What the step is doing now.
    pub fn at(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        } else if let Ok(mut last) = self.last.lock()
            && last.elapsed() >= SIGN_OF_LIFE
        {
            *last = Instant::now();
            eprintln!("      {:.0} s: {what}", self.begin.elapsed().as_secs_f64());
        }
    }

    /// The step's last line.
    pub fn end(&self, line: &str) {
        self.clear();
        eprintln!("✓ {line} ({:.0} s)", self.begin.elapsed().as_secs_f64());
    }

    /// Erases the progress line.
    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
