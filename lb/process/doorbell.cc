#include "lb/process/doorbell.h"

#include <sys/eventfd.h>

namespace finishline::process {

Doorbells::Doorbells(std::uint32_t count) { hang(count); }

void Doorbells::hang(std::uint32_t count) {
  while (bells_.size() < count) {
    Descriptor bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!bell) return;
    bells_.push_back(std::move(bell));
  }
}

Doorbells::Doorbells(const std::vector<int>& fds) {
  for (const int fd : fds) bells_.emplace_back(fd);
}

void Doorbells::ring(ledger::WorkerId worker) const {
  if (worker < bells_.size()) ::eventfd_write(bells_[worker].get(), 1);  // full: it sounds
}

void Doorbells::ring_all() const {
  for (ledger::WorkerId worker = 0; worker < bells_.size(); ++worker) ring(worker);
}

int Doorbells::fd(ledger::WorkerId worker) const {
  return worker < bells_.size() ? bells_[worker].get() : -1;
}

void Doorbells::silence(ledger::WorkerId worker) const {
  eventfd_t rings = 0;
  if (worker < bells_.size()) ::eventfd_read(bells_[worker].get(), &rings);
}

std::vector<int> Doorbells::fds() const {
  std::vector<int> all;
  for (const Descriptor& bell : bells_) all.push_back(bell.get());
  return all;
}

}  // namespace finishline::process
