//! What is measured, one file per question.

mod end_to_end;
mod idle;
mod merged;
mod observed;
mod pass_through;
mod sick_node;
mod steady;
mod turns;
mod writes;

use clap::ValueEnum;

use super::{BenchError, Report};

/// One question to answer with figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// A document by its id: the price of the hop.
    Document,
    /// 20 hits of 1 KB from one node, which is passed on as it is.
    Search1,
    /// The same merged from two nodes.
    Search2,
    /// The same merged from four nodes.
    Search4,
    /// The same merged from eight nodes, against four.
    Search8,
    /// Three facets from four nodes.
    Facets,
    /// A federated multi-search of three queries on four nodes.
    Federated,
    /// A page of 1,000 hits from four nodes.
    Page1000,
    /// Batches of 1,000 documents to three nodes with two copies.
    Writes,
    /// The log and the scrape: what being seen costs.
    Observed,
    /// A body of 100 MB: what it adds to the memory.
    Body100mb,
    /// 5,000 clients that are connected and ask nothing.
    IdleClients,
    /// As many mixed requests as 100 a second make in an hour: whether memory stays flat.
    Steady,
    /// One of three nodes does not answer any more.
    FrozenNode,
    /// One of three nodes answers 200 ms later.
    SlowNode,
    /// 100,000 documents in engines: one node with all of them against three behind Miroir.
    EndToEnd,
}

/// Measures it. Blocks the threads of the load, so it wants a runtime with several threads.
pub async fn run(scenario: Scenario) -> Result<Report, BenchError> {
    match scenario {
        Scenario::Document => pass_through::document().await,
        Scenario::Search1 => pass_through::search().await,
        Scenario::Search2 => merged::search(scenario, 2).await,
        Scenario::Search4 => merged::search(scenario, 4).await,
        Scenario::Search8 => merged::eight_against_four().await,
        Scenario::Facets => merged::facets().await,
        Scenario::Federated => merged::federated().await,
        Scenario::Page1000 => merged::page().await,
        Scenario::Writes => writes::batches().await,
        Scenario::Observed => observed::observed().await,
        Scenario::Body100mb => idle::large_body().await,
        Scenario::IdleClients => idle::clients().await,
        Scenario::Steady => steady::memory().await,
        Scenario::FrozenNode => sick_node::frozen().await,
        Scenario::SlowNode => sick_node::slow().await,
        Scenario::EndToEnd => end_to_end::searches().await,
    }
}

/// The name on the command line and in the report.
pub(super) fn name(scenario: Scenario) -> String {
    scenario
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}
