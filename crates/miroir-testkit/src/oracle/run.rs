//! The whole run.

use futures_util::StreamExt as _;
use http::{HeaderValue, StatusCode, header};

use super::answer::{Answer, compare};
use super::class::Needs;
use super::load::Side;
use super::profile::Profile;
use super::queries::{Query, Source};
use super::world::World;
use super::{Mismatch, Options, OracleError, Report, Score};
use crate::client::{Client, ClientError, Response};
use crate::recording;

/// Indexes that are filled at once. Mostly a server waits for its disk.
const PREPARED_AT_ONCE: usize = 4;

/// Prepares both sides and asks every query of every class. Indexes whose uids begin with `oracle-` are replaced.
pub async fn run(
    options: &Options,
    reference: &Client,
    candidate: &Client,
) -> Result<Report, OracleError> {
    run_and(options, reference, candidate, || ()).await
}

/// The same, and `midway` is called once when half of the answers are there, while others are still awaited. The classes
/// take turns, so that each of them has queries before and after.
pub async fn run_and(
    options: &Options,
    reference: &Client,
    candidate: &Client,
    midway: impl FnOnce(),
) -> Result<Report, OracleError> {
    let reference = Side {
        name: "reference",
        client: reference.clone(),
        add_tie_rule: true,
    };
    let candidate = Side {
        name: "candidate",
        client: candidate.clone(),
        add_tie_rule: options.candidate_is_plain,
    };
    let real = reference.is_a_real_server().await?;
    let world = World::new(options, reference.fresh_rules().await?);
    let mut scores = Vec::new();
    let mut questions = Vec::new();
    for &class in &options.classes {
        if class.needs == Needs::Server && !real {
            continue;
        }
        // Each class has its own source of randomness: running fewer classes does not change the others.
        let mut random = world.random(class.name);
        let mut source = Source::new(&mut random, &world);
        questions.extend(
            (0..options.queries).map(|turn| (turn, scores.len(), (class.draw)(&mut source))),
        );
        scores.push(Score::new(class, options.queries));
    }
    questions.sort_by_key(|(turn, place, _)| (*turn, *place));

    let asked = Profile::ALL
        .into_iter()
        .filter(|profile| questions.iter().any(|(_, _, query)| query.asks(*profile)));
    let mut prepared = futures_util::stream::iter(asked)
        .map(|profile| {
            let (reference, candidate, world) = (&reference, &candidate, &world);
            async move {
                tokio::try_join!(
                    reference.prepare(profile, world),
                    candidate.prepare(profile, world),
                )
            }
        })
        .buffer_unordered(PREPARED_AT_ONCE);
    while let Some(outcome) = prepared.next().await {
        outcome?;
    }

    let mut answers = futures_util::stream::iter(&questions)
        .map(|(_, place, query)| {
            let (reference, candidate, world) = (&reference, &candidate, &world);
            async move {
                let outcome = ask_both(query, options, world, reference, candidate).await;
                (*place, outcome)
            }
        })
        .buffered(options.concurrency.max(1));
    let mut midway = Some(midway);
    let mut asked = 0;
    while let Some((place, outcome)) = answers.next().await {
        let outcome = outcome?;
        let score: &mut Score = &mut scores[place];
        score.answered += usize::from(outcome.answered);
        score.mismatches.extend(outcome.mismatch);
        asked += 1;
        if asked * 2 >= questions.len()
            && let Some(midway) = midway.take()
        {
            midway();
        }
    }
    Ok(Report {
        seed: options.seed,
        scores,
    })
}

/// What came of one query.
struct Outcome {
    answered: bool,
    mismatch: Option<Mismatch>,
}

async fn ask_both(
    query: &Query,
    options: &Options,
    world: &World,
    reference: &Side,
    candidate: &Side,
) -> Result<Outcome, OracleError> {
    let (left, right) = tokio::join!(ask(query, &reference.client), ask(query, &candidate.client));
    let left = left.map_err(|source| OracleError::Unreachable {
        side: reference.name,
        source,
    })?;
    let left = Answer::read(
        left.status,
        &left.body,
        query,
        world,
        reference.add_tie_rule,
    );
    // A candidate that does not answer has answered wrongly.
    let (status, body) = match right {
        Ok(right) => (right.status, right.body),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string().into()),
    };
    let right = Answer::read(status, &body, query, world, candidate.add_tie_rule);
    let mut differences = compare(&left, &right);
    if options.ignore_member_order {
        differences.retain(|difference| !difference.order);
    }
    Ok(Outcome {
        answered: left.status.is_success(),
        mismatch: (!differences.is_empty()).then(|| Mismatch {
            query: query.to_string(),
            reference: left.text,
            candidate: right.text,
            differences,
        }),
    })
}

async fn ask(query: &Query, client: &Client) -> Result<Response, ClientError> {
    let json = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    match &query.body {
        Some(body) => {
            client
                .send(
                    query.method.clone(),
                    &query.path,
                    &json,
                    body.to_string().into(),
                )
                .await
        }
        None => {
            client
                .send(query.method.clone(), &query.path, &[], bytes::Bytes::new())
                .await
        }
    }
}

impl Side {
    /// Whether it is not the embedded node.
    async fn is_a_real_server(&self) -> Result<bool, OracleError> {
        let skipped = recording::classes_to_skip(&self.client).await;
        skipped
            .map(|skipped| skipped.is_empty())
            .map_err(|error| OracleError::Refused {
                side: self.name,
                step: "tell its version".to_owned(),
                answer: error.to_string(),
            })
    }
}

/// One query of a class, drawn as a run draws it. For tests.
#[cfg(test)]
pub(super) fn draw(class: super::Class, random: &mut rand::rngs::StdRng, world: &World) -> Query {
    (class.draw)(&mut Source::new(random, world))
}
