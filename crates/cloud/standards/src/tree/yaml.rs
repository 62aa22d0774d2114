//! YAML into nodes, bounded in bytes, depth and number of nodes. Anchors and aliases are refused: neither scopes nor
//! reports use them, and a few lines of aliases that repeat aliases can stand for more values than there is memory.

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::{Content, DEPTH_MAX, DOCUMENT_BYTES_MAX, NODES_MAX, Node, ReadError, shortened};

/// A list or map that is not closed yet; in a map, the key that waits for its value.
struct Open {
    node: Node,
    key: Option<String>,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    nodes: usize,
}

/// Every document of a YAML stream.
pub fn parse(text: &str) -> Result<Vec<Node>, ReadError> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(ReadError::at(0, "", format!("longer than {DOCUMENT_BYTES_MAX} bytes")));
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) = event.map_err(|error| {
            ReadError::at(error.marker().line(), "", format!("not YAML: {}", shortened(error.info())))
        })?;
        builder.take(event, span.start.line())?;
    }
    Ok(builder.documents)
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), ReadError> {
        match event {
            Event::Alias(_)
            | Event::Scalar(_, _, 1.., _)
            | Event::SequenceStart(1.., _)
            | Event::MappingStart(1.., _) => {
                Err(ReadError::at(line, "", "anchors and aliases are not taken: write the value out"))
            }
            Event::Scalar(text, style, _, _) => {
                let plain = style == ScalarStyle::Plain;
                let content = if plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
                    Content::Null
                } else {
                    Content::Scalar { text: text.into_owned(), plain }
                };
                self.add(Node { content, line })
            }
            Event::SequenceStart(..) => self.begin(Content::List(Vec::new()), line),
            Event::MappingStart(..) => self.begin(Content::Map(Vec::new()), line),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.add(open.node),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn begin(&mut self, content: Content, line: usize) -> Result<(), ReadError> {
        if self.open.len() >= DEPTH_MAX {
            return Err(ReadError::at(line, "", format!("nested deeper than {DEPTH_MAX} levels")));
        }
        self.open.push(Open { node: Node { content, line }, key: None });
        Ok(())
    }

    /// Puts a finished node where it belongs: below the innermost open one, or among the documents.
    fn add(&mut self, node: Node) -> Result<(), ReadError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(ReadError::at(node.line, "", format!("more than {NODES_MAX} values")));
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut open.node.content {
            Content::List(items) => items.push(node),
            Content::Map(entries) => match open.key.take() {
                Some(key) => entries.push((key, node)),
                None => match node.content {
                    Content::Scalar { text, .. } => open.key = Some(text),
                    other => {
                        return Err(ReadError::at(node.line, "", format!("a key is a name, not {}", other.kind())));
                    }
                },
            },
            Content::Null | Content::Scalar { .. } => {}
        }
        Ok(())
    }
}
