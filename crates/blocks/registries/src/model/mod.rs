//! What a register is: its schema, its versions, and the rules for a record's content. Pure: values in, verdicts out.

mod change;
mod code;
mod content;
mod describe;
mod field;
mod keywords;
mod read;
mod rules;
mod schema;
mod titles;
mod value;
mod view;
mod write;

pub use change::{Change, ChangeKind, changes};
pub use code::{Code, CodeError, Label};
pub use content::{Content, IndexEntry, show_field, slot};
pub use describe::describe;
pub use field::{Field, FieldKind, ForeignKey, Numbering, Pattern};
pub use rules::{Rules, Unique, uniques};
pub use schema::{FIELDS_MAX, Schema};
pub use titles::Titles;
