// Hellos of TLS clients, put together by hand.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace finishline::test {

/// The bytes, behind their number in so many bytes.
inline std::string field(std::string_view bytes, int length_bytes) {
  std::string text;
  for (int i = length_bytes - 1; i >= 0; --i) text += static_cast<char>(bytes.size() >> (8 * i));
  return text + std::string(bytes);
}

inline std::string server_name_extension(std::string_view name) {
  return std::string("\0\0", 2) + field(field(std::string(1, '\0') + field(name, 2), 2), 2);
}

/// A handshake message; "": it asks for no name.
inline std::string client_hello(std::string_view name, const std::vector<std::string>& more = {}) {
  std::string extensions = std::string("\0\x0b", 2) + field(field(std::string(1, '\0'), 1), 2);
  if (!name.empty()) extensions += server_name_extension(name);
  for (const std::string& extension : more) extensions += extension;
  const std::string body = "\x03\x03" + std::string(32, 'r') + field("", 1) +
                           field(std::string("\x13\x01\x13\x02", 4), 2) + field(std::string(1, '\0'), 1) +
                           field(extensions, 2);
  return '\x01' + field(body, 3);
}

/// The message in records of at most so many bytes.
inline std::string in_records(std::string_view message, std::size_t most) {
  std::string records;
  for (; !message.empty(); message.remove_prefix(std::min(most, message.size())))
    records += "\x16\x03\x01" + field(message.substr(0, most), 2);
  return records;
}

}  // namespace finishline::test
