#include "lb/ledger/recording.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "lb/ledger/worker_status.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

Ledger make_ledger() {
  Ledger ledger = std::get<Ledger>(Ledger::create({2, 2}));
  note_worker(ledger, 1);
  return ledger;
}

/// A record whose fields all tell its number.
Record numbered(std::uint32_t n) {
  return {.received_at = Instant(Nanos(1'000'000'000LL + n)),
          .service = std::chrono::microseconds(n),
          .response = std::chrono::microseconds(n + 1),
          .length = n,
          .server = n,
          .pool = 7,
          .type = static_cast<RequestType>(n % 64),
          .status = proto::Status::server_error};
}

bool whole(const Record& r) {
  const Record as = numbered(r.length);
  return r.received_at == as.received_at && r.service == as.service && r.response == as.response &&
         r.server == as.server && r.pool == as.pool && r.type == as.type && r.status == as.status;
}

}  // namespace

TEST_CASE("a record is read once, as it was written") {
  Ledger ledger = make_ledger();
  RecordWriter one(ledger, 0), other(ledger, 1);
  one.write(numbered(1));  // before anybody reads
  RecordReader reader(ledger);
  one.write(numbered(123456));
  other.write(numbered(0xffffffff - 1));
  std::vector<Record> records;
  CHECK(reader.read(records) == 0);
  REQUIRE(records.size() == 2);
  CHECK(whole(records[0]));
  CHECK(records[0].length == 123456);
  CHECK(records[1].length == 0xffffffff - 1);
  CHECK(reader.read(records) == 0);
  CHECK(records.size() == 2);
}

TEST_CASE("a slow reader gets the latest records and the number of those it missed") {
  Ledger ledger = make_ledger();
  RecordWriter writer(ledger, 0);
  RecordReader reader(ledger);
  const std::uint32_t written = 3 * kRingRecords + 5;
  for (std::uint32_t n = 0; n < written; ++n) writer.write(numbered(n));
  std::vector<Record> records;
  const std::uint64_t missed = reader.read(records);
  CHECK(records.size() + missed == written);
  CHECK(records.size() == kRingRecords - 1);  // one slot is always the writer's
  CHECK(records.front().length == missed);
  CHECK(records.back().length == written - 1);
}

TEST_CASE("a worker's successor goes on where it stopped") {
  Ledger ledger = make_ledger();
  RecordReader reader(ledger);
  RecordWriter(ledger, 0).write(numbered(1));
  RecordWriter(ledger, 0).write(numbered(2));
  std::vector<Record> records;
  CHECK(reader.read(records) == 0);
  CHECK(records.size() == 2);
}

TEST_CASE("a reader beside a fast writer sees only whole records, in order, and counts the others") {
  constexpr std::uint32_t kWritten = 400000;
  Ledger ledger = make_ledger();
  RecordReader reader(ledger);
  std::atomic<bool> done = false;
  std::thread writing([&] {
    RecordWriter writer(ledger, 0);
    for (std::uint32_t n = 0; n < kWritten; ++n) writer.write(numbered(n));
    done = true;
  });
  std::uint64_t seen = 0, missed = 0;
  std::int64_t last = -1;
  for (bool over = false; !over;) {
    over = done;
    std::vector<Record> records;
    missed += reader.read(records);
    for (const Record& record : records) {
      REQUIRE(whole(record));
      REQUIRE(record.length > last);
      last = record.length;
    }
    seen += records.size();
  }
  writing.join();
  CHECK(seen + missed == kWritten);
}
