//! What a training step asks of the allocator: the first steps ask for all that a step needs, and from the fourth on there
//! are only lists of some dozens of addresses, as long for any batch. And what a convolution needs besides its results,
//! whatever its shape.
//!
//! All on a single thread: on several, each has a workspace, and takes it when it first has a part of some work.

use handgrad::data::Dataset;
use handgrad::prelude::*;
use handgrad::train::{Event, Plan, Training};
use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, with a count of what is asked of it.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code)]
// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What has been asked of the allocator so far: (calls, bytes).
fn asked_for() -> (usize, usize) {
    (CALLS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed))
}

/// What each step of an epoch asks for.
fn asked_for_by_steps(model: Sequential<f32>, samples: usize, batch: usize) -> Vec<(usize, usize)> {
    let inputs = Tensor4::from_fn([samples, 1, 28, 28], |n, _, i, j| ((n * 31 + i * 7 + j * 3) % 17) as f32 / 17.0);
    let labels = (0..samples).map(|n| n % 10).collect();
    let data = Dataset::new(inputs, labels, 10).unwrap();
    let adam = Adam::new(0.001);
    let mut training = Training::new(model, adam, cross_entropy_loss, Plan { batch, seed: 1 });
    let (mut steps, mut last) = (Vec::with_capacity(samples / batch), asked_for());
    let observer = |event| {
        if matches!(event, Event::Step(_)) {
            let (calls, bytes) = asked_for();
            steps.push((calls - last.0, bytes - last.1));
            last = asked_for();
        }
        ControlFlow::Continue(())
    };
    training.fit(&data, &data.first(1), 1, observer).unwrap();
    steps
}

/// Runs `work` on a new thread, as the only one of its pool.
fn on_a_new_thread<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(work)
}

// One test: the counts are those of the whole process.
#[test]
fn memory_is_used_again() {
    a_convolution_needs_two_mebibytes(); // first, while nothing has been given back that it could use
    a_step_asks_for_short_lists();
}

fn a_step_asks_for_short_lists() {
    for (name, model) in [("lenet", lenet as fn(Start, u64) -> Sequential<f32>), ("mlp", mlp)] {
        for batch in [16, 64, 256] {
            let steps = on_a_new_thread(|| asked_for_by_steps(model(Start::He, 1), 8 * batch, batch));
            println!("{name}, batch {batch}, (calls, bytes) of every step: {steps:?}");
            for (number, &(calls, bytes)) in (1..).zip(&steps).skip(3) {
                assert!(
                    calls <= 50 && bytes <= 5000,
                    "{name}, batch {batch}, step {number}: {calls} calls, {bytes} bytes"
                );
            }
        }
    }
}

fn a_convolution_needs_two_mebibytes() {
    let shapes = [
        ([4, 3, 64, 64], 600, 7),
        ([64, 1, 28, 28], 6, 5),
        ([32, 64, 16, 16], 128, 3),
        ([2, 16, 112, 112], 16, 3),
        ([1, 512, 7, 7], 512, 3),
    ];
    for (z, depth, size) in shapes {
        let k: Tensor4<f32> = init::he(&mut init::rng(1), [z[1], depth, size, size]);
        let (z, b, slide) =
            (init::normal(&mut init::rng(2), z, 1.0), DVector::zeros(depth), Slide::default().padding(1, 1));
        let y = conv_forward(&z, &k, &b, slide).unwrap();
        let results = size_of::<f32>() * (y.as_slice().len() + k.as_slice().len() + depth + z.as_slice().len());
        let bytes = on_a_new_thread(|| {
            let (_, before) = asked_for();
            drop((conv_forward(&z, &k, &b, slide), conv_backward(&y, &k, &z, slide)));
            asked_for().1 - before
        });
        println!(
            "{:?} to {depth}, {size}×{size}: {} KiB of results, {} KiB besides",
            z.shape(),
            results >> 10,
            (bytes - results) >> 10
        );
        assert!(bytes - results <= 2 << 20);
    }
}
