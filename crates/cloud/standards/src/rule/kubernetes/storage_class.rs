//! The default storage class (scs-0211): there is exactly one, and a claim on it gives a volume that a pod can use.

use crate::rule::{Check, Finding};

/// A storage class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageClass {
    /// Its name.
    pub name: String,
    /// Who makes its volumes.
    pub provisioner: String,
    /// The annotation `storageclass.kubernetes.io/is-default-class`.
    pub is_default_class: Option<String>,
}

/// What became of a claim of one node's reading and writing, with a pod that uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeProof {
    /// The pod ran; the volume had this phase and these access modes.
    Ran {
        /// `Bound`, if all is well.
        phase: String,
        /// `ReadWriteOnce` among them, if all is well.
        access_modes: Vec<String>,
    },
    /// The pod did not come to run in time.
    NotRunning(String),
    /// It was not tried, or could not be.
    NotTried(String),
}

/// Weighs the classes and the proof.
pub fn check(classes: &[StorageClass], proof: &VolumeProof) -> Check {
    let is_default = |class: &&StorageClass| class.is_default_class.as_deref() == Some("true");
    let defaults: Vec<&StorageClass> = classes.iter().filter(is_default).collect();
    let finding = match defaults.as_slice() {
        [] => Some(Finding::fault(
            "storage classes",
            format!("none of {} is the default", classes.len()),
            "annotate one with storageclass.kubernetes.io/is-default-class: \"true\"",
        )),
        [class] if class.provisioner == "kubernetes.io/no-provisioner" => Some(Finding::fault(
            format!("storage class {}", class.name),
            "it is the default and makes no volumes",
            "make a class with a provisioner the default",
        )),
        [class] => volume_finding(&format!("storage class {}", class.name), proof),
        several => {
            let names: Vec<&str> = several.iter().map(|class| class.name.as_str()).collect();
            let object = format!("storage classes {}", names.join(", "));
            Some(Finding::fault(object, "all are the default", "leave one of them the default"))
        }
    };
    Check::of(finding)
}

fn volume_finding(object: &str, proof: &VolumeProof) -> Option<Finding> {
    let remedy = "look at the events of the claim, and at the logs of the provisioner";
    match proof {
        VolumeProof::NotTried(why) => Some(Finding::unknown(object, format!("no volume was tried: {why}"), remedy)),
        VolumeProof::NotRunning(why) => {
            Some(Finding::fault(object, format!("a pod with a volume of it does not run: {why}"), remedy))
        }
        VolumeProof::Ran { phase, .. } if phase != "Bound" => {
            Some(Finding::fault(object, format!("its volume is {phase}, not Bound"), remedy))
        }
        VolumeProof::Ran { access_modes, .. } if !access_modes.iter().any(|mode| mode == "ReadWriteOnce") => {
            Some(Finding::fault(object, "its volume does not allow ReadWriteOnce", remedy))
        }
        VolumeProof::Ran { .. } => None,
    }
}
