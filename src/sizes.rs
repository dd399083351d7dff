//! Sizes that a caller chooses: their products are checked before memory is requested.

use crate::ShapeError;

/// Above this many bytes, memory is reserved on trial first: an error is better than the end of the program.
const LARGE: usize = 1 << 28;

/// The product of all sizes, if an array of that many `T` can exist: at most `isize::MAX` bytes, zeros left out.
///
/// Zeros are left out so that the product of any subset of the sizes is known not to overflow.
pub(crate) fn product<T>(sizes: &[usize]) -> Option<usize> {
    let most = isize::MAX as usize / size_of::<T>().max(1);
    let filled = sizes.iter().filter(|&&size| size != 0).try_fold(1, |product: usize, &size| product.checked_mul(size));
    let filled = filled.filter(|&product| product <= most)?;
    Some(if sizes.contains(&0) { 0 } else { filled })
}

/// The product of the sizes of `what`, a new array of `T`, if there is memory for it.
pub(crate) fn fit<T>(function: &'static str, what: &str, sizes: &[usize]) -> Result<usize, ShapeError> {
    let refused = |rule: String| Err(ShapeError::new(function, format!("{what} would be {}", tuple(sizes)), rule));
    let Some(len) = product::<T>(sizes) else {
        return refused(rule::<T>());
    };
    let bytes = len * size_of::<T>();
    if bytes > LARGE && Vec::<T>::new().try_reserve_exact(len).is_err() {
        return refused(format!("there is no memory for its {bytes} bytes"));
    }
    Ok(len)
}

/// The product of the sizes, for a function that returns no error. Panics if no array can be that large.
#[track_caller]
pub(crate) fn demand<T>(function: &str, sizes: &[usize]) -> usize {
    match product::<T>(sizes) {
        Some(len) => len,
        None => panic!("{function}: capacity overflow: the shape is {}: {}", tuple(sizes), rule::<T>()),
    }
}

/// What [`product`] requires.
pub(crate) fn rule<T>() -> String {
    let bytes = size_of::<T>();
    format!("the product of all sizes but zeros, at {bytes} bytes an element, must be at most isize::MAX")
}

/// The sizes as messages write them: `(2, 3, 4)`.
pub(crate) fn tuple(sizes: &[usize]) -> String {
    format!("({})", sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))
}
