//! The node's own pages, clicked through without a script.

#![expect(clippy::unwrap_used, reason = "a test that stumbles is to fail at once")]

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use stoa_audit::SigningKey;
use stoa_portal::{CATALOGUES, NAVIGATION, PERMISSIONS, PortalParts, Room, VerifyEvidence};
use stoa_test::{Answer, Caller, NodePages, TestStoa};

async fn stoa() -> TestStoa {
    let pages = NodePages {
        permissions: PERMISSIONS,
        catalogues: CATALOGUES,
        navigation: NAVIGATION,
        router: |node, blocks, stores| {
            stoa_portal::router(PortalParts {
                node,
                blocks,
                rooms: stores.into_iter().map(|(name, store)| Room { name, store, sealer: None }).collect(),
                trusted: vec![SigningKey::from_seed(&[7; 32]).unwrap().verifying_key()],
                public_url: "http://127.0.0.1:8080".to_owned(),
                facts: Vec::new(),
            })
        },
    };
    TestStoa::with_pages(&[stoa_registries::BLOCK], pages).await
}

/// On a server that other tests use too, a transaction of theirs can keep our records unsettled for a moment.
async fn seal(stoa: &TestStoa) {
    for store in stoa.stores.values() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        let trusted = [key.verifying_key()];
        let sealer = stoa_audit::Sealer::new(store.clone(), key);
        for _ in 0..500 {
            let _ = sealer.pass().await.unwrap();
            if stoa_audit::verify::verify(store, &trusted, &[]).await.unwrap().unsealed == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}

async fn anonymous(stoa: &TestStoa, method: &str, path: &str, form: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept", "text/html")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    stoa.send_request(request).await
}

#[test]
fn every_text_is_there_in_every_language_and_used() {
    for (folder, catalogues) in [("src", CATALOGUES), ("../base/ui", stoa_ui::CATALOGUES)] {
        let mut sources = String::new();
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "html") {
                    sources.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        if folder != "src" {
            sources.push_str(include_str!("../../../base/web/src/page.rs"));
        }
        let wrong = stoa_ui::check(catalogues, &sources);
        assert!(wrong.is_empty(), "{folder}: {}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn a_link_signs_in_once_and_only_when_the_button_is_pressed() {
    let stoa = stoa().await;
    let sent_away = anonymous(&stoa, "GET", "/console/registries?sort=name", "").await;
    assert_eq!(sent_away.status, 303);
    assert_eq!(sent_away.header("location"), "/sign-in?back=%2Fconsole%2Fregistries%3Fsort%3Dname");
    let by = stoa_core::Actor::system("test", stoa_core::Tenant::default());
    let link = stoa.node.create_link(&by, "ada", &["admin"]).await.unwrap();
    for _ in 0..2 {
        let page = anonymous(&stoa, "GET", &format!("/sign-in?link={link}"), "").await.expect(200);
        assert!(page.header("set-cookie").is_empty(), "a preview of the link does not use it up");
    }
    let form = format!("link={link}&back=%2Fconsole%2Fregistries");
    let signed_in = anonymous(&stoa, "POST", "/sign-in", &form).await.expect(303);
    assert_eq!(signed_in.header("location"), "/console/registries");
    let cookie = signed_in.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let again = anonymous(&stoa, "POST", "/sign-in", &form).await.expect(422);
    assert!(again.text().contains("This link was used already"));
    let elsewhere = anonymous(&stoa, "POST", "/sign-in", "link=x&back=https%3A%2F%2Fexample.org").await.expect(422);
    assert!(!elsewhere.text().contains("example.org"), "nobody is sent to another host");

    let ada = Caller::anonymous().with("cookie", cookie.split(';').next().unwrap()).with("accept", "text/html");
    let page = stoa.get(&ada, "/console").await.expect(200).text();
    assert!(page.contains("ada") && page.contains("/console/audit"), "{page}");
    let token = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let out = |token: String| {
        let request = Request::post("/sign-out")
            .header("cookie", cookie.split(';').next().unwrap())
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={token}")))
            .unwrap();
        stoa.send_request(request)
    };
    let again = stoa.get(&ada, "/sign-in?back=%2Fconsole%2Fregistries").await.expect(303);
    assert_eq!(again.header("location"), "/console/registries", "whoever is signed in need not sign in");
    out("forged".to_owned()).await.expect(403);
    stoa.get(&ada, "/console").await.expect(200);
    out(token).await.expect(303);
    assert_eq!(stoa.get(&ada, "/console").await.status, 303, "the session is over");
}

#[tokio::test]
async fn language_and_colours_are_remembered_without_signing_in() {
    let stoa = stoa().await;
    let answer = anonymous(&stoa, "POST", "/preferences", "language=ar&theme=dark&back=%2Fdocs").await.expect(303);
    assert_eq!(answer.header("location"), "/docs");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
    assert!(cookies[0].starts_with("stoa_lang=ar;") && cookies[1].starts_with("stoa_theme=dark;"), "{cookies:?}");
    let caller = Caller::anonymous().with("cookie", "stoa_lang=ar; stoa_theme=dark").with("accept", "text/html");
    let page = stoa.get(&caller, "/").await.expect(200).text();
    assert!(page.contains("<html lang=\"ar\" dir=\"rtl\" data-theme=\"dark\""), "{page}");
}

#[tokio::test]
async fn a_key_is_made_shown_once_used_and_revoked() {
    let stoa = stoa().await;
    let operator = stoa.browser(&["operator"]).await;
    let new = "/console/keys/new";
    let wrong = operator.submit(new, new, &[("name", ""), ("days", "soon")]).await.expect(422).text();
    for message in ["Enter a name for the program", "Choose at least one role", "from 1 to 3650"] {
        assert!(wrong.contains(message), "{message}: {wrong}");
    }
    let more = operator.submit(new, new, &[("name", "x"), ("roles", "admin")]).await.expect(422).text();
    assert!(more.contains("You cannot give rights that you do not have yourself"), "{more}");
    let made = operator.submit(new, new, &[("name", "import"), ("roles", "operator"), ("days", "30")]).await;
    let (shown, cookie) = (made.header("location").to_owned(), made.header("set-cookie").to_owned());
    made.expect(303);
    assert!(cookie.contains(&format!("Path={shown};")) && cookie.contains("HttpOnly"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let page = operator.open_with(&shown, cookie).await.expect(200).text();
    let again = operator.open_with(&shown, cookie).await.expect(200).text();
    assert!(again.contains("<code>stoa_"), "loading the page again neither loses the key nor makes another");
    assert!(operator.open(&shown).await.expect(200).text().contains("is not shown again"), "nobody else sees it");
    let key = page.split_once("<code>stoa_").unwrap().1.split('<').next().unwrap().to_owned();
    let caller = Caller::key(&format!("stoa_{key}"));
    stoa.get(&caller, "/registries/v1/registries").await.expect(200);
    let further = operator.open("/console/keys/new?name=import").await.expect(200).text();
    assert!(further.contains("value=\"import\"") && further.contains("checked"), "{further}");
    let other = operator.submit(new, new, &[("name", "import"), ("roles", "auditor")]).await.expect(422).text();
    assert!(other.contains("You cannot give rights"), "{other}");
    let admin = stoa.browser(&["admin"]).await;
    let other = admin.submit(new, new, &[("name", "import"), ("roles", "auditor")]).await.expect(422).text();
    assert!(other.contains("The program of this name has other roles"), "{other}");
    let list = operator.open("/console/keys").await.expect(200).text();
    assert!(!list.contains(&key) && list.contains("import"), "the list does not show the key itself");
    let id =
        list.split("/console/keys/").filter_map(|part| part.split_once("/revoke")).map(|(id, _)| id).next().unwrap();
    let gone = operator.submit("/console/keys", &format!("/console/keys/{id}/revoke"), &[]).await;
    assert_eq!(gone.expect(303).header("location"), "/console/keys?done=revoked");
    stoa.get(&caller, "/registries/v1/registries").await.expect(401);
    let official = stoa.browser(&["official"]).await;
    official.open("/console/keys").await.expect(403);
}

/// The page after a verification that was asked for by its button and done in the background.
async fn verified(stoa: &TestStoa, auditor: &stoa_test::Browser<'_>) -> String {
    let path = "/console/audit/verify";
    for _ in 0..2 {
        auditor.submit("/console/audit/verify", path, &[]).await.expect(303);
    }
    let page = auditor.open(path).await.expect(200).text();
    assert!(page.contains("data-again") && page.contains("is under way"), "{page}");
    let rooms = stoa.stores.iter().map(|(name, store)| Room { name, store: store.clone(), sealer: None }).collect();
    let trusted = vec![SigningKey::from_seed(&[7; 32]).unwrap().verifying_key()];
    let store = stoa.node.store().clone();
    let handler = std::sync::Arc::new(VerifyEvidence::new(store.clone(), rooms, trusted));
    assert_eq!(
        stoa_store::jobs::JobRunner::new(store, vec![handler]).drain().await.unwrap(),
        1,
        "pressed twice, run once"
    );
    let page = auditor.open(path).await.expect(200).text();
    assert!(!page.contains("data-again"), "{page}");
    page
}

#[tokio::test]
async fn an_operator_sees_who_is_signed_in_and_ends_a_session() {
    let stoa = stoa().await;
    let operator = stoa.browser(&["operator"]).await;
    let lost = stoa.browser(&["official"]).await;
    lost.open("/console").await.expect(200);
    let page = operator.open("/console/sessions").await.expect(200).text();
    assert!(page.contains("This is you"), "{page}");
    let ids: Vec<&str> =
        page.split("/console/sessions/").filter_map(|part| part.split_once("/end")).map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 1, "one's own session is ended by signing out: {page}");
    let end = format!("/console/sessions/{}/end", ids[0]);
    let ended = operator.submit("/console/sessions", &end, &[]).await.expect(303);
    assert_eq!(ended.header("location"), "/console/sessions?done=ended");
    assert_eq!(lost.open("/console").await.status, 303, "the session is over at once");
    operator.submit("/console/sessions", &end, &[]).await.expect(404);
    stoa.browser(&["auditor"]).await.open("/console/sessions").await.expect(403);
}

#[tokio::test]
async fn evidence_is_searched_proven_and_verified() {
    let stoa = stoa().await;
    let analyst = stoa.role("analyst").await;
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    stoa.post(&analyst, "/registries/v1/registries", &json!({"code": "a", "name": "A", "schema": schema}))
        .await
        .expect(201);
    seal(&stoa).await;
    let auditor = stoa.browser(&["auditor"]).await;
    let list = auditor.open("/console/audit?action=registries.registry.draft").await.expect(200).text();
    let record = list.split_once("href=\"/console/audit/registries/").unwrap().1.split('"').next().unwrap().to_owned();
    let page = auditor.open(&format!("/console/audit/registries/{record}")).await.expect(200).text();
    assert!(page.contains("This record is sealed, and its proof holds."), "{page}");
    assert!(
        auditor.open("/console/audit?action=nothing.at.all").await.expect(200).text().contains("No record matches.")
    );
    assert!(list.contains("Changed a draft") && list.contains("href=\"/console/registries/a\""), "{list}");
    let page = auditor.open("/console/audit?from=yesterday").await.expect(200).text();
    assert!(
        page.contains("Enter a real day") && !page.contains("<table"),
        "a wrong day is no search by nothing: {page}"
    );
    auditor.open("/console/audit?before=last").await.expect(400);
    let none = auditor.open("/console/audit").await.expect(200).text();
    assert!(!none.contains(">Clear</a>"), "there is nothing to clear");
    let page = verified(&stoa, &auditor).await;
    assert!(page.contains("The evidence of every database is whole."), "{page}");
    stoa.post(&analyst, "/registries/v1/registries", &json!({"code": "b", "name": "B", "schema": schema}))
        .await
        .expect(201);
    stoa.clock.advance(std::time::Duration::from_mins(1));
    let page = verified(&stoa, &auditor).await;
    assert!(page.contains("waits for its seal for too long"), "{page}");
    let checkpoint = auditor.open("/console/audit/checkpoint").await.expect(200);
    assert!(checkpoint.header("content-disposition").contains("attachment"));
    let store = &stoa.stores["registries"];
    let on = if store.file().is_some() { "" } else { " ON audit_record" };
    store
        .write(async move |tx: &mut stoa_store::Tx<'_>| {
            // The database's own refusal is taken off first.
            for trigger in ["audit_record_kept", "audit_record_stays"] {
                tx.execute(&format!("DROP TRIGGER IF EXISTS {trigger}{on}"), stoa_store::params![]).await?;
            }
            tx.execute("UPDATE audit_record SET actor = 'nobody'", stoa_store::params![]).await.map(drop)
        })
        .await
        .unwrap();
    let page = verified(&stoa, &auditor).await;
    assert!(page.contains("The evidence was changed outside of this program."), "{page}");
    assert!(page.contains("<span lang=\"en\" dir=\"ltr\">record "), "the finding is named: {page}");
    let page = auditor.open(&format!("/console/audit/registries/{record}")).await.expect(200).text();
    assert!(page.contains("does not hold"), "{page}");
}

#[tokio::test]
async fn dead_letters_are_tried_again_or_dropped() {
    let stoa = stoa().await;
    let store = &stoa.stores["registries"];
    store
        .write(async |tx: &mut stoa_store::Tx<'_>| {
            for name in ["first", "second"] {
                stoa_store::jobs::enqueue(tx, stoa_store::jobs::NewJob::new("test.work", &json!({})).key(name)).await?;
            }
            tx.execute("UPDATE stoa_job SET state = 'dead', last_error = 'broken <pipe>'", stoa_store::params![]).await
        })
        .await
        .unwrap();
    let operator = stoa.browser(&["operator"]).await;
    let page = operator.open("/console").await.expect(200).text();
    assert!(page.contains("Some work was given up and needs you."), "{page}");
    let page = operator.open("/console/jobs?state=dead").await.expect(200).text();
    assert!(page.contains("broken &lt;pipe&gt;"), "{page}");
    let ids: Vec<&str> =
        page.split("name=\"pick\" value=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    assert_eq!(ids.len(), 2, "{page}");
    let act = async |fields: &[(&str, &str)]| {
        let fields: Vec<_> = std::iter::once(("room", "registries")).chain(fields.iter().copied()).collect();
        operator.submit("/console/jobs", "/console/jobs/act", &fields).await
    };
    let nothing = act(&[("act", "drop")]).await.expect(303);
    assert_eq!(nothing.header("location"), "/console/jobs?room=registries&done=nothing");
    act(&[("act", "retry"), ("pick", ids[0])]).await.expect(303);
    act(&[("act", "retry"), ("pick", ids[0])]).await.expect(404);
    act(&[("act", "drop"), ("pick", ids[1]), ("pick", "job/none")]).await.expect(303);
    let page = operator.open("/console/jobs?state=dead").await.expect(200).text();
    assert!(page.contains("There is no such work."), "{page}");
    store
        .write(async |tx: &mut stoa_store::Tx<'_>| {
            for nth in 0..30 {
                let name = format!("many-{nth}");
                stoa_store::jobs::enqueue(tx, stoa_store::jobs::NewJob::new("test.work", &json!({})).key(&name))
                    .await?;
            }
            tx.execute("UPDATE stoa_job SET state = 'dead', last_error = 'x'", stoa_store::params![]).await
        })
        .await
        .unwrap();
    let first = operator.open("/console/jobs?state=dead&room=registries").await.expect(200).text();
    assert_eq!(first.matches("name=\"pick\"").count(), 25, "{first}");
    let next = first.split_once("rel=\"next\" href=\"").unwrap().1.split('"').next().unwrap().replace("&#38;", "&");
    let second = operator.open(&next).await.expect(200).text();
    assert_eq!(second.matches("name=\"pick\"").count(), 6, "every dead letter can be reached: {second}");
    let auditor = stoa.browser(&["auditor"]).await;
    let page = auditor.open("/console/jobs").await.expect(200).text();
    assert!(
        !page.contains("/console/jobs/act") && !page.contains("name=\"pick\""),
        "whoever only looks gets no buttons"
    );
}

#[tokio::test]
async fn every_problem_and_every_operation_has_its_place() {
    let stoa = stoa().await;
    let caller = Caller::anonymous().with("accept", "text/html");
    let list = stoa.get(&caller, "/problems").await.expect(200).text();
    let all = stoa_web::CATALOGUES.iter().flat_map(|catalogue| catalogue.iter()).chain(stoa_registries::BLOCK.problems);
    for info in all {
        assert!(list.contains(info.code), "{} is not in the list", info.code);
        let page = stoa.get(&caller, &format!("/problems/{}", info.code)).await.expect(200).text();
        assert!(page.contains("<strong>What to do.</strong>"), "{}: {page}", info.code);
        assert!(page.len() < 60_000);
    }
    let arabic = Caller::anonymous().with("accept", "text/html").with("accept-language", "ar");
    let page = stoa.get(&arabic, "/problems/web.forbidden").await.expect(200).text();
    assert!(page.contains("<div lang=\"en\" dir=\"ltr\"><p>"), "what is in English says so: {page}");
    assert!(page.contains("<h1><span lang=\"en\" dir=\"ltr\">"), "{page}");
    stoa.get(&caller, "/problems/no.such").await.expect(404);
    let docs = stoa.get(&caller, "/docs/registries").await.expect(200).text();
    for (path, item) in stoa.openapi["registries"]["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values().filter(|operation| operation.is_object()) {
            let id = operation["operationId"].as_str().unwrap_or_default();
            let own = format!("/docs/registries/{id}");
            assert!(docs.contains(&format!("href=\"{own}\"")), "{path} {id} is not in the document");
            let page = stoa.get(&caller, &own).await.expect(200).text();
            assert!(page.contains(stoa_ui::Html::code(path).as_str()), "{own} does not say where it is: {page}");
        }
    }
    let schema = stoa.get(&caller, "/docs/registries/schemas/Problem").await.expect(200).text();
    assert!(schema.contains("<code dir=\"ltr\">detail</code>"), "{schema}");
    for path in ["/docs/none", "/docs/registries/none", "/docs/registries/schemas/None"] {
        stoa.get(&caller, path).await.expect(404);
    }
    assert!(!docs.contains("https://") && !docs.contains("src=\"http"), "nothing is loaded from elsewhere");
}

/// The addresses of the pages about an API, as its overview links to them.
async fn document_pages(stoa: &TestStoa) -> Vec<String> {
    let overview =
        stoa.get(&Caller::anonymous().with("accept", "text/html"), "/docs/registries").await.expect(200).text();
    let links = overview.split("href=\"").skip(1).filter_map(|part| part.split('"').next());
    let pages: Vec<String> = links.filter(|link| link.starts_with("/docs/registries/")).map(str::to_owned).collect();
    assert!(pages.len() > 40, "{pages:?}");
    pages
}

#[tokio::test]
async fn every_page_speaks_every_language_and_weighs_little() {
    let stoa = stoa().await;
    let documents = document_pages(&stoa).await;
    let weight = stoa_ui::STATIC.style.body.len() + stoa_ui::STATIC.script.body.len() + stoa_ui::STATIC.icon.body.len();
    for language in ["en", "fr", "ar", "sw"] {
        let admin = stoa.browser(&["admin"]).await.in_language(language);
        for path in [
            "/",
            "/sign-in",
            "/console",
            "/console/jobs",
            "/console/audit",
            "/console/audit/verify",
            "/console/keys",
            "/console/keys/new",
            "/console/sessions",
            "/console/system",
            "/problems",
            "/docs",
            "/docs/registries",
        ]
        .into_iter()
        .chain(documents.iter().map(String::as_str))
        {
            let page = if path == "/sign-in" {
                let caller = Caller::anonymous().with("accept", "text/html").with("accept-language", language);
                stoa.get(&caller, "/sign-in?ended=yes").await.expect(200).text()
            } else {
                admin.open(path).await.expect(200).text()
            };
            assert!(page.contains(&format!("<html lang=\"{language}\"")), "{path}");
            assert!(
                !page.contains("portal-") && !page.contains(">ui-"),
                "{language} {path}: a text is missing: {page}"
            );
            assert!(page.len() + weight < 60_000, "{path} weighs {} bytes", page.len() + weight);
        }
    }
}
