//! The requests of an unfinished task once more, for requests that are harmless to repeat.

use miroir_core::settings::UserSettings;

use crate::app::App;
use crate::cluster::defaults::NodeDefaults;
use crate::cluster::lanes::LegRequest;
use crate::cluster::sequencer::Head;
use crate::request::indexes::{
    creation_requests, deletion_requests, overlay_request, primary_key_requests,
};
use crate::request::settings::twin_request;
use crate::tasks::{OpenTask, Work};

type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// What every node is told again.
///
/// # Errors
/// The catalog no longer knows the index.
pub(crate) fn requests(
    app: &App,
    task: &OpenTask,
    defaults: &NodeDefaults,
) -> Result<Vec<LegRequest>, Trouble> {
    if let Work::DeleteIndex { .. } = task.work {
        return Ok(deletion_requests(&task.node_uid));
    }
    let index = app
        .catalog
        .find(&task.index)
        .filter(|index| *index.node_uid() == task.node_uid);
    let head = Head::from(&*index.ok_or("the index is not in the catalog any more")?);
    Ok(match &task.work {
        Work::SetPrimaryKey { primary_key, .. } => {
            let head = Head {
                primary_key: Some(primary_key.clone()),
                ..head
            };
            primary_key_requests(&head, primary_key, defaults)
        }
        Work::Settings { settings } => {
            let head = Head {
                settings: UserSettings::from(settings.clone()),
                ..head
            };
            let mut requests = creation_requests(&head, defaults);
            requests.push(twin_request(&head));
            requests.push(overlay_request(&head, defaults));
            requests
        }
        Work::CreateIndex | Work::FailWith { .. } => creation_requests(&head, defaults),
        // Only what went before the documents.
        Work::Documents { .. } => {
            let mut requests = creation_requests(&head, defaults);
            if let Some(primary_key) = &head.primary_key {
                requests.extend(primary_key_requests(&head, primary_key, defaults));
            }
            requests
        }
        Work::DeleteIndex { .. }
        | Work::DeleteDocuments { .. }
        | Work::EditDocuments
        | Work::CancelTasks { .. }
        | Work::RemoveTasks { .. }
        | Work::ExchangeNames { .. }
        | Work::Compact { .. }
        | Work::BackUp { .. }
        | Work::Export { .. }
        | Work::Refuse { .. } => Vec::new(),
    })
}
