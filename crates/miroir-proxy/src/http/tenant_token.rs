//! Tenant tokens: JWTs that users sign with the value of one of their API keys.

use std::sync::Once;

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result as TokenResult, new_error};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous, decode};
use miroir_core::access::{KeyValue, Refusal, SearchRules};
use serde::Deserialize;
use sha2::{Sha256, Sha384, Sha512};
use signature::Verifier;
use uuid::Uuid;

/// What a token says, in the form that a server reads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    search_rules: SearchRules,
    /// Seconds since 1970.
    exp: Option<i64>,
    api_key_uid: Uuid,
}

/// Reads a token and checks its signature and its end (`now` in seconds since 1970). `value_of` is the value that a key
/// of that uid has, whether there is one or not. `None` if it is no token at all: then it may be an API key.
///
/// # Errors
/// The server's words on a token that is broken, forged or over.
pub(crate) fn verify(
    token: &str,
    now: i64,
    value_of: impl FnOnce(Uuid) -> KeyValue,
) -> Result<Option<(Uuid, SearchRules)>, Refusal> {
    let read = || -> TokenResult<Claims> {
        install_provider();
        let unverified = dangerous::insecure_decode::<Claims>(token)?;
        let value = value_of(unverified.claims.api_key_uid).to_string();
        let key = DecodingKey::from_secret(value.as_bytes());
        Ok(decode::<Claims>(token, &key, &validation())?.claims)
    };
    let claims = match read() {
        Ok(claims) => claims,
        Err(error) if *error.kind() == ErrorKind::InvalidToken => return Ok(None),
        Err(error) => return Err(Refusal::Undecodable(error.to_string())),
    };
    match claims.exp {
        Some(expired) if now > expired => Err(Refusal::Expired { expired, now }),
        _ => Ok(Some((claims.api_key_uid, claims.search_rules))),
    }
}

/// The end is checked by hand, because the server's text names it; a token for an audience is refused, as there.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    validation.algorithms = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    validation
}

/// The library's cryptography is chosen once per process; ours can do what tenant tokens need, and nothing else.
fn install_provider() {
    static ONCE: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
        verifier_factory: verifier,
        key_utils: KeyUtils::new_unimplemented(),
    };
    ONCE.call_once(|| {
        PROVIDER
            .install_default()
            .expect("nothing else in this process chooses a provider");
    });
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> TokenResult<Box<dyn JwtVerifier>> {
    let key = key.try_get_as_bytes()?;
    match algorithm {
        Algorithm::HS256 => keyed::<Hmac<Sha256>>(*algorithm, key),
        Algorithm::HS384 => keyed::<Hmac<Sha384>>(*algorithm, key),
        Algorithm::HS512 => keyed::<Hmac<Sha512>>(*algorithm, key),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    }
}

fn keyed<M>(algorithm: Algorithm, key: &[u8]) -> TokenResult<Box<dyn JwtVerifier>>
where
    M: Mac + KeyInit + Clone + Send + Sync + 'static,
{
    let mac = <M as KeyInit>::new_from_slice(key)
        .map_err(|_| Error::from(ErrorKind::InvalidKeyFormat))?;
    Ok(Box::new(Keyed { algorithm, mac }))
}

/// One HMAC under one key. The comparison takes the same time wherever the first difference is.
struct Keyed<M> {
    algorithm: Algorithm,
    mac: M,
}

impl<M: Mac + Clone> Verifier<Vec<u8>> for Keyed<M> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let mut mac = self.mac.clone();
        mac.update(message);
        mac.verify_slice(signature)
            .map_err(|_| signature::Error::new())
    }
}

impl<M: Mac + Clone> JwtVerifier for Keyed<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
