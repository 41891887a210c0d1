// A secret kept in a file, such as the token of the admin server. Read by the master before the fork.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace finishline::process {

struct Secret {
  std::string text;
};

/// The content of the file without the white space around it; or the reason why not, fit for a user: it
/// cannot be read, holds nothing or more than 4 KiB, or somebody but its owner and group could have read or
/// changed it.
std::variant<Secret, std::string> read_secret(const std::string& file);

/// In a time that does not tell how much of `given` is right.
bool same_secret(std::string_view given, std::string_view secret);

}  // namespace finishline::process
