//! The checks by their surface.
