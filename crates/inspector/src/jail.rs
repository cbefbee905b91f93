//! The walls around the inspecting process.
//!
//! Each wall stands alone: the system call filter denies what Landlock denies, and the
//! resource limits hold where both are blind. Everything is set before the first byte of
//! content is read and none of it can be undone. See `docs/adr/005-inspector-jail.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus,
    Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use crate::report::{JailState, Landlock};

/// Address space of an inspecting process, in bytes.
const ADDRESS_SPACE: u64 = 512 << 20;
/// Processor time that no inspection may pass, whatever its own limits say.
const LONGEST: Duration = Duration::from_hours(4);

/// Why the walls could not be built; the process must then end without reading anything.
#[derive(Debug, thiserror::Error)]
pub enum JailError {
    /// A resource limit or a process flag could not be set.
    #[error("locking the inspector in: {0}")]
    Process(&'static str, #[source] rustix::io::Errno),
    /// Landlock is there but failed.
    #[error("locking the inspector in: landlock")]
    Landlock(#[source] landlock::RulesetError),
    /// The system call filter could not be built or set.
    #[error("locking the inspector in: system call filter")]
    Seccomp(#[source] seccompiler::Error),
}

/// Gives up every right but reading standard input and writing standard output and error.
///
/// Call it once, in a process with one thread, before anything from outside is read.
///
/// # Errors
/// When a wall that every supported kernel has could not be built.
pub fn enter() -> Result<JailState, JailError> {
    enter_with(ADDRESS_SPACE)
}

/// As [`enter`], with so many bytes of address space.
///
/// # Errors
/// When a wall that every supported kernel has could not be built.
pub fn enter_with(address_space: u64) -> Result<JailState, JailError> {
    let inherited_descriptors = inherited_descriptors();
    rustix::thread::set_no_new_privs(true).map_err(|e| JailError::Process("no new rights", e))?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|e| JailError::Process("not dumpable", e))?;
    limit_resources(address_space)?;
    let landlock = enter_landlock().map_err(JailError::Landlock)?;
    // Landlock is set up through a descriptor; from here on no new one can be had.
    set(Resource::Nofile, 0, "descriptors")?;
    seccompiler::apply_filter(&filter().map_err(JailError::Seccomp)?)
        .map_err(JailError::Seccomp)?;
    Ok(JailState {
        seccomp: true,
        landlock,
        inherited_descriptors,
    })
}

/// Lowers the limit of processor time, once the size of the work is known.
///
/// # Errors
/// When the kernel refuses.
pub fn limit_processor_time(time: Duration) -> Result<(), JailError> {
    set(
        Resource::Cpu,
        time.min(LONGEST).as_secs().max(1),
        "processor time",
    )
}

fn limit_resources(address_space: u64) -> Result<(), JailError> {
    set(Resource::As, address_space, "address space")?;
    set(Resource::Core, 0, "core file")?;
    set(Resource::Fsize, 0, "file size")?;
    set(Resource::Nproc, 0, "processes")?;
    set(Resource::Memlock, 0, "locked memory")?;
    set(Resource::Cpu, LONGEST.as_secs(), "processor time")?;
    Ok(())
}

fn set(resource: Resource, value: u64, name: &'static str) -> Result<(), JailError> {
    let limit = Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    rustix::process::setrlimit(resource, limit).map_err(|e| JailError::Process(name, e))
}

/// Counts descriptors beyond the standard three.
///
/// They can't be closed by number in safe Rust, and need not be: the system call filter lets
/// nothing but 0, 1 and 2 be used. The limit on descriptors comes after this look.
fn inherited_descriptors() -> u32 {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else {
        return 0;
    };
    // The listing itself holds one descriptor.
    let open = entries.count().saturating_sub(4);
    u32::try_from(open).unwrap_or(u32::MAX)
}

fn enter_landlock() -> Result<Landlock, landlock::RulesetError> {
    let newest = ABI::V6;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(newest))?
        .handle_access(AccessNet::from_all(newest))?
        .scope(Scope::from_all(newest))?
        .create()?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Landlock::Full,
        RulesetStatus::PartiallyEnforced => Landlock::Partial,
        RulesetStatus::NotEnforced => Landlock::Absent,
    })
}

/// What the process may ask of the kernel; everything else fails with EPERM.
fn filter() -> Result<BpfProgram, seccompiler::Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = [
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_rt_sigreturn,
        libc::SYS_rt_sigprocmask,
        libc::SYS_sigaltstack,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_clock_gettime,
        libc::SYS_getrandom,
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_getpid,
        libc::SYS_gettid,
    ]
    .into_iter()
    .map(|call| (call, Vec::new()))
    .collect();
    let input = [libc::STDIN_FILENO];
    let output = [libc::STDOUT_FILENO, libc::STDERR_FILENO];
    rules.insert(libc::SYS_read, one_of(0, &input)?);
    rules.insert(libc::SYS_write, one_of(0, &output)?);
    rules.insert(libc::SYS_close, one_of(0, &[0, 1, 2])?);
    // `abort` sends a signal to its own thread.
    rules.insert(libc::SYS_tgkill, one_of(2, &[libc::SIGABRT])?);
    // Memory that is not backed by a file and never becomes code.
    let anonymous = flag(3, libc::MAP_ANONYMOUS)?;
    rules.insert(
        libc::SYS_mmap,
        vec![SeccompRule::new(vec![
            anonymous,
            not_flag(2, libc::PROT_EXEC)?,
        ])?],
    );
    rules.insert(
        libc::SYS_mprotect,
        vec![SeccompRule::new(vec![not_flag(2, libc::PROT_EXEC)?])?],
    );
    // Its own processor time, to lower it.
    let own = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, 0)?;
    let time = equal(1, libc::RLIMIT_CPU.cast_signed())?;
    rules.insert(
        libc::SYS_prlimit64,
        vec![SeccompRule::new(vec![own, time])?],
    );
    let denied = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let target = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, denied, SeccompAction::Allow, target)?;
    Ok(filter.try_into()?)
}

/// One rule per allowed value of an argument.
fn one_of(argument: u8, values: &[i32]) -> Result<Vec<SeccompRule>, seccompiler::Error> {
    values
        .iter()
        .map(|value| Ok(SeccompRule::new(vec![equal(argument, *value)?])?))
        .collect()
}

fn equal(argument: u8, value: i32) -> Result<SeccompCondition, seccompiler::Error> {
    let value = u64::from(value.cast_unsigned());
    Ok(SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        value,
    )?)
}

fn flag(argument: u8, bit: i32) -> Result<SeccompCondition, seccompiler::Error> {
    masked(argument, bit, bit)
}

fn not_flag(argument: u8, bit: i32) -> Result<SeccompCondition, seccompiler::Error> {
    masked(argument, bit, 0)
}

fn masked(argument: u8, mask: i32, value: i32) -> Result<SeccompCondition, seccompiler::Error> {
    let mask = SeccompCmpOp::MaskedEq(u64::from(mask.cast_unsigned()));
    let value = u64::from(value.cast_unsigned());
    Ok(SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        mask,
        value,
    )?)
}
