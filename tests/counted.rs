//! What a layer costs: the counts equal the closed formulas of the code, and the mathematics' formulas besides.

use handgrad::check::grids::{ConvShape, conv_shapes};
use handgrad::numbers::NoFormula;
use handgrad::prelude::*;
use num_traits::Float as _;

fn tensor(shape: [usize; 4]) -> Tensor4<Counted> {
    Tensor4::from_fn(shape, |n, c, i, j| Counted((7 * n + 5 * c + 3 * i + 2 * j) as f64 - 6.0))
}

fn matrix(rows: usize, columns: usize) -> DMatrix<Counted> {
    DMatrix::from_fn(rows, columns, |i, j| Counted((3 * i + 2 * j) as f64 - 4.0))
}

fn counts(additions: usize, multiplications: usize, divisions: usize) -> Counts {
    let [additions, multiplications, divisions] = [additions, multiplications, divisions].map(|count| count as u64);
    Counts { additions, multiplications, divisions, ..Counts::default() }
}

// (a) by hand

#[test]
fn every_kind_of_operation_is_counted_as_stated() {
    let x = Counted(2.0);
    let count = |run: fn(Counted) -> Counted| Counts::of(|| run(x)).1.to_string();
    assert_eq!(count(|x| x + x - x), "2 additions");
    assert_eq!(count(|x| x * x / x), "1 multiplications, 1 divisions");
    assert_eq!(count(|x| -x.abs().copysign(x)), "nothing");
    assert_eq!(count(|x| x.max(x).floor()), "2 comparisons");
    assert_eq!(count(|x| if x > Counted(1.0) { x } else { -x }), "1 comparisons");
    assert_eq!(count(|x| x.mul_add(x, x)), "1 additions, 1 multiplications");
    assert_eq!(count(|x| x.exp().ln().sqrt()), "3 transcendental functions");
    assert_eq!(count(|x| x.powi(10)), "4 multiplications"); // x², x⁴, x⁸, and x⁸·x²
    assert_eq!(count(|x| x.powi(-3)), "2 multiplications, 1 divisions");
    assert_eq!(count(|x| x.sin_cos().0), "2 transcendental functions");
    let (inner, outer) = Counts::of(|| (x + x, Counts::of(|| x * x).1));
    assert_eq!((inner.1.total(), outer.total()), (1, 2)); // a count within a count
}

// The closed formulas.

#[test]
fn fc_costs_its_formulas() -> Result<(), ShapeError> {
    for (n, l, m) in [(1, 1, 1), (1, 5, 3), (4, 3, 2), (8, 7, 9)] {
        let (z, w, delta) = (matrix(n, l), matrix(l, m), matrix(n, m));
        let b = DVector::from_element(m, Counted(1.0));
        let (y, forward) = Counts::of(|| fc_forward(&z, &w, &b));
        y?;
        assert_eq!(forward, counts(n * l * m, n * l * m, 0));
        let (g, backward) = Counts::of(|| fc_backward(&delta, &w, &z));
        g?;
        let (dz, dw, db) = (n * l * (m - 1), l * m * (n - 1), m * (n - 1));
        assert_eq!(backward, counts(dz + dw + db, 2 * n * l * m, l * m + m));
        assert_eq!(backward.multiplications, 2 * forward.multiplications); // a backward costs twice its forward
    }
    Ok(())
}

/// How many pairs (window, tap) along one axis meet a pixel.
fn meetings(size: usize, out: usize, k: usize, s: usize, p: usize) -> usize {
    (0..out).flat_map(|i| (0..k).map(move |u| i * s + u)).filter(|&place| place >= p && place - p < size).count()
}

#[test]
fn convolution_costs_its_formulas_on_the_whole_grid() -> Result<(), ShapeError> {
    let shapes = conv_shapes();
    for shape in &shapes {
        let ConvShape { z: [n, c, h, w], depth: d, kernel: (k1, k2), slide } = *shape;
        let ((s1, s2), (p1, p2)) = (slide.strides, slide.padding);
        let (z, k) = (tensor([n, c, h, w]), tensor([c, d, k1, k2]));
        let b = DVector::from_element(d, Counted(1.0));
        let (y, forward) = Counts::of(|| conv_forward(&z, &k, &b, slide));
        let [_, _, ho, wo] = y?.shape();
        let (r, t) = (n * ho * wo, c * k1 * k2);
        assert_eq!(forward, counts(r * t * d, r * t * d, 0), "{shape}");

        let delta = tensor([n, d, ho, wo]);
        let (g, backward) = Counts::of(|| conv_backward(&delta, &k, &z, slide));
        g?;
        let (pixels, taps) = (n * h * w * c, d * k1 * k2);
        let additions = (r - 1) * t * d + (r - 1) * d + pixels * (taps - 1);
        assert_eq!(backward, counts(additions, r * t * d + pixels * taps, t * d + d), "{shape}");

        // What the mathematics needs: the naive loops multiply just the pairs that meet a pixel.
        let needed = n * c * d * meetings(h, ho, k1, s1, p1) * meetings(w, wo, k2, s2, p2);
        let (y, naive) = Counts::of(|| conv_forward_naive(&z, &k, &b, slide));
        y?;
        assert_eq!(naive, counts(needed, needed, 0), "{shape}");
        assert!(needed as u64 <= forward.multiplications);
        if (p1, p2) == (0, 0) {
            assert_eq!(needed as u64, forward.multiplications); // no padding: nothing in vain
        }
    }
    assert!(shapes.len() > 200);
    Ok(())
}

#[test]
fn the_mathematics_of_both_gradients_needs_the_products_of_the_forward() -> Result<(), Box<dyn std::error::Error>> {
    // Written out in symbols, a gradient shows each product it is made of, and none with a zero.
    let (n, c, d, h, w) = (2, 2, 2, 5, 4);
    for (k, s, p) in [(3, 1, 0), (3, 1, 1), (3, 2, 1), (2, 3, 1), (1, 2, 0)] {
        let slide = Slide::by(s, 1).padding(p, p).round_down();
        let session = Session::new();
        let symbols = |name, shape| session.tensor(name, &Tensor4::from_fn(shape, |_, _, _, _| 1.0));
        let (z, kernel) = (symbols("z", [n, c, h, w]), symbols("w", [c, d, k, 2]));
        let b = session.vector("b", &DVector::from_element(d, 1.0));
        let y = conv_forward(&z, &kernel, &b, slide)?;
        let [_, _, ho, wo] = y.shape();
        let g = conv_backward(&symbols("δ", y.shape()), &kernel, &z, slide)?;
        let products = |entries: &Tensor4<_>| -> Result<usize, NoFormula> {
            entries.as_slice().iter().map(|entry: &Traced| Ok(entry.polynomial()?.terms())).sum()
        };
        let needed = n * c * d * meetings(h, ho, k, s, p) * meetings(w, wo, 2, 1, p);
        assert_eq!(products(&y)?, needed + n * d * ho * wo, "{slide:?}"); // and a bias each
        assert_eq!((products(&g.dk)?, products(&g.dz)?), (needed, needed), "{slide:?}");
    }
    Ok(())
}

#[test]
fn a_convolution_that_keeps_its_size_has_a_backward_of_twice_its_forward() -> Result<(), ShapeError> {
    let (z, k, slide) = (tensor([1, 8, 10, 10]), tensor([8, 16, 3, 3]), Slide::default().padding(1, 1));
    let b = DVector::from_element(16, Counted(0.0));
    let (y, forward) = Counts::of(|| conv_forward(&z, &k, &b, slide));
    let delta = tensor(y?.shape());
    let (g, backward) = Counts::of(|| conv_backward(&delta, &k, &z, slide));
    g?;
    assert_eq!(backward.multiplications, 2 * forward.multiplications);
    Ok(())
}

#[test]
fn average_pooling_and_the_losses_cost_their_formulas() -> Result<(), ShapeError> {
    let (n, c, h, w) = (2, 3, 6, 4);
    let z = tensor([n, c, h, w]);
    let outputs = n * c * (h / 2) * (w / 2);
    let (y, forward) = Counts::of(|| avg_pooling_forward(&z, (2, 2), Slide::by(2, 2)));
    assert_eq!(forward, counts(outputs * 3, 0, outputs));
    let delta = y?;
    let (dz, backward) = Counts::of(|| avg_pooling_backward(&delta, &z, (2, 2), Slide::by(2, 2)));
    dz?;
    assert_eq!(backward, counts(outputs * 4, 0, outputs)); // a share for each window, handed to its four places

    // N·d differences, squares and all but one of their sums; then ·½ and /N.
    let (y, target) = (matrix(4, 3), matrix(4, 3));
    let (loss, cost) = Counts::of(|| mean_squared_loss(&y, &target));
    loss?;
    assert_eq!(cost, counts(12 + 11, 12 + 1, 1));

    let (loss, cost) = Counts::of(|| cross_entropy_loss(&y, &target));
    loss?;
    assert_eq!(cost.transcendentals, 4 * (3 + 1)); // an exp for every logit, a ln for every sample
    // The maximum of each row; then of each logit: largest or not (twice), a finite one, and whether it is alone.
    assert_eq!(cost.comparisons, 4 * (3 - 1) + 4 * 3 * 4);
    Ok(())
}

#[test]
fn max_pooling_only_compares() -> Result<(), ShapeError> {
    let z = tensor([2, 3, 6, 4]);
    let (y, forward) = Counts::of(|| max_pooling_forward(&z, (2, 2), Slide::by(2, 2)));
    y?;
    let windows = 2 * 3 * 3 * 2;
    // Three rivals a window; a rival that does not win is asked whether it is NaN. Here the last pixel always wins.
    assert_eq!(forward.total(), forward.comparisons);
    assert!((3 * windows..=6 * windows).contains(&forward.comparisons), "{forward}");
    Ok(())
}

// Whole networks.

#[test]
fn a_lenet_costs_its_formulas_layer_by_layer() -> Result<(), ShapeError> {
    let mut model = lenet(Start::He, 1);
    let cost = Cost::of(&mut model, [1, 28, 28])?;
    assert_eq!(Cost::of(&mut model, [1, 28, 28])?, cost, "a gradient that is there is not added to");
    let products = |layer: &LayerCost| (layer.forward.multiplications, layer.backward.multiplications);
    // Output pixels × taps × D; backward dk the same, dz input pixels × D·k² × C.
    let convolution = |out: u64, c: u64, d: u64, input: u64| {
        (out * out * c * 25 * d, out * out * c * 25 * d + input * input * d * 25 * c)
    };
    let dense = |l: u64, m: u64| (l * m, 2 * l * m);
    let expected =
        [convolution(28, 1, 6, 28), convolution(10, 6, 16, 14), dense(400, 120), dense(120, 84), dense(84, 10)];
    let learning: Vec<&LayerCost> = cost.layers.iter().filter(|layer| layer.parameters > 0).collect();
    assert_eq!(learning.iter().map(|layer| products(layer)).collect::<Vec<_>>(), expected);
    assert_eq!(cost.total().parameters, 61_706);
    assert_eq!(cost.total().backward.multiplications, expected.iter().map(|(_, backward)| backward).sum::<u64>());
    assert_eq!(cost.total().forward.multiplications, 416_520); // 117,600 + 240,000 + 48,000 + 10,080 + 840
    assert_eq!(cost.total().activations, 2 * 4704 + 1176 + 2 * 1600 + 400 + 400 + 2 * (120 + 84) + 10);
    let table = cost.to_string();
    assert!(table.contains("416 520") && table.contains("61 706"), "{table}");
    // The table says it, too: of every layer its outputs and the bytes, four for each of them and of its parameters.
    let cells = |line: &str| -> Vec<String> {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(String::from).collect()
    };
    let rows: Vec<Vec<String>> = table.lines().map(cells).filter(|cells| cells.len() > 5).skip(1).collect();
    let column = |at: fn(&Vec<String>) -> &String| rows.iter().map(|row| at(row).replace(' ', "")).collect::<Vec<_>>();
    let outputs = [4704, 4704, 1176, 1600, 1600, 400, 400, 120, 120, 84, 84, 10];
    let parameters = [156, 0, 0, 2416, 0, 0, 0, 48_120, 0, 10_164, 0, 850];
    let bytes = outputs.iter().zip(parameters).map(|(a, p)| (4 * (a + p)).to_string());
    assert_eq!(column(|row| &row[3])[..12], outputs.map(|count| count.to_string()), "{table}");
    assert_eq!(column(|row| &row[row.len() - 1])[..12], bytes.collect::<Vec<_>>(), "{table}");
    assert!(rows[12].contains(&"15 002".to_string()) && rows[12].contains(&"306 832".to_string()), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
    Ok(())
}

#[test]
fn the_table_of_costs_holds_what_was_counted() -> Result<(), ShapeError> {
    let cost = Cost::of(&mut lenet(Start::He, 1), [1, 28, 28])?;
    let table = cost.to_string();
    let lines: Vec<&str> = table.lines().collect();
    let all = cost.total();
    let rows: Vec<&LayerCost> = cost.layers.iter().chain([&all]).collect();
    assert!(lines[0].starts_with("layer") && lines[1].starts_with('─') && lines[rows.len() + 1].starts_with('─'));
    let name = |heading: &str| lines[0].split(heading).next().unwrap().chars().count() + heading.chars().count();
    for (k, row) in rows.iter().enumerate() {
        let line: Vec<char> = lines[if k < cost.layers.len() { k + 2 } else { k + 3 }].chars().collect();
        // A number ends where its heading does.
        let number = |heading: &str| -> usize {
            let text: String =
                line[..name(heading)].iter().rev().take_while(|c| c.is_ascii_digit() || **c == ' ').collect();
            let text: String = text.chars().rev().collect();
            text.rsplit("  ").next().unwrap().replace(' ', "").parse().unwrap()
        };
        let counted = [row.parameters, row.activations, 4 * (row.parameters + row.activations)];
        assert_eq!(["parameters", "activations", "bytes"].map(number), counted, "{}", row.description);
        let work = [row.forward.multiplications, row.backward.multiplications].map(|n| n as usize);
        assert_eq!(["forward", "backward"].map(number), work, "{}", row.description);
        assert!(lines.iter().any(|line| line.starts_with(&row.description) && line.contains(&row.output)));
    }
    Ok(())
}
