//! The command line of the server, and what it answers without serving anything.

use std::path::PathBuf;

use clap::Parser;

use crate::config::{Config, Problems, Sources};

/// Makes a fleet of Meilisearch nodes look like one server.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "miroir-proxy", version)]
pub struct Flags {
    /// The configuration file [default: /etc/miroir/config.yaml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A value that wins over the file and the environment, as in `scatter.node_timeout_ms=4000`; repeatable
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// A webhook that is told of every finished task; short for `--set task_webhook.url=URL`
    #[arg(long, value_name = "URL")]
    pub task_webhook_url: Option<String>,
    /// The `Authorization` header to send to it; better set by `MIROIR_TASK_WEBHOOK_AUTHORIZATION_HEADER`
    #[arg(long, value_name = "TEXT")]
    pub task_webhook_authorization_header: Option<String>,
    /// Report every problem of the configuration and exit: 0 without problems, else 1
    #[arg(long)]
    pub check_config: bool,
    /// Print the configuration in force, secrets hidden, and exit
    #[arg(long)]
    pub print_config: bool,
}

/// What is printed instead of serving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// With a line end after each line.
    pub text: String,
    /// Exit code 0 or 1; a failure belongs on the error output.
    pub success: bool,
}

impl Flags {
    /// The layers that this command line and the environment of this process stand for.
    #[must_use]
    pub fn sources(&self) -> Sources<'static> {
        Sources {
            file: self.config.clone(),
            settings: self.settings(),
            ..Sources::of_this_process()
        }
    }

    /// What `--set` says, and the flags that are short for it. The texts are YAML in quotes, whatever is in them.
    fn settings(&self) -> Vec<String> {
        let short = [
            ("task_webhook.url", &self.task_webhook_url),
            (
                "task_webhook.authorization_header",
                &self.task_webhook_authorization_header,
            ),
        ];
        let short = short.into_iter().filter_map(|(path, text)| {
            let text = serde_json::to_string(text.as_ref()?).expect("a text always serialises");
            Some(format!("{path}={text}"))
        });
        self.set.iter().cloned().chain(short).collect()
    }

    /// The answer to `--check-config` or `--print-config`, and to a configuration with problems whatever the flags.
    /// None: serve.
    #[must_use]
    pub fn answer(&self, loaded: &Result<Config, Problems>) -> Option<Answer> {
        match loaded {
            Err(problems) => Some(Answer {
                text: format!("{problems}\n"),
                success: false,
            }),
            Ok(config) if self.print_config => Some(Answer {
                text: config.to_yaml(),
                success: true,
            }),
            Ok(config) if self.check_config => {
                let warnings = config
                    .warnings()
                    .into_iter()
                    .map(|warning| format!("warning: {warning}\n"));
                let text = warnings
                    .chain(["the configuration is valid\n".to_owned()])
                    .collect();
                Some(Answer {
                    text,
                    success: true,
                })
            }
            Ok(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Answer, Flags};
    use crate::config::{Config, Problems};

    #[test]
    fn the_command_line_is_well_formed() {
        Flags::command().debug_assert();
        let flags = Flags::parse_from([
            "miroir-proxy",
            "--config",
            "a.yaml",
            "--set",
            "shards=1",
            "--set",
            "replicas=1",
        ]);
        assert_eq!(flags.set, ["shards=1", "replicas=1"]);
        assert_eq!(flags.sources().settings, flags.set);
    }

    #[test]
    fn answers() {
        let check = Flags {
            check_config: true,
            ..Flags::default()
        };
        let print = Flags {
            print_config: true,
            ..Flags::default()
        };
        let good = Ok(Config::default());
        assert_eq!(Flags::default().answer(&good), None);
        assert!(
            check
                .answer(&good)
                .is_some_and(|answer| answer.text.ends_with("is valid\n") && answer.success)
        );
        assert!(
            print
                .answer(&good)
                .is_some_and(|answer| answer.text.starts_with("miroir:\n") && answer.success)
        );
        let bad = Err(Problems(Vec::new()));
        assert_eq!(
            Flags::default().answer(&bad),
            Some(Answer {
                text: "\n".to_owned(),
                success: false
            })
        );
    }
}
