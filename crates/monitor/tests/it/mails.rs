//! Being told: changes as a feed and by mail, asked for, confirmed, sent once, ended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use stoa_standards::verdict::Verdict;
use stoa_test::{Caller, TestStoa};
use stoa_web::mail::{Mail, MailError, MailPort};

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
