// Small files that what they hold outlives a restart in. Control process.
#pragma once

#include <string>

namespace finishline::control {

/// Replaces the file, whole or not at all, also when the machine goes down. False with errno.
bool write_whole(const std::string& file, const std::string& text);

}  // namespace finishline::control
