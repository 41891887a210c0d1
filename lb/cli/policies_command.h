// `finishline policies`: the table of the policies.
#pragma once

namespace finishline::cli {

/// On standard output: for a terminal in paragraphs of its width, else as Markdown, which
/// lb/doc/reference/policies.md holds, or as JSON. The exit code.
int run_policies_command(int argc, char** argv);

}  // namespace finishline::cli
