// Real filters, each in a child that ends with it.
#include "lb/process/seccomp_filter.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "lb/process/spawn.h"

using namespace finishline::process;

// A sanitizer needs calls of its own: such a program has no filter.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

/// Of a child that makes this call behind the filter: how it ends, with the call's error as its exit status.
std::string end_of(long call) {
  const pid_t pid = spawn("fl-test", [call] {
    if (install_seccomp_filter()) return 255;
    return ::syscall(call, 0, 0, 0, 0, 0, 0) == -1 ? errno : 0;
  });
  REQUIRE(pid > 0);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return describe_wait_status(status);
}

const std::string kNoSuchCall = "exit " + std::to_string(ENOSYS);

}  // namespace

TEST_CASE("calls of newer systems that have an older way are not there behind the filter") {
  CHECK(end_of(SYS_clone3) == kNoSuchCall);
  CHECK(end_of(SYS_io_uring_setup) == kNoSuchCall);
  CHECK(end_of(SYS_io_uring_enter) == kNoSuchCall);
  CHECK(end_of(SYS_io_uring_register) == kNoSuchCall);
  CHECK(end_of(SYS_openat2) == kNoSuchCall);
  CHECK(end_of(SYS_faccessat2) == kNoSuchCall);
  CHECK(end_of(SYS_close_range) == kNoSuchCall);
}

TEST_CASE("what is on no list ends the process, and what is needed works") {
  CHECK(end_of(SYS_mount).starts_with("signal " + std::to_string(SIGSYS)));
  CHECK(end_of(SYS_getpid) == "exit 0");
}

#endif
