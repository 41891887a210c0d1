// Finds where the head of an HTTP/1 message ends, and refuses what two readers could take for two different
// things: a line that ends with a bare LF, a CR by itself, a line folded onto the one before, NUL and other
// control characters. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace finishline::http {

class HeadScan {
 public:
  enum class Step : std::uint8_t {
    need_more,
    head,  // size() bytes, the empty line included
    bad,   // why() tells
  };
  /// `bytes` begins where the head does, and is at least what it was the last time.
  Step look(std::string_view bytes);
  std::size_t size() const { return at_; }
  /// A constant text, for people.
  std::string_view why() const { return why_; }

 private:
  bool takes(char now);

  std::size_t at_ = 0;  // looked at
  std::size_t line_begin_ = 0;
  char before_ = '\0';  // the byte before at_
  std::string_view why_;
};

/// Of a chunked body, from the end of a chunk's bytes on, while the line of the next one, or the last line
/// with its trailer, is not whole: whether it never will be.
bool malformed_before_chunk(std::string_view bytes);

}  // namespace finishline::http
