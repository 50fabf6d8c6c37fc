//! How fast a payload becomes the bodies that nodes receive: cut, checked, routed, stamped.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use miroir_core::document::batch::{Batch, Format, KeyName, Target};
use miroir_core::document::reserved::Reserved;
use miroir_core::id::ShardCount;

const DOCUMENTS: usize = 20_000;

fn document(id: usize) -> String {
    format!(
        r#"{{"id":{id},"title":"The quick brown fox number {id} jumps","overview":"Some words that a person might write about a film, \"quoted\" once, and long enough to look like a real description of it.","genres":["Drama","Comedy"],"release_date":{},"rating":{}.5,"cast":{{"lead":"Ann Other","others":[1,2,3]}}}}"#,
        1_000_000 + id,
        id % 10,
    )
}

fn payload(format: Format) -> Bytes {
    let documents: Vec<String> = (0..DOCUMENTS).map(document).collect();
    match format {
        Format::Json => format!("[{}]", documents.join(",")).into(),
        Format::Ndjson => documents.join("\n").into(),
        Format::Csv { .. } => {
            let lines = (0..DOCUMENTS).map(|id| {
                format!(
                    "{id},The quick brown fox number {id} jumps,{}.5,\"Some words, quoted\"\n",
                    id % 10
                )
            });
            std::iter::once("id:number,title,rating:number,overview\n".to_owned())
                .chain(lines)
                .collect::<String>()
                .into()
        }
    }
}

fn ingest(criterion: &mut Criterion) {
    let shards = ShardCount::new(64).expect("64 is in range");
    let reserved = Reserved {
        versions: true,
        expiry: true,
    };
    let target = Target {
        key: KeyName::Known("id"),
        shards,
    };
    let all = shards.all();
    let formats = [
        ("json", Format::Json),
        ("ndjson", Format::Ndjson),
        ("csv", Format::Csv { delimiter: b',' }),
    ];
    let mut group = criterion.benchmark_group("ingest");
    for (name, format) in formats {
        let body = payload(format);
        group.throughput(Throughput::Bytes(body.len() as u64));
        let read = || {
            Batch::read(body.clone(), format, Some(reserved), Some(target)).expect("a good payload")
        };
        group.bench_function(format!("{name}/read"), |bencher| {
            bencher.iter(|| black_box(read()))
        });
        group.bench_function(format!("{name}/read_and_stamp"), |bencher| {
            bencher.iter(|| {
                let (batch, routing) = read();
                let routes = routing
                    .expect("a target was given")
                    .expect("every document has a key");
                Arc::new(batch)
                    .leg_bodies(&Arc::new(routes), all.clone(), Some(1), usize::MAX)
                    .flat_map(|body| body.pieces())
                    .map(|piece| black_box(piece).len())
                    .sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, ingest);
criterion_main!(benches);
