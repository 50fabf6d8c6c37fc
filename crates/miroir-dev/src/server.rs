//! Which program serves as a node.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;
use serde::{Deserialize, Serialize};

use crate::flags::EMBEDDED;
use crate::program;

/// The kind of node. Their data folders are not interchangeable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Server {
    /// The development node that is part of this program.
    Embedded,
    /// A real `meilisearch`.
    Executable(PathBuf),
}

impl Server {
    /// For a new fleet: what the flag says, else what is found.
    pub(crate) fn choose(flag: Option<&Path>, found: Option<PathBuf>) -> anyhow::Result<Self> {
        match flag {
            Some(flag) => Self::named(flag),
            None => Ok(found.map_or(Self::Embedded, Self::Executable)),
        }
    }

    /// For a fleet that exists: the same kind of node.
    pub(crate) fn again(&self, flag: Option<&Path>, found: Option<&Path>) -> anyhow::Result<Self> {
        match (self, flag.map(Self::named).transpose()?) {
            (Self::Embedded, None | Some(Self::Embedded)) => Ok(Self::Embedded),
            (Self::Executable(_), Some(Self::Executable(path))) => Ok(Self::Executable(path)),
            (Self::Executable(path), None) if path.is_file() => Ok(Self::Executable(path.clone())),
            (Self::Executable(path), None) => match found {
                Some(found) => Ok(Self::Executable(found.to_path_buf())),
                None => bail!(
                    "the data was written by {}, which is gone; name a `meilisearch` executable with --node-bin, or choose another folder with --data",
                    path.display()
                ),
            },
            (kept, Some(asked)) => bail!(
                "the data was written by {kept} and cannot be read by {asked}; leave --node-bin out, or choose another folder with --data"
            ),
        }
    }

    fn named(flag: &Path) -> anyhow::Result<Self> {
        if flag == Path::new(EMBEDDED) {
            return Ok(Self::Embedded);
        }
        match flag.canonicalize() {
            Ok(path) if path.is_file() => Ok(Self::Executable(path)),
            _ => bail!(
                "--node-bin {}: there is no such file; name a `meilisearch` executable, or leave the flag out for the embedded node",
                flag.display()
            ),
        }
    }

    /// The command that runs it on `port` with its data in `folder`.
    pub(crate) fn command(
        &self,
        port: u16,
        folder: &Path,
        master_key: &str,
    ) -> std::io::Result<Command> {
        let mut command = match self {
            Self::Embedded => program::node()?,
            Self::Executable(path) => program::server(path)?,
        };
        program::forget_environment(&mut command);
        command
            .arg("--http-addr")
            .arg(format!("127.0.0.1:{port}"))
            .arg("--db-path")
            .arg(folder.join("data.ms"))
            .arg("--no-analytics")
            // Everybody may see the arguments of a process.
            .env("MEILI_MASTER_KEY", master_key);
        if let Self::Executable(_) = self {
            command
                .arg("--dump-dir")
                .arg(folder.join("dumps"))
                .arg("--snapshot-dir")
                .arg(folder.join("snapshots"));
        }
        Ok(command)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("the embedded node"),
            Self::Executable(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The `meilisearch` that a shell would start.
pub(crate) fn on_search_path() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join("meilisearch"))
        .find(|path| is_executable(path))?
        .canonicalize()
        .ok()
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Server;

    #[test]
    fn a_flag_wins_over_what_is_found() {
        let found = Some(PathBuf::from("/bin/found"));
        let choose = |flag: Option<&str>, found| Server::choose(flag.map(Path::new), found);
        assert_eq!(choose(None, None).unwrap(), Server::Embedded);
        assert_eq!(
            choose(None, found.clone()).unwrap(),
            Server::Executable("/bin/found".into())
        );
        assert_eq!(choose(Some("embedded"), found).unwrap(), Server::Embedded);
        let error = choose(Some("/no/such/file"), None).unwrap_err().to_string();
        assert!(error.contains("/no/such/file"), "{error}");
    }

    #[test]
    fn data_stays_with_its_kind_of_node() {
        let real = tempfile::NamedTempFile::new().unwrap();
        let real = real.path();
        let kept = Server::Executable(real.to_path_buf());
        assert_eq!(kept.again(None, None).unwrap(), kept);
        assert!(kept.again(Some(Path::new("embedded")), None).is_err());
        assert!(Server::Embedded.again(Some(real), None).is_err());
        assert_eq!(
            Server::Embedded.again(None, Some(real)).unwrap(),
            Server::Embedded
        );
        let gone = Server::Executable("/no/such/file".into());
        assert!(gone.again(None, None).is_err());
        assert_eq!(
            gone.again(None, Some(real)).unwrap(),
            Server::Executable(real.to_path_buf())
        );
    }
}
