//! Colours for numbers.

/// A colour for each byte: the levels of a ramp, then the special ones.
pub(super) struct Palette(Vec<[u8; 3]>);

/// How many levels a ramp has.
const RAMP: u8 = 250;
/// The background between images.
pub(super) const PAPER: u8 = RAMP;
/// A number that is not finite.
pub(super) const NOT_FINITE: u8 = RAMP + 1;
/// Exactly zero, in an error map.
pub(super) const EXACT: u8 = RAMP + 2;

const SPECIAL: [[u8; 3]; 3] = [[0xff; 3], [0x8b, 0x00, 0x8b], [0xcf, 0xe3, 0xf5]];

impl Palette {
    /// From blue over white to orange, for numbers of both signs.
    pub fn diverging() -> Self {
        Palette::through(&[0x08306b, 0x2171b5, 0x9ecae1, 0xf7f7f7, 0xfdae6b, 0xd9601a, 0x7f2704])
    }

    /// From light to dark blue, for numbers of one sign.
    pub fn sequential() -> Self {
        Palette::through(&[0xf7fbff, 0xc6dbef, 0x6baed6, 0x2171b5, 0x08306b])
    }

    /// From light yellow to dark red, for errors.
    pub fn alarm() -> Self {
        Palette::through(&[0xfff3b0, 0xfec44f, 0xf07818, 0xb8330b, 0x5c0d0d])
    }

    /// From white to grey, a background for lines in any colour.
    pub fn relief() -> Self {
        Palette::through(&[0xffffff, 0xe3e8ed, 0xa3adb8])
    }

    /// From white to black.
    pub fn ink() -> Self {
        Palette::through(&[0xffffff, 0x000000])
    }

    /// The ramp through these colours, evenly spaced.
    fn through(stops: &[u32]) -> Self {
        let channel = |stop: u32, shift: u32| f64::from(stop >> shift & 0xff);
        let colour = |level: u8| {
            let place = f64::from(level) / f64::from(RAMP - 1) * (stops.len() - 1) as f64;
            let from = (place as usize).min(stops.len() - 2);
            let share = place - from as f64;
            [16, 8, 0].map(|shift| {
                let (a, b) = (channel(stops[from], shift), channel(stops[from + 1], shift));
                (a + (b - a) * share).round() as u8
            })
        };
        Palette((0..RAMP).map(colour).chain(SPECIAL).collect())
    }

    /// The colours, for a PNG.
    pub fn colours(&self) -> &[[u8; 3]] {
        &self.0
    }

    /// The colour of a byte.
    pub fn colour(&self, byte: u8) -> [u8; 3] {
        self.0[usize::from(byte)]
    }
}

/// The byte for a number between `low` and `high`.
pub(super) fn level(value: f64, (low, high): (f64, f64)) -> u8 {
    if !value.is_finite() {
        return NOT_FINITE;
    }
    let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
    (share * f64::from(RAMP - 1)).round() as u8
}

/// The lowest and the highest finite number; if both signs occur, made symmetric about zero.
pub(super) fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    // Beyond this, the difference of two numbers may not be finite.
    let finite = values.filter(|v| v.abs() < 1e300);
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    match (low, high) {
        _ if low > high => (0.0, 1.0),
        _ if low < 0.0 && high > 0.0 => (-high.max(-low), high.max(-low)),
        _ => (low, high),
    }
}
