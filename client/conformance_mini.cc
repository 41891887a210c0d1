// The rules of the two-byte protocol.
#include <algorithm>
#include <cctype>

#include "client/conformance_rules.h"
#include "proto/looks_like.h"

namespace finishline::client {
namespace {

constexpr Nanos kSilence = 200ms;  // in which nothing more may come

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// 'V5', or its bytes as numbers.
std::string shown(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](unsigned char c) { return std::isprint(c) != 0; });
  return plain ? "'" + std::string(text) + "'" : proto::hex_of(bytes_of(text));
}

/// A connection for a rule.
class MiniTalk {
 public:
  explicit MiniTalk(const RuleStage& stage)
      : dialogue_(stage.loop, stage.route, stage.subject.patience, Speech::words),
        type_(stage.subject.type) {}

  /// Requests of these lengths: "3", "12".
  std::string words(std::string_view lengths) const {
    std::string text;
    for (const char length : lengths) text += {type_, length};
    return text;
  }
  Dialogue& ask(std::string_view text) {
    dialogue_.send(bytes_of(text));
    return dialogue_;
  }
  /// "" when just this comes next; else what came.
  std::string problem(std::string_view expected) {
    const std::string came = dialogue_.next_bytes(expected.size());
    if (came == expected) return {};
    if (came.empty()) return dialogue_.why_nothing();
    return shown(came) + " instead of " + shown(expected) +
           (came.size() < expected.size() ? ", then " + dialogue_.why_nothing() : "");
  }
  Dialogue& dialogue() { return dialogue_; }

 private:
  Dialogue dialogue_;
  char type_;
};

/// Each request is answered by its own two bytes, in their order.
Verdict play_served(const RuleStage& stage, std::string_view lengths) {
  MiniTalk talk(stage);
  talk.ask(talk.words(lengths));
  return kept_if_empty(talk.problem(talk.words(lengths)));
}

Verdict play_mini_request(const RuleStage& stage) { return play_served(stage, "1"); }

Verdict play_lengths(const RuleStage& stage) {
  for (const char* const length : {"0", "9"})
    if (Verdict verdict = play_served(stage, length); verdict.outcome != Outcome::kept) return verdict;
  return {};
}

Verdict play_order(const RuleStage& stage) { return play_served(stage, "9135"); }

Verdict play_one_word_each(const RuleStage& stage) {
  const std::string lengths(20, '1');
  MiniTalk talk(stage);
  talk.ask(talk.words(lengths));
  if (auto came = talk.problem(talk.words(lengths)); !came.empty()) return {Outcome::broken, std::move(came)};
  return kept_if_empty(talk.dialogue().silent_for(kSilence) ? "" : "more than 20 replies to 20 requests");
}

Verdict play_halves(const RuleStage& stage) {
  MiniTalk talk(stage);
  const std::string words = talk.words("12");
  for (const char byte : words) talk.ask({&byte, 1}).pause(2ms);
  return kept_if_empty(talk.problem(words));
}

Verdict play_mini_connections(const RuleStage& stage) {
  MiniTalk first(stage), second(stage);
  first.ask(first.words("2"));
  second.ask(second.words("1"));
  if (auto came = second.problem(second.words("1")); !came.empty()) return {Outcome::broken, std::move(came)};
  return kept_if_empty(first.problem(first.words("2")));
}

Verdict play_unknown_letter(const RuleStage& stage) {
  MiniTalk talk(stage);
  const std::string unknown{stage.subject.unknown_type, '1'};
  talk.ask(talk.words("1") + unknown + talk.words("2"));
  const std::string came = talk.dialogue().next_bytes(6);
  if (!stage.subject.proxy && came == talk.words("1") + unknown + talk.words("2"))
    return {Outcome::untried, "it does work of any type"};
  const std::string expected = talk.words("1") + "!2" + talk.words("2");
  return kept_if_empty(came == expected ? "" : shown(came) + " instead of " + shown(expected));
}

/// Two bytes that are no request, behind one that is.
Verdict play_no_word(const RuleStage& stage, std::string_view odd) {
  MiniTalk talk(stage);
  talk.ask(talk.words("2") + std::string(odd));
  if (auto came = talk.problem(talk.words("2") + "!1"); !came.empty())
    return {Outcome::broken, std::move(came)};
  return kept_if_empty(talk.dialogue().ends() ? "" : "!1, and the connection stays open");
}

Verdict play_no_letter(const RuleStage& stage) { return play_no_word(stage, "?1"); }
Verdict play_no_digit(const RuleStage& stage) {
  return play_no_word(stage, std::string{stage.subject.type, 'x'});
}

Verdict play_mini_afterwards(const RuleStage& stage) {
  MiniTalk bad(stage), good(stage);
  bad.ask("\x16\x03").pause(50ms);
  good.ask(good.words("1"));
  return kept_if_empty(good.problem(good.words("1")));
}

Verdict play_last_byte(const RuleStage& stage) {
  MiniTalk talk(stage);
  talk.ask(talk.words("1") + stage.subject.type).end_sending();
  if (auto came = talk.problem(talk.words("1")); !came.empty()) return {Outcome::broken, std::move(came)};
  if (!talk.dialogue().silent_for(kSilence)) return {Outcome::broken, "a reply to half a request"};
  return kept_if_empty(talk.dialogue().ends() ? "" : "the connection stays open");
}

constexpr Rule kRules[] = {
    {Rule::For::both, "a request is answered", "a request that was served gets its own two bytes",
     play_mini_request, 0, kAnswers},
    {Rule::For::both, "lengths", "lengths go from 0 to 9", play_lengths},
    {Rule::For::both, "replies in order", "replies come in the order of the requests of their connection",
     play_order},
    {Rule::For::both, "one reply each", "every request gets one reply of two bytes", play_one_word_each},
    {Rule::For::both, "requests in pieces", "the two bytes of a request may come one by one", play_halves},
    {Rule::For::both, "connections", "each connection has an order of its own", play_mini_connections},
    {Rule::For::both, "unknown types", "a letter that names no type is answered !2, and others are served",
     play_unknown_letter},
    {Rule::For::both, "no letter",
     "two bytes that are no letter and digit are answered !1 behind all earlier replies, and the "
     "connection closes",
     play_no_letter},
    {Rule::For::both, "no digit",
     "two bytes that are no letter and digit are answered !1 behind all earlier replies, and the "
     "connection closes",
     play_no_digit},
    {Rule::For::both, "others are not harmed", "bad input ends its own connection and no other",
     play_mini_afterwards},
    {Rule::For::both, "half a request", "a last single byte before the end of the stream is dropped",
     play_last_byte},
};

}  // namespace

std::span<const Rule> mini_rules() { return kRules; }

}  // namespace finishline::client
