// The event stream: who comes back with Last-Event-ID has missed nothing and sees nothing twice.
#include <doctest/doctest.h>

#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/proxy_under_test.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// A page, scripted: it keeps the id of its last event, as a browser does.
class ScriptedPage {
 public:
  explicit ScriptedPage(const ProxyUnderTest& proxy) : proxy_(proxy) {}

  void come() {
    peer_.emplace(TcpPeer::connect(proxy_.admin_port()));
    peer_->send("GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n" +
                (last_id_.empty() ? "" : "Last-Event-ID: " + last_id_ + "\r\n") + "\r\n");
  }
  void go() { peer_.reset(); }
  bool is_there() const { return peer_.has_value(); }

  /// Reads until this many marks whose text has these words have come; false when the stream ends before.
  bool read_until(std::string_view words, std::size_t times) {
    while (count(words) < times)
      if (!read_event()) return false;
    return true;
  }
  std::size_t count(std::string_view words) const {
    std::size_t found = 0;
    for (const std::string& mark : marks_) found += mark.find(words) != std::string::npos ? 1U : 0U;
    return found;
  }
  const std::vector<std::string>& marks() const { return marks_; }
  /// The next event whatever it is.
  bool read_event() {
    std::string text;
    while (!text.ends_with("\n\n")) {
      const std::string more = peer_->read(1);
      if (more.empty()) return false;
      text += more;
    }
    if (const std::size_t at = text.find("\nid: "); at != std::string::npos)
      last_id_ = text.substr(at + 5, text.find('\n', at + 5) - at - 5);
    if (text.find("event: mark\n") != std::string::npos) marks_.push_back(text);
    return true;
  }

 private:
  const ProxyUnderTest& proxy_;
  std::optional<TcpPeer> peer_;
  std::string last_id_;
  std::vector<std::string> marks_;
};

bool reload_once_more(ProxyUnderTest& proxy, std::size_t times) {
  proxy.process().signal(SIGHUP);
  return proxy.wait_for_log(" reloaded ", times);
}

/// Every reload, in order, once.
void check_reloads(const ScriptedPage& page, std::size_t until_revision) {
  std::size_t revision = 1;
  for (const std::string& mark : page.marks()) {
    if (mark.find("\"reload\"") == std::string::npos) continue;
    CHECK(mark.find("revision " + std::to_string(++revision) + " is in force") != std::string::npos);
  }
  CHECK(revision == until_revision);
}

}  // namespace

TEST_CASE("a page that goes and comes back has every reload, alert and upgrade once") {
  const TempDir dir;
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                        .proxy_keys = "state_dir = \"" + dir.file("") + "\"\n",
                        .pool_keys = "check_interval = \"50ms\"\n"});
  ScriptedPage page(proxy);
  page.come();
  REQUIRE(page.read_event());
  REQUIRE(reload_once_more(proxy, 1));
  REQUIRE(page.read_until("\"reload\"", 1));  // a reload ends no page
  page.go();
  REQUIRE(reload_once_more(proxy, 2));
  proxy.server("video-2").kill();
  REQUIRE(proxy.wait_for_log(" alert_firing "));
  REQUIRE(reload_once_more(proxy, 3));
  page.come();
  REQUIRE(page.read_until("\"reload\"", 3));
  REQUIRE(page.read_until("\"alert\"", 1));

  page.go();
  REQUIRE(proxy.wait_for_log(" admin_listening "));
  proxy.process().signal(SIGUSR2);  // control is another process afterwards
  REQUIRE(proxy.wait_for_log(" admin_listening ", 2));
  page.come();
  REQUIRE(page.read_until("\"upgrade\"", 1));
  page.go();
  page.come();
  REQUIRE(page.read_event());
  CHECK(page.count("\"upgrade\"") == 1);
  CHECK(page.count("\"alert\"") == 1);
  check_reloads(page, page.count("\"reload\"") + 1);
}
