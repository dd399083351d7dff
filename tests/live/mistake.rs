//! A backward with a mistake: the verdict, the list of mistakes, the training.

use handgrad::check::draw::Draw;
use handgrad::check::exercise;
use handgrad::check::lesson::{Lesson, Visitor, inputs, output};
use handgrad::check::lessons;
use handgrad::live::{self, LiveError};
use handgrad::prelude::*;

/// Each layer's name in the figure, and the function that has its mistakes.
const LAYERS: [(&str, &str); 17] = [
    ("fully connected", "fc_backward"),
    ("convolution", "conv_backward"),
    ("max pooling", "max_pooling_backward"),
    ("average pooling", "avg_pooling_backward"),
    ("global max pooling", "global_max_pooling_backward"),
    ("global average pooling", "global_avg_pooling_backward"),
    ("flatten", "flatten_backward"),
    ("ReLU", "relu_backward"),
    ("leaky ReLU", "leaky_relu_backward"),
    ("ELU", "elu_backward"),
    ("SELU", "selu_backward"),
    ("sigmoid", "sigmoid_backward"),
    ("tanh", "tanh_backward"),
    ("PReLU", "prelu_backward"),
    ("softmax", "softmax_backward"),
    ("squared error", "mean_squared_loss"),
    ("cross-entropy", "cross_entropy_loss"),
];

/// What the figure says at this choice.
fn says(layer: &str, mistake: &str) -> String {
    live::open(&format!("mistake?layer={layer}&mistake={mistake}")).unwrap().picture().unwrap().alt
}

#[test]
fn the_check_names_the_mistake() -> Result<(), LiveError> {
    let catalogue = exercise::catalogue();
    let mut offered = 0;
    for (layer, function) in LAYERS {
        let controls = live::open(&format!("mistake?layer={layer}"))?.controls().replace("&#39;", "'");
        let mistakes: Vec<_> = catalogue.iter().filter(|mistake| mistake.function == function).collect();
        offered += mistakes.len();
        for name in mistakes.iter().map(|mistake| mistake.name) {
            assert!(controls.contains(&format!("<option>{name}</option>")), "{layer}: {name}");
            assert!(!name.contains(['&', '%', '#']), "{name} would not survive a link");
        }
        // A convolution takes a while, and has many.
        for mistake in mistakes.iter().step_by(if layer == "convolution" { 6 } else { 1 }) {
            let (name, alt) = (mistake.name, says(layer, mistake.name));
            assert!(alt.starts_with(&format!("A mistake in {function}: {name}. ")), "{alt}");
            assert!(alt.contains(&format!("The mistake: {name}. ")), "{alt}");
            assert!(alt.contains(" With the mistake "), "{alt}");
        }
        let right = says(layer, "none");
        assert!(right.contains(&format!("✓ {function}: all ")) && !right.contains("With the mistake"), "{right}");
    }
    // All but those of forwards and of optimizers.
    let backward = |function: &str| function.ends_with("_backward") || function.ends_with("_loss");
    assert_eq!(offered, catalogue.iter().filter(|mistake| backward(mistake.function)).count());
    Ok(())
}

#[test]
fn the_list_of_mistakes_follows_the_layer() -> Result<(), LiveError> {
    let mut figure = live::open("mistake?layer=convolution&mistake=the kernel is not rotated")?;
    assert!(figure.controls().contains("<option selected>the kernel is not rotated</option>"));
    figure.set("layer=ReLU")?;
    assert_eq!(figure.query(), "mistake?layer=ReLU&mistake=none");
    assert!(figure.controls().contains("<option>everything passes</option>"));
    assert!(!figure.controls().contains("the kernel is not rotated"));
    // A mistake of both stays.
    figure.set("layer=convolution")?;
    figure.set("mistake=dz is divided by N")?;
    figure.set("layer=fully connected")?;
    assert_eq!(figure.query(), "mistake?layer=fully connected&mistake=dz is divided by N");

    let error = figure.set("mistake=the kernel is not rotated").unwrap_err().to_string();
    assert!(
        error.starts_with("mistake is \"the kernel is not rotated\": it must be one of none, dw and db"),
        "{error}"
    );
    assert_eq!(figure.query(), "mistake?layer=fully connected&mistake=dz is divided by N");
    Ok(())
}

/// The training of the fully connected layer, by the crate's own layers.
#[test]
fn the_training_is_that_of_the_crates_layers() -> Result<(), Error> {
    let network = |seed: u64| {
        let mut draw = Draw::reals(seed as usize);
        let (_z, w, b) = (draw.matrix(3, 2), draw.matrix(2, 2), draw.vector(2));
        let first: DMatrix<f64> = init::glorot_normal(&mut init::rng(seed), [4, 2]);
        Ok::<_, Error>(Sequential::new().with(Dense::of(first)).with(Dense::with_bias(w, b)?))
    };
    let z = Tensor4::from_vectors(init::normal(&mut init::rng(3), [24, 4], 1.0));
    let target = network(2)?.infer(&z)?.into_matrix();
    let (mut model, mut memory, mut sgd, mut losses) = (network(1)?, Memory::new(), Sgd::new(0.25), vec![]);
    for _ in 0..75 {
        let Loss { loss, dy } = mean_squared_loss(model.forward(z.clone(), &mut memory)?.matrix(), &target)?;
        losses.push(loss);
        model.backward_parameters(&Tensor4::from_vectors(dy), &mut memory)?;
        model.step(&mut sgd)?;
    }
    let short = |loss: f64| format!("{loss:.2e}");
    let told = |alt: &str| -> (String, String, String) {
        let rest = alt.split("learning rate ").nth(1).unwrap();
        let word = |before: &str| rest.split(before).nth(1).unwrap().split([' ', '.']).next().unwrap().to_string();
        (rest.split(':').next().unwrap().into(), word("in "), rest.split(" to ").nth(1).unwrap().into())
    };
    let mut figure = live::open("mistake").unwrap();
    let (rate, steps, end) = told(&figure.picture().unwrap().alt);
    assert_eq!((rate.as_str(), steps.as_str()), ("0.25", "60"));
    // "1.79·10⁻⁸." against "1.79e-8"
    assert_eq!(short(losses[59]), end.trim_end_matches('.').replace("·10⁻", "e-").replace('⁸', "8"));
    for _ in 0..15 {
        assert_eq!(figure.advance(), Ok(true));
    }
    assert_eq!(told(&figure.picture().unwrap().alt).1, "75");
    Ok(())
}

#[test]
fn a_training_shows_what_a_mistake_does() {
    for (layer, mistake, outcome) in [
        ("fully connected", "dw and db are not divided by N", "With the mistake it ends after "),
        ("convolution", "dz is divided by N", "It falls, too"),
        ("convolution", "δ is not padded for dz", "no step is possible: conv_backward: layer 1 (conv_forward): dz is"),
        // Real numbers are never equal, and dy is right.
        ("max pooling", "tied maxima share the gradient", "it is the same"),
        ("squared error", "the ½ is forgotten in the loss", "it is the same"),
        ("cross-entropy", "dy has the wrong sign", "it rises to"),
        ("ReLU", "everything passes", "even lower"),
    ] {
        let alt = says(layer, mistake);
        assert!(alt.contains(outcome), "{mistake}: {alt}");
    }
}

#[test]
fn a_training_ends() -> Result<(), LiveError> {
    let mut figure = live::open("mistake?layer=tanh&mistake=the square is forgotten")?;
    let before = figure.picture()?;
    let mut steps = 60;
    while figure.advance()? {
        steps += 1;
    }
    assert_eq!(steps, 399);
    assert!(!figure.advance()? && figure.picture()?.alt.contains("in 400 steps"));
    assert!(figure.picture()?.svg() != before.svg());
    // Another choice starts anew, another width does not.
    figure.set("width=400")?;
    assert!(figure.picture()?.alt.contains("in 400 steps"));
    figure.set("mistake=tanh is taken twice")?;
    assert!(figure.picture()?.alt.contains("in 60 steps"));
    Ok(())
}

#[test]
fn it_fits_its_width() -> Result<(), LiveError> {
    for (layer, mistake) in [
        ("convolution", "the kernel is not rotated"),
        ("convolution", "zeros are not inserted for dz"),
        ("convolution", "rows that no window reaches are missing from dz"),
        ("max pooling", "tied maxima share the gradient"),
        ("fully connected", "none"),
    ] {
        let mut figure = live::open(&format!("mistake?layer={layer}&mistake={mistake}"))?;
        for width in [340, 350, 619, 620, 720, 850, 1200] {
            figure.set(&format!("width={width}"))?;
            let picture = figure.picture()?;
            assert!(picture.size.0 <= width, "{mistake}: {:?} of {width}", picture.size);
            assert!(picture.svg().len() < 60_000);
        }
    }
    Ok(())
}

/// A page's module ends with the first panic, so the check must have none to catch.
#[test]
fn no_backward_of_the_catalogue_panics() {
    struct Calls(usize);
    impl Visitor for Calls {
        fn visit<L: Lesson>(&mut self) {
            for (case, setting) in L::grid().problems.iter().enumerate() {
                for mut draw in Draw::both(case) {
                    let x = inputs::<L>(setting, &mut draw).unwrap();
                    let y = output::<L, f64>(setting, &x).unwrap();
                    let given = if L::TAKES_OUTPUT { x.clone().with("y", y) } else { x.clone() };
                    for mistake in L::BACKWARD_MISTAKES {
                        let _ = L::call_backward(mistake.wrong, setting, &given);
                        self.0 += 1;
                    }
                    for mistake in L::FORWARD_MISTAKES.iter().filter(|_| L::IS_LOSS) {
                        let _ = L::call_forward(mistake.wrong, setting, &x);
                        self.0 += 1;
                    }
                }
            }
        }
    }
    let mut calls = Calls(0);
    lessons::visit(&mut calls);
    assert!(calls.0 > 3000, "{}", calls.0);
}
