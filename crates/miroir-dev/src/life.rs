//! From the flags to a fleet that serves, and from a signal to its end.

use anyhow::Context;
use miroir_devnode::Port;

use crate::child::Child;
use crate::client::Client;
use crate::console::Console;
use crate::curl::{self, Access};
use crate::flags::Flags;
use crate::fleet::Fleet;
use crate::folder::Folder;
use crate::proxy_config::{self, node_name};
use crate::record::Record;
use crate::signals::Signals;
use crate::{load, port, program, sample, server};

const CONFIG: &str = "miroir.yaml";

/// Runs a fleet until it is told to stop or one of its processes dies.
///
/// # Errors
/// One sentence: what is wrong, and what to do about it.
pub(crate) fn run(flags: &Flags) -> anyhow::Result<()> {
    // One thread: the system tells children when the thread that started them ends, so it has to be the main one.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?
        .block_on(live(flags))
}

async fn live(flags: &Flags) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let mut console = Console::new();
    let mut fleet = Fleet::default();
    let folder = Folder::open(&flags.data)?;
    let outcome = tokio::select! {
        outcome = serve(flags, &folder, &mut fleet, &mut console) => outcome,
        () = signals.next() => Ok(()),
    };
    console.clear();
    if fleet.is_empty() {
        return outcome;
    }
    match &outcome {
        Ok(()) => console.say("stopping: first the proxy, then the nodes"),
        Err(_) => console.say("something went wrong; stopping what runs"),
    }
    tokio::select! {
        () = fleet.stop() => {}
        // Whoever asks twice does not want to wait. Children that are dropped are killed.
        () = signals.next() => console.say("killing what still runs"),
    }
    if outcome.is_ok() {
        console.say(&format!(
            "stopped; the data stays in {}",
            folder.path().display()
        ));
    }
    outcome
}

/// Starts everything and returns when something has gone wrong.
async fn serve(
    flags: &Flags,
    folder: &Folder,
    fleet: &mut Fleet,
    console: &mut Console,
) -> anyhow::Result<()> {
    let mut record = Record::decide(flags, folder.record()?, server::on_search_path())?;
    let reserved = port::reserve(flags.port, flags.metrics_port)?;
    let node_ports = port::for_nodes(record.nodes, &record.node_ports)?;
    drop(reserved);
    record.node_ports = node_ports.iter().map(Port::number).collect();
    folder.keep(&record)?;

    console.begin(u64::from(record.nodes) + 1 + if flags.no_sample { 0 } else { load::STEPS });
    start_nodes(&record, folder, fleet, console).await?;
    let proxy = start_proxy(flags, &record, folder, fleet, console).await?;
    if !flags.no_sample {
        let loading = load::sample(&proxy, folder, &mut record, console);
        fleet
            .unless_one_ends(loading)
            .await
            .with_context(|| format!("the index {} could not be created", sample::INDEX))?;
    }
    let has_sample = fleet.unless_one_ends(load::exists(&proxy)).await?;
    console.say(&banner(flags, &record, folder, has_sample));
    fleet.unless_one_ends(std::future::pending()).await
}

async fn start_nodes(
    record: &Record,
    folder: &Folder,
    fleet: &mut Fleet,
    console: &Console,
) -> anyhow::Result<()> {
    console.doing(&format!(
        "starting {} ({})",
        count(record.nodes, "node"),
        record.server
    ));
    let mut clients = Vec::new();
    for (position, port) in (0..).zip(record.node_ports.iter().copied()) {
        let name = node_name(position);
        let own = folder.node(&name)?;
        let command = record
            .server
            .command(port, &own, &record.node_master_key)
            .context("cannot find this program again")?;
        fleet
            .nodes
            .push(Child::start(&name, command, &own, &folder.logs())?);
        clients.push(Client::new(&name, port, &record.node_master_key)?);
    }
    for client in clients {
        fleet.unless_one_ends(client.wait_ok("/health")).await?;
        console.done();
    }
    Ok(())
}

async fn start_proxy(
    flags: &Flags,
    record: &Record,
    folder: &Folder,
    fleet: &mut Fleet,
    console: &Console,
) -> anyhow::Result<Client> {
    console.doing("starting the proxy");
    let facts = proxy_config::Facts {
        port: flags.port,
        metrics_port: flags.metrics_port,
        shards: flags.shards,
        folder: folder.text(),
    };
    folder.write(CONFIG, &proxy_config::yaml(record, &facts))?;
    let mut command = program::proxy().context("cannot find this program again")?;
    command.arg("--config").arg(folder.path().join(CONFIG));
    fleet.proxy = Some(Child::start(
        "proxy",
        command,
        folder.path(),
        &folder.logs(),
    )?);
    let client = Client::new("proxy", flags.port, &record.master_key)?;
    fleet
        .unless_one_ends(client.wait_ok("/_miroir/ready"))
        .await?;
    console.done();
    Ok(client)
}

/// What a person needs in order to use it.
fn banner(flags: &Flags, record: &Record, folder: &Folder, has_sample: bool) -> String {
    let url = format!("http://127.0.0.1:{}", flags.port);
    let access = Access {
        url: &url,
        master_key: &record.master_key,
        admin_key: &record.admin_key,
    };
    let curl = curl::lines(&access, has_sample).map(|line| format!("  {line}\n"));
    format!(
        "
Miroir is ready: {nodes} in {groups}, {copies} of each shard in a group.

  URL         {url}
  master key  {master_key}
  admin key   {admin_key}
  nodes       {server}
  data        {data}
  logs        {logs}

Try it:

{curl}
Ctrl-C stops everything; the data stays.",
        nodes = count(record.nodes, "node"),
        groups = count(record.replica_groups, "replica group"),
        copies = match record.replication_factor {
            1 => "1 copy".to_owned(),
            copies => format!("{copies} copies"),
        },
        master_key = record.master_key,
        admin_key = record.admin_key,
        server = record.server,
        data = folder.path().display(),
        logs = folder.logs().display(),
        curl = curl.concat(),
    )
}

fn count(number: u16, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{end}")
}
