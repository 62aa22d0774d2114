//! What new security groups let in and out (scs-0115).

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use stoa_openstack::{Call, Service};
use stoa_standards::rule::security_group::{Direction, Ethertype, Rule, check_default_rules, check_new_group};
use stoa_standards::rule::{Check, Finding};

use super::cleaning;
use super::facts::{Facts, aborted, answer_all, malformed, unwritten};
use super::journal::Kind;
use crate::Answers;

/// The test case.
pub(super) const TEST_CASE: &str = "scs-0115-default-rules";
const STANDARD: &str = "0115";
const GROUPS: &str = "/security-groups";
const LIST: &str = "/default-security-group-rules";

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    let check = observe(&facts).await.unwrap_or_else(|check| check);
    answer_all(&ids, &check)
}

async fn observe(facts: &Facts) -> Result<Check, Check> {
    facts.session().await?;
    let reading = facts.context.reading;
    match facts.cloud.list(Call::get(Service::Network, LIST), "default_security_group_rules").await {
        Ok(items) => Ok(check_default_rules(&rules(&items, LIST)?, reading)),
        // Neutron lists them since 2023.2; before, a new group shows them.
        Err(error) if error.is_not_found() => {
            let (rules, remarks) = of_new_group(facts).await?;
            let mut check = check_new_group(&rules, reading);
            check.findings.extend(remarks);
            Ok(check)
        }
        Err(error) => Err(aborted(&error)),
    }
}

/// The rules that a new group has.
async fn of_new_group(facts: &Facts) -> Result<(Vec<Rule>, Vec<Finding>), Check> {
    facts.step("security-groups", "Neutron lists no default rules: making a group that shows them");
    let journal = facts.journal().await?;
    let name = journal.name(STANDARD, "group");
    let thing = journal.intend(Kind::SecurityGroup, &name).map_err(|error| unwritten(&error))?;
    let body = json!({"security_group": {"name": name, "description": "scs-0115: rules of a new group"}});
    let answer = facts.cloud.send(Call::post(Service::Network, GROUPS, &body)).await;
    let group = match answer.and_then(|answer| answer.part("security_group")) {
        Ok(group) => group,
        Err(error) => {
            journal.settle(&thing, &error).map_err(|error| unwritten(&error))?;
            return Err(aborted(&error));
        }
    };
    if let Some(id) = group.get("id").and_then(Value::as_str) {
        journal.made(&thing, id).map_err(|error| unwritten(&error))?;
    }
    let cleaned = cleaning::remove(&facts.cloud, journal, journal.things(Some(STANDARD))).await;
    let items = group.get("security_group_rules").and_then(Value::as_array);
    let items = items.ok_or_else(|| malformed(Service::Network, GROUPS, "no security_group_rules"))?;
    Ok((rules(items, GROUPS)?, cleaning::remarks(&cleaned)))
}

/// Rules of other kinds of traffic than the Internet Protocol are none of these rules' business.
fn rules(items: &[Value], path: &str) -> Result<Vec<Rule>, Check> {
    let mut rules = Vec::new();
    for item in items {
        let text = |key: &str| item.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let used = |key: &str| item.get(key).and_then(Value::as_bool).unwrap_or(false);
        let direction = match text("direction").as_deref() {
            Some("ingress") => Direction::Ingress,
            Some("egress") => Direction::Egress,
            _ => return Err(malformed(Service::Network, path, "a rule without a direction")),
        };
        let ethertype = match text("ethertype").as_deref() {
            Some("IPv6") => Ethertype::IPv6,
            // Null is IPv4, as the API has it by default.
            Some("IPv4") | None => Ethertype::IPv4,
            Some(_) => return Err(malformed(Service::Network, path, "a rule for neither IPv4 nor IPv6")),
        };
        rules.push(Rule {
            id: text("id").unwrap_or_default(),
            direction,
            ethertype,
            remote_group: text("remote_group_id"),
            remote_prefix: text("remote_ip_prefix"),
            used_in_default: used("used_in_default_sg"),
            used_in_custom: used("used_in_non_default_sg"),
        });
    }
    Ok(rules)
}
