//! nginx as a plain reverse proxy in front of one node: what a hop costs when nothing is done in it.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::BenchError;
use crate::process::{Child, Port};

/// Where Debian's package puts it.
const EXECUTABLE: &str = "/usr/sbin/nginx";

/// A running nginx. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Nginx {
    child: Child,
    port: Port,
    _folder: TempDir,
}

impl Nginx {
    /// In front of `address`; `None` where nginx is not installed.
    pub(super) fn start(address: &str) -> Result<Option<Self>, BenchError> {
        if !Path::new(EXECUTABLE).is_file() {
            return Ok(None);
        }
        let folder = TempDir::with_prefix("miroir-nginx-")?;
        let port = Port::free()?;
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(folder.path(), port.number(), address))?;
        let mut command = Command::new(EXECUTABLE);
        command.arg("-c").arg(&file).arg("-p").arg(folder.path());
        let child = Child::start("nginx", command, folder.path())?;
        let mut nginx = Self {
            child,
            port,
            _folder: folder,
        };
        nginx.wait()?;
        Ok(Some(nginx))
    }

    fn wait(&mut self) -> Result<(), BenchError> {
        while TcpStream::connect(self.address()).is_err() {
            if self.child.exit_status()?.is_some() {
                return Err(BenchError::Unfit(format!(
                    "nginx: {}",
                    self.child.log_end()
                )));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.number())
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

/// One worker, connections kept open on both sides, and as in Debian's configuration a line in the log for each request, which Miroir
/// writes too.
fn configuration(folder: &Path, port: u16, address: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    upstream node {{ server {address}; keepalive 64; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port};
        tcp_nodelay on;
        location / {{
            proxy_pass http://node;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffers 16 64k;
        }}
    }}
}}
"
    )
}
