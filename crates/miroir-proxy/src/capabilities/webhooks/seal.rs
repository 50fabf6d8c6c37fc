//! Headers of webhooks hold credentials, so they lie sealed in the store, under a key that follows from the cluster's secret.

use std::collections::BTreeMap;

use miroir_store::table::ClusterKey;
use miroir_store::{Store, StoreError};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use uuid::Uuid;

const PURPOSE: &[u8] = b"miroir webhook headers v1";

/// Seals and opens. What was sealed for one webhook does not open for another.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    /// Under the secret of the cluster, which is made when there is none.
    pub(super) async fn of(store: &Store) -> Result<Self, StoreError> {
        let secret = store
            .write(|tx| {
                if let Some(secret) = tx.cluster().get(ClusterKey::ClusterSecret)? {
                    return Ok(secret);
                }
                let secret: [u8; 32] = rand::random();
                tx.cluster().put(ClusterKey::ClusterSecret, &secret)?;
                Ok(secret.to_vec())
            })
            .await?;
        Ok(Self::under(&secret))
    }

    fn under(secret: &[u8]) -> Self {
        let derived = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let purpose = [PURPOSE];
        let key = derived
            .expand(&purpose, &AES_256_GCM)
            .expect("one key is not too long");
        Self(LessSafeKey::new(UnboundKey::from(key)))
    }

    pub(super) fn close_headers(&self, uuid: Uuid, headers: &BTreeMap<String, String>) -> Vec<u8> {
        let mut text = serde_json::to_vec(headers).expect("texts serialise");
        let nonce: [u8; NONCE_LEN] = rand::random();
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(uuid.as_bytes()),
                &mut text,
            )
            .expect("headers are not too long");
        let mut sealed = nonce.to_vec();
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// `None` for bytes that were not sealed here, for this webhook.
    pub(super) fn open_headers(
        &self,
        uuid: Uuid,
        sealed: &[u8],
    ) -> Option<BTreeMap<String, String>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(uuid.as_bytes()), &mut text);
        serde_json::from_slice(opened.ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Seal, Uuid};

    #[test]
    fn what_is_sealed_opens_for_its_webhook_only() {
        let seal = Seal::under(b"secret");
        let uuid = Uuid::from_u128(7);
        let headers = [("Authorization".to_owned(), "Bearer é".to_owned())].into();
        let sealed = seal.close_headers(uuid, &headers);
        assert!(!sealed.windows(6).any(|part| part == b"Bearer"));
        assert_eq!(seal.open_headers(uuid, &sealed), Some(headers));
        assert_eq!(seal.open_headers(Uuid::from_u128(8), &sealed), None);
        assert_eq!(Seal::under(b"other").open_headers(uuid, &sealed), None);
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert_eq!(seal.open_headers(uuid, &damaged), None, "byte {place}");
            assert_eq!(seal.open_headers(uuid, &sealed[..place]), None);
        }
    }
}
