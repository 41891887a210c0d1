#include "lb/process/seccomp_filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>

#include <cerrno>
#include <cstring>
#include <memory>

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
  const int error = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  if (error != 0) return error;
  return seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                          SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

}  // namespace

std::optional<std::string> install_seccomp_filter() {
  if (kSanitized) return std::nullopt;
  const std::unique_ptr<void, Release> context(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!context) return "no seccomp filter can be made";
  int error = allow_reading(context.get());
  if (error == 0) error = allow_threads(context.get());
  for (const char* const name : kAllowed) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call == __NR_SCMP_ERROR || error != 0) continue;  // not on this machine
    error = seccomp_rule_add(context.get(), SCMP_ACT_ALLOW, call, 0);
  }
  if (error == 0) error = seccomp_load(context.get());
  if (error == 0) return std::nullopt;
  return std::string("the seccomp filter cannot be set: ") + std::strerror(-error);
}

}  // namespace finishline::process
