//! What distinguishes one case from another, and what that says about a function that is right only in some of them.

use std::fmt;

/// Each feature, the cases without it, and the cases with it: "right in all cases with …". Spaces in formulas do not
/// break.
macro_rules! features {
    ($($feature:ident: $without:literal, $with:literal;)+) => {
        /// Something that a case has and a plainer one does not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Feature {
            $(#[doc = concat!("Cases with ", $with, ".")] $feature,)+
        }

        impl Feature {
            const ALL: &'static [Feature] = &[$(Feature::$feature),+];

            fn words(self) -> [&'static str; 2] {
                match self {
                    $(Feature::$feature => [$without, $with],)+
                }
            }
        }
    };
}

features! {
    Batch: "N = 1", "N > 1";
    Maps: "C = 1", "C > 1";
    OutputMaps: "D = 1", "D > 1";
    Pixels: "maps of one pixel", "maps of several pixels";
    Rectangle: "equal sides", "sides that differ";
    Strides: "stride 1", "a larger stride";
    UnevenStrides: "equal strides", "s1 ≠ s2";
    Gaps: "no gaps between the windows", "gaps between the windows";
    Overlap: "windows that do not overlap", "windows that overlap";
    Padding: "no padding", "padding";
    UnevenPadding: "equal paddings", "p1 ≠ p2";
    WidePadding: "a padding smaller than the kernel", "a padding as large as the kernel";
    LeftOver: "strides that tile the image", "rows and columns left over";
    Ties: "numbers that all differ", "ties";
    Negative: "numbers of both signs", "negative numbers alone";
    Kink: "no number at the kink", "a 0, where the kink is";
    Large: "small numbers", "numbers as large as 1000";
    Flat: "small numbers", "numbers beyond ±36, where the curve is flat";
    Nan: "numbers alone", "a NaN among them";
    Soft: "one-hot targets", "targets that are distributions";
    Steps: "a single step", "several steps";
    Decay: "λ = 0", "weight decay";
}

/// Where a function is wrong, as a condition on the cases.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Where {
    /// In every case.
    Everywhere,
    /// Only in cases with all of these, and in `wrong` of their `cases`; all other cases are right.
    With { features: Vec<Feature>, wrong: usize, cases: usize, others: usize },
    /// Only in cases without this, and in `wrong` of their `cases`; all other cases are right.
    Without { feature: Feature, wrong: usize, cases: usize, others: usize },
    /// In this many cases, without a rule.
    Somewhere { wrong: usize, cases: usize },
}

/// The condition that fits the wrong cases most closely: all of them meet it, and as few right ones as possible. Among
/// equally close ones, the simplest.
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
    for &feature in Feature::ALL {
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
    /// Whether two places are described by the same features.
    pub fn is_told_as(&self, other: &Where) -> bool {
        match (self, other) {
            (Where::With { features: a, .. }, Where::With { features: b, .. }) => a == b,
            (Where::Without { feature: a, .. }, Where::Without { feature: b, .. }) => a == b,
            _ => self == other,
        }
    }

    /// The one feature that the wrong cases have in common, if there is exactly one.
    pub fn feature(&self) -> Option<Feature> {
        match self {
            Where::With { features, .. } if features.len() == 1 => features.first().copied(),
            _ => None,
        }
    }

    /// The sentence about the cases without an answer.
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

/// Completes "dz is …".
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
