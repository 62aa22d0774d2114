//! The files that pages load: one style sheet, one optional script, one icon. Their addresses carry a hash of their
//! content, so they may be kept for a year.

use std::sync::LazyLock;

/// A file built into the binary.
#[derive(Debug)]
pub struct StaticFile {
    path: String,
    /// The media type.
    pub content_type: &'static str,
    /// The content, without the remarks that stand in it for us: phones on bad lines need none.
    pub body: String,
}

impl StaticFile {
    /// The value of `Cache-Control` for all of them.
    pub const CACHE_CONTROL: &'static str = "public, max-age=31536000, immutable";

    fn new(name: &str, ending: &str, content_type: &'static str, text: &str) -> Self {
        let body = without_remarks(text);
        Self { path: format!("/static/{name}.{:016x}.{ending}", fingerprint(&body)), content_type, body }
    }

    /// The address, `/static/stoa.<hash>.css`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The files.
#[derive(Debug)]
pub struct Files {
    /// The style sheet.
    pub style: StaticFile,
    /// The script, which nothing needs.
    pub script: StaticFile,
    /// The icon: the columns of a stoa.
    pub icon: StaticFile,
}

/// All files that pages load.
pub static STATIC: LazyLock<Files> = LazyLock::new(|| Files {
    style: StaticFile::new("stoa", "css", "text/css; charset=utf-8", include_str!("../static/stoa.css")),
    script: StaticFile::new("stoa", "js", "text/javascript; charset=utf-8", include_str!("../static/stoa.js")),
    icon: StaticFile::new("stoa", "svg", "image/svg+xml", include_str!("../static/stoa.svg")),
});

/// The file at this address, if it is one of them in its present version.
pub fn static_file(path: &str) -> Option<&'static StaticFile> {
    [&STATIC.style, &STATIC.script, &STATIC.icon].into_iter().find(|file| file.path == path)
}

/// Without lines that hold nothing but a remark.
fn without_remarks(text: &str) -> String {
    let is_remark = |line: &&str| {
        let line = line.trim();
        line.starts_with("//") || (line.starts_with("/*") && line.ends_with("*/") && line.matches("*/").count() == 1)
    };
    text.lines().filter(|line| !is_remark(line)).flat_map(|line| [line, "\n"]).collect()
}

/// FNV-1a with 64 bits: it tells versions apart, and guards nothing.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_stay_here_and_nothing_else_does() {
        assert_eq!(
            without_remarks("// a\nlet a = 1; // b\n  /* c */\n/* d */ e {}\n"),
            "let a = 1; // b\n/* d */ e {}\n"
        );
        assert!(!STATIC.script.body.contains("\n//") && STATIC.script.body.contains("data-copy"));
    }
}
