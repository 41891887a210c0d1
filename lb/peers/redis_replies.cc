#include "lb/peers/redis_replies.h"

#include <hiredis/hiredis.h>

#include <utility>

namespace finishline::peers {
namespace {

RedisReply value_of(const redisReply& from) {
  using Kind = RedisReply::Kind;
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      return {.kind = Kind::number, .number = from.integer};
    case REDIS_REPLY_NIL:
      return {};
    case REDIS_REPLY_ARRAY: {
      RedisReply list{.kind = Kind::list};
      for (std::size_t i = 0; i < from.elements; ++i) list.list.push_back(value_of(*from.element[i]));
      return list;
    }
    default:
      return {.kind = from.type == REDIS_REPLY_ERROR ? Kind::error : Kind::text,
              .text = std::string(from.str, static_cast<std::size_t>(from.len))};
  }
}

}  // namespace

std::string redis_command(std::span<const std::string_view> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data() != nullptr ? word.data() : "");
    sizes.push_back(word.size());
  }
  char* made = nullptr;
  const int size = redisFormatCommandArgv(&made, static_cast<int>(words.size()), texts.data(), sizes.data());
  std::string command(made, size > 0 ? static_cast<std::size_t>(size) : 0);
  redisFreeCommand(made);
  return command;
}

void RedisReplies::Free::operator()(redisReader* reader) const { redisReaderFree(reader); }

RedisReplies::RedisReplies() : reader_(redisReaderCreate()) {}
RedisReplies::~RedisReplies() = default;

void RedisReplies::feed(std::span<const std::byte> bytes) {
  if (!fault_.empty()) return;
  unread_ += bytes.size();
  if (unread_ > kMost) {
    fault_ = "a reply is too long";
  } else if (redisReaderFeed(reader_.get(), reinterpret_cast<const char*>(bytes.data()), bytes.size()) !=
             REDIS_OK) {
    fault_ = reader_->errstr;
  }
}

std::optional<RedisReply> RedisReplies::next() {
  if (!fault_.empty()) return std::nullopt;
  void* found = nullptr;
  if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) fault_ = reader_->errstr;
  if (found == nullptr) return std::nullopt;
  RedisReply reply = value_of(*static_cast<redisReply*>(found));
  freeReplyObject(found);
  unread_ = 0;
  return reply;
}

}  // namespace finishline::peers
