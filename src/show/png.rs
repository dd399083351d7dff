//! A small PNG writer: eight bits per pixel with a palette, or three times eight.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// A PNG file with `width` pixels in a row, each an index into `palette`.
pub(super) fn by_palette(width: usize, pixels: &[u8], palette: &[[u8; 3]]) -> Vec<u8> {
    file(width, pixels, Some(palette))
}

/// A PNG file with `width` pixels in a row, each red, green and blue.
pub(super) fn in_colours(width: usize, pixels: &[[u8; 3]]) -> Vec<u8> {
    file(width, pixels.as_flattened(), None)
}

/// The file with `width` pixels in a row: one byte each with a palette, three without.
///
/// Source: W3C, *Portable Network Graphics Specification* (third edition), §11.2.
fn file(width: usize, bytes: &[u8], palette: Option<&[[u8; 3]]>) -> Vec<u8> {
    let (colour, row) = if palette.is_some() { (3, width) } else { (2, 3 * width) };
    let height = bytes.len().checked_div(row).unwrap_or(0);
    let mut header = Vec::from((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    header.extend([8, colour, 0, 0, 0]); // eight bits, deflate, no filters of its own, not interlaced

    let rows: Vec<u8> = bytes.chunks(row.max(1)).flat_map(|row| [&[0], row].concat()).collect(); // 0: unfiltered
    let mut data = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing into a vector does not fail.
    let data = data.write_all(&rows).and_then(|()| data.finish()).unwrap_or_default();

    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let palette = palette.map(|palette| (b"PLTE", palette.as_flattened()));
    let chunks = [Some((b"IHDR", &header[..])), palette, Some((b"IDAT", &data)), Some((b"IEND", &[]))];
    for (kind, bytes) in chunks.into_iter().flatten() {
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(bytes);
        png.extend((bytes.len() as u32).to_be_bytes());
        png.extend(kind);
        png.extend(bytes);
        png.extend(crc.sum().to_be_bytes());
    }
    png
}
