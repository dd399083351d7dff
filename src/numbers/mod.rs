//! Numbers that know more than their value.
