#include "servers/command_line.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::server;

namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view text) { return std::get<Words>(split_words(text)); }
std::string complaint_about(std::string_view text) { return std::get<std::string>(split_words(text)); }

}  // namespace

TEST_CASE("words are split where there is space that is not quoted") {
  CHECK(words_of("ffmpeg  -i -\t-f mp4 \n-") == Words{"ffmpeg", "-i", "-", "-f", "mp4", "-"});
  CHECK(words_of("sh -c 'exit 3'") == Words{"sh", "-c", "exit 3"});
  CHECK(words_of("a\"b c\"d '' \"\"") == Words{"ab cd", "", ""});
  CHECK(words_of("").empty());
  CHECK(words_of("   ").empty());
}

TEST_CASE("a backslash escapes as in a shell") {
  CHECK(words_of(R"(a\ b \'c)") == Words{"a b", "'c"});
  CHECK(words_of(R"("say \"so\" \$x \n")") == Words{R"(say "so" $x \n)"});
  CHECK(words_of(R"('as \it is')") == Words{R"(as \it is)"});
  CHECK(words_of(R"(end\)") == Words{R"(end\)"});
}

TEST_CASE("nothing is expanded") {
  CHECK(words_of("echo $HOME * ~ `x` {a,b}") == Words{"echo", "$HOME", "*", "~", "`x`", "{a,b}"});
}

TEST_CASE("what only a shell understands is refused, unless it is quoted") {
  CHECK(complaint_about("cat | wc").find("--exec-shell") != std::string::npos);
  CHECK(complaint_about("cat > /dev/null").find("'>'") != std::string::npos);
  CHECK(words_of("grep '|'") == Words{"grep", "|"});
  CHECK(words_of("a&b") == Words{"a&b"});
}

TEST_CASE("a quote without its end is told") {
  CHECK(complaint_about("sh -c 'exit") == "there is no end to the quote '");
  CHECK(complaint_about("sh -c \"exit") == "there is no end to the quote \"");
}

TEST_CASE("placeholders are replaced, and other braces stay") {
  const JobWords job{.length = 5, .type = "video", .id = 7};
  CHECK(fill_placeholders("scale={length}:{type}-{id}", job) == "scale=5:video-7");
  CHECK(fill_placeholders("{print $1} {} {lengths} {length", job) == "{print $1} {} {lengths} {length");
  CHECK(fill_placeholders("{{length}}", job) == "{5}");
}

TEST_CASE("a command for a job has its words and its environment") {
  const auto line = std::get<CommandLine>(CommandLine::parse("sh -c 'echo {length}'", false));
  CHECK(line.has_placeholders());
  const auto command = line.for_job({.length = 3, .type = "music", .id = 9});
  CHECK(command.file.ends_with("/sh"));
  CHECK(command.arguments == Words{"sh", "-c", "echo 3"});
  CHECK(command.environment == Words{"FINISHLINE_LENGTH=3", "FINISHLINE_TYPE=music", "FINISHLINE_ID=9"});
}

TEST_CASE("a shell is given the whole text") {
  const auto line = std::get<CommandLine>(CommandLine::parse("cat | wc -c", true));
  CHECK_FALSE(line.has_placeholders());
  CHECK(line.for_all_jobs().arguments == Words{"/bin/sh", "-c", "cat | wc -c"});
}

TEST_CASE("a command that cannot be run is told with its name") {
  const auto complaint = [](const std::string& text) {
    return std::get<std::string>(CommandLine::parse(text, false));
  };
  CHECK(complaint("no-such-program -x") == "there is no program 'no-such-program' in PATH");
  CHECK(complaint("/etc/passwd") == "'/etc/passwd' is no program that can be run");
  CHECK(complaint("/") == "'/' is no program that can be run");
  CHECK(complaint("  ") == "there is no command");
}
