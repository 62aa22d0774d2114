//! All SQL of the block.

pub(crate) mod account;
pub(crate) mod certificate;
pub(crate) mod change;
pub(crate) mod decision;
pub(crate) mod listing;
pub(crate) mod report;
pub(crate) mod scope;
pub(crate) mod standing;
pub(crate) mod subscription;
