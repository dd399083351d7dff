//! Wrong forwards of a convolution, and of the bricks of its backward.

use super::Mistake;
use crate::check::signatures::{ConvForward, Resize, SingleChannelConv};
use crate::layers::{conv_forward, insert_zeros, remove_padding, single_channel_conv};
use crate::{Slide, Tensor4};
use nalgebra::DMatrix;

/// Known mistakes in [`conv_forward`].
pub const CONV_FORWARD: &[Mistake<ConvForward>] = &[
    Mistake {
        name: "the bias is forgotten",
        sentence: "y[n,d,i,j] begins with b[d].",
        wrong: |z, k, b, slide| conv_forward(z, k, &(b * 0.0), slide),
    },
    Mistake {
        name: "the bias is added once for every input map",
        sentence: "b[d] is added once for each output, outside the sum over the input maps c.",
        wrong: |z, k, b, slide| conv_forward(z, k, &(b * k.shape()[0] as f64), slide),
    },
    Mistake {
        name: "the kernel is rotated",
        sentence: "A convolution, in this field, slides K as it is: tap (u, v) meets ẑ[i·s1 + u, j·s2 + v].",
        wrong: |z, k, b, slide| conv_forward(z, &k.rotate_180(), b, slide),
    },
    Mistake {
        name: "the kernel is transposed",
        sentence: "K[c,d,u,v] has its row u first; it meets row i·s1 + u of the image.",
        wrong: |z, k, b, slide| {
            let [c, d, k1, k2] = k.shape();
            conv_forward(z, &Tensor4::from_fn([c, d, k2, k1], |c, d, u, v| k[(c, d, v, u)]), b, slide)
        },
    },
    Mistake {
        name: "the kernel's channels are exchanged",
        sentence: "K is (C, D, k1, k2): the input map c is its first axis, the output map d its second.",
        wrong: |z, k, b, slide| conv_forward(z, &k.swap_axes(), b, slide),
    },
    Mistake {
        name: "only the last input map counts",
        sentence: "y is a sum over all input maps c: was = written for += ?",
        wrong: |z, k, b, slide| {
            let ([n, c, h, w], [_, d, k1, k2]) = (z.shape(), k.shape());
            let z = Tensor4::from_fn([n, 1, h, w], |n, _, i, j| z[(n, c - 1, i, j)]);
            let k = Tensor4::from_fn([1, d, k1, k2], |_, d, u, v| k[(c - 1, d, u, v)]);
            conv_forward(&z, &k, b, slide)
        },
    },
    Mistake {
        name: "the padding is forgotten",
        sentence: "Before the windows slide, p1 rows and p2 columns of zeros go around the image.",
        wrong: |z, k, b, slide| conv_forward(z, k, b, slide.padding(0, 0).round_down()),
    },
    Mistake {
        name: "the padding is put below and to the right",
        sentence: "Tap u of window i lies over z[i·s + u − p], with zeros on all sides; here − p is missing.",
        wrong: |z, k, b, slide| {
            let ([_, _, h, w], (p1, p2)) = (z.shape(), slide.padding);
            conv_forward(&in_the_corner(z, (h + 2 * p1, w + 2 * p2)), k, b, slide.padding(0, 0))
        },
    },
    Mistake {
        name: "the padding repeats the border",
        sentence: "The padding is made of zeros; here every place of it has the value of the nearest pixel.",
        wrong: |z, k, b, slide| {
            let ([n, c, h, w], (p1, p2)) = (z.shape(), slide.padding);
            let nearest = |i: usize, p: usize, size: usize| i.saturating_sub(p).min(size - 1);
            let padded = Tensor4::from_fn([n, c, h + 2 * p1, w + 2 * p2], |n, c, i, j| {
                z[(n, c, nearest(i, p1, h), nearest(j, p2, w))]
            });
            conv_forward(&padded, k, b, slide.padding(0, 0))
        },
    },
    Mistake {
        name: "the windows move by 1 instead of the stride",
        sentence: "Window (i, j) begins at row i·s1 and column j·s2; here it begins at row i and column j.",
        wrong: |z, k, b, slide| {
            let right = conv_forward(z, k, b, slide)?;
            let everywhere = conv_forward(z, k, b, Slide { strides: (1, 1), ..slide })?;
            Ok(Tensor4::from_fn(right.shape(), |n, d, i, j| everywhere[(n, d, i, j)]))
        },
    },
    Mistake {
        name: "the strides of rows and columns are exchanged",
        sentence: "s1 is the step from row to row, s2 from column to column.",
        wrong: |z, k, b, slide| {
            let (s1, s2) = slide.strides;
            conv_forward(z, k, b, Slide { strides: (s2, s1), ..slide }.round_down())
        },
    },
    Mistake {
        name: "the last window is lost",
        sentence: "There are (H + 2p − k)/s + 1 windows; the + 1 comes after the division, not before it.",
        wrong: |z, k, b, slide| {
            let ([_, _, h, w], [_, _, k1, k2]) = (z.shape(), k.shape());
            let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
            let [rows, columns] = [(h + 2 * p1 - k1 + 1) / s1, (w + 2 * p2 - k2 + 1) / s2];
            let right = conv_forward(z, k, b, slide)?;
            let [n, d, ..] = right.shape();
            Ok(Tensor4::from_fn([n, d, rows, columns], |n, d, i, j| right[(n, d, i, j)]))
        },
    },
    Mistake {
        name: "the number of windows is rounded up",
        sentence: "A window that reaches beyond the padded image is none: (H + 2p − k)/s is rounded down.",
        wrong: |z, k, b, slide| {
            let padded = z.pad(slide.padding)?;
            let ([_, _, h, w], [_, _, k1, k2], (s1, s2)) = (padded.shape(), k.shape(), slide.strides);
            let side = |size: usize, k: usize, s: usize| (size - k).div_ceil(s) * s + k;
            conv_forward(&in_the_corner(&padded, (side(h, k1, s1), side(w, k2, s2))), k, b, slide.padding(0, 0))
        },
    },
];

/// Known mistakes in [`single_channel_conv`].
pub const SINGLE_CHANNEL_CONV: &[Mistake<SingleChannelConv>] = &[
    Mistake {
        name: "the bias is forgotten",
        sentence: "y[i,j] begins with b.",
        wrong: |z, k, _, slide| single_channel_conv(z, k, 0.0, slide),
    },
    Mistake {
        name: "the bias is added for every tap",
        sentence: "b is added once for each output, outside the sum over the taps.",
        wrong: |z, k, b, slide| single_channel_conv(z, k, b * k.len() as f64, slide),
    },
    Mistake {
        name: "the kernel is rotated",
        sentence: "A convolution, in this field, slides K as it is: tap (u, v) meets ẑ[i·s1 + u, j·s2 + v].",
        wrong: |z, k, b, slide| {
            let turned = DMatrix::from_fn(k.nrows(), k.ncols(), |u, v| k[(k.nrows() - 1 - u, k.ncols() - 1 - v)]);
            single_channel_conv(z, &turned, b, slide)
        },
    },
    Mistake {
        name: "the kernel is transposed",
        sentence: "K[u,v] has its row u first; it meets row i·s1 + u of the image.",
        wrong: |z, k, b, slide| single_channel_conv(z, &k.transpose(), b, slide),
    },
    Mistake {
        name: "the padding is forgotten",
        sentence: "Before the window slides, p1 rows and p2 columns of zeros go around the image.",
        wrong: |z, k, b, slide| single_channel_conv(z, k, b, slide.padding(0, 0).round_down()),
    },
    Mistake {
        name: "the window moves by 1 instead of the stride",
        sentence: "Window (i, j) begins at row i·s1 and column j·s2; here it begins at row i and column j.",
        wrong: |z, k, b, slide| {
            let right = single_channel_conv(z, k, b, slide)?;
            let everywhere = single_channel_conv(z, k, b, Slide { strides: (1, 1), ..slide })?;
            Ok(everywhere.view((0, 0), right.shape()).into_owned())
        },
    },
];

/// Known mistakes in [`insert_zeros`].
pub const INSERT_ZEROS: &[Mistake<Resize>] = &[
    Mistake {
        name: "s zeros are inserted instead of s − 1",
        sentence: "Rows that lie s apart have s − 1 rows between them.",
        wrong: |z, (s1, s2)| insert_zeros(z, (s1 + 1, s2 + 1)),
    },
    Mistake {
        name: "zeros follow the last row, too",
        sentence: "Zeros come between the rows: (H − 1)·s + 1 rows in all, and the last of them is one of z's.",
        wrong: |z, (s1, s2)| {
            let [n, d, h, w] = z.shape();
            let place = |i: usize, s: usize| if i.is_multiple_of(s) { Some(i / s) } else { None };
            Ok(Tensor4::from_fn([n, d, h * s1, w * s2], |n, d, i, j| match (place(i, s1), place(j, s2)) {
                (Some(i), Some(j)) => z[(n, d, i, j)],
                _ => 0.0,
            }))
        },
    },
    Mistake {
        name: "the strides of rows and columns are exchanged",
        sentence: "s1 is the distance of the rows, s2 that of the columns.",
        wrong: |z, (s1, s2)| insert_zeros(z, (s2, s1)),
    },
    Mistake {
        name: "the gaps are filled with copies",
        sentence: "Between the rows of z come zeros, not its values again.",
        wrong: |z, (s1, s2)| {
            let spread = insert_zeros(z, (s1, s2))?;
            Ok(Tensor4::from_fn(spread.shape(), |n, d, i, j| z[(n, d, i / s1, j / s2)]))
        },
    },
];

/// Known mistakes in [`remove_padding`].
pub const REMOVE_PADDING: &[Mistake<Resize>] = &[
    Mistake {
        name: "the padding is removed at the end alone",
        sentence: "p rows go above and p below: row r of the result is row r + p of z.",
        wrong: |z, (p1, p2)| {
            let [n, c, h, w] = z.shape();
            Ok(Tensor4::from_fn([n, c, h - 2 * p1, w - 2 * p2], |n, c, i, j| z[(n, c, i, j)]))
        },
    },
    Mistake {
        name: "the padding is removed at the beginning alone",
        sentence: "p rows go above and p below: H − 2p rows are left.",
        wrong: |z, (p1, p2)| {
            let [n, c, h, w] = z.shape();
            Ok(Tensor4::from_fn([n, c, h - p1, w - p2], |n, c, i, j| z[(n, c, i + p1, j + p2)]))
        },
    },
    Mistake {
        name: "the paddings of rows and columns are exchanged",
        sentence: "p1 is the number of rows, p2 that of columns.",
        wrong: |z, (p1, p2)| remove_padding(z, (p2, p1)),
    },
];

/// Every map in the upper left corner of so many rows and columns of zeros.
fn in_the_corner(maps: &Tensor4<f64>, (rows, columns): (usize, usize)) -> Tensor4<f64> {
    let [n, c, h, w] = maps.shape();
    Tensor4::from_fn([n, c, rows, columns], |n, c, i, j| if i < h && j < w { maps[(n, c, i, j)] } else { 0.0 })
}
