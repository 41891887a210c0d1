// Changes that the master takes long for, or is never heard of again: the test plays the master.
#include "lb/control/change_service.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/config_file.h"
#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::control;

namespace {

struct Sent {
  std::uint32_t number;
  std::string overlay;
};

/// What somebody who asks is told in the end; 0: nothing yet.
struct Answer {
  int status = 0;
  std::string body;
};

constexpr Nanos kNever = std::chrono::hours(1);

struct Desk {
  explicit Desk(Nanos patience, Nanos long_patience = kNever)
      : changes(
            stage.loop, source,
            [this](std::uint32_t number, const std::string& overlay) {
              sent.push_back({number, overlay});
              return true;
            },
            patience, long_patience) {}

  /// Of another weight of a server, beside what was changed before.
  std::shared_ptr<Answer> ask(const std::string& server, double weight) {
    auto answer = std::make_shared<Answer>();
    const auto reply = changes.ask(
        {.edit = [=](const config::Table&, config::Overlay& overlay) -> std::optional<http::HttpReply> {
           overlay.set("server", server, "weight", config::Node{weight, {}});
           return std::nullopt;
         },
         .part = {},
         .answer = [](const config::Table&) { return nlohmann::ordered_json::object(); }});
    reply.later->take([answer](const http::HttpReply& it) { *answer = {it.status, it.body}; });
    return answer;
  }
  /// The master: it is in force.
  void come_into_force(const Sent& change) {
    source.overlay = change.overlay;
    changes.change_to(source, ++revision);
  }
  bool told(const std::shared_ptr<Answer>& answer) {
    return stage.until({}, [&] { return answer->status != 0; });
  }

  test::LoopStage stage;
  config::Source source{"f.toml",
                        config::kBase + config::replaced(config::kBase.substr(config::kBase.find("[[server")),
                                                         "video-1", "video-2"),
                        {}};
  std::uint32_t revision = 1;
  std::vector<Sent> sent;
  ChangeService changes;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a refusal is for the change that was sent by its number, and for no other") {
  Desk desk(kNever);
  const auto first = desk.ask("video-1", 2);
  const auto second = desk.ask("video-2", 3);
  REQUIRE(desk.sent.size() == 1);
  desk.changes.refused(desk.sent[0].number - 1, "of somebody before\n");
  CHECK(first->status == 0);
  desk.changes.refused(desk.sent[0].number, "there is no room\n");
  CHECK(first->status == 409);
  CHECK(has(first->body, "there is no room"));
  REQUIRE(desk.sent.size() == 2);
  CHECK(desk.sent[1].number != desk.sent[0].number);
  desk.changes.refused(desk.sent[0].number, "there is no room\n");
  CHECK(second->status == 0);
  desk.come_into_force(desk.sent[1]);
  CHECK(second->status == 200);
}

TEST_CASE("a change that comes into force late is not undone by the next one") {
  Desk desk(1ms);
  const auto first = desk.ask("video-1", 2), behind = desk.ask("video-2", 3);
  REQUIRE(desk.told(first));
  CHECK(first->status == 503);
  CHECK(behind->status == 503);
  CHECK(has(behind->body, "nothing was changed"));
  const auto early = desk.ask("video-2", 3);  // the master has not said yet what became of the first
  CHECK(early->status == 503);
  REQUIRE(desk.sent.size() == 1);

  desk.come_into_force(desk.sent[0]);
  const auto later = desk.ask("video-2", 3);
  REQUIRE(desk.sent.size() == 2);
  CHECK(has(desk.sent[1].overlay, "video-1"));
  CHECK(has(desk.sent[1].overlay, "video-2"));
  desk.come_into_force(desk.sent[1]);
  CHECK(later->status == 200);
}

TEST_CASE("a change that is refused late lets the next one begin, and is not told to it") {
  Desk desk(1ms);
  REQUIRE(desk.told(desk.ask("video-1", 2)));
  desk.changes.refused(desk.sent[0].number, "there is no room\n");
  const auto next = desk.ask("video-2", 3);
  REQUIRE(desk.sent.size() == 2);
  CHECK_FALSE(has(desk.sent[1].overlay, "video-1"));
  desk.changes.refused(desk.sent[0].number, "there is no room\n");
  CHECK(next->status == 0);
  desk.come_into_force(desk.sent[1]);
  CHECK(next->status == 200);
}

TEST_CASE("a master that is never heard of again does not end all changes") {
  Desk desk(1ms, 1ms);
  CHECK(desk.told(desk.ask("video-1", 2)));
  std::shared_ptr<Answer> next;
  CHECK(desk.stage.until({}, [&] {
    if (desk.sent.size() == 1) next = desk.ask("video-2", 3);
    return desk.sent.size() == 2;
  }));
}
