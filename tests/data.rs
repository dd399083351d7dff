//! The data sets: what MNIST's files hold, and what is said of a file that is not one of them.

use flate2::Compression;
use flate2::write::GzEncoder;
use handgrad::data::idx::{Reader, read_labels};
use handgrad::data::{DataError, Dataset, cifar10, clutter, mnist, one_hot, synthetic};
use handgrad::prelude::*;
use proptest::prelude::*;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

// ---- files like MNIST's ----

#[test]
fn pixels_are_from_0_to_1_in_any_scalar() -> Result<(), DataError> {
    let small = SmallMnist::new();
    fn extremes<T: Float>(set: &Dataset<T>) -> (T, T) {
        let pixels = set.inputs.as_slice();
        (pixels.iter().copied().fold(T::one(), T::min), pixels.iter().copied().fold(T::zero(), T::max))
    }
    assert_eq!(extremes(&mnist::load::<f64>(small.path())?.train), (0.0, 1.0));
    let (low, high) = extremes(&mnist::load::<half::bf16>(small.path())?.train);
    assert_eq!((low.to_f32(), high.to_f32()), (0.0, 1.0));
    Ok(())
}

// ---- names and compression ----

#[test]
fn raw_and_gzip_files_with_any_of_the_usual_names_are_the_same() -> Result<(), DataError> {
    let small = SmallMnist::new();
    let expected = mnist::load::<f32>(small.path())?;
    let variants: [(&str, &str, bool); 5] = [
        ("-", ".gz", true),
        ("-", "", true),     // gzip that does not say so
        ("-", ".gz", false), // raw that says it is gzip
        (".", "", false),
        (".", ".gz", true),
    ];
    for (separator, ending, compressed) in variants {
        let directory = TempDir::new().unwrap();
        for (name, kind) in FILES {
            let bytes = small.bytes(name, kind);
            let bytes = if compressed { gzip(&bytes) } else { bytes };
            fs::write(directory.path().join(format!("{name}{separator}{kind}{ending}")), bytes).unwrap();
        }
        let read = mnist::load::<f32>(directory.path())?;
        assert_eq!(read, expected, "…{separator}idx…{ending}, compressed: {compressed}");
    }
    Ok(())
}

#[test]
fn a_gzip_file_of_several_members_is_read_to_its_end() -> Result<(), DataError> {
    let (head, tail) = (gzip(&labels(&[1, 2, 3])[..9]), gzip(&[2, 3]));
    let reader = Reader::<1>::new("labels", &*[head, tail].concat())?.read()?;
    assert_eq!(reader.bytes, [1, 2, 3]);
    Ok(())
}

/// As tapes and some programs pad them, and as gzip and Python read them.
#[test]
fn zeros_behind_a_gzip_member_are_skipped() -> Result<(), DataError> {
    let (head, tail) = (gzip(&labels(&[1, 2, 3])[..9]), gzip(&[2, 3]));
    for (between, behind) in [(0, 1), (0, 512), (0, 100_000), (7, 0), (10_000, 10_000)] {
        let bytes = [&head, &vec![0; between], &tail, &vec![0; behind]].map(|part| part.as_slice()).concat();
        assert_eq!(Reader::<1>::new("labels", &*bytes)?.read()?.bytes, [1, 2, 3]);
        // Piece by piece, a pipe gives the same.
        let pieces = bytes.iter().fold(Box::new(std::io::empty()) as Box<dyn Read>, |all, byte| {
            if bytes.len() < 1000 { Box::new(all.chain(std::slice::from_ref(byte))) } else { all }
        });
        if bytes.len() < 1000 {
            assert_eq!(Reader::<1>::new("labels", pieces)?.read()?.bytes, [1, 2, 3]);
        }
        let message = Reader::<1>::new("labels", &*[&bytes[..], b"rubbish"].concat()).and_then(Reader::read);
        assert!(message.unwrap_err().to_string().starts_with("labels: expected a whole gzip stream, found "));
    }
    Ok(())
}

#[test]
fn an_interrupted_read_is_made_again() -> Result<(), DataError> {
    let raw = labels(&[1, 2, 3, 4, 5]);
    for bytes in [&raw, &gzip(&raw)] {
        let content = Interrupted { bytes, now: false };
        assert_eq!(Reader::<1>::new("labels", content)?.read()?.bytes, [1, 2, 3, 4, 5]);
    }
    Ok(())
}

#[test]
fn a_directory_with_the_name_of_a_file_is_not_read() -> Result<(), DataError> {
    let small = SmallMnist::new();
    let expected = mnist::load::<f32>(small.path())?;
    let file = small.file("train-images", "idx3-ubyte");
    fs::rename(&file, file.with_added_extension("gz")).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(mnist::load::<f32>(small.path())?, expected);
    Ok(())
}

// ---- what is said of a wrong file, one test an error ----

#[test]
fn a_missing_directory() {
    let error = mnist::load::<f32>("no/such/place").unwrap_err();
    assert_eq!(error.to_string(), "no/such/place: expected a directory with the four files of MNIST, found nothing");
}

#[test]
fn a_file_for_a_directory() {
    let error = mnist::load::<f32>("Cargo.toml").unwrap_err();
    assert_eq!(error.to_string(), "Cargo.toml: expected a directory with the four files of MNIST, found a file");
}

#[test]
fn a_missing_file() {
    let small = SmallMnist::new();
    fs::remove_file(small.file("t10k-images", "idx3-ubyte")).unwrap();
    let expected = "expected t10k-images-idx3-ubyte or t10k-images.idx3-ubyte, raw or with .gz appended, \
                    found no file with either name";
    assert_eq!(small.error(), format!("{}: {expected}", small.path().display()));
    let error = read_labels("no/such/file").unwrap_err();
    assert!(error.to_string().starts_with("no/such/file: expected a file that can be read, found "), "{error}");
}

#[test]
fn a_directory_for_a_file() {
    let error = read_labels("src").unwrap_err();
    assert!(error.to_string().starts_with("src: expected a file that can be read, found "), "{error}");
}

#[test]
fn an_empty_file() {
    assert_eq!(images_error(&[]), "images: expected a header of 16 bytes, found the end after 0");
}

#[test]
fn a_header_cut_short() {
    assert_eq!(
        images_error(&images([1, 28, 28], &[])[..13]),
        "images: expected a header of 16 bytes, found the end after 13"
    );
    assert_eq!(images_error(&[0, 0, 8]), "images: expected a header of 16 bytes, found the end after 3");
}

#[test]
fn too_few_bytes() {
    assert_eq!(
        images_error(&images([2, 3, 3], &[7; 17])),
        "images: expected 2 × 3 × 3 = 18 bytes after the header, found 17"
    );
}

#[test]
fn too_many_bytes() {
    let expected = "images: expected 2 × 3 × 3 = 18 bytes after the header, found more than that";
    assert_eq!(images_error(&images([2, 3, 3], &[7; 19])), expected);
    assert_eq!(images_error(&gzip(&images([2, 3, 3], &[7; 19]))), expected);
}

#[test]
fn a_wrong_magic_number() {
    assert_eq!(
        images_error(b"PK\x03\x04 and whatever a zip file holds"),
        "images: expected 0x00000803 (unsigned bytes in 3 dimensions), found 0x504b0304 (not an IDX file)"
    );
    assert_eq!(
        images_error(b"\0\0\x0d\x03 and sixteen bytes more"),
        "images: expected 0x00000803 (unsigned bytes in 3 dimensions), found 0x00000d03 (32-bit floats in 3 dimensions)"
    );
}

#[test]
fn a_wrong_number_of_dimensions() {
    assert_eq!(
        images_error(&labels(&[1, 2, 3])),
        "images: expected 0x00000803 (unsigned bytes in 3 dimensions), found 0x00000801 (unsigned bytes in 1 dimension)"
    );
}

#[test]
fn a_size_of_zero() {
    for shape in [[0, 28, 28], [2, 0, 28], [2, 28, 0]] {
        let [n, h, w] = shape;
        let expected = format!("images: expected at least 1 in every dimension, found {n} × {h} × {w}");
        assert_eq!(images_error(&images(shape, &[])), expected);
    }
}

#[test]
fn images_of_another_size() {
    let small = SmallMnist::new();
    let file = small.file("train-images", "idx3-ubyte");
    fs::write(&file, images([3, 32, 32], &[0; 3 * 32 * 32])).unwrap();
    let labels = small.file("train-labels", "idx1-ubyte");
    let expected = format!("{}: expected 3 × 28 × 28 images, as {} has labels", file.display(), labels.display());
    assert_eq!(small.error(), format!("{expected}, found 3 × 32 × 32"));
}

#[test]
fn more_images_than_labels() {
    let small = SmallMnist::new();
    let (file, label_file) = (small.file("t10k-images", "idx3-ubyte"), small.file("t10k-labels", "idx1-ubyte"));
    fs::write(&label_file, labels(&[1])).unwrap();
    let expected = format!("{}: expected 1 × 28 × 28 images, as {} has labels", file.display(), label_file.display());
    assert_eq!(small.error(), format!("{expected}, found 2 × 28 × 28"));
}

#[test]
fn a_label_that_is_no_digit() {
    let small = SmallMnist::new();
    let file = small.file("train-labels", "idx1-ubyte");
    fs::write(&file, labels(&[9, 10, 11])).unwrap();
    assert_eq!(small.error(), format!("{}: expected labels from 0 to 9, found 10 as label 1", file.display()));
}

#[test]
fn a_damaged_gzip_stream() {
    let whole = gzip(&images([1, 2, 2], &[1, 2, 3, 4]));
    let mut wrong_sum = whole.clone();
    let crc = whole.len() - 8; // the last eight bytes are the checksum and the length
    wrong_sum[crc] ^= 1;
    let mut wrong_length = whole.clone();
    wrong_length[crc + 4] ^= 1;
    for bytes in [wrong_sum, wrong_length] {
        assert_eq!(
            images_error(&bytes),
            "images: expected a whole gzip stream, found corrupt gzip stream does not have a matching checksum"
        );
    }
    for length in 2..whole.len() {
        let message = images_error(&whole[..length]);
        assert!(message.starts_with("images: expected a whole gzip stream, found "), "cut to {length}: {message}");
    }
    let message = images_error(&[&whole[..], b"rubbish"].concat());
    assert!(message.starts_with("images: expected a whole gzip stream, found "), "{message}");
}

// ---- promises ----

#[test]
fn nothing_is_set_aside_for_what_a_header_promises() {
    let most = u32::MAX as usize;
    // If memory were set aside, 3 TiB would end the process, and (2³² − 1)³ overflow a capacity.
    assert_eq!(
        images_error(&images([most, 28, 28], &[1, 2, 3])),
        "images: expected 4294967295 × 28 × 28 = 3367254359280 bytes after the header, found 3"
    );
    assert_eq!(
        images_error(&images([most; 3], &[])),
        "images: expected 4294967295 × 4294967295 × 4294967295 = 79228162458924105385300197375 bytes after the header, \
         found 0"
    );
}

#[test]
fn of_an_endless_stream_one_byte_too_many_is_read() {
    let mut endless = Endless { start: vec![0, 0, 8, 1, 0, 0, 0, 5], read: 0 };
    let error = Reader::<1>::new("labels", &mut endless).and_then(Reader::read).unwrap_err();
    assert_eq!(error.to_string(), "labels: expected 5 bytes after the header, found more than that");
    assert_eq!(endless.read, 8 + 5 + 1);
}

#[test]
fn a_small_gzip_file_that_swells_is_not_decompressed_to_its_end() {
    // 64 MiB of zeros are 64 KiB of gzip; damage at its end stays unseen, because nobody reads that far.
    let mut bytes = gzip(&[images([1, 2, 2], &[]), vec![0; 64 << 20]].concat());
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert_eq!(images_error(&bytes), "images: expected 1 × 2 × 2 = 4 bytes after the header, found more than that");
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_an_error_or_an_array(
        start in prop::sample::select(vec![
            vec![], vec![0, 0, 8, 3], vec![0, 0, 8, 1], vec![0x1f, 0x8b], vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255],
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..64),
        small_sizes in any::<bool>(),
    ) {
        let mut bytes = [start, rest].concat();
        if small_sizes {
            // The high bytes of three sizes zeroed: shapes that 64 bytes may well fill.
            bytes.iter_mut().enumerate().filter(|(i, _)| (4..16).contains(i)).for_each(|(i, byte)| {
                *byte = if i % 4 == 3 { *byte % 4 } else { 0 };
            });
        }
        for bytes in [bytes.clone(), gzip(&bytes)] {
            if let Ok(array) = Reader::<3>::new("images", &*bytes).and_then(Reader::read) {
                prop_assert_eq!(array.bytes.len(), array.shape.iter().product::<usize>());
            }
            if let Ok(array) = Reader::<1>::new("labels", &*bytes).and_then(Reader::read) {
                prop_assert_eq!(array.bytes.len(), array.shape[0]);
            }
        }
    }
}

// ---- data sets ----

fn counting(samples: usize) -> Dataset<f64> {
    let inputs = Tensor4::from_fn([samples, 2, 2, 1], |n, c, i, _| (10 * n + 2 * c + i) as f64);
    Dataset { inputs, labels: (0..samples).collect(), classes: samples }
}

#[test]
fn a_batch_is_its_samples_in_the_order_asked_for() {
    let (z, y) = counting(4).batch(&[3, 0, 3]);
    assert_eq!(z.to_row_major(), [30.0, 31.0, 32.0, 33.0, 0.0, 1.0, 2.0, 3.0, 30.0, 31.0, 32.0, 33.0]);
    assert_eq!(y, dmatrix![0.0, 0.0, 0.0, 1.0; 1.0, 0.0, 0.0, 0.0; 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn a_split_loses_nothing() {
    let data = counting(5);
    for n in 0..7 {
        let (head, tail) = data.split(n);
        assert_eq!((head.len(), tail.len()), (n.min(5), 5 - n.min(5)));
        assert_eq!(head, data.first(n));
        assert_eq!(tail.is_empty(), n >= 5);
        assert_eq!([head.inputs.to_row_major(), tail.inputs.to_row_major()].concat(), data.inputs.to_row_major());
        assert_eq!([head.labels, tail.labels].concat(), data.labels);
    }
}

#[test]
fn a_data_set_is_checked() {
    let inputs = Tensor4::<f64>::zeros([2, 1, 3, 3]);
    assert_eq!(
        Dataset::new(inputs.clone(), vec![0], 10).unwrap_err().to_string(),
        "Dataset::new: 1 labels but inputs are (2, 1, 3, 3): every input must have one label"
    );
    assert_eq!(
        Dataset::new(inputs, vec![0, 3], 3).unwrap_err().to_string(),
        "Dataset::new: label 1 is 3 but there are 3 classes: labels must be below the number of classes"
    );
}

#[test]
fn one_hot_rows() {
    assert_eq!(one_hot::<f32>(&[1, 0], 3), dmatrix![0.0, 1.0, 0.0; 1.0, 0.0, 0.0]);
    assert_eq!(one_hot::<f32>(&[], 3).shape(), (0, 3));
}

// ---- CIFAR-10 ----

/// The bytes of so many records: record n is of class n mod 10, and its pixels count on from n.
fn photographs(count: usize) -> Vec<u8> {
    let record = |n: usize| (0..3072).map(move |q| ((n + q) % 251) as u8);
    (0..count).flat_map(|n| std::iter::once((n % 10) as u8).chain(record(n))).collect()
}

fn photographs_error(bytes: &[u8], count: usize) -> String {
    cifar10::read::<f32>("photos.bin", bytes, count).unwrap_err().to_string()
}

#[test]
fn a_record_is_a_class_and_three_maps() -> Result<(), DataError> {
    for count in [1, 13, 64, 130] {
        let data = cifar10::read::<f64>("photos.bin", photographs(count).as_slice(), count)?;
        assert_eq!((data.inputs.shape(), data.classes), ([count, 3, 32, 32], 10));
        assert_eq!(data.labels, (0..count).map(|n| n % 10).collect::<Vec<_>>());
        let byte = |n, c, i, j| (n + 1024 * c + 32 * i + j) % 251;
        let expected = Tensor4::from_fn([count, 3, 32, 32], |n, c, i, j| byte(n, c, i, j) as f64 / 255.0);
        assert!(data.inputs == expected, "{count} images");
    }
    Ok(())
}

#[test]
fn photographs_that_are_not_what_they_should_be() {
    let whole = photographs(3);
    assert_eq!(
        photographs_error(&whole[..9218], 3),
        "photos.bin: expected 3 records of 3073 bytes, 9219 in all, found 9218"
    );
    assert_eq!(
        photographs_error(&whole, 2),
        "photos.bin: expected 2 records of 3073 bytes, 6146 in all, found more than that"
    );
    let mut foreign = whole;
    foreign[3073] = 10;
    assert_eq!(
        photographs_error(&foreign, 3),
        "photos.bin: expected classes from 0 to 9, found 10 as that of record 1"
    );
    let mut endless = Endless { start: vec![], read: 0 };
    assert!(cifar10::read::<f32>("photos.bin", &mut endless, 2).is_err());
    assert!(endless.read < 100_000, "{} bytes read", endless.read);
}

#[test]
fn the_six_files_are_found_or_named() {
    let directory = TempDir::new().unwrap();
    // Five threads look at once, and the first file is named, not that of the fastest thread.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(5).build().unwrap();
    for _ in 0..1000 {
        let missing = pool.install(|| cifar10::load::<half::bf16>(&directory)).unwrap_err();
        assert!(missing.file.ends_with("data_batch_1.bin"), "{missing}");
    }
    let names = (1..=5).map(|number| format!("data_batch_{number}.bin")).chain(["test_batch.bin".to_owned()]);
    for (number, name) in names.enumerate() {
        // A file of zeros, of which the disk keeps nothing but the first byte of the first record.
        let mut file = fs::File::create(directory.path().join(name)).unwrap();
        file.write_all(&[number as u8]).unwrap();
        file.set_len(10_000 * 3073).unwrap();
    }
    let photos = cifar10::load::<half::bf16>(&directory).unwrap(); // 0.4 GB less than f32
    assert_eq!((photos.train.len(), photos.test.len()), (50_000, 10_000));
    assert_eq!([0, 10_000, 20_000, 30_000, 40_000].map(|n| photos.train.labels[n]), [0, 1, 2, 3, 4]);
    assert_eq!(photos.test.labels[..2], [5, 0]);
}

// ---- sets made from a seed ----

#[test]
fn clutter_is_the_same_from_the_same_seed() -> Result<(), Box<dyn std::error::Error>> {
    let digits = {
        let file = |name: &str| mnist::shipped().map(|directory| directory.join(name));
        mnist::load_pair::<f32>(file("t10k-images-idx3-ubyte.gz")?, file("t10k-labels-idx1-ubyte.gz")?)?.first(40)
    };
    let set = clutter::compose(&digits, 1)?;
    assert_eq!(set, clutter::compose(&digits, 1)?);
    assert_ne!(set, clutter::compose(&digits, 2)?);
    assert_eq!((set.inputs.shape(), &set.labels), ([40, 3, 32, 32], &digits.labels));
    assert!(set.inputs.as_slice().iter().all(|pixel| (0.0..=1.0).contains(pixel)));
    Ok(())
}

#[test]
fn without_ink_there_is_a_background_that_runs_evenly() -> Result<(), Error> {
    let blank = Dataset::new(Tensor4::<f64>::zeros([3, 1, 28, 28]), vec![0, 1, 2], 10)?;
    let z = clutter::compose(&blank, 7)?.inputs;
    for n in 0..3 {
        for c in 0..3 {
            for i in 0..30 {
                let (down, right) = (|k: usize| z[(n, c, i + k, 5)], |k: usize| z[(n, c, 5, i + k)]);
                assert!((down(0) - 2.0 * down(1) + down(2)).abs() < 1e-12);
                assert!((right(0) - 2.0 * right(1) + right(2)).abs() < 1e-12);
            }
        }
    }
    Ok(())
}

#[test]
fn digits_without_a_label_each_are_refused() {
    let digits =
        |labels: usize| Dataset { inputs: Tensor4::<f32>::zeros([2, 1, 28, 28]), labels: vec![0; labels], classes: 10 };
    for (labels, found) in [(0, "0 labels but the digits are (2, 1, 28, 28)"), (3, "3 labels")] {
        let error = clutter::compose(&digits(labels), 1).unwrap_err().to_string();
        assert!(error.contains(found) && error.contains("every digit must have one label"), "{error}");
    }
    assert!(clutter::compose(&digits(2), 1).is_ok());
}

/// All ink and no paper: the digit covers its square in one colour, and that is not the background's.
#[test]
fn a_digit_lies_above_all_else_in_a_colour_of_its_own() -> Result<(), Error> {
    let inked = Dataset::new(Tensor4::<f64>::from_fn([20, 1, 28, 28], |_, _, _, _| 1.0), vec![3; 20], 10)?;
    let z = clutter::compose(&inked, 7)?.inputs;
    for n in 0..20 {
        // Wherever it lies, it covers the middle.
        let ink = [0, 1, 2].map(|c| z[(n, c, 16, 16)]);
        for (i, j) in [(4, 4), (4, 27), (27, 4), (27, 27)] {
            assert!(alike([0, 1, 2].map(|c| z[(n, c, i, j)]), ink), "image {n}");
        }
    }
    Ok(())
}

/// The same colour, but for the rounding of a mixture.
fn alike(a: [f64; 3], b: [f64; 3]) -> bool {
    (0..3).all(|c| (a[c] - b[c]).abs() < 1e-12)
}

/// Digits of which those from `first` on are all ink and the others all paper.
fn inked(count: usize, first: usize) -> Dataset<f64> {
    let inputs = Tensor4::from_fn([count, 1, 28, 28], |n, _, _, _| f64::from(u8::from(n >= first)));
    Dataset::new(inputs, vec![0; count], 10).unwrap()
}

/// Without ink the same seed gives the same backgrounds, and a background tells both of its colours: of every channel the
/// slope is (second − first)/(31·√2), down by the sine of the direction and to the right by its cosine.
#[test]
fn a_digit_differs_from_both_colours_of_its_background() -> Result<(), ShapeError> {
    let (ground, z) = (clutter::compose(&inked(300, 300), 7)?.inputs, clutter::compose(&inked(300, 0), 7)?.inputs);
    for n in 0..300 {
        let at = |c: usize, i: usize, j: usize| ground[(n, c, i, j)];
        let slopes = [0, 1, 2].map(|c| [at(c, 31, 0) - at(c, 0, 0), at(c, 0, 31) - at(c, 0, 0)]);
        let steepest = slopes.into_iter().max_by(|a, b| a[0].hypot(a[1]).total_cmp(&b[0].hypot(b[1]))).unwrap();
        let (sin, cos) = steepest[0].atan2(steepest[1]).sin_cos();
        let middle = [0, 1, 2].map(|c| (at(c, 0, 0) + at(c, 31, 31)) / 2.0);
        let half = slopes.map(|[down, right]| (sin * down + cos * right) * 2_f64.sqrt() / 2.0);
        for sign in [-1.0, 1.0] {
            let end = [0, 1, 2].map(|c| middle[c] + sign * half[c]);
            assert!(end.iter().all(|x| (-1e-9..1.0 + 1e-9).contains(x)), "image {n}: {end:?}");
            let apart = (0..3).map(|c| (z[(n, c, 16, 16)] - end[c]).abs()).fold(0.0, f64::max);
            assert!(apart >= 0.5 - 1e-9, "image {n}: {apart}");
        }
    }
    Ok(())
}

/// Of paper digits among others of ink, what is not background are scraps.
#[test]
fn five_scraps_of_other_digits_lie_anywhere() -> Result<(), ShapeError> {
    let ground = clutter::compose(&inked(500, 500), 7)?.inputs;
    let z = clutter::compose(&inked(500, 60), 7)?.inputs;
    let (mut most, mut reached) = (0, [[false; 32]; 32]);
    for n in 0..60 {
        let mut colours: Vec<[f64; 3]> = Vec::new();
        for (i, j) in (0..32).flat_map(|i| (0..32).map(move |j| (i, j))) {
            let [colour, below] = [&z, &ground].map(|t| [0, 1, 2].map(|c| t[(n, c, i, j)]));
            if !alike(colour, below) {
                reached[i][j] = true;
                if !colours.iter().any(|&other| alike(colour, other)) {
                    colours.push(colour);
                }
            }
        }
        most = most.max(colours.len());
    }
    assert_eq!(most, clutter::SCRAPS);
    assert!((0..32).all(|i| reached[i].contains(&true) && reached.iter().any(|row| row[i])), "every row and column");
    Ok(())
}

/// A digit of one inked row lies on the image as a row.
#[test]
fn a_digit_is_upright() -> Result<(), Error> {
    let row = Tensor4::<f64>::from_fn([30, 1, 28, 28], |_, _, i, _| if i == 14 { 1.0 } else { 0.0 });
    let z = clutter::compose(&Dataset::new(row, vec![0; 30], 10)?, 7)?.inputs;
    let mut places = std::collections::BTreeSet::new();
    for n in 0..30 {
        let colour = |i: usize, j: usize| [0, 1, 2].map(|c| z[(n, c, i, j)]);
        let whole = |i: usize, j: usize| (1..28).all(|k| alike(colour(i, j + k), colour(i, j)));
        let found: Vec<_> = (0..32).flat_map(|i| (0..5).map(move |j| (i, j))).filter(|&(i, j)| whole(i, j)).collect();
        assert_eq!(found.len(), 1, "image {n}: {found:?}");
        places.insert(found[0]);
    }
    assert!(places.iter().all(|(i, _)| (14..19).contains(i)) && places.len() > 10, "{places:?}");
    Ok(())
}

#[test]
fn clutter_is_made_of_digits() {
    let small = Dataset::new(Tensor4::<f32>::zeros([2, 1, 8, 8]), vec![0, 1], 10).unwrap();
    let error = clutter::compose(&small, 1).unwrap_err().to_string();
    assert_eq!(error, "clutter::compose: the digits are (2, 1, 8, 8): they must be (N, 1, 28, 28)");
}

#[test]
fn a_linear_set_is_linear_in_whole_numbers() -> Result<(), ShapeError> {
    let (w, b) = (dmatrix![3.0, 7.0, 4.0; 5.0, 2.0, 6.0], dvector![2.0, 9.0, 3.0]);
    let (x, y) = synthetic::linear::<f64>(&w, &b, 500, 7)?;
    for n in 0..500 {
        for j in 0..3 {
            assert_eq!(y[(n, j)], x[(n, 0)] * w[(0, j)] + x[(n, 1)] * w[(1, j)] + b[j]);
        }
    }
    // Each of the ten digits comes up, and no other number.
    let seen: std::collections::BTreeSet<i64> = x.iter().map(|&x| x as i64).collect();
    assert_eq!(seen, (0..10).collect());
    assert!(x.iter().all(|x| x.fract() == 0.0));
    assert_eq!(synthetic::linear(&w, &b, 500, 7)?, (x.clone(), y));
    assert_ne!(synthetic::linear(&w, &b, 500, 8)?.0, x);
    assert!(synthetic::linear(&w, &dvector![1.0], 5, 7).is_err());
    Ok(())
}

#[test]
fn spirals_grow_from_the_origin_and_lie_where_the_formula_puts_them() {
    let data = synthetic::spirals::<f64>(30, 3, 0.0, 0);
    for n in 0..30 {
        let (arm, radius) = (n % 3, (n / 3) as f64 / 9.0);
        let angle = std::f64::consts::TAU * (arm as f64 / 3.0 + radius * 2.0 / 3.0);
        // Both compute the same three products and sums: a rounding or two apart.
        assert!((data.inputs[(n, 0, 0, 0)] - radius * angle.sin()).abs() < 1e-15);
        assert!((data.inputs[(n, 1, 0, 0)] - radius * angle.cos()).abs() < 1e-15);
        assert_eq!(data.labels[n], arm);
    }
    let noisy = synthetic::spirals::<f64>(30, 3, 0.2, 5);
    assert_eq!(noisy, synthetic::spirals(30, 3, 0.2, 5));
    assert_ne!(noisy, synthetic::spirals(30, 3, 0.2, 6));
    // The noise is the standard deviation of the angle: of 3000 angles it is known to 1.3 %.
    let (data, exact) = (synthetic::spirals::<f64>(3000, 3, 0.2, 5), synthetic::spirals::<f64>(3000, 3, 0.0, 5));
    let angle = |set: &Dataset<f64>, n: usize| set.inputs[(n, 0, 0, 0)].atan2(set.inputs[(n, 1, 0, 0)]);
    let turned = (3..3000).map(|n| (angle(&data, n) - angle(&exact, n)).sin().asin()); // without whole turns
    let deviation = (turned.map(|turned| turned.powi(2)).sum::<f64>() / 2997.0).sqrt();
    assert!((deviation / 0.2 - 1.0).abs() < 0.06, "{deviation}");
    for samples in [0, 1, 2] {
        let data = synthetic::spirals::<f32>(samples, 3, 0.2, 0);
        assert!(data.len() == samples && data.inputs.as_slice().iter().all(|x| x.is_finite()));
    }
}

// ---- helpers ----

const FILES: [(&str, &str); 4] = [
    ("train-images", "idx3-ubyte"),
    ("train-labels", "idx1-ubyte"),
    ("t10k-images", "idx3-ubyte"),
    ("t10k-labels", "idx1-ubyte"),
];

/// A directory with three training images and two test images, raw.
struct SmallMnist(TempDir);

impl SmallMnist {
    fn new() -> Self {
        let small = SmallMnist(TempDir::new().unwrap());
        for (name, kind) in FILES {
            fs::write(small.file(name, kind), small.bytes(name, kind)).unwrap();
        }
        small
    }

    fn bytes(&self, name: &str, kind: &str) -> Vec<u8> {
        let count = if name.starts_with("train") { 3 } else { 2 };
        match kind {
            "idx1-ubyte" => labels(&(0..count as u8).collect::<Vec<_>>()),
            _ => images([count, 28, 28], &(0..count * 28 * 28).map(|i| (i * 7 % 256) as u8).collect::<Vec<_>>()),
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, kind: &str) -> PathBuf {
        self.path().join(format!("{name}-{kind}"))
    }

    fn error(&self) -> String {
        mnist::load::<f32>(self.path()).unwrap_err().to_string()
    }
}

fn images(shape: [usize; 3], pixels: &[u8]) -> Vec<u8> {
    let sizes = shape.iter().flat_map(|&size| (size as u32).to_be_bytes());
    [0, 0, 8, 3].into_iter().chain(sizes).chain(pixels.iter().copied()).collect()
}

fn labels(digits: &[u8]) -> Vec<u8> {
    [&[0, 0, 8, 1], &(digits.len() as u32).to_be_bytes()[..], digits].concat()
}

/// Bytes of which every second call reads some, and the others are interrupted.
struct Interrupted<'a> {
    bytes: &'a [u8],
    now: bool,
}

impl Read for Interrupted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.now = !self.now;
        let some = buffer.len().min(3);
        if self.now { Err(std::io::ErrorKind::Interrupted.into()) } else { self.bytes.read(&mut buffer[..some]) }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What is said of a file of images with these bytes.
fn images_error(bytes: &[u8]) -> String {
    Reader::<3>::new("images", bytes).and_then(Reader::read).unwrap_err().to_string()
}

/// A few bytes and then zeros without end, and how many of all these were read.
struct Endless {
    start: Vec<u8>,
    read: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for byte in buffer.iter_mut() {
            *byte = self.start.get(self.read).copied().unwrap_or(0);
            self.read += 1;
        }
        Ok(buffer.len())
    }
}
