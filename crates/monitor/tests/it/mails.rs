//! Being told: changes as a feed and by mail, asked for, confirmed, sent once, ended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use stoa_standards::verdict::Verdict;
use stoa_test::{Caller, MailServer, TestStoa};
use stoa_web::mail::{Mail, MailError, MailPort, Smtp};

use crate::desk::{Desk, IAAS};

/// What a mail server would have been handed; away until it is told otherwise.
#[derive(Default)]
struct Post {
    taken: Mutex<Vec<Mail>>,
    away: Mutex<bool>,
}

#[async_trait]
impl MailPort for Post {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        if *self.away.lock().unwrap() {
            return Err(MailError::Away("451 try again".to_owned()));
        }
        self.taken.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

impl Post {
    fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.taken.lock().unwrap())
    }
}

async fn desk() -> (Desk, Arc<Post>) {
    let post = Arc::new(Post::default());
    let port: Arc<dyn MailPort> = Arc::clone(&post) as Arc<dyn MailPort>;
    (Desk::over(TestStoa::with_mail(&[stoa_monitor::BLOCK], port).await).await, post)
}

async fn form(desk: &Desk, path: &str, fields: &str) -> stoa_test::Answer {
    let browser = Caller::anonymous().with("accept", "text/html");
    let kind = "application/x-www-form-urlencoded";
    desk.stoa.send_text(&browser, stoa_web::Method::POST, path, kind, fields.to_owned()).await
}

/// The path of the link that a mail ends with.
fn link(mail: &Mail) -> String {
    let last = mail.text.split_whitespace().last().unwrap();
    last.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned()
}

#[tokio::test]
async fn nobody_is_mailed_who_did_not_confirm_and_nothing_is_mailed_twice() {
    let (desk, post) = desk().await;
    desk.found("cloud-1", IAAS, &[]).await;
    let path = "/monitor/page/subscribe";
    for bad in ["email=nobody", "email=a%40b.org%0d%0aBcc:x%40y.org", "email=a%40b.org&subject=none"] {
        form(&desk, path, bad).await.expect(422);
    }
    form(&desk, path, &format!("email=ada%40example.org&subject=cloud-1&scope={IAAS}")).await.expect(200);
    // Asked again at once: nobody fills another's box by this form.
    form(&desk, path, &format!("email=ada%40example.org&subject=cloud-1&scope={IAAS}")).await.expect(200);
    desk.stoa.run_jobs("monitor").await;
    let asked = post.take();
    assert_eq!((asked.len(), asked[0].to.as_str()), (1, "ada@example.org"));
    let own = link(&asked[0]);
    desk.stoa.clock.advance(Duration::from_mins(1));
    desk.found("cloud-1", IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]).await;
    desk.stoa.run_jobs("monitor").await;
    assert!(post.take().is_empty(), "not confirmed yet");
    // Mail programs look at links by themselves: that confirms nothing.
    desk.stoa.get(&Caller::anonymous(), &own).await.expect(200);
    form(&desk, &own, "").await.expect(200);
    desk.stoa.clock.advance(Duration::from_mins(1));
    *post.away.lock().unwrap() = true;
    desk.found("cloud-1", IAAS, &[]).await;
    desk.found("cloud-2", IAAS, &[]).await;
    desk.stoa.run_jobs("monitor").await;
    *post.away.lock().unwrap() = false;
    desk.stoa.clock.advance(Duration::from_hours(1));
    desk.stoa.run_jobs("monitor").await;
    desk.stoa.run_jobs("monitor").await;
    let told = post.take();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].subject, "cloud-1: Passes v5.1");
    assert!(told[0].text.contains("Before: Fails v5.1") && told[0].text.contains("/monitor/page/detail/cloud-1/"));
    assert_eq!(link(&told[0]), own);
    form(&desk, &format!("{own}/end"), "").await.expect(200);
    desk.stoa.get(&Caller::anonymous(), &own).await.expect(404);
    desk.stoa.clock.advance(Duration::from_mins(1));
    desk.found("cloud-1", IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]).await;
    desk.stoa.run_jobs("monitor").await;
    assert!(post.take().is_empty());
}

#[tokio::test]
async fn changes_by_time_are_told_with_a_warning_before_and_a_summary_on_mondays() {
    let (desk, post) = desk().await;
    form(&desk, "/monitor/page/subscribe", "email=ada%40example.org&weekly=true").await.expect(200);
    desk.stoa.run_jobs("monitor").await;
    form(&desk, &link(&post.take()[0]), "").await.expect(200);
    desk.found("cloud-1", IAAS, &[]).await;
    desk.stoa.run_jobs("monitor").await;
    assert_eq!(post.take()[0].subject, "cloud-1: Passes v5.1");
    let mut subjects = Vec::new();
    for _ in 0..14 {
        desk.stoa.clock.advance(Duration::from_hours(24));
        desk.stoa.run_jobs("monitor").await;
        subjects
            .extend(post.take().into_iter().map(|mail| format!("{} {}", desk.stoa.clock.now().date(), mail.subject)));
    }
    assert_eq!(
        subjects,
        [
            "2026-11-30 Conformance: the last week",
            "2026-12-04 cloud-1: results count until 7 December 2026",
            "2026-12-07 cloud-1: Incomplete v5.1",
            "2026-12-07 Conformance: the last week",
        ]
    );
    let changes = desk.stoa.get(&Caller::anonymous(), "/monitor/v1/changes").await.expect(200).json();
    let causes: Vec<&str> =
        changes["items"].as_array().unwrap().iter().map(|change| change["cause"].as_str().unwrap()).collect();
    assert_eq!(causes, ["time", "evidence"]);
    let feed = desk.stoa.get(&Caller::anonymous(), "/monitor/feed.atom?subject=cloud-1").await.expect(200);
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    assert_eq!(feed.text().matches("<entry>").count(), 2, "{}", feed.text());
    let page = desk.stoa.get(&Caller::anonymous(), "/monitor/page/changes").await.expect(200).text();
    assert!(page.contains("the passing of time"), "{page}");
    let sitemap = desk.stoa.get(&Caller::anonymous(), "/monitor/sitemap.xml").await.expect(200).text();
    assert!(sitemap.contains(&format!("http://127.0.0.1:8080/monitor/page/detail/group-one/{IAAS}")), "{sitemap}");
}

#[tokio::test]
async fn without_a_mail_server_the_page_says_so() {
    let desk = Desk::new().await;
    let page = desk.stoa.get(&Caller::anonymous(), "/monitor/page/subscribe").await.expect(200).text();
    assert!(page.contains("sends no mail"), "{page}");
    let form = desk.stoa.browser(&["admin"]).await.open("/console/monitor/accounts/cloud-3").await.expect(200).text();
    assert!(form.contains("sends no mail"), "{form}");
    // What would be mailed waits for nobody.
    let account = serde_json::json!({"delegates": ["tester"], "email": "ops@example.org"});
    desk.stoa.put(&desk.admin, "/monitor/v1/accounts/cloud-3", &account).await.expect(200);
    desk.found("cloud-3", IAAS, &[]).await;
    desk.stoa.run_jobs("monitor").await;
    let metrics = desk.stoa.get(&Caller::anonymous(), "/metrics").await.expect(200).text();
    let waits = |line: &&str| line.contains("kind=\"monitor.mail\"") && !line.ends_with(" 0") && !line.contains("done");
    assert_eq!(metrics.lines().find(waits), None);
}

#[tokio::test]
async fn whoever_runs_a_subject_is_told_without_asking() {
    let (desk, post) = desk().await;
    let account = |email: &str| serde_json::json!({"delegates": ["tester"], "email": email});
    let path = "/monitor/v1/accounts/cloud-3";
    desk.stoa.put(&desk.admin, path, &account("nobody")).await.expect(422);
    for email in ["old@example.org", "ops@example.org", "ops@example.org"] {
        let written = desk.stoa.put(&desk.admin, path, &account(email)).await.expect(200).json();
        assert_eq!(written["email"], email);
    }
    desk.found("cloud-3", IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]).await;
    desk.found("cloud-1", IAAS, &[]).await;
    desk.stoa.run_jobs("monitor").await;
    let told = post.take();
    assert_eq!(told.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ops@example.org"], "of its own alone");
    // Whoever types the address changes nothing of it; an account without an address ends it.
    form(&desk, "/monitor/page/subscribe", "email=ops%40example.org&subject=cloud-3&weekly=yes").await.expect(200);
    let own = link(&told[0]);
    let page = desk.stoa.get(&Caller::anonymous(), &own).await.expect(200).text();
    assert!(page.contains(&format!("{own}/end")), "{page}");
    desk.stoa.put(&desk.admin, path, &account("")).await.expect(200);
    desk.stoa.clock.advance(Duration::from_mins(1));
    desk.found("cloud-3", IAAS, &[]).await;
    desk.stoa.run_jobs("monitor").await;
    assert!(post.take().is_empty());
}

#[tokio::test]
async fn whoever_left_is_told_no_more_and_nobody_is_asked_without_end() {
    let (desk, post) = desk().await;
    let account = serde_json::json!({"delegates": ["tester"], "email": "ops@example.org"});
    desk.stoa.put(&desk.admin, "/monitor/v1/accounts/cloud-3", &account).await.expect(200);
    desk.stoa.delete(&desk.admin, "/monitor/v1/accounts/cloud-3").await.expect(204);
    let mut again = account.clone();
    again["subject"] = "cloud-3".into();
    again["email"] = "new@example.org".into();
    desk.stoa.post(&desk.admin, "/monitor/v1/accounts", &again).await.expect(201);
    desk.found("cloud-3", IAAS, &[]).await;
    desk.stoa.run_jobs("monitor").await;
    let told = post.take();
    assert_eq!(told.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["new@example.org"]);
    for (subject, scope) in [("cloud-1", ""), ("cloud-2", ""), ("cloud-3", ""), ("", IAAS), ("cloud-1", IAAS), ("", "")]
    {
        let fields = format!("email=eve%40example.org&subject={subject}&scope={scope}");
        for _ in 0..3 {
            form(&desk, "/monitor/page/subscribe", &fields).await.expect(200);
        }
    }
    desk.stoa.run_jobs("monitor").await;
    assert_eq!(post.take().len(), 5, "about different things, in one hour");
    desk.stoa.clock.advance(Duration::from_mins(61));
    for _ in 0..3 {
        form(&desk, "/monitor/page/subscribe", "email=eve%40example.org&subject=cloud-1").await.expect(200);
    }
    desk.stoa.run_jobs("monitor").await;
    assert_eq!(post.take().len(), 1);
}

/// Whoever runs `cloud-3` is told of it.
async fn with_operator(desk: &Desk) {
    let account = serde_json::json!({"delegates": ["tester"], "email": "ops@example.org"});
    desk.stoa.put(&desk.admin, "/monitor/v1/accounts/cloud-3", &account).await.expect(200);
}

/// What is mailed on each of the next days, with the test run again every third of them.
async fn mailed(desk: &Desk, post: &Post, days: i32, other: &[(&str, Verdict)]) -> Vec<String> {
    let mut told = Vec::new();
    for day in 0..days {
        if day % 3 == 0 {
            desk.found("cloud-3", IAAS, other).await;
        }
        desk.stoa.run_jobs("monitor").await;
        let today = desk.stoa.clock.now().date();
        let mut of_day: Vec<String> = post.take().into_iter().map(|mail| format!("{today} {}", mail.subject)).collect();
        // Mails of one moment are sent side by side.
        of_day.sort();
        told.append(&mut of_day);
        desk.stoa.clock.advance(Duration::from_hours(24));
    }
    told
}

#[tokio::test]
async fn the_end_of_a_waiver_is_told_before() {
    let (desk, post) = desk().await;
    with_operator(&desk).await;
    let case = "scs-0100-syntax-check";
    desk.found("cloud-3", IAAS, &[(case, Verdict::Fail)]).await;
    let waiver = serde_json::json!({"subject": "cloud-3", "scope": IAAS, "testCase": case, "reason": "agreed",
        "endsOn": "2026-12-20"});
    let approver = desk.stoa.role("approver").await;
    desk.stoa.post(&approver, "/monitor/v1/waivers", &waiver).await.expect(201);
    let standing = desk.standing("cloud-3", IAAS).await;
    assert_eq!((&standing["state"], &standing["holdsUntil"]), (&"pass".into(), &"2026-12-07".into()), "results expire");
    assert_eq!(
        mailed(&desk, &post, 30, &[(case, Verdict::Fail)]).await,
        [
            "2026-11-24 cloud-3: Fails v5.1",
            "2026-11-24 cloud-3: Passes v5.1",
            "2026-12-06 cloud-3: scs-0100-syntax-check is tolerated until 20 December 2026",
            "2026-12-21 cloud-3: Fails v5.1",
        ]
    );
    assert_eq!(desk.standing("cloud-3", IAAS).await["state"], "fail");
}

#[tokio::test]
async fn what_happens_to_a_certificate_is_told_to_whoever_runs_its_subject() {
    let (desk, post) = desk().await;
    with_operator(&desk).await;
    desk.found("cloud-3", IAAS, &[]).await;
    let approver = desk.stoa.role("approver").await;
    let path = "/monitor/v1/certificates";
    let wish = serde_json::json!({"subject": "cloud-3", "scope": IAAS, "version": "v5.1", "holder": "Three Ltd."});
    desk.stoa.post(&approver, path, &wish).await.expect(201);
    let change = serde_json::json!({"state": "suspended", "reason": "No answer."});
    desk.stoa.post(&approver, &format!("{path}/2026-0001/state"), &change).await.expect(200);
    desk.stoa.run_jobs("monitor").await;
    let mut told = post.take();
    told.sort_by(|one, other| one.subject.cmp(&other.subject));
    let subjects: Vec<&str> = told.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(
        subjects,
        ["cloud-3: Passes v5.1", "cloud-3: certificate 2026-0001: Suspended", "cloud-3: certificate 2026-0001: Valid"]
    );
    assert!(told[1].text.contains("No answer.") && told[1].text.contains("/monitor/page/certificate/2026-0001"));
    let change = serde_json::json!({"state": "valid", "reason": "Answered."});
    desk.stoa.post(&approver, &format!("{path}/2026-0001/state"), &change).await.expect(200);
    let kaas = "scs-compatible-kaas";
    desk.found("cloud-3", kaas, &[]).await;
    let other = serde_json::json!({"subject": "cloud-3", "scope": kaas, "version": "v1", "holder": "Three Ltd."});
    desk.stoa.post(&approver, path, &other).await.expect(201);
    // One of the two has its next one in time: whoever has that has nothing to ask for.
    desk.stoa.clock.advance(Duration::from_hours(24 * 320));
    desk.found("cloud-3", IAAS, &[]).await;
    desk.stoa.post(&approver, path, &wish).await.expect(201);
    let told = mailed(&desk, &post, 40, &[]).await;
    assert_eq!(
        told.iter().filter(|line| line.contains("is valid until")).collect::<Vec<_>>(),
        ["2027-10-24 Certificate 2026-0002 is valid until 23 November 2027"]
    );
}

#[tokio::test]
async fn many_are_told_each_once() {
    let (desk, post) = desk().await;
    // More than are looked at in one transaction; every second one asked twice.
    let store = desk.stoa.stores["monitor"].clone();
    let fill = async |tx: &mut stoa_store::Tx<'_>| -> Result<(), stoa_store::StoreError> {
        for place in 0..450_i64 {
            for subject in if place % 2 == 0 { vec!["", "cloud-1"] } else { vec![""] } {
                let id = tx.new_id::<stoa_monitor::service::DecisionKind>();
                tx.execute(
                    "INSERT INTO subscription (id, tenant, email, subject, scope, language, token, weekly, created_at, \
                     confirmed_at) VALUES ($1, 'default', $2, $3, '', 'en', $4, 0, 1, 1)",
                    stoa_store::params![id, format!("p{place}@example.org"), subject, format!("{place}{subject}")],
                )
                .await?;
            }
        }
        Ok(())
    };
    store.write(fill).await.unwrap();
    desk.found("cloud-1", IAAS, &[]).await;
    for _ in 0..20 {
        desk.stoa.run_jobs("monitor").await;
    }
    let told = post.take();
    let addresses: std::collections::BTreeSet<&str> = told.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!((told.len(), addresses.len()), (450, 450));
}

#[tokio::test]
#[ignore = "needs an SMTP server: Debian's python3-aiosmtpd"]
async fn a_change_arrives_by_smtp() {
    let server = MailServer::start().await.unwrap();
    let smtp = Smtp::new(&server.url(), "Monitor <monitor@example.org>").unwrap();
    let desk = Desk::over(TestStoa::with_mail(&[stoa_monitor::BLOCK], Arc::new(smtp)).await).await;
    with_operator(&desk).await;
    form(&desk, "/monitor/page/subscribe", "email=ada%40example.org&subject=cloud-3").await.expect(200);
    desk.found("cloud-3", IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]).await;
    desk.stoa.run_jobs("monitor").await;
    let said = server.said().unwrap();
    assert_eq!(said.matches("MESSAGE FOLLOWS").count(), 2, "{said}");
    for part in [
        "From: Monitor <monitor@example.org>",
        "To: ada@example.org",
        "Subject: Please confirm: mails about changes of conformance",
        "To: ops@example.org",
        "Subject: cloud-3: Fails v5.1",
        "http://127.0.0.1:8080/monitor/page/detail/cloud-3/scs-compatible-iaas",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
