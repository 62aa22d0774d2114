//! Typed clients of the blocks' public APIs: requests and answers, no logic.
