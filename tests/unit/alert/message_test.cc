#include "lb/alert/message.h"

#include <doctest/doctest.h>

#include "lb/alert/mail.h"

using namespace finishline;
using namespace finishline::alert;

namespace {

Alert down(const std::string& server, AlertState state = AlertState::firing) {
  return {.id = "server_down:" + server,
          .subject = server,
          .severity = Severity::critical,
          .state = state,
          .since = {Instant(100s), 0},
          .words = server + " is down: connection refused"};
}

AlertTime at(Nanos time) { return {Instant(time), 0}; }

}  // namespace

TEST_CASE("alerts that come at once are one message") {
  AlertGroup group(3s);
  group.add({down("a")}, {}, Instant(100s));
  CHECK_FALSE(group.take(at(101s)));
  group.add({down("b"), down("c")}, {}, Instant(102s));
  CHECK_FALSE(group.take(at(104s)));
  const auto message = group.take(at(105s));
  REQUIRE(message);
  CHECK(headline_of(*message) == "[critical] 3 alerts: server_down: a, b, c");
  CHECK(text_of(*message) ==
        "Alerts:\n  critical server_down: a is down: connection refused, since 5 s\n"
        "  critical server_down: b is down: connection refused, since 5 s\n"
        "  critical server_down: c is down: connection refused, since 5 s\n");
  CHECK_FALSE(group.take(at(200s)));
}

TEST_CASE("a group that never comes to rest is told all the same") {
  AlertGroup group(3s);
  int told = 0;
  for (int second = 0; second < 61; ++second) {
    group.add({down("s" + std::to_string(second))}, {}, Instant(std::chrono::seconds(second)));
    told += group.take(at(std::chrono::seconds(second))) ? 1 : 0;
  }
  CHECK(told == 1);
}

TEST_CASE("what is over before anybody was told is not told") {
  AlertGroup group(3s);
  group.add({down("a")}, {}, Instant(100s));
  group.add({}, {down("a", AlertState::resolved)}, Instant(101s));
  CHECK_FALSE(group.take(at(110s)));
  group.add({}, {down("b", AlertState::resolved)}, Instant(120s));
  const auto message = group.take(at(130s));
  REQUIRE(message);
  CHECK(headline_of(*message) == "[resolved] b is down: connection refused, since 30 s");
}

TEST_CASE("a mail has the headers that it needs, and lines that end in CRLF") {
  const MailText mail = mail_text({.from = "f@x.org",
                                   .to = "a@x.org, b@x.org",
                                   .subject = "finishline: [critical] a",
                                   .date = mail_date(1790000000),
                                   .message_id = "<1@h>"},
                                  "one\ntwo\r\n.three\n");
  CHECK(mail.fault == "");
  CHECK(mail.bytes ==
        "From: f@x.org\r\nTo: a@x.org, b@x.org\r\nSubject: finishline: [critical] a\r\n"
        "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\nMessage-ID: <1@h>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        "Auto-Submitted: auto-generated\r\n\r\none\r\ntwo\r\n.three\r\n");
}

TEST_CASE("a line break in a header is refused: it would begin another one") {
  for (const char* const bad : {"a\r\nBcc: eve@x.org", "a\nb", "a\rb"}) {
    MailHeaders headers{.from = "f@x.org", .to = "t@x.org", .subject = bad, .date = {}, .message_id = {}};
    CHECK(mail_text(headers, "").fault == "Subject has a line break, which no header may have");
    CHECK(mail_text(headers, "").bytes == "");
    std::swap(headers.subject, headers.to);
    CHECK(mail_text(headers, "").fault == "To has a line break, which no header may have");
  }
}

TEST_CASE("a subject that is not ASCII is encoded without tearing a character") {
  std::string subject;
  for (int i = 0; i < 40; ++i) subject += "\xc3\xbc";  // 80 bytes
  const MailText mail =
      mail_text({.from = "f@x.org", .to = "t@x.org", .subject = subject, .date = {}, .message_id = {}}, "");
  CHECK(mail.bytes.find("Subject: =?utf-8?B?w7zDvMO8") != std::string::npos);
  CHECK(mail.bytes.find("?=\r\n =?utf-8?B?w7zD") != std::string::npos);
  CHECK(mail.bytes.find("\xc3") == std::string::npos);
}

TEST_CASE("addresses are plain") {
  CHECK(address_fault("admin@example.org") == "");
  for (const char* const bad : {"", "admin", "@x", "a@", "a@b@c", "a b@c", "<a@b>", "a@b\r\n", "a,b@c"})
    CHECK(address_fault(bad) != "");
  CHECK(addresses_in(" a@x ,b@x,, ") == std::vector<std::string>{"a@x", "b@x"});
}
