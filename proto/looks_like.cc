#include "proto/looks_like.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "proto/frame.h"
#include "proto/mini.h"

namespace finishline::proto {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

constexpr std::size_t kTagsAt = 4;                   // version, kind, type and flags of a frame
constexpr std::uint32_t kUnlikelyBody = 256U << 20;  // more than anybody sends at once
constexpr unsigned kLastKind = static_cast<unsigned>(Kind::resize);

struct Opening {
  std::string_view text;
  Speech speech;
  const char* words;
};

constexpr std::array<Opening, 27> kOpenings{{
    {"HTTP/", Speech::http, "HTTP"},
    {"GET ", Speech::http, "HTTP"},
    {"POST ", Speech::http, "HTTP"},
    {"PUT ", Speech::http, "HTTP"},
    {"HEAD ", Speech::http, "HTTP"},
    {"DELETE ", Speech::http, "HTTP"},
    {"OPTIONS ", Speech::http, "HTTP"},
    {"PATCH ", Speech::http, "HTTP"},
    {"CONNECT ", Speech::http, "HTTP"},
    {"<html", Speech::http, "HTTP"},
    {"<!DOCTYPE", Speech::http, "HTTP"},
    {"PRI * HTTP/2", Speech::http, "HTTP/2"},
    {"SSH-", Speech::other, "SSH"},
    {"PROXY ", Speech::other, "the PROXY protocol"},
    {"\r\n\r\n\0\r\nQUIT\n"sv, Speech::other, "the PROXY protocol, version 2"},
    {"220 ", Speech::other, "SMTP or FTP"},
    {"220-", Speech::other, "SMTP or FTP"},
    {"* OK", Speech::other, "IMAP"},
    {"+OK", Speech::other, "Redis or POP3"},
    {"-ERR", Speech::other, "Redis or POP3"},
    {"-DENIED", Speech::other, "Redis"},
    {"+PONG", Speech::other, "Redis"},
    {"*1\r\n$", Speech::other, "Redis"},
    {"*2\r\n$", Speech::other, "Redis"},
    {"*3\r\n$", Speech::other, "Redis"},
    {"PING\r\n", Speech::other, "Redis"},
    {"\0\0\0\x08\x04\xd2\x16\x2f"sv, Speech::other, "PostgreSQL"},
}};

unsigned at(Bytes bytes, std::size_t place) { return std::to_integer<unsigned>(bytes[place]); }

/// A record of TLS 1.0 to 1.3: what it carries, and the version, which is written as 3.x.
bool is_tls(Bytes bytes) {
  return bytes.size() >= 3 && at(bytes, 0) >= 0x14 && at(bytes, 0) <= 0x17 && at(bytes, 1) == 3 &&
         at(bytes, 2) <= 4;
}

/// The first frame of an HTTP/2 server: SETTINGS on stream 0.
bool is_http2(Bytes bytes) {
  return bytes.size() >= 9 && at(bytes, 0) == 0 && at(bytes, 1) == 0 && at(bytes, 3) == 4 &&
         at(bytes, 4) <= 1 &&
         std::ranges::all_of(bytes.subspan(5, 4), [](std::byte b) { return b == std::byte{0}; });
}

/// Words of two bytes, some of which may say why not.
bool is_mini(Bytes bytes) {
  if (bytes.size() < kMiniBytes) return false;
  for (std::size_t i = 0; i + kMiniBytes <= bytes.size(); i += kMiniBytes) {
    const MiniWord word{bytes[i], bytes[i + 1]};
    const bool refusal = at(bytes, i) == '!' && at(bytes, i + 1) >= '1' && at(bytes, i + 1) <= '9';
    if (!refusal && !decode_mini(word)) return false;
  }
  return true;
}

/// A header whose tags make sense where they stand, or in a word that was written the other way round.
std::optional<Guess> frame_in(Bytes bytes) {
  if (bytes.size() < 2 * kTagsAt) return std::nullopt;
  const auto known = [&](std::size_t place) {
    return at(bytes, place) >= 1 && at(bytes, place) <= kLastKind;
  };
  const std::uint32_t body = at(bytes, 0) << 24 | at(bytes, 1) << 16 | at(bytes, 2) << 8 | at(bytes, 3);
  const unsigned version = at(bytes, kTagsAt);
  const bool swapped_tags = version <= kKnownFlags && std::isalpha(static_cast<int>(at(bytes, 5))) != 0 &&
                            known(6) && at(bytes, 7) == kVersion;
  if (swapped_tags || (version == kVersion && known(5) && body >= kDefaultMaxBody && at(bytes, 3) == 0))
    return Guess{Speech::little_endian, "a frame with its bytes in little-endian order"};
  if (body >= kUnlikelyBody) return std::nullopt;
  if (version == kVersion && (known(5) || bytes.size() >= kHeaderBytes))
    return Guess{Speech::frame, known(5) ? "a frame" : "a frame of an unknown kind"};
  if (!known(5)) return std::nullopt;
  if (version > 9) return std::nullopt;
  return Guess{Speech::other_version, "a frame of version " + std::to_string(version)};
}

bool is_text(Bytes bytes) {
  return !bytes.empty() && std::ranges::all_of(bytes, [](std::byte b) {
    const int c = std::to_integer<int>(b);
    return std::isprint(c) != 0 || std::isspace(c) != 0;
  });
}

}  // namespace

Guess what_it_looks_like(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Opening& opening : kOpenings)
    if (text.starts_with(opening.text)) return {opening.speech, opening.words};
  if (is_tls(bytes)) return {Speech::tls, "TLS"};
  if (is_http2(bytes)) return {Speech::http, "HTTP/2"};
  if (is_mini(bytes)) return {Speech::mini, "the mini protocol"};
  if (auto frame = frame_in(bytes)) return std::move(*frame);
  if (is_text(bytes)) return {Speech::other, "text"};
  return {};
}

std::string hex_of(Bytes bytes, std::size_t most) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte b : bytes.first(std::min(most, bytes.size()))) {
    if (!text.empty()) text += ' ';
    text += kDigits[std::to_integer<std::size_t>(b >> 4)];
    text += kDigits[std::to_integer<std::size_t>(b & std::byte{15})];
  }
  return bytes.size() > most ? text + " ..." : text;
}

std::string printable(Bytes bytes, std::size_t most) {
  std::string text;
  for (const std::byte b : bytes.first(std::min(most, bytes.size()))) {
    const char c = static_cast<char>(b);
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return text;
}

}  // namespace finishline::proto
