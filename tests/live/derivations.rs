//! The derivations, number by number: a convolution, a fully connected layer, and pooling.

use handgrad::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A cell of a picture.
#[derive(Clone, Debug)]
struct Cell {
    id: String,
    from: Vec<String>,
    note: String,
    number: String,
    /// The names of the marks in it, besides its rectangle and its number.
    marks: Vec<String>,
}

/// The picture of a figure and its cells.
fn drawn(query: &str, width: u32) -> (show::Figure, Vec<Cell>) {
    let mut figure = live::open(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    figure.set(&format!("width={width}")).unwrap();
    let picture = figure.picture().unwrap_or_else(|error| panic!("{query}: {error}"));
    let svg = picture.svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let attribute = |node: &roxmltree::Node, name| node.attribute(name).unwrap_or_default().to_string();
    let cell = |node: roxmltree::Node| Cell {
        id: attribute(&node, "data-cell"),
        from: attribute(&node, "data-from").split(' ').filter(|id| !id.is_empty()).map(String::from).collect(),
        note: attribute(&node, "data-note"),
        number: node.children().find_map(|child| child.text()).unwrap_or_default().to_string(),
        marks: node.children().filter(|child| child.is_element()).skip(2).map(|child| format!("{child:?}")).collect(),
    };
    let cells = document.descendants().filter(|node| node.has_attribute("data-cell")).map(cell).collect();
    for rect in document.descendants().filter(|node| node.has_tag_name("rect") && node.has_attribute("stroke-width")) {
        let side = |name| rect.attribute(name).unwrap().parse::<f64>().unwrap();
        assert!(side("x") + side("width") <= 2.0 * f64::from(width), "{query} is wider than {width} pixels");
    }
    (picture, cells)
}

fn find<'a>(cells: &'a [Cell], id: &str) -> &'a Cell {
    let longest = cells.iter().filter(|cell| cell.id == id).max_by_key(|cell| cell.note.len());
    longest.unwrap_or_else(|| panic!("there is no cell {id}"))
}

/// The numbers behind a name in the alt text, `dz: 1 −2 0.`
fn spoken(alt: &str, name: &str) -> Vec<f64> {
    let (_, rest) = alt.split_once(&format!(" {name}: ")).unwrap_or_else(|| panic!("no {name} in {alt}"));
    let (list, _) = rest.split_once(". ").unwrap();
    list.split(' ').map(|number| number.replace('−', "-").parse().unwrap()).collect()
}

const ALL: &[&str] = &[
    "convolution",
    "convolution?stride=2&padding=1",
    "convolution?stride=1×2&padding=1×0&window=3&size=5",
    "convolution?size=6&window=3&stride=3&padding=2&channels=2&maps=2",
    "convolution?window=1&padding=2",
    "convolution?size=3&window=3&maps=2",
    "convolution?size=6&window=2&stride=3",
    "fully_connected",
    "fully_connected?N=1&l=1&m=1",
    "fully_connected?N=3&l=3&m=3",
    "pooling?z=1,5,2,0,3,4,-1,7,6,2,1,3,0,5,4,2",
    "pooling?window=3&stride=1&padding=1&size=5&z=9,2,3,4,5,6,7,8,1,0,12,11,13,14,15,16,17,18,19,20,21,22,23,24,25",
    "pooling?kind=average",
    "pooling?kind=average&window=3&stride=2×1&padding=1&size=6",
];

#[test]
fn a_number_that_stands_in_several_places_is_the_same_in_all_of_them() {
    for query in ALL {
        for width in [350, 850] {
            let mut numbers: BTreeMap<String, Vec<f64>> = BTreeMap::new();
            for cell in drawn(query, width).1 {
                assert!(!cell.id.is_empty() && !cell.note.is_empty(), "{query}: {cell:?}");
                let number = cell.number.replace('−', "-").replace('∞', "inf").parse().unwrap();
                numbers.entry(cell.id).or_default().push(number);
            }
            // By hand, by dual numbers and by differences; in dẑ and in dz; in z and in ẑ. Narrow cells show two digits.
            let close = |a: f64, b: f64| a == b || (a - b).abs() <= 0.05 * a.abs();
            numbers.iter().for_each(|(id, all)| {
                assert!(all.iter().all(|number| close(all[0], *number)), "{query}: {id} is {all:?}");
            });
        }
    }
}

#[test]
fn every_link_leads_to_a_cell() {
    for query in ALL {
        let cells = drawn(query, 720).1;
        let ids: BTreeSet<&str> = cells.iter().map(|cell| cell.id.as_str()).collect();
        let from: BTreeSet<&str> = cells.iter().flat_map(|cell| &cell.from).map(String::as_str).collect();
        assert!(from.is_subset(&ids), "{query}: {:?}", from.difference(&ids));
        // δ feeds the gradients and L; what is computed of it is fed by it.
        assert!(ids.iter().filter(|id| id.starts_with("δ:")).all(|id| from.contains(id)), "{query}");
    }
}

#[test]
fn the_gradients_agree_with_dual_numbers() {
    for query in ALL {
        let alt = drawn(query, 720).0.alt;
        assert!(alt.contains(" by hand: at most 0 from dual numbers") || query.contains("average"), "{query}: {alt}");
        assert!(!alt.contains("disagree"), "{query}: {alt}");
    }
}

#[test]
fn a_convolution_shows_what_the_crate_computes() {
    let (picture, cells) = drawn("convolution?stride=2&padding=1&K=1,-1,0.5,2&b=3&δ=1,0,2,-1,3,0,2,1,-2", 720);
    let z: Vec<f64> =
        (0..16).map(|k| find(&cells, &format!("z:{k}")).number.replace('−', "-").parse().unwrap()).collect();
    let z = Tensor4::from_row_major([1, 1, 4, 4], &z).unwrap();
    let k = Tensor4::from_row_major([1, 1, 2, 2], &[1.0, -1.0, 0.5, 2.0]).unwrap();
    let delta = Tensor4::from_row_major([1, 1, 3, 3], &[1.0, 0.0, 2.0, -1.0, 3.0, 0.0, 2.0, 1.0, -2.0]).unwrap();
    let slide = Slide::by(2, 2).padding(1, 1);
    let gradients = conv_backward(&delta, &k, &z, slide).unwrap();
    let y = conv_forward(&z, &k, &dvector![3.0], slide).unwrap();
    assert_eq!(spoken(&picture.alt, "y"), y.to_row_major());
    assert_eq!(spoken(&picture.alt, "dK"), gradients.dk.to_row_major());
    assert_eq!(spoken(&picture.alt, "dz"), gradients.dz.to_row_major());
    assert_eq!(spoken(&picture.alt, "db"), [6.0]);
}

#[test]
fn the_zeros_of_a_convolution_take_part_in_its_links() {
    let cells = drawn("convolution?stride=2&padding=1", 720).1;
    let from = |id: &str| find(&cells, id).from.iter().map(String::as_str).collect::<BTreeSet<_>>();
    // The first window lies over three zeros and over the first pixel, which meets the last tap.
    assert_eq!(from("y:0"), BTreeSet::from(["z:0", "ẑ:0", "ẑ:1", "ẑ:6", "K:0", "K:1", "K:2", "K:3", "b:0"]));
    assert!(find(&cells, "y:0").note.starts_with("y₀₀ = z₀₀·w₁₁ + b, "));
    // The first tap lies over a corner of ẑ, and over pixels in the other windows.
    assert!(from("dK:0").is_superset(&BTreeSet::from(["ẑ:0", "z:5", "δ:0", "δ:4"])));
    // dẑ₁₁ is dz₀₀: of four numbers of δ̂, one is δ₀₀ and three are zeros between.
    let dz = from("dz:0");
    assert_eq!(dz.iter().filter(|id| id.starts_with("K:")).count(), 4);
    assert_eq!(dz.iter().filter(|id| id.starts_with("δ:")).count(), 1);
    assert_eq!(dz.iter().filter(|id| id.starts_with("δ̂:")).count(), 3);
    assert!(find(&cells, "dz:0").note.contains("by dual numbers 2, by differences "));
    let dropped: Vec<&Cell> = cells.iter().filter(|cell| cell.id.starts_with("dẑ:")).collect();
    assert_eq!(dropped.len(), 36 - 16);
    assert!(dropped.iter().all(|cell| cell.note.ends_with("belongs to the padding and is dropped")));
    assert!(dropped.iter().all(|cell| cell.marks.len() == 1));
}

#[test]
fn a_fully_connected_layer_divides_the_gradients_of_its_parameters_by_n() {
    let (picture, cells) = drawn("fully_connected?N=3&l=1&m=1&z=1,2,3&W=2&b=0&δ=6,3,1", 720);
    assert_eq!(spoken(&picture.alt, "y"), [2.0, 4.0, 6.0]);
    assert_eq!(spoken(&picture.alt, "dz"), [12.0, 6.0, 2.0]);
    assert_eq!(spoken(&picture.alt, "dw"), [5.0]);
    assert_eq!(find(&cells, "zᵀδ:0").number, "15");
    assert_eq!(find(&cells, "Σδ:0").number, "10");
    assert_eq!(find(&cells, "db:0").number, "3.33");
    assert!(find(&cells, "dw:0").note.starts_with("dw = (z₀·δ₀ + z₁·δ₁ + z₂·δ₂)/3, dw = (1·6 + 2·3 + 3·1)/3 = 5, "));
}

#[test]
fn at_a_tie_the_differences_disagree_and_the_figure_says_so() {
    let (picture, cells) = drawn("pooling?z=1,5,2,0,3,4,-1,7,6,2,1,3,0,6,4,2&δ=1,2,4,-1", 720);
    assert_eq!(spoken(&picture.alt, "y"), [5.0, 7.0, 6.0, 4.0]);
    let dz = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0];
    assert_eq!(spoken(&picture.alt, "dz"), dz);
    assert!(picture.alt.contains("at most 0 from dual numbers, and 2 from differences"), "{}", picture.alt);
    assert!(picture.alt.contains("Differences disagree at dz₂₀, dz₃₁: max has a kink at a tie."), "{}", picture.alt);
    let marked: Vec<&str> = cells.iter().filter(|cell| !cell.marks.is_empty()).map(|cell| cell.id.as_str()).collect();
    assert_eq!(marked, ["z:1", "z:7", "z:8", "z:13", "z:14"]); // 13 is the tied one
    assert_eq!(find(&cells, "y:2").note, "the maximum of z₂₀, z₂₁, z₃₀, z₃₁ is z₂₀ = 6");
    assert_eq!(find(&cells, "y:2").from, ["z:8", "z:9", "z:12", "z:13"]);
}

#[test]
fn equal_and_huge_numbers_are_drawn() {
    let flat = ["0"; 16].join(",");
    for query in [
        format!("convolution?z={flat}&K=0,0,0,0&δ=0,0,0,0,0,0,0,0,0"),
        format!("pooling?z={flat}"),
        "pooling?padding=1&δ=1000000,-1000000,0.000001,1000000,1,1,1,1,1".into(),
        "fully_connected?W=1000000,-1000000,1000000,0.000001,0,0&z=1000000,1000000,0,-1000000,0,0".into(),
        "convolution?K=1000000,-1000000,1000000,1000000&b=-1000000".into(),
    ] {
        assert!(drawn(&query, 240).0.size.0 == 240 && drawn(&query, 1200).0.size.0 == 1200);
    }
}

#[test]
fn a_window_in_the_padding_is_refused() {
    let mut figure = live::open("pooling?window=1").unwrap();
    let before = figure.picture().unwrap();
    let error = figure.set("padding=1").unwrap_err().to_string();
    assert!(error.contains("padding"), "{error}");
    assert_eq!(figure.picture().unwrap(), before);
    assert!(figure.set("kind=average").is_ok() && figure.set("padding=1").is_ok());
    assert!(figure.set("kind=max").is_err());
}
