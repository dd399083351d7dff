//! MNIST itself, as it comes with the project. A published package has the test images alone, and not this file.

use handgrad::data::idx::{read_images, read_labels};
use handgrad::data::{DataError, mnist};

#[test]
fn the_shipped_files_are_mnist() -> Result<(), DataError> {
    // NumPy: np.frombuffer(gzip.open(f).read(), np.uint8, offset=16).sum(dtype=np.int64); np.bincount(labels)
    let directory = mnist::shipped()?;
    let histograms: [(&str, usize, u64, [usize; 10]); 2] = [
        ("train", 60_000, 1_567_298_545, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("t10k", 10_000, 264_923_200, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    ];
    for (name, count, sum, histogram) in histograms {
        let images = read_images(directory.join(format!("{name}-images-idx3-ubyte.gz")))?;
        let labels = read_labels(directory.join(format!("{name}-labels-idx1-ubyte.gz")))?;
        assert_eq!((images.shape, labels.shape), ([count, 28, 28], [count]));
        assert_eq!(images.bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>(), sum);
        let counted: Vec<usize> = (0..10).map(|d| labels.bytes.iter().filter(|&&label| label == d).count()).collect();
        assert_eq!(counted, histogram);
    }
    Ok(())
}

#[test]
fn every_pixel_is_where_it_belongs() -> Result<(), DataError> {
    let directory = mnist::shipped()?;
    let digits = mnist::load::<f32>(&directory)?;
    for (set, name) in [(&digits.train, "train"), (&digits.test, "t10k")] {
        let images = read_images(directory.join(format!("{name}-images-idx3-ubyte.gz")))?;
        let [count, h, w] = images.shape;
        assert_eq!(set.inputs.shape(), [count, 1, h, w]);
        assert_eq!((set.labels.len(), set.classes), (count, 10));
        // Every sample once, at a pixel that changes from sample to sample; and every pixel of the first and the last.
        let one_each = (0..count).map(|n| (n, n % (h * w)));
        let both_ends = [0, count - 1].into_iter().flat_map(|n| (0..h * w).map(move |q| (n, q)));
        for (n, q) in one_each.chain(both_ends) {
            let (pixel, byte) = (set.inputs[(n, 0, q / w, q % w)], images.bytes[n * h * w + q]);
            assert_eq!(pixel, f32::from(byte) / 255.0, "{name}: image {n}, pixel {q}");
        }
    }
    assert_eq!(digits.train.labels[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(digits.test.labels[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    Ok(())
}
