#include "lb/config/source.h"

#include <algorithm>
#include <utility>

#include "lb/config/descriptors.h"
#include "lb/config/include.h"

namespace finishline::config {
namespace {

constexpr std::string_view kBind = "bind";
constexpr std::string_view kConnect = "connect";
constexpr char kWhyNot = '?';
constexpr std::string_view kOverlayLine = "#finishline overlay: ";

/// Takes what stands before the next `end`, and the end; nothing when there is none.
std::optional<std::string_view> take(std::string_view& bytes, char end) {
  const auto at = bytes.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = bytes.substr(0, at);
  bytes.remove_prefix(at + 1);
  return part;
}

bool contains(const Hosts& hosts, const net::Address& host) {
  return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

/// Those of `fresh`, in the order of `before` as far as they stood there.
Hosts in_known_order(const Hosts& fresh, const Hosts& before) {
  Hosts ordered;
  for (const net::Address& host : before)
    if (contains(fresh, host)) ordered.push_back(host);
  for (const net::Address& host : fresh)
    if (!contains(before, host)) ordered.push_back(host);
  return ordered;
}

std::string line_of(const Name& name, const Addresses& addresses) {
  std::string line(name.use == Use::bind ? kBind : kConnect);
  line += ' ' + name.text;
  if (const auto* why = std::get_if<std::string>(&addresses)) return line + ' ' + kWhyNot + *why + '\n';
  for (const net::Address& host : std::get<Hosts>(addresses)) line += ' ' + host.host_text();
  return line + '\n';
}

/// What stands behind a name.
std::optional<Addresses> read_addresses(std::string_view text) {
  if (text.starts_with(kWhyNot)) return std::string(text.substr(1));
  Hosts hosts;
  for (bool more = true; more;) {
    const auto space = std::min(text.find(' '), text.size());
    const auto host = net::parse_host(text.substr(0, space));
    if (!std::holds_alternative<net::Address>(host)) return std::nullopt;
    hosts.push_back(std::get<net::Address>(host));
    more = space < text.size();
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return hosts;
}

bool read_line(std::string_view line, NameTable& names) {
  const auto use = take(line, ' ');
  const auto name = take(line, ' ');
  if (!use || !name || (*use != kBind && *use != kConnect)) return false;
  auto addresses = read_addresses(line);
  if (!addresses) return false;
  names.emplace(Name{*use == kBind ? Use::bind : Use::connect, std::string(*name)}, std::move(*addresses));
  return true;
}

}  // namespace

std::set<Name> names_in(const Source& source) {
  std::set<Name> names;
  const auto note = [&](const std::string& name, Use use) -> Addresses {
    names.insert({use, name});
    return std::string();
  };
  static_cast<void>(parse(source.text, source.file, note, source.overlay));
  return names;
}

Reading read_source(const std::string& file, const LookUp& look_up, std::string overlay) {
  Reading reading{{.file = file, .text = {}, .names = {}, .overlay = std::move(overlay)}, {}};
  auto text = read_files(file);
  if (auto* problems = std::get_if<std::vector<Problem>>(&text)) {
    reading.judged = {.config = {}, .problems = std::move(*problems), .parsed = false};
    return reading;
  }
  reading.source.text = std::move(std::get<std::string>(text));
  reading.source.names = look_up(names_in(reading.source));
  reading.judged = judge(reading.source);
  return reading;
}

Judged judge(const Source& source) {
  const auto resolve = [&](const std::string& name, Use use) -> Addresses {
    const auto found = source.names.find({use, name});
    if (found == source.names.end()) return "'" + name + "' was not looked up";
    return found->second;
  };
  Judged judged = judge(source.text, source.file, resolve, source.overlay);
  fit_connections(judged.config, hard_limit_of_files());
  return judged;
}

std::variant<Config, std::vector<Problem>> parse(const Source& source) {
  Judged judged = judge(source);
  if (!judged.problems.empty()) return std::move(judged.problems);
  return std::move(judged.config);
}

void keep_known(Source& fresh, const Source& before) {
  for (auto& [name, addresses] : fresh.names) {
    const auto known = before.names.find(name);
    if (known == before.names.end() || !std::holds_alternative<Hosts>(known->second)) continue;
    auto* const hosts = std::get_if<Hosts>(&addresses);
    if (name.use == Use::bind || hosts == nullptr) {
      addresses = known->second;
    } else {
      *hosts = in_known_order(*hosts, std::get<Hosts>(known->second));
    }
  }
}

bool same_addresses(const NameTable& a, const NameTable& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    const bool neither =
        std::holds_alternative<std::string>(x.second) && std::holds_alternative<std::string>(y.second);
    return x.first == y.first && (neither || x.second == y.second);
  });
}

// The file's name, a line for each name, an empty line, the text, and the overlay's lines as comments, so
// that an earlier program reads the file as it is. A line is "connect NAME HOST HOST" or "connect NAME ?why
// not". Neither a name nor a host holds white space, and no reason an end of line.
std::string to_bytes(const Source& source) {
  std::string bytes = source.file + '\n';
  for (const auto& [name, addresses] : source.names) bytes += line_of(name, addresses);
  bytes += '\n' + source.text;
  if (source.overlay.empty()) return bytes;
  std::string_view rest = source.overlay;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    bytes += '\n' + std::string(kOverlayLine) + std::string(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return bytes;
}

namespace {

/// The lines of the overlay from the end of the text.
void take_overlay(Source& source) {
  for (;;) {
    const auto start = source.text.rfind('\n');
    if (start == std::string::npos) return;
    const std::string_view line = std::string_view(source.text).substr(start + 1);
    if (!line.starts_with(kOverlayLine)) return;
    source.overlay.insert(0, std::string(line.substr(kOverlayLine.size())) + '\n');
    source.text.resize(start);
  }
}

}  // namespace

std::optional<Source> source_of(std::string_view bytes) {
  Source source;
  const auto file = take(bytes, '\n');
  if (!file) return std::nullopt;
  source.file = *file;
  for (auto line = take(bytes, '\n'); line; line = take(bytes, '\n')) {
    if (line->empty()) {
      source.text = bytes;
      take_overlay(source);
      return source;
    }
    if (!read_line(*line, source.names)) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace finishline::config
