// What stands in a program's help beside its flags: headings and examples. Any program.
#pragma once

#include <initializer_list>
#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace finishline::flags {

/// Shows these options of `app`, which it has, under a heading of their own.
void add_heading(CLI::App& app, const std::string& heading, std::initializer_list<const char*> options);

/// Shows command lines behind everything else; each works as it stands where its files and addresses are
/// there.
void add_examples(CLI::App& app, std::initializer_list<const char*> lines);

}  // namespace finishline::flags
