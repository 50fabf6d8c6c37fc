//! The sample on its way into the cluster.

use http::{Method, StatusCode};
use miroir_node::ContentType;
use serde_json::json;

use crate::client::Client;
use crate::console::Console;
use crate::folder::Folder;
use crate::record::Record;
use crate::sample;

/// Requests that it takes, each with a task to wait for.
pub(crate) const STEPS: u64 = 3;

/// Whether the index is there.
pub(crate) async fn exists(proxy: &Client) -> anyhow::Result<bool> {
    let answer = proxy.get(&format!("/indexes/{}", sample::INDEX)).await?;
    Ok(answer.status == StatusCode::OK)
}

/// Creates the sample where it is not there.
///
/// One that was interrupted is completed, whatever has become of it: settings and documents create an index that is missing,
/// wait for one that is being created, and replace what is there.
pub(crate) async fn sample(
    proxy: &Client,
    folder: &Folder,
    record: &mut Record,
    console: &Console,
) -> anyhow::Result<()> {
    let exists = exists(proxy).await?;
    let begins = !exists && !record.sample_is_half_done;
    if !begins && !record.sample_is_half_done {
        return Ok(());
    }
    record.sample_is_half_done = true;
    folder.keep(record)?;
    console.doing(&format!(
        "creating the index {} with {} documents",
        sample::INDEX,
        sample::COUNT
    ));
    if begins {
        let body = json!({ "uid": sample::INDEX, "primaryKey": sample::PRIMARY_KEY });
        proxy
            .write(
                Method::POST,
                "/indexes",
                ContentType::Json,
                body.to_string().into_bytes(),
            )
            .await?;
    }
    console.done();
    let index = format!("/indexes/{}", sample::INDEX);
    proxy
        .write(
            Method::PATCH,
            &format!("{index}/settings"),
            ContentType::Json,
            sample::settings(),
        )
        .await?;
    console.done();
    proxy
        .write(
            Method::POST,
            &format!("{index}/documents?primaryKey={}", sample::PRIMARY_KEY),
            ContentType::NdJson,
            sample::documents(),
        )
        .await?;
    console.done();
    record.sample_is_half_done = false;
    folder.keep(record)
}
