//! A request's body on its way out.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use miroir_core::document::leg::LegPieces;

use crate::call::Content;

/// A body whose length is known before it is made.
pub(crate) struct Outgoing {
    left: u64,
    rest: Rest,
}

enum Rest {
    Whole(Bytes),
    Pieces(Box<LegPieces>),
}

impl Outgoing {
    pub(crate) fn empty() -> Self {
        Self {
            left: 0,
            rest: Rest::Whole(Bytes::new()),
        }
    }
}

impl From<Content> for Outgoing {
    fn from(content: Content) -> Self {
        Self {
            left: content.length() as u64,
            rest: match content {
                Content::Whole(bytes) => Rest::Whole(bytes),
                Content::Documents(body) => Rest::Pieces(Box::new(body.pieces())),
            },
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let next = match &mut self.rest {
            Rest::Whole(bytes) => Some(std::mem::take(bytes)),
            Rest::Pieces(pieces) => pieces.next().map(Bytes::from),
        };
        if let Some(piece) = &next {
            self.left = self.left.saturating_sub(piece.len() as u64);
        }
        Poll::Ready(next.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
