//! The walls around a media worker: what remains when a hostile file has taken over the decoder?
//!
//! Only reading its own input and the system's libraries, writing plain files into its own work folder, and burning a
//! bounded amount of time and memory. Walls are inherited by every process that the worker starts and cannot be taken down.
//!
//! - *Resource limits* bound address space, processor time, file size and open files, and forbid core dumps.
//! - *Landlock* fences in the file system, TCP and signals, as far as the kernel knows how (Linux 5.13; all of it from 6.12).
//! - *seccomp* refuses sockets of any kind and the system calls that inspect, reconfigure or leave.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use serde::{Deserialize, Serialize};

use crate::MediaError;
use crate::protocol::ProcessLimits;

/// The newest Landlock features that are asked for; older kernels enforce what they know.
const LANDLOCK: ABI = ABI::V6;

/// Where distributions keep programs, their libraries and what these read at start.
const SYSTEM_FOLDERS: [&str; 6] = ["/usr", "/bin", "/lib", "/lib64", "/nix/store", "/gnu/store"];
const SYSTEM_FILES: [&str; 5] =
    ["/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime", "/dev/urandom", "/dev/random"];

const MAX_OPEN_FILES: u64 = 256;
const NICENESS: i32 = 15;

/// What a worker may touch.
#[derive(Debug)]
pub struct Boundary<'a> {
    /// The one file that may be read.
    pub input: &'a Path,
    /// The one folder in which plain files may be made, changed and removed.
    pub work_dir: Option<&'a Path>,
    /// What else may be read and executed, besides the system's libraries and programs.
    pub readable: &'a [PathBuf],
    /// Ceilings for this process and each of its children.
    pub limits: ProcessLimits,
}

/// Which walls stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walls {
    /// How much of the fence around files and TCP the kernel enforces.
    pub landlock: Fence,
    /// Whether sockets and dangerous system calls are refused.
    pub seccomp: bool,
}

/// How much of Landlock the kernel enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fence {
    /// Everything that was asked for.
    Full,
    /// What this older kernel knows.
    Partial,
    /// Nothing.
    None,
}

/// Raises the walls around this process, for good. Must run before any thread is started.
///
/// # Errors
/// [`MediaError::Unavailable`] if a limit or the system-call filter is refused, or if a path of the boundary is not there.
/// A kernel without Landlock is no error: see [`Walls::landlock`].
pub fn raise(boundary: &Boundary<'_>) -> Result<Walls, MediaError> {
    limit_resources(&boundary.limits).map_err(|error| refused("limit its resources", &error))?;
    let landlock = fence_in(boundary)?;
    filter_system_calls().map_err(|error| refused("filter system calls", &error))?;
    Ok(Walls { landlock, seccomp: true })
}

fn refused(what: &str, error: &dyn std::fmt::Display) -> MediaError {
    MediaError::unavailable(format!("the media worker cannot {what} ({error})"))
}

fn limit_resources(limits: &ProcessLimits) -> io::Result<()> {
    let both = |value: u64| Rlimit { current: Some(value), maximum: Some(value) };
    let cpu_seconds = limits.cpu_time.as_secs().max(1);
    // The signal at the soft limit can be caught, the one at the hard limit cannot.
    setrlimit(Resource::Cpu, Rlimit { current: Some(cpu_seconds), maximum: Some(cpu_seconds + 5) })?;
    setrlimit(Resource::As, both(limits.memory_bytes))?;
    setrlimit(Resource::Fsize, both(limits.file_bytes))?;
    setrlimit(Resource::Nofile, both(MAX_OPEN_FILES))?;
    setrlimit(Resource::Core, both(0))?;
    nice(NICENESS)?;
    Ok(())
}

fn fence_in(boundary: &Boundary<'_>) -> Result<Fence, MediaError> {
    let created = ruleset().map_err(|error| refused("set up its file fence", &error))?;
    let reading = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute;
    let input = PathFd::new(boundary.input).map_err(|_| MediaError::unavailable("the uploaded file is gone"))?;
    let mut created = allow(created, input, AccessFs::ReadFile.into())?;
    if let Some(work_dir) = boundary.work_dir {
        let folder = PathFd::new(work_dir).map_err(|_| MediaError::unavailable("the work folder is gone"))?;
        // No links, devices, sockets or pipes: whoever collects the results must find plain files.
        let plain_files = AccessFs::WriteFile | AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::MakeReg;
        created = allow(created, folder, plain_files | AccessFs::RemoveFile | AccessFs::Truncate)?;
    }
    let system = SYSTEM_FOLDERS.iter().chain(&SYSTEM_FILES).map(Path::new);
    for path in system.chain(boundary.readable.iter().map(PathBuf::as_path)) {
        created = allow_if_there(created, path, reading)?;
    }
    created = allow_if_there(created, Path::new("/dev/null"), AccessFs::ReadFile | AccessFs::WriteFile)?;
    let status = created.restrict_self().map_err(|error| refused("raise its file fence", &error))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Fence::Full,
        RulesetStatus::PartiallyEnforced => Fence::Partial,
        RulesetStatus::NotEnforced => Fence::None,
    })
}

/// Everything is forbidden that Landlock can forbid; rules then allow. No rule ever allows TCP or signals.
fn ruleset() -> Result<RulesetCreated, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()
}

fn allow_if_there(
    created: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, MediaError> {
    let Ok(opened) = PathFd::new(path) else { return Ok(created) };
    // A file cannot be granted what only folders have.
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(LANDLOCK) };
    allow(created, opened, access)
}

fn allow(created: RulesetCreated, opened: PathFd, access: BitFlags<AccessFs>) -> Result<RulesetCreated, MediaError> {
    created.add_rule(PathBeneath::new(opened, access)).map_err(|error| refused("set up its file fence", &error))
}

/// Refused whatever the arguments: the network, other processes, the kernel's configuration, other namespaces, and ways
/// around this very filter (`io_uring`).
const REFUSED_CALLS: [libc::c_long; 63] = [
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_tkill,
    libc::SYS_kcmp,
    // How another process is scheduled and where its memory lies.
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setaffinity,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    // Leaving the process group would escape the signal that ends the job.
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_fanotify_init,
    libc::SYS_open_by_handle_at,
    libc::SYS_quotactl,
];

/// The bit that selects the x32 numbering of the same calls on x86-64, where a kernel still has it.
#[cfg(target_arch = "x86_64")]
const X32_BIT: libc::c_long = 0x4000_0000;

fn filter_system_calls() -> Result<(), seccompiler::Error> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = REFUSED_CALLS.iter().map(|call| (*call, Vec::new())).collect();
    // Signals may go to the own group and the worker's own threads only (kernels before 6.12 have no other fence around
    // signals), limits may be set on oneself only, and no new user namespace is made.
    let worker = u64::from(std::process::id());
    refused.insert(libc::SYS_kill, vec![first_argument(SeccompCmpOp::Ne, 0)?]);
    refused.insert(libc::SYS_tgkill, vec![first_argument(SeccompCmpOp::Ne, worker)?]);
    refused.insert(libc::SYS_prlimit64, vec![first_argument(SeccompCmpOp::Ne, 0)?]);
    let new_user = libc::CLONE_NEWUSER as u64;
    refused.insert(libc::SYS_clone, vec![first_argument(SeccompCmpOp::MaskedEq(new_user), new_user)?]);
    #[cfg(target_arch = "x86_64")]
    refused.extend(refused.clone().into_iter().map(|(call, rules)| (call | X32_BIT, rules)));
    apply_filter(&program(refused, libc::EPERM)?)?;
    // The flags of clone3 lie behind a pointer; "no such call" makes the C library use clone.
    apply_filter(&program(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)?)
}

fn first_argument(comparison: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::Error> {
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, comparison, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

/// A filter that answers the given calls with an error and lets all others through.
fn program(refused: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<BpfProgram, seccompiler::Error> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, SeccompAction::Errno(errno as u32), architecture)?;
    Ok(filter.try_into()?)
}
