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
    let Some(question) = question_for(tx, collection, question) else { return Ok(Vec::new()) };
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    let sql = if tx.is_sqlite() {
        "SELECT s.id FROM stoa_search_words JOIN stoa_search s ON s.seq = stoa_search_words.rowid
         WHERE stoa_search_words MATCH $1 ORDER BY stoa_search_words.rowid LIMIT $2 OFFSET $3"
    } else {
        "SELECT id FROM stoa_search WHERE words @@ $1::text::tsquery ORDER BY seq LIMIT $2 OFFSET $3"
    };
    let rows: Vec<(Vec<u8>,)> = tx.rows(sql, params![question, limit, offset]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many things a question matches.
pub async fn count(tx: &mut Tx<'_>, collection: &str, question: &str) -> Result<u64, StoreError> {
    let Some(question) = question_for(tx, collection, question) else { return Ok(0) };
    let sql = if tx.is_sqlite() {
        "SELECT count(*) FROM stoa_search_words WHERE stoa_search_words MATCH $1"
    } else {
        "SELECT count(*) FROM stoa_search WHERE words @@ $1::text::tsquery"
    };
    let (count,): (i64,) = tx.get(sql, params![question]).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The question in the engine's own form. Folded words hold nothing but letters and digits, so quoting is all it takes.
fn question_for(tx: &Tx<'_>, collection: &str, question: &str) -> Option<String> {
    let question: String = question.chars().take(SEARCH_CHARS_MAX).collect();
    let mut words = fold::words(&question);
    words.truncate(QUESTION_WORDS_MAX);
    if words.is_empty() {
        return None;
    }
    let collection = collection_word(collection);
    Some(if tx.is_sqlite() {
        let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"*")).collect();
        format!("\"{collection}\" {}", words.join(" "))
    } else {
        let words: Vec<_> = words.iter().map(|word| format!("'{word}':*")).collect();
        format!("'{collection}' & {}", words.join(" & "))
    })
}

/// A word that stands for the collection, of letters and digits behind its mark whatever the name holds.
fn collection_word(collection: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, collection.as_bytes());
    format!("{COLLECTION_MARK}{}", crate::keys::hex(digest.as_ref().get(..8).unwrap_or_default()))
}
