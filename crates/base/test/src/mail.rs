//! A real SMTP server (Debian's python3-aiosmtpd).

use std::io::{Error, Read as _, Result};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// An SMTP server that prints what it gets; killed when it is dropped.
#[derive(Debug)]
pub struct MailServer {
    child: Child,
    port: u16,
}

impl MailServer {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When it cannot be started, or does not listen within ten seconds.
    pub async fn start() -> Result<Self> {
        // A port that was free a moment ago: the server takes none by itself.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new("/usr/bin/python3")
            .args(["-u", "-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { child, port };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() {
                return Err(Error::other("aiosmtpd ended: is python3-aiosmtpd installed?"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Error::other("aiosmtpd does not listen"))
    }

    /// Its address, as the configuration takes it.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Ends the server; gives what it printed: every mail that it took.
    ///
    /// # Errors
    /// When it ended by itself, or printed no text.
    pub fn said(mut self) -> Result<String> {
        self.child.kill()?;
        let mut text = String::new();
        if let Some(mut printed) = self.child.stdout.take() {
            printed.read_to_string(&mut text)?;
        }
        Ok(text)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
