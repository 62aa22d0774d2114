//! Handing reports over: to a server that is away at first, that has them already, that says no.

use std::sync::atomic::{AtomicUsize, Ordering};

use stoa_checks::submit::{Form, Submission, SubmitError, Taken, submit};

use crate::server::{Answer, Server};

fn submission(monitor: &str, form: Form) -> Submission<'_> {
    Submission { monitor, token: "bXljbG91ZDpzZWNyZXQ=\n", body: "-----BEGIN…\n&---\n".into(), form, authority: None }
}

fn answers(list: Vec<Answer>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| list[next.fetch_add(1, Ordering::SeqCst).min(list.len() - 1)].clone())
}

#[tokio::test]
async fn a_monitor_that_is_busy_is_asked_again_and_takes_the_report_once() {
    let server = answers(vec![
        Answer::Say(503, "retry-after: 0\r\n", String::new()),
        Answer::HangUp,
        // It took it before it hung up.
        Answer::Say(409, "", "\"duplicate\"".into()),
    ]);
    assert_eq!(submit(&submission(&server.url, Form::Yaml)).await, Ok(Taken::Now));
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    for one in &asked {
        assert_eq!((one.line.as_str(), one.body.as_str()), ("POST /reports", "-----BEGIN…\n&---\n"));
        let head = one.head.to_lowercase();
        assert!(head.contains("authorization: basic bxljbg91zdpzzwnyzxq=\r\n"), "{head}");
        assert!(head.contains("content-type: application/x-signed-yaml\r\n"), "{head}");
    }
    let server = answers(vec![Answer::Say(409, "", String::new())]);
    assert_eq!(submit(&submission(&format!("{}/reports", server.url), Form::Json)).await, Ok(Taken::Before));
    assert!(server.asked()[0].head.contains("application/x-signed-json"));
}

#[tokio::test]
async fn a_monitor_that_says_no_is_asked_once_and_its_words_are_told() {
    let server = answers(vec![Answer::Say(401, "", "{\"detail\":\"verification failed\u{1b}[31m\"}".into())]);
    let error = submit(&submission(&server.url, Form::Yaml)).await.unwrap_err();
    let SubmitError::Refused { status: 401, said, .. } = &error else { panic!("{error:?}") };
    assert!(said.contains("verification failed") && !said.contains('\u{1b}'));
    assert_eq!(server.asked().len(), 1);
    // A redirect would carry the token elsewhere.
    let server = answers(vec![Answer::Say(307, "location: http://127.0.0.1:9/\r\n", String::new())]);
    assert!(matches!(
        submit(&submission(&server.url, Form::Yaml)).await,
        Err(SubmitError::Refused { status: 307, .. })
    ));
}

#[tokio::test]
async fn where_nobody_listens_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = submit(&submission(&format!("http://{free}"), Form::Yaml)).await.unwrap_err().to_string();
    assert!(error.contains(&format!("{free} cannot be reached")), "{error}");
    assert!(!error.contains("bXlj"), "{error}");
}
