//! The innermost loops: sums of products, held in registers. The crate's only `unsafe`.
//!
//! A core multiplies and adds a whole vector of numbers in one instruction (16 `f32` with AVX-512), and begins one or two
//! such instructions a cycle. It can do so only while the numbers are there. A product fetched from memory and added to a
//! sum in memory costs three accesses for one multiply-add; a cache serves two in a cycle. So a *block* of sums is kept
//! in registers while all of its terms go by: 4 vectors of rows by 6 columns. A term then fetches 4 vectors and 6
//! numbers, and makes 24 multiply-adds of them. 24 is also more than the 8 or so that must be under way at a time, since
//! each needs four cycles until its sum can be used again.
//!
//! There are two such loops, for the two ways in which a sum can lie in memory:
//!
//! * [`accumulate`]: `out[r, d] = Σₜ a[tₐ + r]·b[t_b + d]`. Neighbouring sums r lie beside each other, as their terms do: a
//!   vector holds as many sums.
//! * [`dots`]: `Σᵣ a[t + r]·b[d + r]`. The terms of one sum lie beside each other: a vector holds as many terms of it, and its
//!   lanes are added up at the very end ([`fold`]).
//!
//! Either is written once, over a [`Vector`] that knows to load, to multiply and add, and to store; [`on_this_machine`]
//! picks the longest vector that the processor has.
//!
//! What the passes over memory in [`elementwise`](super::elementwise) need of the machine stands at the end:
//! [`collected`] and [`changed`] fill memory that nobody has cleared, and [`vectorised`] does any work with long vectors.

#![allow(clippy::needless_range_loop)] // the indices of registers, as the equations have them

use super::{WORTH_A_THREAD, is_machine_float, memory};
use crate::Float;
use nalgebra::DMatrixViewMut;
use rayon::prelude::*;
use std::any::TypeId;
use std::mem::MaybeUninit;
use std::ops::Range;

/// A term of a sum: where its vector lies in `a`, and its number in `b`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tap {
    pub a: usize,
    pub b: usize,
}

/// What a sum begins with.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a, T> {
    /// With its first term.
    Nothing,
    /// With this number for all sums of column d.
    Bias(&'a [T]),
    /// With what stands in its place.
    Itself,
}

/// The longest vector of any processor has so many bytes, and a tile so many spare ones behind its end.
pub(crate) const VECTOR: usize = 64;

/// `out[r, d] ← start + Σₜ a[tₐ + r]·b[t_b + d·step]`, the terms in the order of `taps`.
///
/// `a` must reach [`VECTOR`] bytes beyond the last number that is asked for. Panics where it or `b` does not reach so far.
pub(crate) fn accumulate<T: Float>(
    mut out: DMatrixViewMut<'_, T>,
    start: Start<'_, T>,
    taps: &[Tap],
    a: &[T],
    b: &[T],
    step: usize,
) {
    let (rows, depth) = out.shape();
    if rows == 0 || depth == 0 {
        return;
    }
    if !is_machine_float::<T>() {
        for (d, mut column) in out.column_iter_mut().enumerate() {
            for (r, out) in column.iter_mut().enumerate() {
                let first = match start {
                    Start::Nothing => None,
                    Start::Bias(bias) => Some(bias[d]),
                    Start::Itself => Some(*out),
                };
                let terms = taps.iter().map(|tap| a[tap.a + r] * b[tap.b + d * step]);
                *out = first.into_iter().chain(terms).reduce(|sum, term| sum + term).unwrap_or_else(T::zero);
            }
        }
        return;
    }
    let farthest = taps.iter().fold(Tap { a: 0, b: 0 }, |far, tap| Tap { a: far.a.max(tap.a), b: far.b.max(tap.b) });
    assert!(farthest.a + rows.next_multiple_of(lanes::<T>()) <= a.len() || taps.is_empty());
    assert!(farthest.b + (depth - 1) * step < b.len() || taps.is_empty());
    if let Start::Bias(bias) = start {
        assert_eq!(bias.len(), depth);
    }
    let column = out.strides().1;
    let loops = Accumulate { out: out.as_mut_ptr(), column, rows, depth, start, taps, a, b, step };
    if is_same::<T, f32>() { on_this_machine(loops.over::<f32>()) } else { on_this_machine(loops.over::<f64>()) }
}

fn is_same<T: 'static, U: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<U>()
}

/// Numbers of the type T as those of the type U, which must be the same.
fn over<T: 'static, U: 'static>(numbers: &[T]) -> &[U] {
    assert!(is_same::<T, U>());
    // SAFETY: T is U.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

/// A number that the machine has vectors of.
trait Machine: Float {
    /// 64 bytes.
    #[cfg(target_arch = "x86_64")]
    type Avx512: Vector<Self>;
    /// 32 bytes.
    #[cfg(target_arch = "x86_64")]
    type Avx2: Vector<Self>;
    /// 16 bytes, on any machine.
    type Short: Vector<Self>;
}

impl Machine for f32 {
    #[cfg(target_arch = "x86_64")]
    type Avx512 = std::arch::x86_64::__m512;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = std::arch::x86_64::__m256;
    type Short = [f32; 4];
}

impl Machine for f64 {
    #[cfg(target_arch = "x86_64")]
    type Avx512 = std::arch::x86_64::__m512d;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = std::arch::x86_64::__m256d;
    type Short = [f64; 2];
}

/// A vector of numbers in a register.
trait Vector<T>: Copy {
    const LANES: usize;

    /// All lanes this number.
    ///
    /// # Safety
    /// The processor must have such vectors; so for all that follow.
    unsafe fn all(x: T) -> Self;

    /// # Safety
    /// `from` must point to LANES numbers.
    unsafe fn load(from: *const T) -> Self;

    /// # Safety
    /// `to` must point to LANES numbers that nobody else holds.
    unsafe fn store(self, to: *mut T);

    /// self·y + sum, lane by lane.
    ///
    /// # Safety
    /// See [`all`](Self::all).
    unsafe fn multiply_add(self, y: Self, sum: Self) -> Self;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Vector;
    use std::arch::x86_64::*;

    macro_rules! vector {
        ($vector:ident of $lanes:literal $t:ident, $all:ident, $load:ident, $store:ident, $multiply_add:ident) => {
            // SAFETY: each instruction asks for what the trait's function asks for.
            impl Vector<$t> for $vector {
                const LANES: usize = $lanes;
                #[inline(always)]
                unsafe fn all(x: $t) -> Self {
                    unsafe { $all(x) }
                }
                #[inline(always)]
                unsafe fn load(from: *const $t) -> Self {
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $t) {
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn multiply_add(self, y: Self, sum: Self) -> Self {
                    unsafe { $multiply_add(self, y, sum) }
                }
            }
        };
    }

    vector!(__m512 of 16 f32, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps);
    vector!(__m512d of 8 f64, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd);
    vector!(__m256 of 8 f32, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps);
    vector!(__m256d of 4 f64, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd);
}

/// On every other machine, an array that the compiler makes of it what it can.
impl<T: Float, const N: usize> Vector<T> for [T; N] {
    const LANES: usize = N;
    #[inline(always)]
    unsafe fn all(x: T) -> Self {
        [x; N]
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: as the caller says.
        unsafe { from.cast::<Self>().read() }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: as the caller says.
        unsafe { to.cast::<Self>().write(self) }
    }
    #[inline(always)]
    unsafe fn multiply_add(self, y: Self, mut sum: Self) -> Self {
        for l in 0..N {
            // Where no instruction does both, mul_add would be a slow function.
            sum[l] =
                if cfg!(target_arch = "aarch64") { self[l].mul_add(y[l], sum[l]) } else { sum[l] + self[l] * y[l] };
        }
        sum
    }
}

/// A loop over vectors of any kind.
trait Loop<T> {
    /// With blocks of M vectors of rows, or of G taps: as many as there are registers for.
    ///
    /// # Safety
    /// The processor must have the vectors V, and the loop's fields must be as the function that made it has checked them.
    unsafe fn run<V: Vector<T>, const M: usize, const G: usize>(self);
}

/// Runs a loop with the longest vectors that this processor has.
fn on_this_machine<T: Machine>(work: impl Loop<T>) {
    // SAFETY: each version runs where the processor has just been seen to have its instructions; and `work` comes from the
    // two functions of this file that check its fields.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return with_avx512::<T>(work);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return with_avx2::<T>(work);
            }
        }
        // aarch64 always has 32 registers for vectors of 16 bytes, x86-64 always 16.
        if cfg!(target_arch = "aarch64") { work.run::<T::Short, 4, 4>() } else { work.run::<T::Short, 2, 2>() }
    }
}

/// 32 registers of 64 bytes.
///
/// # Safety
/// The processor must have AVX-512, and `work` what [`Loop::run`] asks for.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn with_avx512<T: Machine>(work: impl Loop<T>) {
    // SAFETY: as the caller says.
    unsafe { work.run::<T::Avx512, 4, 6>() }
}

/// 16 registers of 32 bytes.
///
/// # Safety
/// The processor must have AVX2 and FMA, and `work` what [`Loop::run`] asks for.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_avx2<T: Machine>(work: impl Loop<T>) {
    // SAFETY: as the caller says.
    unsafe { work.run::<T::Avx2, 2, 2>() }
}

struct Accumulate<'a, T> {
    out: *mut T,
    /// From one column of `out` to the next.
    column: usize,
    rows: usize,
    depth: usize,
    start: Start<'a, T>,
    taps: &'a [Tap],
    a: &'a [T],
    b: &'a [T],
    step: usize,
}

impl<'a, T: Float> Accumulate<'a, T> {
    /// The same over U, which must be T.
    fn over<U: Float>(self) -> Accumulate<'a, U> {
        let Accumulate { out, column, rows, depth, start, taps, a, b, step } = self;
        let start = match start {
            Start::Nothing => Start::Nothing,
            Start::Bias(bias) => Start::Bias(over(bias)),
            Start::Itself => Start::Itself,
        };
        Accumulate { out: out.cast(), column, rows, depth, start, taps, a: over(a), b: over(b), step }
    }
}

impl<T: Float> Loop<T> for Accumulate<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>, const M: usize, const G: usize>(self) {
        let whole = self.rows - self.rows % (M * V::LANES);
        // Of the rows that are left, fewer vectors at a time by more columns.
        let pairs = if M > 2 { self.rows - (self.rows - whole) % (2 * V::LANES) } else { whole };
        // SAFETY: as the caller says.
        unsafe {
            self.strip::<V, M, 6, 4>(0..whole);
            self.strip::<V, 2, 6, 4>(whole..pairs);
            self.strip::<V, 1, 12, 6>(pairs..self.rows);
        }
    }
}

impl<T: Float> Accumulate<'_, T> {
    /// These rows of all columns, in panels of MANY or SOME columns, or of 2 or 1.
    ///
    /// # Safety
    /// That of [`Loop::run`], and rows in whole blocks of M vectors or, for M = 1, the last ones.
    #[inline(always)]
    unsafe fn strip<V: Vector<T>, const M: usize, const MANY: usize, const SOME: usize>(&self, rows: Range<usize>) {
        let mut d = 0;
        while !rows.is_empty() && d < self.depth {
            // The numbers of a panel of columns stay in the nearest cache while all rows go by.
            let (rows, left) = (rows.clone(), self.depth - d);
            // SAFETY: a panel ends at `depth` or before, and otherwise as the caller says.
            d += unsafe {
                if left >= MANY {
                    self.panel::<V, M, MANY>(rows, d)
                } else if left >= SOME {
                    self.panel::<V, M, SOME>(rows, d)
                } else if left >= 2 {
                    self.panel::<V, M, 2>(rows, d)
                } else {
                    self.panel::<V, M, 1>(rows, d)
                }
            };
        }
    }

    /// These rows of the D columns from `d` on; returns D.
    ///
    /// # Safety
    /// That of [`Loop::run`], with d + D ≤ depth, and rows in whole blocks or, for M = 1, the last ones.
    #[inline(always)]
    unsafe fn panel<V: Vector<T>, const M: usize, const D: usize>(&self, rows: Range<usize>, d: usize) -> usize {
        for row in rows.step_by(M * V::LANES) {
            // SAFETY: M vectors of rows are there, or else it is said how many rows of one vector are.
            unsafe { self.block::<V, M, D>(row, d, V::LANES.min(self.rows - row)) };
        }
        D
    }

    /// The sums of M vectors of rows from `row` on and of the D columns from `d` on. Of the last vector, `count` rows are
    /// there.
    ///
    /// # Safety
    /// That of [`Loop::run`], with row + (M − 1)·LANES + count ≤ rows and d + D ≤ depth.
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const M: usize, const D: usize>(&self, row: usize, d: usize, count: usize) {
        let (a, b) = (self.a.as_ptr(), self.b.as_ptr());
        // SAFETY: `count` rows of a column lie from `place` on, and LANES do if count is LANES; nobody else holds them.
        // `accumulate` has checked that `a` reaches beyond tap.a + row + M·LANES, and b beyond tap.b + (depth − 1)·step.
        unsafe {
            let place = |j: usize, m: usize| self.out.add(row + m * V::LANES + (d + j) * self.column);
            let mut sums = [[V::all(T::zero()); M]; D];
            for j in 0..D {
                for m in 0..M {
                    sums[j][m] = match self.start {
                        Start::Nothing => V::all(T::zero()),
                        Start::Bias(bias) => V::all(*bias.as_ptr().add(d + j)),
                        Start::Itself if count == V::LANES => V::load(place(j, m)),
                        Start::Itself => load_part(place(j, m), count),
                    };
                }
            }
            for tap in self.taps {
                let mut x = [V::all(T::zero()); M];
                for m in 0..M {
                    x[m] = V::load(a.add(tap.a + row + m * V::LANES));
                }
                for j in 0..D {
                    let y = V::all(*b.add(tap.b + (d + j) * self.step));
                    for m in 0..M {
                        sums[j][m] = x[m].multiply_add(y, sums[j][m]);
                    }
                }
            }
            for j in 0..D {
                for m in 0..M {
                    if count == V::LANES {
                        sums[j][m].store(place(j, m));
                    } else {
                        let mut part = [T::zero(); VECTOR / 4];
                        sums[j][m].store(part.as_mut_ptr());
                        place(j, m).copy_from_nonoverlapping(part.as_ptr(), count);
                    }
                }
            }
        }
    }
}

/// How many numbers are kept for one sum of [`dots`]: a lane of a vector each.
pub(crate) const fn lanes<T>() -> usize {
    VECTOR / size_of::<T>()
}

/// Which numbers [`dots`] multiplies: for tap t and run (x, y), those of `a` from taps\[t\] + x on with those of a column of
/// `b` from y on, `len` of them.
#[derive(Clone, Copy)]
pub(crate) struct Runs<'a> {
    pub taps: &'a [usize],
    pub starts: &'a [(usize, usize)],
    pub len: usize,
}

/// `sum[t, d] += Σ a[taps[t] + x + r]·b[d·step + y + r]`, over all runs (x, y) and r < len, each sum kept in [`lanes`]
/// parts: those of sum (t, d) stand from lanes·(d + depth·t) on.
///
/// For `f32` and `f64` alone. Panics where `a`, `b` or `sums` is too short.
pub(crate) fn dots<T: Float>(sums: &mut [T], depth: usize, runs: Runs<'_>, a: &[T], b: &[T], step: usize) {
    assert!(is_machine_float::<T>());
    let Runs { taps, starts, len } = runs;
    if depth == 0 || taps.is_empty() || starts.is_empty() {
        return;
    }
    assert_eq!(sums.len(), taps.len() * depth * lanes::<T>());
    let (x, y) = starts.iter().fold((0, 0), |far, start| (far.0.max(start.0), far.1.max(start.1)));
    let tap = taps.iter().copied().max().unwrap_or(0);
    assert!(tap + x + len <= a.len() && (depth - 1) * step + y + len <= b.len());
    let loops = Dots { sums: sums.as_mut_ptr(), depth, runs, a, b, step };
    if is_same::<T, f32>() { on_this_machine(loops.over::<f32>()) } else { on_this_machine(loops.over::<f64>()) }
}

struct Dots<'a, T> {
    sums: *mut T,
    depth: usize,
    runs: Runs<'a>,
    a: &'a [T],
    b: &'a [T],
    step: usize,
}

impl<'a, T: Float> Dots<'a, T> {
    /// The same over U, which must be T.
    fn over<U: Float>(self) -> Dots<'a, U> {
        let Dots { sums, depth, runs, a, b, step } = self;
        Dots { sums: sums.cast(), depth, runs, a: over(a), b: over(b), step }
    }
}

impl<T: Float> Loop<T> for Dots<'_, T> {
    #[inline(always)]
    unsafe fn run<V: Vector<T>, const M: usize, const G: usize>(self) {
        let mut d = 0;
        while d < self.depth {
            // SAFETY: a panel ends at `depth` or before, and otherwise as the caller says.
            d += unsafe {
                match self.depth - d {
                    4.. => self.panel::<V, G, 4>(d),
                    2.. => self.panel::<V, G, 2>(d),
                    _ => self.panel::<V, G, 1>(d),
                }
            };
        }
    }
}

impl<T: Float> Dots<'_, T> {
    /// All taps with the D columns from `d` on; returns D.
    ///
    /// # Safety
    /// That of [`Loop::run`], and d + D ≤ depth.
    #[inline(always)]
    unsafe fn panel<V: Vector<T>, const G: usize, const D: usize>(&self, d: usize) -> usize {
        let mut tap = 0;
        // SAFETY: the taps that a block takes are there.
        unsafe {
            while tap + G <= self.runs.taps.len() {
                self.block::<V, G, D>(tap, d);
                tap += G;
            }
            while tap < self.runs.taps.len() {
                self.block::<V, 1, D>(tap, d);
                tap += 1;
            }
        }
        D
    }

    /// The sums of the G taps from `tap` on and the D columns from `d` on.
    ///
    /// # Safety
    /// That of [`Loop::run`], with tap + G ≤ taps.len() and d + D ≤ depth.
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const G: usize, const D: usize>(&self, tap: usize, d: usize) {
        let Runs { taps, starts, len } = self.runs;
        let whole = len - len % V::LANES;
        // SAFETY: `dots` has checked that there is a place for the lanes of every sum, which only this block uses, and
        // that a and b reach beyond the last number of every run.
        unsafe {
            let place = |g: usize, j: usize| self.sums.add(lanes::<T>() * (d + j + self.depth * (tap + g)));
            let mut sums = [[V::all(T::zero()); D]; G];
            for g in 0..G {
                for j in 0..D {
                    sums[g][j] = V::load(place(g, j));
                }
            }
            for &(x, y) in starts {
                let a = self.a.as_ptr().add(x);
                let b = self.b.as_ptr().add(y + d * self.step);
                let mut r = 0;
                while r < whole {
                    let mut y = [V::all(T::zero()); D];
                    for j in 0..D {
                        y[j] = V::load(b.add(r + j * self.step));
                    }
                    for g in 0..G {
                        let x = V::load(a.add(r + taps[tap + g]));
                        for j in 0..D {
                            sums[g][j] = x.multiply_add(y[j], sums[g][j]);
                        }
                    }
                    r += V::LANES;
                }
                if whole < len {
                    let mut y = [V::all(T::zero()); D];
                    for j in 0..D {
                        y[j] = load_part(b.add(whole + j * self.step), len - whole);
                    }
                    for g in 0..G {
                        let x: V = load_part(a.add(whole + taps[tap + g]), len - whole);
                        for j in 0..D {
                            sums[g][j] = x.multiply_add(y[j], sums[g][j]);
                        }
                    }
                }
            }
            for g in 0..G {
                for j in 0..D {
                    sums[g][j].store(place(g, j));
                }
            }
        }
    }
}

/// `count` numbers, and zeros in the lanes behind them.
///
/// # Safety
/// `from` must point to `count` numbers, fewer than V has lanes, and the processor have such vectors.
#[inline(always)]
unsafe fn load_part<T: Float, V: Vector<T>>(from: *const T, count: usize) -> V {
    let mut part = [T::zero(); VECTOR / 4];
    // SAFETY: as the caller says.
    unsafe {
        from.copy_to_nonoverlapping(part.as_mut_ptr(), count);
        V::load(part.as_ptr())
    }
}

/// The sum of the lanes that [`dots`] kept of one sum: halves are added until one number is left.
pub(crate) fn fold<T: Float>(sum: &[T]) -> T {
    let mut parts = [T::zero(); VECTOR / 4];
    parts[..sum.len()].copy_from_slice(sum);
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            parts[l] += parts[l + half];
        }
    }
    parts[0]
}

/// `len` numbers: `numbers(range)` gives those of a range, `chunk` of them at a time. Panics if it gives too few.
pub(crate) fn collected<T: Float, I: Iterator<Item = T>>(
    len: usize,
    chunk: usize,
    numbers: impl Fn(Range<usize>) -> I + Send + Sync,
) -> Vec<T> {
    let write = |first: usize, out: &mut [MaybeUninit<T>]| {
        let numbers = numbers(first..first + out.len());
        vectorised(Write { out, numbers });
    };
    // SAFETY: `write` returns when it has counted that all are written.
    unsafe { written(len, chunk, write) }
}

struct Write<'a, T, I> {
    out: &'a mut [MaybeUninit<T>],
    numbers: I,
}

impl<T, I: Iterator<Item = T>> Work for Write<'_, T, I> {
    type Result = ();

    /// Panics if the numbers are too few.
    #[inline(always)]
    fn run(self) {
        let len = self.out.len();
        let written = self.out.iter_mut().zip(self.numbers).map(|(out, x)| out.write(x)).count();
        assert_eq!(written, len);
    }
}

/// `len` numbers, zeros at first, which `f(index, chunk)` changes, `chunk` by chunk.
pub(crate) fn changed<T: Float>(len: usize, chunk: usize, f: impl Fn(usize, &mut [T]) + Send + Sync) -> Vec<T> {
    if len == 0 {
        return Vec::new();
    }
    let write = |first: usize, out: &mut [MaybeUninit<T>]| {
        out.iter_mut().for_each(|out| {
            out.write(T::zero());
        });
        // SAFETY: every number has just been written, and MaybeUninit<T> lies in memory as T does.
        let out = unsafe { &mut *(std::ptr::from_mut(out) as *mut [T]) };
        f(first / chunk, out);
    };
    // SAFETY: every number is written before `f` sees them.
    unsafe { written(len, chunk, write) }
}

/// The numbers that `write(first, out)` writes, `out` being those from `first` on, `chunk` of them at a time.
///
/// # Safety
/// `write` must have written every number of `out` when it returns.
unsafe fn written<T: Float>(
    len: usize,
    chunk: usize,
    write: impl Fn(usize, &mut [MaybeUninit<T>]) + Send + Sync,
) -> Vec<T> {
    let mut all = memory::room(len);
    let out = &mut all.spare_capacity_mut()[..len];
    if is_machine_float::<T>() && len >= WORTH_A_THREAD {
        out.par_chunks_mut(chunk).enumerate().for_each(|(i, out)| write(i * chunk, out));
    } else {
        out.chunks_mut(chunk).enumerate().for_each(|(i, out)| write(i * chunk, out));
    }
    // SAFETY: there is room for them, and the caller says that all are written.
    unsafe { all.set_len(len) };
    all
}

/// A work that is compiled once for each kind of processor.
///
/// Its `run`, and every function that `run` leaves its loops to, is marked `#[inline(always)]`: what is not inlined is
/// compiled for all processors alike, with short vectors. So a closure, which cannot be marked, would not do.
pub(crate) trait Work {
    type Result;

    fn run(self) -> Self::Result;
}

/// Runs `work` with the longest vectors that the processor has.
pub(crate) fn vectorised<W: Work>(work: W) -> W::Result {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512dq,avx512vl")]
        fn with_avx512<W: Work>(work: W) -> W::Result {
            work.run()
        }
        #[target_feature(enable = "avx2")]
        fn with_avx2<W: Work>(work: W) -> W::Result {
            work.run()
        }
        if is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512dq") {
            // SAFETY: the processor has such instructions.
            return unsafe { with_avx512(work) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has such instructions.
            return unsafe { with_avx2(work) };
        }
    }
    work.run()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    /// Small integers, on which nothing is rounded.
    fn numbers<T: Float>(len: usize) -> Vec<T> {
        (0..len).map(|i| T::from(i * 7 % 11).unwrap() - T::from(5).unwrap()).collect()
    }

    /// Whether the loops give the sums that the equation gives, for `run`, which runs them on some kind of vectors.
    ///
    /// `a`, `b` and `out` end where [`accumulate`] lets them end: who watches the memory sees every access beyond.
    fn accumulates<T: Float>(rows: usize, depth: usize, terms: usize, run: impl Fn(Accumulate<'_, T>)) {
        let taps: Vec<Tap> = (0..terms).map(|t| Tap { a: 3 * t, b: 5 * t }).collect();
        let a = taps.last().map_or(0, |tap| tap.a + rows.next_multiple_of(lanes::<T>()));
        let b = taps.last().map_or(0, |tap| tap.b + 2 * (depth - 1) + 1);
        let (a, b, column, bias) = (numbers::<T>(a), numbers::<T>(b), rows + 2, numbers::<T>(depth));
        for start in [Start::Nothing, Start::Bias(&bias), Start::Itself] {
            let before = numbers::<T>(column * (depth - 1) + rows);
            let mut out = before.clone();
            let (taps, a, b) = (&taps[..], &a[..], &b[..]);
            run(Accumulate { out: out.as_mut_ptr(), column, rows, depth, start, taps, a, b, step: 2 });
            for (at, (&out, &before)) in out.iter().zip(&before).enumerate() {
                let (r, d) = (at % column, at / column);
                let first = match start {
                    _ if r >= rows => before, // not ours: it stays what it was
                    Start::Nothing => T::zero(),
                    Start::Bias(bias) => bias[d],
                    Start::Itself => before,
                };
                let taps = if r < rows { taps } else { &[] };
                let expected = taps.iter().fold(first, |sum, tap| sum + a[tap.a + r] * b[tap.b + 2 * d]);
                assert!(out == expected, "{rows} rows, {depth} columns, {terms} terms: sum ({r}, {d})");
            }
        }
    }

    /// The same for [`dots`].
    fn dots_are_right<T: Float>(taps: usize, depth: usize, len: usize, run: impl Fn(Dots<'_, T>)) {
        let (starts, taps) = ([(0, 0), (len + 1, len + 2)], (0..taps).map(|t| 2 * t).collect::<Vec<_>>());
        let step = 2 * len + 3;
        let a = taps[taps.len() - 1] + (len + 1) + len;
        let b = step * (depth - 1) + (len + 2) + len;
        let (a, b) = (numbers::<T>(a), numbers::<T>(b));
        let mut sums = vec![T::zero(); taps.len() * depth * lanes::<T>()];
        let runs = Runs { taps: &taps, starts: &starts, len };
        run(Dots { sums: sums.as_mut_ptr(), depth, runs, a: &a, b: &b, step });
        for (at, sum) in sums.chunks(lanes::<T>()).enumerate() {
            let (t, d) = (at / depth, at % depth);
            let terms = starts.iter().flat_map(|&(x, y)| (0..len).map(move |r| (x + r, y + r)));
            let expected = terms.fold(T::zero(), |sum, (x, y)| sum + a[taps[t] + x] * b[step * d + y]);
            assert!(fold(sum) == expected, "{len} numbers: sum ({t}, {d})");
        }
    }

    #[test]
    fn blocks_leave_no_seam_on_this_machine() {
        for (rows, depth, terms) in
            [(1, 1, 1), (16, 6, 3), (17, 13, 2), (64, 12, 4), (100, 7, 5), (130, 23, 1), (9, 2, 0)]
        {
            accumulates::<f32>(rows, depth, terms, |loops| on_this_machine(loops));
            accumulates::<f64>(rows, depth, terms, |loops| on_this_machine(loops));
        }
        for (taps, depth, len) in [(1, 1, 1), (6, 4, 16), (7, 7, 37), (25, 6, 15)] {
            dots_are_right::<f32>(taps, depth, len, |loops| on_this_machine(loops));
            dots_are_right::<f64>(taps, depth, len, |loops| on_this_machine(loops));
        }
    }

    /// The blocks of a machine with long vectors and many registers, also where there are none.
    #[test]
    fn blocks_of_long_vectors_leave_no_seam() {
        for (rows, depth, terms) in [(1, 1, 1), (65, 7, 2), (82, 19, 3)] {
            // SAFETY: arrays are vectors of every machine, and the fields are as `accumulate` would have them.
            accumulates::<f32>(rows, depth, terms, |loops| unsafe { loops.run::<[f32; 16], 4, 6>() });
        }
        for (taps, depth, len) in [(7, 5, 33), (13, 2, 16)] {
            // SAFETY: the same, as `dots` would have them.
            dots_are_right::<f64>(taps, depth, len, |loops| unsafe { loops.run::<[f64; 8], 4, 6>() });
        }
    }

    #[test]
    fn memory_that_nobody_cleared_is_filled_to_the_last_number() {
        // Miri takes seconds for each of more than a thousand chunks: there a few long ones, and a short one at the end.
        let chunk = if cfg!(miri) { WORTH_A_THREAD / 4 } else { 50 };
        for (len, chunk) in [(0, 50), (1, 50), (7, 50), (63, 50), (WORTH_A_THREAD + 7, chunk)] {
            let squares: Vec<f64> = collected(len, chunk, |range| range.map(|i| (i * i) as f64));
            assert_eq!(squares, (0..len).map(|i| (i * i) as f64).collect::<Vec<_>>());
            let chunks: Vec<f32> = changed(len, chunk, |index, chunk| chunk[0] = index as f32);
            let expected = |i| if i % chunk == 0 { (i / chunk) as f32 } else { 0.0 };
            assert_eq!(chunks, (0..len).map(expected).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic]
    fn too_few_numbers_are_refused() {
        collected::<f64, _>(8, 4, |range| range.skip(1).map(|i| i as f64));
    }

    #[test]
    #[should_panic]
    fn a_tap_beyond_the_end_is_refused() {
        let (a, b) = (numbers::<f32>(40), numbers::<f32>(4));
        let mut out = DMatrix::zeros(20, 1);
        accumulate(out.as_view_mut(), Start::Nothing, &[Tap { a: 9, b: 0 }], &a, &b, 1);
    }
}
