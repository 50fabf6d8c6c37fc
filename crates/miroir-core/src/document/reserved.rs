//! The names that belong to Miroir: who may write them, and which are cut out on the way to a client.

use crate::document::marker::{EXPIRY_FIELD, PREFIX, SHARD_FIELD, VERSION_FIELD};
use crate::error::{ApiError, Code};

/// The latest expiry that can be written, 9999-12-31T23:59:59.999Z in Unix milliseconds.
pub const LATEST_EXPIRY: u64 = 253_402_300_799_999;

/// Which of the reserved names are in use; the others of the two optional ones belong to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// Anti-entropy is on: documents carry a version.
    pub versions: bool,
    /// Expiry is on: clients write milliseconds, nodes store symbols.
    pub expiry: bool,
}

/// What may be done with a top-level name of a client's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The client's: stored and returned as it is.
    Client,
    /// The client writes an expiry; it is stored encoded and never returned.
    Expiry,
    /// Miroir's: a client that writes it is refused, a client that reads never sees it.
    Miroir,
}

impl Reserved {
    /// Who owns a top-level name.
    #[inline]
    pub fn ownership(self, name: &str) -> Ownership {
        if !name.starts_with(PREFIX) {
            return Ownership::Client;
        }
        match name {
            VERSION_FIELD if !self.versions => Ownership::Client,
            EXPIRY_FIELD if !self.expiry => Ownership::Client,
            EXPIRY_FIELD => Ownership::Expiry,
            _ => Ownership::Miroir,
        }
    }

    /// Whether a name found in a node's answer was put there by Miroir, and must be cut out.
    #[inline]
    pub fn is_injected(self, name: &str) -> bool {
        self.ownership(name) != Ownership::Client
    }

    /// The reserved names that belong to the client under these switches.
    pub fn left_to_clients(self) -> impl Iterator<Item = &'static str> {
        let optional = [(self.versions, VERSION_FIELD), (self.expiry, EXPIRY_FIELD)];
        optional
            .into_iter()
            .filter(|(on, _)| !on)
            .map(|(_, name)| name)
    }

    /// The names that Miroir stamps on documents under these switches.
    pub fn stamped(self) -> impl Iterator<Item = &'static str> {
        let optional = [(self.versions, VERSION_FIELD), (self.expiry, EXPIRY_FIELD)];
        std::iter::once(SHARD_FIELD).chain(
            optional
                .into_iter()
                .filter(|(on, _)| *on)
                .map(|(_, name)| name),
        )
    }
}

/// The refusal of document number `position` (from 0) of a payload because of `field`.
pub fn refuse_document(field: &str, position: usize) -> ApiError {
    ApiError::new(
        Code::MiroirReservedField,
        format!(
            "The document at position {position} of the payload has the field `{field}`: names that begin with `{PREFIX}` are reserved."
        ),
    )
}

/// The refusal of an expiry that is neither an integer in range nor null. `value` is its JSON text.
pub fn refuse_expiry(value: &str, position: usize) -> ApiError {
    const SHOWN: usize = 60;
    let shown = value
        .char_indices()
        .nth(SHOWN)
        .map_or(value, |(end, _)| &value[..end]);
    let dots = if shown.len() < value.len() { "..." } else { "" };
    ApiError::new(
        Code::MiroirInvalidExpiresAt,
        format!(
            "The document at position {position} of the payload has an invalid `{EXPIRY_FIELD}`: expected an integer number of milliseconds between 0 and {LATEST_EXPIRY}, or null, but found `{shown}{dots}`."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switches_decide_who_owns_a_name() {
        use Ownership::{Client, Expiry, Miroir};
        // name, owner with everything on, owner with everything off
        let table = [
            ("title", Client, Client),
            ("_miroir", Client, Client),
            ("x_miroir_shard", Client, Client),
            ("_miroir_shard", Miroir, Miroir),
            ("_miroir_", Miroir, Miroir),
            ("_miroir_anything", Miroir, Miroir),
            ("_miroir_updated_at", Miroir, Client),
            ("_miroir_expires_at", Expiry, Client),
        ];
        let on = Reserved {
            versions: true,
            expiry: true,
        };
        let off = Reserved {
            versions: false,
            expiry: false,
        };
        for (name, with, without) in table {
            assert_eq!(on.ownership(name), with, "{name}");
            assert_eq!(off.ownership(name), without, "{name}");
            assert_eq!(on.is_injected(name), with != Client, "{name}");
        }
        assert_eq!(
            on.stamped().collect::<Vec<_>>(),
            [SHARD_FIELD, VERSION_FIELD, EXPIRY_FIELD]
        );
        assert_eq!(off.stamped().collect::<Vec<_>>(), [SHARD_FIELD]);
    }

    #[test]
    fn refusals_name_field_and_document() {
        let error = refuse_document("_miroir_shard", 3);
        assert_eq!(
            (error.code, error.status()),
            (Code::MiroirReservedField, 400)
        );
        assert!(error.message.contains("`_miroir_shard`") && error.message.contains("position 3"));
        assert!(
            refuse_expiry(&"9".repeat(99), 0)
                .message
                .ends_with("999...`.")
        );
    }
}
