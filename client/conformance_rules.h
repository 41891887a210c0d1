// Inside of conformance: the tables of rules.
#pragma once

#include <span>

#include "client/conformance.h"
#include "client/dialogue.h"

namespace finishline::client {

struct Verdict {
  Outcome outcome = Outcome::kept;
  std::string came;
};

/// What a rule is played with.
struct RuleStage {
  net::Loop& loop;
  const Route& route;
  const Subject& subject;

  /// A request of a type that the subject can do, short unless said otherwise.
  proto::FrameHeader request(std::uint64_t id, std::uint32_t length = 1) const {
    return {.kind = proto::Kind::request, .type = subject.type, .id = id, .length = length};
  }
};

/// What a rule finds out, or takes for granted: bits.
inline constexpr unsigned kAnswers = 1, kByteOrder = 2, kIds = 4, kTags = 8, kFlags = 16, kPongs = 32;
/// Replies that can be told apart, and mean what they say.
inline constexpr unsigned kReplies = kAnswers | kByteOrder | kIds | kTags;

struct Rule {
  enum class For : std::uint8_t { both, server, proxy };
  For whom = For::both;
  const char* name;
  const char* says;
  Verdict (*play)(const RuleStage& stage);
  unsigned needs = kReplies;  // it is not played when a rule is broken that finds out one of these
  unsigned finds = 0;
};

/// Requests and their replies.
std::span<const Rule> request_rules();
/// Pings, descriptions, estimates, and input that makes no sense.
std::span<const Rule> other_rules();
/// Work that is taken back, what is told of work, and, as the last one, the end.
std::span<const Rule> work_rules();
/// Of the two-byte protocol, in the place of all others.
std::span<const Rule> mini_rules();

// --- what the rules have in common ---

/// `came` is "" when the rule was kept.
Verdict kept_if_empty(std::string came);
/// What came, for people: "a reply with status ok, id 7, type V, length 5".
std::string words_of(const Told& told);
/// "" when a frame of this kind with this status and the id, type, length and flags of `asked` comes next;
/// else what came.
std::string answer_problem(Dialogue& dialogue, const proto::FrameHeader& asked,
                           proto::Kind kind = proto::Kind::reply, proto::Status status = proto::Status::ok);
/// The same of a frame that has come.
std::string difference(const Told& told, const proto::FrameHeader& asked, proto::Kind kind,
                       proto::Status status);

}  // namespace finishline::client
