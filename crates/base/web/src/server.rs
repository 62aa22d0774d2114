//! The server: one router, one or more listeners, an orderly end.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::connections::Connections;
use crate::mediator::FromMediator;
use crate::rate::Network;
use crate::tls::{Tls, TlsFiles, is_certified};
use crate::wire::{Activity, Wire};

/// A connection that stands still and was asked to end may take this part of the time that it stood still.
const LEAVE_PART: u32 = 12;
/// A connection is looked at this often at most.
const CHECK_PAUSE: Duration = Duration::from_millis(50);
/// How long nothing is accepted after the system gave no connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// Plain HTTP off loopback, without a proxy in front.
    #[error(
        "{0} is reachable from other machines, and plain HTTP would let them read along. Set [server] tls_certificate and \
         tls_key, or behind_proxy = true when a proxy in front speaks TLS, or listen on 127.0.0.1"
    )]
    PlainOffLoopback(SocketAddr),
    /// The certificate or its key cannot be used.
    #[error("{path}: {reason}")]
    Certificate {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// An address with what speaks on it.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    behind_proxy: bool,
    connections: Connections,
}

/// How a request reached the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Over TLS that ends here.
    pub(crate) by_tls: bool,
    /// At an address that only this machine reaches, and not through a proxy.
    pub(crate) loopback: bool,
}

impl Listener {
    /// Takes the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, tls: Option<&TlsFiles>, behind_proxy: bool) -> Result<Self, ServerError> {
        let tls = Self::allowed(address, tls, behind_proxy)?;
        let fail = |source| ServerError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Self { socket: listener, address, tls, behind_proxy, connections: Connections::default() })
    }

    /// Whether [`Listener::bind`] would take this, as far as that can be told without taking the address.
    pub fn check(address: SocketAddr, tls: Option<&TlsFiles>, behind_proxy: bool) -> Result<(), ServerError> {
        Self::allowed(address, tls, behind_proxy).map(drop)
    }

    fn allowed(address: SocketAddr, tls: Option<&TlsFiles>, behind_proxy: bool) -> Result<Option<Tls>, ServerError> {
        if tls.is_none() && !behind_proxy && !address.ip().is_loopback() {
            return Err(ServerError::PlainOffLoopback(address));
        }
        tls.map(Tls::open).transpose()
    }

    /// The address that was taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it speaks TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Counts its connections among these, so that several listeners share one bound.
    #[must_use]
    pub fn among(mut self, connections: &Connections) -> Self {
        self.connections = connections.clone();
        self
    }

    /// Serves the router until `stop`, then lets what is in flight finish within the grace of its bounds; what is left then
    /// is cut off.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        let Self { socket, address, tls, behind_proxy, connections } = self;
        let (stopping, stopped) = watch::channel(false);
        let mut conversations = JoinSet::new();
        let renewing = tls.clone();
        let renewing = async move {
            match renewing {
                Some(tls) => tls.keep_current().await,
                None => std::future::pending().await,
            }
        };
        let mut renewing = std::pin::pin!(renewing);
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                Some(_) = conversations.join_next() => continue,
                () = &mut renewing => continue,
                () = &mut stop => break,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    connections.note_failure(&error);
                    // The next ones may be served when some are closed.
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let from = from.ip();
            let Some(place) = connections.admit((!behind_proxy).then_some(from)) else { continue };
            let _ = stream.set_nodelay(true);
            let arrival = Arrival { by_tls: tls.is_some(), loopback: address.ip().is_loopback() && !behind_proxy };
            let router = ServiceExt::<hyper::Request<Incoming>>::map_request(router.clone(), move |request| {
                arrived(request, from, behind_proxy, arrival)
            });
            let (tls, connections, stopped) = (tls.clone(), connections.clone(), stopped.clone());
            conversations.spawn(async move {
                let _place = place;
                match tls {
                    None => converse(stream, router, &connections, stopped).await,
                    Some(tls) => {
                        let shake = tokio::time::timeout(connections.bounds().header_time, tls.accept(stream));
                        if let Ok(Ok(stream)) = shake.await {
                            let certified = is_certified(&stream);
                            let router = ServiceExt::<hyper::Request<Incoming>>::map_request(router, move |request| {
                                with_certificate(request, certified)
                            });
                            converse(stream, router, &connections, stopped).await;
                        }
                    }
                }
            });
        }
        drop(socket);
        let _ = stopping.send(true);
        let all = async { while conversations.join_next().await.is_some() {} };
        if tokio::time::timeout(connections.bounds().grace, all).await.is_err() {
            tracing::warn!(connections = conversations.len(), "web: some requests were cut off at the end");
            conversations.shutdown().await;
        }
    }
}

/// Tells where a request came from. Only a proxy that the operator named is believed about it, and of its list only the
/// entry that it added itself.
fn arrived(
    mut request: hyper::Request<Incoming>,
    from: IpAddr,
    behind_proxy: bool,
    arrival: Arrival,
) -> hyper::Request<Incoming> {
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let named = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    let peer = named.filter(|_| behind_proxy).unwrap_or(from);
    Network::of_request(request.extensions_mut(), peer);
    request.extensions_mut().insert(arrival);
    request
}

/// Notes that the connection is the mediator's.
fn with_certificate(mut request: hyper::Request<Incoming>, certified: bool) -> hyper::Request<Incoming> {
    if certified {
        request.extensions_mut().insert(FromMediator);
    }
    request
}

/// Speaks HTTP on one connection until either side ends it, or nothing happens on it for too long.
async fn converse<S, R>(stream: S, router: R, connections: &Connections, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: tower::Service<hyper::Request<Incoming>, Response = axum::response::Response, Error = Infallible>
        + Clone
        + Send
        + 'static,
    R::Future: Send,
{
    let bounds = connections.bounds();
    let activity = Activity::begin();
    let wire = TokioIo::new(Wire::new(stream, Arc::clone(&activity), bounds.header_time));
    let working = Arc::clone(&activity);
    let service = hyper::service::service_fn(move |request| {
        let (router, work) = (router.clone(), working.work());
        async move {
            let response = router.oneshot(request).await;
            drop(work);
            response
        }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(bounds.header_time).max_buf_size(64 * 1024);
    server.http2().timer(TokioTimer::new()).max_concurrent_streams(250).keep_alive_interval(Duration::from_secs(30));
    let mut connection = std::pin::pin!(server.serve_connection(wire, service));
    let mut leaving = false;
    loop {
        let still = activity.still_for();
        let patience = bounds.still_time + if leaving { bounds.still_time / LEAVE_PART } else { Duration::ZERO };
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "web: a connection ended early");
                }
                return;
            }
            _ = stopped.wait_for(|stop| *stop), if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(patience.saturating_sub(still).max(CHECK_PAUSE)) => {
                if leaving && activity.still_for() >= patience {
                    connections.note_given_up();
                    return;
                }
                if !leaving && activity.still_for() >= patience {
                    // An idle one ends here; one that does not take its answers has a moment left.
                    leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
