:dep handgrad = { path = "..", default-features = false }
use handgrad::prelude::*;
