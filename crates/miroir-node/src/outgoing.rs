//! A request's body on its way out, piece by piece.

use bytes::Bytes;
use miroir_core::document::leg::LegPieces;

use crate::call::Content;

/// What is left of a body. Documents are made while they are sent.
pub(crate) enum Outgoing {
    Whole(Option<Bytes>),
    Pieces(Box<LegPieces>),
}

impl Outgoing {
    pub(crate) fn of(content: Option<&Content>) -> Self {
        match content {
            None => Outgoing::Whole(None),
            Some(Content::Whole(bytes)) => Outgoing::Whole(Some(bytes.clone())),
            Some(Content::Documents(body)) => Outgoing::Pieces(Box::new(body.pieces())),
        }
    }
}

impl Iterator for Outgoing {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        match self {
            Outgoing::Whole(bytes) => bytes.take(),
            Outgoing::Pieces(pieces) => pieces.next().map(Bytes::from),
        }
    }
}
