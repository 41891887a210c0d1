// Whether the certificates and keys that a configuration names can be used. Read with the rights of whoever
// asks, in a process that ends soon: private keys pass through its memory.
#pragma once

#include <optional>
#include <vector>

#include "lb/config/source.h"
#include "lb/tls/certificate_time.h"

namespace finishline::master {

/// What is wrong with them, each with its place in the text, also of a configuration that is to be looked at
/// alone (judged.h): they cannot be read, hold no certificate or key,
/// key and certificate do not belong together, OpenSSL takes them not, since they are too weak. With the time
/// of day also those that are not good yet or no more, which a start does not fail for: whoever can still
/// work with that should.
std::vector<config::Problem> problems_of_tls(const config::Source& source, const config::Config& config,
                                             std::optional<tls::CalendarTime> now);

/// What will not work as it is, and does not keep anybody from starting: who is to be judged by the
/// certificates of a machine that has none.
std::vector<config::Problem> doubts_of_tls(const config::Config& config);

}  // namespace finishline::master
