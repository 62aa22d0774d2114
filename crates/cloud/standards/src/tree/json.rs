//! JSON into nodes. Its parser tells no lines for values, so that paths alone name the places of mistakes.

use serde_json::Value;

use super::{Content, DOCUMENT_BYTES_MAX, Node, ReadError};

/// The one document of a JSON text. Depth is bounded by the parser, at 128 levels.
pub fn parse(text: &str) -> Result<Node, ReadError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(ReadError::at(0, "", format!("longer than {DOCUMENT_BYTES_MAX} bytes")));
    }
    let value: Value =
        serde_json::from_str(text).map_err(|error| ReadError::at(error.line(), "", format!("not JSON: {error}")))?;
    Ok(node(value))
}

fn node(value: Value) -> Node {
    let content = match value {
        Value::Null => Content::Null,
        Value::Bool(truth) => Content::Scalar { text: truth.to_string(), plain: true },
        Value::Number(number) => Content::Scalar { text: number.to_string(), plain: true },
        Value::String(text) => Content::Scalar { text, plain: false },
        Value::Array(items) => Content::List(items.into_iter().map(node).collect()),
        Value::Object(entries) => Content::Map(entries.into_iter().map(|(key, value)| (key, node(value))).collect()),
    };
    Node { content, line: 0 }
}
