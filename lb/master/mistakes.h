// All that keeps a proxy from starting by a configuration, told in one round: what is wrong in its text, in
// the files that it names, and of this machine. What an earlier stage has said of a key no later one says
// again; a stage whose input is missing is left out. In a process that ends soon: private keys pass through
// its memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lb/config/given_file.h"
#include "lb/config/source.h"
#include "lb/master/machine.h"
#include "lb/tls/certificate_time.h"

namespace finishline::master {

struct StartFault {
  config::Problem problem;
  bool of_machine = false;
};

/// Adds those of a later stage.
void add_unsaid(std::vector<config::Problem>& to, std::vector<config::Problem> later);

/// In the order of files and lines; those without a place come last. `now` as for problems_of_tls().
std::vector<StartFault> mistakes_in(const config::Source& source, const config::Judged& judged,
                                    const MachineFindings& machine, std::optional<tls::CalendarTime> now);

/// On standard error, for who wants to start: all of them, and `why` he could not, unless that is one of
/// them;
/// "" where nobody has tried. The last line counts them.
void tell_mistakes(const config::GivenFile& file, const config::Source& source, MachineTrial trial,
                   const std::string& why);
/// The last line: how many there are.
std::string count_line(std::size_t mistakes, const std::string& file);

}  // namespace finishline::master
