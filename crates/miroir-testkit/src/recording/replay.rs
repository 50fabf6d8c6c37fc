//! Replaying a recording.

use super::exchange::{Exchange, perform};
use super::{CLIENT_FACING, NEEDS_NEW_ENGINE, Recording, RecordingError};
use crate::client::Client;
use crate::json::{Difference, Tree, differences};

/// What came out of a replay.
#[derive(Debug, Clone)]
pub struct Replay {
    /// Name of the scenario.
    pub scenario: String,
    /// Steps that were played.
    pub played: usize,
    /// Names of the steps that were skipped.
    pub skipped: Vec<String>,
    /// The steps whose answers differ from the recording.
    pub differing: Vec<CaseDifference>,
}

/// One step whose answer differs.
#[derive(Debug, Clone)]
pub struct CaseDifference {
    /// Name of the step.
    pub step: String,
    /// Method, path and body.
    pub request: String,
    /// What differs; the reference is the recording.
    pub differences: Vec<Difference>,
}

impl Replay {
    /// The differing steps as text; empty when there are none.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for case in &self.differing {
            text.push_str(&format!(
                "=== {} / {}: {}\n",
                self.scenario, case.step, case.request
            ));
            for difference in &case.differences {
                text.push_str(&format!("  {difference}\n"));
            }
        }
        text
    }

    /// Panics with the rendered differences when there are any. For tests.
    pub fn assert_equal(&self) {
        assert!(
            self.differing.is_empty(),
            "{} of {} steps differ from the recording\n{}",
            self.differing.len(),
            self.played,
            self.render()
        );
    }
}

/// The classes that this server does not fulfil: the embedded node says so in its version.
pub async fn classes_to_skip(client: &Client) -> Result<Vec<String>, RecordingError> {
    let failed = |source| RecordingError::Step {
        step: "read the version".to_owned(),
        source,
    };
    let version = client
        .get("/version")
        .await
        .map_err(failed)?
        .json()
        .map_err(failed)?;
    let embedded = version["commitSha"]
        .as_str()
        .is_some_and(|commit| commit.starts_with("miroir-devnode"));
    Ok(if embedded {
        vec![NEEDS_NEW_ENGINE.to_owned(), CLIENT_FACING.to_owned()]
    } else {
        Vec::new()
    })
}

/// Plays the requests of a recording against a fresh server and compares. Steps of the classes in `skip` are left out.
pub async fn replay(
    recording: &Recording,
    client: &Client,
    skip: &[String],
) -> Result<Replay, RecordingError> {
    let mut result = Replay {
        scenario: recording.scenario.clone(),
        played: 0,
        skipped: Vec::new(),
        differing: Vec::new(),
    };
    let client = &client.with_fresh_connections();
    let mut made = None;
    for expected in &recording.exchanges {
        let step = &expected.request;
        if step
            .class
            .as_ref()
            .is_some_and(|class| skip.contains(class))
        {
            result.skipped.push(step.name.clone());
            continue;
        }
        let actual = perform(step, client, &mut made).await?;
        result.played += 1;
        let found = compare(expected, &actual);
        if !found.is_empty() {
            let body = step
                .text
                .clone()
                .or_else(|| step.body.as_ref().map(ToString::to_string));
            let request = format!("{} {} {}", step.method, step.path, body.unwrap_or_default());
            result.differing.push(CaseDifference {
                step: step.name.clone(),
                request,
                differences: found,
            });
        }
    }
    Ok(result)
}

fn compare(expected: &Exchange, actual: &Exchange) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut plain = |path: &str, reference: String, candidate: String| {
        if reference != candidate {
            found.push(Difference {
                path: path.to_owned(),
                reference,
                candidate,
                order: false,
            });
        }
    };
    let (left, right) = (&expected.answer, &actual.answer);
    plain(
        "(status)",
        left.status.to_string(),
        right.status.to_string(),
    );
    plain(
        "(content type)",
        format!("{:?}", left.content_type),
        format!("{:?}", right.content_type),
    );
    plain(
        "(headers)",
        format!("{:?}", left.headers),
        format!("{:?}", right.headers),
    );
    plain(
        "(text)",
        format!("{:?}", left.text),
        format!("{:?}", right.text),
    );
    for (place, left, right) in [
        ("(body)", &left.body, &right.body),
        ("(task)", &expected.task, &actual.task),
    ] {
        let (left, right) = (
            left.as_ref().unwrap_or(&Tree::Null),
            right.as_ref().unwrap_or(&Tree::Null),
        );
        found.extend(
            differences(left, right)
                .into_iter()
                .map(|difference| Difference {
                    path: format!("{place}{}", difference.path),
                    ..difference
                }),
        );
    }
    found
}
