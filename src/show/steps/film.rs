//! Many steps as one picture. What several steps share is drawn once.

use super::cells::{Depth, PATTERNS, Sheet};
use crate::show::canvas::{MIDDLE, fine, sure};
use std::fmt::Write;

/// How long each step of a film is shown, in seconds.
const SECONDS: f64 = 3.0;

/// The elements of all steps, shown one step after the other in a loop.
///
/// Without animation (the viewer has none, or the reader has turned it off), step `still` is shown.
pub(super) fn film(steps: &[Sheet], still: usize) -> String {
    let count = steps.len();
    let mut groups: Vec<((Depth, usize, usize), String)> = Vec::new();
    for (depth, element, when) in shown(steps) {
        for (from, to) in runs(&when) {
            let key = (depth, from, to);
            match groups.iter_mut().find(|(k, _)| *k == key) {
                Some((_, body)) => body.push_str(element),
                None => groups.push((key, element.to_string())),
            }
        }
    }
    let always = |from: usize, to: usize| (from, to) == (0, count);
    groups.sort_by_key(|((depth, from, to), _)| (*depth, !always(*from, *to), *from, *to));

    let (mut body, mut names) = (String::new(), Vec::new());
    for ((_, from, to), elements) in groups {
        if always(from, to) {
            sure(writeln!(body, "{elements}"));
            continue;
        }
        let hidden = if (from..to).contains(&still) { "" } else { " visibility=\"hidden\"" };
        let name = format!("s{from}-{to}of{count}");
        sure(writeln!(body, "<g class=\"s{count}\" style=\"animation-name:{name}\"{hidden}>{elements}</g>"));
        if !names.contains(&(from, to)) {
            names.push((from, to));
        }
    }
    let body = finished(&body);
    if names.is_empty() { body } else { format!("<style>{}</style>\n{body}", style(count, &names)) }
}

/// The elements of all steps, one step below the other, `height` apart.
pub(super) fn strip(steps: &[Sheet], height: i32) -> String {
    let shown = shown(steps);
    let always = |when: &[usize]| steps.len() > 1 && when.len() == steps.len();
    let (mut below, mut above) = (String::new(), String::new());
    for (depth, element, _) in shown.iter().filter(|(_, _, when)| always(when)) {
        if *depth == Depth::Fill { below += element } else { above += element }
    }
    // A definition is drawn where it is used.
    let mut body = format!("<defs><g id=\"below\">{below}</g><g id=\"above\">{above}</g></defs>\n");
    for k in 0..steps.len() {
        let own = |fill: bool| -> String {
            let own = shown.iter().filter(|(_, _, when)| !always(when) && when.contains(&k));
            own.filter(|(depth, ..)| (*depth == Depth::Fill) == fill).map(|(_, element, _)| *element).collect()
        };
        let (under, over) = (own(true), own(false));
        let shift = height * k as i32;
        let parts = format!("<use href=\"#below\"/>{under}<use href=\"#above\"/>{over}");
        sure(writeln!(body, "<g transform=\"translate(0 {shift})\">{parts}</g>"));
    }
    finished(&body)
}

/// The elements with the patterns and the font size that they share.
fn finished(body: &str) -> String {
    let patterns = if body.contains("url(#") { PATTERNS } else { "" };
    format!("{patterns}<g font-size=\"{}\">\n{body}</g>\n", fine(MIDDLE))
}

/// Every element with the steps that contain it, from bottom to top.
fn shown(steps: &[Sheet]) -> Vec<(Depth, &str, Vec<usize>)> {
    let mut shown: Vec<(Depth, &str, Vec<usize>)> = Vec::new();
    for (k, step) in steps.iter().enumerate() {
        for (depth, element) in &step.elements {
            match shown.iter_mut().find(|(l, e, _)| l == depth && e == element) {
                Some((_, _, when)) => when.push(k),
                None => shown.push((*depth, element, vec![k])),
            }
        }
    }
    shown.sort_by_key(|(depth, ..)| *depth);
    shown
}

/// Ascending numbers as ranges, the end excluded.
fn runs(when: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &k in when {
        match runs.last_mut() {
            Some((_, to)) if *to == k => *to = k + 1,
            _ => runs.push((k, k + 1)),
        }
    }
    runs
}

/// When each group is visible. Two films may share a picture, because equal names mean equal times.
fn style(count: usize, names: &[(usize, usize)]) -> String {
    let share = |k: usize| format!("{:.2}%", 100.0 * k as f64 / count as f64);
    let mut style = format!(".s{count}{{animation:{}s step-end infinite}}", SECONDS * count as f64);
    for &(from, to) in names {
        let mut frames = format!("0%{{visibility:{}}}", if from == 0 { "visible" } else { "hidden" });
        if from > 0 {
            frames += &format!("{}{{visibility:visible}}", share(from));
        }
        if to < count {
            frames += &format!("{}{{visibility:hidden}}", share(to));
        }
        style += &format!("@keyframes s{from}-{to}of{count}{{{frames}}}");
    }
    style + &format!("@media(prefers-reduced-motion:reduce){{.s{count}{{animation:none}}}}")
}
