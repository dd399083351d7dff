//! The live figures as a WebAssembly module: what `live.js` calls.
//!
//! Text goes in and out through one buffer. The page asks for room ([`buffer`]), writes UTF-8 into it and calls [`set`], or
//! the function that opens a figure of some name: `open_descent`. Data that no knob holds go in the same way, as their name,
//! a zero byte and the bytes ([`load`]), and so does the name of a cell ([`note`]). A reply lies at [`reply`],
//! [`reply_length`] bytes long. That of [`draw`] has five parts, with a zero byte between each two: an error or nothing,
//! the controls as HTML, the present settings, the alt text, and the picture as SVG.

#![allow(unsafe_code)] // for the attribute `no_mangle` alone, which keeps the names that the page calls

use super::{Live, LiveError, Make};
use std::cell::RefCell;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static FIGURES: RefCell<Vec<Live>> = const { RefCell::new(Vec::new()) };
}

/// Room for a text of this many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn buffer(length: usize) -> *mut u8 {
    BUFFER.with_borrow_mut(|buffer| {
        buffer.clear();
        buffer.resize(length, 0);
        buffer.as_mut_ptr()
    })
}

/// Where the last reply begins.
#[unsafe(no_mangle)]
pub extern "C" fn reply() -> *const u8 {
    BUFFER.with_borrow(|buffer| buffer.as_ptr())
}

/// How long it is.
#[unsafe(no_mangle)]
pub extern "C" fn reply_length() -> usize {
    BUFFER.with_borrow(Vec::len)
}

/// Opens a figure at the settings in the buffer and returns its number, or −1 with the error as the reply.
pub(super) fn open(name: &'static str, make: Make) -> i32 {
    match Live::new(name, make, &text()) {
        Ok(figure) => FIGURES.with_borrow_mut(|figures| {
            figures.push(figure);
            figures.len() as i32 - 1
        }),
        Err(error) => {
            answer([&error.to_string()]);
            -1
        }
    }
}

/// Gives the figure the data in the buffer and returns 0, or −1 with the error as the reply.
#[unsafe(no_mangle)]
pub extern "C" fn load(figure: usize) -> i32 {
    let buffer = BUFFER.with_borrow_mut(std::mem::take);
    let end = buffer.iter().position(|byte| *byte == 0).unwrap_or(buffer.len());
    let (name, bytes) = (String::from_utf8_lossy(&buffer[..end]), buffer.get(end + 1..).unwrap_or_default().to_vec());
    let outcome = FIGURES.with_borrow_mut(|figures| figures.get_mut(figure).map(|figure| figure.load(&name, bytes)));
    match outcome {
        Some(Err(error)) => {
            answer([&error.to_string()]);
            -1
        }
        _ => 0,
    }
}

/// Begins anew at the settings in the buffer, with the same data. The reply is an error or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn reset(figure: usize) {
    let settings = text();
    change(figure, |figure| figure.reopen(&settings));
}

/// Changes the setting in the buffer. The reply is an error or nothing.
#[unsafe(no_mangle)]
pub extern "C" fn set(figure: usize) {
    let setting = text();
    change(figure, |figure| figure.set(&setting));
}

/// Moves on by one step, and says whether there is another one: 1 or 0.
#[unsafe(no_mangle)]
pub extern "C" fn advance(figure: usize) -> i32 {
    FIGURES.with_borrow_mut(|figures| {
        figures.get_mut(figure).is_some_and(|figure| figure.advance().unwrap_or(false)).into()
    })
}

/// Draws. The reply has five parts.
#[unsafe(no_mangle)]
pub extern "C" fn draw(figure: usize) {
    FIGURES.with_borrow(|figures| {
        let Some(figure) = figures.get(figure) else { return };
        match figure.picture() {
            Ok(picture) => {
                answer(["", &figure.controls(), &figure.query(), &picture.alt, &picture.inline_svg()]);
            }
            Err(error) => answer([&error.to_string()]),
        }
    });
}

/// Replies with what is said about the cell whose name is in the buffer, or with nothing.
#[unsafe(no_mangle)]
pub extern "C" fn note(figure: usize) {
    let cell = text();
    let note = FIGURES.with_borrow(|figures| figures.get(figure).and_then(|figure| figure.note(&cell).ok().flatten()));
    answer([&note.unwrap_or_default()]);
}

/// Changes a figure and replies with an error or nothing.
fn change(figure: usize, change: impl FnOnce(&mut Live) -> Result<(), LiveError>) {
    let outcome = FIGURES.with_borrow_mut(|figures| figures.get_mut(figure).map_or(Ok(()), change));
    answer([&outcome.map_or_else(|error| error.to_string(), |()| String::new())]);
}

fn text() -> String {
    BUFFER.with_borrow(|buffer| String::from_utf8_lossy(buffer).into_owned())
}

fn answer<const N: usize>(parts: [&str; N]) {
    BUFFER.with_borrow_mut(|buffer| *buffer = parts.join("\0").into_bytes());
}
