//! The part of `hf-hub` that the engine names, without the downloads.
//!
//! The published crate brings a second HTTP client and OpenSSL, which a machine with only a C compiler cannot build. The
//! development node does not run models itself, so asking for one is an error that says so, and nothing else is lost.

#![forbid(unsafe_code)]

/// What is at the other end of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepoType {
    Model,
}

/// A model that somebody asked for.
#[derive(Clone, Debug)]
pub struct Repo {
    model: String,
}

impl Repo {
    #[must_use]
    pub fn model(model: String) -> Self {
        Self { model }
    }

    #[must_use]
    pub fn with_revision(model: String, _: RepoType, _: String) -> Self {
        Self { model }
    }
}

/// As in the published crate.
pub mod api {
    /// As in the published crate.
    pub mod sync {
        use std::fmt;
        use std::path::PathBuf;

        use crate::Repo;

        #[derive(Debug)]
        pub struct Api;

        impl Api {
            /// # Errors
            /// None; the signature is that of the published crate.
            pub fn new() -> Result<Self, ApiError> {
                Ok(Self)
            }

            #[must_use]
            pub fn repo(&self, repo: Repo) -> ApiRepo {
                ApiRepo { repo }
            }
        }

        #[derive(Debug)]
        pub struct ApiRepo {
            repo: Repo,
        }

        impl ApiRepo {
            /// # Errors
            /// Always: nothing is downloaded.
            pub fn get(&self, _: &str) -> Result<PathBuf, ApiError> {
                Err(ApiError::NoDownloads {
                    model: self.repo.model.clone(),
                })
            }
        }

        #[derive(Debug)]
        pub enum ApiError {
            NoDownloads {
                model: String,
            },
            /// The engine looks into this one; it never occurs here.
            RequestError(Box<ureq::Error>),
        }

        impl fmt::Display for ApiError {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::NoDownloads { model } => {
                        write!(
                            formatter,
                            "this build does not download models, so {model} is not available"
                        )
                    }
                    Self::RequestError(error) => write!(formatter, "{error}"),
                }
            }
        }

        impl std::error::Error for ApiError {}
    }
}
