//! The IDX format, used by MNIST: an array of bytes, preceded by its shape.
//!
//! | bytes | meaning |
//! |---|---|
//! | 0, 1 | 0 |
//! | 2 | the element type: 8 for an unsigned byte, the only one read here |
//! | 3 | the number of dimensions D |
//! | 4 … 4·D + 3 | the sizes, 32 bits each, the highest byte first |
//! | the rest | the elements, the last index fastest |
//!
//! A file may be compressed with gzip, which its first two bytes show, whatever its name. Zeros after the compressed
//! data are skipped, as gzip does: tapes and some programs pad a block with them. The shape is checked before anything
//! else is read, and memory grows only as bytes arrive: a header may announce 2³² images and no memory is set aside for
//! them. If a stream holds more than its header says, one extra byte is read.
//!
//! Source: LeCun, Cortes, Burges, *The MNIST database of handwritten digits*, "The IDX file format".

use super::DataError;
use flate2::bufread::GzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// An array of bytes in D dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array<const D: usize> {
    /// The sizes.
    pub shape: [usize; D],
    /// The elements, the last index fastest.
    pub bytes: Vec<u8>,
}

/// Reads a file of images: shape (N, H, W).
///
/// # Errors
/// If the file cannot be read, is damaged, or is not exactly one array of bytes in three dimensions.
pub fn read_images(file: impl AsRef<Path>) -> Result<Array<3>, DataError> {
    Reader::open(file)?.read()
}

/// Reads a file of labels: shape (N).
///
/// # Errors
/// If the file cannot be read, is damaged, or is not exactly one array of bytes in one dimension.
pub fn read_labels(file: impl AsRef<Path>) -> Result<Array<1>, DataError> {
    Reader::open(file)?.read()
}

/// A file whose header has been read and whose elements have not.
///
/// ```
/// use handgrad::data::idx::Reader;
/// let file: &[u8] = &[0, 0, 8, 2, /* 2 rows */ 0, 0, 0, 2, /* 3 columns */ 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
/// let reader = Reader::<2>::new("numbers", file)?;
/// assert_eq!(reader.shape, [2, 3]);
/// assert_eq!(reader.read()?.bytes, [1, 2, 3, 4, 5, 6]);
/// # Ok::<(), handgrad::data::DataError>(())
/// ```
pub struct Reader<'a, const D: usize> {
    /// The sizes given in the header.
    pub shape: [usize; D],
    file: PathBuf,
    content: Content<'a>,
}

impl<const D: usize> Reader<'static, D> {
    /// Opens a file, raw or gzip, and reads its header.
    ///
    /// # Errors
    /// If the file cannot be read or its header is not that of bytes in D dimensions, each at least 1.
    pub fn open(file: impl AsRef<Path>) -> Result<Self, DataError> {
        let file = file.as_ref();
        match File::open(file) {
            Ok(content) => Reader::new(file, content),
            Err(error) => Err(DataError::new(file, "a file that can be read", error.to_string())),
        }
    }
}

impl<'a, const D: usize> Reader<'a, D> {
    /// Reads the header of `content`, which errors call `file`.
    ///
    /// # Errors
    /// If `content` cannot be read or its header is not that of bytes in D dimensions, each at least 1.
    pub fn new(file: impl Into<PathBuf>, content: impl Read + 'a) -> Result<Self, DataError> {
        const { assert!(D <= u8::MAX as usize, "an IDX file has at most 255 dimensions") };
        let file = file.into();
        let mut content = Content::recognise(content).map_err(|error| Content::error(false, &file, &error))?;
        let mut header = vec![0; 4 + 4 * D];
        let length = content.fill(&mut header, &file)?;

        let magic = [0, 0, UNSIGNED_BYTE, D as u8];
        if length >= 4 && header[..4] != magic {
            let found = describe([header[0], header[1], header[2], header[3]]);
            return Err(DataError::new(file, describe(magic), found));
        }
        if length < header.len() {
            let expected = format!("a header of {} bytes", header.len());
            return Err(DataError::new(file, expected, format!("the end after {length}")));
        }
        let size = |d: usize| header[4 + 4 * d..8 + 4 * d].iter().fold(0, |size, &byte| size << 8 | usize::from(byte));
        let shape = std::array::from_fn(size);
        if shape.contains(&0) {
            return Err(DataError::new(file, "at least 1 in every dimension", times(&shape)));
        }
        Ok(Reader { shape, file, content })
    }

    /// Reads the elements and checks that nothing follows them.
    ///
    /// # Errors
    /// If there are fewer or more bytes than the header says, or the gzip stream is damaged.
    pub fn read(mut self) -> Result<Array<D>, DataError> {
        // 96 bits are enough for three sizes; with more dimensions the product saturates, and no file is that long.
        let promised = self.shape.iter().fold(1_u128, |product, &size| product.saturating_mul(size as u128));
        let limit = u64::try_from(promised).unwrap_or(u64::MAX).saturating_add(1);

        let mut bytes = Vec::new();
        let outcome = self.content.reader.by_ref().take(limit).read_to_end(&mut bytes);
        outcome.map_err(|error| Content::error(self.content.gzip, &self.file, &error))?;

        let product = if D > 1 { format!("{} = ", times(&self.shape)) } else { String::new() };
        let expected = || format!("{product}{promised} bytes after the header");
        match (bytes.len() as u128).cmp(&promised) {
            std::cmp::Ordering::Less => Err(DataError::new(&self.file, expected(), bytes.len().to_string())),
            std::cmp::Ordering::Greater => Err(DataError::new(&self.file, expected(), "more than that")),
            std::cmp::Ordering::Equal => Ok(Array { shape: self.shape, bytes }),
        }
    }
}

/// A file's bytes, decompressed.
struct Content<'a> {
    reader: Box<dyn Read + 'a>,
    gzip: bool,
}

impl<'a> Content<'a> {
    fn recognise(mut content: impl Read + 'a) -> io::Result<Self> {
        let mut start = Vec::new();
        content.by_ref().take(2).read_to_end(&mut start)?;
        let gzip = start == [0x1f, 0x8b];
        let whole = io::Cursor::new(start).chain(content);
        Ok(Content { reader: if gzip { Box::new(Members::new(BufReader::new(whole))) } else { Box::new(whole) }, gzip })
    }

    /// Fills as much of `buffer` as there are bytes for, and returns how much that is.
    fn fill(&mut self, buffer: &mut [u8], file: &Path) -> Result<usize, DataError> {
        let mut length = 0;
        while length < buffer.len() {
            match self.reader.read(&mut buffer[length..]) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Content::error(self.gzip, file, &error)),
            }
        }
        Ok(length)
    }

    fn error(gzip: bool, file: &Path, error: &io::Error) -> DataError {
        let expected = if gzip { "a whole gzip stream" } else { "a file that can be read" };
        DataError::new(file, expected, error.to_string())
    }
}

/// A gzip stream: compressed members one after another, possibly followed by zeros.
struct Members<R> {
    /// The member being read; `None` after the last.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(content: R) -> Self {
        Members { member: Some(GzDecoder::new(content)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let length = member.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            // The member has ended: go on to the next if anything but zeros follows.
            let content = member.get_mut();
            let more = loop {
                let bytes = content.fill_buf()?;
                let (all, zeros) = (bytes.len(), bytes.iter().take_while(|&&byte| byte == 0).count());
                content.consume(zeros);
                if all == 0 || zeros < all {
                    break all > 0;
                }
            };
            self.member = self.member.take().filter(|_| more).map(|member| GzDecoder::new(member.into_inner()));
        }
        Ok(0)
    }
}

const UNSIGNED_BYTE: u8 = 8;

/// The first four bytes and what they mean.
fn describe(magic: [u8; 4]) -> String {
    let element = match magic {
        [0, 0, UNSIGNED_BYTE, _] => "unsigned bytes",
        [0, 0, 0x09, _] => "signed bytes",
        [0, 0, 0x0b, _] => "16-bit integers",
        [0, 0, 0x0c, _] => "32-bit integers",
        [0, 0, 0x0d, _] => "32-bit floats",
        [0, 0, 0x0e, _] => "64-bit floats",
        _ => return format!("{:#010x} (not an IDX file)", u32::from_be_bytes(magic)),
    };
    let dimensions = if magic[3] == 1 { "dimension" } else { "dimensions" };
    format!("{:#010x} ({element} in {} {dimensions})", u32::from_be_bytes(magic), magic[3])
}

/// The sizes as in "60000 × 28 × 28".
pub(super) fn times(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ")
}
