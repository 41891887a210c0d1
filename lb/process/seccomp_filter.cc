#include "lb/process/seccomp_filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <span>

namespace finishline::process {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr const char* kAllowed[] = {
    // sockets: links, clients, orders of the master
    "accept4",
    "bind",
    "connect",
    "getpeername",
    "getsockname",
    "getsockopt",
    "recvfrom",
    "recvmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    "socket",
    // bytes
    "close",
    "dup",
    "dup3",
    "fcntl",
    "fstat",
    "ftruncate",
    "ioctl",
    "lseek",
    "memfd_create",  // of orders, see order.h
    "newfstatat",
    "pipe2",
    "pread64",
    "read",
    "readv",
    "splice",
    "statx",
    "write",
    "writev",
    // the loop
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd2",
    "poll",
    "ppoll",
    "sched_yield",
    "timerfd_create",
    "timerfd_gettime",
    "timerfd_settime",
    // time, where the kernel does not answer without a call
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "gettimeofday",
    "nanosleep",
    "time",
    // memory and locks
    "brk",
    "futex",
    "madvise",
    "membarrier",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    // threads, see allow_threads()
    "rseq",
    "set_robust_list",
    // signals and the end
    "exit",
    "exit_group",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "tgkill",
    // who and where am I
    "getegid",
    "geteuid",
    "getgid",
    "getpid",
    "getppid",
    "getrandom",
    "getrlimit",
    "getrusage",
    "gettid",
    "getuid",
    "prlimit64",
    "sched_getaffinity",
    "setrlimit",
    "sysinfo",
    "uname",
};

/// What the C library or the loop may try first on a newer system, before what is allowed does it as well:
/// they are told that there is no such call, as on an older one.
constexpr const char* kNotThere[] = {
    "clone3",  // see allow_threads()
    "close_range",    "copy_file_range",  "faccessat2", "fchmodat2",      "futex_requeue",
    "futex_wait",     "futex_waitv",      "futex_wake", "io_uring_enter", "io_uring_register",
    "io_uring_setup", "map_shadow_stack", "mseal",      "openat2",        "preadv2",
    "pwritev2",       "recvmmsg",         "sendmmsg",
};

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};

/// Files can be looked up and read (time zone, users), not written. Where flags stand differs by call.
int allow_reading(scmp_filter_ctx context) {
  constexpr int kWrites = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  return seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                          SCMP_A2(SCMP_CMP_MASKED_EQ, kWrites, 0));
}

/// A thread of this process (net/background.h), no process. What clone3() is to make stands in memory, where
/// no filter looks: the C library is told that there is no such call, and makes threads by clone().
int allow_threads(scmp_filter_ctx context) {
  return seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                          SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

/// A name that this machine does not know is left out.
int answer(scmp_filter_ctx context, std::uint32_t action, std::span<const char* const> names) {
  for (const char* const name : names) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR) continue;
    if (const int error = seccomp_rule_add(context, action, call, 0); error != 0) return error;
  }
  return 0;
}

}  // namespace

std::optional<std::string> install_seccomp_filter() {
  if (kSanitized) return std::nullopt;
  const std::unique_ptr<void, Release> context(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!context) return "no seccomp filter can be made";
  int error = allow_reading(context.get());
  if (error == 0) error = allow_threads(context.get());
  if (error == 0) error = answer(context.get(), SCMP_ACT_ERRNO(ENOSYS), kNotThere);
  if (error == 0) error = answer(context.get(), SCMP_ACT_ALLOW, kAllowed);
  if (error == 0) error = seccomp_load(context.get());
  if (error == 0) return std::nullopt;
  return std::string("the seccomp filter cannot be set: ") + std::strerror(-error);
}

}  // namespace finishline::process
