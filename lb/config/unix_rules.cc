#include "lb/config/unix_rules.h"

#include <grp.h>
#include <pwd.h>

#include <charconv>

namespace finishline::config {

std::optional<std::uint32_t> file_mode(std::string_view text) {
  std::uint32_t mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && mode <= 0777 ? std::optional(mode) : std::nullopt;
}

void check_unix_files(Draft& draft) {
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    const Listener& listener = draft.config.listeners[i];
    const auto report = [&](const char* key, const std::string& what, const char* remedy) {
      draft.report(key_path("listener", i, key), what, remedy);
    };
    if (!file_mode(listener.unix_mode))
      report("unix_mode", "'" + listener.unix_mode + "' is no mode of a file", "write for example \"0660\"");
    if (!listener.unix_user.empty() && ::getpwnam(listener.unix_user.c_str()) == nullptr)
      report("unix_user", "there is no user '" + listener.unix_user + "'", "create it, or name another");
    if (!listener.unix_group.empty() && ::getgrnam(listener.unix_group.c_str()) == nullptr)
      report("unix_group", "there is no group '" + listener.unix_group + "'", "create it, or name another");
  }
}

}  // namespace finishline::config
