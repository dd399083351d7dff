//! Computation graphs, read back.

use super::picture::{At, Picture};
use handgrad::show;

fn place(picture: &Picture, words: &str) -> At {
    let text = picture.texts.iter().find(|text| text.words == words);
    text.unwrap_or_else(|| panic!("no text \"{words}\" in {:?}", picture.texts)).at
}

#[test]
fn a_value_is_above_its_node_and_a_gradient_below() {
    let graph = show::graph("one weight").node("u = w·x", ["w", "x"]).node("L", ["u = w·x"]);
    let picture = Picture::of(&graph.value("w", 3).gradient("w", -12.5).value("L", "4.5").figure());
    let colours = |words: &str| picture.texts.iter().find(|text| text.words == words).map(|text| text.fill.clone());
    assert_eq!(colours("3").as_deref(), Some("#0072b2"));
    assert_eq!(colours("-12.5").as_deref(), Some("#d55e00"));
    let (node, value, gradient) = (place(&picture, "w"), place(&picture, "3"), place(&picture, "-12.5"));
    assert_eq!((value.0, gradient.0), (node.0, node.0));
    assert!(value.1 < node.1 && node.1 < gradient.1);
    assert!(place(&picture, "4.5").1 < place(&picture, "L").1);
}

#[test]
fn an_arrow_leads_from_each_source_to_what_is_computed_from_it() {
    let picture =
        Picture::of(&show::graph("").node("s = a + b", ["a", "b"]).node("p = s·c", ["s = a + b", "c"]).figure());
    let nodes = ["a", "b", "s = a + b", "c", "p = s·c"];
    // Of a node's frame: the middle of its left and its right side.
    let side = |name: &str, right: bool| {
        let (x, y) = place(&picture, name);
        let frames = picture.lines.iter().filter(|line| line.points.len() == 5);
        let around = frames
            .map(|line| (line.points[0], line.points[2]))
            .find(|&((left, top), (end, bottom))| (left..end).contains(&x) && (top..bottom).contains(&y));
        let ((left, top), (end, bottom)) = around.unwrap_or_else(|| panic!("no frame around {name}"));
        (if right { end } else { left }, (top + bottom) / 2.0)
    };
    let near = |a: At, b: At| (a.0 - b.0).abs() < 4.0 && (a.1 - b.1).abs() < 4.0;
    let mut edges = vec![];
    for line in picture.lines.iter().filter(|line| line.points.len() == 2) {
        let from = nodes.iter().position(|name| near(side(name, true), line.points[0]));
        let to = nodes.iter().position(|name| near(side(name, false), line.points[1]));
        edges.push((from.expect("it begins at a node"), to.expect("it ends at a node")));
    }
    edges.sort_unstable();
    assert_eq!(edges, [(0, 2), (1, 2), (2, 4), (3, 4)]);
    for (from, to) in edges {
        assert!(place(&picture, nodes[from]).0 < place(&picture, nodes[to]).0, "from left to right");
    }
}

#[test]
fn the_nodes_of_a_column_are_centred() {
    let names = ["a", "a long name"];
    let picture = Picture::of(&show::graph("").node("y", names).figure());
    assert_eq!(place(&picture, names[0]).0, place(&picture, names[1]).0);
    assert!(
        place(&picture, names[0]).1 < place(&picture, "y").1 && place(&picture, "y").1 < place(&picture, names[1]).1
    );
}

#[test]
fn what_would_be_a_circle_is_left_out() {
    let figure = show::graph("circle").node("b", ["a"]).node("a", ["b"]).node("a", ["a"]).figure();
    assert_eq!(figure.alt, "Computation graph, circle. a. b, from a.");
    assert!(show::graph("").figure().svg().contains("</svg>"));
}
