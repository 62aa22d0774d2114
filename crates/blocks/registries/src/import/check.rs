//! A whole file looked through before anything of it is written, so that a broken one changes nothing.

use super::infer::FAULTS_KEPT_MAX;
use super::{Fault, Rows};

/// What is done with cells that a spreadsheet would run as formulas (decision 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formulas {
    /// A file with one is refused: nobody meant to put a formula into a register.
    Refused,
    /// They are kept as the texts that they are; exports guard them again.
    AsText,
}

/// What speaks against writing a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows that can be read.
    pub rows: u64,
    /// Why the file is refused: a fault after which nothing can be read, and formulas. At most 100 are kept.
    pub faults: Vec<Fault>,
    /// All of them.
    pub fault_count: u64,
}

impl Checked {
    /// Whether the file may be written. Rows that are refused one by one (a cell too few, a value that does not fit)
    /// do not speak against the others.
    pub const fn is_good(&self) -> bool {
        self.fault_count == 0
    }

    fn note(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS_KEPT_MAX {
            self.faults.push(fault);
        }
    }
}

/// Reads all rows and keeps nothing of them.
pub fn check(rows: Rows<'_>, formulas: Formulas) -> Checked {
    let mut checked = Checked::default();
    for row in rows {
        match row {
            Ok(row) => {
                checked.rows += 1;
                if formulas == Formulas::Refused {
                    row.warnings.into_iter().for_each(|warning| checked.note(warning));
                }
            }
            Err(fault) if fault.is_fatal() => checked.note(fault),
            Err(_) => {}
        }
    }
    checked
}
