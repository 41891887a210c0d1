// What redis says, as values, and what it is told, as bytes: hiredis' reader and formatter, and nothing else
// of hiredis. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace finishline::peers {

struct RedisReply {
  enum class Kind : std::uint8_t { text, number, nothing, list, error } kind = Kind::nothing;
  std::string text{};  // of text and error
  std::int64_t number = 0;
  std::vector<RedisReply> list{};

  bool is_error() const { return kind == Kind::error; }
  /// Of a list whose first is this word.
  bool begins_with(std::string_view word) const { return !list.empty() && list.front().text == word; }
};

/// A command and its arguments, which may hold any bytes.
std::string redis_command(std::span<const std::string_view> words);

class RedisReplies {
 public:
  /// So many bytes may a reply have.
  static constexpr std::size_t kMost = 16U << 20;

  RedisReplies();
  ~RedisReplies();
  RedisReplies(const RedisReplies&) = delete;
  RedisReplies& operator=(const RedisReplies&) = delete;

  void feed(std::span<const std::byte> bytes);
  /// The next whole one; nothing: more bytes are needed, or it is broken.
  std::optional<RedisReply> next();
  /// Why no reply will come any more; "": nothing is wrong.
  const std::string& fault() const { return fault_; }

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t unread_ = 0;  // bytes fed since the last whole reply
  std::string fault_;
};

}  // namespace finishline::peers
