//! The public pages: everybody sees them, and nothing that stands in a report becomes markup.

use serde_json::json;
use stoa_standards::verdict::Verdict;
use stoa_test::Caller;

use crate::desk::{Desk, IAAS, report, verdicts};

async fn page(desk: &Desk, path: &str) -> String {
    let browser = Caller::anonymous().with("accept", "text/html");
    let answer = desk.stoa.get(&browser, path).await.expect(200);
    assert!(answer.header("content-security-policy").contains("script-src 'self'"));
    answer.text()
}

#[tokio::test]
async fn the_way_leads_from_the_table_to_the_evidence() {
    let desk = Desk::new().await;
    let empty = page(&desk, "/monitor/page/table").await;
    assert!(empty.contains("Nobody has handed in a report yet"), "{empty}");
    let failed = "scs-0102-prop-os_version";
    let first = desk.found("cloud-1", IAAS, &[]).await;
    desk.stoa.clock.advance(std::time::Duration::from_mins(1));
    let id = desk.found("cloud-1", IAAS, &[(failed, Verdict::Fail)]).await;
    desk.found("cloud-3", IAAS, &[]).await;
    let listing = serde_json::json!({"name": "group-one", "title": "Cloud <One>", "operator": "One & Co",
        "url": "https://one.example.org", "position": 1});
    desk.stoa.put(&desk.admin, "/monitor/v1/listings", &listing).await.expect(200);
    let table = page(&desk, "/monitor/page/table").await;
    assert!(table.contains("Cloud &lt;One&gt;") && table.contains("One &amp; Co"), "{table}");
    assert!(table.contains("Fails v5.1") && table.contains("Passes v5.1"));
    let detail = format!("/monitor/page/detail/group-one/{IAAS}");
    assert!(table.contains(&format!("href=\"{detail}\"")), "{table}");
    assert!(!page(&desk, "/monitor/page/table?state=pass").await.contains("Cloud &lt;One&gt;"));
    assert!(page(&desk, "/monitor/page/table?q=one").await.contains("1 row"));
    let text = page(&desk, &detail).await;
    let link = format!("/monitor/page/report/{id}#{failed}");
    assert!(text.contains("does not keep") && text.contains(&link), "{text}");
    let text = page(&desk, &format!("/monitor/page/report/{id}")).await;
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !text.contains("<script>alert"), "{text}");
    assert!(!text.contains("nobody&#x27;s business") && !text.contains("secret of nobody"), "{text}");
    assert!(text.contains("Changed since the report before") && text.contains(&first.to_string()));
    for path in [
        format!("/monitor/page/history/cloud-1/{IAAS}"),
        format!("/monitor/page/scope/{IAAS}"),
        format!("/monitor/page/detail_full/cloud-1/{IAAS}"),
        "/monitor/page/table_full".to_owned(),
        "/monitor/page/methodology".to_owned(),
    ] {
        page(&desk, &path).await;
    }
    for path in ["/monitor/markdown/table", "/monitor/markdown/table_full", "/monitor/v1/overview?format=csv"] {
        let text = desk.stoa.get(&Caller::anonymous(), path).await.expect(200).text();
        assert!(text.contains("group-one"), "{text}");
    }
    let full = format!("/monitor/page/report_full/{id}");
    desk.stoa.get(&Caller::anonymous(), &full).await.expect(401);
    assert!(desk.stoa.get(&desk.admin, &full).await.expect(200).text().contains("secret of nobody"));
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_so() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[]).await;
    for path in [
        format!("/monitor/page/detail/nobody/{IAAS}"),
        "/monitor/page/detail/cloud-1/no-scope".to_owned(),
        "/monitor/page/scope/no-scope".to_owned(),
        "/monitor/page/report/nonsense".to_owned(),
        "/monitor/page/report/0d37bd02-57a0-4bb7-95e0-6c4ab8cdf9f5".to_owned(),
        "/monitor/markdown/nonsense".to_owned(),
        format!("/monitor/badge/nobody/{IAAS}.svg"),
        format!("/monitor/badge/cloud-1/{IAAS}.svg?version=v99"),
        format!("/monitor/page/history/group-one/{IAAS}"),
    ] {
        desk.stoa.get(&Caller::anonymous(), &path).await.expect(404);
    }
    desk.stoa.get(&Caller::anonymous(), "/monitor/status?scopeuuid=none").await.expect(404);
    desk.stoa.get(&Caller::anonymous(), "/monitor/v1/subjects/nobody/scopes/iaas").await.expect(404);
}

#[tokio::test]
async fn badges_say_the_state_in_words_and_may_be_embedded() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[("scs-0100-syntax-check", Verdict::Abort)]).await;
    let answer = desk.stoa.get(&Caller::anonymous(), &format!("/monitor/badge/cloud-1/{IAAS}.svg")).await.expect(200);
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    assert!(answer.text().contains("Not finished v5.1 · 24 November 2026"), "{}", answer.text());
    // One member that was never tested is worse than one that was not finished.
    let of_version = format!("/monitor/badge/group-one/{IAAS}?version=v5.1");
    let badge = async |path: &str| desk.stoa.get(&Caller::anonymous(), path).await.expect(200).text();
    assert!(badge(&of_version).await.contains("No result"));
    let table = page(&desk, "/monitor/page/table").await;
    assert!(table.contains("No result</span></a>") && !table.contains("Not finished v5.1"), "{table}");
    desk.found("cloud-2", IAAS, &[]).await;
    assert!(badge(&of_version).await.contains("Not finished v5.1"));
    let french = desk.stoa.get(&Caller::anonymous(), &format!("{of_version}&lang=fr")).await.expect(200).text();
    assert!(french.contains("24 novembre 2026"), "{french}");
    // Whose word it is can be seen at once.
    let own = report("cloud-3", IAAS, desk.stoa.clock.now(), verdicts(IAAS, &[])).to_yaml();
    desk.hand_in(&desk.account("cloud-3"), 3, &own).await.expect(200);
    assert!(badge(&format!("/monitor/badge/cloud-3/{IAAS}")).await.contains("Passes v5.1 · self-reported"));
    let table = page(&desk, "/monitor/page/table").await;
    assert_eq!(table.matches("self-reported").count(), 1, "{table}");
    // A draft that passes is no good news yet.
    let draft = badge(&format!("/monitor/badge/cloud-2/{IAAS}?version=next")).await;
    assert!(!draft.contains("#1a6b34"), "{draft}");
}

#[tokio::test]
async fn an_old_report_with_results_by_version_is_understood() {
    let desk = Desk::new().await;
    let now = desk.stoa.clock.now();
    let mut old = report("cloud-1", IAAS, now, verdicts(IAAS, &[]));
    let results = std::mem::take(&mut old.run.invocations[0].results);
    let found = |result| stoa_standards::report::VersionResult { result, invocation: None };
    old.versions =
        [("v5.1".to_owned(), results.into_iter().map(|(id, verdict)| (id, found(verdict))).collect())].into();
    desk.hand_in(&desk.account("tester"), 1, &old.to_yaml()).await.expect(200);
    assert_eq!(desk.standing("cloud-1", IAAS).await["state"], "pass");
    page(&desk, &format!("/monitor/page/report/{}", old.run.uuid)).await;
}

#[tokio::test]
async fn whoever_decides_sees_what_there_is_to_decide_about() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[]).await;
    for (role, form) in [("official", "record"), ("approver", "waive"), ("operator", "record")] {
        let browser = desk.stoa.browser(&[role]).await;
        for path in ["/console/monitor/decisions", "/console/monitor/certificates"] {
            browser.open(path).await.expect(200);
        }
        browser.open(&format!("/console/monitor/decisions/{form}")).await.expect(200);
    }
    let approver = desk.stoa.browser(&["approver"]).await;
    let page = approver.open("/console/monitor/certificates").await.expect(200).text();
    assert!(page.contains("/console/monitor/certificates/issue"), "{page}");
}

#[tokio::test]
async fn scopes_and_listings_are_kept_in_the_console() {
    let desk = Desk::new().await;
    desk.found("cloud-1", IAAS, &[]).await;
    let browser = desk.stoa.browser(&["admin"]).await;
    let write = "/console/monitor/scopes/write";
    let page = browser.open("/console/monitor/scopes").await.expect(200).text();
    assert!(page.contains(write), "{page}");
    let document = "uuid: 6f7f2b0a-0000-4000-8000-000000000001\nname: Building blocks\nscripts: []\nmodules: []\n\
        versions: []\ntimeline: []\n";
    let wrong = browser.submit(write, write, &[("alias", "A b"), ("document", document)]).await.expect(422).text();
    assert!(wrong.contains("a-z, 0-9") && wrong.contains("Building blocks"), "nothing typed is lost: {wrong}");
    let broken = document.replace("modules: []", "moduls: []");
    let wrong = browser.submit(write, write, &[("alias", "blocks"), ("document", &broken)]).await.expect(422).text();
    assert!(wrong.contains("moduls") && wrong.contains("line 4"), "{wrong}");
    browser.submit(write, write, &[("alias", "blocks"), ("document", document)]).await.expect(303);
    let page = browser.open("/console/monitor/scopes").await.expect(200).text();
    assert!(page.contains("Building blocks") && page.contains("write?alias=blocks"), "{page}");
    let form = browser.open(&format!("{write}?alias=blocks")).await.expect(200).text();
    assert!(form.contains("6f7f2b0a-0000-4000-8000-000000000001"), "{form}");
    // A listing comes and goes; the subject stays.
    let listing = "/console/monitor/listings/cloud-3";
    browser.submit(listing, listing, &[("title", "Third One"), ("position", "1")]).await.expect(303);
    desk.found("cloud-3", IAAS, &[]).await;
    assert!(self::page(&desk, "/monitor/page/table").await.contains("Third One"));
    browser.submit(listing, &format!("{listing}/remove"), &[]).await.expect(303);
    let table = self::page(&desk, "/monitor/page/table").await;
    assert!(!table.contains("Third One") && table.contains("cloud-3"), "{table}");
    desk.stoa.delete(&desk.admin, "/monitor/v1/listings/cloud-3").await.expect(404);
}

#[tokio::test]
async fn every_table_can_be_had_for_a_spreadsheet() {
    let desk = Desk::new().await;
    let id = desk.found("cloud-3", IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]).await;
    desk.found("cloud-2", IAAS, &[]).await;
    let approver = desk.stoa.role("approver").await;
    let wish = json!({"subject": "cloud-2", "scope": IAAS, "version": "v5.1", "holder": "=One, \"Two\""});
    desk.stoa.post(&approver, "/monitor/v1/certificates", &wish).await.expect(201);
    let tables = [
        ("/monitor/v1/overview".to_owned(), "name,title,", ",fail,v5.1,true,"),
        (
            format!("/monitor/v1/subjects/cloud-3/scopes/{IAAS}"),
            "subject,test_case,",
            "cloud-3,scs-0100-syntax-check,fail,",
        ),
        (format!("/monitor/v1/subjects/cloud-3/scopes/{IAAS}/history"), "date,state,", "2026-11-24,fail,v5.1"),
        (format!("/monitor/v1/scopes/{IAAS}"), "version,validity,", "v5.1,effective,main,scs-0100-syntax-check"),
        (format!("/monitor/v1/reports/{id}"), "test_case,result", "scs-0100-syntax-check,fail"),
        ("/monitor/v1/changes".to_owned(), "at,subject,", ",cloud-3,"),
        ("/monitor/v1/subjects/cloud-3".to_owned(), "subject,scope,", "cloud-3,scs-compatible-iaas,fail,v5.1,"),
        (format!("/monitor/v1/scopes/{IAAS}/versions/v5.1"), "subject,state,", "cloud-3,fail,"),
        (format!("/monitor/v1/scopes/{IAAS}/standards/scs-0100-v3.1"), "subject,state,", "cloud-3,fail,"),
        (format!("/monitor/v1/scopes/{IAAS}/test-cases/scs-0100-syntax-check"), "subject,state,", "cloud-3,fail,"),
        ("/monitor/v1/certificates".to_owned(), "number,subject,", ",v5.1,\"'=One, \"\"Two\"\"\","),
    ];
    for (path, head, line) in tables {
        let table = desk.stoa.get(&Caller::anonymous(), &format!("{path}?format=csv")).await.expect(200);
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
        let text = table.text();
        assert!(
            text.starts_with(head) && text.lines().any(|found| found.to_lowercase().contains(&line.to_lowercase())),
            "{path}: {text}"
        );
        let columns = text.lines().next().unwrap().matches(',').count();
        assert!(text.lines().skip(1).all(|line| line.matches(',').count() >= columns), "{path}: {text}");
        let refused = desk.stoa.get(&Caller::anonymous(), &format!("{path}?format=xls")).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "?format", "{path}");
    }
}

#[tokio::test]
async fn how_subjects_stand_can_be_watched_by_machines() {
    let desk = Desk::new().await;
    desk.found("cloud-3", IAAS, &[("scs-0100-syntax-check", Verdict::Fail)]).await;
    desk.found("cloud-2", IAAS, &[]).await;
    desk.stoa.clock.advance(std::time::Duration::from_mins(1));
    desk.hand_in(&desk.account("tester"), 9, "no report").await.expect(403);
    let text = desk.stoa.get(&Caller::anonymous(), "/metrics").await.expect(200).text();
    for line in [
        "stoa_monitor_reports_total{outcome=\"taken\"} 2",
        "stoa_monitor_reports_total{outcome=\"refused\"} 1",
        "stoa_monitor_subjects{scope=\"scs-compatible-iaas\",state=\"fail\"} 1",
        "stoa_monitor_subjects{scope=\"scs-compatible-iaas\",state=\"pass\"} 1",
        "stoa_monitor_newest_evidence_age_seconds{scope=\"scs-compatible-iaas\"} 60",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn what_is_asked_leads_to_who_keeps_it_and_back() {
    let desk = Desk::new().await;
    let case = "scs-0100-syntax-check";
    let id = desk.found("cloud-3", IAAS, &[(case, Verdict::Fail)]).await;
    desk.found("cloud-2", IAAS, &[]).await;
    desk.found("cloud-1", IAAS, &[]).await;
    desk.found("cloud-1", "kaas", &[]).await;
    desk.found("cloud-2", "kaas", &[]).await;
    let hidden = json!({"name": "cloud-3", "title": "Cloud <b>Three</b>", "operator": "Three & Sons",
        "healthUrl": "https://health.example.org"});
    desk.stoa.put(&desk.admin, "/monitor/v1/listings", &hidden).await.expect(200);
    let version = page(&desk, &format!("/monitor/page/version/{IAAS}/v5.1")).await;
    assert!(version.contains("Cloud &lt;b&gt;Three&lt;/b&gt;") && version.contains("in force"), "{version}");
    assert!(version.contains(&format!("/monitor/page/standard/{IAAS}/scs-0100-v3.1")), "{version}");
    let standard = page(&desk, &format!("/monitor/page/standard/{IAAS}/scs-0100-v3.1")).await;
    assert!(standard.contains(&format!("/monitor/page/test-case/{IAAS}/{case}")), "{standard}");
    let of_case = page(&desk, &format!("/monitor/page/test-case/{IAAS}/{case}")).await;
    assert!(of_case.contains(&format!("/monitor/page/report/{id}#")), "{of_case}");
    let rows: Vec<&str> = of_case.split("<tr role").filter(|row| row.contains("/monitor/page/detail/")).collect();
    assert!(
        rows.len() == 3 && rows[0].contains("Three") && rows[0].contains("Failed") && rows[1].contains("Passed"),
        "the failures first: {of_case}"
    );
    let subject = page(&desk, "/monitor/page/subject/cloud-3").await;
    assert!(subject.contains("Three &amp; Sons") && subject.contains("https://health.example.org"), "{subject}");
    assert!(subject.contains(&format!("/monitor/page/report/{id}")), "{subject}");
    let group = page(&desk, "/monitor/page/subject/group-one").await;
    assert!(group.contains("cloud-2: SCS-compatible KaaS"), "{group}");
    // Looked for by version: only scopes that have it, and how each stands to it.
    let table = page(&desk, "/monitor/page/table?version=v5.1&state=fail").await;
    assert!(table.contains("Fails v5.1") && !table.contains("group-one"), "{table}");
    let table = page(&desk, "/monitor/page/table?version=v1").await;
    assert!(table.contains("Passes v1") && !table.contains(">SCS-compatible IaaS</th>"), "{table}");
    let map = desk.stoa.get(&Caller::anonymous(), "/monitor/sitemap.xml").await.expect(200).text();
    assert!(map.contains(&format!("/monitor/page/test-case/{IAAS}/{case}</loc>")), "{map}");
    for nothing in ["version", "standard", "test-case"] {
        desk.stoa.get(&Caller::anonymous(), &format!("/monitor/page/{nothing}/{IAAS}/none")).await.expect(404);
    }
    desk.stoa.get(&Caller::anonymous(), "/monitor/page/subject/none").await.expect(404);
}
