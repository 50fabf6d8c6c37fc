//! What only a file can do: be in use, be damaged, be newer than this build, survive a kill.

mod crash;
mod figures;
mod full;
mod opening;
mod schema;
