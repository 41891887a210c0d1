// finishline alert test: one message to webhook and mail server each, and what became of it. A process of its
// own, which needs no proxy.
#pragma once

namespace finishline::cli {

/// Returns the exit code: 0 when both that are set took it.
int run_alert_command(int argc, char** argv);

}  // namespace finishline::cli
