// Standard input, output and error as every program relies on them: open. Where one is closed, the next file,
// socket or shared memory would get its number, and what is meant for people would be written into it.
#pragma once

namespace finishline::log {

/// Descriptors 0, 1 and 2 are open from here on: those that were closed lead nowhere, over exec, too. To be
/// called before anything else is opened. False when the system has nothing to open: then this program must
/// end, and has no way to say so.
bool open_standard_descriptors();

}  // namespace finishline::log
