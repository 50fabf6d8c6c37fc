//! How often a request allocates memory: nothing of the two usual reads may begin to grow unseen. A clock would say so on a quiet machine
//! only.

use miroir_testkit::cluster::Cluster;
use serde_json::json;

use crate::fixture::{fill, start};

/// So many that what the process does besides does not count.
const REQUESTS: u64 = 500;
/// Of one document from one node: the request, its way to a node, its line in the log, its answer. Measured: 36.
const DOCUMENT: u64 = 48;
/// Of 20 hits from three nodes. Measured: 192.
const SEARCH: u64 = 220;

#[tokio::test]
async fn the_usual_reads_keep_to_their_allocations() {
    let mut fleet = start(Cluster::builder().nodes(3).rf(1)).await;
    let client = fleet.client();
    fill(&client, 200).await;
    let document = async || {
        let answer = client.get("/indexes/stories/documents/7").await;
        assert_eq!(answer.expect("an answer").status, 200);
    };
    let search = async |number: u64| {
        let query = json!({ "q": "story", "offset": number % 100 });
        let answer = client.post("/indexes/stories/search", &query).await;
        assert_eq!(answer.expect("an answer").status, 200);
    };
    for number in 0..50 {
        document().await;
        search(number).await;
    }
    // A proxy that `MIROIR_TEST_PROXY_BIN` names does not count; what it is built from is counted without it.
    let Some(before) = fleet.proxy().allocations().await.expect("a number") else {
        return;
    };
    for _ in 0..REQUESTS {
        document().await;
    }
    let between = fleet.proxy().allocations().await.expect("a number");
    let between = between.expect("the same proxy");
    for number in 0..REQUESTS {
        search(number).await;
    }
    let after = fleet.proxy().allocations().await.expect("a number");
    let after = after.expect("the same proxy");
    let of_document = (between - before) / REQUESTS;
    let of_search = (after - between) / REQUESTS;
    assert!(
        of_document <= DOCUMENT && of_search <= SEARCH,
        "a document takes {of_document} (at most {DOCUMENT}), a search {of_search} (at most {SEARCH})"
    );
}
