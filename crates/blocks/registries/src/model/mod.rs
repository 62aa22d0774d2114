//! What a register is: its schema, its versions, and the rules for a record's content. Pure: values in, verdicts out.

mod change;
mod code;
mod content;
mod describe;
mod field;
mod schema;
mod titles;

pub use change::{Change, ChangeKind, changes};
pub use code::{Code, CodeError, Label};
pub(crate) use content::sortable;
pub use content::{Content, IndexEntry, show_field};
pub use describe::describe;
pub use field::{Field, FieldKind, ForeignKey, Numbering, Pattern};
pub use schema::{FIELDS_MAX, Schema};
pub use titles::Titles;
