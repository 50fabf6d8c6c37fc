//! What Miroir's own codes mean and what to do about them: the page that the `link` of an error leads to.

use std::fmt::Write;

use super::Code;

/// One code, for the person who has just met it.
struct Explanation {
    code: Code,
    meaning: &'static str,
    remedy: &'static str,
}

const fn explain(code: Code, meaning: &'static str, remedy: &'static str) -> Explanation {
    Explanation {
        code,
        meaning,
        remedy,
    }
}

/// Codes that this version answers with.
const RETURNED: &[Explanation] = &[
    explain(
        Code::MiroirReservedField,
        "A document has a field, or settings have a name or a symbol, that Miroir needs for itself: field names that begin with \
         `_miroir_`, and the symbols U+22B0 to U+22BF in `nonSeparatorTokens` and `dictionary`. Nothing was changed.",
        "Rename the field, or leave the symbol out.",
    ),
    explain(
        Code::MiroirCapabilityDisabled,
        "The request needs something that is switched off or not part of this version. Nothing was changed.",
        "Read in the message what it is; [compatibility.md](compatibility.md) lists what is served.",
    ),
    explain(
        Code::MiroirInvalidAuth,
        "A route under `/_miroir/` was asked without the admin key, with a wrong one, or while none is configured.",
        "Send `admin.api_key` as `Authorization: Bearer <key>` or `X-Admin-Key: <key>`. The master key does not open these routes.",
    ),
    explain(
        Code::MiroirNoQuorum,
        "Too few copies of some shard could be reached to accept a write. Where the message names a task, the write may have \
         taken effect on some copies, and the task tells how it ended.",
        "Send it again when the nodes are back; `GET /_miroir/topology` says which are away. `scatter.write_quorum` decides \
         which copies count.",
    ),
    explain(
        Code::MiroirShardUnavailable,
        "No fresh copy of some shard can be reached, and `scatter.unavailable_shard_policy` is `error`, or nothing at all can \
         be reached, or a document was asked for whose only copies are away.",
        "Send it again when the nodes are back. With the policy `partial` a search answers without the missing shards and names \
         them in `X-Miroir-Degraded`. More copies (`replication_factor`, `replica_groups`) make it rare.",
    ),
    explain(
        Code::MiroirSequencerUnavailable,
        "Earlier writes to the same index have been waiting for longer than a request may take. Nothing was sent to any node.",
        "Send it again. If it stays, look for a slow node.",
    ),
    explain(
        Code::MiroirStoreUnavailable,
        "Miroir's own store took no write or could not be read. Nothing was sent to any node.",
        "Look at the log and at the disk that `task_store.path` is on; send it again.",
    ),
];

/// Codes of capabilities that this version does not have yet; clients may already know them.
const RESERVED: &[Explanation] = &[
    explain(
        Code::MiroirPrimaryKeyRequired,
        "A route under `/_miroir/` has to route documents and no primary key can be found.",
        "Name the primary key.",
    ),
    explain(
        Code::MiroirInvalidHeader,
        "A header of Miroir's is malformed.",
        "Correct or omit it.",
    ),
    explain(
        Code::MiroirInvalidExpiresAt,
        "`_miroir_expires_at` is not an integer number of milliseconds since 1970.",
        "Correct the document.",
    ),
    explain(
        Code::MiroirDumpInvalid,
        "The file is no dump that can be imported.",
        "Make a dump with a supported server.",
    ),
    explain(
        Code::MiroirTenantUnknown,
        "No group belongs to the tenant, and there is no fallback (status 401 where the tenant follows from the key).",
        "Add the tenant, or use another key.",
    ),
    explain(
        Code::MiroirJwtInvalid,
        "The token of the search page is expired, or not signed by this cluster.",
        "Ask for a new one.",
    ),
    explain(
        Code::MiroirJwtScopeDenied,
        "The token is valid, but not for this action or index.",
        "Use one that is.",
    ),
    explain(
        Code::MissingCsrf,
        "A browser session changed something without its CSRF token.",
        "Reload the page.",
    ),
    explain(
        Code::CsrfMismatch,
        "The CSRF token belongs to another session.",
        "Reload the page.",
    ),
    explain(
        Code::MiroirOriginDenied,
        "The page that sent the request is not on the list of allowed origins.",
        "Add its origin.",
    ),
    explain(
        Code::MiroirReadOnly,
        "The session may look and not change.",
        "Sign in with the admin key.",
    ),
    explain(
        Code::MiroirNotFound,
        "There is no such node, group, operation or policy.",
        "List what there is.",
    ),
    explain(
        Code::MiroirIdempotencyKeyReused,
        "The same idempotency key was sent with another request.",
        "Use a new key for a new request.",
    ),
    explain(
        Code::MiroirMultiAliasNotWritable,
        "An alias that stands for several indexes cannot be written to.",
        "Write to one of the indexes.",
    ),
    explain(
        Code::MiroirAliasConflict,
        "The alias collides with an index or has changed meanwhile.",
        "Read it again, then change it.",
    ),
    explain(
        Code::MiroirReshardRefused,
        "The index cannot be resharded now.",
        "The message says what stands in the way.",
    ),
    explain(
        Code::MiroirOperationInProgress,
        "Another operation works on the same thing; the message names it.",
        "Wait for it, or cancel it.",
    ),
    explain(
        Code::MiroirConflict,
        "The step does not fit the state, such as removing a node that was not drained.",
        "Do first what the message names.",
    ),
    explain(
        Code::MiroirUnsafeOperation,
        "The operation would lose data or redundancy.",
        "If that is wanted, send what the message asks for in `confirm`.",
    ),
    explain(
        Code::MiroirCursorExpired,
        "Changes that old are not kept any more.",
        "Read everything anew, then follow the changes.",
    ),
    explain(
        Code::MiroirRateLimited,
        "Too many attempts.",
        "Wait for as long as `Retry-After` says.",
    ),
    explain(
        Code::MiroirSettingsVersionStale,
        "No complete set of copies has the settings that the request asked for.",
        "Send it again.",
    ),
    explain(
        Code::MiroirIndexFrozen,
        "The settings of the index differ between nodes and cannot be brought in line.",
        "An operator has to decide which are right.",
    ),
    explain(
        Code::MiroirSessionTimeout,
        "The session's own writes did not become visible in time.",
        "Send it again.",
    ),
];

/// The text of `docs/errors.md`.
#[must_use]
pub fn reference_page() -> String {
    let mut page = String::from(
        "<!-- Written by the tests of miroir-core from the table of codes; do not edit. -->\n\n\
         # Errors\n\n\
         An error has the body `{\"message\", \"code\", \"type\", \"link\"}`, as on a Meilisearch server. Requests that a server \
         refuses get its own status, code and message; those codes are explained in \
         [its documentation](https://docs.meilisearch.com/errors). The codes below are Miroir's, and the `link` of such an error \
         leads here. A 503 carries `Retry-After`, in seconds.\n\n\
         ## Codes of this version\n",
    );
    section(&mut page, RETURNED);
    page.push_str(
        "\n## Codes that are reserved\n\n\
         They belong to capabilities that this version does not have; nothing answers with them yet.\n",
    );
    section(&mut page, RESERVED);
    page
}

fn section(page: &mut String, explanations: &[Explanation]) {
    for Explanation {
        code,
        meaning,
        remedy,
    } in explanations
    {
        let (name, status, kind) = (code.name(), code.status(), code.error_type().name());
        writeln!(
            page,
            "\n### {name}\n\nStatus {status}, type `{kind}`. {meaning}\n\nWhat to do: {remedy}"
        )
        .expect("writing into a text cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{RESERVED, RETURNED, reference_page};
    use crate::error::Code;

    /// `MIROIR_WRITE_GENERATED=1 cargo test -p miroir-core the_error_page_is_fresh` writes it.
    #[test]
    fn the_error_page_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
        let page = reference_page();
        if std::env::var_os("MIROIR_WRITE_GENERATED").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == page,
            "docs/errors.md is out of date, run `just generate`"
        );
    }

    #[test]
    fn every_code_of_miroirs_own_is_explained_once() {
        let explained = || {
            RETURNED
                .iter()
                .chain(RESERVED)
                .map(|entry| entry.code.name())
        };
        let own = Code::ALL.iter().filter(|code| code.is_miroirs_own());
        let own: BTreeSet<_> = own.map(|code| code.name()).collect();
        assert_eq!(explained().collect::<BTreeSet<_>>(), own);
        assert_eq!(explained().count(), own.len());
    }
}
