//! The whole run.

use futures_util::StreamExt as _;
use http::{HeaderValue, header};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::answer::{Answer, compare};
use super::corpus::Corpus;
use super::load::Side;
use super::profile::Profile;
use super::queries::{Query, draw};
use super::{Mismatch, Options, OracleError, Report, Score};
use crate::client::{Client, ClientError, Response};

/// Prepares both sides and asks every query of every class. Indexes whose uids begin with `oracle-` are replaced.
pub async fn run(
    options: &Options,
    reference: &Client,
    candidate: &Client,
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
    let corpus = Corpus::draw(&mut StdRng::seed_from_u64(options.seed), options.documents);
    let fresh = reference.fresh_rules().await?;
    for profile in Profile::ALL {
        tokio::try_join!(
            reference.prepare(profile, &corpus, &fresh),
            candidate.prepare(profile, &corpus, &fresh),
        )?;
    }

    let mut scores = Vec::new();
    for &class in &options.classes {
        // Each class has its own source of randomness: running fewer classes does not change the others.
        let position = super::Class::ALL
            .iter()
            .position(|one| *one == class)
            .unwrap_or(0) as u64;
        let mut random =
            StdRng::seed_from_u64(options.seed.wrapping_mul(1_000_003).wrapping_add(position));
        let queries: Vec<Query> = (0..options.queries)
            .map(|_| draw(class, &mut random, &corpus))
            .collect();
        let outcomes: Vec<Result<Outcome, OracleError>> = futures_util::stream::iter(&queries)
            .map(|query| ask_both(query, &reference, &candidate))
            .buffered(options.concurrency.max(1))
            .collect()
            .await;
        let mut score = Score {
            class,
            total: queries.len(),
            answered: 0,
            mismatches: Vec::new(),
        };
        for outcome in outcomes {
            let outcome = outcome?;
            score.answered += usize::from(outcome.answered);
            score.mismatches.extend(outcome.mismatch);
        }
        scores.push(score);
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
    reference: &Side,
    candidate: &Side,
) -> Result<Outcome, OracleError> {
    let (left, right) = tokio::join!(ask(query, &reference.client), ask(query, &candidate.client));
    let left = left.map_err(|source| OracleError::Unreachable {
        side: reference.name,
        source,
    })?;
    let right = right.map_err(|source| OracleError::Unreachable {
        side: candidate.name,
        source,
    })?;
    let left = Answer::read(left.status, &left.body, query, reference.add_tie_rule);
    let right = Answer::read(right.status, &right.body, query, candidate.add_tie_rule);
    let differences = compare(&left, &right);
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
