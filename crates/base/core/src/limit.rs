//! Bounds that hold in the whole house. Over a bound the answer is a designed refusal, never more memory.

use crate::{Problem, Refusal};

/// The largest request body in bytes, where a route does not set its own.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The largest sum of a request's headers in bytes.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// The deepest nesting of a JSON document.
pub const JSON_DEPTH_MAX: usize = 64;
/// The rows of a page when the caller names no size.
pub const PAGE_SIZE_DEFAULT: u32 = 50;
/// The most rows of one page.
pub const PAGE_SIZE_MAX: u32 = 1000;
/// The longest text in characters that is taken for a name or a title.
pub const NAME_CHARS_MAX: usize = 200;
/// The longest text in characters that a caller may search for.
pub const SEARCH_CHARS_MAX: usize = 200;

/// Which part of a list is wanted: page `number` (from 1) of `size` rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    number: u32,
    size: u32,
}

/// A page outside of the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Pages are counted from 1.
    #[error("page must be 1 or more")]
    Number,
    /// Empty or larger than [`PAGE_SIZE_MAX`].
    #[error("a page holds 1 to {PAGE_SIZE_MAX} rows")]
    Size,
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        let pointer = match error {
            PageError::Number => "?page",
            PageError::Size => "?pageSize",
        };
        Problem::new(Refusal::Malformed, "core.invalid_page").field(pointer, "range", error.to_string())
    }
}

impl Page {
    /// The page, refused when it is out of bounds.
    pub const fn new(number: u32, size: u32) -> Result<Self, PageError> {
        if number == 0 {
            Err(PageError::Number)
        } else if size == 0 || size > PAGE_SIZE_MAX {
            Err(PageError::Size)
        } else {
            Ok(Self { number, size })
        }
    }

    /// The page's number, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Rows of the page at most.
    pub const fn size(self) -> u32 {
        self.size
    }

    /// Rows before the page.
    pub fn offset(self) -> u64 {
        u64::from(self.number - 1) * u64::from(self.size)
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { number: 1, size: PAGE_SIZE_DEFAULT }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stay_within_their_bounds() {
        assert_eq!(Page::new(3, 100).map(Page::offset), Ok(200));
        assert_eq!(Page::new(u32::MAX, PAGE_SIZE_MAX).map(Page::offset), Ok(4_294_967_294_000));
        assert_eq!(Page::new(0, 10), Err(PageError::Number));
        assert_eq!(Page::new(1, 0), Err(PageError::Size));
        assert_eq!(Page::new(1, PAGE_SIZE_MAX + 1), Err(PageError::Size));
        let problem = Problem::from(PageError::Size);
        assert_eq!(problem.errors[0].pointer, "?pageSize");
    }
}
