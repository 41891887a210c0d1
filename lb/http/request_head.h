// The head of an HTTP/1 request as it was read. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace finishline::http {

struct HeaderField {
  std::string_view name;  // as written
  std::string_view value;
};

/// Everything borrows from the reader: good until it is asked for the next request.
struct RequestHead {
  std::string_view method{};  // "POST"
  std::string_view target{};  // "/video?length=5", as written
  std::vector<HeaderField> fields{};
  std::optional<std::uint64_t> content_length{};  // bytes of the body; nothing when it is chunked
  bool chunked = false;
  bool keep_alive = true;         // the client wants to go on with this connection
  bool old = false;               // HTTP/1.0, which has to be told that a connection stays
  bool expects_continue = false;  // the client waits for "100 Continue" before it sends the body

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
  /// Of the first field of this name, in any case; "" when there is none.
  std::string_view header(std::string_view name) const;
};

/// Whether the letters are the same, in any case.
bool same_word(std::string_view a, std::string_view b);

/// Why a request is not taken.
struct Objection {
  int status = 400;     // of HTTP
  std::string words{};  // for people: what is wrong, and what to do instead
};

}  // namespace finishline::http
