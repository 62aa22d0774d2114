//! Object storage speaks S3, where there is some (scs-0123): a key that nobody has is refused as S3 refuses it.

use std::collections::BTreeSet;
use std::sync::Arc;

use stoa_openstack::{Answer, Failure, Service};
use stoa_standards::rule::Check;
use stoa_standards::rule::service::{S3Answer, check_s3};

use super::facts::{Facts, aborted, answer_all};
use super::signing::sign_root;
use crate::Answers;

/// The test case.
pub(super) const TEST_CASE: &str = "scs-0123-swift-s3";
/// The key that nobody has.
const ACCESS_KEY: &str = "doesnotexist";
/// The region that servers of S3 have unless they are told of another.
const REGION: &str = "us-east-1";

pub(super) async fn check(facts: Arc<Facts>, ids: BTreeSet<String>) -> Answers {
    let check = observe(&facts).await.unwrap_or_else(|check| check);
    answer_all(&ids, &check)
}

async fn observe(facts: &Facts) -> Result<Check, Check> {
    let (cloud, reading) = (&facts.cloud, facts.context.reading);
    if !facts.session().await?.catalog.types().contains("object-store") {
        return Ok(check_s3("", &S3Answer::NotThere, reading));
    }
    let endpoint = cloud.endpoint(Service::ObjectStore).await.map_err(|error| aborted(&error))?;
    let (root, host) = root(&endpoint);
    let headers = sign_root(&host, REGION, ACCESS_KEY, "", cloud.now());
    let answer = match cloud.probe(Service::ObjectStore, &root, headers).await {
        Ok(answer) => read(&answer),
        Err(error) => match error.failure {
            Failure::TooLarge { .. } => S3Answer::Foreign(error.failure.to_string()),
            // What was not asked says nothing about the cloud.
            Failure::TooMany { .. } => return Err(aborted(&error)),
            other => S3Answer::Unreachable(other.to_string()),
        },
    };
    Ok(check_s3(&root, &answer, reading))
}

/// The address of the host without a path, and the host as it stands in the header `Host`.
fn root(endpoint: &str) -> (String, String) {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // The port of the scheme is not sent, so it is not signed.
    let port = if scheme == "http" { ":80" } else { ":443" };
    (format!("{scheme}://{host}/"), host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase())
}

fn read(answer: &Answer) -> S3Answer {
    let text = String::from_utf8_lossy(&answer.body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code.trim());
    match code {
        Some(code) if text.contains("<Error") => S3Answer::Error(code.to_owned()),
        _ if answer.status == 200 && text.contains("<ListAllMyBucketsResult") => S3Answer::Listed,
        _ => {
            let begin: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(40).collect();
            S3Answer::Foreign(format!("{} {begin}", answer.status).trim_end().to_owned())
        }
    }
}
