//! The cost of a merge over answers as nodes send them, scanning included.

mod sample;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use miroir_core::merge::IndexView;
use miroir_core::wire::search::SearchQuery;

use sample::{answers, merge};

fn benchmarks(criterion: &mut Criterion) {
    let view = IndexView {
        primary_key: Some("id".to_owned()),
        ..IndexView::default()
    };
    for (name, legs, hits, text, limit) in [
        ("page of 20 from 4 answers of 24 KB", 4, 20, 560, 20),
        ("1000 hits from 3 legs, 600 bytes each", 3, 334, 0, 1000),
        ("1000 hits from 3 legs, 1 KB each", 3, 334, 480, 1000),
        ("page of 20 from 64 answers", 64, 8, 560, 20),
    ] {
        let bodies = answers(legs, hits, text);
        let query = SearchQuery {
            q: Some("q".to_owned()),
            limit,
            ..SearchQuery::default()
        };
        let mut group = criterion.benchmark_group("merge");
        group.throughput(Throughput::Bytes(
            bodies.iter().map(|body| body.len() as u64).sum(),
        ));
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(merge(black_box(&bodies), &query, &view)))
        });
        group.finish();
    }
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
