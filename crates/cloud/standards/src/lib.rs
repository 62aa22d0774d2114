//! The Sovereign Cloud Stack standards as data and pure rules: no I/O, no clock.
