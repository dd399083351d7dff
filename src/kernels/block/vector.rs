//! Vectors of numbers: the kinds that processors have, and code that is compiled once for each kind.
//!
//! [`cuts`] limits the length of the vectors, so that a test can run every kind that its processor has.

use super::super::cuts::{Vectors, cuts};
use super::super::has_machine_size;
use crate::Float;
use std::any::TypeId;

/// Bytes of the longest vector of any processor.
pub(crate) const VECTOR: usize = 64;

/// How many numbers the longest vector holds.
pub(crate) const fn lanes<T>() -> usize {
    VECTOR / size_of::<T>()
}

pub(super) fn is_same<T: 'static, U: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<U>()
}

/// Numbers of the type T as those of the type U, which must be the same.
pub(super) fn over<T: 'static, U: 'static>(numbers: &[T]) -> &[U] {
    assert!(is_same::<T, U>());
    // SAFETY: T is U.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

/// A number that the machine has vectors of.
pub(super) trait Machine: Float {
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
pub(super) trait Vector<T>: Copy {
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

    /// self + y, lane by lane.
    ///
    /// # Safety
    /// See [`all`](Self::all).
    unsafe fn add(self, y: Self) -> Self;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Vector;
    use std::arch::x86_64::*;

    macro_rules! vector {
        ($vector:ident of $lanes:literal $t:ident, $all:ident, $load:ident, $store:ident, $multiply_add:ident, $add:ident) => {
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
                #[inline(always)]
                unsafe fn add(self, y: Self) -> Self {
                    unsafe { $add(self, y) }
                }
            }
        };
    }

    vector!(__m512 of 16 f32, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps, _mm512_add_ps);
    vector!(__m512d of 8 f64, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd, _mm512_add_pd);
    vector!(__m256 of 8 f32, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps, _mm256_add_ps);
    vector!(__m256d of 4 f64, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd, _mm256_add_pd);
}

/// On every other machine: an array, which the compiler turns into what vectors there are.
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
    #[inline(always)]
    unsafe fn add(self, mut y: Self) -> Self {
        for l in 0..N {
            y[l] += self[l];
        }
        y
    }
}

/// A loop over vectors of any kind.
pub(super) trait Loop<T> {
    /// With blocks of M vectors of rows, or of G taps: as many as there are registers for.
    ///
    /// # Safety
    /// The processor must have the vectors V, and the loop's fields must be as the function that made it has checked them.
    unsafe fn run<V: Vector<T>, const M: usize, const G: usize>(self);
}

/// Runs a loop with the longest vectors that the processor has and [`cuts`] allows.
///
/// # Safety
/// The loop's fields must be as [`Loop::run`] asks.
pub(super) unsafe fn run<T: Machine>(work: impl Loop<T>) {
    let longest = cuts().vectors;
    // SAFETY: each version runs where the processor has just been seen to have its instructions, and otherwise as the
    // caller says.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        {
            if longest >= Vectors::Avx512 && is_x86_feature_detected!("avx512f") {
                return with_avx512::<T>(work);
            }
            if longest >= Vectors::Avx2 && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
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

/// `count` numbers, and zeros in the lanes behind them.
///
/// # Safety
/// `from` must point to `count` numbers, fewer than V has lanes, and the processor have such vectors.
#[inline(always)]
pub(super) unsafe fn load_part<T: Float, V: Vector<T>>(from: *const T, count: usize) -> V {
    let mut part = [T::zero(); VECTOR / 4];
    // SAFETY: as the caller says.
    unsafe {
        from.copy_to_nonoverlapping(part.as_mut_ptr(), count);
        V::load(part.as_ptr())
    }
}

/// A work that is compiled once for each kind of processor.
///
/// Its `run`, and every function that `run` leaves its loops to, is marked `#[inline(always)]`: what is not inlined is
/// compiled for all processors alike, with short vectors. So a closure, which cannot be marked, would not do.
pub(crate) trait Work {
    type Result;

    fn run(self) -> Self::Result;
}

/// Runs `work`, on numbers of the type T, with the longest vectors that the processor has and [`cuts`] allows.
pub(crate) fn vectorised<T: Float, W: Work>(work: W) -> W::Result {
    #[cfg(target_arch = "x86_64")]
    if const { has_machine_size::<T>() } {
        #[target_feature(enable = "avx512dq,avx512vl")]
        fn with_avx512<W: Work>(work: W) -> W::Result {
            work.run()
        }
        #[target_feature(enable = "avx2")]
        fn with_avx2<W: Work>(work: W) -> W::Result {
            work.run()
        }
        let longest = cuts().vectors;
        if longest >= Vectors::Avx512 && is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512dq") {
            // SAFETY: the processor has such instructions.
            return unsafe { with_avx512(work) };
        }
        if longest >= Vectors::Avx2 && is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has such instructions.
            return unsafe { with_avx2(work) };
        }
    }
    work.run()
}
