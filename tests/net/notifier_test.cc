// Messages about alerts, over real HTTP and SMTP servers on loopback.
#include "lb/control/notifier.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lb/http/router.h"
#include "lb/http/server.h"
#include "tests/support/child_process.h"
#include "tests/support/loop_stage.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::control;
using test::LoopStage;
using test::Port;

namespace {

constexpr NotificationChannel::Patience kQuick{.first = 1ms, .most = 4ms, .attempts = 4};

alert::AlertMessage server_down() {
  const alert::AlertTime now{Instant(112s), 2e9};
  return {.fired = {{.id = "server_down:video-1",
                     .subject = "video-1",
                     .severity = alert::Severity::critical,
                     .state = alert::AlertState::firing,
                     .since = {Instant(100s), 2e9 - 12},
                     .words = "video-1 is down: connection refused"}},
          .ended = {},
          .time = now};
}

/// An HTTP server that answers with these statuses in turn, and then with 200.
struct Hook {
  Hook(LoopStage& stage, std::vector<int> its_statuses) : statuses(std::move(its_statuses)) {
    router.on(http::Method::post, "/hook", [this](const http::HttpRequest& request) {
      requests.push_back(request);
      const int status = requests.size() <= statuses.size() ? statuses[requests.size() - 1] : 200;
      return http::HttpReply{status, "text/plain", "seen\n"};
    });
    server.emplace(stage.loop, port.fd, router);
  }
  WebhookTarget target(const std::string& secret = "") const {
    return {.url = "http://" + port.address.to_string() + "/hook", .secret = process::Secret(secret)};
  }

  std::vector<int> statuses;
  std::vector<http::HttpRequest> requests;
  Port port;
  http::HttpRouter router;
  std::optional<http::HttpServer> server;
};

/// tests/support/mail_server.py in a process of its own.
struct MailServer {
  MailServer() {
    REQUIRE(test::wait_until([&] { return process.output().find('\n') != std::string::npos; }));
    REQUIRE(process.output().starts_with("port "));
  }
  MailTarget target(const std::string& password) const {
    const std::string output = process.output();
    return {.server = "smtp://127.0.0.1:" + output.substr(5, output.find('\n') - 5),
            .from = "finishline@example.org",
            .to = "a@example.org, b@example.org",
            .user = "finishline",
            .password = process::Secret(password),
            .ca_file = dir.file("cert.pem")};
  }
  /// The mails so far.
  std::vector<nlohmann::json> mails() const {
    std::vector<nlohmann::json> all;
    std::istringstream lines(process.output());
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("{")) all.push_back(nlohmann::json::parse(line));
    return all;
  }

  test::TempDir dir;
  test::ChildProcess process{"/usr/bin/python3", {"tests/support/mail_server.py", dir.file("")}};
};

}  // namespace

TEST_CASE("the webhook is sent the message as JSON, signed over the body as it came") {
  LoopStage stage;
  Hook hook(stage, {});
  Notifier notifier(stage.loop, kQuick);
  notifier.set_targets(hook.target("a secret"), {});
  notifier.tell(server_down());
  REQUIRE(stage.until({}, [&] { return notifier.webhook().sent() == 1; }));
  REQUIRE(hook.requests.size() == 1);
  const http::HttpRequest& request = hook.requests[0];
  CHECK(request.header("content-type") == "application/json");
  CHECK(request.header("x-finishline-signature") == signature_of(request.body, "a secret"));
  CHECK(request.header("x-finishline-signature") != signature_of(request.body, "another"));
  const auto body = nlohmann::json::parse(request.body);
  CHECK(body["state"] == "firing");
  CHECK(body["headline"] == "[critical] video-1 is down: connection refused, since 12 s");
  CHECK(body["alerts"][0]["id"] == "server_down:video-1");
}

TEST_CASE("signatures are HMAC-SHA256 (RFC 4231, case 2)") {
  CHECK(signature_of("what do ya want for nothing?", "Jefe") ==
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("what fails for a while is tried again, in order; what is refused is not") {
  LoopStage stage;
  Hook hook(stage, {503, 500, 200, 404});
  Notifier notifier(stage.loop, kQuick);
  notifier.set_targets(hook.target(), {});
  notifier.tell(server_down());
  notifier.tell(server_down());
  REQUIRE(stage.until({}, [&] { return notifier.webhook().failed() == 1; }));
  CHECK(hook.requests.size() == 4);
  CHECK(notifier.webhook().sent() == 1);
  CHECK(notifier.webhook().queued() == 0);
  CHECK(hook.requests[0].header("x-finishline-signature") == "");
}

TEST_CASE("a message is given up after so many attempts, and the queue is bounded") {
  LoopStage stage;
  Hook hook(stage, std::vector<int>(1000, 503));
  Notifier notifier(stage.loop, kQuick);
  notifier.set_targets(hook.target(), {});
  notifier.tell(server_down());
  REQUIRE(stage.until({}, [&] { return notifier.webhook().failed() == 1; }));
  CHECK(hook.requests.size() == 4);
  for (std::size_t i = 0; i < NotificationChannel::kMostQueued + 10; ++i) notifier.tell(server_down());
  CHECK(notifier.webhook().queued() == NotificationChannel::kMostQueued);
  CHECK(notifier.webhook().failed() == 11);
  notifier.set_targets({}, {});
  CHECK(notifier.webhook().queued() == 0);
}

TEST_CASE("a webhook that never answers holds up nobody, also not the end") {
  LoopStage stage;
  Port silent;
  Notifier notifier(stage.loop, kQuick);
  notifier.set_targets({.url = "http://" + silent.address.to_string() + "/"}, {});
  notifier.tell(server_down());
  stage.turn({});
  CHECK(notifier.webhook().queued() == 1);
}

TEST_CASE("a mail arrives over STARTTLS, signed in, at all who are to have it") {
  LoopStage stage;
  MailServer server;
  Notifier notifier(stage.loop, kQuick);
  notifier.set_targets({}, server.target("right"));
  notifier.tell(server_down());
  REQUIRE(stage.until({}, [&] { return notifier.mail().sent() == 1; }));
  REQUIRE(test::wait_until([&] { return server.mails().size() == 1; }));
  const auto mail = server.mails()[0];
  CHECK(mail["tls"] == true);
  CHECK(mail["user"] == "finishline");
  CHECK(mail["from"] == "finishline@example.org");
  CHECK(mail["to"] == std::vector<std::string>{"a@example.org", "b@example.org"});
  const std::string data = mail["data"];
  CHECK(data.find("Subject: finishline: [critical] video-1 is down: connection refused, since 12 s\r\n") !=
        std::string::npos);
  CHECK(data.find("\r\n\r\nAlerts:\r\n  critical server_down: video-1 is down") != std::string::npos);
}

TEST_CASE("a wrong password is refused and not tried again; without trust in the server nothing is said") {
  MailServer server;
  const std::atomic<bool> stop{false};
  const DeliveryResult refused = send_mail(server.target("wrong"), "s", "t", 2e9, stop);
  CHECK_FALSE(refused.good);
  CHECK_FALSE(refused.may_help);
  MailTarget stranger = server.target("right");
  stranger.ca_file = "";
  CHECK_FALSE(send_mail(stranger, "s", "t", 2e9, stop).good);
  MailTarget open = server.target("right");
  open.starttls =
      config::StartTls::off;  // the configuration does not let this through, and the server neither
  CHECK_FALSE(send_mail(open, "s", "t", 2e9, stop).good);
  CHECK(server.mails().empty());
}

TEST_CASE("a subject of others' words begins no further header") {
  MailServer server;
  const std::atomic<bool> stop{false};
  REQUIRE(send_mail(server.target("right"), "a\r\nBcc: eve@example.org", "t", 2e9, stop).good);
  REQUIRE(test::wait_until([&] { return server.mails().size() == 1; }));
  const std::string data = server.mails()[0]["data"];
  CHECK(data.find("Subject: a  Bcc: eve@example.org\r\n") != std::string::npos);
  MailTarget target = server.target("right");
  target.from = "a@b\r\nBcc: eve@example.org";
  CHECK(send_mail(target, "s", "t", 2e9, stop).words == "From has a line break, which no header may have");
}
