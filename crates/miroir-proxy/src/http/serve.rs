//! Listeners and connections: accept, serve HTTP/1.1, and on shutdown finish what has begun.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

use crate::http::path::normalize;
use crate::http::threads::ConnectionThreads;
use crate::http::tls::Secure;

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

/// A client that has opened a connection must send the head of its first request within this time.
const FIRST_HEAD: Duration = Duration::from_secs(10);
/// The head of a further request may take this long, most of which clients do nothing.
const IDLE: Duration = Duration::from_secs(75);
/// Bytes of a head.
const LONGEST_HEAD: usize = 64 * 1024;
/// Further connections wait to be accepted.
const MOST_CONNECTIONS: usize = 10_000;

/// Serves until `stop` is cancelled, then lets requests in flight finish for at most `grace`. Connections live on `threads`, or
/// without them where this runs.
pub(crate) async fn serve<F>(
    listener: Listener,
    threads: Option<Arc<ConnectionThreads>>,
    secure: Option<Arc<Secure>>,
    answer: impl Fn(Request) -> F + Clone + Send + Sync + 'static,
    stop: CancellationToken,
    grace: Duration,
) where
    F: Future<Output = Response> + Send + 'static,
{
    let mut server = hyper::server::conn::http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_header_size(LONGEST_HEAD)
        .half_close(true);
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accept = async {
            let place = Arc::clone(&places).acquire_owned().await;
            let place = place.expect("places are never closed");
            Ok::<_, io::Error>((listener.socket.accept().await?.0, place))
        };
        let accepted = tokio::select! {
            accepted = accept => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, place) = match accepted {
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
        let is_used = Arc::new(AtomicBool::new(false));
        let first = Arc::clone(&is_used);
        let answer = answer.clone();
        let service = service_fn(move |request: http::Request<Incoming>| {
            first.store(true, Ordering::Relaxed);
            // In a box, because a connection keeps the room for an answer also while it waits for a request: 4 KB.
            Box::pin(answer(normalize(request.map(Body::new))).map(Ok::<_, Infallible>))
        });
        let (server, watcher, secure) = (server.clone(), connections.watcher(), secure.clone());
        let home = threads
            .as_ref()
            .map_or_else(Handle::current, |threads| threads.next().clone());
        home.spawn(async move {
            let stream = match moved(stream) {
                Ok(stream) => stream,
                Err(error) => return tracing::debug!(%error, "a connection cannot be served"),
            };
            let stream = match secure {
                None => Either::Left(stream),
                // In boxes, or every plain connection would be as large as these.
                Some(secure) => match Box::pin(secure.accept(stream)).await {
                    Some(stream) => Either::Right(stream),
                    None => return,
                },
            };
            let connection = server.serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                ended = watcher.watch(connection) => if let Err(error) = ended {
                    tracing::debug!(error = %crate::http::reply::chain(&error), "connection ended");
                },
                () = says_nothing(&is_used) => tracing::debug!("a connection brought no request"),
            }
            drop(place);
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

/// The same connection, driven by the runtime that calls.
fn moved(stream: TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(stream.into_std()?)
}

/// Ends when a connection has brought no request in time, and never when it has.
async fn says_nothing(is_used: &AtomicBool) {
    tokio::time::sleep(FIRST_HEAD).await;
    if is_used.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}
