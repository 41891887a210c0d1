// Names of servers as clients ask for them and as certificates and routes have them. Pure.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace finishline::tls {

/// In lower case and without the dot that a full name may end with.
inline std::string plain_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string plain(name);
  std::ranges::transform(plain, plain.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return plain;
}

/// The wildcard that covers a name, "*.example.org" of "www.example.org"; "" when none can.
inline std::string wildcard_of(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return "";
  return '*' + std::string(name.substr(dot));
}

/// The entry of a map by plain names for this name: itself, else its wildcard, else the end.
template <class Map>
auto find_name(const Map& map, std::string_view name) {
  const std::string plain = plain_name(name);
  const auto exact = map.find(plain);
  return exact != map.end() ? exact : map.find(wildcard_of(plain));
}

}  // namespace finishline::tls
