#include "lb/config/http_rules.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "lb/config/says_something.h"
#include "lb/model/length_source.h"

namespace finishline::config {
namespace {

/// Keys of HTTP alone that say something else than the sample, which has them all.
std::vector<std::string> own_keys_in(const Listener& listener) {
  std::vector<std::string> names;
  for (const char* name : {"length_from", "bytes_per_unit", "retryable"})
    if (says_something(listener, Section::listener, name)) names.emplace_back(name);
  return names;
}

void check_http_listener(Draft& draft, const std::string& section, const Listener& listener) {
  const auto source = model::parse_length_source(listener.length_from);
  if (!source)
    draft.report(section + "length_from", "'" + listener.length_from + "' is no place for a length",
                 R"(write "query", "path", "body" or for example "header:X-Length")");
  else if (source->kind != model::LengthSource::Kind::body &&
           listener.bytes_per_unit != Listener().bytes_per_unit)
    draft.report(section + "bytes_per_unit", "has no meaning where the size of the body is not the length",
                 "remove it, or set length_from = \"body\"");
  if (says_something(listener, Section::listener, "describe"))
    draft.report(section + "describe", "has no meaning in mode http, which has no word for it", "remove it");
}

bool can_stand_in_a_target(const std::string& path) {
  return path.starts_with('/') && std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f; });
}

void check_http_server(Draft& draft, const std::string& section, const Server& server) {
  if (server.protocol != Mode::http) {
    if (server.path != Server().path)
      draft.report(section + "path", "is of servers with protocol = \"http\" alone",
                   "remove it, or set protocol = \"http\"");
    return;
  }
  if (!can_stand_in_a_target(server.path))
    draft.report(section + "path", "expected a path that begins with / and has no spaces",
                 R"(write for example "/{type}" or "/work?type={type}&length={length}")");
  if (server.links != Server().links)
    draft.report(section + "links", "has no meaning for a server of HTTP, which has `slots` connections",
                 "remove it");
}

/// A browser sends such a name as Host; a port is not part of it.
bool is_host_name(std::string_view name) {
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
             std::string_view::npos &&
         name.find_first_not_of(".-_") != std::string_view::npos;
}

void check_admin_hosts(Draft& draft) {
  std::istringstream parts(draft.config.proxy.admin_hosts);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto begin = part.find_first_not_of(' ');
    const std::string name =
        begin == std::string::npos ? "" : part.substr(begin, part.find_last_not_of(' ') + 1 - begin);
    if (is_host_name(name)) continue;
    return draft.report(
        "proxy.admin_hosts", "'" + name + "' is no name of a host",
        R"(write names with commas between them and without a port, as "proxy.example.org, lb1")");
  }
}

}  // namespace

void check_http(Draft& draft) {
  check_admin_hosts(draft);
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    const Listener& listener = draft.config.listeners[i];
    const std::string section = key_path("listener", i, "") + '.';
    if (listener.mode == Mode::http) {
      check_http_listener(draft, section, listener);
      continue;
    }
    for (const std::string& name : own_keys_in(listener))
      draft.report(section + name, "is of listeners with mode = \"http\" alone",
                   "remove it, or set mode = \"http\"");
  }
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i)
    check_http_server(draft, key_path("server", i, "") + '.', draft.config.servers[i]);
}

}  // namespace finishline::config
