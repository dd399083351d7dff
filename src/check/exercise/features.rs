//! What distinguishes one case from another, and what that says of a function that is right in some of them.

use std::fmt;

/// Something that a case has and a plainer one has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    Batch,
    Maps,
    OutputMaps,
    Rectangle,
    Strides,
    UnevenStrides,
    Gaps,
    Overlap,
    Padding,
    UnevenPadding,
    WidePadding,
    LeftOver,
    Ties,
    Negative,
    Kink,
    Large,
    Flat,
    Nan,
    Soft,
    Steps,
    Decay,
}

impl Feature {
    const ALL: [Feature; 21] = {
        use Feature::*;
        [
            Batch,
            Maps,
            OutputMaps,
            Rectangle,
            Strides,
            UnevenStrides,
            Gaps,
            Overlap,
            Padding,
            UnevenPadding,
            WidePadding,
            LeftOver,
            Ties,
            Negative,
            Kink,
            Large,
            Flat,
            Nan,
            Soft,
            Steps,
            Decay,
        ]
    };

    /// The cases that have it not, and those that have it: "right in all cases with …". The spaces in formulas do not
    /// break.
    fn words(self) -> [&'static str; 2] {
        match self {
            Feature::Batch => ["N = 1", "N > 1"],
            Feature::Maps => ["C = 1", "C > 1"],
            Feature::OutputMaps => ["D = 1", "D > 1"],
            Feature::Rectangle => ["equal sides", "sides that differ"],
            Feature::Strides => ["stride 1", "a larger stride"],
            Feature::UnevenStrides => ["equal strides", "s1 ≠ s2"],
            Feature::Gaps => ["no gaps between the windows", "gaps between the windows"],
            Feature::Overlap => ["windows that do not overlap", "windows that overlap"],
            Feature::Padding => ["no padding", "padding"],
            Feature::UnevenPadding => ["equal paddings", "p1 ≠ p2"],
            Feature::WidePadding => ["a padding smaller than the kernel", "a padding as large as the kernel"],
            Feature::LeftOver => ["strides that tile the image", "rows and columns left over"],
            Feature::Ties => ["numbers that all differ", "ties"],
            Feature::Negative => ["numbers of both signs", "negative numbers alone"],
            Feature::Kink => ["no number at the kink", "a 0, where the kink is"],
            Feature::Large => ["small numbers", "numbers as large as 1000"],
            Feature::Flat => ["small numbers", "numbers beyond ±36, where the curve is flat"],
            Feature::Nan => ["numbers alone", "a NaN among them"],
            Feature::Soft => ["one-hot targets", "targets that are distributions"],
            Feature::Steps => ["a single step", "several steps"],
            Feature::Decay => ["λ = 0", "weight decay"],
        }
    }
}

/// Where a function is wrong, as a condition on the cases.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Where {
    /// In every case.
    Everywhere,
    /// Only in cases with all of these, in `wrong` of their `cases`; the others are right.
    With { features: Vec<Feature>, wrong: usize, cases: usize, others: usize },
    /// Only in cases without this, in `wrong` of their `cases`; the others are right.
    Without { feature: Feature, wrong: usize, cases: usize, others: usize },
    /// In so many, without a rule.
    Somewhere { wrong: usize, cases: usize },
}

/// The condition that fits the wrong cases most closely: all of them meet it, and as few right ones as can be. Of
/// equally close ones the simplest.
pub(super) fn locate(cases: &[&[Feature]], wrong: &[bool]) -> Where {
    let count = |meets: &dyn Fn(&[Feature]) -> bool| cases.iter().filter(|case| meets(case)).count();
    let covers = |meets: &dyn Fn(&[Feature]) -> bool| cases.iter().zip(wrong).all(|(case, &w)| !w || meets(case));
    let all = wrong.iter().filter(|&&w| w).count();
    if all == cases.len() {
        return Where::Everywhere;
    }
    let mut best = Where::Somewhere { wrong: all, cases: cases.len() };
    let mut fewest = cases.len();
    let mut offer = |size: usize, place: Where| {
        if size < fewest {
            (fewest, best) = (size, place);
        }
    };
    let others = |size: usize| cases.len() - size;
    for feature in Feature::ALL {
        let has = |case: &[Feature]| case.contains(&feature);
        let (with, without) = (count(&has), count(&|case| !has(case)));
        if covers(&has) {
            offer(with, Where::With { features: vec![feature], wrong: all, cases: with, others: others(with) });
        }
        if covers(&|case| !has(case)) {
            offer(without, Where::Without { feature, wrong: all, cases: without, others: others(without) });
        }
    }
    let pairs = Feature::ALL.iter().enumerate().flat_map(|(k, &a)| Feature::ALL[k + 1..].iter().map(move |&b| [a, b]));
    for pair in pairs {
        let both = |case: &[Feature]| pair.iter().all(|feature| case.contains(feature));
        if covers(&both) {
            let size = count(&both);
            offer(size, Where::With { features: pair.to_vec(), wrong: all, cases: size, others: others(size) });
        }
    }
    best
}

impl Where {
    /// Whether two places are told by the same features.
    pub fn is_told_as(&self, other: &Where) -> bool {
        match (self, other) {
            (Where::With { features: a, .. }, Where::With { features: b, .. }) => a == b,
            (Where::Without { feature: a, .. }, Where::Without { feature: b, .. }) => a == b,
            _ => self == other,
        }
    }

    /// The one feature that the wrong cases have in common, if it is one.
    pub fn feature(&self) -> Option<Feature> {
        match self {
            Where::With { features, .. } if features.len() == 1 => features.first().copied(),
            _ => None,
        }
    }

    /// Where there is no answer.
    pub fn without_answer(&self) -> String {
        match self {
            Where::Everywhere => "It gives no answer in any case.".into(),
            Where::Somewhere { wrong, .. } => format!("It gives no answer in {}.", cases_text(*wrong)),
            Where::Without { feature, wrong, cases, .. } => {
                format!("It gives no answer {} with {}.", share(*wrong, *cases), feature.words()[0])
            }
            Where::With { features, wrong, cases, .. } => {
                format!("It gives no answer {} with {}.", share(*wrong, *cases), together(features))
            }
        }
    }
}

/// "in all 12 cases", "in 3 of 12 cases".
fn share(some: usize, cases: usize) -> String {
    match some == cases {
        true if cases == 1 => "in the one case".into(),
        true if cases == 2 => "in both cases".into(),
        true => format!("in all {cases} cases"),
        false => format!("in {some} of {}", cases_text(cases)),
    }
}

fn cases_text(cases: usize) -> String {
    if cases == 1 { "1 case".into() } else { format!("{cases} cases") }
}

fn together(features: &[Feature]) -> String {
    features.iter().map(|feature| feature.words()[1]).collect::<Vec<_>>().join(" and ")
}

/// Continues "dz is …".
impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Where::Everywhere => write!(f, "wrong in every case"),
            Where::Somewhere { wrong, cases } => write!(f, "wrong {}", share(*wrong, *cases)),
            Where::Without { feature, wrong, cases, others } => {
                let [without, with] = feature.words();
                let (right, wrong) = (share(*others, *others), share(*wrong, *cases));
                write!(f, "right {right} with {with}, wrong {wrong} with {without}")
            }
            Where::With { features, wrong, cases, others } => match features[..] {
                [feature] => {
                    let [without, with] = feature.words();
                    let (right, wrong) = (share(*others, *others), share(*wrong, *cases));
                    write!(f, "right {right} with {without}, wrong {wrong} with {with}")
                }
                _ => write!(f, "wrong {} with {}, and right in all others", share(*wrong, *cases), together(features)),
            },
        }
    }
}
