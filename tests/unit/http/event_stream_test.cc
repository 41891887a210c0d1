#include "lb/http/event_stream.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

using namespace finishline;
using namespace finishline::http;

namespace {

/// A page that goes and comes back.
struct Page : EventStream::Follower {
  void on_event(std::string_view text) override {
    const std::size_t at = text.find("id: ") + 4;
    ids.push_back(std::string(text.substr(at, text.find('\n', at) - at)));
    if (text.find("event: mark") == 0) marks.push_back(ids.back());
  }
  std::string last() const { return ids.empty() ? "" : ids.back(); }

  std::vector<std::string> ids, marks;
};

/// States and marks, in a scripted order.
struct Past {
  Past() {
    stream.set_past([this](std::uint64_t after_id) {
      std::vector<EventStream::Past> after;
      for (const std::uint64_t it : marks)
        if (it > after_id) after.push_back({"mark", it, "{}"});
      return after;
    });
  }
  void state() { stream.publish("live", ++id, "{}"); }
  void mark() {
    marks.push_back(++id);
    stream.publish("mark", id, "{}", /*kept=*/false);
  }

  EventStream stream;
  std::vector<std::uint64_t> marks;
  std::uint64_t id = 0;
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a newcomer begins with the latest state, and what has come after it") {
  Past past;
  past.mark();
  past.state();
  past.state();
  past.mark();
  Page page;
  past.stream.join(page, "");
  CHECK(page.ids == Ids{"3", "4"});
  past.stream.leave(page);
}

TEST_CASE("who comes back is sent what it has missed, in order, and nothing twice") {
  Past past;
  past.state();
  Page page;
  past.stream.join(page, "");
  past.mark();
  past.stream.leave(page);
  past.mark();
  past.state();
  past.mark();
  past.stream.join(page, page.last());
  CHECK(page.ids == Ids{"1", "2", "3", "4", "5"});
  past.stream.leave(page);
  past.stream.join(page, page.last());
  CHECK(page.ids.size() == 5);
  past.stream.leave(page);
}

TEST_CASE("an id that is none is as good as no id") {
  Past past;
  past.state();
  for (const char* const id : {"x", "1x", "-1", "99999999999999999999999"}) {
    Page page;
    past.stream.join(page, id);
    CHECK(page.ids == Ids{"1"});
    past.stream.leave(page);
  }
}

TEST_CASE("however it comes and goes, a page has seen every mark once") {
  CHECK(rc::check("any script", [](const std::vector<std::uint8_t>& script) {
    Past past;
    Page page;
    bool there = true;
    past.stream.join(page, "");
    for (const std::uint8_t step : script) {
      if (step % 4 == 0) past.state();
      if (step % 4 == 1) past.mark();
      if (step % 4 == 2 && there) past.stream.leave(page);
      if (step % 4 == 2) there = false;
      if (step % 4 == 3 && !there) past.stream.join(page, page.last().empty() ? "0" : page.last());
      if (step % 4 == 3) there = true;
    }
    if (!there) past.stream.join(page, page.last().empty() ? "0" : page.last());
    past.stream.leave(page);
    Ids all;
    for (const std::uint64_t it : past.marks) all.push_back(std::to_string(it));
    RC_ASSERT(page.marks == all);
  }));
}
