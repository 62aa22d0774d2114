//! Volume types (scs-0114): what they say of themselves in the list of aspects that their description may begin with.

use super::{Check, Finding};

/// A volume type as Cinder shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeType {
    /// Its name.
    pub name: String,
    /// Its description, if it has one.
    pub description: Option<String>,
}

/// The aspects that a list may have.
pub const ASPECTS: [&str; 2] = ["encrypted", "replicated"];

const FORM: &str = "begin the description with [scs:encrypted], [scs:replicated] or [scs:encrypted, replicated]";

impl VolumeType {
    /// The aspects that the description lists; none when it begins with no list.
    pub fn aspects(&self) -> Option<Vec<&str>> {
        let list = self.description.as_deref()?.strip_prefix("[scs:")?;
        let (list, _) = list.split_once(']')?;
        if list.contains('[') {
            return None;
        }
        Some(if list.is_empty() { Vec::new() } else { list.split(',').map(str::trim).collect() })
    }

    fn has(&self, aspect: &str) -> bool {
        self.aspects().is_some_and(|aspects| aspects.contains(&aspect))
    }

    fn faults(&self) -> Vec<Finding> {
        let aspects = self.aspects().unwrap_or_default();
        let mut reasons = Vec::new();
        if !aspects.is_sorted() {
            reasons.push("its aspects are not in alphabetical order".to_owned());
        }
        for (index, aspect) in aspects.iter().enumerate() {
            let shown = crate::tree::shortened(aspect);
            if !ASPECTS.contains(aspect) {
                reasons.push(format!("there is no aspect `{shown}`"));
            } else if aspects.iter().take(index).any(|before| before == aspect) {
                reasons.push(format!("the aspect `{shown}` is there twice"));
            }
        }
        let object = format!("volume type {}", crate::tree::shortened(&self.name));
        reasons.into_iter().map(|reason| Finding::fault(object.clone(), reason, FORM)).collect()
    }
}

/// What a test case about volume types says of these; none when it is not about them.
pub fn check(test_case: &str, types: &[VolumeType]) -> Option<Check> {
    match test_case.strip_prefix("scs-0114-")? {
        "syntax-check" => Some(Check::of(types.iter().flat_map(VolumeType::faults))),
        "encrypted-type" => Some(has_one("encrypted", types)),
        "replicated-type" => Some(has_one("replicated", types)),
        _ => None,
    }
}

fn has_one(aspect: &str, types: &[VolumeType]) -> Check {
    if types.iter().any(|volume_type| volume_type.has(aspect)) {
        return Check::of([]);
    }
    let reason = format!("none of {} says that it is {aspect}", types.len());
    Check::of([Finding::fault("volume types", reason, FORM)])
}
