// The rules about everything but requests: pings, descriptions, estimates, and input that makes no sense.
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "client/conformance_rules.h"

namespace finishline::client {
namespace {

using proto::FrameHeader;
using proto::Kind;
using proto::Status;

constexpr std::uint32_t kLongWork = 200;  // units
constexpr std::size_t kLargestPong = 4096;

using HeaderBytes = std::array<std::byte, proto::kHeaderBytes>;

HeaderBytes bytes_of(const FrameHeader& header) {
  HeaderBytes bytes{};
  proto::encode_header(header, bytes.data());
  return bytes;
}

std::string text_of(const Told& told) {
  return {reinterpret_cast<const char*>(told.body.data()), told.body.size()};
}

bool is_json(const Told& told) { return nlohmann::json::parse(text_of(told), nullptr, false).is_object(); }

// --- pings ------------------------------------------------------------------------------------------------

Verdict play_ping(const RuleStage& stage) {
  const FrameHeader ping{.kind = Kind::ping, .id = 0xabcdef0123456789U};
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(ping);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  const std::string came = difference(*told, ping, Kind::pong, Status::ok);
  return kept_if_empty(came.empty() && !told->body.empty() ? "a body that nobody has asked for" : came);
}

Verdict play_ping_at_work(const RuleStage& stage) {
  const FrameHeader work = stage.request(20, std::min(kLongWork, stage.subject.max_length));
  const FrameHeader ping{.kind = Kind::ping, .id = 21};
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(work);
  dialogue.send(ping);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  if (told->header.kind == Kind::reply && told->header.service_us < 1000)
    return {Outcome::untried, "the work took no time"};
  return kept_if_empty(difference(*told, ping, Kind::pong, Status::ok));
}

Verdict play_health(const RuleStage& stage) {
  const FrameHeader ping{.kind = Kind::ping, .id = 22, .length = 1};
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(ping);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  if (auto came = difference(*told, ping, Kind::pong, Status::ok); !came.empty())
    return {Outcome::broken, std::move(came)};
  if (told->body.size() > kLargestPong)
    return {Outcome::broken, std::to_string(told->body.size()) + " bytes"};
  return kept_if_empty(told->body.empty() || is_json(*told) ? "" : "a body that is no JSON object");
}

Verdict play_ping_body(const RuleStage& stage) {
  const FrameHeader ping{.kind = Kind::ping, .id = 23}, behind = stage.request(24);
  const std::vector<std::byte> body(100, std::byte{'p'});
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(ping, body);
  if (auto came = answer_problem(dialogue, ping, Kind::pong); !came.empty())
    return {Outcome::broken, std::move(came)};
  dialogue.send(behind);
  return kept_if_empty(answer_problem(dialogue, behind));
}

// --- what can be asked
// --------------------------------------------------------------------------------------

Verdict play_describe(const RuleStage& stage) {
  const FrameHeader asked{.kind = Kind::describe, .id = 25};
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  const bool ok = static_cast<Status>(told->header.detail) == Status::ok;
  if (auto came = difference(*told, asked, Kind::description, ok ? Status::ok : Status::no_server);
      !came.empty())
    return {Outcome::broken, std::move(came)};
  if (!ok) return kept_if_empty(told->body.empty() ? "" : "a body with status no_server");
  return kept_if_empty(is_json(*told) ? "" : "a body that is no JSON object");
}

Verdict play_estimate(const RuleStage& stage) {
  FrameHeader asked = stage.request(26);
  asked.kind = Kind::estimate;
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  if (told->header.kind == Kind::estimated)
    return kept_if_empty(difference(*told, asked, Kind::estimated, static_cast<Status>(told->header.detail)));
  if (auto came = difference(*told, asked, Kind::reply, Status::bad_frame); !came.empty())
    return {Outcome::broken, std::move(came)};
  return kept_if_empty(dialogue.ends() ? "" : "bad_frame, and the connection stays open");
}

// --- bad input
// ------------------------------------------------------------------------------------------------

/// The header is answered bad_frame, and the connection closes.
Verdict play_bad(const RuleStage& stage, const HeaderBytes& bytes) {
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(bytes);
  const FrameHeader asked = proto::decode_header(bytes.data());
  if (auto came = answer_problem(dialogue, asked, Kind::reply, Status::bad_frame); !came.empty())
    return {Outcome::broken, std::move(came)};
  return kept_if_empty(dialogue.ends() ? "" : "bad_frame, and the connection stays open");
}

Verdict play_version(const RuleStage& stage) {
  HeaderBytes bytes = bytes_of(stage.request(27));
  bytes[4] = std::byte{2};
  return play_bad(stage, bytes);
}

Verdict play_kind(const RuleStage& stage) {
  FrameHeader header = stage.request(28);
  header.kind = static_cast<Kind>(99);
  return play_bad(stage, bytes_of(header));
}

Verdict play_direction(const RuleStage& stage) {
  FrameHeader header = stage.request(29);
  header.kind = Kind::reply;
  return play_bad(stage, bytes_of(header));
}

Verdict play_flag(const RuleStage& stage) {
  FrameHeader header = stage.request(30);
  header.flags = 0x80;
  return play_bad(stage, bytes_of(header));
}

Verdict play_garbage(const RuleStage& stage) {
  constexpr std::string_view kText = "GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n";
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(std::as_bytes(std::span(kText)));
  return kept_if_empty(dialogue.ends() ? "" : "the connection stays open");
}

Verdict play_half_frame(const RuleStage& stage) {
  const HeaderBytes bytes = bytes_of(stage.request(31));
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(std::span(bytes).first(10));
  dialogue.end_sending();
  if (const auto told = dialogue.next()) return {Outcome::broken, words_of(*told)};
  return kept_if_empty(dialogue.ends() ? "" : "the connection stays open");
}

Verdict play_afterwards(const RuleStage& stage) {
  const FrameHeader asked = stage.request(32);
  Dialogue bad(stage.loop, stage.route, stage.subject.patience);
  Dialogue good(stage.loop, stage.route, stage.subject.patience);
  HeaderBytes bytes = bytes_of(asked);
  bytes[4] = std::byte{0xff};
  bad.send(bytes);
  bad.pause(50ms);
  good.send(asked);
  return kept_if_empty(answer_problem(good, asked));
}

constexpr Rule kRules[] = {
    {Rule::For::both, "pings", "a ping is answered by a pong with its id, without a body", play_ping, 0,
     kPongs},
    {Rule::For::both, "pings at work", "a ping is answered at once, before any queued work",
     play_ping_at_work, kAnswers | kPongs},
    {Rule::For::both, "pings for health",
     "a ping of length 1 gets a pong without a body, or with a JSON object", play_health, kPongs},
    {Rule::For::both, "pings with a body", "a body of a ping is skipped", play_ping_body, kReplies | kPongs},
    {Rule::For::both, "describe", "a describe gets a description with its id: JSON, or no_server and no body",
     play_describe, 0},
    {Rule::For::both, "estimate",
     "an estimate gets an estimated with id, type, flags and length, or bad_frame", play_estimate},
    {Rule::For::both, "another version",
     "it is answered bad_frame with the id as read, and the connection closes", play_version},
    {Rule::For::both, "unknown kinds",
     "they are answered bad_frame with the id as read, and the connection closes", play_kind},
    {Rule::For::both, "the other direction", "a reply to a receiver of requests is a bad_frame, and closes",
     play_direction},
    {Rule::For::both, "unknown flags",
     "they are answered bad_frame with the known flags, and the connection closes", play_flag},
    {Rule::For::both, "garbage", "a boundary that cannot be trusted ends the connection", play_garbage, 0},
    {Rule::For::both, "half a frame",
     "the end of a stream inside a frame closes the connection, without a reply", play_half_frame, 0},
    {Rule::For::both, "others are not harmed", "bad input ends its own connection and no other",
     play_afterwards},
};

}  // namespace

std::span<const Rule> other_rules() { return kRules; }

}  // namespace finishline::client
