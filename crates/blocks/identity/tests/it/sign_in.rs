//! Signing in, and those who try to do it as somebody else.

use std::time::Duration;

use serde_json::json;
use stoa_test::{Answer, TestStoa};

use crate::rp::{Browser, PASSWORD, Rp, claims, enrol, parameter};

async fn stoa() -> TestStoa {
    TestStoa::with(&[stoa_identity::BLOCK]).await
}

/// The sign-in for the person's own pages.
async fn front(browser: &Browser<'_>) -> Answer {
    let answer = browser.get("/identity/me").await.expect(303);
    browser.follow(answer).await.expect(200)
}

async fn try_as(browser: &Browser<'_>, page: &Answer, name: &str, password: &str) -> Answer {
    browser.submit(page, "/identity/sign-in", &[("name", name), ("password", password)]).await
}

/// A code of the key that a page shows, for a moment.
pub(crate) fn code_of(page: &Answer, seconds: i64) -> String {
    let text = page.text();
    let key = text.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let mut bits = 0_u64;
    let (mut held, mut bytes) = (0, Vec::new());
    for letter in key.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        bits = (bits << 5) | u64::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = aws_lc_rs::hmac::sign(&key, &(seconds / 30).to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", word % 1_000_000)
}

#[tokio::test]
async fn people_are_found_by_each_of_their_names() {
    let stoa = stoa().await;
    let made = enrol(&stoa, "Amina Juma", "amina").await;
    let vid = made["identifiers"].as_array().unwrap().iter().find(|one| one["kind"] == "vid").unwrap();
    let vid = vid["value"].as_str().unwrap();
    let spaced = format!("{} {}", &vid[..4], &vid[4..]);
    for name in ["amina", "AMINA@example.org", vid, &spaced] {
        let browser = Browser::new(&stoa);
        let page = front(&browser).await;
        let page = browser.sign_in(&page, name, PASSWORD).await.expect(200);
        assert!(page.text().contains("Amina Juma"), "{name}");
        // The unique number stays inside.
        assert!(page.text().contains("••••••••"));
    }
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_have_the_same_answer() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let browser = Browser::new(&stoa);
    let page = front(&browser).await;
    let plain = |answer: Answer, name: &str| {
        // What was typed comes back, and the name of the transaction is random.
        let text = answer.text().replace(name, "NAME");
        text.split("name=\"t\" value=\"").map(|part| part.split_once('"').map_or(part, |cut| cut.1)).collect::<String>()
    };
    let wrong_password = try_as(&browser, &page, "amina", "not her password").await.expect(422);
    let wrong_name = try_as(&browser, &page, "nobody", "not her password").await.expect(422);
    assert_eq!(plain(wrong_password, "amina"), plain(wrong_name, "nobody"));
    // A person who is taken out of use is nobody either.
    let admin = stoa.role("admin").await;
    let found = stoa.post(&admin, "/identity/v1/people/search", &json!({"text": "amina"})).await.expect(200).json();
    let at = format!("/identity/v1/people/{}", found["items"][0]["id"].as_str().unwrap());
    let body = json!({"state": "blocked", "reason": "Reported stolen"});
    stoa.put(&admin, &format!("{at}/state"), &body).await.expect(200);
    try_as(&browser, &page, "amina", PASSWORD).await.expect(422);
    let body = json!({"state": "active", "reason": "Found again"});
    stoa.put(&admin, &format!("{at}/state"), &body).await.expect(200);
    stoa.clock.advance(Duration::from_mins(2));
    try_as(&browser, &page, "amina", PASSWORD).await.expect(303);
}

#[tokio::test]
async fn guessing_takes_longer_each_time_whether_the_person_is_there_or_not() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let browser = Browser::new(&stoa);
    let page = front(&browser).await;
    for name in ["amina", "nobody"] {
        for _ in 0..4 {
            try_as(&browser, &page, name, "a wrong password").await.expect(422);
        }
        // Also the right one has to wait, in any spelling of the name.
        let wait = try_as(&browser, &page, &name.to_uppercase(), PASSWORD).await.expect(429);
        assert_eq!(wait.header("retry-after"), "30", "{name}");
    }
    stoa.clock.advance(Duration::from_secs(30));
    try_as(&browser, &page, "amina", "a wrong password").await.expect(422);
    let wait = try_as(&browser, &page, "amina", PASSWORD).await.expect(429);
    assert_eq!(wait.header("retry-after"), "60");
    stoa.clock.advance(Duration::from_mins(1));
    try_as(&browser, &page, "amina", PASSWORD).await.expect(303);
    // Whoever came in may mistype again.
    let page = front(&Browser::new(&stoa)).await;
    let other = Browser::new(&stoa);
    let _ = page;
    let page = front(&other).await;
    try_as(&other, &page, "amina", "a wrong password").await.expect(422);
}

#[tokio::test]
async fn nobody_is_locked_out_of_their_own_browser_by_others_who_guess() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let (own, other) = (Browser::new(&stoa), Browser::new(&stoa));
    let page = front(&own).await;
    own.sign_in(&page, "amina", PASSWORD).await.expect(200);
    let page = front(&other).await;
    for _ in 0..4 {
        try_as(&other, &page, "amina", "a wrong password").await.expect(422);
    }
    try_as(&other, &page, "amina", PASSWORD).await.expect(429);
    own.cookies.lock().unwrap().remove("stoa_person");
    let page = front(&own).await;
    try_as(&own, &page, "amina", PASSWORD).await.expect(303);
}

#[tokio::test]
async fn many_at_once_are_counted_one_by_one() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let browser = Browser::new(&stoa);
    let page = front(&browser).await;
    let tries = (0..12).map(|_| try_as(&browser, &page, "amina", "a wrong password"));
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 422).count();
    assert_eq!(looked_at, 4, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_code_is_asked_where_an_application_is_added_and_counts_once() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let browser = Browser::new(&stoa);
    let page = front(&browser).await;
    browser.sign_in(&page, "amina", PASSWORD).await.expect(200);
    let page = browser.get("/identity/me/security").await.expect(200);
    let page = browser.follow(browser.submit(&page, "/identity/me/totp/new", &[]).await).await.expect(200);
    assert!(page.text().contains("<svg role=\"img\""));
    browser.submit(&page, "/identity/me/totp", &[("code", "000000")]).await.expect(422);
    let now = stoa.clock.now().seconds();
    let code = code_of(&page, now);
    browser.submit(&page, "/identity/me/totp", &[("code", &code)]).await.expect(303);
    let answer = browser.get("/identity/me/security").await.expect(200);
    let answer = browser.submit(&answer, "/identity/me/recovery", &[]).await.expect(200).text();
    let recovery = answer.split("<code dir=\"ltr\">").nth(1).unwrap().split('<').next().unwrap().to_owned();

    let other = Browser::new(&stoa);
    let asked = other.follow(other.get(&rp.address(&[])).await).await;
    let asked = other.sign_in(&asked, "amina", PASSWORD).await;
    assert!(asked.text().contains("one-time-code") && !asked.text().contains("sign-in/consent"));
    // The password alone is no session, and the code that was shown before counts no more.
    other.get("/identity/me").await.expect(303);
    other.submit(&asked, "/identity/sign-in/code", &[("code", &code)]).await.expect(422);
    stoa.clock.advance(Duration::from_secs(30));
    let next = code_of(&page, stoa.clock.now().seconds());
    let answer = other.submit(&asked, "/identity/sign-in/code", &[("code", &next)]).await.expect(303);
    let consent = other.follow(answer).await.expect(200);
    let answer = other.follow(other.submit(&consent, "/identity/sign-in/consent", &[]).await).await;
    let tokens = rp.redeem(&parameter(&answer, "code")).await.expect(200).json();
    let id = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id["acr"], &id["amr"]), (&json!("https://refeds.org/profile/mfa"), &json!(["pwd", "otp", "mfa"])));

    // A recovery code lets in once.
    for expected in [303, 422] {
        let third = Browser::new(&stoa);
        let page = front(&third).await;
        let page = third.sign_in(&page, "amina", PASSWORD).await;
        let typed = recovery.to_uppercase().replace('-', " ");
        third.submit(&page, "/identity/sign-in/code", &[("code", &typed)]).await.expect(expected);
    }
}

#[tokio::test]
async fn a_service_that_wants_more_gets_it_or_is_told() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let browser = Browser::new(&stoa);
    rp.code(&browser, "amina", &[]).await;
    let strict = r#"{"id_token": {"acr": {"essential": true, "values": ["phr"]}}}"#;
    let silent = browser.get(&rp.address(&[("claims", strict), ("prompt", "none")])).await.expect(303);
    assert_eq!(parameter(&silent, "error"), "login_required");
    let page = browser.follow(browser.get(&rp.address(&[("claims", strict)])).await).await.expect(200);
    let answer = browser.sign_in(&page, "amina", PASSWORD).await;
    assert_eq!(parameter(&answer, "error"), "unmet_authentication_requirements");
    // Signing in again when the last time is too long ago, or when the service says so.
    stoa.clock.advance(Duration::from_mins(10));
    for changes in [("max_age", "300"), ("prompt", "login")] {
        let page = browser.follow(browser.get(&rp.address(&[changes])).await).await.expect(200);
        assert!(page.text().contains("name=\"password\"") && !page.text().contains("sign-in/continue"), "{changes:?}");
        let answer = browser.sign_in(&page, "amina", PASSWORD).await;
        let tokens = rp.redeem(&parameter(&answer, "code")).await.expect(200).json();
        assert_eq!(claims(tokens["id_token"].as_str().unwrap())["auth_time"], stoa.clock.now().seconds());
        stoa.clock.advance(Duration::from_mins(10));
    }
    // Choosing who one is: the one who is signed in goes on with a click.
    let page = browser.follow(browser.get(&rp.address(&[("prompt", "select_account")])).await).await.expect(200);
    assert!(page.text().contains("Continue as"));
    let answer = browser.follow(browser.submit(&page, "/identity/sign-in/continue", &[]).await).await;
    assert!(!parameter(&answer, "code").is_empty());
}

#[tokio::test]
async fn forms_of_other_sites_and_other_browsers_are_refused() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let (browser, other) = (Browser::new(&stoa), Browser::new(&stoa));
    let page = browser.follow(browser.get(&rp.address(&[])).await).await.expect(200);
    let name = page.text().split("name=\"t\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let typed = [("t", name.as_str()), ("name", "amina"), ("password", PASSWORD)];
    // Without what only a page of ours knows; with somebody else's; in a browser without cookies.
    browser.post("/identity/sign-in", &typed).await.expect(403);
    front(&other).await;
    other.submit(&page, "/identity/sign-in", &[("name", "amina"), ("password", PASSWORD)]).await.expect(403);
    Browser::new(&stoa).submit(&page, "/identity/sign-in", &typed).await.expect(403);
    // Log-in CSRF: a sign-in that one browser began is none of another.
    let own = front(&other).await;
    let own = own.text();
    let guard = own.split("name=\"guard\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let planted = [("t", name.as_str()), ("guard", guard), ("name", "amina"), ("password", PASSWORD)];
    other.post("/identity/sign-in", &planted).await.expect(410);
    other.get(&format!("/identity/sign-in?t={name}")).await.expect(410);
    // After half an hour it is over for everybody.
    stoa.clock.advance(Duration::from_mins(31));
    browser.get(&format!("/identity/sign-in?t={name}")).await.expect(410);
}

#[tokio::test]
async fn a_planted_session_is_worth_nothing_and_cookies_are_kept_from_scripts() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let browser = Browser::new(&stoa);
    let page = front(&browser).await;
    browser.cookies.lock().unwrap().insert("stoa_person".to_owned(), "planted".to_owned());
    let answer = try_as(&browser, &page, "amina", PASSWORD).await.expect(303);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("stoa_person=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let first = browser.cookies.lock().unwrap()["stoa_person"].clone();
    assert_ne!(first, "planted");
    // Signing in again changes the secret, and the old one ends.
    let answer = browser.get("/identity/sign-in?back=/identity/me&fresh=yes").await;
    let page = browser.follow(answer).await.expect(200);
    try_as(&browser, &page, "amina", PASSWORD).await.expect(303);
    let second = browser.cookies.lock().unwrap()["stoa_person"].clone();
    assert_ne!(first, second);
    let old = Browser::new(&stoa);
    old.cookies.lock().unwrap().insert("stoa_person".to_owned(), first);
    old.get("/identity/me").await.expect(303);
    browser.get("/identity/me").await.expect(200);
}

#[tokio::test]
async fn sessions_end_by_themselves_and_by_their_person() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let (one, two) = (Browser::new(&stoa), Browser::new(&stoa));
    for browser in [&one, &two] {
        let page = front(browser).await;
        browser.sign_in(&page, "amina", PASSWORD).await.expect(200);
    }
    let page = one.get("/identity/me/security").await.expect(200);
    one.submit(&page, "/identity/me/sessions/end", &[]).await.expect(303);
    two.get("/identity/me").await.expect(303);
    one.get("/identity/me").await.expect(200);
    // Used now and then it goes on, up to twelve hours.
    for _ in 0..14 {
        stoa.clock.advance(Duration::from_mins(50));
        one.get("/identity/me").await.expect(200);
    }
    stoa.clock.advance(Duration::from_mins(50));
    one.get("/identity/me").await.expect(303);
    // Left alone for an hour it is over.
    let page = front(&two).await;
    two.sign_in(&page, "amina", PASSWORD).await.expect(200);
    stoa.clock.advance(Duration::from_mins(61));
    two.get("/identity/me").await.expect(303);
}

#[tokio::test]
async fn a_new_password_ends_everything_that_the_old_one_opened() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let rp = Rp::new(&stoa, json!({})).await;
    let (browser, thief) = (Browser::new(&stoa), Browser::new(&stoa));
    let code = rp.code(&thief, "amina", &[("scope", "openid profile offline_access")]).await;
    let tokens = rp.redeem(&code).await.expect(200).json();
    let page = front(&browser).await;
    browser.sign_in(&page, "amina", PASSWORD).await.expect(200);
    let page = browser.get("/identity/me/password").await.expect(200);
    for (password, again, word) in [
        ("short", "short", "at least 10"),
        ("aaaaaaaaaaaaa", "aaaaaaaaaaaaa", "more different"),
        ("my name is Amina", "my name is Amina", "without your name"),
        ("another long one", "another long two", "not the same"),
    ] {
        let answer = browser.submit(&page, "/identity/me/password", &[("password", password), ("again", again)]).await;
        assert!(answer.expect(422).text().contains(word), "{password}");
    }
    let new = "  blanks belong to it  ";
    browser.submit(&page, "/identity/me/password", &[("password", new), ("again", new)]).await.expect(303);
    browser.get("/identity/me").await.expect(200);
    thief.get("/identity/me").await.expect(303);
    rp.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(401);
    rp.refresh(tokens["refresh_token"].as_str().unwrap()).await.expect(400);
    let other = Browser::new(&stoa);
    let page = front(&other).await;
    try_as(&other, &page, "amina", PASSWORD).await.expect(422);
    try_as(&other, &page, "amina", new.trim()).await.expect(422);
    try_as(&other, &page, "amina", new).await.expect(303);
    // A session that was left open may not change it.
    stoa.clock.advance(Duration::from_mins(16));
    let answer = other.get("/identity/me/password").await.expect(303);
    assert!(answer.header("location").contains("fresh=yes"));
}

#[tokio::test]
async fn an_activation_counts_once_and_for_its_time() {
    let stoa = stoa().await;
    let admin = stoa.role("admin").await;
    let body = json!({"profile": {"name": "Baraka Otieno"}, "identifiers": [{"kind": "username", "value": "baraka"}]});
    let made = stoa.post(&admin, "/identity/v1/people", &body).await.expect(201).json();
    let path = |made: &serde_json::Value| {
        made["activation_url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8080").unwrap().to_owned()
    };
    let at = format!("/identity/v1/people/{}/activations", made["id"].as_str().unwrap());
    let first = path(&made);
    let second = path(&stoa.post(&admin, &at, &json!(null)).await.expect(201).json());
    let browser = Browser::new(&stoa);
    browser.get(&first).await.expect(410);
    let page = browser.get(&second).await.expect(200);
    let typed = [("password", PASSWORD), ("again", PASSWORD)];
    browser.submit(&page, "/identity/activate", &typed).await.expect(303);
    browser.submit(&page, "/identity/activate", &typed).await.expect(410);
    let third = path(&stoa.post(&admin, &at, &json!(null)).await.expect(201).json());
    stoa.clock.advance(Duration::from_hours(7 * 24 + 1));
    browser.get(&third).await.expect(410);
}

#[tokio::test]
async fn a_service_signs_a_person_out_and_they_come_back_to_it() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let home = "https://rp.example.org/bye";
    let rp = Rp::new(&stoa, json!({"post_logout_redirect_uris": [home]})).await;
    let browser = Browser::new(&stoa);
    let code = rp.code(&browser, "amina", &[]).await;
    let tokens = rp.redeem(&code).await.expect(200).json();
    let hint = tokens["id_token"].as_str().unwrap();
    let ask = |to: &str, hint: &str| {
        let pairs = [("post_logout_redirect_uri", to), ("id_token_hint", hint), ("state", "s 1")];
        format!("/identity/logout?{}", crate::rp::form(&pairs))
    };
    // An expired ID token is a hint all the same.
    stoa.clock.advance(Duration::from_mins(20));
    let page = browser.get(&ask(home, hint)).await.expect(200);
    assert!(page.header("content-security-policy").contains("https://rp.example.org"));
    browser.get("/identity/me").await.expect(200);
    let answer = browser.submit(&page, "/identity/logout", &[]).await.expect(303);
    assert_eq!(answer.header("location"), "https://rp.example.org/bye?state=s+1");
    browser.get("/identity/me").await.expect(303);
    // Not to anywhere else.
    let answer = browser.get(&ask("https://evil.example/", hint)).await.expect(200);
    assert!(!answer.text().contains("\"https://evil.example"));
    assert_eq!(browser.get(&ask(home, "nonsense")).await.expect(200).header("location"), "");
}

#[tokio::test]
async fn the_way_back_stays_on_this_site() {
    let stoa = stoa().await;
    enrol(&stoa, "Amina Juma", "amina").await;
    for back in ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"] {
        let browser = Browser::new(&stoa);
        let address = format!("/identity/sign-in?{}", crate::rp::form(&[("back", back)]));
        let page = browser.follow(browser.get(&address).await).await.expect(200);
        let answer = try_as(&browser, &page, "amina", PASSWORD).await.expect(303);
        let answer = browser.get(answer.header("location")).await.expect(303);
        assert_eq!(answer.header("location"), "/identity/me", "{back}");
    }
}

/// Keeps what it is asked to send.
#[derive(Default)]
pub(crate) struct Letters(pub(crate) std::sync::Mutex<Vec<stoa_web::mail::Mail>>);

#[async_trait::async_trait]
impl stoa_web::mail::MailPort for Letters {
    async fn send(&self, mail: &stoa_web::mail::Mail) -> Result<(), stoa_web::mail::MailError> {
        self.0.lock().unwrap().push(mail.clone());
        Ok(())
    }
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_mail_and_new_browsers_are_told() {
    let letters = std::sync::Arc::new(Letters::default());
    let stoa = TestStoa::with_mail(&[stoa_identity::BLOCK], letters.clone()).await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let browser = Browser::new(&stoa);
    let page = browser.get("/identity/forgot").await.expect(200);
    let mut answers = Vec::new();
    for name in ["nobody", "amina", "amina"] {
        answers.push(browser.submit(&page, "/identity/forgot", &[("name", name)]).await.expect(200).text());
    }
    assert_eq!(answers[0], answers[1]);
    stoa.run_jobs("identity").await;
    let sent = letters.0.lock().unwrap().clone();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].to, "amina@example.org");
    let link = sent[0].text.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let path = link.strip_prefix("http://127.0.0.1:8080").unwrap();
    let page = browser.get(path).await.expect(200);
    let new = "another long password";
    browser.submit(&page, "/identity/activate", &[("password", new), ("again", new)]).await.expect(303);
    browser.get(path).await.expect(410);
    stoa.run_jobs("identity").await;
    // The first browser is no news, the second one is.
    for _ in 0..2 {
        let browser = Browser::new(&stoa);
        let page = front(&browser).await;
        browser.sign_in(&page, "amina", new).await.expect(200);
    }
    stoa.run_jobs("identity").await;
    let subjects: Vec<String> = letters.0.lock().unwrap().iter().map(|mail| mail.subject.clone()).collect();
    assert_eq!(subjects, ["Set a new password", "Your password was changed", "You signed in with a new browser"]);
    let texts: String = letters.0.lock().unwrap().iter().map(|mail| mail.text.clone()).collect();
    assert!(!texts.contains("Amina") && !texts.contains(new));
}

#[tokio::test]
async fn a_code_by_mail_signs_in_once_and_says_nothing_about_anybody() {
    let letters = std::sync::Arc::new(Letters::default());
    let stoa = TestStoa::with_mail(&[stoa_identity::BLOCK], letters.clone()).await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let browser = Browser::new(&stoa);
    let page = front(&browser).await;
    let transaction = page.text().split("name=\"t\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/identity/sign-in/mail?t={transaction}");
    assert!(page.text().contains("/identity/sign-in/mail?t="));
    let ask = browser.get(&path).await.expect(200);
    let asked = async |name: &str| browser.submit(&ask, "/identity/sign-in/mail", &[("name", name)]).await.expect(200);
    let sent = asked("nobody").await;
    let of_amina = asked("amina").await;
    assert_eq!(sent.text().replace("nobody", "NAME"), of_amina.text().replace("amina", "NAME"));
    asked("amina").await;
    stoa.run_jobs("identity").await;
    stoa.run_jobs("identity").await;
    let code_of = |at: usize| -> String {
        let text = letters.0.lock().unwrap()[at].text.clone();
        text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).unwrap().to_owned()
    };
    // One letter in a minute, however often somebody asks.
    assert_eq!(letters.0.lock().unwrap().len(), 1);
    let code = code_of(0);
    let send = async |browser: &Browser<'_>, page: &Answer, code: &str| {
        browser.submit(page, "/identity/sign-in/sent", &[("code", code)]).await
    };
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let of_wrong = send(&browser, &of_amina, wrong).await.expect(422).text().replace("amina", "NAME");
    assert_eq!(of_wrong, send(&browser, &sent, &code).await.expect(422).text().replace("nobody", "NAME"));
    send(&browser, &of_amina, &code).await.expect(303);
    browser.get("/identity/me").await.expect(200);
    // It counts once.
    let other = Browser::new(&stoa);
    let again = front(&other).await;
    let transaction = again.text().split("name=\"t\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let ask = other.get(&format!("/identity/sign-in/mail?t={transaction}")).await.expect(200);
    let sent = other.submit(&ask, "/identity/sign-in/mail", &[("name", "amina")]).await.expect(200);
    send(&other, &sent, &code).await.expect(422);
    // And for three minutes.
    stoa.clock.advance(Duration::from_mins(2));
    let sent = other.submit(&ask, "/identity/sign-in/mail", &[("name", "amina")]).await.expect(200);
    stoa.run_jobs("identity").await;
    stoa.run_jobs("identity").await;
    let last = letters.0.lock().unwrap().len() - 1;
    let late = code_of(last);
    stoa.clock.advance(Duration::from_secs(181));
    send(&other, &sent, &late).await.expect(422);
}

#[tokio::test]
async fn a_code_by_mail_is_not_for_officials_and_needs_a_mail_server() {
    let letters = std::sync::Arc::new(Letters::default());
    let stoa = TestStoa::with_mail(&[stoa_identity::BLOCK], letters.clone()).await;
    let made = enrol(&stoa, "Amina Juma", "amina").await;
    let at = format!("/identity/v1/people/{}/roles", made["id"].as_str().unwrap());
    stoa.put(&stoa.role("admin").await, &at, &json!({"roles": ["official"]})).await.expect(200);
    let browser = Browser::new(&stoa);
    let page = front(&browser).await;
    let transaction = page.text().split("name=\"t\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let ask = browser.get(&format!("/identity/sign-in/mail?t={transaction}")).await.expect(200);
    browser.submit(&ask, "/identity/sign-in/mail", &[("name", "amina")]).await.expect(200);
    stoa.run_jobs("identity").await;
    stoa.run_jobs("identity").await;
    assert_eq!(letters.0.lock().unwrap().len(), 0);
    // Without a mail server there is no such page.
    let without = self::stoa().await;
    let browser = Browser::new(&without);
    let page = front(&browser).await;
    assert!(!page.text().contains("/identity/sign-in/mail"));
    let transaction = page.text().split("name=\"t\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.get(&format!("/identity/sign-in/mail?t={transaction}")).await.expect(410);
}

/// A person's browser after they added an application for codes, and the page that showed its key.
pub(crate) async fn with_application<'a>(stoa: &'a TestStoa, name: &str) -> (Browser<'a>, Answer) {
    let browser = Browser::new(stoa);
    let page = front(&browser).await;
    browser.sign_in(&page, name, PASSWORD).await.expect(200);
    let page = browser.get("/identity/me/security").await.expect(200);
    let offer = browser.follow(browser.submit(&page, "/identity/me/totp/new", &[]).await).await.expect(200);
    let code = code_of(&offer, stoa.clock.now().seconds());
    browser.submit(&offer, "/identity/me/totp", &[("code", &code)]).await.expect(303);
    (browser, offer)
}

/// The page at which a code by mail is asked for, in this browser.
async fn by_mail(browser: &Browser<'_>) -> Answer {
    let page = front(browser).await.text();
    let transaction = page.split("name=\"t\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    browser.get(&format!("/identity/sign-in/mail?t={transaction}")).await
}

#[tokio::test]
async fn a_code_by_mail_is_no_way_around_an_application() {
    let letters = std::sync::Arc::new(Letters::default());
    let stoa = TestStoa::with_mail(&[stoa_identity::BLOCK], letters.clone()).await;
    enrol(&stoa, "Amina Juma", "amina").await;
    let (_, offer) = with_application(&stoa, "amina").await;
    let browser = Browser::new(&stoa);
    let ask = by_mail(&browser).await.expect(200);
    let sent = browser.submit(&ask, "/identity/sign-in/mail", &[("name", "amina")]).await.expect(200);
    stoa.run_jobs("identity").await;
    stoa.run_jobs("identity").await;
    let text = letters.0.lock().unwrap().iter().find(|mail| mail.subject == "Your code").unwrap().text.clone();
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).unwrap().to_owned();
    let answer = browser.submit(&sent, "/identity/sign-in/sent", &[("code", &code)]).await.expect(303);
    browser.get("/identity/me").await.expect(303);
    let asked = browser.follow(answer).await.expect(200);
    stoa.clock.advance(Duration::from_secs(30));
    let own = code_of(&offer, stoa.clock.now().seconds());
    browser.submit(&asked, "/identity/sign-in/code", &[("code", &own)]).await.expect(303);
    browser.get("/identity/me").await.expect(200);
}

#[tokio::test]
async fn one_network_does_not_send_mail_to_everybody() {
    let letters = std::sync::Arc::new(Letters::default());
    let stoa = TestStoa::with_mail(&[stoa_identity::BLOCK], letters.clone()).await;
    let browser = Browser::at(&stoa, "192.0.2.7");
    let ask = by_mail(&browser).await.expect(200);
    let forgot = browser.get("/identity/forgot").await.expect(200);
    for number in 0..10 {
        let name = format!("somebody-{number}");
        browser.submit(&ask, "/identity/sign-in/mail", &[("name", &name)]).await.expect(200);
        browser.submit(&forgot, "/identity/forgot", &[("name", &name)]).await.expect(200);
    }
    let answer = browser.submit(&ask, "/identity/sign-in/mail", &[("name", "one-more")]).await.expect(429);
    assert!(answer.text().contains("one-more") && !answer.header("retry-after").is_empty());
    browser.submit(&forgot, "/identity/forgot", &[("name", "one-more")]).await.expect(429);
    // Others are not held up by it, and after a minute nobody is.
    let other = Browser::at(&stoa, "198.51.100.9");
    let there = by_mail(&other).await.expect(200);
    other.submit(&there, "/identity/sign-in/mail", &[("name", "one-more")]).await.expect(200);
    stoa.clock.advance(Duration::from_mins(1));
    browser.submit(&ask, "/identity/sign-in/mail", &[("name", "one-more")]).await.expect(200);
}
