//! Objects copied out of an answer, around what is left out of them or written anew.

use std::ops::Range;

use crate::wire::answer::{MemberSpans, SearchAnswer};

/// An object on its way from the answer to the client: what is not spoken of is copied as it is.
pub(super) struct Copied<'a> {
    answer: &'a SearchAnswer,
    /// Everything before this place in the answer is written or left out.
    position: usize,
    /// How long `out` is when nothing of the object but its bracket is in it.
    empty: usize,
}

impl<'a> Copied<'a> {
    pub(super) fn begin(
        answer: &'a SearchAnswer,
        object: &Range<usize>,
        out: &mut Vec<u8>,
    ) -> Self {
        out.push(b'{');
        Self {
            answer,
            position: object.start + 1,
            empty: out.len(),
        }
    }

    fn until(&mut self, position: usize, out: &mut Vec<u8>) {
        // After a member left out at the beginning the position is behind a comma, and so behind that member's end.
        if self.position < position {
            out.extend_from_slice(self.answer.slice(&(self.position..position)));
            self.position = position;
        }
    }

    /// Writes everything up to a member's value and takes the value for written.
    pub(super) fn until_value(&mut self, member: &MemberSpans, out: &mut Vec<u8>) {
        self.until(member.value.start, out);
        self.position = member.value.end;
    }

    /// Leaves a member out, with the comma that separates it.
    pub(super) fn leave_out(&mut self, member: &MemberSpans, out: &mut Vec<u8>) {
        self.until(member.after, out);
        self.position = member.value.end;
        if out.len() == self.empty {
            let rest = self.answer.rest(self.position);
            let space = rest.len() - rest.trim_ascii_start().len();
            if rest.get(space) == Some(&b',') {
                self.position += space + 1;
            }
        }
    }

    pub(super) fn end(mut self, object: &Range<usize>, out: &mut Vec<u8>) {
        self.until(object.end, out);
    }
}
