//! The nouns and rules of SOFiE, without input or output.
//!
//! Everything here is a plain value or a total function: typed ids, parsed newtypes, the three state
//! machines of a package, the policy that turns verdicts into a decision, the permission tables and the
//! one function that says whether bytes may leave ([`deliverable`]).

mod access;
mod accounts;
mod actors;
mod audit;
mod clock;
mod cron;
mod delivery;
mod emails;
mod exceptions;
mod files;
mod groups;
mod ids;
mod licences;
mod names;
mod note_passwords;
mod packages;
mod permissions;
mod policy;
mod requests;
mod rule_sets;
mod settings;
mod texts;

pub use accounts::{AccountState, Administrator, User};
mod words;

pub use access::{Grant, Relation, may_approve, relation};
pub use actors::{Actor, ActorKind};
pub use audit::{Event, Severity};
pub use clock::Clock;
pub use cron::{Cron, InvalidCron};
pub use delivery::{Deliverable, Sample, Viewer, Withheld, deliverable, sample};
pub use emails::{EmailAddress, InvalidEmail};
pub use exceptions::{
    Exception, Excused, InvalidLine, ListedHash, MOST_HASHES, NamePattern, Origin, Senders, Sha256,
    excuse, hash_list,
};
pub use files::{File, FileCheck, FilePath, InvalidPath, Release, worst};
pub use groups::{Group, GroupRules, Whose};
pub use ids::*;
pub use licences::{
    Circumstances, HeldLicence, InvalidLicence, Licence, LicenceFault, LicenceStanding,
    licence_standing,
};
pub use names::safe_name;
pub use note_passwords::passwords_in;
pub use packages::{
    Approval, InvalidTransition, Life, LifeEvent, Package, PackageState, PackageType, Recipient,
    Sender,
};
pub use permissions::{AdministratorPermission, UserPermission};
pub use policy::{
    Action, Category, Decision, Direction, ENCRYPTED_ENGINE, EngineRule, EngineVerdict, Held,
    Outcome, Policy, RiskLevel, approvable, dangerous, decide, harshest, rejects, rules_alone,
};
pub use requests::{Request, RequestState};
pub use rule_sets::RuleSetName;
pub use settings::{
    InvalidSetting, Ruling, Setting, SettingKind, SettingValue, Settings, UnknownSetting, registry,
};
pub use texts::{GroupName, GroupNote, InvalidText, Note, PersonName, Reason, Title, TokenName};
pub use words::UnknownWord;
