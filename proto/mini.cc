#include "proto/mini.h"

namespace finishline::proto {
namespace {

constexpr char kFailed = '!';

constexpr MiniWord word_of(char first, char second) noexcept {
  return {static_cast<std::byte>(first), static_cast<std::byte>(second)};
}
constexpr char digit(std::uint32_t value) noexcept { return static_cast<char>('0' + value % 10); }
constexpr bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

MiniWord encode_mini(MiniRequest request) noexcept { return word_of(request.type, digit(request.length)); }

MiniWord encode_mini_reply(MiniRequest request, Status status) noexcept {
  if (status == Status::ok) return encode_mini(request);
  return word_of(kFailed, digit(static_cast<std::uint32_t>(status)));
}

std::optional<MiniRequest> decode_mini(MiniWord word) noexcept {
  const auto type = static_cast<char>(word[0]);
  const auto length = static_cast<char>(word[1]);
  if (!is_letter(type) || !is_digit(length)) return std::nullopt;
  return MiniRequest{type, static_cast<std::uint8_t>(length - '0')};
}

std::optional<Status> decode_mini_reply(MiniWord word, MiniRequest sent) noexcept {
  if (word == encode_mini(sent)) return Status::ok;
  const auto status = static_cast<char>(word[1]);
  if (static_cast<char>(word[0]) != kFailed || !is_digit(status) || status == '0') return std::nullopt;
  return static_cast<Status>(status - '0');
}

std::optional<MiniWord> MiniDecoder::next() noexcept {
  if (input_.empty()) return std::nullopt;
  if (has_half_) {
    has_half_ = false;
    const MiniWord word{half_, input_[0]};
    input_ = input_.subspan(1);
    return word;
  }
  if (input_.size() == 1) {
    half_ = input_[0];
    has_half_ = true;
    input_ = {};
    return std::nullopt;
  }
  const MiniWord word{input_[0], input_[1]};
  input_ = input_.subspan(kMiniBytes);
  return word;
}

}  // namespace finishline::proto
