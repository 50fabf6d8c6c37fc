//! What a recording asks of a fleet, and of a server that is not fresh.

use super::mask::mask;
use super::{Exchange, Recording};
use crate::json::Tree;

/// Steps that a fleet answers otherwise, and why. A name that ends with `*` stands for every name that begins so.
const DIFFERENT: &[(&str, &str)] = &[
    // The first document of a list, which has an order of its own.
    ("indexes", "swapped index"),
    // The strategy weighs words by their frequency, of which every node knows its own documents only.
    ("search", "frequency"),
    // Sizes of vectors are estimated over all copies.
    ("vectors", "stats count vectors"),
];

impl Recording {
    /// Without the steps that a fleet answers otherwise (docs/compatibility.md has the reasons).
    #[must_use]
    pub fn for_a_fleet(self) -> Self {
        let scenario = self.scenario.clone();
        self.without(|exchange| {
            DIFFERENT
                .iter()
                .filter(|(name, _)| *name == scenario)
                .any(|(_, step)| match step.strip_suffix('*') {
                    Some(beginning) => exchange.request.name.starts_with(beginning),
                    None => exchange.request.name == *step,
                })
        })
    }

    /// Without the steps whose answers depend on every task that a server ever had, and whatever the numbers of tasks are.
    #[must_use]
    pub fn for_a_used_server(self) -> Self {
        let mut recording = self.without(|exchange| {
            let path = exchange.request.path.as_str();
            let is_about_tasks = path.starts_with("/tasks") || path.starts_with("/batches");
            is_about_tasks && exchange.answer.status == 200
        });
        for Exchange {
            request,
            answer,
            task,
        } in &mut recording.exchanges
        {
            let announces = |body: &mut Tree| {
                let members = body.members_mut();
                members.is_some_and(|members| members.contains_key("taskUid"))
            };
            if answer.body.as_mut().is_some_and(announces) {
                request
                    .mask
                    .extend(["taskUid".to_owned(), "uid".to_owned()]);
                answer.body = answer.body.take().map(|body| mask(body, request));
                *task = task.take().map(|view| mask(view, request));
            }
        }
        recording
    }

    /// Leaves steps out. The tasks of the steps that stay are numbered as if the others had never been.
    fn without(mut self, is_left_out: impl Fn(&Exchange) -> bool) -> Self {
        let mut gone = 0;
        self.exchanges.retain_mut(|exchange| {
            let is_gone = is_left_out(exchange);
            let announced = exchange.answer.body.as_mut();
            let announced = announced.and_then(|body| body.members_mut()?.get_mut("taskUid"));
            if is_gone {
                gone += u64::from(announced.is_some());
                return false;
            }
            announced.into_iter().for_each(|uid| lower(uid, gone));
            let uid = exchange.task.as_mut();
            let uid = uid.and_then(|task| task.members_mut()?.get_mut("uid"));
            uid.into_iter().for_each(|uid| lower(uid, gone));
            true
        });
        self
    }
}

fn lower(number: &mut Tree, by: u64) {
    if let Tree::Number(text) = number
        && let Ok(value) = text.parse::<u64>()
    {
        *text = value.saturating_sub(by).to_string();
    }
}
