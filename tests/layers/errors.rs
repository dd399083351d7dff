//! Every error of the layers, word for word.

use handgrad::prelude::*;

fn message<T, E: std::fmt::Display>(result: Result<T, E>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

fn m(rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::zeros(rows, columns)
}

fn v(len: usize) -> DVector<f64> {
    DVector::zeros(len)
}

fn t(shape: [usize; 4]) -> Tensor4<f64> {
    Tensor4::zeros(shape)
}

#[test]
fn fc() {
    let forward = "fc_forward: z is (32, 784) but W is (256, 10): z's columns must equal W's rows";
    assert_eq!(message(fc_forward(&m(32, 784), &m(256, 10), &v(10))), forward);
    assert_eq!(
        message(fc_forward(&m(32, 784), &m(784, 10), &v(9))),
        "fc_forward: b has 9 elements but W is (784, 10): b must have one element for each of W's columns"
    );
    assert_eq!(
        message(fc_backward(&m(32, 10), &m(256, 10), &m(32, 784))),
        "fc_backward: z is (32, 784) but W is (256, 10): z's columns must equal W's rows"
    );
    assert_eq!(
        message(fc_backward(&m(31, 10), &m(784, 10), &m(32, 784))),
        "fc_backward: next_dz is (31, 10) but z·W is (32, 10): the two must have the same shape"
    );
    assert_eq!(
        message(matmul(&m(2, 3), &m(2, 3))),
        "matmul: a is (2, 3) but b is (2, 3): a's columns must equal b's rows"
    );
}

#[test]
fn conv() {
    let (z, k, slide) = (t([8, 3, 5, 5]), t([3, 4, 3, 3]), Slide::default());
    for (name, error) in [
        ("conv_forward", message(conv_forward(&z, &t([2, 4, 3, 3]), &v(4), slide))),
        ("conv_forward_naive", message(conv_forward_naive(&z, &t([2, 4, 3, 3]), &v(4), slide))),
        ("conv_backward", message(conv_backward(&t([8, 4, 3, 3]), &t([2, 4, 3, 3]), &z, slide))),
        ("conv_backward_naive", message(conv_backward_naive(&t([8, 4, 3, 3]), &t([2, 4, 3, 3]), &z, slide))),
    ] {
        let rule = "z's C (its second axis) must equal K's C (its first)";
        assert_eq!(error, format!("{name}: z is (8, 3, 5, 5) but K is (2, 4, 3, 3): {rule}"));
    }
    for (name, error) in [
        ("conv_forward", message(conv_forward(&z, &k, &v(3), slide))),
        ("conv_forward_naive", message(conv_forward_naive(&z, &k, &v(3), slide))),
    ] {
        let rule = "b must have one element for each of K's D (its second axis)";
        assert_eq!(error, format!("{name}: b has 3 elements but K is (3, 4, 3, 3): {rule}"));
    }
    for (name, error) in [
        ("conv_backward", message(conv_backward(&t([8, 4, 5, 5]), &k, &z, slide))),
        ("conv_backward_naive", message(conv_backward_naive(&t([8, 4, 5, 5]), &k, &z, slide))),
    ] {
        let found = "next_dz is (8, 4, 5, 5) but the output is (8, 4, 3, 3)";
        assert_eq!(error, format!("{name}: {found}: the two must have the same shape"));
    }
    assert_eq!(message(insert_zeros(&z, (0, 2))), "insert_zeros: the strides are (0, 2): they must be at least 1");
    assert_eq!(
        message(remove_padding(&z, (3, 0))),
        "remove_padding: z is (8, 3, 5, 5) but the padding is (3, 0): z must have at least 2·p1 rows and 2·p2 columns"
    );
}

#[test]
fn windows_that_do_not_fit() {
    let say = |image, kernel, slide: Slide| message(slide.output_size(image, kernel));
    assert_eq!(
        say((5, 5), (3, 3), Slide::by(0, 1)),
        "Slide::output_size: the stride along the rows is 0: strides must be at least 1"
    );
    assert_eq!(
        say((5, 5), (3, 0), Slide::by(1, 1)),
        "Slide::output_size: the window has 0 columns: a window must have at least one row and one column"
    );
    assert_eq!(
        say((5, 2), (3, 5), Slide::by(1, 1).padding(0, 1)),
        "Slide::output_size: the window has 5 columns but the padded image 4 (2 + 2·1): the window must fit into the padded image"
    );
    assert_eq!(
        say((6, 6), (3, 3), Slide::by(2, 2)),
        "Slide::output_size: a window of 3 rows with stride 2 leaves 1 of the 6 padded rows unseen: \
         (H + 2p − k) must be a multiple of the stride, or Slide::round_down() asked for"
    );
    assert!(Slide::by(2, 2).round_down().output_size((6, 6), (3, 3)).is_ok());
    // The function that was called is the one that is named.
    let (z, slide) = (t([1, 1, 6, 6]), Slide::by(4, 4));
    let starts = |error: String, name: &str| assert!(error.starts_with(&format!("{name}: a window of")), "{error}");
    let (k, next_dz) = (t([1, 1, 3, 3]), t([1, 1, 1, 1]));
    starts(message(single_channel_conv(&m(6, 6), &m(3, 3), 0.0, slide)), "single_channel_conv");
    starts(message(conv_forward(&z, &k, &v(1), slide)), "conv_forward");
    starts(message(conv_forward_naive(&z, &k, &v(1), slide)), "conv_forward_naive");
    starts(message(conv_backward(&next_dz, &k, &z, slide)), "conv_backward");
    starts(message(conv_backward_naive(&next_dz, &k, &z, slide)), "conv_backward_naive");
    starts(message(max_pooling_forward(&z, (3, 3), slide)), "max_pooling_forward");
    starts(message(max_pooling_backward(&next_dz, &z, (3, 3), slide)), "max_pooling_backward");
    let zero_padded = max_pooling_zero_padded_forward(&z, (3, 3), slide);
    starts(message(zero_padded), "max_pooling_zero_padded_forward");
    let zero_padded = max_pooling_zero_padded_backward(&next_dz, &z, (3, 3), slide);
    starts(message(zero_padded), "max_pooling_zero_padded_backward");
    starts(message(avg_pooling_forward(&z, (3, 3), slide)), "avg_pooling_forward");
    starts(message(avg_pooling_backward(&next_dz, &z, (3, 3), slide)), "avg_pooling_backward");
}

#[test]
fn pooling() {
    let (z, slide) = (t([2, 3, 4, 4]), Slide::by(2, 2));
    for (name, error) in [
        ("max_pooling_backward", message(max_pooling_backward(&z, &z, (2, 2), slide))),
        ("max_pooling_zero_padded_backward", message(max_pooling_zero_padded_backward(&z, &z, (2, 2), slide))),
        ("avg_pooling_backward", message(avg_pooling_backward(&z, &z, (2, 2), slide))),
    ] {
        let found = "next_dz is (2, 3, 4, 4) but the output is (2, 3, 2, 2)";
        assert_eq!(error, format!("{name}: {found}: the two must have the same shape"));
    }
    let padded = slide.padding(1, 2);
    for (name, error) in [
        ("max_pooling_forward", message(max_pooling_forward(&z, (2, 2), padded))),
        ("max_pooling_backward", message(max_pooling_backward(&z, &z, (2, 2), padded))),
    ] {
        let rule = "the padding must be smaller than the window, or a window would see padding alone";
        assert_eq!(error, format!("{name}: the padding is (1, 2) but the window (2, 2): {rule}"));
    }
    assert!(max_pooling_zero_padded_forward(&z, (2, 2), padded).is_ok());
    for (name, error) in [
        ("global_max_pooling_forward", message(global_max_pooling_forward(&t([2, 3, 0, 4])))),
        ("global_max_pooling_backward", message(global_max_pooling_backward(&m(2, 3), &t([2, 3, 0, 4])))),
        ("global_avg_pooling_forward", message(global_avg_pooling_forward(&t([2, 3, 0, 4])))),
        ("global_avg_pooling_backward", message(global_avg_pooling_backward(&m(2, 3), &t([2, 3, 0, 4])))),
    ] {
        assert_eq!(error, format!("{name}: z is (2, 3, 0, 4): its maps must have at least one pixel"));
    }
    for (name, error) in [
        ("global_max_pooling_backward", message(global_max_pooling_backward(&m(3, 2), &z))),
        ("global_avg_pooling_backward", message(global_avg_pooling_backward(&m(3, 2), &z))),
    ] {
        assert_eq!(
            error,
            format!("{name}: next_dz is (3, 2) but the output is (2, 3): the two must have the same shape")
        );
    }
}

#[test]
fn flatten_and_tensors() {
    assert_eq!(
        message(flatten_backward(&m(2, 11), &t([2, 3, 2, 2]))),
        "flatten_backward: next_dz is (2, 11) but z is (2, 3, 2, 2): next_dz must be (N, C·H·W) = (2, 12)"
    );
    assert_eq!(
        message(Tensor4::from_matrix(m(2, 11), [3, 2, 2])),
        "Tensor4::from_matrix: the matrix is (2, 11) but the maps are (3, 2, 2): it must have C·H·W = 12 columns"
    );
    assert_eq!(
        message(Tensor4::from_row_major([1, 2, 2, 2], &[0.0; 7])),
        "Tensor4::from_row_major: 7 values but the shape is (1, 2, 2, 2): there must be N·C·H·W = 8 of them"
    );
}

#[test]
fn each_error_says_what_is_wrong() {
    let z = || t([1, 2, 1, 1]);
    let mut memory = Memory::new();
    let mut net = Sequential::new().with(Dense::of(m(2, 3)));
    let early = net.backward(&z(), &mut memory).unwrap_err();
    assert!(matches!(early, Error::Order { function: "Sequential", .. }), "{early:?}");
    let early = net.step(&mut Sgd::new(0.1)).unwrap_err();
    assert!(matches!(early, Error::Order { function: "Sequential::step", .. }), "{early:?}");

    net.forward(z(), &mut memory).unwrap();
    let wide = net.backward(&z(), &mut memory).unwrap_err();
    assert!(matches!(&wide, Error::Shape(error) if error.function == "fc_backward"), "{wide:?}");
    assert!(wide.to_string().starts_with("fc_backward: layer 0 (Dense 2 → 3): next_dz is (1, 2)"), "{wide}");

    let label = handgrad::data::Dataset::new(z(), vec![3], 3).unwrap_err();
    assert_eq!(label, Error::Label { function: "Dataset::new", sample: 0, label: 3, classes: 3 });
    let rule = "labels must be below the number of classes";
    assert_eq!(label.to_string(), format!("Dataset::new: label 0 is 3 but there are 3 classes: {rule}"));

    let state = handgrad::optim::State { steps: 1, memories: vec![vec![0.0]] };
    let state = Adam::new(0.1).restore(state).unwrap_err();
    assert!(matches!(state, Error::State { function: "Adam::restore", .. }), "{state:?}");
}
