//! The web room against real sockets: servers, clients, certificates, keys.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that stumbles is to fail at once")]

mod callers;
mod health;
mod issuers;
mod mail;
mod mediator;
mod outgoing;
mod server;
mod trace;

use axum::Router;

/// Serves a router on a free port of this machine until the test ends; gives its address.
async fn serve(router: Router) -> String {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(socket, router).await });
    format!("http://{address}")
}
