//! The smallest PNG writer that does: one byte a pixel, and what colour each byte is.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// A PNG file of `width` pixels a row, each an index into `palette`.
///
/// Source: W3C, *Portable Network Graphics Specification* (third edition), §11.2.
pub(super) fn encode(width: usize, pixels: &[u8], palette: &[[u8; 3]]) -> Vec<u8> {
    let height = pixels.len().checked_div(width).unwrap_or(0);
    let mut header = Vec::from((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    header.extend([8, 3, 0, 0, 0]); // eight bits, by palette, deflate, no filters of its own, not interlaced

    let rows: Vec<u8> = pixels.chunks(width.max(1)).flat_map(|row| [&[0], row].concat()).collect(); // 0: unfiltered
    let mut data = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing into a vector does not fail.
    let data = data.write_all(&rows).and_then(|()| data.finish()).unwrap_or_default();

    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, bytes) in [(b"IHDR", &header[..]), (b"PLTE", palette.as_flattened()), (b"IDAT", &data), (b"IEND", &[])] {
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
