//! Where the kernels cut their work into parts, and how long their vectors may be.
//!
//! Cuts change only the speed of a result and the rounding of its sums. A test uses small ones ([`Cuts::on_threads`]),
//! so that small shapes have every seam, and every kind of vector that its processor has.

use std::cell::Cell;

/// Kinds of vectors, the shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vectors {
    /// The vectors that every processor of this architecture has.
    Short,
    /// 32 bytes.
    Avx2,
    /// 64 bytes.
    Avx512,
}

/// All places where work is cut. Every size is 1 or more.
#[derive(Clone, Copy, Debug)]
pub struct Cuts {
    /// The longest vectors to use; if the processor lacks them, shorter ones are used.
    pub vectors: Vectors,
    /// Terms of a sum that are added up in one chain, in registers.
    pub chain: usize,
    /// Elements below which waking another thread costs more than it gains.
    pub thread: usize,
    /// Multiply-adds below which a part of a product is not handed to another thread.
    pub part: usize,
    /// Numbers that a thread takes at a time in a pass over memory.
    pub chunk: usize,
    /// Rows of a product's left factor that are gathered at a time …
    pub product_rows: usize,
    /// … and columns of it.
    pub product_terms: usize,
    /// Bytes of a tile: a part of the L2 cache, which has 512 KiB or more on current machines.
    pub tile: usize,
    /// The least number of terms of a sum that one tile should hold.
    pub tile_terms: usize,
    /// Samples, or pixels of all samples, of a block: as many as the rows of a register block.
    pub rows: usize,
    /// Of a kernel's gradient: the channels, in vectors of them, from which a vector holds sums of as many channels.
    pub channel_vectors: usize,
    /// Of a kernel's gradient for few channels: bytes of the sums of one group of rows …
    pub sums: usize,
    /// … and groups of rows, each with sums of its own, so that as many threads can work on them.
    pub groups: usize,
}

thread_local! {
    static CUTS: Cell<Cuts> = const { Cell::new(Cuts::PRODUCTION) };
}

/// The cuts of this thread.
#[inline]
pub(crate) fn cuts() -> Cuts {
    CUTS.get()
}

impl Cuts {
    /// The cuts of every thread that a test did not make.
    pub const PRODUCTION: Cuts = Cuts {
        vectors: Vectors::Avx512,
        chain: 128,
        thread: super::WORTH_A_THREAD,
        part: 1 << 18,
        chunk: 1 << 13,
        product_rows: 256,
        product_terms: 256,
        tile: 256 << 10,
        tile_terms: 256,
        rows: 64,
        channel_vectors: 4,
        sums: 320 << 10,
        groups: 4,
    };

    /// Every cut after `size` elements.
    #[must_use]
    pub const fn every(size: usize) -> Cuts {
        Cuts {
            vectors: Vectors::Avx512,
            chain: size,
            thread: size,
            part: size,
            chunk: size,
            product_rows: size,
            product_terms: size,
            tile: 4 * size,
            tile_terms: size,
            rows: size,
            channel_vectors: size,
            sums: 64 * size,
            groups: size,
        }
    }

    /// What `work` returns on this many new threads with these cuts.
    ///
    /// # Errors
    /// If the threads cannot be made.
    pub fn on_threads<R: Send>(
        self,
        threads: usize,
        work: impl FnOnce() -> R + Send,
    ) -> Result<R, rayon::ThreadPoolBuildError> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).start_handler(move |_| CUTS.set(self));
        Ok(pool.build()?.install(work))
    }
}
