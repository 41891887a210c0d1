#include "lb/cli/init_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "lb/cli/quick_config.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"

namespace finishline::cli {
namespace {

/// Why it could not; "" when it is there now.
std::string write_new(const std::string& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) return "is there already: give another name, or move it away";
  if (fd < 0) return std::strerror(errno);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const std::string problem = written ? "" : std::strerror(errno);
  ::close(fd);
  return problem;
}

}  // namespace

int run_init_command(int argc, char** argv) {
  CLI::App flags("Writes a configuration file to begin with", "finishline init");
  std::string file = "finishline.toml", listen = "127.0.0.1:9000", admin(kQuickAdmin);
  std::vector<std::string> to = {"video=127.0.0.1:9001", "video=127.0.0.1:9002", "music=127.0.0.1:9003"};
  bool json = false;
  flags.add_option("file", file, "where to; - is standard output")->capture_default_str();
  flags.add_option("--listen", listen, "where clients connect")->capture_default_str();
  flags.add_option("--to", to, "servers: TYPE=HOST:PORT,... or, of streams, HOST:PORT,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  flags.add_option("--admin", admin, "where dashboard, API and metrics are")->capture_default_str();
  add_json_flag(flags, json);
  flags::add_examples(
      flags,
      {"finishline init", "finishline init finishline.toml --to video=127.0.0.1:9001,music=127.0.0.1:9002",
       "finishline init - --to 127.0.0.1:6379 --listen 127.0.0.1:6380"});
  if (const auto code = flags::parse(flags, argc, argv)) return *code;
  if (json && file == "-")
    return std::fputs("finishline init: --json does not go with -, which prints the file itself\n", stderr),
           kBadUse;
  const QuickConfig made = quick_config(listen, to, admin);
  const std::string& problem = made.problem;
  if (!problem.empty()) return std::fprintf(stderr, "finishline: %s\n", problem.c_str()), kBadUse;
  if (file == "-") return std::fputs(made.text.c_str(), stdout) < 0 ? kNotRunning : 0;
  if (const std::string why = write_new(file, made.text); !why.empty())
    return std::fprintf(stderr, "finishline: %s %s\n", file.c_str(), why.c_str()), kBadUse;
  if (json) return print_json({{"file", file}, {"listen", listen}, {"admin", admin}, {"servers", to}});
  std::printf("%s is written. Next: finishline check -c %s, finishline run -c %s\n", file.c_str(),
              file.c_str(), file.c_str());
  return 0;
}

}  // namespace finishline::cli
