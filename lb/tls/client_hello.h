// The first thing that a TLS client says, read for the server name in it and nothing else (RFC 8446, 4.1.2;
// RFC 6066, 3). Pure: no OpenSSL, nothing is decrypted, no byte is changed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace finishline::tls {

/// Takes it in pieces of any size, out of as many records as the client has cut it into.
class ClientHelloDecoder {
 public:
  /// A longer one is bad. The longest of today, with keys that quantum computers do not break, take 2 KiB.
  static constexpr std::size_t kMostBytes = 16 * 1024;

  enum class Step : std::uint8_t { need_more, done, bad };

  /// The next bytes of the connection; those behind the message are not looked at. After done or bad it must
  /// not be called again.
  Step feed(std::span<const std::byte> bytes);
  /// After done: as the client has written it; "" when it asked for no name.
  const std::string& server_name() const { return server_name_; }

 private:
  Step take_header(std::byte byte);
  Step look();
  bool read_message(std::span<const std::byte> body);
  bool read_extensions(std::span<const std::byte> extensions);
  bool read_names(std::span<const std::byte> list);

  std::array<std::byte, 5> header_{};
  std::size_t header_bytes_ = 0;
  std::size_t record_left_ = 0;
  std::vector<std::byte> message_;  // what the records hold
  std::string server_name_;
};

}  // namespace finishline::tls
