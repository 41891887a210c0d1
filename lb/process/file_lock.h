// Locks on files by which a living process says that something is its own: a lock of a process is not its
// children's, ends with it, and is let go when it closes the file anywhere (fcntl(2)).
#pragma once

#include <sys/types.h>

#include <string>

namespace finishline::process {

/// Of whom the file is: another living process; 0: nobody. Not of a file that this process has locked.
pid_t lock_owner(const std::string& path);
/// The same of a file that is open here, which stays so.
pid_t lock_owner(int fd);
/// False when another process has it, with errno.
bool lock_file(int fd);

}  // namespace finishline::process
