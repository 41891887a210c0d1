// Names of series that there are, could be, and never will be.
#include "lb/control/series_list.h"

#include <doctest/doctest.h>

using namespace finishline::control;

namespace {

const std::vector<std::string> kKept = {"requests",
                                        "errors",
                                        "type.video.rate",
                                        "pool.media.rate",
                                        "pool.media.work.video",
                                        "pool.media.waiting",
                                        "server.video-1.rate",
                                        "server.v.2.rate"};

std::string fault(const std::string& name) { return fault_of_series(name, kKept).value_or(""); }

}  // namespace

TEST_CASE("what is kept, and what would be once there is something to keep, is a series") {
  for (const char* name : {"requests", "ratio", "latency.p95", "waiting.p50", "type.video.p99",
                           "pool.media.rate", "pool.media.work.video", "pool.media.imbalance",
                           "pool.media.p95", "pool.media.latency.p95", "pool.media.type.video.p50",
                           "server.video-1.busy", "server.v.2.memory", "server.video-1.latency.p99"})
    CHECK_MESSAGE(fault(name).empty(), name, fault(name));
}

TEST_CASE("another name in a pool that there is is none, and the nearest is told") {
  CHECK(fault("pool.media.rte")
            .starts_with("there is no series 'pool.media.rte'; did you mean 'pool.media.rate'?"));
  CHECK(fault("pool.media.work.vide").find("did you mean 'pool.media.work.video'?") != std::string::npos);
  CHECK(fault("pool.media.p96").find("did you mean") != std::string::npos);
  CHECK(fault("server.video-1.zzzzzzzzzzzzzzzz").find("did you mean") == std::string::npos);
  CHECK(fault("pool.other.rate") != "");
  CHECK(fault("pool.media.type.music.p50") != "");
}

TEST_CASE("before anything is kept nobody can say what is no series") {
  CHECK_FALSE(fault_of_series("pool.media.rte", {}));
  CHECK_FALSE(fault_of_pool("media", {}));
}

TEST_CASE("a pool that there is not is told with the one that was meant") {
  CHECK_FALSE(fault_of_pool("media", kKept));
  CHECK(fault_of_pool("meda", kKept)
            .value_or("")
            .starts_with("there is no pool 'meda'; did you mean 'media'?"));
}
