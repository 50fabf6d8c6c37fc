//! From the command line to a node that serves, and back.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use axum::ServiceExt;
use axum::extract::Request;
use axum::serve::ListenerExt;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::app::{App, DEFAULT_PAYLOAD_LIMIT, Options};
use crate::arguments::{self, Arguments};
use crate::http;

/// Threads for searches and other work that reads files.
const BLOCKING_THREADS: usize = 16;

/// Runs a node until it is told to stop (SIGTERM or SIGINT). `arguments` start with the name of the program.
///
/// The exit code is 0 after a stop, 1 when the node could not start, and what the parser says for a bad command line.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments::known(arguments)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let shown = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(1);
            return shown.map_or(ExitCode::FAILURE, |()| ExitCode::from(code));
        }
    };
    match start(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            // Nothing else can be done if standard error is closed.
            let _ = writeln!(std::io::stderr(), "miroir-devnode: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> Result<(), String> {
    arguments.check()?;
    let filter = EnvFilter::try_new(arguments.log_level.to_lowercase())
        .map_err(|error| format!("--log-level: {error}"))?;
    // A process that already logs, such as a test, keeps its way of doing it.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
    let payload_limit = match &arguments.http_payload_size_limit {
        Some(text) => arguments::bytes(text)?,
        None => DEFAULT_PAYLOAD_LIMIT,
    };
    let memory = arguments.max_indexing_memory.as_deref();
    let memory = memory.map(arguments::bytes).transpose()?;
    let threads = arguments.max_indexing_threads.as_deref();
    let threads = threads.and_then(|text| text.trim().parse().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start threads: {error}"))?;

    runtime.block_on(async {
        // The port first: whoever waits for it to open finds a node that answers.
        let address = &arguments.http_addr;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            format!("cannot listen on {address}: {error}. Choose another address with --http-addr, or stop what uses this one.")
        })?;
        let (app, worker) = App::open(Options {
            directory: &arguments.db_path,
            master_key: arguments.master_key.clone().filter(|key| !key.is_empty()),
            payload_limit,
            indexing_threads: threads.unwrap_or(1),
            indexing_memory: memory.and_then(|bytes| usize::try_from(bytes).ok()),
        })?;
        tracing::info!(address, database = %arguments.db_path.display(), "node is up");
        serve(listener, Arc::clone(&app)).await?;
        app.queue.end();
        let ended = tokio::task::spawn_blocking(move || worker.join()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the scheduler ended with a panic");
        }
        Ok(())
    })
}

/// Serves until a signal; requests in progress are finished.
async fn serve(listener: TcpListener, app: Arc<App>) -> Result<(), String> {
    let cannot_wait = |error| format!("cannot wait for signals: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot_wait)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_wait)?;
    let listener = listener.tap_io(|stream| {
        // Without it an answer may wait 40 ms for an acknowledgement.
        let _ = stream.set_nodelay(true);
    });
    let service = ServiceExt::<Request>::into_make_service(http::service(app));
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await
        .map_err(|error| format!("cannot serve: {error}"))
}
