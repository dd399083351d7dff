//! The book of a session: every operation once, in order of execution.

use super::monomial::Atoms;
use super::{Function, NoFormula, Origin, Traced};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// An operand: a constant, by its bits, or the result of an earlier operation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operand {
    Constant(u64),
    Node(u32),
}

/// One line of the book.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// The symbol with this number.
    Symbol(u32),
    Add(Operand, Operand),
    Sub(Operand, Operand),
    Mul(Operand, Operand),
    Div(Operand, Operand),
    Neg(Operand),
    Call(Function, Operand),
}

impl Node {
    /// The operations that this one needs.
    pub(crate) fn operands(self) -> impl Iterator<Item = u32> {
        let pair = match self {
            Node::Symbol(_) => [None, None],
            Node::Neg(a) | Node::Call(_, a) => [Some(a), None],
            Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) | Node::Div(a, b) => [Some(a), Some(b)],
        };
        pair.into_iter().flatten().filter_map(|operand| match operand {
            Operand::Node(node) => Some(node),
            Operand::Constant(_) => None,
        })
    }
}

/// A name with its indices, as in z₀₁.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Symbol {
    pub(crate) text: String,
    pub(crate) latex: String,
}

/// The relation that a comparison tested.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// ⌊left⌋ = right, and likewise for the other three ways to round.
    Floor,
    Ceil,
    Round,
    Trunc,
}

/// A comparison and its outcome: `left` `relation` `right`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Branch {
    pub(crate) left: Operand,
    pub(crate) relation: Relation,
    pub(crate) right: Operand,
}

#[derive(Default)]
pub(crate) struct Arena {
    pub(crate) nodes: Vec<Node>,
    pub(crate) values: Vec<f64>,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) branches: Vec<Branch>,
    seen: HashSet<Branch>,
    /// What a canonical form contains besides symbols.
    pub(crate) atoms: Atoms,
    places: HashMap<Node, u32>,
}

impl Arena {
    /// The place of `node`, which is written down if it is new; `None` once the book is full.
    pub(crate) fn place(&mut self, node: Node, value: f64) -> Option<u32> {
        if let Some(&place) = self.places.get(&node) {
            return Some(place);
        }
        let place = u32::try_from(self.nodes.len()).ok()?;
        self.nodes.push(node);
        self.values.push(value);
        self.places.insert(node, place);
        Some(place)
    }

    /// The operations that `outputs` need, themselves included, in the order of the book.
    pub(crate) fn needed(&self, outputs: impl IntoIterator<Item = u32>) -> Vec<u32> {
        let mut needed = vec![false; self.nodes.len()];
        outputs.into_iter().for_each(|node| needed[node as usize] = true);
        for node in (0..self.nodes.len()).rev().filter(|&node| self.nodes[node].operands().next().is_some()) {
            if needed[node] {
                self.nodes[node].operands().for_each(|operand| needed[operand as usize] = true);
            }
        }
        (0u32..).zip(needed).filter_map(|(node, needed)| needed.then_some(node)).collect()
    }

    /// The symbols that an operation needs.
    pub(super) fn symbols_of(&self, output: u32) -> Vec<u32> {
        self.needed_by(output).into_iter().filter_map(|node| self.symbol(node)).collect()
    }

    /// As [`needed`](Self::needed), for one number: without a look at the rest of the book.
    pub(super) fn needed_by(&self, output: u32) -> Vec<u32> {
        let (mut needed, mut waiting) = (Vec::new(), BTreeSet::from([output]));
        // The operands of an operation come before it.
        while let Some(node) = waiting.pop_last() {
            needed.push(node);
            waiting.extend(self.nodes[node as usize].operands());
        }
        needed.reverse();
        needed
    }

    /// The number of the symbol at this place, if one is there.
    pub(super) fn symbol(&self, node: u32) -> Option<u32> {
        match self.nodes.get(node as usize) {
            Some(Node::Symbol(number)) => Some(*number),
            _ => None,
        }
    }
}

thread_local! {
    /// The open sessions of this thread, by number.
    static ARENAS: RefCell<BTreeMap<u64, Arena>> = const { RefCell::new(BTreeMap::new()) };
}

/// Opens the book of a session, or closes it.
pub(crate) fn open(session: u64) {
    ARENAS.with_borrow_mut(|arenas| arenas.insert(session, Arena::default()));
}

pub(crate) fn close(session: u64) {
    // When a thread ends, its books may be gone before the session: then there is nothing to close.
    let _ = ARENAS.try_with(|arenas| arenas.borrow_mut().remove(&session));
}

/// `f` of the session's book, if this thread has it.
pub(crate) fn with_arena<R>(session: u64, f: impl FnOnce(&mut Arena) -> R) -> Option<R> {
    ARENAS.with_borrow_mut(|arenas| arenas.get_mut(&session).map(f))
}

/// The one session whose book has all these formulas, or `None` if all are constants.
///
/// # Errors
/// If a formula was not recorded, or the formulas come from two sessions.
pub(crate) fn common_session(formulas: impl IntoIterator<Item = Traced>) -> Result<Option<u64>, NoFormula> {
    let mut common = None;
    for formula in formulas {
        match formula.origin() {
            Origin::Constant => {}
            Origin::Recorded { session, .. } if common.is_none_or(|common| common == session) => common = Some(session),
            Origin::Recorded { .. } | Origin::Lost => return Err(NoFormula::NotRecorded),
        }
    }
    Ok(common)
}

/// The session whose book an operation belongs to: that of its operands, or the thread's newest if all are constants.
fn session_of(operands: &[Traced]) -> Option<u64> {
    let common = common_session(operands.iter().copied()).ok()?;
    common.or_else(|| ARENAS.with_borrow(|arenas| arenas.last_key_value().map(|(&session, _)| session)))
}

/// How an operation in x's book refers to x.
pub(crate) fn operand(x: Traced) -> Operand {
    match x.origin() {
        Origin::Recorded { node, .. } => Operand::Node(node),
        Origin::Constant | Origin::Lost => Operand::Constant(x.value().to_bits()),
    }
}

/// The result of an operation, written down.
pub(crate) fn unary(value: f64, a: Traced, node: impl FnOnce(Operand) -> Node) -> Traced {
    record(value, session_of(&[a]), || node(operand(a)))
}

/// The result of an operation, written down.
pub(crate) fn binary(value: f64, a: Traced, b: Traced, node: impl FnOnce(Operand, Operand) -> Node) -> Traced {
    record(value, session_of(&[a, b]), || node(operand(a), operand(b)))
}

fn record(value: f64, session: Option<u64>, node: impl FnOnce() -> Node) -> Traced {
    let place = session.and_then(|session| {
        let place = with_arena(session, |arena| arena.place(node(), value))??;
        Some(Traced::recorded(value, session, place))
    });
    place.unwrap_or_else(|| Traced::lost(value))
}

/// Writes down which way a comparison went.
pub(crate) fn decide(left: Traced, relation: Relation, right: Traced) {
    let tells_nothing = |x: Traced| x.as_constant().is_some_and(|x| !x.is_finite());
    let constants = left.as_constant().is_some() && right.as_constant().is_some();
    let branch = Branch { left: operand(left), relation, right: operand(right) };
    if constants || tells_nothing(left) || tells_nothing(right) || branch.left == branch.right {
        return;
    }
    if let Some(session) = session_of(&[left, right]) {
        with_arena(session, |arena| {
            if arena.seen.insert(branch) {
                arena.branches.push(branch);
            }
        });
    }
}
