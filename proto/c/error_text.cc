#include "proto/c/error_text.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "proto/version.h"

namespace finishline::clib {
namespace {

thread_local std::array<char, 512> last_words{};

struct Word {
  int result;
  const char* name;
  const char* sentence;
};
constexpr Word kWords[] = {
    {FINISHLINE_OK, "ok", "served"},
    {FINISHLINE_BAD_FRAME, "bad_frame", "the other side could not read the request"},
    {FINISHLINE_UNKNOWN_TYPE, "unknown_type", "no such type letter, or a server that cannot do it"},
    {FINISHLINE_TOO_LARGE, "too_large", "the body or the length is over the limit of the other side"},
    {FINISHLINE_NO_SERVER, "no_server", "no server that can do this type is up"},
    {FINISHLINE_SERVER_LOST, "server_lost",
     "the server went away with the request, which may have been done"},
    {FINISHLINE_DEADLINE_EXCEEDED, "deadline_exceeded",
     "the deadline passed first; the work may have been done"},
    {FINISHLINE_OVERLOADED, "overloaded", "refused by a limit"},
    {FINISHLINE_DRAINING, "draining", "the receiver is about to stop"},
    {FINISHLINE_SERVER_ERROR, "server_error", "the server said that it failed"},
    {FINISHLINE_CANCELLED, "cancelled", "the other side knows that nobody wants it any more"},
    {FINISHLINE_NOT_SENT, "not_sent", "no connection took the request in time"},
    {FINISHLINE_CONNECTION_LOST, "connection_lost",
     "the connection ended with the request open, which may have been done"},
    {FINISHLINE_TIMED_OUT, "timed_out", "nothing came in time; the work may have been done"},
    {FINISHLINE_PROTOCOL_ERROR, "protocol_error", "the other side sent bytes that make no sense"},
    {FINISHLINE_WITHDRAWN, "withdrawn", "it was cancelled here, or its client was freed"},
    {FINISHLINE_BAD_ARGUMENT, "bad_argument", "an argument makes no sense"},
    {FINISHLINE_OUT_OF_MEMORY, "out_of_memory", "there is no memory left"},
    {FINISHLINE_SYSTEM_ERROR, "system_error", "the kernel refuses"},
    {FINISHLINE_TOO_MANY, "too_many",
     "as many requests as max_open allows are open; fetch completions first"},
    {FINISHLINE_ENDED, "ended", "the server has been stopped, or drained to its end"},
};
constexpr Word kUnknown = {0, "unknown", "a status that this library does not know"};

const Word& word_of(int result) noexcept {
  const auto* found = std::find_if(std::begin(kWords), std::end(kWords),
                                   [=](const Word& word) { return word.result == result; });
  return found == std::end(kWords) ? kUnknown : *found;
}

}  // namespace

int failed(int result, std::string_view words) noexcept {
  const std::size_t count = std::min(words.size(), last_words.size() - 1);
  std::memmove(last_words.data(), words.data(), count);
  last_words[count] = 0;
  return result;
}

std::string system_words(std::string_view what, int number) {
  char block[128];
  return std::string(what) + ": " + ::strerror_r(number, block, sizeof block);
}

std::string words_for(const finishline_reply& reply, const std::string& why) {
  const Word& word = word_of(reply.result);
  std::string all = word.name + std::string(": ") + word.sentence;
  if (!why.empty()) all += " (" + why + ")";
  if (reply.result == FINISHLINE_OVERLOADED && reply.service_us > 0)
    all += "; it may come again in " + std::to_string(reply.service_us / 1000) + " ms";
  return all;
}

}  // namespace finishline::clib

using namespace finishline::clib;

const char* finishline_result_name(int result) { return word_of(result).name; }
const char* finishline_version() { return finishline::version(); }
const char* finishline_error() { return last_words.data(); }
