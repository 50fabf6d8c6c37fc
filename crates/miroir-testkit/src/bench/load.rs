//! The load: connections that send the same request again and again, and how long each answer took.
//!
//! One thread per connection with a runtime of its own: the generator's own scheduling must not be part of what it measures. With a
//! rate, a request that had to wait for the answer before it counts from the moment when it should have been sent, so that a stall
//! is seen by all requests that it delayed (no coordinated omission).

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::BenchError;

/// A request to one server.
#[derive(Debug, Clone)]
pub(super) struct Shot {
    /// Such as `127.0.0.1:7700`.
    pub(super) address: String,
    pub(super) key: String,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Bytes,
}

impl Shot {
    /// The same as a connection of its own sends it: bodies of two connections differ by blanks, so that no answer is shared between
    /// requests that happen to be under way at the same time.
    fn of_lane(&self, lane: u32) -> Self {
        let mut body = self.body.to_vec();
        if !body.is_empty() {
            body.extend((0..lane).map(|_| b' '));
        }
        Self {
            body: body.into(),
            ..self.clone()
        }
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, http::Error> {
        Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header(HOST, &self.address)
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(self.body.clone()))
    }
}

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) connections: u32,
    /// Requests in all.
    pub(super) requests: u32,
    /// Per second over all connections; without one, each connection sends as soon as it has its answer.
    pub(super) rate: Option<f64>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Ascending.
    pub(super) times: Vec<Duration>,
    pub(super) elapsed: Duration,
    /// Answers with another status than 200.
    pub(super) failures: u32,
}

impl Sample {
    /// The time that this part of the answers stayed below, as 0.99. Zero without answers.
    pub(super) fn quantile(&self, part: f64) -> Duration {
        let last = self.times.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list of a few million at most"
        )]
        let place = (last as f64 * part).round() as usize;
        self.times.get(place).copied().unwrap_or_default()
    }

    /// Both runs as one.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.times.extend(other.times);
        self.times.sort_unstable();
        self.elapsed += other.elapsed;
        self.failures += other.failures;
        self
    }
}

impl Load {
    /// Sends `shots`, all of them at once each time, and waits for the last of their answers: several shots are the legs of one search.
    pub(super) fn run(self, shots: &[Shot]) -> Result<Sample, BenchError> {
        let each = self.requests / self.connections;
        let started = Instant::now();
        let lanes: Vec<Result<Sample, BenchError>> = std::thread::scope(|scope| {
            let lanes: Vec<_> = (0..self.connections)
                .map(|lane| {
                    let pace = self.rate.map(|rate| {
                        let interval = Duration::from_secs_f64(f64::from(self.connections) / rate);
                        (started + interval * lane / self.connections, interval)
                    });
                    let shots: Vec<Shot> = shots.iter().map(|shot| shot.of_lane(lane)).collect();
                    scope.spawn(move || send_all(&shots, each, pace))
                })
                .collect();
            lanes
                .into_iter()
                .map(|lane| lane.join().expect("a lane reports its errors"))
                .collect()
        });
        let elapsed = started.elapsed();
        let mut whole = Sample::default();
        for lane in lanes {
            whole = whole.and(lane?);
        }
        whole.elapsed = elapsed;
        Ok(whole)
    }
}

/// Sends every search once, each when the one before it is answered: what each took. A search is one shot, or as many as there are
/// connections to several servers, all at once; every search goes to the servers of the first one.
pub(super) fn in_order(searches: &[Vec<Shot>]) -> Result<Vec<Duration>, BenchError> {
    let runtime = runtime()?;
    let first = searches.first().map_or(&[][..], Vec::as_slice);
    let mut connections = runtime.block_on(connect(first))?;
    let ask = |shots: &Vec<Shot>| {
        let begun = Instant::now();
        match runtime.block_on(exchange(&mut connections, shots))? {
            true => Ok(begun.elapsed()),
            false => Err(BenchError::Unfit(format!("refused: {}", shots[0].path))),
        }
    };
    searches.iter().map(ask).collect()
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn send_all(
    shots: &[Shot],
    requests: u32,
    pace: Option<(Instant, Duration)>,
) -> Result<Sample, BenchError> {
    let runtime = runtime()?;
    let mut connections = runtime.block_on(connect(shots))?;
    let mut sample = Sample::default();
    let mut due = pace.map(|(first, _)| first);
    for _ in 0..requests {
        let mut from = Instant::now();
        if let (Some(moment), Some((_, interval))) = (due, pace) {
            if from < moment {
                // The runtime sleeps with it, which has nothing to do now; its own timer is a millisecond coarse.
                std::thread::sleep(moment - from);
                from = Instant::now();
            } else {
                from = moment;
            }
            due = Some(moment + interval);
        }
        let succeeded = runtime.block_on(exchange(&mut connections, shots))?;
        sample.times.push(from.elapsed());
        sample.failures += u32::from(!succeeded);
    }
    sample.times.sort_unstable();
    Ok(sample)
}

async fn connect(shots: &[Shot]) -> Result<Vec<SendRequest<Full<Bytes>>>, BenchError> {
    let mut connections = Vec::with_capacity(shots.len());
    for shot in shots {
        let stream = TcpStream::connect(&shot.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        connections.push(sender);
    }
    Ok(connections)
}

async fn exchange(
    connections: &mut [SendRequest<Full<Bytes>>],
    shots: &[Shot],
) -> Result<bool, BenchError> {
    let legs = connections
        .iter_mut()
        .zip(shots)
        .map(|(sender, shot)| async move {
            sender.ready().await?;
            let answer = sender.send_request(shot.request()?).await?;
            let succeeded = answer.status().is_success();
            answer.into_body().collect().await?;
            Ok::<_, BenchError>(succeeded)
        });
    let legs = futures_util::future::try_join_all(legs).await?;
    Ok(legs.into_iter().all(|succeeded| succeeded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_measured_times() {
        let sample = Sample {
            times: (1..=101).map(Duration::from_micros).collect(),
            ..Sample::default()
        };
        assert_eq!(sample.quantile(0.5), Duration::from_micros(51));
        assert_eq!(sample.quantile(0.99), Duration::from_micros(100));
        assert_eq!(Sample::default().quantile(0.5), Duration::ZERO);
    }
}
