//! The derivations, number by number: a convolution, a fully connected layer, and pooling.

use handgrad::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A cell of a picture.
#[derive(Clone, Debug)]
struct Cell {
    id: String,
    from: Vec<String>,
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
        number: node.children().find_map(|child| child.text()).unwrap_or_default().to_string(),
        marks: node.children().filter(|child| child.is_element()).skip(2).map(|child| format!("{child:?}")).collect(),
    };
    let cells = document.descendants().filter(|node| node.has_attribute("data-cell")).map(cell).collect();
    assert!(!svg.contains("data-note"), "a note is computed when it is asked for");
    let is_cell = |rect: &roxmltree::Node| rect.parent().is_some_and(|group| group.has_attribute("data-cell"));
    for rect in document.descendants().filter(|node| node.has_tag_name("rect") && is_cell(node)) {
        let side = |name| rect.attribute(name).unwrap().parse::<f64>().unwrap();
        assert!(side("x") + side("width") <= 2.0 * f64::from(width), "{query} is wider than {width} pixels");
    }
    (picture, cells)
}

fn find<'a>(cells: &'a [Cell], id: &str) -> &'a Cell {
    let most = cells.iter().filter(|cell| cell.id == id).max_by_key(|cell| cell.from.len());
    most.unwrap_or_else(|| panic!("there is no cell {id}"))
}

/// What a figure says about a cell.
fn note(query: &str, id: &str) -> String {
    live::open(query).unwrap().note(id).unwrap().unwrap_or_else(|| panic!("{query}: nothing is said about {id}"))
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
    "convolution?size=5&window=3&padding=1&checks=entry by entry",
    "convolution?channels=2&maps=2&one=1 at y₁₀₁",
    "fully_connected",
    "fully_connected?N=1&l=1&m=1",
    "fully_connected?N=3&l=3&m=3",
    "fully_connected?checks=entry by entry",
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
                assert!(!cell.id.is_empty(), "{query}: {cell:?}");
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
fn something_is_said_about_every_cell() {
    for query in ALL {
        let ids: BTreeSet<String> = drawn(query, 720).1.into_iter().map(|cell| cell.id).collect();
        // The first and the last number of each matrix.
        let lists: BTreeSet<&str> = ids.iter().map(|id| id.split(':').next().unwrap()).collect();
        for list in lists {
            let number = |id: &&String| id[list.len()..].trim_start_matches(':').parse().unwrap_or(0);
            let own = || ids.iter().filter(|id| id.split(':').next() == Some(list));
            let ends: [&String; 2] = [own().min_by_key(number).unwrap(), own().max_by_key(number).unwrap()];
            ends.iter().for_each(|id| assert!(note(query, id).len() > 4, "{query}: {id}"));
        }
    }
    let figure = live::open("convolution").unwrap();
    assert_eq!(figure.note("y:99").unwrap(), None);
    assert_eq!(live::open("step").unwrap().note("y:0").unwrap(), None);
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
        assert!(
            alt.contains("the largest difference from dual numbers is 0,") || query.contains("average"),
            "{query}: {alt}"
        );
        assert!(alt.contains("The three gradients agree. ") && !alt.contains("disagree"), "{query}: {alt}");
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
    let query = "convolution?stride=2&padding=1";
    let cells = drawn(query, 720).1;
    let from = |id: &str| find(&cells, id).from.iter().map(String::as_str).collect::<BTreeSet<_>>();
    // The first window lies over three zeros and over the first pixel, which meets the last tap.
    assert_eq!(from("y:0"), BTreeSet::from(["z:0", "ẑ:0", "ẑ:1", "ẑ:6", "K:0", "K:1", "K:2", "K:3", "b:0"]));
    assert!(note(query, "y:0").starts_with("y₀₀ = z₀₀·w₁₁ + b, "));
    // The first tap lies over a corner of ẑ, and over pixels in the other windows.
    assert!(from("dK:0").is_superset(&BTreeSet::from(["ẑ:0", "z:5", "δ:0", "δ:4"])));
    // dẑ₁₁ is dz₀₀: of four numbers of δ̂, one is δ₀₀ and three are zeros between.
    let dz = from("dz:0");
    assert_eq!(dz.iter().filter(|id| id.starts_with("K:")).count(), 4);
    assert_eq!(dz.iter().filter(|id| id.starts_with("δ:")).count(), 1);
    assert_eq!(dz.iter().filter(|id| id.starts_with("δ̂:")).count(), 3);
    assert!(note(query, "dz:0").contains("; by dual numbers 2, by differences "));
    let dropped: Vec<&Cell> = cells.iter().filter(|cell| cell.id.starts_with("dẑ:")).collect();
    assert_eq!(dropped.len(), 36 - 16);
    assert!(note(query, &dropped[7].id).ends_with("belongs to the padding and is dropped"));
    assert!(dropped.iter().all(|cell| cell.marks.len() == 1));
}

#[test]
fn a_fully_connected_layer_divides_the_gradients_of_its_parameters_by_n() {
    let query = "fully_connected?N=3&l=1&m=1&z=1,2,3&W=2&b=0&δ=6,3,1";
    let (picture, cells) = drawn(query, 720);
    assert_eq!(spoken(&picture.alt, "y"), [2.0, 4.0, 6.0]);
    assert_eq!(spoken(&picture.alt, "dz"), [12.0, 6.0, 2.0]);
    assert_eq!(spoken(&picture.alt, "dw"), [5.0]);
    assert_eq!(find(&cells, "zᵀδ:0").number, "15");
    assert_eq!(find(&cells, "Σδ:0").number, "10");
    assert_eq!(find(&cells, "db:0").number, "3.33");
    assert!(note(query, "dw:0").starts_with("dw = (z₀·δ₀ + z₁·δ₁ + z₂·δ₂)/3, dw = (1·6 + 2·3 + 3·1)/3 = 5; "));
}

#[test]
fn at_a_tie_the_differences_disagree_and_the_figure_says_so() {
    let query = "pooling?z=1,5,2,0,3,4,-1,7,6,2,1,3,0,6,4,2&δ=1,2,4,-1";
    let (picture, cells) = drawn(query, 720);
    assert_eq!(spoken(&picture.alt, "y"), [5.0, 7.0, 6.0, 4.0]);
    let dz = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0];
    assert_eq!(spoken(&picture.alt, "dz"), dz);
    assert!(picture.alt.contains("from dual numbers is 0, and from finite differences 2."), "{}", picture.alt);
    assert!(!picture.alt.contains("agree. "), "{}", picture.alt);
    let disagreement = "Finite differences disagree at dz₂₀, dz₃₁: max has a kink at a tie.";
    assert!(picture.alt.contains(disagreement), "{}", picture.alt);
    let marked: Vec<&str> = cells.iter().filter(|cell| !cell.marks.is_empty()).map(|cell| cell.id.as_str()).collect();
    assert_eq!(marked, ["z:1", "z:7", "z:8", "z:13", "z:14"]); // 13 is the tied one
    assert_eq!(note(query, "y:2"), "the maximum of z₂₀, z₂₁, z₃₀, z₃₁ is z₂₀ = 6");
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

#[test]
fn the_checks_are_folded_into_one_line() {
    for name in ["convolution?size=5&window=3&stride=2&padding=1", "fully_connected?N=3", "pooling"] {
        let shown = format!("{name}&checks=entry by entry").replace("pooling&", "pooling?");
        let (folded, unfolded) = (drawn(name, 350), drawn(&shown, 350));
        let count = |cells: &[Cell], list: &str| cells.iter().filter(|cell| cell.id.starts_with(list)).count();
        assert_eq!(count(&unfolded.1, "dz:") - count(&folded.1, "dz:"), 2 * distinct(&folded.1, "dz:"), "{name}");
        assert_eq!(folded.0.alt, unfolded.0.alt);
        assert!(folded.0.size.1 < unfolded.0.size.1);
    }
}

/// How many cells there are whose names begin so, each name counted once.
fn distinct(cells: &[Cell], list: &str) -> usize {
    cells.iter().filter(|cell| cell.id.starts_with(list)).map(|cell| &cell.id).collect::<BTreeSet<_>>().len()
}

#[test]
fn pixels_that_no_window_covers_are_hatched() {
    // Windows of three pixels at 0 and 2 leave the sixth row and column.
    for query in ["convolution?size=6&window=3&stride=2", "pooling?size=6&window=3&stride=2"] {
        let (picture, cells) = drawn(query, 720);
        let hatched = |list: &str| -> BTreeSet<usize> {
            let own =
                cells.iter().filter(|cell| cell.id.starts_with(list) && cell.marks.iter().any(|m| m.contains("path")));
            own.map(|cell| cell.id[list.len()..].parse().unwrap()).collect()
        };
        let uncovered: BTreeSet<usize> = (0..36).filter(|k| k / 6 == 5 || k % 6 == 5).collect();
        assert_eq!(hatched("z:"), uncovered, "{query}");
        assert_eq!(hatched("dz:"), uncovered, "{query}");
        assert!(picture.svg().contains("Hatched: no window covers these pixels"));
        assert!(note(query, "z:5").ends_with("no window covers it, and its gradient is 0"));
        let gradient = spoken(&picture.alt, "dz");
        assert!(uncovered.iter().all(|k| gradient[*k] == 0.0));
    }
    assert!(!drawn("convolution?size=5&window=3&stride=2", 720).0.svg().contains("Hatched"));
}

#[test]
fn a_delta_at_one_output_shows_what_that_output_depends_on() {
    let query = "convolution?size=4&K=1,2,3,4&one=1 at y₁₁";
    let (picture, cells) = drawn(query, 720);
    let dz = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(spoken(&picture.alt, "dz"), dz);
    assert_eq!(find(&cells, "δ:4").number, "1");
    assert_eq!(find(&cells, "δ:3").number, "0");
    assert!(!picture.svg().contains("data-knob=\"δ\""), "a δ that is chosen is not typed");
    // What was typed comes back.
    let mut figure = live::open("convolution?δ=9,8,7,6,5,4,3,2,1").unwrap();
    let before = figure.picture().unwrap();
    figure.set("one=1 at y₀₂").unwrap();
    assert!(figure.picture().unwrap() != before);
    figure.set("one=as typed").unwrap();
    assert_eq!(figure.picture().unwrap(), before);
    // An output that is no longer there is no choice.
    figure.set("one=1 at y₂₂").unwrap();
    figure.set("size=3").unwrap();
    assert!(figure.query().contains("one=as typed"), "{}", figure.query());
}

#[test]
fn numbers_that_still_have_a_place_survive_another_size() {
    let mut figure = live::open("convolution?size=3&channels=2&maps=2").unwrap();
    figure.set("z=1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19").unwrap();
    figure.set("K=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16").unwrap();
    figure.set("δ=1,2,3,4,5,6,7,8").unwrap();
    figure.set("size=4").unwrap();
    figure.set("window=3").unwrap();
    let kept = |figure: &live::Live, name: &str, at: &[usize]| -> Vec<String> {
        let query = figure.query();
        let (_, list) = query.split_once(&format!("&{name}=")).unwrap();
        let list: Vec<&str> = list.split('&').next().unwrap().split(',').collect();
        at.iter().map(|k| list[*k].to_string()).collect()
    };
    // The first number of each map, and the last that it had.
    assert_eq!(kept(&figure, "z", &[0, 10, 16, 26]), ["1", "9", "11", "19"]);
    assert_eq!(kept(&figure, "K", &[0, 4, 9, 13, 18, 22, 27, 31]), ["1", "4", "5", "8", "9", "12", "13", "16"]);
    assert_eq!(kept(&figure, "δ", &[0, 3, 4, 7]), ["1", "4", "5", "8"]);
    figure.set("maps=1").unwrap();
    assert_eq!(kept(&figure, "K", &[0, 4, 9, 13]), ["1", "4", "9", "12"]);
    // A refused change keeps the shape.
    assert!(figure.set("window=9").is_err() && figure.picture().is_ok());
}

#[test]
fn a_note_says_what_each_map_adds() {
    let query =
        "convolution?size=3&channels=2&maps=2&z=1,2,3,4,5,6,7,8,9,1,0,0,0,0,0,0,0,0&K=1,0,0,0,0,0,0,0,5,0,0,0,0,0,0,0";
    assert!(note(query, "y:0").ends_with("= 6; channel 0 adds 1, channel 1 adds 5"), "{}", note(query, "y:0"));
    assert!(note(query, "dz:0").contains("; output map 0 adds 1, output map 1 adds 0"), "{}", note(query, "dz:0"));
    assert!(!note("convolution", "y:0").contains("adds"));
}
