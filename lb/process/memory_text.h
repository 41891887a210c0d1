// A text in shared memory without a name, as one process hands it to another: by its descriptor.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lb/process/descriptor.h"

namespace finishline::process {

/// Memory that holds the text, however long; `name` is shown in /proc. Closed on exec unless `over_exec`.
/// None when the system has no room, with errno.
Descriptor memory_with(const char* name, std::string_view text, bool over_exec = false);
/// All that is in there; nothing when it cannot be read. Borrows the descriptor.
std::optional<std::string> text_of_memory(int fd);

}  // namespace finishline::process
