//! Full-text search in a block's own database: FTS5 on the embedded engine, `tsvector` on PostgreSQL.
//!
//! Text is folded and cut into words by [`fold`], and each engine is only asked for the words, so both find the same.
//! A question is what a person typed, never a query language: it matches where every word of it begins a word of the
//! text. The index is written in the transaction of the change that it follows.

pub mod fold;

use stoa_core::limit::SEARCH_CHARS_MAX;

use crate::{StoreError, Tx, params};

/// The most words of one question that count; the rest is dropped.
pub const QUESTION_WORDS_MAX: usize = 16;
/// The most words of one text that are indexed.
pub const TEXT_WORDS_MAX: usize = 10_000;

/// Stands before the word that names a collection. It is no letter and no digit, so no folded word begins with it; and
/// not ASCII, so FTS5's plain tokenizer takes it for a part of the word.
const COLLECTION_MARK: char = '\u{2317}';

/// Indexes `text` for the thing `id` of a collection, in place of what was indexed for it before.
pub async fn index(tx: &mut Tx<'_>, collection: &str, id: &[u8], text: &str) -> Result<(), StoreError> {
    let mut words = fold::words(text);
    words.sort_unstable();
    words.dedup();
    words.truncate(TEXT_WORDS_MAX);
    if tx.is_sqlite() {
        let row: Option<(i64,)> =
            tx.find("SELECT seq FROM stoa_search WHERE collection = $1 AND id = $2", params![collection, id]).await?;
        let seq = if let Some((seq,)) = row {
            tx.execute("DELETE FROM stoa_search_words WHERE rowid = $1", params![seq]).await?;
            seq
        } else {
            tx.get::<(i64,)>(
                "INSERT INTO stoa_search (collection, id) VALUES ($1, $2) RETURNING seq",
                params![collection, id],
            )
            .await?
            .0
        };
        let words = format!("{} {}", collection_word(collection), words.join(" "));
        tx.execute("INSERT INTO stoa_search_words (rowid, words) VALUES ($1, $2)", params![seq, words]).await?;
    } else {
        let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        let vector = format!("'{}' {}", collection_word(collection), quoted.join(" "));
        tx.execute(
            "INSERT INTO stoa_search (collection, id, words) VALUES ($1, $2, $3::text::tsvector)
             ON CONFLICT (collection, id) DO UPDATE SET words = excluded.words",
            params![collection, id, vector],
        )
        .await?;
    }
    Ok(())
}

/// Takes a thing out of the index. Does nothing if it is not there.
pub async fn remove(tx: &mut Tx<'_>, collection: &str, id: &[u8]) -> Result<(), StoreError> {
    if tx.is_sqlite() {
        let row: Option<(i64,)> = tx
            .find("DELETE FROM stoa_search WHERE collection = $1 AND id = $2 RETURNING seq", params![collection, id])
            .await?;
        if let Some((seq,)) = row {
            tx.execute("DELETE FROM stoa_search_words WHERE rowid = $1", params![seq]).await?;
        }
    } else {
        tx.execute("DELETE FROM stoa_search WHERE collection = $1 AND id = $2", params![collection, id]).await?;
    }
    Ok(())
}

/// The ids of the things that a question matches, in the order in which they were first indexed. A question without a
/// letter or digit matches nothing.
pub async fn find(
    tx: &mut Tx<'_>,
    collection: &str,
    question: &str,
    limit: u32,
    offset: u64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    match Question::new(tx, collection, question, Match::Begun) {
        Some(question) => question.find(tx, limit, offset).await,
        None => Ok(Vec::new()),
    }
}

/// How many things a question matches.
pub async fn count(tx: &mut Tx<'_>, collection: &str, question: &str) -> Result<u64, StoreError> {
    match Question::new(tx, collection, question, Match::Begun) {
        Some(question) => question.count(tx).await,
        None => Ok(0),
    }
}

/// How the words of a question must be met. The things that are met whole and those that are only begun are together
/// those that are begun: so the better ones can be had first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Every word begins a word of the text.
    Begun,
    /// Every word is a word of the text.
    Whole,
    /// Every word begins a word of the text, and not every one is one.
    OnlyBegun,
}

/// A question in the engine's own form.
#[derive(Debug, Clone)]
pub struct Question {
    text: String,
    is_sqlite: bool,
}

impl Question {
    /// Reads what a person typed; nothing when it holds no letter and no digit. Folded words hold nothing but letters and
    /// digits, so quoting is all it takes.
    pub fn new(tx: &Tx<'_>, collection: &str, typed: &str, how: Match) -> Option<Self> {
        let typed: String = typed.chars().take(SEARCH_CHARS_MAX).collect();
        let mut words = fold::words(&typed);
        words.truncate(QUESTION_WORDS_MAX);
        if words.is_empty() {
            return None;
        }
        let collection = collection_word(collection);
        let is_sqlite = tx.is_sqlite();
        let written = |begun: bool| -> String {
            let word = |word: &String| match (is_sqlite, begun) {
                (true, true) => format!("\"{word}\"*"),
                (true, false) => format!("\"{word}\""),
                (false, true) => format!("'{word}':*"),
                (false, false) => format!("'{word}'"),
            };
            words.iter().map(word).collect::<Vec<_>>().join(if is_sqlite { " " } else { " & " })
        };
        let text = match (is_sqlite, how) {
            (true, Match::Begun) => format!("\"{collection}\" {}", written(true)),
            (true, Match::Whole) => format!("\"{collection}\" {}", written(false)),
            (true, Match::OnlyBegun) => format!("(\"{collection}\" {}) NOT ({})", written(true), written(false)),
            (false, Match::Begun) => format!("'{collection}' & {}", written(true)),
            (false, Match::Whole) => format!("'{collection}' & {}", written(false)),
            (false, Match::OnlyBegun) => format!("'{collection}' & {} & !({})", written(true), written(false)),
        };
        Some(Self { text, is_sqlite })
    }

    /// The ids of the things that match, in the order in which they were first indexed.
    pub async fn find(&self, tx: &mut Tx<'_>, limit: u32, offset: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let sql = if self.is_sqlite {
            "SELECT s.id FROM stoa_search_words JOIN stoa_search s ON s.seq = stoa_search_words.rowid
             WHERE stoa_search_words MATCH $1 ORDER BY stoa_search_words.rowid LIMIT $2 OFFSET $3"
        } else {
            "SELECT id FROM stoa_search WHERE words @@ $1::text::tsquery ORDER BY seq LIMIT $2 OFFSET $3"
        };
        let rows: Vec<(Vec<u8>,)> = tx.rows(sql, params![self.text, limit, offset]).await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// How many things match.
    pub async fn count(&self, tx: &mut Tx<'_>) -> Result<u64, StoreError> {
        let sql = if self.is_sqlite {
            "SELECT count(*) FROM stoa_search_words WHERE stoa_search_words MATCH $1"
        } else {
            "SELECT count(*) FROM stoa_search WHERE words @@ $1::text::tsquery"
        };
        let (count,): (i64,) = tx.get(sql, params![self.text]).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// A query for the ids, to stand inside another statement of the block; [`param`](Self::param) is to be bound at
    /// `$place`.
    pub fn ids(&self, place: usize) -> String {
        if self.is_sqlite {
            format!(
                "SELECT s.id FROM stoa_search_words JOIN stoa_search s ON s.seq = stoa_search_words.rowid \
                 WHERE stoa_search_words MATCH ${place}"
            )
        } else {
            format!("SELECT s.id FROM stoa_search s WHERE s.words @@ ${place}::text::tsquery")
        }
    }

    /// What [`ids`](Self::ids) is asked with.
    pub fn param(&self) -> &str {
        &self.text
    }
}

/// A word that stands for the collection, of letters and digits behind its mark whatever the name holds.
fn collection_word(collection: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, collection.as_bytes());
    format!("{COLLECTION_MARK}{}", crate::keys::hex(digest.as_ref().get(..8).unwrap_or_default()))
}
