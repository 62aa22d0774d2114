//! With whom the domain manager is tried out: two domains, each with its manager.

use std::path::Path;

use stoa_openstack::Secret;
use stoa_standards::tree::{Cursor, Faults, parse_yaml};
use stoa_standards::{Fault, ReadError};

/// The role that is granted and revoked, where none is named.
const MEMBER: &str = "member";
/// Bytes of the file at most.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// A domain with its manager.
#[derive(Debug, Clone)]
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) manager: String,
    pub(super) password: Secret,
    pub(super) member_role: String,
}

/// Reads the file, in the form of the published suite's `domain-manager-test.yaml`.
pub(super) fn read(path: &Path) -> Result<[Domain; 2], String> {
    let named = |reason: String| format!("{}: {reason}", path.display());
    let size = std::fs::metadata(path).map_err(|error| named(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(named(format!("longer than {FILE_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
    parse(&text).map_err(|error| named(error.to_string()))
}

fn parse(text: &str) -> Result<[Domain; 2], ReadError> {
    let wrong = |message: &str| ReadError {
        faults: vec![Fault { line: 0, path: "domains".to_owned(), message: message.to_owned() }],
        left_out: 0,
    };
    let documents = parse_yaml(text)?;
    let Some(document) = documents.first() else { return Err(wrong("the file is empty")) };
    let faults = Faults::default();
    let domains: Vec<Domain> = Cursor::new(document, &faults)
        .fields(&["domains"])
        .required("domains")
        .items()
        .into_iter()
        .map(domain)
        .collect();
    let mut domains = faults.done(domains)?.into_iter();
    match (domains.next(), domains.next()) {
        (Some(a), Some(b)) if a.name != b.name => Ok([a, b]),
        _ => Err(wrong("expected two domains, each with its manager")),
    }
}

fn domain(place: Cursor<'_>) -> Domain {
    let fields = place.fields(&["name", "manager", "member_role"]);
    let manager = fields.required("manager").fields(&["username", "password"]);
    let role = fields.text_or_empty("member_role");
    Domain {
        name: fields.required("name").scalar(),
        manager: manager.required("username").scalar(),
        password: Secret::new(manager.required("password").scalar()),
        member_role: if role.is_empty() { MEMBER.to_owned() } else { role },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_form_is_read_and_mistakes_have_their_lines() {
        let text = "domains:\n- name: a\n  manager: {username: m, password: 123}\n- name: b\n  \
                    manager:\n    username: n\n    password: p\n  member_role: user\n";
        let [a, b] = parse(text).unwrap();
        assert_eq!((a.manager.as_str(), a.password.reveal(), a.member_role.as_str()), ("m", "123", "member"));
        assert_eq!((b.name.as_str(), b.member_role.as_str()), ("b", "user"));
        for (text, said) in [
            ("domains:\n- name: a\n  manager: {username: m, password: p}\n", "expected two domains"),
            (
                "domains:\n- name: a\n  manager: {username: m}\n",
                "line 3: domains[0].manager: the key `password` is missing",
            ),
            ("", "the file is empty"),
            ("domain: []", "unknown key"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
