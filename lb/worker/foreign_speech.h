// Bytes that are not of the protocol which a listener or a link expects: what the log says of them. Worker
// process; no socket and no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "proto/looks_like.h"
#include "proto/units.h"

namespace finishline::worker {

/// What should have come, and from whom.
enum class Expected : std::uint8_t {
  frames_of_client,
  words_of_client,
  http_of_client,
  frames_of_server,
  words_of_server
};

/// Of one listener or link.
class ForeignSpeech {
 public:
  static constexpr Nanos kTellAgain = std::chrono::minutes(1);

  struct Note {
    std::string hex, text;   // of the first bytes
    std::string looks_like;  // "HTTP"; "nothing known"
    std::string remedy;
  };

  explicit ForeignSpeech(Expected expected) : expected_(expected) {}

  /// What to tell; nothing when bytes of this kind were told of less than kTellAgain ago.
  std::optional<Note> note(std::span<const std::byte> bytes, Instant now);

 private:
  std::string remedy(const proto::Guess& guess) const;

  Expected expected_;
  std::map<std::string, Instant> told_at_;  // by what they look like, of which there are few
};

/// Whether the beginning of what is not a whole frame is known to be of another protocol.
bool looks_foreign(std::span<const std::byte> bytes);

}  // namespace finishline::worker
