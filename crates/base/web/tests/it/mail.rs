//! Mail to a real SMTP server (Debian's python3-aiosmtpd), and to none.

use stoa_test::MailServer;
use stoa_web::mail::{Mail, MailError, MailPort, Smtp};

fn mail(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "Your request: مرحبا".to_owned(),
        text: "It was approved.\n.\nA line with a point alone ends nothing.".to_owned(),
        html: Some("<p>It was <b>approved</b>.</p>".to_owned()),
        id: "0190-test".to_owned(),
    }
}

#[tokio::test]
#[ignore = "needs an SMTP server: Debian's python3-aiosmtpd"]
async fn a_mail_arrives_whole_and_what_is_no_address_is_refused_here() {
    let server = MailServer::start().await.unwrap();
    let smtp = Smtp::new(&server.url(), "Stoa <stoa@example.org>").unwrap();
    smtp.send(&mail("Ada <ada@example.org>")).await.unwrap();
    for bad in ["", "no address", "a@b\r\nBcc: c@d"] {
        assert!(matches!(smtp.send(&mail(bad)).await, Err(MailError::Invalid(_))), "{bad}");
    }
    let injected = Mail { subject: "Hello\r\nBcc: everybody@example.org".to_owned(), ..mail("ada@example.org") };
    assert!(matches!(smtp.send(&injected).await, Err(MailError::Invalid(_))));
    let said = server.said().unwrap();
    for part in [
        "To: Ada <ada@example.org>",
        "Message-ID: <0190-test@example.org>",
        "It was approved.",
        "multipart/alternative",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("Bcc"), "{said}");
    assert_eq!(said.matches("MESSAGE FOLLOWS").count(), 1, "{said}");
}

#[tokio::test]
async fn a_mail_server_that_is_away_may_come_back() {
    let smtp = Smtp::new("smtp://127.0.0.1:1", "stoa@example.org").unwrap();
    let error = smtp.send(&mail("ada@example.org")).await.unwrap_err();
    assert!(error.is_passing(), "{error}");
    assert!(matches!(Smtp::new("http://x", "stoa@example.org"), Err(MailError::Setup(_))));
    assert!(matches!(Smtp::new("smtp://x", "nobody"), Err(MailError::Setup(_))));
}
