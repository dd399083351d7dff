//! The hot loops: matrix product and convolution, in blocks.
//!
//! Every scalar type runs through the same functions. Two things depend on the type: only `f32` and `f64` use the
//! processor's vector instructions, and only they are spread over threads. A sum is cut into parts by shape, never by
//! the number of threads, so a result has the same bits on any number of threads.

#[allow(unsafe_code)] // and nowhere else
pub(crate) mod block;
pub(crate) mod correlate;
pub mod cuts;
pub(crate) mod elementwise;
pub(crate) mod exponential;
pub(crate) mod memory;
pub(crate) mod pooling;
pub(crate) mod product;
mod tile;

pub(crate) use elementwise::mean_of;
pub use product::matmul;
pub(crate) use tile::Geometry;

use crate::Float;
use crate::float::Count;
use block::Tap;
use cuts::cuts;
use nalgebra::{DMatrix, DMatrixViewMut, DVector};
use rayon::prelude::*;
use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::num::NonZero;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tile::Tile;

/// Whether `T` takes the fast paths: a machine float, which keeps no record.
pub(crate) fn is_machine_float<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<f32>() || TypeId::of::<T>() == TypeId::of::<f64>()
}

/// Whether `T` has the size of a machine float.
pub(crate) const fn has_machine_size<T>() -> bool {
    matches!(size_of::<T>(), 4 | 8)
}

/// [`is_machine_float`], in front of a fast path. The compiler drops a branch that a constant rules out, so
/// for numbers of another size, and there are many, it leaves the fast path out.
macro_rules! machine_float {
    ($number:ty) => {
        (const { $crate::kernels::has_machine_size::<$number>() } && $crate::kernels::is_machine_float::<$number>())
    };
}
pub(crate) use machine_float;

/// Below this many elements or products, waking another thread costs more than it gains.
pub(crate) const WORTH_A_THREAD: usize = 1 << 15;

/// Calls `f(index, chunk)` for every `chunk` of `size` places of `out`, each for a `T`, on all threads if that is
/// faster.
pub(crate) fn for_each_chunk<T: Float, P: Send>(
    out: &mut [P],
    size: usize,
    f: &(dyn Fn(usize, &mut [P]) + Send + Sync),
) {
    if size == 0 {
        return;
    }
    if machine_float!(T) && out.len() >= cuts().thread {
        out.par_chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    } else {
        out.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    }
}

/// `f(k)` for every k below `count`, which together read `numbers` numbers of `T`, on all threads if that is faster.
pub(crate) fn for_each_part<T: Float, R: Send>(
    count: usize,
    numbers: usize,
    f: impl Fn(usize) -> R + Send + Sync,
) -> Vec<R> {
    if machine_float!(T) && numbers >= cuts().thread {
        (0..count).into_par_iter().map(f).collect()
    } else {
        (0..count).map(f).collect()
    }
}

/// Runs `work`, which takes `numbers` of them, on a thread of the pool, while other threads spin until parts of it arrive.
///
/// A thread without work falls asleep within a few microseconds and needs as long to wake up; a training step cuts its
/// work into parts some fifty times. And a thread outside the pool sleeps through every part that it hands over. So a
/// training, or a single step, goes to the pool once, as a whole, and until it ends the others stay awake: as many as
/// there are cores for, however many threads the pool has.
pub(crate) fn wide_awake<T: Float, R: Send>(numbers: usize, work: impl FnOnce() -> R + Send) -> R {
    if !machine_float!(T) || numbers < WORTH_A_THREAD || AWAKE.get() {
        return work();
    }
    let spinners = Spinners::reserve(rayon::current_num_threads() - 1, *CORES - 1);
    if spinners.0 == 0 {
        return work();
    }
    let done = AtomicBool::new(false);
    let work = || {
        AWAKE.set(true);
        let _over = Over(&done);
        work()
    };
    with_watchers(spinners.0, &done, work)
}

/// The cores that this process may use.
static CORES: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get));

/// How many threads of this process spin: of several pools together no more than there are cores for.
static SPINNING: AtomicUsize = AtomicUsize::new(0);

/// The number of threads that may spin until this is dropped.
struct Spinners(usize);

impl Spinners {
    /// As many as are wanted, or as few as there is room for.
    fn reserve(wanted: usize, most: usize) -> Self {
        let free = |spinning: usize| wanted.min(most.saturating_sub(spinning));
        let reserve = |spinning| Some(spinning + free(spinning));
        // The closure never refuses; both arms hold how many were spinning before.
        let (Ok(before) | Err(before)) = SPINNING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve);
        Spinners(free(before))
    }
}

impl Drop for Spinners {
    fn drop(&mut self) {
        SPINNING.fetch_sub(self.0, Ordering::Relaxed);
    }
}

thread_local! {
    /// Whether this thread does work for which the others stay awake.
    static AWAKE: Cell<bool> = const { Cell::new(false) };
}

/// Releases the watchers when the work is over, even if it panics.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        AWAKE.set(false);
        self.0.store(true, Ordering::Release);
    }
}

/// Runs `work` with this many watchers beside it. An idle thread picks up a watcher first, because it was queued first;
/// a watcher that no thread picks up runs when everything is over, and has nothing to do.
fn with_watchers<R: Send>(watchers: usize, done: &AtomicBool, work: impl FnOnce() -> R + Send) -> R {
    fn all(watchers: usize, done: &AtomicBool, work: &mut (dyn FnMut() + Send)) {
        match watchers {
            0 => work(),
            _ => drop(rayon::join(|| all(watchers - 1, done, work), || watch(done))),
        }
    }
    let (mut work, mut result) = (Some(work), None);
    all(watchers, done, &mut || result = work.take().map(|work| work()));
    match result {
        Some(result) => result,
        None => unreachable!("`all` calls its work once"),
    }
}

/// Does the available parts of the work until all is done.
fn watch(done: &AtomicBool) {
    let mut idle = 0_u32;
    while !done.load(Ordering::Acquire) {
        match rayon::yield_now() {
            Some(rayon::Yield::Executed) => idle = 0,
            _ => idle += 1,
        }
        // On a machine with fewer cores than threads, another thread has the work.
        if idle % 1024 == 1023 { std::thread::yield_now() } else { std::hint::spin_loop() }
    }
}

/// How a matrix may be cut.
#[derive(Clone, Copy)]
struct Cut {
    /// Between so many rows …
    rows: usize,
    /// … or columns.
    columns: usize,
    /// Parts for each thread. With several, a thread that starts late takes fewer of them; with one, the least is gathered
    /// twice.
    parts: usize,
}

/// What is done to a part of a matrix: `work(part, (its first row, its first column))`.
type OfPart<'a, T> = dyn Fn(DMatrixViewMut<'_, T>, (usize, usize)) + Sync + 'a;

/// Calls `work(part, (its first row, its first column))` for the parts of `out`, on all threads. Each number of `out` is a
/// sum of this many `terms`; no sum is cut.
fn in_parts<T: Float>(out: DMatrixViewMut<'_, T>, first: (usize, usize), cut: Cut, terms: usize, work: &OfPart<'_, T>) {
    let threads = rayon::current_num_threads();
    if machine_float!(T) && threads > 1 {
        let size = (out.len() / (cut.parts * threads)).max(cuts().part / terms.max(1)).max(1);
        halves(out, first, cut, size, work);
    } else {
        work(out, first);
    }
}

fn halves<T: Float>(
    mut out: DMatrixViewMut<'_, T>,
    first: (usize, usize),
    cut: Cut,
    size: usize,
    work: &OfPart<'_, T>,
) {
    let (rows, columns) = out.shape();
    let (upper, left) = (rows.div_ceil(cut.rows) / 2 * cut.rows, columns.div_ceil(cut.columns) / 2 * cut.columns);
    if rows * columns <= size || upper + left == 0 {
        return work(out, first);
    }
    let (one, other, next) = if upper > 0 {
        let (one, other) = out.rows_range_pair_mut(..upper, upper..);
        (one, other, (first.0 + upper, first.1))
    } else {
        let (one, other) = out.columns_range_pair_mut(..left, left..);
        (one, other, (first.0, first.1 + left))
    };
    rayon::join(|| halves(one, first, cut, size, work), || halves(other, next, cut, size, work));
}

/// Buffers that a thread needs for a block and keeps for the next one.
struct Space<T> {
    tile: Tile<T>,
    turned: Vec<T>,
    taps: Vec<Tap>,
    rows: Vec<usize>,
    offsets: Vec<usize>,
    runs: Vec<(usize, usize)>,
}

thread_local! {
    static SPACES: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with the buffers of this thread.
fn with_space<T: Float, R>(work: impl FnOnce(&mut Space<T>) -> R) -> R {
    let kept = SPACES.with_borrow_mut(|spaces| {
        let at = spaces.iter().position(|space| space.is::<Space<T>>())?;
        spaces.swap_remove(at).downcast().ok()
    });
    let new = || Space { tile: Tile::new(), turned: vec![], taps: vec![], rows: vec![], offsets: vec![], runs: vec![] };
    let mut space = kept.unwrap_or_else(|| Box::new(new()));
    let result = work(&mut space);
    SPACES.with_borrow_mut(|spaces| spaces.push(space));
    result
}

/// Σ / n of every column.
pub(crate) fn column_means<T: Float>(m: &DMatrix<T>, n: Count<T>) -> DVector<T> {
    let mut means = memory::room(m.ncols());
    means.extend(m.column_iter().map(|column| mean_of(column.as_slice(), n)));
    DVector::from_vec(means)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four pools of 16 threads at once: their spinning threads together are fewer than the cores.
    #[test]
    fn no_more_threads_spin_than_there_are_cores() {
        let busy = || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(16).build().unwrap();
            pool.install(|| {
                for _ in 0..100 {
                    wide_awake::<f32, _>(WORTH_A_THREAD, || assert!(SPINNING.load(Ordering::Relaxed) < *CORES));
                }
            });
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(busy))));
    }
}
