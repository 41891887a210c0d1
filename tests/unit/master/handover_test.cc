#include "lb/master/handover.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::master;

namespace {

Handover sample() {
  Handover handover{
      .ledger = 7,
      .revision = 3,
      .generation = 2,
      .sockets = {{"127.0.0.1:9000", 8}, {"127.0.0.1:0 media", 9}},
      .bells = {11, 12},
      .children = {},
      .strangers = {},
      .servers = {{.name = "media-video-1", .pid = 102, .port = 9001, .started_at = Instant(7s)}},
      .source = {.file = "f.toml", .text = "[proxy]\n\nworkers = 1\n", .names = {}},
      .given = {"unix:/run/a b.sock"},
      .files = {{"unix:/run/a b.sock", {.device = 3, .inode = 44}}},
      .state_lock = 13};
  handover.children.push_back({{.role = Role::control, .pid = 100, .started_at = Instant(5s)}, 10});
  handover.children.push_back({{.number = 4,
                                .generation = 1,
                                .pid = 101,
                                .state = StateMachine<kChildMoves>(ChildState::leaving),
                                .end_by = Instant(9s)},
                               -1});
  return handover;
}

}  // namespace

TEST_CASE("a handover is read as it was written") {
  const auto copy = handover_of(to_text(sample()));
  REQUIRE(copy);
  CHECK(copy->ledger == 7);
  CHECK(copy->revision == 3);
  CHECK(copy->generation == 2);
  CHECK(copy->sockets == sample().sockets);
  CHECK(copy->bells == sample().bells);
  CHECK(copy->given == sample().given);
  CHECK(copy->files == sample().files);
  CHECK(copy->state_lock == 13);
  CHECK(copy->source.text == sample().source.text);
  REQUIRE(copy->servers.size() == 1);
  CHECK(copy->servers[0].name == "media-video-1");
  CHECK(copy->servers[0].pid == 102);
  CHECK(copy->servers[0].port == 9001);
  CHECK(copy->servers[0].started_at == Instant(7s));
  REQUIRE(copy->children.size() == 2);
  CHECK(copy->children[0].child.role == Role::control);
  CHECK(copy->children[0].child.pid == 100);
  CHECK(copy->children[0].child.started_at == Instant(5s));
  CHECK(copy->children[0].line == 10);
  CHECK(copy->children[0].child.state == ChildState::running);
  CHECK(copy->children[1].child.number == 4);
  CHECK(copy->children[1].child.generation == 1);
  CHECK(copy->children[1].child.end_by == Instant(9s));
  CHECK(copy->children[1].child.state == ChildState::leaving);
}

TEST_CASE("a child of a role that this program does not know is a stranger, not one of its workers") {
  std::string text = to_text(sample());
  text.replace(text.find("child control"), 13, "child oracle");
  const auto copy = handover_of(text);
  REQUIRE(copy);
  REQUIRE(copy->children.size() == 1);
  CHECK(copy->children[0].child.pid == 101);
  CHECK(copy->strangers == std::vector<pid_t>{100});
}

TEST_CASE("what a later version adds is passed over, and what is no handover is known") {
  std::string text = to_text(sample());
  text.insert(text.find("ledger"), "weather fine\n");
  CHECK(handover_of(text));
  CHECK_FALSE(handover_of(""));
  CHECK_FALSE(handover_of("finishline-handover 2\n" + text));
  CHECK_FALSE(handover_of(text.substr(0, text.find("revision"))));
  text.replace(text.find("ledger 7"), 8, "ledger x");
  CHECK_FALSE(handover_of(text));
}
