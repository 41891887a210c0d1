#include "lb/config/source.h"

#include <utility>

namespace finishline::config {
namespace {

/// Cuts the first line off; nothing when there is no end of line.
std::optional<std::string_view> take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 1);
  return line;
}

}  // namespace

Reading read_source(const std::string& file) {
  Reading reading{{.file = file, .text = {}, .addresses = {}}, {}};
  auto text = read_text(file);
  if (auto* problem = std::get_if<Problem>(&text)) {
    reading.result = std::vector{std::move(*problem)};
    return reading;
  }
  reading.source.text = std::move(std::get<std::string>(text));
  reading.result = parse(reading.source.text, file, [&](std::string_view name) {
    auto found = net::parse_address(name);
    if (const auto* address = std::get_if<net::Address>(&found))
      reading.source.addresses.emplace(name, *address);
    return found;
  });
  return reading;
}

std::variant<Config, std::vector<Problem>> parse(const Source& source) {
  return parse(source.text, source.file,
               [&](std::string_view name) -> std::variant<net::Address, std::string> {
                 const auto found = source.addresses.find(name);
                 if (found == source.addresses.end()) return "'" + std::string(name) + "' was not looked up";
                 return found->second;
               });
}

// The file's name, a line "NAME ADDRESS" for each address, an empty line, the text. A name that was found
// holds no white space.
std::string to_bytes(const Source& source) {
  std::string bytes = source.file + '\n';
  for (const auto& [name, address] : source.addresses) bytes += name + ' ' + address.to_string() + '\n';
  return bytes + '\n' + source.text;
}

std::optional<Source> source_of(std::string_view bytes) {
  Source source;
  const auto file = take_line(bytes);
  if (!file) return std::nullopt;
  source.file = *file;
  for (auto line = take_line(bytes); line; line = take_line(bytes)) {
    if (line->empty()) {
      source.text = bytes;
      return source;
    }
    const auto space = line->find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const auto address = net::parse_address(line->substr(space + 1));
    if (!std::holds_alternative<net::Address>(address)) return std::nullopt;
    source.addresses.emplace(line->substr(0, space), std::get<net::Address>(address));
  }
  return std::nullopt;
}

}  // namespace finishline::config
