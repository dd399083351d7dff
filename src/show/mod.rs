//! What a notebook shows and plots/ holds: curves, heat maps, images.
