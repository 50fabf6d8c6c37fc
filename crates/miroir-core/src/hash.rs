//! Every hash that decides where something lives. Frozen: changing one of them loses data.
//!
//! All are XXH64 with seed 0 over explicitly written bytes (data-path.md 1).

#[cfg(test)]
mod tests;

use std::hash::Hasher;

use twox_hash::XxHash64;

use crate::id::{NodeId, Shard, ShardCount};

const SEED: u64 = 0;
/// Ends the text of a key or node id: a byte that UTF-8 never contains.
const END: u8 = 0xFF;
/// Inputs up to this length are hashed from one buffer, which is faster than feeding the hasher piece by piece.
const BUFFER_BYTES: usize = 128;

/// Shard of the document whose canonical primary key this is (an integer's decimal text, or the string itself).
pub fn shard_of(canonical_key: &str, count: ShardCount) -> Shard {
    let shard = key_hash(canonical_key) % u64::from(count.get());
    Shard(u16::try_from(shard).expect("the remainder is below a u16"))
}

/// Hash of a canonical primary key: its UTF-8, then `0xFF`.
pub fn key_hash(canonical_key: &str) -> u64 {
    hash(&[canonical_key.as_bytes(), &[END]])
}

/// How much a node wants a shard, compared unsigned: the shard as 4 bytes little endian, the node id, `0xFF`.
pub fn score(shard: Shard, node: &NodeId) -> u64 {
    hash(&[
        &u32::from(shard.0).to_le_bytes(),
        node.as_str().as_bytes(),
        &[END],
    ])
}

/// Hash of a tenant id, to be taken modulo the number of eligible groups (sorted).
pub fn tenant_hash(tenant: &str) -> u64 {
    hash(&[tenant.as_bytes()])
}

/// How much a process wants a work item: the item's name, `0x00`, the process id. Highest wins, ties to the smaller id.
pub fn ownership_score(item: &str, process: &str) -> u64 {
    hash(&[item.as_bytes(), &[0x00], process.as_bytes()])
}

/// Names a word of a field by 64 bits: the field, `0xFF`, the word. Not stored anywhere, so not frozen.
pub fn word_hash(field: &str, word: &str) -> u64 {
    hash(&[field.as_bytes(), &[END], word.as_bytes()])
}

fn hash(parts: &[&[u8]]) -> u64 {
    let mut buffer = [0; BUFFER_BYTES];
    let mut filled = 0;
    for part in parts {
        let Some(space) = buffer.get_mut(filled..filled + part.len()) else {
            return hash_in_pieces(parts);
        };
        space.copy_from_slice(part);
        filled += part.len();
    }
    XxHash64::oneshot(SEED, &buffer[..filled])
}

fn hash_in_pieces(parts: &[&[u8]]) -> u64 {
    let mut hasher = XxHash64::with_seed(SEED);
    for part in parts {
        hasher.write(part);
    }
    hasher.finish()
}
