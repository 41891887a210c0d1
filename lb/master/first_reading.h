// The configuration that a proxy starts with: the file, and what operators had changed over it before. Master
// process, before there is a child.
#pragma once

#include <optional>
#include <string>

#include "lb/config/given_file.h"
#include "lb/master/config_reader.h"
#include "lb/master/handover.h"
#include "lb/master/machine.h"

namespace finishline::master {

/// What the file says, as a source; or, where it cannot be read and a program before this one ran by another
/// source, that one: what runs goes on. Nothing after every mistake has been told on standard error, those of
/// the machine by this `trial`.
std::optional<ConfigReader::Outcome> reading_for(const config::GivenFile& file,
                                                 const std::optional<Handover>& handover, MachineTrial trial);

/// For the log, once it is open: `fault` says why what operators had changed is not in force; "": it is. A
/// copy is kept, as the next change is written in its place.
void tell_of_changes_left_out(const config::Proxy& proxy, const std::string& fault);

}  // namespace finishline::master
