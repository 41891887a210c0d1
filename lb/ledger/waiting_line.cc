#include "lb/ledger/waiting_line.h"

#include "lb/ledger/layout.h"

namespace finishline::ledger {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::int64_t kNobody = 0;

std::int64_t word_of(std::optional<Instant> since) {
  return since ? since->time_since_epoch().count() : kNobody;
}

}  // namespace

WaitingLine::WaitingLine(Ledger& ledger, LineId line, WorkerId self)
    : layout_(&ledger.layout()), line_(line), self_(self) {
  layout_->first_waiting(line_, self_).store(kNobody, kRelaxed);
}

void WaitingLine::set_first(std::optional<Instant> since) {
  const std::int64_t word = word_of(since);
  if (word == shown_) return;
  layout_->first_waiting(line_, self_).store(word, kRelaxed);
  if (shown_ == kNobody) sign();
  shown_ = word;
}

void WaitingLine::sign() { layout_->signatures(line_).fetch_add(1); }

std::int64_t WaitingLine::first_of(WorkerId worker) const {
  return layout_->first_waiting(line_, worker).load(kRelaxed);
}

std::optional<WorkerId> WaitingLine::next() const {
  std::optional<WorkerId> next;
  std::int64_t oldest = kNobody;
  const WorkerId limit = layout_->worker_limit.load(std::memory_order_acquire);
  for (WorkerId worker = 0; worker < limit; ++worker) {
    const std::int64_t first = first_of(worker);
    if (first == kNobody || passed_over(worker, first) || (next && first >= oldest)) continue;
    next = worker;
    oldest = first;
  }
  return next;
}

bool WaitingLine::is_turn(Instant since) const {
  const std::int64_t own = word_of(since);
  const WorkerId limit = layout_->worker_limit.load(std::memory_order_acquire);
  for (WorkerId worker = 0; worker < limit; ++worker) {
    const std::int64_t first = first_of(worker);
    if (worker == self_ || first == kNobody || passed_over(worker, first)) continue;
    if (first < own || (first == own && worker < self_)) return false;
  }
  return true;
}

void WaitingLine::look(bool room, Instant now) {
  const auto front = room ? next() : std::nullopt;
  const std::int64_t first = front && *front != self_ ? first_of(*front) : kNobody;
  if (first == kNobody || *front != watched_ || first != watched_first_) {
    watched_ = front.value_or(0);
    watched_first_ = first;
    room_since_ = now;
  } else if (now - room_since_ >= kPatience) {
    if (passed_.size() <= watched_) passed_.resize(watched_ + 1, kNobody);
    passed_[watched_] = first;
  }
}

}  // namespace finishline::ledger
