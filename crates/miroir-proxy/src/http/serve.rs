//! Listeners and connections: accept, serve HTTP/1.1, and on shutdown finish what has begun.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::http::router::normalize;

/// A bound socket. Binding is separate from serving so that a port in use is a start-up error.
pub(crate) struct Listener {
    socket: TcpListener,
}

impl Listener {
    pub(crate) async fn bind(address: IpAddr, port: u16) -> io::Result<Self> {
        let socket = TcpListener::bind(SocketAddr::new(address, port)).await?;
        Ok(Self { socket })
    }
}

/// A client that has opened a connection must send a request head within this time.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves until `stop` is cancelled, then lets requests in flight finish for at most `grace`.
pub(crate) async fn serve(
    listener: Listener,
    router: Router,
    stop: CancellationToken,
    grace: Duration,
) {
    let mut server = hyper::server::conn::http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .half_close(true);
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, _) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: the clients that are served will free some.
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "setting TCP_NODELAY failed");
        }
        let service = TowerToHyperService::new(router.clone().map_request(normalize));
        let connection = connections.watch(server.serve_connection(TokioIo::new(stream), service));
        hyper::rt::Executor::execute(&TokioExecutor::new(), async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %crate::http::reply::chain(&error), "connection ended");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still in flight when the shutdown grace ended");
    }
}
