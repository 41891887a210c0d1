// Where an HTTP/1.1 request ends in the bytes that have come: a pure reading of its head.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace finishline::http {

inline constexpr std::size_t kMostField = 8192;  // bytes of a header line; cpp-httplib takes no more

struct Framing {
  std::size_t head = 0;  // bytes, the empty line included
  std::size_t body = 0;  // bytes promised; of one that will not be taken 0
  int refusal = 0;       // the status to refuse it with: 400, 411, 413, 431; 0: none
  bool expects = false;  // the client waits for "100 Continue" before it sends the body

  std::size_t size() const { return head + body; }
};

/// Of the first request in `bytes`; nothing while its head is not whole. A body of more than `most_body`
/// bytes, of a length that is no number, or without one that is said beforehand (chunked) is refused, and so
/// is what two readers could take for two different things (head_scan.h): a line without a name and a colon
/// right behind it, two lengths, two hosts.
std::optional<Framing> framing_of(std::string_view bytes, std::size_t most_body);

}  // namespace finishline::http
