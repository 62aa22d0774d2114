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
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::mediator::FromMediator;
use crate::rate::Peer;
use crate::tls::{Tls, TlsFiles, is_certified};

/// What is in flight when the end is asked for may take this long.
const GRACE: Duration = Duration::from_secs(25);
/// How long a client may take to send a request's headers.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// Connections at the same time on one listener.
const CONNECTIONS_MAX: usize = 10_000;

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
}

impl Listener {
    /// Takes the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, tls: Option<&TlsFiles>, behind_proxy: bool) -> Result<Self, ServerError> {
        if tls.is_none() && !behind_proxy && !address.ip().is_loopback() {
            return Err(ServerError::PlainOffLoopback(address));
        }
        let tls = tls.map(Tls::open).transpose()?;
        let fail = |source| ServerError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Self { socket: listener, address, tls, behind_proxy })
    }

    /// The address that was taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it speaks TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves the router until `stop`, then lets what is in flight finish, at most 25 seconds.
    pub async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let renewing = self.tls.clone().map(|tls| tokio::spawn(tls.keep_current()));
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = &mut stop => break,
            };
            let (stream, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, mostly: the next ones may be served again when some are closed.
                    tracing::warn!(%error, "web: a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else { continue };
            let _ = stream.set_nodelay(true);
            let (router, tls, behind_proxy) = (router.clone(), self.tls.clone(), self.behind_proxy);
            let router = ServiceExt::<hyper::Request<Incoming>>::map_request(router, move |request| {
                with_peer(request, from.ip(), behind_proxy)
            });
            let watcher = graceful.watcher();
            tokio::spawn(async move {
                let _permit = permit;
                match tls {
                    None => converse(stream, router, watcher).await,
                    Some(tls) => {
                        if let Ok(Ok(stream)) = tokio::time::timeout(HEADER_TIME, tls.accept(stream)).await {
                            let certified = is_certified(&stream);
                            let router = ServiceExt::<hyper::Request<Incoming>>::map_request(router, move |request| {
                                with_certificate(request, certified)
                            });
                            converse(stream, router, watcher).await;
                        }
                    }
                }
            });
        }
        drop(self.socket);
        if let Some(renewing) = renewing {
            renewing.abort();
        }
        if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
            tracing::warn!("web: some requests were cut off at the end");
        }
    }
}

/// Tells where a request came from. Only a proxy that the operator named is believed about it, and of its list only the
/// entry that it added itself.
fn with_peer(mut request: hyper::Request<Incoming>, from: IpAddr, behind_proxy: bool) -> hyper::Request<Incoming> {
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let named = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    let peer = named.filter(|_| behind_proxy).unwrap_or(from);
    request.extensions_mut().insert(Peer(peer));
    request
}

/// Notes that the connection is the mediator's.
fn with_certificate(mut request: hyper::Request<Incoming>, certified: bool) -> hyper::Request<Incoming> {
    if certified {
        request.extensions_mut().insert(FromMediator);
    }
    request
}

async fn converse<S, R>(stream: S, router: R, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    R: tower::Service<hyper::Request<Incoming>, Response = axum::response::Response, Error = Infallible>
        + Clone
        + Send
        + 'static,
    R::Future: Send,
{
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIME).max_buf_size(64 * 1024);
    server.http2().timer(TokioTimer::new()).max_concurrent_streams(250).keep_alive_interval(Duration::from_secs(30));
    let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!(error = %error, "web: a connection ended early");
    }
}
