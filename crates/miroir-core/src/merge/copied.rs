//! Objects copied out of an answer, around what is left out of them or written anew.

use std::ops::Range;

use super::hit::List;
use crate::wire::answer::{MemberSpans, SearchAnswer};
use crate::wire::raw::RawError;

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    No,
    AsItIs,
    /// With the value that the decision wrote.
    Anew,
}

/// Appends the object at `object`: its bytes around those of `members`, which are some of its own in their order, that are
/// not to be shown as they are.
pub(super) fn write(
    answer: &SearchAnswer,
    object: &Range<usize>,
    members: &[MemberSpans],
    decide: impl Fn(&MemberSpans, &mut Vec<u8>) -> Result<Shown, RawError>,
    out: &mut Vec<u8>,
) -> Result<(), RawError> {
    let mut copy = Copied::begin(answer, object, out);
    let mut new = Vec::new();
    for member in members {
        new.clear();
        match decide(member, &mut new)? {
            Shown::AsItIs => {}
            Shown::No => copy.leave_out(member, out),
            Shown::Anew => {
                copy.until_value(member, out);
                out.extend_from_slice(&new);
            }
        }
    }
    copy.end(object, out);
    Ok(())
}

/// Appends an object of these members, which are those of an object in another order.
pub(super) fn write_anew(
    answer: &SearchAnswer,
    members: &[MemberSpans],
    decide: impl Fn(&MemberSpans, &mut Vec<u8>) -> Result<Shown, RawError>,
    out: &mut Vec<u8>,
) -> Result<(), RawError> {
    let mut list = List::open(b'{', out);
    let mut new = Vec::new();
    for member in members {
        new.clear();
        let value = match decide(member, &mut new)? {
            Shown::No => continue,
            Shown::AsItIs => answer.slice(&member.value),
            Shown::Anew => &new,
        };
        list.next(out);
        out.extend_from_slice(answer.slice(&member.key));
        out.push(b':');
        out.extend_from_slice(value);
    }
    list.close(b'}', out);
    Ok(())
}

/// An object on its way from the answer to the client: what is not spoken of is copied as it is.
struct Copied<'a> {
    answer: &'a SearchAnswer,
    /// Everything before this place in the answer is written or left out.
    position: usize,
    /// How long `out` is when nothing of the object but its bracket is in it.
    empty: usize,
}

impl<'a> Copied<'a> {
    fn begin(answer: &'a SearchAnswer, object: &Range<usize>, out: &mut Vec<u8>) -> Self {
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
    fn until_value(&mut self, member: &MemberSpans, out: &mut Vec<u8>) {
        self.until(member.value.start, out);
        self.position = member.value.end;
    }

    /// Leaves a member out, with the comma that separates it.
    fn leave_out(&mut self, member: &MemberSpans, out: &mut Vec<u8>) {
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

    fn end(mut self, object: &Range<usize>, out: &mut Vec<u8>) {
        self.until(object.end, out);
    }
}
