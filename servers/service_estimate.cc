#include "servers/service_estimate.h"

namespace finishline::server {

Nanos ServiceEstimate::expected(char type, Nanos declared) const {
  const Seen& seen = seen_[static_cast<std::uint8_t>(type)];
  if (seen.jobs == 0) return declared;
  if (seen.declared == 0) return Nanos(static_cast<Nanos::rep>(seen.measured / seen.jobs));
  return Nanos(
      static_cast<Nanos::rep>(static_cast<double>(declared.count()) * seen.measured / seen.declared));
}

void ServiceEstimate::learn(char type, Nanos declared, Nanos measured) {
  Seen& seen = seen_[static_cast<std::uint8_t>(type)];
  seen.jobs = seen.jobs * kKeep + 1;
  seen.declared = seen.declared * kKeep + static_cast<double>(declared.count());
  seen.measured = seen.measured * kKeep + static_cast<double>(measured.count());
}

}  // namespace finishline::server
