// The rules about work that is taken back, what is told of work to come, and the end.
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "client/conformance_rules.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

using proto::FrameHeader;
using proto::Kind;
using proto::Status;

constexpr std::uint32_t kLongWork = 200;  // units
constexpr std::uint32_t kSomeWork = 20;
constexpr Nanos kSilence = 200ms;  // in which nothing more may come

nlohmann::json json_of(const Told& told) {
  const std::string_view text(reinterpret_cast<const char*>(told.body.data()), told.body.size());
  return nlohmann::json::parse(text, nullptr, false);
}

FrameHeader work(const RuleStage& stage, std::uint64_t id, std::uint32_t units) {
  return stage.request(id, std::min(units, stage.subject.max_length));
}

Status status_of(const Told& told) { return static_cast<Status>(told.header.detail); }

// --- cancel -----------------------------------------------------------------------------------------------

/// Whether it has said that it understands cancel: only then it may be sent one.
bool understands_cancel(Dialogue& dialogue) {
  dialogue.send(FrameHeader{.kind = Kind::ping, .id = 40, .length = 1});
  const auto told = dialogue.next();
  if (!told || told->header.kind != Kind::pong) return false;
  const nlohmann::json vitals = json_of(*told);
  return vitals.is_object() && vitals.value("cancel", nlohmann::json()) == true;
}

const Verdict kKnowsNoCancel{Outcome::untried, "it does not say that it understands cancel"};

Verdict play_cancel(const RuleStage& stage) {
  const FrameHeader asked = work(stage, 41, kLongWork);
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  if (!understands_cancel(dialogue)) return kKnowsNoCancel;
  dialogue.send(asked);
  dialogue.send(FrameHeader{.kind = Kind::cancel, .id = asked.id});
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  const Status status = status_of(*told) == Status::ok ? Status::ok : Status::cancelled;
  if (auto came = difference(*told, asked, Kind::reply, status); !came.empty())
    return {Outcome::broken, std::move(came)};
  if (status == Status::cancelled && !told->body.empty())
    return {Outcome::broken, "a body with status cancelled"};
  return kept_if_empty(dialogue.silent_for(kSilence) ? "" : "more than one reply to a cancelled request");
}

Verdict play_cancel_of_nothing(const RuleStage& stage) {
  const FrameHeader ping{.kind = Kind::ping, .id = 43};
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  if (!understands_cancel(dialogue)) return kKnowsNoCancel;
  dialogue.send(FrameHeader{.kind = Kind::cancel, .id = 42});
  dialogue.send(ping);
  return kept_if_empty(answer_problem(dialogue, ping, Kind::pong));
}

Verdict play_cancel_elsewhere(const RuleStage& stage) {
  const FrameHeader asked = work(stage, 44, kSomeWork), ping{.kind = Kind::ping, .id = 45};
  Dialogue mine(stage.loop, stage.route, stage.subject.patience);
  Dialogue other(stage.loop, stage.route, stage.subject.patience);
  if (!understands_cancel(other)) return kKnowsNoCancel;
  mine.send(asked);
  mine.pause(10ms);
  other.send(FrameHeader{.kind = Kind::cancel, .id = asked.id});
  other.send(ping);
  if (auto came = answer_problem(other, ping, Kind::pong); !came.empty())
    return {Outcome::broken, std::move(came)};
  return kept_if_empty(answer_problem(mine, asked));
}

// --- what is told of work -------------------------------------------------------------------------------

Verdict play_classes(const RuleStage& stage) {
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  for (std::uint8_t priority = 0; priority < proto::kPriorities; ++priority) {
    FrameHeader asked = stage.request(46 + std::uint64_t{priority});
    asked.flags = proto::priority_flags(priority);
    dialogue.send(asked);
    if (auto came = answer_problem(dialogue, asked); !came.empty())
      return {Outcome::broken, "for class " + std::to_string(priority) + " " + came};
  }
  return {};
}

Verdict play_backlog(const RuleStage& stage) {
  constexpr std::uint64_t kRequests = 3;
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  for (std::uint64_t id = 50; id < 50 + kRequests; ++id) dialogue.send(work(stage, id, kSomeWork));
  std::uint32_t last = 0;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    const auto told = dialogue.next();
    if (!told) return kept_if_empty(dialogue.why_nothing());
    last = told->header.origin;
  }
  if (last == 0) return {};
  return {Outcome::broken,
          "a backlog of " + human(std::chrono::microseconds(last)) + " behind the last reply"};
}

/// The numbers of the servers that a proxy describes; none: it does not tell.
std::set<std::uint32_t> servers_of(const RuleStage& stage) {
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(FrameHeader{.kind = Kind::describe, .id = 53});
  const auto told = dialogue.next();
  std::set<std::uint32_t> numbers;
  if (!told || told->header.kind != Kind::description) return numbers;
  const nlohmann::json description = json_of(*told);
  if (!description.is_object() || !description.contains("servers")) return numbers;
  for (const auto& server : description["servers"])
    if (server.is_object() && server.value("number", nlohmann::json()).is_number_unsigned())
      numbers.insert(server["number"].get<std::uint32_t>());
  return numbers;
}

Verdict play_origin(const RuleStage& stage) {
  const std::set<std::uint32_t> known = servers_of(stage);
  if (known.empty()) return {Outcome::untried, "it does not say which servers it has"};
  const FrameHeader asked = stage.request(54);
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  if (auto came = difference(*told, asked, Kind::reply, Status::ok); !came.empty())
    return {Outcome::broken, std::move(came)};
  if (known.contains(told->header.origin)) return {};
  return {Outcome::broken, "server " + std::to_string(told->header.origin) + ", which it does not describe"};
}

Verdict play_estimate_that_cannot_be(const RuleStage& stage, FrameHeader asked, Status expected) {
  asked.kind = Kind::estimate;
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  if (told->header.kind == Kind::reply && status_of(*told) == Status::bad_frame)
    return {Outcome::untried, "it knows no estimates"};
  return kept_if_empty(difference(*told, asked, Kind::estimated, expected));
}

Verdict play_estimate_of_unknown(const RuleStage& stage) {
  FrameHeader asked = stage.request(55);
  asked.type = stage.subject.unknown_type;
  return play_estimate_that_cannot_be(stage, asked, Status::unknown_type);
}

Verdict play_estimate_of_too_long(const RuleStage& stage) {
  if (stage.subject.max_length == 0xffffffffU)
    return {Outcome::untried, "it does not say how long is too long"};
  return play_estimate_that_cannot_be(stage, stage.request(56, stage.subject.max_length + 1),
                                      Status::too_large);
}

Verdict play_estimate_without_work(const RuleStage& stage) {
  FrameHeader asked = stage.request(57);
  asked.kind = Kind::estimate;
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  if (told->header.kind != Kind::estimated) return {Outcome::untried, "it knows no estimates"};
  const bool named = status_of(*told) != Status::ok || !told->body.empty();
  if (!named) return {Outcome::broken, "an estimate that names no type of server"};
  return kept_if_empty(dialogue.silent_for(kSilence) ? "" : "something more behind an estimate");
}

// --- resize -----------------------------------------------------------------------------------------------

FrameHeader resize_to(std::uint64_t id, std::uint32_t slots) {
  return {.kind = Kind::resize, .id = id, .length = slots};
}

/// How many requests it works on at once, as it says itself; 0: it does not say.
std::uint32_t slots_of(Dialogue& dialogue) {
  dialogue.send(FrameHeader{.kind = Kind::ping, .id = 70, .length = 1});
  const auto told = dialogue.next();
  const nlohmann::json vitals = told ? json_of(*told) : nlohmann::json();
  const bool says = vitals.is_object() && vitals.value("slots", nlohmann::json()).is_number_unsigned();
  return says ? vitals["slots"].get<std::uint32_t>() : 0;
}

const Verdict kKnowsNoResize{Outcome::untried, "it does not know resize, and says so by bad_frame"};

bool knows_no_resize(const Told& told) {
  return told.header.kind == Kind::reply && status_of(told) == Status::bad_frame;
}

/// It has said that it does so.
Verdict look_at_slots(Dialogue& dialogue, std::uint32_t before) {
  const std::uint32_t now = slots_of(dialogue);
  const FrameHeader back = resize_to(72, before);
  dialogue.send(back);
  if (auto came = answer_problem(dialogue, back); !came.empty()) return {Outcome::broken, std::move(came)};
  if (now == before + 1) return {};
  return {Outcome::broken, "ok, and then slots " + std::to_string(now) + " in its pong"};
}

Verdict play_resize(const RuleStage& stage) {
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  const std::uint32_t before = slots_of(dialogue);
  const FrameHeader asked = resize_to(71, before + 1);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  if (knows_no_resize(*told)) return kKnowsNoResize;
  const Status status = status_of(*told) == Status::server_error ? Status::server_error : Status::ok;
  if (auto came = difference(*told, asked, Kind::reply, status); !came.empty())
    return {Outcome::broken, std::move(came)};
  return status == Status::ok && before > 0 ? look_at_slots(dialogue, before) : Verdict{};
}

Verdict play_resize_to_nothing(const RuleStage& stage) {
  const FrameHeader asked = resize_to(73, 0);
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(asked);
  const auto told = dialogue.next();
  if (!told) return kept_if_empty(dialogue.why_nothing());
  if (knows_no_resize(*told)) return kKnowsNoResize;
  return kept_if_empty(difference(*told, asked, Kind::reply, Status::server_error));
}

// --- the end
// ------------------------------------------------------------------------------------------------

Verdict play_goaway(const RuleStage& stage) {
  if (!stage.subject.stop) return {Outcome::untried, "nobody has said how it is told to end (--stops PID)"};
  const FrameHeader open = work(stage, 60, kLongWork), late = stage.request(61);
  Dialogue dialogue(stage.loop, stage.route, stage.subject.patience);
  dialogue.send(open);
  dialogue.pause(20ms);
  stage.subject.stop();
  if (!dialogue.hears_goaway()) return kept_if_empty("no goaway: " + dialogue.why_nothing());
  dialogue.send(late);
  std::string came;
  for (int i = 0; i < 2 && came.empty(); ++i) {
    const auto told = dialogue.next();
    if (!told) return kept_if_empty(dialogue.why_nothing());
    const bool is_late = told->header.id == late.id;
    came = difference(*told, is_late ? late : open, Kind::reply, is_late ? Status::draining : Status::ok);
  }
  if (!came.empty()) return {Outcome::broken, std::move(came)};
  return kept_if_empty(dialogue.ends() ? "" : "the connection stays open");
}

constexpr Rule kRules[] = {
    {Rule::For::both, "cancelled requests",
     "a cancelled request gets its one reply: cancelled, without a body, or the ordinary one", play_cancel,
     kReplies | kPongs},
    {Rule::For::both, "cancels of nothing",
     "a cancel for an id that is not open changes nothing, and is not answered", play_cancel_of_nothing,
     kPongs},
    {Rule::For::both, "cancels elsewhere", "a cancel concerns the requests of its own connection",
     play_cancel_elsewhere, kReplies | kPongs},
    {Rule::For::proxy, "all classes", "classes go from 0 to 3", play_classes, kReplies | kFlags},
    {Rule::For::server, "backlogs",
     "origin is the work that is left without the request that is answered: 0 behind the last", play_backlog,
     kAnswers},
    {Rule::For::proxy, "who did it", "origin of a reply is the number of a server that is described",
     play_origin},
    {Rule::For::proxy, "estimates of unknown types", "they are answered unknown_type",
     play_estimate_of_unknown},
    {Rule::For::proxy, "estimates of too long work", "they are answered too_large",
     play_estimate_of_too_long},
    {Rule::For::both, "estimates do no work",
     "an estimate with status ok names the type of server, and nothing comes behind it",
     play_estimate_without_work},
    {Rule::For::server, "resize",
     "a resize is answered ok, with its id and length, and so many are worked on at once; or server_error",
     play_resize},
    {Rule::For::server, "resize to nothing", "0 slots are answered server_error", play_resize_to_nothing},
    {Rule::For::both, "goaway",
     "who ends says goaway, answers what is open and refuses what comes as draining, then closes",
     play_goaway},
};

}  // namespace

std::span<const Rule> work_rules() { return kRules; }

}  // namespace finishline::client
