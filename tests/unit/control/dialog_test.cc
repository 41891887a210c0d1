#include "lb/control/dialog.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "proto/frame.h"

using namespace finishline;
using namespace finishline::control;

namespace {

/// What comes of an answer that arrives byte by byte: "passed", the fault, or "more" when it is no verdict
/// yet.
std::string heard(Dialog& dialog, std::string_view answer) {
  dialog.question();
  for (const char byte : answer)
    if (const auto verdict = dialog.on_bytes(std::as_bytes(std::span(&byte, 1))))
      return verdict->value_or("passed");
  return "more";
}

/// The same at once.
std::string heard_whole(Dialog& dialog, std::string_view answer) {
  dialog.question();
  const auto verdict = dialog.on_bytes(std::as_bytes(std::span(answer)));
  return verdict ? verdict->value_or("passed") : "more";
}

void check_all(Dialog& dialog, const std::vector<std::pair<std::string, std::string>>& answers) {
  for (const auto& [answer, verdict] : answers) {
    INFO(answer);
    CHECK(heard(dialog, answer) == verdict);
    CHECK(heard_whole(dialog, answer) == verdict);
  }
}

/// An error of PostgreSQL with this code and message.
std::string postgres_error(const std::string& code, const std::string& message) {
  const std::string fields =
      std::string("SFATAL") + '\0' + "VFATAL" + '\0' + "C" + code + '\0' + "M" + message + '\0' + '\0';
  return std::string("E") + '\0' + '\0' + '\0' + static_cast<char>(fields.size() + 4) + fields;
}

}  // namespace

TEST_CASE("HTTP: the host that is asked, and the statuses that pass") {
  const auto dialog = http_dialog("/ready", "www.example.org", 200, 204);
  CHECK(dialog->question().starts_with("GET /ready HTTP/1.1\r\nHost: www.example.org\r\n"));
  check_all(*dialog, {{"HTTP/1.1 200 OK\r\n\r\n", "passed"},
                      {"HTTP/1.0 204 No Content\r\n\r\n", "passed"},
                      {"HTTP/1.1 301 Moved\r\n\r\n", "HTTP status 301"},
                      {"HTTP/1.1 199 Odd\r\n\r\n", "HTTP status 199"},
                      {"HTTP/1.1 2xx Odd\r\n\r\n", "the answer is no HTTP"},
                      {"SSH-2.0-OpenSSH_9.2\r\n", "the answer is no HTTP"},
                      {"HTTP/1.1 20", "more"}});
}

TEST_CASE("Redis: a pong passes, and so does the wish for a password; what the server cannot do fails") {
  const auto dialog = redis_dialog();
  CHECK(dialog->question() == "*1\r\n$4\r\nPING\r\n");
  check_all(*dialog,
            {{"+PONG\r\n", "passed"},
             {"-NOAUTH Authentication required.\r\n", "passed"},
             {"-LOADING Redis is loading the dataset in memory\r\n",
              "redis says -LOADING Redis is loading the dataset in memory"},
             {"-ERR max number of clients reached\r\n", "redis says -ERR max number of clients reached"},
             {"+PONGO\r\n", "the answer is no Redis"},
             {"HTTP/1.1 400 Bad Request\r\n", "the answer is no Redis"},
             {std::string(500, 'x'), "the answer is no Redis"},
             {"+PON", "more"}});
}

TEST_CASE("PostgreSQL: whoever asks for a password is there, and so is one who does not know the user") {
  const auto dialog = postgres_dialog("fl");
  CHECK(dialog->question() == std::string("\0\0\0\x11\0\3\0\0user\0fl\0\0", 17));
  const std::string ask_md5("R\0\0\0\x0c\0\0\0\x05salt", 13), welcome("R\0\0\0\x08\0\0\0\0", 9);
  check_all(*dialog, {{ask_md5, "passed"},
                      {welcome, "passed"},
                      {postgres_error("28000", "no pg_hba.conf entry"), "passed"},
                      {postgres_error("28P01", "password authentication failed"), "passed"},
                      {postgres_error("3D000", "database \"fl\" does not exist"), "passed"},
                      {postgres_error("57P03", "the database system is starting up"),
                       "postgres says the database system is starting up"},
                      {postgres_error("53300", "sorry, too many clients already"),
                       "postgres says sorry, too many clients already"},
                      {std::string("E\0\0\0\x04", 5), "postgres says "},
                      {"HTTP/1.1 400 Bad Request\r\n", "the answer is no PostgreSQL"},
                      {std::string("R\0\0\0\1\0\0\0\0", 9), "the answer is no PostgreSQL"},
                      {std::string("E\0\0", 3), "more"}});
}

namespace {

std::string pong_of(std::uint64_t id, std::string_view body) {
  std::string bytes(proto::kHeaderBytes, '\0');
  proto::encode_header(
      {.body_bytes = static_cast<std::uint32_t>(body.size()), .kind = proto::Kind::pong, .id = id},
      reinterpret_cast<std::byte*>(bytes.data()));
  return bytes.append(body);
}

/// What a server whose pong has this body says of itself.
std::optional<proto::ServerVitals> told(std::string_view body) {
  const auto dialog = ping_dialog();
  dialog->question();
  const std::string pong = pong_of(1, body);
  const auto verdict = dialog->on_bytes(std::as_bytes(std::span(pong)));
  REQUIRE(verdict);
  CHECK_FALSE(*verdict);  // whatever it says, it has answered
  return dialog->vitals();
}

}  // namespace

TEST_CASE("ping: a pong passes with a body and without, and the body says how the server is") {
  CHECK_FALSE(told(""));
  CHECK_FALSE(told("no JSON"));
  CHECK_FALSE(told(std::string(10'000, ' ')));
  const auto vitals = told(R"({"cpu_percent": 50, "memory_bytes": 1000})");
  REQUIRE(vitals);
  CHECK(vitals->cpu_percent == 50);
  CHECK(vitals->memory_bytes == 1000);
}

TEST_CASE("ping: it asks for a body, and what the last server said is forgotten") {
  const auto dialog = ping_dialog();
  const std::string question = dialog->question();
  proto::FrameDecoder decoder(proto::Direction::requests, 0);
  decoder.feed(std::as_bytes(std::span(question)));
  proto::Frame frame;
  REQUIRE(decoder.next(frame) == proto::FrameDecoder::Step::frame);
  CHECK(frame.header.length == proto::kWantsVitals);
  const std::string pong = pong_of(1, R"({"cpu_percent": 50})");
  dialog->on_bytes(std::as_bytes(std::span(pong)));
  CHECK(dialog->vitals());
  dialog->question();
  CHECK_FALSE(dialog->vitals());
}
