//! Commands that a person can paste into a shell.

use crate::sample;

/// What the commands speak to.
pub(crate) struct Access<'a> {
    pub(crate) url: &'a str,
    pub(crate) master_key: &'a str,
    pub(crate) admin_key: &'a str,
}

/// Three commands; on the sample where it is there.
pub(crate) fn lines(access: &Access<'_>, has_sample: bool) -> [String; 3] {
    let client = header("Authorization", &format!("Bearer {}", access.master_key));
    let admin = header("Authorization", &format!("Bearer {}", access.admin_key));
    let get = |path: &str, header: &str| {
        format!(
            "curl -s {} {header}",
            quoted(&format!("{}{path}", access.url))
        )
    };
    let topology = get("/_miroir/topology", &admin);
    if !has_sample {
        return [get("/health", &client), get("/indexes", &client), topology];
    }
    let search = format!("/indexes/{}/search", sample::INDEX);
    let body = r#"{"filter":"year >= 2000","sort":["rating:desc"],"facets":["genres"],"limit":3}"#;
    [
        get(&format!("{search}?q=winter&limit=3"), &client),
        format!(
            "{} -H 'Content-Type: application/json' -d {}",
            get(&search, &client),
            quoted(body)
        ),
        topology,
    ]
}

fn header(name: &str, value: &str) -> String {
    format!("-H {}", quoted(&format!("{name}: {value}")))
}

/// As one word of a shell command.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{Access, lines, quoted};

    #[test]
    fn any_key_survives_the_shell() {
        let nasty = r#"a'b"c$d`e\f!g"#;
        let echoed = std::process::Command::new("sh")
            .args(["-c", &format!("printf %s {}", quoted(nasty))])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(echoed.stdout).unwrap(), nasty);
    }

    #[test]
    fn each_line_is_one_command() {
        let access = Access {
            url: "http://127.0.0.1:1",
            master_key: "m",
            admin_key: "a",
        };
        for line in lines(&access, true).iter().chain(&lines(&access, false)) {
            assert!(line.starts_with("curl -s 'http://127.0.0.1:1/") && !line.contains('\n'));
        }
    }
}
