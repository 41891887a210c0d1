// Whatever a server that is spoken to over HTTP sends, wherever its bytes end, it is a reply or none, the
// same however it comes, and inside of its limits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lb/http/reply_reader.h"

namespace {

using finishline::http::ReplyReader;
using Step = ReplyReader::Step;

constexpr std::size_t kMaxBody = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

/// "200 body", or "none"; the server ends behind its bytes.
std::string story_of(std::string_view text, std::size_t step_bytes) {
  ReplyReader reader(kMaxBody);
  reader.expect();
  Step step = Step::need_more;
  for (std::size_t at = 0; at < text.size() && step != Step::bad; at += step_bytes)
    step = reader.feed(std::as_bytes(std::span(text.substr(at, step_bytes))));
  if (step == Step::need_more) step = reader.end();
  if (step != Step::reply) return "none";
  require(reader.status() >= 200 && reader.status() <= 999 && reader.body().size() <= kMaxBody);
  return std::to_string(reader.status()) + ' ' + std::string(reader.body());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = story_of(text, std::max<std::size_t>(size, 1));
  require(story_of(text, 1) == whole);
  require(story_of(text, 7) == whole);
  return 0;
}
