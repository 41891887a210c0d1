// A configuration file as another process can read it: the text, and the addresses that its names had when it
// was checked, so that all who read it come to the same values and none of them asks a name server.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/config/config.h"
#include "lb/config/judged.h"

namespace finishline::config {

/// A name, and what it is looked up for.
struct Name {
  Use use = Use::bind;
  std::string text;
  auto operator<=>(const Name&) const = default;
};
using NameTable = std::map<Name, Addresses>;

struct Source {
  std::string file;  // for messages
  std::string text;
  NameTable names;
  std::string overlay{};  // what was changed since, over the text (overlay.h)
};

/// The names that stand in its text and overlay.
std::set<Name> names_in(const Source& source);

/// The file, and what it says under an overlay: every name is looked up now, and what came of it noted.
struct Reading {
  Source source;
  Judged judged;
};
using LookUp = std::function<NameTable(const std::set<Name>&)>;
Reading read_source(const std::string& file, const LookUp& look_up, std::string overlay = {});

/// The same again from the source alone.
Judged judge(const Source& source);
std::variant<Config, std::vector<Problem>> parse(const Source& source);

/// What was known before and still holds: what the proxy has bound stays by what stands in the file, not by
/// what a new look-up says; a name that cannot be looked up now keeps its addresses; addresses that stay keep
/// their order, and with it the first one its place.
void keep_known(Source& fresh, const Source& before);
/// Whether all names have the same addresses; why one has none does not count.
bool same_addresses(const NameTable& a, const NameTable& b);

/// As bytes and back; nothing for bytes that are not to_bytes() of anything.
std::string to_bytes(const Source& source);
std::optional<Source> source_of(std::string_view bytes);

}  // namespace finishline::config
