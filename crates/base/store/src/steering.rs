//! The words that steer transactions and connections. They are the store's own: in a closure they would end the
//! transaction that others share, or leave the connection changed for whoever has it next.

/// Each begins a statement that a unit of work does not run, on either engine.
const WORDS: [&str; 21] = [
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ABORT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "PREPARE",
    "DEALLOCATE",
    "SET",
    "RESET",
    "DISCARD",
    "LISTEN",
    "UNLISTEN",
    "NOTIFY",
    "ATTACH",
    "DETACH",
    "PRAGMA",
    "VACUUM",
    "CHECKPOINT",
];

/// The steering word that a statement begins with.
pub(crate) fn steering_word(sql: &str) -> Option<&'static str> {
    // Nearly every statement begins with one of these letters, and no steering word does.
    if let Some(b'I' | b'U' | b'W') = sql.as_bytes().first() {
        return None;
    }
    let Some(rest) = after_remarks(sql) else { return Some("a remark within a remark") };
    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = rest.get(..length).unwrap_or_default();
    WORDS.into_iter().find(|known| known.eq_ignore_ascii_case(word))
}

/// What follows the spaces, remarks and empty statements at the beginning; nothing when a remark holds another, which the
/// engines read differently.
fn after_remarks(sql: &str) -> Option<&str> {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches(|sign: char| sign.is_whitespace() || sign == ';' || sign == '\u{feff}');
        if let Some(remark) = rest.strip_prefix("--") {
            rest = remark.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(remark) = rest.strip_prefix("/*") {
            let (remark, after) = remark.split_once("*/").unwrap_or((remark, ""));
            if remark.contains("/*") {
                return None;
            }
            rest = after;
        } else {
            return Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steering_words_are_found_behind_whatever_stands_before_them() {
        for (sql, word) in [
            ("COMMIT", Some("COMMIT")),
            (" \n\tcommit;", Some("COMMIT")),
            (";;-- x\n--\n/**//* y */Rollback to unit", Some("ROLLBACK")),
            ("\u{feff}BEGIN", Some("BEGIN")),
            ("/* a /* b */ c */ COMMIT", Some("a remark within a remark")),
            ("set x = 1", Some("SET")),
            ("SELECT 'COMMIT'", None),
            ("-- COMMIT", None),
            ("/* COMMIT", None),
            ("INSERT INTO t VALUES ('BEGIN')", None),
            ("WITH a AS (SELECT 1) SELECT * FROM a", None),
            ("ending", None),
            ("", None),
        ] {
            assert_eq!(steering_word(sql), word, "{sql:?}");
        }
    }
}
