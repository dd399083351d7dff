//! Wrong backwards of a convolution. The numbers in the code are the steps of [its derivation](crate::layers::conv).

use super::Mistake;
use crate::check::signatures::ConvBackward;
use crate::layers::{ConvGradients, conv_backward, conv_forward, insert_zeros, remove_padding};
use crate::{ShapeError, Slide, Tensor4};
use nalgebra::DVector;

type Tensor = Tensor4<f64>;

/// Known mistakes in [`conv_backward`].
pub const CONV_BACKWARD: &[Mistake<ConvBackward>] = &[
    Mistake {
        name: "the kernel is not rotated",
        sentence: "dz is a convolution with K rotated by 180° (step 6); here K stands as the forward used it.",
        wrong: |next_dz, k, z, slide| {
            let dilated = insert_zeros(next_dz, slide.strides)?;
            let dz = input_gradient(&dilated, &k.swap_axes(), z, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "only the rows of the kernel are reversed",
        sentence: "A rotation by 180° reverses the rows of K and its columns, too (step 6).",
        wrong: |next_dz, k, z, slide| {
            let [c, d, k1, k2] = k.shape();
            let mirrored = Tensor4::from_fn([d, c, k1, k2], |d, c, u, v| k[(c, d, k1 - 1 - u, v)]);
            let dilated = insert_zeros(next_dz, slide.strides)?;
            let dz = input_gradient(&dilated, &mirrored, z, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "only the columns of the kernel are reversed",
        sentence: "A rotation by 180° reverses the columns of K and its rows, too (step 6).",
        wrong: |next_dz, k, z, slide| {
            let [c, d, k1, k2] = k.shape();
            let mirrored = Tensor4::from_fn([d, c, k1, k2], |d, c, u, v| k[(c, d, u, k2 - 1 - v)]);
            let dilated = insert_zeros(next_dz, slide.strides)?;
            let dz = input_gradient(&dilated, &mirrored, z, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "the kernel is transposed instead of rotated",
        sentence: "A rotation by 180° takes tap (u, v) to (k1 − 1 − u, k2 − 1 − v) (step 6), not to (v, u).",
        wrong: |next_dz, k, z, slide| {
            let [c, d, k1, k2] = k.shape();
            let transposed = Tensor4::from_fn([d, c, k2, k1], |d, c, u, v| k[(c, d, v, u)]);
            let dilated = insert_zeros(next_dz, slide.strides)?;
            let dz = input_gradient(&dilated, &transposed, z, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "the kernel's channels are not swapped",
        sentence: "The sum for dz runs over the output maps d, so K's axes C and D change places (step 6).",
        wrong: |next_dz, k, z, slide| {
            let dilated = insert_zeros(next_dz, slide.strides)?;
            let dz = input_gradient(&dilated, &k.rotate_180(), z, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "zeros are not inserted for dz",
        sentence: "With a stride s, δ[i] belongs to row i·s: s − 1 zeros come between its rows (step 5). \
                   Here dz takes δ as it is.",
        wrong: |next_dz, k, z, slide| {
            let dz = input_gradient(next_dz, &turned(k), z, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "zeros are not inserted for dK",
        sentence: "K[u] met ẑ[i·s + u], so dK pairs δ[i] with that pixel (step 3). Here it takes ẑ[i + u].",
        wrong: |next_dz, k, z, slide| {
            let dk = kernel_gradient(&z.pad(slide.padding)?, next_dz, k)?;
            Ok(ConvGradients { dk, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "a zero too many is inserted",
        sentence: "Between two rows of δ come s − 1 zeros, so that they lie s apart (step 5); here they are s zeros.",
        wrong: |next_dz, k, z, slide| {
            let (s1, s2) = slide.strides;
            let dilated = insert_zeros(next_dz, (s1 + 1, s2 + 1))?;
            let dz = input_gradient(&dilated, &turned(k), z, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "the strides of rows and columns are exchanged",
        sentence: "Zeros are inserted by s1 between rows and by s2 between columns (step 5); here it is the other way.",
        wrong: |next_dz, k, z, slide| {
            let (s1, s2) = slide.strides;
            let dilated = insert_zeros(next_dz, (s2, s1))?;
            let dz = input_gradient(&dilated, &turned(k), z, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "δ is not padded for dz",
        sentence: "The convolution for dz needs k − 1 rows of zeros around δ̂ (step 6), or the pixels at the border, \
                   which fewer windows see, are missing.",
        wrong: |next_dz, k, z, slide| {
            let dz = correlate(&insert_zeros(next_dz, slide.strides)?, &turned(k))?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "δ is padded by k instead of k − 1",
        sentence: "dẑ[r] needs δ̂[r − (k − 1) + t] for t from 0 (step 6): one row of zeros more moves all of dz.",
        wrong: |next_dz, k, z, slide| {
            let ([_, _, k1, k2], [_, _, height, width]) = (k.shape(), z.shape());
            let dilated = insert_zeros(next_dz, slide.strides)?.pad((k1, k2))?;
            let dz = cut(&correlate(&dilated, &turned(k))?, slide.padding, [height, width]);
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "the padding is not cut off dz",
        sentence: "dẑ is the gradient of the padded image; the padding is no part of z, and its gradient is dropped \
                   (step 7).",
        wrong: |next_dz, k, z, slide| {
            let [_, _, k1, k2] = k.shape();
            let dz = correlate(&insert_zeros(next_dz, slide.strides)?.pad((k1 - 1, k2 - 1))?, &turned(k))?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "the padding is cut off at the end alone",
        sentence: "dz[r] is dẑ[r + p]: p rows go at either end (step 7). Here dz[r] is dẑ[r].",
        wrong: |next_dz, k, z, slide| {
            let dilated = insert_zeros(next_dz, slide.strides)?;
            let dz = input_gradient(&dilated, &turned(k), z, (0, 0))?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "the padding is cut off at the beginning alone",
        sentence: "dz[r] is dẑ[r + p]: p rows go at either end (step 7). Here dz[r] is dẑ[r + 2p].",
        wrong: |next_dz, k, z, slide| {
            let (p1, p2) = slide.padding;
            let dilated = insert_zeros(next_dz, slide.strides)?;
            let dz = input_gradient(&dilated, &turned(k), z, (2 * p1, 2 * p2))?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "rows that no window reaches are missing from dz",
        sentence: "dz has the shape of z: what rounding down has left over gets no gradient, that is 0, but it is there.",
        wrong: |next_dz, k, z, slide| {
            let [_, _, k1, k2] = k.shape();
            let dilated = insert_zeros(next_dz, slide.strides)?.pad((k1 - 1, k2 - 1))?;
            let dz = remove_padding(&correlate(&dilated, &turned(k))?, slide.padding)?;
            Ok(ConvGradients { dz, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "dK is computed from the unpadded input",
        sentence: "A tap over the border has seen the padding, and its gradient must count that: \
                   dK is the correlation of the padded ẑ with δ̂ (step 3).",
        wrong: |next_dz, k, z, slide| {
            let dk = kernel_gradient(z, &insert_zeros(next_dz, slide.strides)?, k)?;
            Ok(ConvGradients { dk, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "every tap gets the centre tap's gradient",
        sentence: "From the unpadded z comes a dK of one number where k1·k2 should be (step 3), \
                   and broadcasting spreads it over the kernel without a word.",
        wrong: |next_dz, k, z, slide| {
            let dk = kernel_gradient(z, &insert_zeros(next_dz, slide.strides)?, k)?;
            let [_, _, rows, columns] = dk.shape();
            let dk = Tensor4::from_fn(k.shape(), |c, d, u, v| dk[(c, d, u.min(rows - 1), v.min(columns - 1))]);
            Ok(ConvGradients { dk, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "dK's taps are off by the padding",
        sentence: "Tap u of window i lies over z[i·s + u − p] (step 3); here the − p is missing.",
        wrong: |next_dz, k, z, slide| {
            let ([_, _, height, width], (p1, p2)) = (z.shape(), slide.padding);
            let beside = cut(z, (0, 0), [height + 2 * p1, width + 2 * p2]);
            let dk = kernel_gradient(&beside, &insert_zeros(next_dz, slide.strides)?, k)?;
            Ok(ConvGradients { dk, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "dK is rotated",
        sentence: "Only dz takes a rotated kernel (step 6); dK is correlated as the forward was (step 3).",
        wrong: |next_dz, k, z, slide| {
            let right = conv_backward(next_dz, k, z, slide)?;
            Ok(ConvGradients { dk: right.dk.rotate_180(), ..right })
        },
    },
    Mistake {
        name: "dK has its channels exchanged",
        sentence: "dK has the shape of K, (C, D, k1, k2): the input's maps first.",
        wrong: |next_dz, k, z, slide| {
            let right = conv_backward(next_dz, k, z, slide)?;
            Ok(ConvGradients { dk: right.dk.swap_axes(), ..right })
        },
    },
    Mistake {
        name: "dK and db are not divided by N",
        sentence: "A parameter's gradient is the mean over the batch (steps 2 and 3); here it is the sum.",
        wrong: |next_dz, k, z, slide| {
            let (right, n) = (conv_backward(next_dz, k, z, slide)?, z.shape()[0] as f64);
            Ok(ConvGradients { dk: right.dk.map(|x| x * n), db: right.db * n, ..right })
        },
    },
    Mistake {
        name: "dK and db are divided by N twice",
        sentence: "A parameter's gradient is divided by N once (steps 2 and 3): \
                   next_dz brings no 1/N, and the loss must not have added one.",
        wrong: |next_dz, k, z, slide| {
            let (right, n) = (conv_backward(next_dz, k, z, slide)?, z.shape()[0] as f64);
            Ok(ConvGradients { dk: right.dk.map(|x| x / n), db: right.db / n, ..right })
        },
    },
    Mistake {
        name: "dz is divided by N",
        sentence: "What flows backward is each sample's own gradient: only parameters are divided by N.",
        wrong: |next_dz, k, z, slide| {
            let (right, n) = (conv_backward(next_dz, k, z, slide)?, z.shape()[0] as f64);
            Ok(ConvGradients { dz: right.dz.map(|x| x / n), ..right })
        },
    },
    Mistake {
        name: "dK and db see only the last sample",
        sentence: "Every sample adds to a parameter's gradient (steps 2 and 3): was = written for += ?",
        wrong: |next_dz, k, z, slide| {
            let n = z.shape()[0];
            let last = conv_backward(&next_dz.samples(n - 1, 1), k, &z.samples(n - 1, 1), slide)?;
            let (dk, db) = (last.dk.map(|x| x / n as f64), last.db / n as f64);
            Ok(ConvGradients { dk, db, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
    Mistake {
        name: "db is a mean over the pixels",
        sentence: "A bias stands in every pixel of its map, and their gradients add up (step 2): \
                   the mean is over samples alone.",
        wrong: |next_dz, k, z, slide| {
            let [_, _, rows, columns] = next_dz.shape();
            let right = conv_backward(next_dz, k, z, slide)?;
            Ok(ConvGradients { db: right.db / (rows * columns) as f64, ..right })
        },
    },
    Mistake {
        name: "db is the gradient of one pixel",
        sentence: "A bias stands in every pixel of its map, and its gradient is the sum over all of them (step 2).",
        wrong: |next_dz, k, z, slide| {
            let n = z.shape()[0];
            let db =
                DVector::from_fn(k.shape()[1], |d, _| (0..n).map(|n| next_dz[(n, d, 0, 0)]).sum::<f64>() / n as f64);
            Ok(ConvGradients { db, ..conv_backward(next_dz, k, z, slide)? })
        },
    },
];

// The bricks that the mistakes are built of.

/// The convolution of all maps, without bias, stride and padding.
fn correlate(z: &Tensor, k: &Tensor) -> Result<Tensor, ShapeError> {
    conv_forward(z, k, &DVector::zeros(k.shape()[1]), Slide::default())
}

/// H × W pixels of every map, from pixel (top, left) on; 0 where there are none.
fn cut(maps: &Tensor, (top, left): (usize, usize), [height, width]: [usize; 2]) -> Tensor {
    let [n, c, rows, columns] = maps.shape();
    Tensor4::from_fn([n, c, height, width], |n, c, i, j| {
        let (i, j) = (i + top, j + left);
        if i < rows && j < columns { maps[(n, c, i, j)] } else { 0.0 }
    })
}

/// Steps 6 and 7, of a δ̂ and a kernel (D, C, k1, k2) that are given.
fn input_gradient(
    dilated: &Tensor,
    kernel: &Tensor,
    z: &Tensor,
    cropped: (usize, usize),
) -> Result<Tensor, ShapeError> {
    let ([_, _, k1, k2], [_, _, height, width]) = (kernel.shape(), z.shape());
    Ok(cut(&correlate(&dilated.pad((k1 - 1, k2 - 1))?, kernel)?, cropped, [height, width]))
}

/// Step 3, of an image ẑ and a δ̂ that are given: at most k1 × k2 taps.
fn kernel_gradient(padded: &Tensor, dilated: &Tensor, k: &Tensor) -> Result<Tensor, ShapeError> {
    let (n, [_, _, k1, k2]) = (padded.shape()[0] as f64, k.shape());
    let dk = correlate(&padded.swap_axes(), dilated)?.map(|sum| sum / n);
    let [_, _, rows, columns] = dk.shape();
    Ok(cut(&dk, (0, 0), [rows.min(k1), columns.min(k2)]))
}

fn turned(k: &Tensor) -> Tensor {
    k.rotate_180().swap_axes()
}
