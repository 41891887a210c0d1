#include "lb/http/typed_request.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/http/target.h"
#include "proto/frame.h"
#include "proto/joined.h"
#include "proto/looks_like.h"
#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::http {
namespace {

using Kind = model::LengthSource::Kind;

constexpr std::uint32_t kMostNumber = std::numeric_limits<std::uint32_t>::max();

/// Of digits alone; one that is too large is the largest there is.
std::optional<std::uint32_t> number_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ptr != text.data() + text.size()) return std::nullopt;
  return read.ec == std::errc{} ? number : kMostNumber;
}

/// What a client has sent, fit to be sent back.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 40;
  return proto::printable(std::as_bytes(std::span(text)), kMost);
}

/// One request, part by part; the first objection counts.
class TypedReading {
 public:
  TypedReading(const RequestHead& head, const TypedRules& rules) : head_(head), rules_(rules) {}

  std::variant<TypedRequest, Objection> result() {
    const auto target = parse_target(head_.target);
    if (head_.method != "POST")
      object(405, "only POST is taken here: POST /TYPE, the body is the request's");
    else if (!target)
      object(400, "the target is no path: write POST /TYPE");
    else
      take(*target);
    if (objection_) return std::move(*objection_);
    return request_;
  }

 private:
  void take(const RequestTarget& target) {
    target_ = &target;
    take_type();
    if (!objection_) take_length();
    if (!objection_) take_deadline();
    if (!objection_) take_priority();
    if (!objection_) take_retryable();
  }
  void take_type();
  void take_length();
  void take_deadline();
  void take_priority();
  void take_retryable();
  /// Of the header Finishline-NAME, else of the query; "" where it stands in neither.
  std::string_view said(std::string_view header, std::string_view parameter) const;
  std::string_view length_text() const;
  std::string how_to_say_length() const;
  void object(int status, std::string words) {
    if (!objection_) objection_ = Objection{status, std::move(words)};
  }

  const RequestHead& head_;
  const TypedRules& rules_;
  const RequestTarget* target_ = nullptr;
  TypedRequest request_;
  std::optional<Objection> objection_;
};

std::string_view TypedReading::said(std::string_view header, std::string_view parameter) const {
  if (const std::string_view value = head_.header(header); !value.empty()) return value;
  const std::string* const value = target_->parameter(parameter);
  return value == nullptr ? std::string_view() : *value;
}

void TypedReading::take_type() {
  std::vector<std::string_view> names;
  for (const RequestTypeSpec& type : rules_.cost->request_types()) {
    if (!target_->parts.empty() && type.name == target_->parts.front()) request_.code = type.code;
    names.push_back(type.name);
  }
  const std::size_t parts = rules_.length_from.kind == Kind::path ? 2 : 1;
  if (target_->parts.empty()) return object(404, "no type in the path: POST /TYPE; types: " + joined(names));
  if (request_.code == 0)
    return object(404, no_such("type", shown(target_->parts.front()), names) + "; types: " + joined(names));
  if (target_->parts.size() > parts)
    object(404, "the path goes on behind " + std::string(parts == 1 ? "the type" : "type and length"));
}

std::string_view TypedReading::length_text() const {
  if (rules_.length_from.kind == Kind::header) return head_.header(rules_.length_from.header);
  if (rules_.length_from.kind == Kind::path)
    return target_->parts.size() > 1 ? std::string_view(target_->parts[1]) : std::string_view();
  const std::string* const value = target_->parameter("length");
  return value == nullptr ? std::string_view() : *value;
}

std::string TypedReading::how_to_say_length() const {
  if (rules_.length_from.kind == Kind::header) return "add the header " + rules_.length_from.header + ": 5";
  if (rules_.length_from.kind == Kind::path) return "write POST /" + target_->parts.front() + "/5";
  return "write POST /" + target_->parts.front() + "?length=5";
}

void TypedReading::take_length() {
  if (rules_.length_from.kind == Kind::body) return;
  const std::string_view text = length_text();
  request_.length = number_in(text);
  if (request_.length) return;
  object(400, (text.empty() ? "no length" : "the length is no whole number") + std::string(": ") +
                  how_to_say_length());
}

void TypedReading::take_deadline() {
  const std::string_view text = said("Finishline-Deadline", "deadline");
  if (text.empty()) return;
  const auto span = parse_duration(text);
  if (!span || *span <= 0ns)
    return object(400, "the deadline is no duration: write for example 200ms, or leave it out");
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*span).count();
  request_.deadline_ms = static_cast<std::uint32_t>(std::min<std::int64_t>(ms, kMostNumber));
}

void TypedReading::take_priority() {
  const std::string_view text = said("Finishline-Priority", "priority");
  if (text.empty()) return;
  const auto priority = number_in(text);
  if (!priority || *priority >= proto::kPriorities)
    return object(400, "the priority is none of 0, 1, 2, 3, the most urgent");
  request_.flags |= proto::priority_flags(static_cast<std::uint8_t>(*priority));
}

void TypedReading::take_retryable() {
  const std::string_view text = said("Finishline-Retryable", "retryable");
  bool retryable = rules_.retryable;
  if (same_word(text, "yes") || same_word(text, "no"))
    retryable = same_word(text, "yes");
  else if (!text.empty())
    return object(400, "Finishline-Retryable is yes or no: whether the work may be done twice");
  if (retryable) request_.flags |= proto::kRetryable;
}

}  // namespace

std::variant<TypedRequest, Objection> typed_request(const RequestHead& head, const TypedRules& rules) {
  return TypedReading(head, rules).result();
}

std::uint32_t length_of_body(std::size_t bytes, const TypedRules& rules) {
  const std::size_t units = (bytes + rules.bytes_per_unit - 1) / rules.bytes_per_unit;
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(units, 1, kMostNumber));
}

}  // namespace finishline::http
