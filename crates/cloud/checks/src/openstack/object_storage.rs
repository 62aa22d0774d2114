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
    let mut answer = ask(facts, &root, &host, REGION).await?;
    // A server of another region names it, which is how S3 answers; the published suite does not listen.
    if let (S3Answer::Error(code), Some(region)) = (&answer.0, answer.1.take())
        && code == "AuthorizationHeaderMalformed"
        && !reading.is_published()
    {
        answer = ask(facts, &root, &host, &region).await?;
    }
    Ok(check_s3(&root, &answer.0, reading))
}

/// Asks for a list of buckets; what came, and the region that was named in it.
async fn ask(facts: &Facts, root: &str, host: &str, region: &str) -> Result<(S3Answer, Option<String>), Check> {
    let headers = sign_root(host, region, ACCESS_KEY, "", facts.cloud.now());
    match facts.cloud.probe(Service::ObjectStore, root, headers).await {
        Ok(answer) => Ok(read(&answer)),
        Err(error) => match error.failure {
            Failure::TooLarge { .. } => Ok((S3Answer::Foreign(error.failure.to_string()), None)),
            // What was not asked says nothing about the cloud.
            Failure::TooMany { .. } => Err(aborted(&error)),
            other => Ok((S3Answer::Unreachable(other.to_string()), None)),
        },
    }
}

/// The address of the host without a path, and the host as it stands in the header `Host`.
fn root(endpoint: &str) -> (String, String) {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // The port of the scheme is not sent, so it is not signed.
    let port = if scheme == "http" { ":80" } else { ":443" };
    (format!("{scheme}://{host}/"), host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase())
}

fn read(answer: &Answer) -> (S3Answer, Option<String>) {
    let text = String::from_utf8_lossy(&answer.body);
    let within = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once(&format!("</{tag}>"))?.0.trim())
    };
    let answered = match within("Code") {
        Some(code) if text.contains("<Error") => S3Answer::Error(code.to_owned()),
        _ if answer.status == 200 && text.contains("<ListAllMyBucketsResult") => S3Answer::Listed,
        _ => {
            let begin: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(40).collect();
            S3Answer::Foreign(format!("{} {begin}", answer.status).trim_end().to_owned())
        }
    };
    let is_name =
        |region: &&str| region.len() <= 64 && region.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    (answered, within("Region").filter(is_name).map(str::to_owned))
}
