//! All SQL of the block. The tenant is the first argument of every look-up of a register; records are reached only
//! through a register that was found so.

pub(crate) mod history;
pub(crate) mod publication;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod select;
pub(crate) mod upload;
pub(crate) mod value;
