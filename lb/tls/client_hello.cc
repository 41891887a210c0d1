#include "lb/tls/client_hello.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace finishline::tls {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::byte kHandshakeRecord{22};
constexpr std::byte kClientHello{1};
constexpr std::size_t kMostRecord = 16 * 1024;
constexpr std::size_t kMessageHeader = 4;
constexpr std::size_t kMostName = 255;

std::size_t number_in(Bytes bytes) {
  std::size_t number = 0;
  for (const std::byte byte : bytes) number = number << 8 | static_cast<std::size_t>(byte);
  return number;
}

/// Takes `n` bytes from the front; nothing when there are fewer.
std::optional<Bytes> take(Bytes& from, std::size_t n) {
  if (from.size() < n) return std::nullopt;
  const Bytes taken = from.first(n);
  from = from.subspan(n);
  return taken;
}

/// Takes a field whose length, a number of so many bytes, stands before it.
std::optional<Bytes> take_field(Bytes& from, std::size_t length_bytes) {
  const auto length = take(from, length_bytes);
  return length ? take(from, number_in(*length)) : std::nullopt;
}

}  // namespace

ClientHelloDecoder::Step ClientHelloDecoder::feed(Bytes bytes) {
  while (!bytes.empty()) {
    Step step = Step::need_more;
    if (record_left_ == 0) {
      step = take_header(bytes.front());
      bytes = bytes.subspan(1);
    } else {
      const std::size_t n = std::min(record_left_, bytes.size());
      message_.insert(message_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      record_left_ -= n;
      bytes = bytes.subspan(n);
      step = look();
    }
    if (step != Step::need_more) return step;
  }
  return Step::need_more;
}

/// Of a record: its kind, the version, its length.
ClientHelloDecoder::Step ClientHelloDecoder::take_header(std::byte byte) {
  header_[header_bytes_++] = byte;
  if (header_[0] != kHandshakeRecord || (header_bytes_ > 1 && header_[1] != std::byte{3})) return Step::bad;
  if (header_bytes_ < header_.size()) return Step::need_more;
  header_bytes_ = 0;
  record_left_ = number_in(Bytes(header_).subspan(3));
  return record_left_ == 0 || record_left_ > kMostRecord ? Step::bad : Step::need_more;
}

ClientHelloDecoder::Step ClientHelloDecoder::look() {
  if (message_.front() != kClientHello) return Step::bad;
  if (message_.size() < kMessageHeader) return Step::need_more;
  const std::size_t length = number_in(Bytes(message_).subspan(1, 3));
  if (length + kMessageHeader > kMostBytes) return Step::bad;
  if (message_.size() < kMessageHeader + length) return Step::need_more;
  return read_message(Bytes(message_).subspan(kMessageHeader, length)) ? Step::done : Step::bad;
}

bool ClientHelloDecoder::read_message(Bytes body) {
  const auto version = take(body, 2);
  const auto random = take(body, 32);
  const auto session = take_field(body, 1);
  const auto ciphers = take_field(body, 2);
  const auto compressions = take_field(body, 1);
  if (!version || !random || !session || !ciphers || !compressions) return false;
  const bool plausible = (*version)[0] == std::byte{3} && session->size() <= 32 && ciphers->size() >= 2 &&
                         ciphers->size() % 2 == 0 && !compressions->empty();
  if (!plausible) return false;
  if (body.empty()) return true;  // before there were extensions
  const auto extensions = take_field(body, 2);
  return extensions && body.empty() && read_extensions(*extensions);
}

bool ClientHelloDecoder::read_extensions(Bytes extensions) {
  bool named = false;
  while (!extensions.empty()) {
    const auto type = take(extensions, 2);
    const auto field = take_field(extensions, 2);
    if (!type || !field) return false;
    if (number_in(*type) != 0) continue;
    if (std::exchange(named, true) || !read_names(*field)) return false;
  }
  return true;
}

bool ClientHelloDecoder::read_names(Bytes list) {
  auto names = take_field(list, 2);
  if (!names || !list.empty() || names->empty()) return false;
  while (!names->empty()) {
    const auto kind = take(*names, 1);
    const auto name = take_field(*names, 2);
    if (!kind || !name || name->empty() || name->size() > kMostName) return false;
    if ((*kind)[0] != std::byte{0}) continue;
    if (!server_name_.empty()) return false;
    for (const std::byte byte : *name) {
      const char c = static_cast<char>(byte);
      if (c <= ' ' || c >= 0x7f) return false;
      server_name_ += c;
    }
  }
  return true;
}

}  // namespace finishline::tls
