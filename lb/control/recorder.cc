#include "lb/control/recorder.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "lb/http/error_reply.h"
#include "lb/ledger/pool_row.h"
#include "lb/model/trace.h"
#include "proto/nearest.h"

namespace finishline::control {
namespace {

using ledger::Reader;
using ledger::Record;

std::optional<std::uint64_t> number_in(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Recorder::Recorder(net::Loop& loop, ledger::Ledger& ledger, const Names& names)
    : loop_(loop), ledger_(ledger), names_(names), timer_(loop, [this] { poll(); }) {
  follow_names();
}

void Recorder::follow_names() {
  std::vector<RecordedPool> before = std::exchange(pools_, {});
  for (const ledger::PoolId row : names_.pools) {
    const auto known = std::ranges::find(before, row, &RecordedPool::row);
    pools_.push_back(known == before.end() ? RecordedPool{.row = row} : std::move(*known));
    if (known == before.end())
      forget(pools_.back());
    else
      before.erase(known);
  }
  for (const RecordedPool& pool : before) forget(pool);
}

/// Whatever was wanted of it.
void Recorder::forget(const RecordedPool& pool) {
  want(pool, Reader::recorder, false);
  want(pool, Reader::adaptive, false);
}

Recorder::RecordedPool* Recorder::find(ledger::PoolId row) {
  const auto found = std::ranges::find(pools_, row, &RecordedPool::row);
  return found == pools_.end() ? nullptr : &*found;
}

Recorder::RecordedPool* Recorder::find(std::string_view name) {
  const auto row = ledger::find_pool(ledger_, name);
  return row ? find(*row) : nullptr;
}

void Recorder::want(const RecordedPool& pool, Reader reader, bool wanted) {
  if (wanted && !reader_) {
    reader_.emplace(ledger_);
    timer_.start(kPoll, kPoll);
  }
  ledger::want_recording(ledger_, pool.row, reader, wanted);
}

void Recorder::subscribe(ledger::PoolId row, Subscriber who, std::function<void(const Record&)> on_record) {
  RecordedPool* const pool = find(row);
  if (pool == nullptr) return;
  pool->on_record[static_cast<std::size_t>(who)] = std::move(on_record);
  want(*pool, Reader::adaptive, pool->heard());  // one mark for all who subscribe
}

// --- from the rings ----------------------------------------------------------------------------------

void Recorder::poll() {
  if (!reader_) return;
  fresh_.clear();
  const std::uint64_t missed = reader_->read(fresh_);
  missed_ += missed;
  for (RecordedPool& pool : pools_) pool.next += missed;  // whose they were is lost with them
  for (const Record& record : fresh_)
    if (RecordedPool* const pool = find(record.pool)) take(*pool, record);
  end_leases();
  sleep_if_idle();
}

void Recorder::take(RecordedPool& pool, const Record& record) {
  for (const auto& on_record : pool.on_record)
    if (on_record) on_record(record);
  if (!pool.asked_at) return;
  pool.kept.push_back({pool.next++, record});
  if (pool.kept.size() > kKept) pool.kept.pop_front();
}

void Recorder::end_leases() {
  for (RecordedPool& pool : pools_) {
    if (!pool.asked_at || loop_.now() - *pool.asked_at < kLease) continue;
    pool.asked_at.reset();
    pool.kept = {};
    want(pool, Reader::recorder, false);
  }
}

void Recorder::sleep_if_idle() {
  const auto wanted = [](const RecordedPool& pool) { return pool.asked_at || pool.heard(); };
  if (std::ranges::any_of(pools_, wanted)) return;
  reader_.reset();
  timer_.stop();
}

// --- to those who ask --------------------------------------------------------------------------------

http::HttpReply Recorder::page(const http::HttpRequest& request) {
  RecordedPool* const pool = find(request.name);
  if (pool == nullptr)
    return http::error_reply(404, no_such("pool", request.name, pools_, [this](const RecordedPool& it) {
                               return ledger::pool_name(ledger_, it.row);
                             }));
  if (names_.carries_streams(pool->row))
    return http::error_reply(409,
                             "pool '" + request.name +
                                 "' carries streams: it has no requests to record; the access log has a line "
                                 "for each stream");
  const std::string from_text(request.parameter("from"));
  const auto from = number_in(from_text);
  if (!from && !from_text.empty()) return http::error_reply(400, "from is not a number", "/from");
  pool->asked_at = loop_.now();
  want(*pool, Reader::recorder, true);
  poll();
  const bool known =
      from.value_or(pool->next) <= pool->next;  // else it was given by an earlier control process
  return {200, "text/csv", rows_from(*pool, known ? from.value_or(pool->next) : 0)};
}

std::string Recorder::rows_from(const RecordedPool& pool, std::uint64_t from) const {
  const auto first = std::ranges::lower_bound(pool.kept, from, {}, &Kept::number);
  const auto there = static_cast<std::size_t>(pool.kept.end() - first);
  const auto last = first + static_cast<std::ptrdiff_t>(std::min(there, kRows));
  const std::uint64_t next = last == pool.kept.end() ? pool.next : last->number;
  const auto rows = static_cast<std::uint64_t>(last - first);
  const std::uint64_t missed = next > from + rows ? next - from - rows : 0;
  std::string text = "# next=" + std::to_string(next) + " missed=" + std::to_string(missed) + " now_s=";
  model::append_seconds(text, loop_.now() - ledger_.created_at());
  text.append("\n").append(kColumns);
  std::for_each(first, last, [&](const Kept& kept) { append_row(text, kept.record); });
  return text;
}

void Recorder::append_row(std::string& to, const Record& record) const {
  model::append_seconds(to, record.received_at - ledger_.created_at());
  to.append(",").append(record.type < names_.request_types.size() ? names_.request_types[record.type] : "?");
  to.append(",").append(std::to_string(record.length)).append(",");
  model::append_seconds(to, record.service);
  to.append(",").append(ledger_.server_name(record.server)).append(",");
  model::append_seconds(to, record.response);
  to.append(",").append(name_of(record.status)).append("\n");
}

}  // namespace finishline::control
