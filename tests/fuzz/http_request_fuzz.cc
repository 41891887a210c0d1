// Whatever a client that speaks HTTP sends, wherever its reads end, it is cut into the same requests, and
// what is made of them is inside of its limits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lb/http/request_reader.h"
#include "lb/http/typed_request.h"

namespace {

using finishline::http::RequestReader;
using Step = RequestReader::Step;

constexpr std::size_t kMaxBody = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

void look_at(const RequestReader& reader) {
  static const finishline::CostModel cost = finishline::CostModel::seed(finishline::Nanos(1000));
  finishline::http::TypedRules rules;
  rules.cost = &cost;
  const auto typed = finishline::http::typed_request(reader.head(), rules);
  if (const auto* const request = std::get_if<finishline::http::TypedRequest>(&typed))
    require(cost.request_type_of(request->code) && request->length);
  require(reader.body().size() <= kMaxBody);
  require(!reader.head().content_length || *reader.head().content_length == reader.body().size());
  require(!(reader.head().content_length && reader.head().chunked));
}

/// The requests, and how it ended.
std::vector<std::string> story_of(std::string_view text, std::size_t step_bytes) {
  RequestReader reader(kMaxBody);
  std::vector<std::string> story;
  for (std::size_t at = 0; at < text.size(); at += step_bytes) {
    reader.feed(bytes_of(text.substr(at, step_bytes)));
    for (Step step = reader.next(); step != Step::need_more; step = reader.next()) {
      if (step == Step::bad) {
        require(reader.objection().status >= 400 && !reader.objection().words.empty());
        story.push_back(std::to_string(reader.objection().status));
        return story;
      }
      if (step != Step::request) continue;
      look_at(reader);
      const auto body = reader.body();
      story.push_back(std::string(reader.head().target) + ' ' +
                      std::string(reinterpret_cast<const char*>(body.data()), body.size()));
    }
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = story_of(text, std::max<std::size_t>(size, 1));
  require(story_of(text, 1) == whole);
  require(story_of(text, 7) == whole);
  return 0;
}
