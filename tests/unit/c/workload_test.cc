#include "proto/c/workload.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::clib;

namespace {

constexpr Instant kStart{100s};

class Jobs {
 public:
  std::unique_ptr<ServerJob> make(std::uint32_t length = 1, std::size_t body = 0,
                                  std::uint64_t connection = 0) {
    auto job = std::make_unique<ServerJob>();
    job->serial = ++serial_;
    job->type = 'V';
    job->connection = connection;
    job->asked.length = length;
    job->bytes.resize(body);
    return job;
  }

 private:
  std::uint64_t serial_ = 0;
};

/// Has done one that took 2 s for 4 units.
Workload taught(Jobs& jobs) {
  Workload work(10, 100'000);
  work.put(jobs.make(4));
  ServerJob* const job = work.begin(kStart);
  CHECK(work.finish(job, kStart + 2s, true)->took == Nanos(2s));
  return work;
}

}  // namespace

TEST_CASE("c: a worker knows nothing of its backlog at first") {
  Jobs jobs;
  Workload work(10, 100'000);
  work.put(jobs.make(7));
  CHECK(work.backlog(kStart) == Nanos(0));
}

TEST_CASE("c: the backlog is what waits and the rest of what runs") {
  Jobs jobs;
  Workload work = taught(jobs);
  work.put(jobs.make(6));
  work.put(jobs.make(10));
  CHECK(work.backlog(kStart) == Nanos(8s));
  work.begin(kStart);
  CHECK(work.backlog(kStart + 1s) == Nanos(7s));
  CHECK(work.backlog(kStart + 9s) == Nanos(5s));  // what is late counts as done at any moment
}

TEST_CASE("c: what failed teaches nothing") {
  Jobs jobs;
  Workload work = taught(jobs);
  work.put(jobs.make(1));
  ServerJob* const failing = work.begin(kStart);
  CHECK(work.runs(failing->serial));
  const auto gone = work.finish(failing, kStart + 60s, false);
  CHECK_FALSE(work.runs(gone->serial));
  work.put(jobs.make(2));
  CHECK(work.backlog(kStart) == Nanos(1s));
}

TEST_CASE("c: what nobody wants any more leaves the queue and its bytes") {
  Jobs jobs;
  Workload work(10, 10'000);
  for (const std::uint64_t connection : {1, 2, 1}) CHECK(work.put(jobs.make(2, 2500, connection)));
  CHECK_FALSE(work.put(jobs.make(1, 6000)));
  CHECK(work.withdraw(1) == 2);
  CHECK(work.withdraw(1) == 0);
  CHECK(work.put(jobs.make(1, 6000)));
  CHECK(work.begin(kStart)->connection == 2);
  CHECK(work.waiting() == 1);
}

TEST_CASE("c: there is room for so many") {
  Jobs jobs;
  Workload work(2, 100'000);
  CHECK(work.put(jobs.make()));
  CHECK(work.put(jobs.make()));
  CHECK_FALSE(work.put(jobs.make()));
  work.begin(kStart);
  CHECK(work.put(jobs.make()));
}

TEST_CASE("c: lengths beyond all measure make no backlog that is none") {
  Jobs jobs;
  Workload work = taught(jobs);
  for (int n = 0; n < 9; ++n) work.put(jobs.make(0xffffffff));
  CHECK(work.backlog(kStart) > Nanos(1s));
}

TEST_CASE("c: what is cancelled is given back if it has not begun, else marked") {
  Jobs jobs;
  Workload work = taught(jobs);
  for (const std::uint64_t id : {7U, 8U}) {
    auto job = jobs.make(4, 10, 1);
    job->asked.id = id;
    work.put(std::move(job));
  }
  ServerJob* const begun = work.begin(kStart);
  CHECK(work.cancel(1, 9) == nullptr);
  CHECK(work.cancel(2, 8) == nullptr);
  CHECK(work.cancel(1, 7) == nullptr);
  CHECK(begun->cancelled);
  const auto waited = work.cancel(1, 8);
  REQUIRE(waited != nullptr);
  CHECK(waited->asked.id == 8);
  CHECK(work.waiting() == 0);
  CHECK(work.backlog(kStart) == Nanos(2s));
  work.finish(begun, kStart, false);
}
