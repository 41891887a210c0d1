#include "lb/worker/foreign_speech.h"

namespace finishline::worker {
namespace {

using proto::Guess;
using proto::Speech;

bool of_client(Expected expected) {
  return expected != Expected::frames_of_server && expected != Expected::words_of_server;
}

std::string remedy_for_client(const Guess& guess, Expected expected) {
  switch (guess.speech) {
    case Speech::http:
      if (expected == Expected::http_of_client) return "HTTP/1.1, or 1.0, is taken here: POST /TYPE";
      return "a listener with mode = \"http\" takes it; the admin server is at proxy.admin";
    case Speech::tls:
      return "a listener with tls takes it, or the client can do without TLS";
    case Speech::mini:
      if (expected == Expected::words_of_client)
        return "a request is two bytes: the letter of a type in [work], and a digit";
      return "a listener with mode = \"mini\" takes it";
    case Speech::frame:
      return "a listener with mode = \"frame\" takes frames, of the kinds and flags of this version";
    case Speech::other_version:
      return "client and proxy are of different versions";
    case Speech::little_endian:
      return "the client has to write numbers most significant byte first";
    default:
      break;
  }
  if (guess.words.starts_with("the PROXY protocol")) return "name the sender in proxy_from of the listener";
  return "a listener with mode = \"stream\" carries any protocol; else the client has the wrong address";
}

std::string remedy_for_server(const Guess& guess, Expected expected) {
  switch (guess.speech) {
    case Speech::http:
      return "protocol = \"http\" in its [[server]]";
    case Speech::tls:
      return "tls = true in its [[server]]";
    case Speech::mini:
      if (expected == Expected::words_of_server)
        return "its replies have to come in the order of its requests, each with the letter and digit asked";
      return "protocol = \"mini\" in its [[server]]";
    case Speech::frame:
      return "protocol = \"frame\" in its [[server]]; kinds and flags have to be those of this version";
    case Speech::other_version:
      return "server and proxy are of different versions";
    case Speech::little_endian:
      return "the server has to write numbers most significant byte first";
    default:
      return "is the address in its [[server]] the right one?";
  }
}

}  // namespace

std::string ForeignSpeech::remedy(const proto::Guess& guess) const {
  return of_client(expected_) ? remedy_for_client(guess, expected_) : remedy_for_server(guess, expected_);
}

std::optional<ForeignSpeech::Note> ForeignSpeech::note(std::span<const std::byte> bytes, Instant now) {
  const Guess guess = proto::what_it_looks_like(bytes);
  const auto [told, first] = told_at_.try_emplace(guess.words, now);
  if (!first && now - told->second < kTellAgain) return std::nullopt;
  told->second = now;
  return Note{.hex = proto::hex_of(bytes),
              .text = proto::printable(bytes),
              .looks_like = guess.words.empty() ? "nothing known" : guess.words,
              .remedy = remedy(guess)};
}

bool looks_foreign(std::span<const std::byte> bytes) {
  const Speech speech = proto::what_it_looks_like(bytes).speech;
  return speech != Speech::unknown && speech != Speech::frame;
}

}  // namespace finishline::worker
