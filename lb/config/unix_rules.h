// What the configuration says of the files of Unix sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lb/config/draft.h"

namespace finishline::config {

/// Of "0660": a mode in octal, up to 0777; nothing when it is none.
std::optional<std::uint32_t> file_mode(std::string_view text);
/// Reports modes that are none, and users and groups that this machine does not have.
void check_unix_files(Draft& draft);

}  // namespace finishline::config
