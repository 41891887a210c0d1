#include "lb/ledger/finish_scan.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "lb/ledger/ledger.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr std::int64_t kNow = 1000;

struct Columns {
  explicit Columns(std::size_t n) : words(n, Cell<std::int64_t>{kIdle}), states(n, Cell<std::uint8_t>{1}) {}
  bool scan(const std::vector<ServerId>& ids) {
    seen.assign(ids.size(), -1);
    finish.assign(ids.size(), -1);
    return scan_finish({words.data(), states.data()}, ids, kNow, seen.data(), finish.data());
  }
  std::vector<Cell<std::int64_t>> words;
  std::vector<Cell<std::uint8_t>> states;
  std::vector<std::int64_t> seen, finish;
};

}  // namespace

TEST_CASE("a scan of no servers finds nothing odd") { CHECK_FALSE(Columns(1).scan({})); }

TEST_CASE("one late or absent server anywhere is noticed, one that finishes just ahead is not") {
  for (std::size_t size = 1; size <= 13; ++size) {
    std::vector<ServerId> ids(size);
    for (std::size_t i = 0; i < size; ++i) ids[i] = static_cast<ServerId>(i);
    for (std::size_t at = 0; at < size; ++at) {
      Columns columns(size);
      columns.words[at].value = kNow + 1;
      CHECK_FALSE(columns.scan(ids));
      columns.words[at].value = kNow;
      CHECK(columns.scan(ids));
      columns.words[at].value = kIdle;
      columns.states[at].value = static_cast<std::uint8_t>(ServerState::draining);
      CHECK(columns.scan(ids));
    }
  }
}

TEST_CASE("ids in any order give the same as one look at a time") {
  CHECK(rc::check("scan", [](std::vector<ServerId> ids, bool sorted) {
    constexpr ServerId kRows = 40;
    for (ServerId& id : ids) id %= kRows;
    if (sorted) std::sort(ids.begin(), ids.end());
    Columns columns(kRows);
    for (auto& word : columns.words)
      word.value = *rc::gen::element<std::int64_t>(0, 1, 999, 1000, 1001, 5000);
    const bool odd = columns.scan(ids);
    bool expected_odd = false;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::int64_t word = columns.words[ids[i]].value;
      RC_ASSERT(columns.seen[i] == word);
      RC_ASSERT(columns.finish[i] == std::max(word, kNow));
      expected_odd |= word != kIdle && word <= kNow;
    }
    RC_ASSERT(odd == expected_odd);
  }));
}
