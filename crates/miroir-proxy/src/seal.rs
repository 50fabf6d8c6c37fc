//! Credentials that clients gave for other servers: headers of webhooks, keys for exports. They lie sealed in the store, under keys
//! that follow from the cluster's secret.

use miroir_store::table::ClusterKey;
use miroir_store::{Store, StoreError};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use uuid::Uuid;

/// What is sealed. What was sealed for one purpose does not open for another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    WebhookHeaders,
    ExportKey,
}

impl Purpose {
    fn name(self) -> &'static [u8] {
        match self {
            Purpose::WebhookHeaders => b"miroir webhook headers v1",
            Purpose::ExportKey => b"miroir export key v1",
        }
    }
}

/// Seals and opens. What was sealed for one owner does not open for another.
pub(crate) struct Seal(LessSafeKey);

impl Seal {
    /// Under the secret of the cluster, which is made when there is none.
    pub(crate) async fn of(store: &Store, purpose: Purpose) -> Result<Self, StoreError> {
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
        Ok(Self::under(&secret, purpose))
    }

    fn under(secret: &[u8], purpose: Purpose) -> Self {
        let derived = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let purpose = [purpose.name()];
        let key = derived
            .expand(&purpose, &AES_256_GCM)
            .expect("one key is not too long");
        Self(LessSafeKey::new(UnboundKey::from(key)))
    }

    pub(crate) fn close(&self, owner: Uuid, secret: &[u8]) -> Vec<u8> {
        let mut text = secret.to_vec();
        let nonce: [u8; NONCE_LEN] = rand::random();
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(owner.as_bytes()),
                &mut text,
            )
            .expect("credentials are not too long");
        let mut sealed = nonce.to_vec();
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// `None` for bytes that were not sealed here, for this owner.
    pub(crate) fn open(&self, owner: Uuid, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(owner.as_bytes()), &mut text);
        opened.ok().map(|opened| opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, Seal, Uuid};

    #[test]
    fn what_is_sealed_opens_for_its_owner_only() {
        let seal = Seal::under(b"secret", Purpose::WebhookHeaders);
        let owner = Uuid::from_u128(7);
        let secret = "Bearer é".as_bytes();
        let sealed = seal.close(owner, secret);
        assert!(!sealed.windows(6).any(|part| part == b"Bearer"));
        assert_eq!(seal.open(owner, &sealed).as_deref(), Some(secret));
        assert_eq!(seal.open(Uuid::from_u128(8), &sealed), None);
        let others = [
            Seal::under(b"other", Purpose::WebhookHeaders),
            Seal::under(b"secret", Purpose::ExportKey),
        ];
        assert!(
            others
                .iter()
                .all(|other| other.open(owner, &sealed).is_none())
        );
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert_eq!(seal.open(owner, &damaged), None, "byte {place}");
            assert_eq!(seal.open(owner, &sealed[..place]), None);
        }
    }
}
