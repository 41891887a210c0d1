// A secret kept in a file, such as the token of the admin server. Read by the master before the fork; who has
// no use for it wipes it after the fork, and nobody leaves it lying in memory that is free again.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace finishline::process {

/// Overwrites what stands in the text, with all the room that it has.
void wipe(std::string& text);

/// Wiped wherever it ends: destroyed, assigned to, moved from.
struct Secret {
  Secret() = default;
  explicit Secret(std::string its_text) : text(its_text) { wipe(its_text); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text(other.text), line(other.line) { wipe(other.text); }
  Secret& operator=(Secret other) noexcept {
    text.swap(other.text);
    line = other.line;
    return *this;
  }
  ~Secret() { wipe(text); }

  std::string text;
  std::size_t line = 1;  // of the file, where the text begins
};

/// The content of the file without the white space around it; or the reason why not, fit for a user: it
/// cannot be read, holds nothing or more than 64 KiB, or somebody but its owner and group could have read or
/// changed it.
std::variant<Secret, std::string> read_secret(const std::string& file);

/// Whether such a reason says itself what is to be done.
bool says_what_to_do(std::string_view reason);

/// In a time that does not tell how much of `given` is right.
bool same_secret(std::string_view given, std::string_view secret);

}  // namespace finishline::process
