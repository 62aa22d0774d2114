//! Typed clients of the blocks' public APIs: requests and answers, no logic. A block that needs another one takes the
//! client from here, and never the other block itself.

pub mod registries;

/// The blocks that have a client here, and so may be served by another product or node.
pub const BLOCKS: &[&str] = &[registries::BLOCK];
