//! One connection for one question, bounded in time and bytes.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer::{ANSWER_BYTES_MAX, Chosen, Reading, Until, read};
use super::hello::{Offer, client_hello};

/// Connections for one endpoint at most: a scan that needs more goes in circles.
const CONNECTIONS_MAX: u32 = 400;
/// Tries of a connection that is not made.
const CONNECT_TRIES: u32 = 3;

/// A server that is asked.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its name or number.
    pub(crate) host: String,
    addresses: Vec<SocketAddr>,
    connect_time: Duration,
    answer_time: Duration,
    connections: AtomicU32,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It took the offer.
    Chosen(Chosen),
    /// It refused: by an alert, or by hanging up.
    Refused,
    /// It said nothing until the time was over.
    Silent,
    /// It does not speak TLS.
    Foreign,
}

impl Server {
    /// Looks the host up.
    pub(crate) async fn find(
        host: &str,
        port: u16,
        connect_time: Duration,
        answer_time: Duration,
    ) -> Result<Self, String> {
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let found = tokio::time::timeout(connect_time, tokio::net::lookup_host((bare.clone(), port))).await;
        let addresses: Vec<SocketAddr> = match found {
            Ok(Ok(addresses)) => addresses.take(8).collect(),
            Ok(Err(error)) => return Err(format!("its name cannot be resolved: {error}")),
            Err(_) => return Err("its name was not resolved in time".to_owned()),
        };
        if addresses.is_empty() {
            return Err("its name has no address".to_owned());
        }
        Ok(Self { host: bare, addresses, connect_time, answer_time, connections: AtomicU32::new(0) })
    }

    /// The name, where it is one: numbers are not sent (RFC 6066 §3).
    pub(crate) fn name(&self) -> Option<&str> {
        self.host.parse::<IpAddr>().is_err().then_some(self.host.as_str())
    }

    /// A connection.
    pub(crate) async fn connect(&self) -> Result<TcpStream, String> {
        if self.connections.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            return Err(format!("the scan needs more than {CONNECTIONS_MAX} connections"));
        }
        let mut why = String::new();
        for _ in 0..CONNECT_TRIES {
            for address in &self.addresses {
                match tokio::time::timeout(self.connect_time, TcpStream::connect(address)).await {
                    Ok(Ok(stream)) => return Ok(stream),
                    Ok(Err(error)) => why = format!("{address}: {error}"),
                    Err(_) => why = format!("{address}: no connection in time"),
                }
            }
        }
        Err(why)
    }

    /// Makes an offer, and waits for what the server makes of it.
    pub(crate) async fn ask(&self, offer: &Offer<'_>, until: Until) -> Result<Reply, String> {
        let mut stream = self.connect().await?;
        let hello = client_hello(offer);
        let answer = async {
            // Servers may hang up before they have read all of it; what they said before counts.
            let _ = stream.write_all(&hello).await;
            let mut bytes = Vec::with_capacity(4096);
            loop {
                let mut room = [0; 4096];
                let count = stream.read(&mut room).await.unwrap_or(0);
                bytes.extend_from_slice(room.get(..count).unwrap_or_default());
                match read(&bytes, until) {
                    Reading::Chosen(chosen) => return Reply::Chosen(chosen),
                    Reading::Refused(_) => return Reply::Refused,
                    Reading::Foreign => return Reply::Foreign,
                    // What was begun and not finished is as good as nothing.
                    Reading::Unfinished if count == 0 || bytes.len() > ANSWER_BYTES_MAX => return Reply::Refused,
                    Reading::Unfinished => {}
                }
            }
        };
        Ok(tokio::time::timeout(self.answer_time, answer).await.unwrap_or(Reply::Silent))
    }
}
