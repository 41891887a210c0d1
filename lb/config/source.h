// A configuration file as another process can read it: the text, and the addresses that its names had when it
// was checked, so that all who read it come to the same values and none of them asks a name server.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/config/config.h"

namespace finishline::config {

struct Source {
  std::string file;  // for messages
  std::string text;
  std::map<std::string, net::Address, std::less<>> addresses;  // by what stands in the text
};

/// The file, and what it says: every address is looked up now and noted.
struct Reading {
  Source source;
  std::variant<Config, std::vector<Problem>> result;
};
Reading read_source(const std::string& file);

/// The same again from the source alone.
std::variant<Config, std::vector<Problem>> parse(const Source& source);

/// As bytes and back; nothing for bytes that are not to_bytes() of anything.
std::string to_bytes(const Source& source);
std::optional<Source> source_of(std::string_view bytes);

}  // namespace finishline::config
