//! What a fleet is, as it is kept from one start to the next, and how it follows from the flags.

use std::path::PathBuf;

use anyhow::bail;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::flags::Flags;
use crate::server::Server;

/// The fleet in a data folder. The shape and the kind of nodes cannot change; ports and keys can.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) nodes: u16,
    pub(crate) replica_groups: u16,
    pub(crate) replication_factor: u16,
    pub(crate) server: Server,
    pub(crate) master_key: String,
    pub(crate) admin_key: String,
    pub(crate) node_master_key: String,
    /// Where the nodes listened the last time.
    pub(crate) node_ports: Vec<u16>,
    /// The sample was begun and not finished.
    pub(crate) sample_is_half_done: bool,
}

impl Record {
    /// The fleet to start: the one in the folder, or a new one.
    ///
    /// # Errors
    /// The flags ask for another fleet than the folder holds, or for one that cannot be.
    pub(crate) fn decide(
        flags: &Flags,
        kept: Option<Self>,
        search_path: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let mut record = match kept {
            Some(kept) => {
                kept.check(flags)?;
                Self {
                    server: kept
                        .server
                        .again(flags.node_bin.as_deref(), search_path.as_deref())?,
                    ..kept
                }
            }
            None => Self {
                nodes: flags.nodes.unwrap_or(3),
                replica_groups: flags.replica_groups.unwrap_or(1),
                replication_factor: flags.rf.unwrap_or(1),
                server: Server::choose(flags.node_bin.as_deref(), search_path)?,
                master_key: new_key(),
                admin_key: new_key(),
                node_master_key: new_key(),
                node_ports: Vec::new(),
                sample_is_half_done: false,
            },
        };
        let smallest_group = record.nodes / record.replica_groups;
        if smallest_group < record.replication_factor {
            bail!(
                "--nodes {} in --replica-groups {} leaves {smallest_group} nodes to a group, too few for --rf {}; take more nodes or fewer copies",
                record.nodes,
                record.replica_groups,
                record.replication_factor
            );
        }
        if let Some(key) = &flags.master_key {
            record.master_key.clone_from(key);
        }
        if let Some(key) = &flags.admin_key {
            record.admin_key.clone_from(key);
        }
        Ok(record)
    }

    fn check(&self, flags: &Flags) -> anyhow::Result<()> {
        let shape = [
            ("--nodes", self.nodes, flags.nodes),
            (
                "--replica-groups",
                self.replica_groups,
                flags.replica_groups,
            ),
            ("--rf", self.replication_factor, flags.rf),
        ];
        for (flag, kept, asked) in shape {
            if let Some(asked) = asked
                && asked != kept
            {
                bail!(
                    "the data folder {} holds a fleet with {flag} {kept}, which cannot become {flag} {asked}; leave the flag out, choose another folder with --data, or delete this one to begin anew",
                    flags.data.display()
                );
            }
        }
        Ok(())
    }
}

/// 128 random bits as text.
fn new_key() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Flags, Record};

    fn decide(arguments: &[&str], kept: Option<&Record>) -> Result<Record, String> {
        let arguments = ["miroir-dev", "--node-bin", "embedded"]
            .iter()
            .chain(arguments);
        let flags = Flags::try_parse_from(arguments).unwrap();
        Record::decide(&flags, kept.cloned(), None).map_err(|error| error.to_string())
    }

    #[test]
    fn a_fleet_stays_what_it_is() {
        let first = decide(&["--nodes", "5", "--rf", "2"], None).unwrap();
        assert_eq!(decide(&[], Some(&first)), Ok(first.clone()));
        assert_eq!(decide(&["--nodes", "5"], Some(&first)), Ok(first.clone()));
        let error = decide(&["--nodes", "3"], Some(&first)).unwrap_err();
        assert!(
            error.contains("--nodes 5") && error.contains("--data"),
            "{error}"
        );
    }

    #[test]
    fn keys_are_made_once_and_may_be_given() {
        let first = decide(&[], None).unwrap();
        assert_ne!(first.master_key, first.admin_key);
        assert_eq!(first.master_key.len(), 32);
        let given = decide(&["--master-key", "mine"], Some(&first)).unwrap();
        assert_eq!(
            (given.master_key.as_str(), &given.admin_key),
            ("mine", &first.admin_key)
        );
    }

    #[test]
    fn every_group_can_hold_the_copies() {
        let error = decide(
            &["--nodes", "3", "--replica-groups", "2", "--rf", "2"],
            None,
        )
        .unwrap_err();
        assert!(error.contains("--rf 2"), "{error}");
        assert!(
            decide(
                &["--nodes", "4", "--replica-groups", "2", "--rf", "2"],
                None
            )
            .is_ok()
        );
    }
}
