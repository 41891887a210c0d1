#include "client/conformance_rules.h"

#include <array>
#include <map>

#include "proto/quantity.h"

namespace finishline::client {
namespace {

using proto::FrameHeader;
using proto::Kind;
using proto::Status;

constexpr std::uint32_t kLongWork = 200;  // units
constexpr Nanos kSilence = 200ms;         // in which nothing more may come

constexpr std::array<const char*, 12> kKindNames{
    "a frame of kind 0", "a request",     "a reply",     "a ping",       "a pong",   "a goaway",
    "a describe",        "a description", "an estimate", "an estimated", "a cancel", "a resize"};

std::string hex(std::uint64_t id) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(id));
  return text.data();
}

std::string instead(const char* field, const std::string& came, const std::string& asked) {
  return std::string(field) + " " + came + " instead of " + asked;
}

/// One request, which is to be served.
Verdict play_one(const RuleStage& stage, const FrameHeader& asked, std::span<const std::byte> body = {}) {
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked, body);
  return kept_if_empty(answer_problem(dialogue, asked));
}

std::string other_id(const FrameHeader& came, const FrameHeader& asked) {
  return came.id == asked.id ? "" : instead("id", hex(came.id), hex(asked.id));
}

std::string other_tags(const FrameHeader& came, const FrameHeader& asked) {
  if (came.type != asked.type) return instead("type", std::string(1, came.type), std::string(1, asked.type));
  if (came.length == asked.length) return {};
  return instead("length", std::to_string(came.length), std::to_string(asked.length));
}

std::string other_flags(const FrameHeader& came, const FrameHeader& asked) {
  const unsigned expected = asked.flags & proto::kKnownFlags;
  return came.flags == expected ? "" : instead("flags", std::to_string(came.flags), std::to_string(expected));
}

/// What the first rules are judged by: one thing of a reply, whatever is wrong with the rest of it.
using Look = std::string (*)(const FrameHeader& came, const FrameHeader& asked);

Verdict play_and_look(const RuleStage& stage, const FrameHeader& asked, Look look) {
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  const bool served =
      told->header.kind == Kind::reply && static_cast<Status>(told->header.detail) == Status::ok;
  return kept_if_empty(served ? look(told->header, asked) : words_of(*told));
}

Verdict play_request(const RuleStage& stage) {
  return play_and_look(stage, stage.request(1), [](const auto&, const auto&) { return std::string(); });
}

Verdict play_byte_order(const RuleStage& stage) {
  return play_and_look(stage, stage.request(0x0102030405060708U), [](const auto& came, const auto& asked) {
    return std::string(came.id == __builtin_bswap64(asked.id) ? "the id in little-endian order" : "");
  });
}

Verdict play_ids(const RuleStage& stage) {
  return play_and_look(stage, stage.request(0xfedcba9876543210U), other_id);
}

Verdict play_tags(const RuleStage& stage) { return play_and_look(stage, stage.request(2, 3), other_tags); }

Verdict play_flags(const RuleStage& stage) {
  FrameHeader asked = stage.request(3);
  asked.flags = proto::kRetryable;
  return play_and_look(stage, asked, other_flags);
}

Verdict play_priority(const RuleStage& stage) {
  FrameHeader asked = stage.request(4);
  asked.flags = proto::priority_flags(2);
  return play_and_look(stage, asked, other_flags);
}

Verdict play_zero_fields(const RuleStage& stage) {
  FrameHeader asked = stage.request(5);
  asked.service_us = 7;
  asked.origin = 9;
  return play_one(stage, asked);
}

Verdict play_no_work(const RuleStage& stage) { return play_one(stage, stage.request(6, 0)); }

Verdict play_one_each(const RuleStage& stage) {
  constexpr std::uint64_t kRequests = 20;
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  for (std::uint64_t id = 1; id <= kRequests; ++id) dialogue.send(stage.request(id));
  std::map<std::uint64_t, int> replies;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    const auto told = dialogue.next();
    if (!told)
      return {Outcome::broken, std::to_string(i) + " replies to 20 requests, then " + dialogue.why_nothing()};
    const std::uint64_t id = told->header.id;
    if (id == 0 || id > kRequests) return {Outcome::broken, words_of(*told) + ", which nobody has sent"};
    if (++replies[id] > 1) return {Outcome::broken, "two replies with id " + hex(id)};
  }
  if (!dialogue.silent_for(kSilence)) return {Outcome::broken, "more than 20 replies to 20 requests"};
  return {};
}

Verdict play_pieces(const RuleStage& stage) {
  const FrameHeader asked = stage.request(7);
  std::array<std::byte, proto::kHeaderBytes> bytes{};
  proto::encode_header(asked, bytes.data());
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  for (const std::byte& byte : bytes) {
    dialogue.send(std::span(&byte, 1));
    dialogue.pause(1ms);
  }
  return kept_if_empty(answer_problem(dialogue, asked));
}

Verdict play_body(const RuleStage& stage) {
  const std::vector<std::byte> body(1000, std::byte{'b'});
  const FrameHeader with_body = stage.request(8), behind = stage.request(9);
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(with_body, body);
  if (auto came = answer_problem(dialogue, with_body); !came.empty())
    return {Outcome::broken, std::move(came)};
  dialogue.send(behind);
  return kept_if_empty(answer_problem(dialogue, behind));
}

Verdict play_two_connections(const RuleStage& stage) {
  const FrameHeader one = stage.request(10, 1), other = stage.request(10, 2);
  Dialogue first(stage.loop, stage.route, stage.subject.patience);
  Dialogue second(stage.loop, stage.route, stage.subject.patience);
  first.send(one);
  second.send(other);
  if (auto came = answer_problem(second, other); !came.empty()) return {Outcome::broken, std::move(came)};
  return kept_if_empty(answer_problem(first, one));
}

Verdict play_deadline(const RuleStage& stage) {
  FrameHeader asked = stage.request(11, std::min(kLongWork, stage.subject.max_length));
  asked.detail = 1;
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  const auto status = static_cast<Status>(told->header.detail);
  const bool known =
      status == Status::ok || status == Status::deadline_exceeded || status == Status::overloaded;
  return kept_if_empty(difference(*told, asked, Kind::reply, known ? status : Status::deadline_exceeded));
}

Verdict play_unknown_type(const RuleStage& stage) {
  FrameHeader asked = stage.request(12);
  asked.type = stage.subject.unknown_type;
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  const bool does_all = !stage.subject.proxy && static_cast<Status>(told->header.detail) == Status::ok;
  if (does_all) return {Outcome::untried, "it does work of any type"};
  const std::string came = difference(*told, asked, Kind::reply, Status::unknown_type);
  return kept_if_empty(came.empty() && !told->body.empty() ? "a body with it" : came);
}

Verdict play_long_tag(const RuleStage& stage) {
  if (stage.subject.max_length == 0xffffffffU)
    return {Outcome::untried, "it does not say how long is too long"};
  const FrameHeader asked = stage.request(13, stage.subject.max_length + 1);
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  return kept_if_empty(answer_problem(dialogue, asked, Kind::reply, Status::too_large));
}

Verdict play_large_body(const RuleStage& stage) {
  constexpr std::uint32_t kMostSent = 64U << 20;
  if (stage.subject.max_body >= kMostSent) return {Outcome::untried, "too much would have to be sent"};
  const std::vector<std::byte> body(stage.subject.max_body + std::size_t{1});
  const FrameHeader large = stage.request(14), behind = stage.request(15);
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(large, body);
  dialogue.send(behind);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  const bool taken = !stage.subject.proxy && static_cast<Status>(told->header.detail) == Status::ok;
  if (auto came = difference(*told, large, Kind::reply, taken ? Status::ok : Status::too_large);
      !came.empty())
    return {Outcome::broken, std::move(came)};
  return kept_if_empty(answer_problem(dialogue, behind));
}

constexpr Rule kRules[] = {
    {Rule::For::both, "a request is answered", "every request gets a reply of kind 2 and version 1",
     play_request, 0, kAnswers},
    {Rule::For::both, "network byte order", "all numbers are in network byte order", play_byte_order,
     kAnswers, kByteOrder},
    {Rule::For::both, "ids are echoed", "the id of a reply is that of its request, all 8 bytes of it",
     play_ids, kAnswers | kByteOrder, kIds},
    {Rule::For::both, "type and length are echoed", "a reply has type and length of its request", play_tags,
     kAnswers | kByteOrder, kTags},
    {Rule::For::both, "flags are echoed", "a reply has the flags of its request", play_flags, kAnswers,
     kFlags},
    {Rule::For::proxy, "priorities are taken", "bits 1 and 2 of the flags are the class, and echoed",
     play_priority, kAnswers | kFlags},
    {Rule::For::both, "zeros are not looked at", "service_us and origin of a request are ignored",
     play_zero_fields},
    {Rule::For::both, "length 0 is a length", "lengths go from 0", play_no_work},
    {Rule::For::both, "one reply each", "every request gets exactly one reply, in any order", play_one_each},
    {Rule::For::both, "frames in pieces", "a frame may come in pieces of any size", play_pieces},
    {Rule::For::both, "bodies", "body_bytes of body stand behind the header, and then the next frame",
     play_body},
    {Rule::For::both, "ids of connections", "equal ids on two connections do not clash",
     play_two_connections},
    {Rule::For::both, "deadlines", "a request with a deadline gets one reply: ok, or deadline_exceeded",
     play_deadline},
    {Rule::For::both, "unknown types", "a type that it cannot do is answered unknown_type, without a body",
     play_unknown_type},
    {Rule::For::proxy, "too long", "a length over max_length is answered too_large", play_long_tag},
    {Rule::For::both, "too large",
     "a body over max_body is answered too_large and skipped; the connection goes on", play_large_body},
};

}  // namespace

std::span<const Rule> request_rules() { return kRules; }

Verdict kept_if_empty(std::string came) {
  if (came.empty()) return {};
  return {Outcome::broken, std::move(came)};
}

std::string words_of(const Told& told) {
  const auto kind = static_cast<std::size_t>(told.header.kind);
  std::string text = kind < kKindNames.size() ? kKindNames[kind] : "a frame of kind " + std::to_string(kind);
  if (told.header.kind == Kind::reply || told.header.kind == Kind::description)
    text += " with status " + std::string(proto::name_of(static_cast<Status>(told.header.detail)));
  return text + ", id " + hex(told.header.id);
}

std::string difference(const Told& told, const FrameHeader& asked, Kind kind, Status status) {
  const FrameHeader& header = told.header;
  if (header.kind != kind) return words_of(told);
  if (auto other = other_id(header, asked); !other.empty()) return other;
  if (kind == Kind::pong) return {};
  if (static_cast<Status>(header.detail) != status)
    return instead("status", std::string(name_of(static_cast<Status>(header.detail))),
                   std::string(name_of(status)));
  if (kind == Kind::description) return {};
  if (auto other = other_tags(header, asked); !other.empty()) return other;
  return other_flags(header, asked);
}

std::string answer_problem(Dialogue& dialogue, const FrameHeader& asked, Kind kind, Status status) {
  const auto told = dialogue.next();
  return told ? difference(*told, asked, kind, status) : dialogue.why_nothing();
}

}  // namespace finishline::client
